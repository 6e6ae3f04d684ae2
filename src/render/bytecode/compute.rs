//! Expressions that compute with registers, look them up, and decide.

use std::fmt::{Display, Formatter, Result};

use super::{
    inside,
    text::{Plain, data, more, named, option, unknown},
};
use crate::expr::{
    Bitwise, BitwiseOp, Byteorder, Cmp, Data, Dynset, Immediate, Inner, InnerKind, Load, Lookup,
    ObjectChoice, Objref, Range, Verdict,
};

pub(super) fn bitwise(bitwise: &Bitwise, f: &mut Formatter<'_>) -> Result {
    let empty = Data::default();
    let Bitwise { sreg, dreg, op, sreg2, .. } = bitwise;
    write!(f, "{dreg} = ")?;
    match op {
        None | Some(BitwiseOp::MaskXor) => {
            write!(f, "( {sreg} & ")?;
            data("0x", bitwise.mask.as_ref().unwrap_or(&empty), f)?;
            f.write_str(") ^ ")?;
            data("0x", bitwise.xor.as_ref().unwrap_or(&empty), f)?;
        }
        Some(op) => {
            write!(f, "( {sreg} ")?;
            named(op.word(), op.number(), f)?;
            f.write_str(" ")?;
            match sreg2 {
                Some(sreg2) => write!(f, "{sreg2} ")?,
                None => data("0x", bitwise.data.as_ref().unwrap_or(&empty), f)?,
            }
            f.write_str(") ")?;
        }
    }
    unknown(&bitwise.unknown, f)
}

pub(super) fn byteorder(byteorder: &Byteorder, f: &mut Formatter<'_>) -> Result {
    let Byteorder { sreg, dreg, op, len, size, .. } = byteorder;
    write!(f, "{dreg} = ")?;
    named(op.word(), op.number(), f)?;
    write!(f, "({sreg}, {size}, {len}) ")?;
    unknown(&byteorder.unknown, f)
}

pub(super) fn cmp(cmp: &Cmp, f: &mut Formatter<'_>) -> Result {
    named(cmp.op.word(), cmp.op.number(), f)?;
    write!(f, " {} ", cmp.sreg)?;
    data("0x", &cmp.data, f)?;
    unknown(&cmp.unknown, f)
}

pub(super) fn range(range: &Range, f: &mut Formatter<'_>) -> Result {
    named(range.op.word(), range.op.number(), f)?;
    write!(f, " {} ", range.sreg)?;
    data("0x", &range.from, f)?;
    data("0x", &range.to, f)?;
    unknown(&range.unknown, f)
}

pub(super) fn immediate(immediate: &Immediate, f: &mut Formatter<'_>) -> Result {
    write!(f, "{} ", immediate.dreg)?;
    match &immediate.load {
        Load::Data(bytes) => data("0x", bytes, f)?,
        Load::Verdict(verdict) => write!(f, "{} ", Decision(verdict))?,
    }
    unknown(&immediate.unknown, f)
}

/// A verdict, its chain's name without what a terminal would obey.
pub(super) struct Decision<'a>(pub(super) &'a Verdict);

impl Display for Decision<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            // What netfilter itself has beside accept and drop (`linux/netfilter.h`).
            Verdict::Other(2) => f.write_str("stolen"),
            Verdict::Other(3) => f.write_str("queue"),
            Verdict::Other(4) => f.write_str("repeat"),
            Verdict::Other(5) => f.write_str("stop"),
            Verdict::Other(code) => write!(f, "unknown({code})"),
            known => write!(f, "{}", Plain(&known.to_string())),
        }
    }
}

pub(super) fn lookup(lookup: &Lookup, f: &mut Formatter<'_>) -> Result {
    write!(f, "{} set {} ", lookup.sreg, Plain(&lookup.set))?;
    option("dreg ", lookup.dreg.map(|dreg| dreg.number()), f)?;
    if let Some(flags) = lookup.flags {
        write!(f, "0x{:x} ", flags.bits())?;
    }
    unknown(&lookup.unknown, f)
}

pub(super) fn dynset(dynset: &Dynset, f: &mut Formatter<'_>) -> Result {
    named(dynset.op.word(), dynset.op.number(), f)?;
    write!(f, " reg_key {} set {} ", dynset.sreg_key.number(), Plain(&dynset.set))?;
    option("sreg_data ", dynset.sreg_data.map(|sreg| sreg.number()), f)?;
    if let Some(timeout) = dynset.timeout {
        write!(f, "timeout {timeout}ms ")?;
    }
    for expression in &dynset.expressions {
        f.write_str("expr ")?;
        expression.fmt(f)?;
        f.write_str(" ")?;
    }
    more("flags ", dynset.flags.map(|flags| flags.bits()), f)?;
    unknown(&dynset.unknown, f)
}

pub(super) fn objref(objref: &Objref, f: &mut Formatter<'_>) -> Result {
    match &objref.object {
        ObjectChoice::Named { kind, name } => write!(f, "type {} name {} ", kind.number(), Plain(name))?,
        ObjectChoice::Map { sreg, set, .. } => write!(f, "sreg {} set {} ", sreg.number(), Plain(set))?,
    }
    unknown(&objref.unknown, f)
}

/// libnftnl 1.2.4 does not know it; later versions say `type vxlan hdrsize 8 flags f [ payload … ]`.
pub(super) fn inner(inner: &Inner, f: &mut Formatter<'_>) -> Result {
    if inner.num != 0 {
        write!(f, "num {} ", inner.num)?;
    }
    f.write_str("type ")?;
    match inner.kind {
        InnerKind::Unspecified => f.write_str("unspec")?,
        kind => named(kind.word(), kind.number(), f)?,
    }
    write!(f, " hdrsize {} flags {:x} [ ", inner.hdrsize, inner.flags.bits())?;
    inside(&inner.expression, f)?;
    f.write_str("] ")?;
    unknown(&inner.unknown, f)
}
