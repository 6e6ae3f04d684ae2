//! The fields of a packet that sets are looked up by, as values.

use std::fmt;

use smallvec::{SmallVec, smallvec};

use crate::{
    Invalid,
    expr::{
        Bitwise, BitwiseOp, Byteorder, ByteorderOp, Ct, CtDirection, CtKey, Data, Expr, Fib, FibFlags,
        FibResult, Meta, MetaKey, Payload, PayloadBase, Register,
    },
    language::{Layer3, Lowering, matches},
    set::{self, Field, FieldType},
};

use CtDirection::{Original, Reply};
use Needs::{Ethernet, Icmp, Layer4, Nothing, Ports, Vlan};
use PayloadBase::{Link, Network, Transport};
use Source::{
    Across as FromAcross, Bits as FromBits, Connection as FromConnection, Ct as FromCt, Fib as FromFib,
    Meta as FromMeta, Payload as FromPacket,
};

const V4: Needs = Needs::Layer3(Layer3::V4);
const V6: Needs = Needs::Layer3(Layer3::V6);

/// Where a field is found.
#[derive(Clone, Copy)]
enum Source {
    Payload(PayloadBase, u32),
    /// Bits of one byte: where, which, and how far from the right.
    Bits(PayloadBase, u32, u8, u32),
    /// Bits of two bytes, likewise: not more than eight of them, or at the right end.
    Across(PayloadBase, u32, u16, u32),
    Meta(MetaKey),
    Ct(CtKey),
    /// Of one direction of the connection.
    Connection(CtKey, CtDirection),
    /// The kind of an address, by the routing table.
    Fib(FibFlags),
}

/// What loads a field: mostly one expression.
pub(super) type Load = SmallVec<[Expr; 1]>;

/// What must have been tested before a field is loaded.
#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Ethernet,
    Vlan,
    Layer3(Layer3),
    Ports,
    Icmp(Layer3, u8),
    Layer4(u8),
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
    SkUid = "meta skuid", matches::Uid, FromMeta(MetaKey::SkUid), Nothing;
    /// The group of the socket that sends the packet.
    SkGid = "meta skgid", matches::Gid, FromMeta(MetaKey::SkGid), Nothing;
    /// The connection's mark.
    CtMark = "ct mark", crate::Mark, FromCt(CtKey::Mark), Nothing;
    /// How the packet stands to its connection.
    CtState = "ct state", crate::CtState, FromCt(CtKey::State), Nothing;
    /// The packet's length in bytes, from its IP header on.
    Length = "meta length", matches::Length, FromMeta(MetaKey::Len), Nothing;
    /// The IP version, by the kernel's number.
    NfProto = "meta nfproto", set::NfProto, FromMeta(MetaKey::NfProto), Nothing;
    /// What the interface is made of that the packet came by.
    IifType = "meta iiftype", set::LinkType, FromMeta(MetaKey::IifType), Nothing;
    /// What the interface is made of that the packet leaves by.
    OifType = "meta oiftype", set::LinkType, FromMeta(MetaKey::OifType), Nothing;
    /// The group of the interface that the packet came by.
    IifGroup = "iifgroup", set::DeviceGroup, FromMeta(MetaKey::IifGroup), Nothing;
    /// The group of the interface that the packet leaves by.
    OifGroup = "oifgroup", set::DeviceGroup, FromMeta(MetaKey::OifGroup), Nothing;
    /// The class of the sending program's control group, version 1.
    Cgroup = "meta cgroup", matches::ClassId, FromMeta(MetaKey::Cgroup), Nothing;
    /// The realm of the packet's route.
    Realm = "rtclassid", set::Realm, FromMeta(MetaKey::RtClassId), Nothing;
    /// The class for traffic control.
    Priority = "meta priority", set::TcClass, FromMeta(MetaKey::Priority), Nothing;
    /// The time of the day, in UTC: kernel 5.4.
    Hour = "meta hour", matches::TimeOfDay, FromMeta(MetaKey::TimeHour), Nothing;
    /// The day of the week, in UTC: kernel 5.4.
    Day = "meta day", matches::Weekday, FromMeta(MetaKey::TimeDay), Nothing;
    /// The time, to the nanosecond: kernel 5.4.
    Time = "meta time", matches::DateTime, FromMeta(MetaKey::TimeNs), Nothing;
    /// The class of service of an IPv4 packet.
    IpDscp = "ip dscp", matches::Dscp, FromBits(Network, 1, 0xfc, 2), V4;
    /// The class of service of an IPv6 packet. (nft looks it up rightly from version 1.1.0 on: older ones shift before
    /// they turn the bytes.)
    Ip6Dscp = "ip6 dscp", matches::Dscp, FromAcross(Network, 0, 0x0fc0, 6), V6;
    /// What routers say of their queues, in an IPv4 packet.
    IpEcn = "ip ecn", matches::Ecn, FromBits(Network, 1, 0x03, 0), V4;
    /// The number of the VLAN in a frame's tag. For bridge and netdev tables.
    VlanId = "vlan id", matches::VlanId, FromAcross(Link, 14, 0x0fff, 0), Vlan;
    /// The priority in a frame's VLAN tag. For bridge and netdev tables.
    VlanPcp = "vlan pcp", matches::VlanPcp, FromBits(Link, 14, 0xe0, 5), Vlan;
    /// How many routers an IPv4 packet may still pass.
    Ttl = "ip ttl", matches::Ttl, FromPacket(Network, 8), V4;
    /// How many routers an IPv6 packet may still pass.
    HopLimit = "ip6 hoplimit", matches::HopLimit, FromPacket(Network, 7), V6;
    /// The flags of a TCP packet.
    TcpFlags = "tcp flags", crate::TcpFlags, FromPacket(Transport, 13), Layer4(6);
    /// The code of an ICMP message.
    IcmpCode = "icmp code", crate::IcmpCode, FromPacket(Transport, 1), Icmp(Layer3::V4, 1);
    /// The code of an ICMPv6 message.
    Icmpv6Code = "icmpv6 code", crate::Icmp6Code, FromPacket(Transport, 1), Icmp(Layer3::V6, 58);
    /// The kind of the source address: this machine's, broadcast …
    SaddrType = "fib saddr type", crate::AddressType, FromFib(FibFlags::SADDR), Nothing;
    /// The kind of the destination address: this machine's, broadcast …
    DaddrType = "fib daddr type", crate::AddressType, FromFib(FibFlags::DADDR), Nothing;
    /// What has happened to the connection.
    CtStatus = "ct status", crate::CtStatus, FromCt(CtKey::Status), Nothing;
    /// The packet's direction within its connection.
    CtDirection = "ct direction", CtDirection, FromCt(CtKey::Direction), Nothing;
    /// The connection's helper.
    CtHelper = "ct helper", matches::HelperName, FromCt(CtKey::Helper), Nothing;
    /// The zone that the connection is tracked in.
    CtZone = "ct zone", matches::Zone, FromCt(CtKey::Zone), Nothing;
    /// The connection's labels.
    CtLabels = "ct label", set::CtLabels, FromCt(CtKey::Labels), Nothing;
    /// How long the connection stays without packets.
    CtExpiration = "ct expiration", std::time::Duration, FromCt(CtKey::Expiration), Nothing;
    /// The connection's transport protocol.
    CtProtocol = "ct protocol", crate::Protocol, FromCt(CtKey::Protocol), Nothing;
    /// The IPv4 address that the connection comes from, as its first packet had it. Kernel 4.17.
    CtOriginalIpSaddr = "ct original ip saddr", std::net::Ipv4Addr, FromConnection(CtKey::SrcIp, Original), Nothing;
    /// The IPv4 address that the connection goes to, as its first packet had it. Kernel 4.17.
    CtOriginalIpDaddr = "ct original ip daddr", std::net::Ipv4Addr, FromConnection(CtKey::DstIp, Original), Nothing;
    /// The IPv4 address that answers come from, behind translations. Kernel 4.17.
    CtReplyIpSaddr = "ct reply ip saddr", std::net::Ipv4Addr, FromConnection(CtKey::SrcIp, Reply), Nothing;
    /// The IPv4 address that answers go to, behind translations. Kernel 4.17.
    CtReplyIpDaddr = "ct reply ip daddr", std::net::Ipv4Addr, FromConnection(CtKey::DstIp, Reply), Nothing;
    /// The IPv6 address that the connection comes from, as its first packet had it. Kernel 4.17.
    CtOriginalIp6Saddr = "ct original ip6 saddr", std::net::Ipv6Addr, FromConnection(CtKey::SrcIp6, Original), Nothing;
    /// The IPv6 address that the connection goes to, as its first packet had it. Kernel 4.17.
    CtOriginalIp6Daddr = "ct original ip6 daddr", std::net::Ipv6Addr, FromConnection(CtKey::DstIp6, Original), Nothing;
    /// The IPv6 address that answers come from, behind translations. Kernel 4.17.
    CtReplyIp6Saddr = "ct reply ip6 saddr", std::net::Ipv6Addr, FromConnection(CtKey::SrcIp6, Reply), Nothing;
    /// The IPv6 address that answers go to, behind translations. Kernel 4.17.
    CtReplyIp6Daddr = "ct reply ip6 daddr", std::net::Ipv6Addr, FromConnection(CtKey::DstIp6, Reply), Nothing;
    /// The port that the connection comes from, as its first packet had it.
    CtOriginalSport = "ct original proto-src", crate::Port, FromConnection(CtKey::ProtoSrc, Original), Nothing;
    /// The port that the connection goes to, as its first packet had it.
    CtOriginalDport = "ct original proto-dst", crate::Port, FromConnection(CtKey::ProtoDst, Original), Nothing;
    /// The port that answers come from, behind translations.
    CtReplySport = "ct reply proto-src", crate::Port, FromConnection(CtKey::ProtoSrc, Reply), Nothing;
    /// The port that answers go to, behind translations.
    CtReplyDport = "ct reply proto-dst", crate::Port, FromConnection(CtKey::ProtoDst, Reply), Nothing;
}

/// nft's words.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Selector {
    /// What loads it into a register.
    pub(super) fn load(self, dreg: Register) -> Load {
        let len = u32::try_from(self.field_type().len).unwrap_or(u32::MAX);
        match self.source() {
            Source::Payload(base, offset) => smallvec![Payload::load(base, offset, len, dreg).into()],
            Source::Bits(base, offset, mask, shift) => {
                let mut load: Load = smallvec![
                    Payload::load(base, offset, 1, dreg).into(),
                    Bitwise::and(dreg, Data::byte(mask)).into(),
                ];
                if shift != 0 {
                    load.push(shifted(dreg, 1, BitwiseOp::Rshift, shift));
                }
                load
            }
            Source::Across(base, offset, mask, shift) => {
                let mut load: Load = smallvec![
                    Payload::load(base, offset, 2, dreg).into(),
                    Bitwise::and(dreg, Data::network_u16(mask)).into(),
                ];
                // The kernel shifts the register as a number of the machine's, of four bytes; the key is the first one.
                if shift != 0 && cfg!(target_endian = "little") {
                    load.push(Byteorder::new(dreg, dreg, ByteorderOp::Ntoh, 2u32, 2u32).into());
                    load.push(shifted(dreg, 2, BitwiseOp::Rshift, shift));
                } else if shift != 0 {
                    load.push(shifted(dreg, 2, BitwiseOp::Lshift, 8u32.saturating_sub(shift)));
                }
                load
            }
            Source::Meta(key) => smallvec![Meta::load(key, dreg).into()],
            Source::Ct(key) => smallvec![Ct::load(key, dreg).into()],
            Source::Connection(key, direction) => smallvec![Ct::load(key, dreg).direction(direction).into()],
            Source::Fib(side) => smallvec![Fib::new(dreg, FibResult::AddrType, side).into()],
        }
    }

    /// Whether the first expression of [`Selector::load`] can be this one, told without making it.
    pub(super) fn may_begin(self, expression: &Expr) -> bool {
        match (self.source(), expression) {
            (
                Source::Payload(base, offset)
                | Source::Bits(base, offset, ..)
                | Source::Across(base, offset, ..),
                Expr::Payload(load),
            ) => load.base == base && load.offset == offset,
            (Source::Meta(key), Expr::Meta(load)) => load.key == key,
            (Source::Ct(key) | Source::Connection(key, _), Expr::Ct(load)) => load.key == key,
            (Source::Fib(side), Expr::Fib(load)) => load.flags == side,
            _ => false,
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
            Vlan => {
                to.need_vlan();
                Ok(())
            }
            Needs::Layer3(version) => to.need_layer3(self.word(), version),
            Ports => to.need_ports(self.word()),
            Layer4(protocol) => to.need_layer4(self.word(), protocol),
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

/// Shifts a register.
fn shifted(register: Register, len: u32, way: BitwiseOp, by: u32) -> Expr {
    Bitwise::new(register, register, len).op(way).data(Data::host_u32(by)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Dscp, Family, Rule,
        language::targets::golden::{golden, golden_everywhere},
        select,
        set::{CtLabels, Interval, SetOf},
    };

    #[test]
    fn labels_are_looked_up_whole() {
        // ct label @labels
        let labels = SetOf::<CtLabels>::new("labels");
        golden_everywhere(
            &Rule::new().in_set(select::CtLabels, &labels),
            &["ct load label => reg 1", "lookup reg 1 set labels"],
        );
        let runs = SetOf::<Interval<CtLabels>>::new("runs").contents([Interval::from(CtLabels(1))]);
        let text = runs.unwrap_err().to_string();
        assert!(
            text.ends_with("labels of connections are bits, which have no runs: take a set of single values")
        );
    }

    #[test]
    fn bits_across_two_bytes_are_brought_to_the_first() {
        // As nft 1.1.0 has it: ip6 dscp @classes
        let rule = Rule::new().in_set(select::Ip6Dscp, &SetOf::<Dscp>::new("classes"));
        let load = [
            "payload load 2b @ network header + 0 => reg 1",
            "bitwise reg 1 = ( reg 1 & 0x0000c00f ) ^ 0x00000000",
        ];
        let lift: &[_] = if cfg!(target_endian = "little") {
            &["byteorder reg 1 = ntoh(reg 1, 2, 2)", "bitwise reg 1 = ( reg 1 >> 0x00000006 )"]
        } else {
            // There the two bytes are the upper half of what is shifted, in the right order.
            &["bitwise reg 1 = ( reg 1 << 0x00000002 )"]
        };
        golden(Family::Ip6, &rule, &[&load[..], lift, &["lookup reg 1 set classes"]].concat());
        let problem = rule.check(Family::Ip).unwrap_err().to_string();
        assert!(problem.contains("ip6 dscp"), "{problem}");
    }

    #[test]
    fn what_begins_a_field_is_told_without_making_it() {
        let register = Register::R1;
        for selector in Selector::ALL {
            let load = selector.load(register);
            assert!(selector.may_begin(&load[0]), "{selector}");
            // No two are told apart by nothing but what they need.
            let same = Selector::ALL.iter().filter(|other| other.load(register) == load);
            let same: Vec<_> = same.map(|other| other.word()).collect();
            let known = [["icmp type", "icmpv6 type"], ["icmp code", "icmpv6 code"]];
            assert!(same.len() == 1 || known.iter().any(|pair| same == pair), "{same:?}");
        }
    }
}
