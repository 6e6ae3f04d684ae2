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
        self.say(ProtocolMatch(protocol.into()))
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
        let protocols: SmallVec<[u8; 4]> = self
            .0
            .items()
            .iter()
            .filter_map(|item| match item {
                Item::One(protocol) => Some(protocol.0),
                _ => None,
            })
            .collect();
        // Said twice, tested once.
        if !self.0.is_negated() && to.layer4().is_some_and(|known| protocols.as_slice() == [known]) {
            return Ok(());
        }
        to.matching(Meta::load(MetaKey::L4Proto, Register::R1), &self.0)?;
        if !self.0.is_negated() && protocols.len() == self.0.items().len() {
            to.know_layer4(&protocols);
        }
        Ok(())
    }
}

impl Lift for ProtocolMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        from.matching(Meta::load(MetaKey::L4Proto, Register::R1)).map(Self)
    }
}
