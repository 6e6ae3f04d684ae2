//! The fields of a packet that sets are looked up by, as values.

use std::fmt;

use crate::{
    Invalid,
    expr::{Ct, CtKey, Expr, Meta, MetaKey, Payload, PayloadBase, Register},
    language::{Layer3, Lowering},
    set::{self, Field, FieldType},
};

use Needs::{Ethernet, Icmp, Nothing, Ports};
use PayloadBase::{Link, Network, Transport};
use Source::{Ct as FromCt, Meta as FromMeta, Payload as FromPacket};

const V4: Needs = Needs::Layer3(Layer3::V4);
const V6: Needs = Needs::Layer3(Layer3::V6);

/// Where a field is found.
#[derive(Clone, Copy)]
enum Source {
    Payload(PayloadBase, u32),
    Meta(MetaKey),
    Ct(CtKey),
}

/// What must have been tested before a field is loaded.
#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Ethernet,
    Layer3(Layer3),
    Ports,
    Icmp(Layer3, u8),
}

/// Declares [`Selector`]: each with what nft calls it, its type, where it is, and what it depends on.
macro_rules! selectors {
    ($( $(#[$meta:meta])* $name:ident = $word:literal, $field:ty, $source:expr, $needs:expr; )+) => {
        /// One field of a packet, or one fact about it, that a set can be looked up by.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
        #[non_exhaustive]
        pub enum Selector {
            $( $(#[$meta])* $name, )+
        }

        impl Selector {
            /// All of them.
            pub const ALL: &'static [Self] = &[$( Self::$name ),+];

            /// nft's words for it: `ip saddr`.
            pub const fn word(self) -> &'static str {
                match self {
                    $( Self::$name => $word, )+
                }
            }

            /// nft's type of it, and how registers hold it.
            pub const fn field_type(self) -> FieldType {
                match self {
                    $( Self::$name => <$field as Field>::TYPE, )+
                }
            }

            const fn source(self) -> Source {
                match self {
                    $( Self::$name => $source, )+
                }
            }

            const fn needs(self) -> Needs {
                match self {
                    $( Self::$name => $needs, )+
                }
            }
        }
    };
}

selectors! {
    /// The IPv4 source address.
    IpSaddr = "ip saddr", std::net::Ipv4Addr, FromPacket(Network, 12), V4;
    /// The IPv4 destination address.
    IpDaddr = "ip daddr", std::net::Ipv4Addr, FromPacket(Network, 16), V4;
    /// The IPv6 source address.
    Ip6Saddr = "ip6 saddr", std::net::Ipv6Addr, FromPacket(Network, 8), V6;
    /// The IPv6 destination address.
    Ip6Daddr = "ip6 daddr", std::net::Ipv6Addr, FromPacket(Network, 24), V6;
    /// The source port. Needs a protocol with ports said before: `.tcp()`, `.udp()`.
    Sport = "th sport", crate::Port, FromPacket(Transport, 0), Ports;
    /// The destination port. Needs a protocol with ports said before: `.tcp()`, `.udp()`.
    Dport = "th dport", crate::Port, FromPacket(Transport, 2), Ports;
    /// The Ethernet source address.
    EtherSaddr = "ether saddr", crate::MacAddr, FromPacket(Link, 6), Ethernet;
    /// The Ethernet destination address.
    EtherDaddr = "ether daddr", crate::MacAddr, FromPacket(Link, 0), Ethernet;
    /// The network protocol, by Ethernet's number.
    EtherType = "meta protocol", set::EtherType, FromMeta(MetaKey::Protocol), Nothing;
    /// The transport protocol.
    L4Proto = "meta l4proto", crate::Protocol, FromMeta(MetaKey::L4Proto), Nothing;
    /// The type of an ICMP message.
    IcmpType = "icmp type", crate::IcmpType, FromPacket(Transport, 0), Icmp(Layer3::V4, 1);
    /// The type of an ICMPv6 message.
    Icmpv6Type = "icmpv6 type", crate::Icmpv6Type, FromPacket(Transport, 0), Icmp(Layer3::V6, 58);
    /// The number of the interface that the packet came by.
    Iif = "iif", set::InterfaceIndex, FromMeta(MetaKey::Iif), Nothing;
    /// The name of the interface that the packet came by.
    IifName = "iifname", crate::InterfaceName, FromMeta(MetaKey::IifName), Nothing;
    /// The number of the interface that the packet leaves by.
    Oif = "oif", set::InterfaceIndex, FromMeta(MetaKey::Oif), Nothing;
    /// The name of the interface that the packet leaves by.
    OifName = "oifname", crate::InterfaceName, FromMeta(MetaKey::OifName), Nothing;
    /// The packet's mark.
    Mark = "meta mark", crate::Mark, FromMeta(MetaKey::Mark), Nothing;
    /// The kind of the packet's destination: this machine, broadcast …
    PktType = "meta pkttype", crate::PacketType, FromMeta(MetaKey::PktType), Nothing;
    /// The user of the socket that sends the packet.
    SkUid = "meta skuid", crate::language::matches::Uid, FromMeta(MetaKey::SkUid), Nothing;
    /// The group of the socket that sends the packet.
    SkGid = "meta skgid", crate::language::matches::Gid, FromMeta(MetaKey::SkGid), Nothing;
    /// The connection's mark.
    CtMark = "ct mark", crate::Mark, FromCt(CtKey::Mark), Nothing;
    /// How the packet stands to its connection.
    CtState = "ct state", crate::CtState, FromCt(CtKey::State), Nothing;
}

/// nft's words.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Selector {
    /// What loads it into a register.
    pub(super) fn load(self, dreg: Register) -> Expr {
        let len = u32::try_from(self.field_type().len).unwrap_or(u32::MAX);
        match self.source() {
            Source::Payload(base, offset) => Payload::load(base, offset, len, dreg).into(),
            Source::Meta(key) => Meta::load(key, dreg).into(),
            Source::Ct(key) => Ct::load(key, dreg).into(),
        }
    }

    /// Adds the tests that it silently depends on.
    pub(super) fn require(self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        match self.needs() {
            Nothing => Ok(()),
            Ethernet => {
                to.need_ethernet();
                Ok(())
            }
            Needs::Layer3(version) => to.need_layer3(self.word(), version),
            Ports => to.need_ports(self.word()),
            Icmp(version, protocol) => {
                if to.layer3().is_some() || to.layer4().is_none() {
                    to.need_layer3(self.word(), version)?;
                }
                to.need_layer4(self.word(), protocol)
            }
        }
    }

    /// Whether nothing that is known of the transport protocol speaks against it.
    pub(super) fn may_follow(self, layer4: Option<u8>) -> bool {
        match self.needs() {
            Icmp(_, needed) => layer4 == Some(needed),
            _ => true,
        }
    }

    /// Whether sets of runs have its bytes in another order than registers.
    pub(super) fn is_turned(self) -> bool {
        let field = self.field_type();
        field.order == crate::object::KeyOrder::Host && !field.text && field.len > 1
    }
}
