//! The transport protocol: iptables' `-p`, nft's `meta l4proto`.

use std::fmt;

use smallvec::SmallVec;

use crate::{
    Invalid, Rule,
    expr::{Data, Meta, MetaKey, Register},
    language::{
        Datatype, Item, Lift, Lifting, Lower, Lowering, Matching, Operand, lift::byte, matching_from,
    },
};

/// A protocol's number in the IPv4 header, or the last header's in IPv6 (`IPPROTO_…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Protocol(pub u8);

impl Protocol {
    /// ICMP for IPv4.
    pub const ICMP: Self = Self(1);
    /// TCP.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);
    /// DCCP.
    pub const DCCP: Self = Self(33);
    /// GRE.
    pub const GRE: Self = Self(47);
    /// IPsec encrypted payload.
    pub const ESP: Self = Self(50);
    /// IPsec authentication header.
    pub const AH: Self = Self(51);
    /// ICMP for IPv6.
    pub const ICMPV6: Self = Self(58);
    /// SCTP.
    pub const SCTP: Self = Self(132);
    /// UDP-Lite.
    pub const UDPLITE: Self = Self(136);

    /// Those that nft has a word for.
    #[cfg(feature = "serde")]
    pub(crate) const NAMED: &'static [Self] = &[
        Self::ICMP,
        Self::TCP,
        Self::UDP,
        Self::DCCP,
        Self::GRE,
        Self::ESP,
        Self::AH,
        Self::ICMPV6,
        Self::SCTP,
        Self::UDPLITE,
    ];

    /// nft's word.
    pub(crate) const fn word(self) -> Option<&'static str> {
        Some(match self {
            Self::ICMP => "icmp",
            Self::TCP => "tcp",
            Self::UDP => "udp",
            Self::DCCP => "dccp",
            Self::GRE => "gre",
            Self::ESP => "esp",
            Self::AH => "ah",
            Self::ICMPV6 => "icmpv6",
            Self::SCTP => "sctp",
            Self::UDPLITE => "udplite",
            Self(_) => return None,
        })
    }

    /// Whether its header begins with a source and a destination port.
    pub const fn has_ports(self) -> bool {
        matches!(self, Self::TCP | Self::UDP | Self::DCCP | Self::SCTP | Self::UDPLITE)
    }
}

/// nft's word, or the number.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.word() {
            Some(word) => f.write_str(word),
            None => write!(f, "{}", self.0),
        }
    }
}

impl Operand for Protocol {
    const WHAT: &'static str = "protocol";
    const DATATYPE: Datatype = Datatype::INET_PROTOCOL;

    fn data(&self) -> Data {
        Data::byte(self.0)
    }

    fn from_data(data: &Data) -> Option<Self> {
        byte(data).map(Self)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

matching_from! {
    Protocol:
    { Protocol } => |protocol| Self::one(Item::One(protocol)),
    { u8 } => |number| Self::one(Item::One(Protocol(number))),
}

/// The packet is of one of these protocols.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct ProtocolMatch(pub Matching<Protocol>);

impl Rule {
    /// Only packets of these transport protocols.
    ///
    /// ```
    /// use portcullis::{Protocol, Rule, not};
    ///
    /// Rule::new().protocol([Protocol::TCP, Protocol::UDP]).dport(53);
    /// Rule::new().protocol(not(Protocol::ICMP));
    /// ```
    #[doc(alias = "l4proto")]
    #[must_use]
    pub fn protocol(self, protocol: impl Into<Matching<Protocol>>) -> Self {
        self.word(|| ProtocolMatch(protocol.into()))
    }

    /// Only TCP.
    #[must_use]
    pub fn tcp(self) -> Self {
        self.protocol(Protocol::TCP)
    }

    /// Only UDP.
    #[must_use]
    pub fn udp(self) -> Self {
        self.protocol(Protocol::UDP)
    }

    /// Only ICMP, which IPv4 uses.
    #[must_use]
    pub fn icmp(self) -> Self {
        self.protocol(Protocol::ICMP)
    }

    /// Only ICMPv6.
    #[must_use]
    pub fn icmpv6(self) -> Self {
        self.protocol(Protocol::ICMPV6)
    }
}

impl Lower for ProtocolMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let load = Meta::load(MetaKey::L4Proto, Register::R1);
        let (negated, items) = (self.0.is_negated(), self.0.items());
        if let (false, [Item::One(protocol)]) = (negated, items) {
            // Said twice, tested once.
            if to.layer4() != Some(protocol.0) {
                to.matching(load, &self.0)?;
                to.know_layer4(&[protocol.0]);
            }
            return Ok(());
        }
        to.matching(load, &self.0)?;
        let number = |item: &Item<Protocol>| match item {
            Item::One(protocol) => Some(protocol.0),
            _ => None,
        };
        let numbers: Option<SmallVec<[u8; 4]>> = items.iter().map(number).collect();
        if let (false, Some(numbers)) = (negated, numbers) {
            to.know_layer4(&numbers);
        }
        Ok(())
    }
}

impl Lift for ProtocolMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        from.matching(Meta::load(MetaKey::L4Proto, Register::R1)).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Family,
        language::matches::golden::{IP, bytecode, same_as_nft},
        not,
    };

    #[test]
    fn as_nft_says_it() {
        let both = || [Protocol::UDP, Protocol::TCP];
        same_as_nft([
            (IP, "meta l4proto tcp", Rule::new().tcp()),
            (IP, "meta l4proto != udp", Rule::new().protocol(not(Protocol::UDP))),
            (IP, "meta l4proto { tcp, udp }", Rule::new().protocol(both())),
            (IP, "meta l4proto != { tcp, udp }", Rule::new().protocol(not(both()))),
            (IP, "meta l4proto 1-9", Rule::new().protocol(Item::Range(Protocol(1), Protocol(9)))),
            (IP, "meta l4proto 0", Rule::new().protocol(0u8)),
        ]);
    }

    #[test]
    fn said_twice_it_is_tested_once() {
        let once = bytecode(&Rule::new().tcp(), Family::Inet);
        assert_eq!(bytecode(&Rule::new().tcp().tcp(), Family::Inet), once);
        // What is not said, is not known.
        let other = bytecode(&Rule::new().tcp().udp(), Family::Inet);
        assert_eq!(other.matches("meta load l4proto").count(), 2);
        let not_tcp = Rule::new().protocol(not(Protocol::TCP));
        assert_eq!(bytecode(&not_tcp.clone().tcp(), Family::Inet).matches("meta load l4proto").count(), 2);
    }

    #[test]
    fn every_name_is_the_systems() {
        // /etc/protocols
        let names = [(1, "icmp"), (6, "tcp"), (17, "udp"), (33, "dccp"), (47, "gre"), (50, "esp")];
        let more = [(51, "ah"), (58, "icmpv6"), (132, "sctp"), (136, "udplite"), (2, "2"), (255, "255")];
        for (number, name) in names.into_iter().chain(more) {
            assert_eq!(Protocol(number).to_string(), name);
        }
    }
}
