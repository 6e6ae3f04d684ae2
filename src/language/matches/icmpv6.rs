//! Type and code of an ICMPv6 message: iptables' `-p icmpv6 --icmpv6-type`.

use std::fmt;

use super::{Protocol, number::number};
use crate::{
    Invalid, Rule,
    expr::{Data, Icmp6Code, PayloadBase},
    language::{
        Datatype, Item, Layer3, Lift, Lifting, Lower, Lowering, Matching, Operand, lift::byte, matching_from,
    },
};

number! {
    /// What an ICMPv6 message is.
    Icmpv6Type(u8): "ICMPv6 type" = Datatype::ICMPV6_TYPE, byte;
}

impl Icmpv6Type {
    /// A packet could not be delivered.
    pub const DESTINATION_UNREACHABLE: Self = Self(1);
    /// A packet does not fit through the next link; IPv6 does not work without these.
    pub const PACKET_TOO_BIG: Self = Self(2);
    /// A packet passed too many routers, or its fragments came too late.
    pub const TIME_EXCEEDED: Self = Self(3);
    /// A header is wrong.
    pub const PARAMETER_PROBLEM: Self = Self(4);
    /// A ping.
    pub const ECHO_REQUEST: Self = Self(128);
    /// The answer to a ping.
    pub const ECHO_REPLY: Self = Self(129);
    /// Who listens to this group?
    pub const MLD_LISTENER_QUERY: Self = Self(130);
    /// Somebody listens.
    pub const MLD_LISTENER_REPORT: Self = Self(131);
    /// Somebody listens no more.
    pub const MLD_LISTENER_DONE: Self = Self(132);
    /// Who is a router? (Neighbour discovery).
    pub const ROUTER_SOLICITATION: Self = Self(133);
    /// A router tells of itself.
    pub const ROUTER_ADVERTISEMENT: Self = Self(134);
    /// Who has this address? IPv6 does not work without it.
    pub const NEIGHBOUR_SOLICITATION: Self = Self(135);
    /// Who has the address.
    pub const NEIGHBOUR_ADVERTISEMENT: Self = Self(136);
    /// There is a better way.
    pub const REDIRECT: Self = Self(137);
    /// A router changes prefixes.
    pub const ROUTER_RENUMBERING: Self = Self(138);
    /// Who listens to what, in version 2.
    pub const MLD2_LISTENER_REPORT: Self = Self(143);
}

/// nft's word, or the number.
impl fmt::Display for Icmpv6Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::DESTINATION_UNREACHABLE => "destination-unreachable",
            Self::PACKET_TOO_BIG => "packet-too-big",
            Self::TIME_EXCEEDED => "time-exceeded",
            Self::PARAMETER_PROBLEM => "parameter-problem",
            Self::ECHO_REQUEST => "echo-request",
            Self::ECHO_REPLY => "echo-reply",
            Self::MLD_LISTENER_QUERY => "mld-listener-query",
            Self::MLD_LISTENER_REPORT => "mld-listener-report",
            Self::MLD_LISTENER_DONE => "mld-listener-done",
            Self::ROUTER_SOLICITATION => "nd-router-solicit",
            Self::ROUTER_ADVERTISEMENT => "nd-router-advert",
            Self::NEIGHBOUR_SOLICITATION => "nd-neighbor-solicit",
            Self::NEIGHBOUR_ADVERTISEMENT => "nd-neighbor-advert",
            Self::REDIRECT => "nd-redirect",
            Self::ROUTER_RENUMBERING => "router-renumbering",
            Self::MLD2_LISTENER_REPORT => "mld2-listener-report",
            Self(number) => return write!(f, "{number}"),
        })
    }
}

impl Operand for Icmp6Code {
    const WHAT: &'static str = "ICMPv6 code";
    const DATATYPE: Datatype = Datatype::ICMPV6_CODE;

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
    Icmp6Code:
    { Icmp6Code } => |code| Self::one(Item::One(code)),
    { u8 } => |code| Self::one(Item::One(Icmp6Code::from_number(code))),
    { std::ops::RangeInclusive<u8> } => |range| {
        let (from, to) = range.into_inner();
        Self::one(Item::Range(Icmp6Code::from_number(from), Icmp6Code::from_number(to)))
    },
}

/// The packet is an ICMPv6 message of one of these types.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Icmpv6TypeMatch(pub Matching<Icmpv6Type>);

/// The packet is an ICMPv6 message with one of these codes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Icmpv6CodeMatch(pub Matching<Icmp6Code>);

impl Rule {
    /// Only ICMPv6 messages of these types.
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::Icmpv6Type;
    ///
    /// Rule::new().icmpv6_type(Icmpv6Type::ECHO_REQUEST).accept();
    /// ```
    #[doc(alias = "icmpv6-type")]
    #[must_use]
    pub fn icmpv6_type(self, types: impl Into<Matching<Icmpv6Type>>) -> Self {
        self.word(|| Icmpv6TypeMatch(types.into()))
    }

    /// Only ICMPv6 messages with these codes; what a code means depends on the type.
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::expr::Icmp6Code;
    /// use portcullis::language::matches::Icmpv6Type;
    ///
    /// Rule::new().icmpv6_type(Icmpv6Type::DESTINATION_UNREACHABLE).icmpv6_code(Icmp6Code::PortUnreachable).accept();
    /// ```
    #[must_use]
    pub fn icmpv6_code(self, codes: impl Into<Matching<Icmp6Code>>) -> Self {
        self.word(|| Icmpv6CodeMatch(codes.into()))
    }
}

/// Makes sure of the protocol. As nft does: where the rule says the protocol, the IP version is not tested again.
///
/// Unlike nft, a table of the other version is refused: nothing would match. In a bridge table nft looks at the
/// Ethernet header for the version; `meta protocol`, as it does before an address, also sees behind VLAN tags.
fn need_protocol(to: &mut Lowering<'_>, what: &'static str) -> Result<(), Invalid> {
    if to.layer3().is_some() || to.layer4().is_none() {
        to.need_layer3(what, Layer3::V6)?;
    }
    to.need_layer4(what, Protocol::ICMPV6.0)
}

impl Lower for Icmpv6TypeMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        need_protocol(to, "an ICMPv6 type")?;
        to.field_beside_others(PayloadBase::Transport, 0, &self.0)
    }
}

impl Lower for Icmpv6CodeMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        need_protocol(to, "an ICMPv6 code")?;
        to.field_beside_others(PayloadBase::Transport, 1, &self.0)
    }
}

impl Lift for Icmpv6TypeMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        from.field(PayloadBase::Transport, 0).map(Self)
    }
}

impl Lift for Icmpv6CodeMatch {
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

        let families: &[Family] = &[Family::Ip6, Family::Inet, Family::Netdev];
        let inet: &[Family] = &[Family::Inet];
        same_as_nft([
            (families, "icmpv6 type echo-request", Rule::new().icmpv6_type(Icmpv6Type::ECHO_REQUEST)),
            (families, "icmpv6 type != echo-request", Rule::new().icmpv6_type(not(Icmpv6Type::ECHO_REQUEST))),
            (families, "icmpv6 type { 1, 5-9 }", Rule::new().icmpv6_type([1..=1, 5..=9])),
            (families, "icmpv6 code 1", Rule::new().icmpv6_code(1)),
            (families, "icmpv6 code != 1-3", Rule::new().icmpv6_code(not(1..=3))),
            (
                families,
                "icmpv6 type 3-4 icmpv6 code { 1, 2 }",
                Rule::new().icmpv6_type(3..=4).icmpv6_code([1, 2]),
            ),
            (
                inet,
                "meta l4proto icmpv6 icmpv6 type echo-request",
                Rule::new().icmpv6().icmpv6_type(Icmpv6Type::ECHO_REQUEST),
            ),
        ]);
    }

    #[test]
    fn other_protocols_are_refused() {
        let problem = Rule::new().tcp().icmpv6_type(8).check(Family::Inet).unwrap_err();
        assert_eq!(problem.to_string(), "an ICMPv6 type belongs to icmpv6, but the rule says tcp before it");
        let other = Rule::new().saddr("10.0.0.1").icmpv6_type(8);
        assert!(other.check(Family::Inet).is_err());
    }
}
