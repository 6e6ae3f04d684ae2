//! Protocols: their headers' fields, and which number of a lower one announces them.

mod fields;

use super::value::Bits;
use crate::{
    expr::{ChecksumKind, PayloadBase},
    render::nft::datatype::Datatype,
};

/// A protocol whose header nft has words for, or a family's stand-in for the link layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Below the network layer of an inet table: nothing that can be named.
    Inet,
    /// The link layer of a netdev table, before anything is known of it.
    Netdev,
    Ether,
    Vlan,
    Ip,
    Ip6,
    Arp,
    Icmp,
    Icmp6,
    Igmp,
    Udp,
    UdpLite,
    Tcp,
    Dccp,
    Sctp,
    Ah,
    Esp,
    Comp,
    /// A number that nft has no header for.
    Unknown,
}

/// What an ICMP field needs the type to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IcmpNeed {
    /// Every type has it.
    Any,
    /// One type (an echo's answer counts as an echo).
    Type(u8),
}

/// A named part of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    /// Bits from the header's start.
    pub(super) offset: u32,
    /// How many bits.
    pub(super) len: u32,
    pub(super) kind: Datatype,
    pub(super) icmp: IcmpNeed,
    /// Whether its value announces the next protocol.
    pub(super) announces: bool,
}

impl Protocol {
    /// nft's word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Inet => "inet",
            Self::Netdev => "netdev",
            Self::Ether => "ether",
            Self::Vlan => "vlan",
            Self::Ip => "ip",
            Self::Ip6 => "ip6",
            Self::Arp => "arp",
            Self::Icmp => "icmp",
            Self::Icmp6 => "icmpv6",
            Self::Igmp => "igmp",
            Self::Udp => "udp",
            Self::UdpLite => "udplite",
            Self::Tcp => "tcp",
            Self::Dccp => "dccp",
            Self::Sctp => "sctp",
            Self::Ah => "ah",
            Self::Esp => "esp",
            Self::Comp => "comp",
            Self::Unknown => "unknown",
        }
    }

    /// Which header it is.
    pub(super) fn base(self) -> PayloadBase {
        match self {
            Self::Inet | Self::Netdev | Self::Ether | Self::Vlan => PayloadBase::Link,
            Self::Ip | Self::Ip6 | Self::Arp => PayloadBase::Network,
            _ => PayloadBase::Transport,
        }
    }

    /// How its header's checksum is made, if it has one.
    pub(super) fn checksum(self) -> Option<ChecksumKind> {
        match self {
            Self::Ip | Self::Icmp | Self::Icmp6 | Self::Igmp | Self::Udp | Self::Tcp => {
                Some(ChecksumKind::Inet)
            }
            Self::Sctp => Some(ChecksumKind::Sctp),
            _ => None,
        }
    }

    /// The transport protocol of this number.
    pub(super) fn by_number(number: u8) -> Self {
        match number {
            1 => Self::Icmp,
            2 => Self::Igmp,
            6 => Self::Tcp,
            17 => Self::Udp,
            33 => Self::Dccp,
            50 => Self::Esp,
            51 => Self::Ah,
            58 => Self::Icmp6,
            108 => Self::Comp,
            132 => Self::Sctp,
            136 => Self::UdpLite,
            _ => Self::Unknown,
        }
    }

    /// The number of a transport protocol.
    pub(super) fn number(self) -> Option<u8> {
        (0..=u8::MAX).find(|number| Self::by_number(*number) == self && self != Self::Unknown)
    }

    /// What an EtherType announces.
    pub(super) fn by_ether_type(number: u16) -> Self {
        match number {
            0x0800 => Self::Ip,
            0x0806 => Self::Arp,
            0x86dd => Self::Ip6,
            0x8100 | 0x88a8 => Self::Vlan,
            _ => Self::Unknown,
        }
    }

    /// The EtherType that announces it.
    pub(super) fn ether_type(self) -> Option<u16> {
        match self {
            Self::Ip => Some(0x0800),
            Self::Arp => Some(0x0806),
            Self::Ip6 => Some(0x86dd),
            Self::Vlan => Some(0x8100),
            _ => None,
        }
    }

    /// The kernel's number of the family, for IP.
    pub(super) fn family(self) -> Option<u8> {
        match self {
            Self::Ip => Some(2),
            Self::Ip6 => Some(10),
            _ => None,
        }
    }

    /// What the value of an announcing field says of the next header.
    pub(super) fn next(self, value: &[u8]) -> Self {
        match (self, value) {
            (Self::Ether | Self::Vlan | Self::Netdev, [high, low]) => {
                Self::by_ether_type(u16::from_be_bytes([*high, *low]))
            }
            (Self::Ip | Self::Ip6 | Self::Ah | Self::Comp, [number]) => Self::by_number(*number),
            _ => Self::Unknown,
        }
    }

    /// Bits of its header, where another of the same layer may follow.
    pub(super) fn stacked_len(self) -> Option<u32> {
        match self {
            Self::Ether => Some(112),
            Self::Vlan => Some(32),
            _ => None,
        }
    }

    /// The field of exactly these bits.
    pub(super) fn field(self, bits: Bits, icmp_type: Option<u8>) -> Option<Field> {
        let exact = |field: &Field| (field.offset, field.len) == (bits.offset, bits.len);
        self.fields().iter().find(|field| exact(field) && field.fits(icmp_type)).copied()
    }

    /// The first field that begins at a bit.
    pub(super) fn field_at(self, offset: u32, icmp_type: Option<u8>) -> Option<Field> {
        self.fields().iter().find(|field| field.offset == offset && field.fits(icmp_type)).copied()
    }
}

impl Field {
    /// Whether a header of this ICMP type has it. Where the type was not tested, naming a field that not all types
    /// have would make nft test it.
    fn fits(&self, icmp_type: Option<u8>) -> bool {
        match self.icmp {
            IcmpNeed::Any => true,
            IcmpNeed::Type(need) => icmp_type == Some(need),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lie_within_their_headers() {
        for number in 0..=u8::MAX {
            let protocol = Protocol::by_number(number);
            for field in protocol.fields() {
                assert!(field.len > 0 && field.offset + field.len <= 160, "{protocol:?} {field:?}");
                assert_eq!(protocol.number(), Some(number));
            }
        }
    }

    #[test]
    fn an_icmp_type_chooses_among_fields_of_the_same_bits() {
        let bits = Bits { base: PayloadBase::Transport, offset: 32, len: 32 };
        assert_eq!(Protocol::Icmp.field(bits, Some(5)).map(|field| field.name), Some("gateway"));
        assert_eq!(Protocol::Icmp.field(bits, Some(8)), None);
        assert_eq!(Protocol::Icmp.field(bits, None), None);
        assert_eq!(Protocol::Icmp6.field(bits, Some(2)).map(|field| field.name), Some("mtu"));
        assert_eq!(Protocol::Icmp6.field(bits, Some(4)).map(|field| field.name), Some("parameter-problem"));
    }
}
