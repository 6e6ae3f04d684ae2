//! Rules that no program on this machine loads, and those that nft has no words for. The others go through the kernel,
//! in `tests/kernel/print/rules.rs`.

use super::{
    super::{around::Index, names::Names},
    *,
};
use crate::{
    Rule,
    expr::{
        AddressFamily, Bitwise, BitwiseOp, Byteorder, Cmp, CmpOp, Counter, Data, Exthdr, ExthdrOp,
        FlowOffload, Immediate, Inner, Meta, MetaKey, Nat, Payload, PayloadBase, Queue, QueueFlags, Range,
        Register, Reject, Tunnel, TunnelKey, UnknownExpression, Verdict, XtMatch,
    },
    object::Family,
};
use proptest::prelude::*;

fn said(family: Family, expressions: &[Expr]) -> RuleText {
    let index = Index::default();
    statements(expressions, Around::new(family, &index, Names::default()))
}

#[track_caller]
fn check(family: Family, expressions: Vec<Expr>, text: &str) {
    let exact = RuleText { text: text.to_owned(), lossless: true, other_bytes: false, newer: false };
    assert_eq!(said(family, &expressions), exact);
}

/// A meta key compared with a value.
fn meta(key: MetaKey, value: &[u8]) -> [Expr; 2] {
    [Meta::load(key, Register::R1).into(), Cmp::eq(Register::R1, Data::new(value)).into()]
}

fn payload(base: PayloadBase, offset: u32, value: &[u8]) -> [Expr; 2] {
    let len = u32::try_from(value.len()).unwrap();
    [Payload::load(base, offset, len, Register::R1).into(), Cmp::eq(Register::R1, Data::new(value)).into()]
}

#[test]
fn statements_that_this_kernel_lacks() {
    for (expression, text) in [
        (Queue::to(3).into(), "queue to 3"),
        (
            Queue::spread(1, 4).flags(QueueFlags::BYPASS | QueueFlags::CPU_FANOUT).into(),
            "queue flags bypass,fanout to 1-4",
        ),
        (FlowOffload::new("fast".to_owned()).into(), "flow add @fast"),
    ] {
        let expression: Expr = expression;
        check(Family::Inet, vec![expression], text);
    }
    let [load, compare] = meta(MetaKey::Protocol, &[8, 0]);
    check(
        Family::Bridge,
        vec![load, compare, Reject::tcp_reset().into()],
        "meta protocol ip reject with tcp reset",
    );
    let [load, compare] = meta(MetaKey::BriIifName, Data::padded(b"br0", 16).as_bytes());
    check(Family::Bridge, vec![load, compare], "meta ibrname \"br0\"");
}

#[test]
fn a_test_is_left_out_only_where_nft_makes_it_again() {
    let port = || payload(PayloadBase::Transport, 2, &[0, 22]);
    let tcp = || meta(MetaKey::L4Proto, &[6]);
    let source = || payload(PayloadBase::Network, 12, &[10, 0, 0, 1]);
    let accept = || [Immediate::verdict(Verdict::Accept).into()];
    check(Family::Ip, [&tcp()[..], &port(), &accept()].concat(), "tcp dport 22 accept");
    check(
        Family::Ip,
        [&tcp()[..], &source(), &port()].concat(),
        "meta l4proto tcp ip saddr 10.0.0.1 tcp dport 22",
    );
    check(Family::Ip, port().to_vec(), "th dport 22");
    check(Family::Inet, source().to_vec(), "@nh,96,32 0xa000001");
    let ipv4 = meta(MetaKey::NfProto, &[2]);
    check(Family::Inet, [&ipv4[..], &source()].concat(), "ip saddr 10.0.0.1");
}

#[test]
fn neighbours_are_taken_apart_if_nft_puts_them_together() {
    let tcp = meta(MetaKey::L4Proto, &[6]);
    let ports = payload(PayloadBase::Transport, 0, &[0, 1, 0, 2]);
    check(Family::Ip, [tcp, ports].concat(), "tcp sport 1 tcp dport 2");
    let addresses = payload(PayloadBase::Network, 12, &[1, 2, 3, 4, 5, 6, 7, 8]);
    check(Family::Ip, addresses.to_vec(), "@nh,96,64 0x102030405060708");
    let [load, _] = payload(PayloadBase::Transport, 0, &[0, 1, 0, 2]);
    let other = Cmp::new(Register::R1, CmpOp::Neq, Data::new(&[0, 1, 0, 2])).into();
    check(Family::Ip, vec![load, other], "@th,0,32 != 0x10002");
}

#[test]
fn neighbours_that_are_loaded_apart_stay_apart() {
    let tcp = || meta(MetaKey::L4Proto, &[6]).to_vec();
    let source = || payload(PayloadBase::Transport, 0, &[0, 1]).to_vec();
    let target = || payload(PayloadBase::Transport, 2, &[0, 2]).to_vec();
    check(Family::Ip, [tcp(), source(), target()].concat(), "tcp sport 1 tcp dport 2/16");
    // In any order, but over a statement only where nft found nothing else before.
    check(Family::Ip, [tcp(), target(), source()].concat(), "tcp dport 2 tcp sport 1/16");
    let counter = || vec![Counter::new().into()];
    let text = "tcp sport 1 counter packets 0 bytes 0 tcp dport 2/16";
    assert_eq!(said(Family::Ip, &[tcp(), source(), counter(), target()].concat()).text, text);
    let address = payload(PayloadBase::Network, 12, &[10, 0, 0, 1]).to_vec();
    let text = "meta l4proto tcp ip saddr 10.0.0.1 tcp sport 1 counter packets 0 bytes 0 tcp dport 2";
    assert_eq!(said(Family::Ip, &[tcp(), address, source(), counter(), target()].concat()).text, text);
    // What says which protocol follows cannot be a prefix: its neighbour is.
    let ttl = payload(PayloadBase::Network, 8, &[64]).to_vec();
    let number = payload(PayloadBase::Network, 9, &[6]).to_vec();
    let text = said(Family::Ip, &[ttl, number].concat());
    assert_eq!(text.text, "ip ttl 64/8 ip protocol tcp");
    assert!(text.lossless && !text.other_bytes);
}

#[test]
fn names_that_end_before_their_field_does_come_back_in_other_bytes() {
    for (name, text, other_bytes) in [
        (&b"eth0\0"[..], "iifname \"eth0\"", true),
        (b"eth0\0\0\0\0\0\0\0\0\0\0\0\0", "iifname \"eth0\"", false),
        (b"eth", "iifname \"eth*\"", false),
    ] {
        let told = RuleText { text: text.to_owned(), lossless: true, other_bytes, newer: false };
        assert_eq!(said(Family::Ip, &meta(MetaKey::IifName, name)), told);
    }
}

#[test]
fn a_shift_stands_outside_of_brackets() {
    let [mark, _] = meta(MetaKey::Mark, &[0; 4]);
    let mask = Bitwise::mask_xor(Register::R1, Data::host_u32(0xffff), Data::host_u32(0));
    let shift = Bitwise::new(Register::R1, Register::R1, 4u32).op(BitwiseOp::Lshift).data(Data::host_u32(16));
    let store = Meta::store(MetaKey::Mark, Register::R1);
    let rule = [mark, mask.into(), shift.into(), store.into()];
    assert_eq!(said(Family::Ip, &rule).text, "meta mark set (meta mark & 0x0000ffff) << 16");
}

#[test]
fn a_field_that_is_written_without_its_checksum_is_bytes() {
    let value = Immediate::data(Register::R1, Data::byte(7)).into();
    let store = Payload::store(PayloadBase::Network, 8u32, 1u32, Register::R1).into();
    check(Family::Ip, vec![value, store], "@nh,64,8 set 0x7");
}

#[test]
fn what_has_no_words_is_named() {
    let two = Bitwise::new(Register::R1, Register::R1, 4u32).op(BitwiseOp::And).sreg2(Register::R2);
    let [mark, _] = meta(MetaKey::Mark, &[0; 4]);
    for (expressions, text) in [
        (vec![XtMatch::new("string", 1u32, [0; 4]).into()], "xt match string"),
        (vec![mark, two.into()], "expression bitwise"),
        (vec![Expr::Unknown(UnknownExpression::from_bytes("fullcone", &[]))], "expression fullcone"),
        (vec![Inner::vxlan(Meta::load(MetaKey::L4Proto, Register::R1)).into()], "expression inner"),
        (
            vec![
                Tunnel::new(TunnelKey::Id, Register::R1).into(),
                Cmp::eq(Register::R1, Data::host_u32(5)).into(),
            ],
            "expression cmp",
        ),
    ] {
        let told = RuleText { text: text.to_owned(), lossless: false, other_bytes: false, newer: false };
        assert_eq!(said(Family::Inet, &expressions), told);
    }
    let option = Exthdr::present(ExthdrOp::Dccp, 1, Register::R1).into();
    let there = Cmp::eq(Register::R1, Data::byte(1)).into();
    assert_eq!(said(Family::Inet, &[option, there]).text, "dccp option 1 exists");
}

#[test]
fn words_are_lowered_to_be_said() {
    let rule = Rule::new().tcp().dport([22, 80]).log("in: ").accept();
    let text = rule.nft(Family::Inet);
    assert_eq!(text.to_string(), "tcp dport { 22, 80 } log prefix \"in: \" accept");
    assert!(text.losses().is_empty());
}

/// Expressions whose registers meet, with values of any length.
fn any_expression() -> impl Strategy<Value = Expr> {
    let register =
        || prop::sample::select(vec![0u32, 1, 2, 4, 8, 9, 11, 23, 24]).prop_map(Register::from_number);
    let data = || prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| Data::new(&bytes));
    prop_oneof![
        (0u32..40, register())
            .prop_map(|(key, register)| Meta::load(MetaKey::from_number(key), register).into()),
        (0u32..40, register())
            .prop_map(|(key, register)| Meta::store(MetaKey::from_number(key), register).into()),
        (0u32..6, 0u32..40, 0u32..20, register()).prop_map(|(base, offset, len, register)| {
            Payload::load(PayloadBase::from_number(base), offset, len, register).into()
        }),
        (0u32..6, any::<u32>(), any::<u32>(), register()).prop_map(|(base, offset, len, register)| {
            Payload::store(PayloadBase::from_number(base), offset, len, register).into()
        }),
        (0u32..6, 0u8..200, 0u32..40, 0u32..20, register()).prop_map(|(op, kind, offset, len, register)| {
            Exthdr::load(ExthdrOp::from_number(op), kind, offset, len, register).into()
        }),
        (register(), 0u32..7, data())
            .prop_map(|(register, op, data)| { Cmp::new(register, CmpOp::from_number(op), data).into() }),
        (register(), data(), data())
            .prop_map(|(register, mask, xor)| { Bitwise::mask_xor(register, mask, xor).into() }),
        (register(), data()).prop_map(|(register, data)| Immediate::data(register, data).into()),
        (register(), 0u32..20).prop_map(|(register, size)| Byteorder::hton(register, size).into()),
        (register(), data(), data())
            .prop_map(|(register, from, to)| Range::inside(register, from, to).into()),
        (register(), register(), register()).prop_map(|(low, high, port)| {
            Nat::source(AddressFamily::Ipv6).addr_min(low).addr_max(high).proto_min(port).into()
        }),
    ]
}

proptest! {
    /// Whatever the kernel or a hostile dump holds, there is a text.
    #[test]
    fn every_run_of_expressions_has_a_text(
        expressions in prop::collection::vec(any_expression(), 0..12),
        family in prop::sample::select(vec![
            Family::Ip, Family::Ip6, Family::Inet, Family::Arp, Family::Bridge, Family::Netdev,
        ]),
    ) {
        let text = said(family, &expressions).text;
        prop_assert!(!text.contains('\0'));
    }
}
