//! The whole byte that holds class of service and congestion marks: iptables' `-m tos`.

use std::ops::RangeInclusive;

use super::{Masked, version::version_said};
use crate::{
    Invalid, Rule,
    expr::{Bitwise, Data, Expr, Payload, PayloadBase, Register},
    language::{
        Datatype, Item, Layer3, Lift, Lifting, Lower, Lowering, Matching, Operand,
        lift::{byte, network_u16},
        matching_from,
    },
};

/// IPv4's byte "type of service", or IPv6's "traffic class".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Tos(pub u8);

impl Tos {
    /// In a hurry. iptables' names of these go under the mask 0x3f: `masked(Tos::MINIMIZE_DELAY.0, 0x3f)`.
    pub const MINIMIZE_DELAY: Self = Self(0x10);
    /// Much.
    pub const MAXIMIZE_THROUGHPUT: Self = Self(0x08);
    /// Not to be lost.
    pub const MAXIMIZE_RELIABILITY: Self = Self(0x04);
    /// By the cheap line.
    pub const MINIMIZE_COST: Self = Self(0x02);
    /// Nothing special.
    pub const NORMAL: Self = Self(0x00);
}

impl Operand for Tos {
    const WHAT: &'static str = "TOS";
    const DATATYPE: Datatype = Datatype::network(Datatype::INTEGER, 1);

    fn data(&self) -> Data {
        Data::byte(self.0)
    }

    fn from_data(data: &Data) -> Option<Self> {
        byte(data).map(Self)
    }

    fn text(&self) -> String {
        format!("{:#04x}", self.0)
    }
}

/// As IPv6's header has it: behind the version.
#[derive(Clone)]
struct Tos6(Tos);

impl Operand for Tos6 {
    const WHAT: &'static str = Tos::WHAT;
    const DATATYPE: Datatype = Datatype::network(Datatype::INTEGER, 2);

    fn data(&self) -> Data {
        Data::network_u16(u16::from(self.0.0) << 4)
    }

    fn from_data(data: &Data) -> Option<Self> {
        network_u16(data).and_then(|word| u8::try_from(word >> 4).ok()).map(|tos| Self(Tos(tos)))
    }

    fn text(&self) -> String {
        self.0.text()
    }
}

matching_from! {
    Tos:
    { Tos } => |tos| Self::one(Item::One(tos)),
    { u8 } => |tos| Self::one(Item::One(Tos(tos))),
    { RangeInclusive<u8> } => |range| Self::one(Item::Range(Tos(*range.start()), Tos(*range.end()))),
    { Masked<u8> } => |masked| {
        masked.item("TOS", u64::from, u8::MAX.into(), Tos).map_or_else(Self::broken, Self::one)
    },
}

/// The packet has one of these bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct TosMatch(pub Matching<Tos>);

impl Rule {
    /// Only packets with such a byte of service. In an `inet` table say `.ipv4()` or `.ipv6()`, or an address,
    /// before. Its upper six bits alone are [`Rule::dscp`].
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::masked;
    ///
    /// Rule::new().ipv4().tos(masked(0x10, 0x3f)).accept();
    /// ```
    #[must_use]
    pub fn tos(self, tos: impl Into<Matching<Tos>>) -> Self {
        self.word(|| TosMatch(tos.into()))
    }
}

impl Lower for TosMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        match version_said(to, "a TOS")? {
            Layer3::V4 => to.field(PayloadBase::Network, 1, &self.0),
            Layer3::V6 => {
                let load = Payload::load(PayloadBase::Network, 0, 2, Register::R1);
                let tos = self.0.map(|tos| Tos6(*tos));
                // A mask cuts the byte out as well. (nft's `@nh,4,8 & 0x3f` shifts before it masks.)
                if let [Item::Masked(..)] = tos.items() {
                    return to.matching(load, &tos);
                }
                to.push(load);
                to.push(Bitwise::and(Register::R1, Data::network_u16(0x0ff0)));
                to.compare(&tos)
            }
        }
    }
}

impl Lift for TosMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        if from.layer3()? == Layer3::V4 {
            return from.field(PayloadBase::Network, 1).map(Self);
        }
        let tos = |tos: Matching<Tos6>| Self(tos.map(|tos| tos.0));
        match from.expressions() {
            [Expr::Payload(_), Expr::Bitwise(bitwise), ..] => {
                let whole = bitwise.mask.as_ref().is_none_or(|mask| *mask == Data::network_u16(0x0ff0));
                from.compared(if whole { 2 } else { 1 }).map(tos)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    #[test]
    fn as_nft_says_it() {
        use Family::{Inet, Ip, Ip6};

        use crate::{
            language::{
                matches::{
                    golden::{bytecode, same_as_nft},
                    masked,
                },
                targets::golden::same,
            },
            not,
        };

        same_as_nft([
            (&[Ip], "@nh,8,8 & 0x3f == 0x10", Rule::new().tos(masked(0x10, 0x3f))),
            (&[Ip], "@nh,8,8 & 0x3f != 0x10", Rule::new().tos(not(masked(0x10, 0x3f)))),
            (&[Ip], "@nh,8,8 0x10", Rule::new().tos(0x10)),
            (&[Ip], "@nh,8,8 0x10-0x20", Rule::new().tos(0x10..=0x20)),
            (&[Ip6], "@nh,4,8 0x10", Rule::new().tos(0x10)),
            (&[Ip6], "@nh,4,8 != 0x10", Rule::new().tos(not(0x10))),
            (&[Inet], "meta nfproto ipv4 @nh,8,8 0x10", Rule::new().ipv4().tos(0x10)),
        ]);
        let masked = bytecode(&Rule::new().tos(masked(0x10, 0x3f)), Ip6);
        let expected = "[ payload load 2b @ network header + 0 => reg 1 ] \
                        [ bitwise reg 1 = ( reg 1 & 0x0000f003 ) ^ 0x00000000 ] [ cmp eq reg 1 0x00000001 ]";
        assert!(same(&masked, expected), "{masked}");
    }

    #[test]
    fn the_version_must_be_known() {
        let problem = Rule::new().tos(0x10).check(Family::Inet).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "a TOS needs the protocol said before it in the same rule: add .ipv4() or .ipv6()"
        );
    }
}
