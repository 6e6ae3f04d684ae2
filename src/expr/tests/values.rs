//! Arbitrary expressions. The type of a number (a register, an enumeration, flags) follows from the field that it is
//! for; small numbers come often enough to meet those that have names.

use proptest::{collection::vec, option::of, prelude::*};

use super::super::*;
use crate::wire::NLA_F_NESTED;

fn be8<T: Value + std::fmt::Debug>() -> impl Strategy<Value = T> {
    prop_oneof![0..16u8, any::<u8>()].prop_map(|number| Attribute::new(0, &[number]).get().unwrap())
}

fn be16<T: Value + std::fmt::Debug>() -> impl Strategy<Value = T> {
    any::<u16>().prop_map(|number| Attribute::new(0, &number.to_be_bytes()).get().unwrap())
}

fn be32<T: Value + std::fmt::Debug>() -> impl Strategy<Value = T> {
    prop_oneof![0..40u32, any::<u32>()]
        .prop_map(|number| Attribute::new(0, &number.to_be_bytes()).get().unwrap())
}

fn be64<T: Value + std::fmt::Debug>() -> impl Strategy<Value = T> {
    prop_oneof![Just(1u64), Just(3_600u64), any::<u64>()]
        .prop_map(|number| Attribute::new(0, &number.to_be_bytes()).get().unwrap())
}

/// Up to so many bytes.
pub(super) fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> + Clone {
    vec(any::<u8>(), 0..=most)
}

fn data() -> impl Strategy<Value = Data> {
    bytes(64).prop_map(|bytes| Data::new(&bytes))
}

fn text() -> impl Strategy<Value = String> {
    "[^\0]{0,32}"
}

fn unknown() -> impl Strategy<Value = Unknown> {
    let attribute = (200..0x4000u16, any::<bool>(), bytes(16));
    vec(attribute, 0..3).prop_map(|attributes| {
        let mut unknown = Unknown::new();
        for (kind, nested, bytes) in &attributes {
            unknown.keep(Attribute::new(kind | if *nested { NLA_F_NESTED } else { 0 }, bytes));
        }
        unknown
    })
}

fn access() -> impl Strategy<Value = Access> {
    prop_oneof![be32().prop_map(Access::Load), be32().prop_map(Access::Store)]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let target = || prop_oneof![text().prop_map(ChainTarget::Name), be32().prop_map(ChainTarget::Id)];
    prop_oneof![
        Just(Verdict::Accept),
        Just(Verdict::Drop),
        Just(Verdict::Continue),
        Just(Verdict::Break),
        Just(Verdict::Return),
        target().prop_map(Verdict::Jump),
        target().prop_map(Verdict::Goto),
        (2..i32::MAX).prop_map(Verdict::Other),
        (i32::MIN..-5).prop_map(Verdict::Other),
    ]
}

/// What a set's element or an inner expression may hold.
fn leaf() -> impl Strategy<Value = Expr> {
    prop_oneof![
        (of(be64()), of(be64()), unknown()).prop_map(|(bytes, packets, unknown)| Counter {
            bytes,
            packets,
            unknown
        }
        .into()),
        (be32(), access(), unknown()).prop_map(|(key, access, unknown)| Meta { key, access, unknown }.into()),
        bytes(32).prop_map(|bytes| Expr::Unknown(UnknownExpression::from_bytes("future", &bytes))),
    ]
}

fn payload_access() -> impl Strategy<Value = PayloadAccess> {
    let store = (be32(), of(be32()), of(be32()), of(be32()));
    prop_oneof![
        be32().prop_map(PayloadAccess::Load),
        store.prop_map(|(sreg, checksum, checksum_offset, checksum_flags)| PayloadAccess::Store {
            sreg,
            checksum,
            checksum_offset,
            checksum_flags
        }),
    ]
}

fn exthdr_access() -> impl Strategy<Value = ExthdrAccess> {
    let registers = prop_oneof![be32().prop_map(ExthdrAccess::Load), be32().prop_map(ExthdrAccess::Store)];
    prop_oneof![registers, Just(ExthdrAccess::Strip)]
}

fn object_choice() -> impl Strategy<Value = ObjectChoice> {
    prop_oneof![
        (be32(), text()).prop_map(|(kind, name)| ObjectChoice::Named { kind, name }),
        (be32(), text(), of(be32())).prop_map(|(sreg, set, set_id)| ObjectChoice::Map { sreg, set, set_id }),
    ]
}

fn one<S: Strategy + 'static, E: Into<Expr> + 'static>(
    parts: S,
    build: fn(S::Value) -> E,
) -> BoxedStrategy<Expr> {
    parts.prop_map(move |parts| build(parts).into()).boxed()
}

/// Every expression, with arbitrary content.
#[rustfmt::skip] // A table: the parts of each, then the whole.
pub(crate) fn every() -> Vec<BoxedStrategy<Expr>> {
    std::vec![
        one((be32(), be32(), be32(), of(be32()), of(data()), of(data()), of(data()), of(be32()), unknown()),
            |(sreg, dreg, len, op, mask, xor, data, sreg2, unknown)|
            Bitwise { sreg, dreg, len, op, mask, xor, data, sreg2, unknown }),
        one((be32(), be32(), be32(), be32(), be32(), unknown()),
            |(sreg, dreg, op, len, size, unknown)| Byteorder { sreg, dreg, op, len, size, unknown }),
        one((be32(), be32(), data(), unknown()), |(sreg, op, data, unknown)| Cmp { sreg, op, data, unknown }),
        one((be32(), of(be32()), unknown()), |(count, flags, unknown)| Connlimit { count, flags, unknown }),
        one((of(be64()), of(be64()), unknown()),
            |(bytes, packets, unknown)| Counter { bytes, packets, unknown }),
        one((be32(), access(), of(be8()), unknown()),
            |(key, access, direction, unknown)| Ct { key, access, direction, unknown }),
        one((of(be32()), of(be32()), unknown()),
            |(sreg_addr, sreg_dev, unknown)| Dup { sreg_addr, sreg_dev, unknown }),
        one(((be32(), of(be32()), be32(), text()), of(be32()), of(be64()), vec(leaf(), 0..4), of(be32()), unknown()),
            |((sreg_key, sreg_data, op, set), set_id, timeout, expressions, flags, unknown)|
            Dynset { sreg_key, sreg_data, op, set, set_id, timeout, expressions, flags, unknown }),
        one((exthdr_access(), be8(), of(be32()), of(be32()), of(be32()), be32(), unknown()),
            |(access, kind, offset, len, flags, op, unknown)|
            Exthdr { access, kind, offset, len, flags, op, unknown }),
        one((be32(), be32(), be32(), unknown()),
            |(dreg, result, flags, unknown)| Fib { dreg, result, flags, unknown }),
        one((text(), unknown()), |(table, unknown)| FlowOffload { table, unknown }),
        one((be32(), of(be32()), of(be32()), unknown()),
            |(sreg_dev, sreg_addr, family, unknown)| Fwd { sreg_dev, sreg_addr, family, unknown }),
        one((be32(), be32(), of(be32()), of(be32()), of(be32()), of(be32()), of(be32()), unknown()),
            |(dreg, modulus, sreg, len, seed, offset, kind, unknown)|
            Hash { dreg, modulus, sreg, len, seed, offset, kind, unknown }),
        one((be32(), data(), unknown()),
            |(dreg, data, unknown)| Immediate { dreg, load: Load::Data(data), unknown }),
        one((be32(), verdict(), unknown()),
            |(dreg, verdict, unknown)| Immediate { dreg, load: Load::Verdict(verdict), unknown }),
        one((be32(), be32(), be32(), be32(), leaf().prop_map(Box::new), unknown()),
            |(num, kind, flags, hdrsize, expression, unknown)|
            Inner { num, kind, flags, hdrsize, expression, unknown }),
        one((of(be32()), of(be64()), unknown()), |(set, msecs, unknown)| Last { set, msecs, unknown }),
        one((be64(), be64(), of(be32()), of(be32()), of(be32()), unknown()),
            |(rate, unit, burst, kind, flags, unknown)| Limit { rate, unit, burst, kind, flags, unknown }),
        one((of(text()), of(be32()), of(be32()), of(be16()), of(be32()), of(be16()), unknown()),
            |(prefix, level, flags, group, snaplen, qthreshold, unknown)|
            Log { prefix, level, flags, group, snaplen, qthreshold, unknown }),
        one((text(), be32(), of(be32()), of(be32()), of(be32()), unknown()),
            |(set, sreg, dreg, set_id, flags, unknown)| Lookup { set, sreg, dreg, set_id, flags, unknown }),
        one((of(be32()), of(be32()), of(be32()), unknown()),
            |(flags, proto_min, proto_max, unknown)| Masq { flags, proto_min, proto_max, unknown }),
        one((be32(), access(), unknown()), |(key, access, unknown)| Meta { key, access, unknown }),
        one((be32(), be32(), of(be32()), of(be32()), of(be32()), of(be32()), of(be32()), unknown()),
            |(kind, family, addr_min, addr_max, proto_min, proto_max, flags, unknown)|
            Nat { kind, family, addr_min, addr_max, proto_min, proto_max, flags, unknown }),
        one(unknown(), |unknown| Notrack { unknown }),
        one((be32(), be32(), be32(), of(be32()), unknown()),
            |(dreg, modulus, kind, offset, unknown)| Numgen { dreg, modulus, kind, offset, unknown }),
        one((object_choice(), unknown()), |(object, unknown)| Objref { object, unknown }),
        one((be32(), of(be8()), of(be32()), unknown()),
            |(dreg, ttl, flags, unknown)| Osf { dreg, ttl, flags, unknown }),
        one((be32(), be32(), be32(), payload_access(), unknown()),
            |(base, offset, len, access, unknown)| Payload { base, offset, len, access, unknown }),
        one((of(be16()), of(be16()), of(be32()), of(be16()), unknown()),
            |(num, total, sreg, flags, unknown)| Queue { num, total, sreg, flags, unknown }),
        one((be64(), of(be64()), of(be32()), unknown()),
            |(bytes, consumed, flags, unknown)| Quota { bytes, consumed, flags, unknown }),
        one((be32(), be32(), data(), data(), unknown()),
            |(sreg, op, from, to, unknown)| Range { sreg, op, from, to, unknown }),
        one((of(be32()), of(be32()), of(be32()), unknown()),
            |(proto_min, proto_max, flags, unknown)| Redir { proto_min, proto_max, flags, unknown }),
        one((be32(), of(be8()), unknown()), |(kind, code, unknown)| Reject { kind, code, unknown }),
        one((be32(), be32(), unknown()), |(key, dreg, unknown)| Rt { key, dreg, unknown }),
        one((be32(), be32(), of(be32()), unknown()),
            |(key, dreg, level, unknown)| Socket { key, dreg, level, unknown }),
        one((of(be16()), of(be8()), of(be32()), unknown()),
            |(mss, wscale, flags, unknown)| Synproxy { mss, wscale, flags, unknown }),
        one((be32(), of(be32()), of(be32()), unknown()),
            |(family, addr, port, unknown)| Tproxy { family, addr, port, unknown }),
        one((be32(), be32(), of(be32()), unknown()),
            |(key, dreg, mode, unknown)| Tunnel { key, dreg, mode, unknown }),
        one((be32(), be32(), be8(), of(be32()), unknown()),
            |(dreg, key, direction, spnum, unknown)| Xfrm { dreg, key, direction, spnum, unknown }),
        one((text(), be32(), bytes(48), unknown()),
            |(name, revision, info, unknown)| XtMatch { name, revision, info, unknown }),
        one((text(), be32(), bytes(48), unknown()),
            |(name, revision, info, unknown)| XtTarget { name, revision, info, unknown }),
    ]
}
