//! Type and code of an ICMP message: iptables' `-p icmp --icmp-type`.

use std::fmt;

use super::{Protocol, number::number};
use crate::{
    Invalid, Rule,
    expr::{Data, IcmpCode, PayloadBase},
    language::{
        Datatype, Item, Layer3, Lift, Lifting, Lower, Lowering, Matching, Operand, lift::byte, matching_from,
    },
};

number! {
    /// What an ICMP message is.
    IcmpType(u8): "ICMP type" = Datatype::ICMP_TYPE, byte;
}

impl IcmpType {
    /// The answer to a ping.
    pub const ECHO_REPLY: Self = Self(0);
    /// A packet could not be delivered.
    pub const DESTINATION_UNREACHABLE: Self = Self(3);
    /// Too much at once.
    pub const SOURCE_QUENCH: Self = Self(4);
    /// There is a better way.
    pub const REDIRECT: Self = Self(5);
    /// A ping.
    pub const ECHO_REQUEST: Self = Self(8);
    /// A router tells of itself.
    pub const ROUTER_ADVERTISEMENT: Self = Self(9);
    /// Who is a router?
    pub const ROUTER_SOLICITATION: Self = Self(10);
    /// A packet passed too many routers, or its fragments came too late.
    pub const TIME_EXCEEDED: Self = Self(11);
    /// A header is wrong.
    pub const PARAMETER_PROBLEM: Self = Self(12);
    /// What time is it?
    pub const TIMESTAMP_REQUEST: Self = Self(13);
    /// The time.
    pub const TIMESTAMP_REPLY: Self = Self(14);
    /// What network is this?
    pub const INFO_REQUEST: Self = Self(15);
    /// The network.
    pub const INFO_REPLY: Self = Self(16);
    /// What netmask is used?
    pub const ADDRESS_MASK_REQUEST: Self = Self(17);
    /// The netmask.
    pub const ADDRESS_MASK_REPLY: Self = Self(18);
}

/// nft's word, or the number.
impl fmt::Display for IcmpType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::ECHO_REPLY => "echo-reply",
            Self::DESTINATION_UNREACHABLE => "destination-unreachable",
            Self::SOURCE_QUENCH => "source-quench",
            Self::REDIRECT => "redirect",
            Self::ECHO_REQUEST => "echo-request",
            Self::ROUTER_ADVERTISEMENT => "router-advertisement",
            Self::ROUTER_SOLICITATION => "router-solicitation",
            Self::TIME_EXCEEDED => "time-exceeded",
            Self::PARAMETER_PROBLEM => "parameter-problem",
            Self::TIMESTAMP_REQUEST => "timestamp-request",
            Self::TIMESTAMP_REPLY => "timestamp-reply",
            Self::INFO_REQUEST => "info-request",
            Self::INFO_REPLY => "info-reply",
            Self::ADDRESS_MASK_REQUEST => "address-mask-request",
            Self::ADDRESS_MASK_REPLY => "address-mask-reply",
            Self(number) => return write!(f, "{number}"),
        })
    }
}

impl Operand for IcmpCode {
    const WHAT: &'static str = "ICMP code";
    const DATATYPE: Datatype = Datatype::ICMP_CODE;

    fn data(&self) -> Data {
        Data::byte(self.number())
    }

    fn from_data(data: &Data) -> Option<Self> {
        byte(data).map(Self::from_number)
    }

    fn text(&self) -> String {
        self.number().to_string()
    }
}

matching_from! {
    IcmpCode:
    { IcmpCode } => |code| Self::one(Item::One(code)),
    { u8 } => |code| Self::one(Item::One(IcmpCode::from_number(code))),
    { std::ops::RangeInclusive<u8> } => |range| {
        let (from, to) = range.into_inner();
        Self::one(Item::Range(IcmpCode::from_number(from), IcmpCode::from_number(to)))
    },
}

/// The packet is an ICMP message of one of these types.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct IcmpTypeMatch(pub Matching<IcmpType>);

/// The packet is an ICMP message with one of these codes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct IcmpCodeMatch(pub Matching<IcmpCode>);

impl Rule {
    /// Only ICMP messages of these types.
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::IcmpType;
    ///
    /// Rule::new().icmp_type(IcmpType::ECHO_REQUEST).accept();
    /// ```
    #[doc(alias = "icmp-type")]
    #[must_use]
    pub fn icmp_type(self, types: impl Into<Matching<IcmpType>>) -> Self {
        self.word(|| IcmpTypeMatch(types.into()))
    }

    /// Only ICMP messages with these codes; what a code means depends on the type.
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::expr::IcmpCode;
    /// use portcullis::language::matches::IcmpType;
    ///
    /// Rule::new().icmp_type(IcmpType::DESTINATION_UNREACHABLE).icmp_code(IcmpCode::PortUnreachable).accept();
    /// ```
    #[must_use]
    pub fn icmp_code(self, codes: impl Into<Matching<IcmpCode>>) -> Self {
        self.word(|| IcmpCodeMatch(codes.into()))
    }
}

/// Makes sure of the protocol. As nft does: where the rule says the protocol, the IP version is not tested again.
///
/// Unlike nft, a table of the other version is refused: nothing would match. In a bridge table nft looks at the
/// Ethernet header for the version; `meta protocol`, as it does before an address, also sees behind VLAN tags.
fn need_protocol(to: &mut Lowering<'_>, what: &'static str) -> Result<(), Invalid> {
    if to.layer3().is_some() || to.layer4().is_none() {
        to.need_layer3(what, Layer3::V4)?;
    }
    to.need_layer4(what, Protocol::ICMP.0)
}

impl Lower for IcmpTypeMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        need_protocol(to, "an ICMP type")?;
        to.field_beside_others(PayloadBase::Transport, 0, &self.0)
    }
}

impl Lower for IcmpCodeMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        need_protocol(to, "an ICMP code")?;
        to.field_beside_others(PayloadBase::Transport, 1, &self.0)
    }
}

impl Lift for IcmpTypeMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        from.field(PayloadBase::Transport, 0).map(Self)
    }
}

impl Lift for IcmpCodeMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        from.field(PayloadBase::Transport, 1).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    #[test]
    fn as_nft_says_it() {
        use crate::{language::matches::golden::same_as_nft, not};

        let families: &[Family] = &[Family::Ip, Family::Inet, Family::Netdev];
        let inet: &[Family] = &[Family::Inet];
        same_as_nft([
            (families, "icmp type echo-request", Rule::new().icmp_type(IcmpType::ECHO_REQUEST)),
            (families, "icmp type != echo-request", Rule::new().icmp_type(not(IcmpType::ECHO_REQUEST))),
            (families, "icmp type { 1, 5-9 }", Rule::new().icmp_type([1..=1, 5..=9])),
            (families, "icmp code 1", Rule::new().icmp_code(1)),
            (families, "icmp code != 1-3", Rule::new().icmp_code(not(1..=3))),
            (families, "icmp type 3-4 icmp code { 1, 2 }", Rule::new().icmp_type(3..=4).icmp_code([1, 2])),
            (
                inet,
                "meta l4proto icmp icmp type echo-request",
                Rule::new().icmp().icmp_type(IcmpType::ECHO_REQUEST),
            ),
        ]);
    }

    #[test]
    fn other_protocols_are_refused() {
        let problem = Rule::new().tcp().icmp_type(8).check(Family::Inet).unwrap_err();
        assert_eq!(problem.to_string(), "an ICMP type belongs to icmp, but the rule says tcp before it");
        let other = Rule::new().saddr("fd00::1").icmp_type(8);
        assert!(other.check(Family::Inet).is_err());
    }
}
