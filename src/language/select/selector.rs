//! The fields of a packet that sets are looked up by, as values.

mod load;

pub(super) use load::{grouped, prefix_of};

use std::fmt;

use smallvec::SmallVec;

use super::RawSelector;
use crate::{
    expr::{
        CtDirection, CtKey, Expr, ExthdrOp, FibFlags, FibResult, MetaKey, PayloadBase, RtKey, SocketKey,
        XfrmDirection, XfrmKey,
    },
    language::{Layer3, matches},
    set::{self, Field, FieldType},
};

use CtDirection::{Original, Reply};
use FibResult::{AddrType, Oif as FibOif, OifName as FibOifName};
use Needs::{Arp, Ethernet, Icmp, Layer4, Nothing, Ports, Vlan};
use PayloadBase::{Link, Network, Transport};
use Source::{
    Across as FromAcross, Bits as FromBits, Connection as FromConnection, Ct as FromCt,
    Extension as FromExtension, Fib as FromFib, Ipsec as FromIpsec, Meta as FromMeta, Payload as FromPacket,
    Route as FromRoute, Socket as FromSocket, System as FromSystem,
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
    /// What the routing table says of an address.
    Fib(FibResult, FibFlags),
    /// Of an extension header or an option: of which, and where in it.
    Extension(ExthdrOp, u8, u32),
    /// Of the packet's route.
    Route(RtKey),
    /// Of the socket that the packet is for; of control groups, on which level.
    Socket(SocketKey, Option<u8>),
    /// Of the first of the packet's transformations.
    Ipsec(XfrmKey, XfrmDirection),
    /// What system the sender seems to run.
    System,
    /// By expressions of the caller's.
    Raw,
}

/// What loads a field: mostly one expression.
pub(super) type Load = SmallVec<[Expr; 1]>;

/// What must have been tested before a field is loaded.
#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Ethernet,
    Vlan,
    Arp,
    Layer3(Layer3),
    Ports,
    Icmp(Layer3, u8),
    Layer4(u8),
}

/// Declares [`Selector`]: each with what nft calls it, its type, where it is, and what it depends on.
macro_rules! selectors {
    ($( $(#[$meta:meta])* $name:ident = $word:literal, $field:ty, $source:expr, $needs:expr; )+) => {
        /// One field of a packet, or one fact about it, that a set can be looked up by.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(rename_all = "snake_case", deny_unknown_fields)
        )]
        #[non_exhaustive]
        pub enum Selector {
            $( $(#[$meta])* $name, )+
            /// The control group, version 2, of the program whose packet it is: its ancestor of this level. Kernel 5.13.
            CgroupV2 {
                /// How far below the root, whose level is 0.
                level: u8,
            },
            /// The network that an address is in: its first bits, the others 0.
            Prefix {
                /// The address.
                of: Box<Self>,
                /// How many bits.
                len: u8,
            },
            /// What this library has no word for.
            Raw(Box<RawSelector>),
        }

        impl Selector {
            /// All of those that nothing more is said of.
            pub const ALL: &'static [Self] = &[$( Self::$name ),+];

            /// nft's words for it: `ip saddr`.
            pub fn word(&self) -> &'static str {
                match self {
                    $( Self::$name => $word, )+
                    Self::CgroupV2 { .. } => "socket cgroupv2",
                    Self::Prefix { of, .. } => of.word(),
                    Self::Raw(_) => "raw",
                }
            }

            /// nft's type of it, and how registers hold it.
            pub fn field_type(&self) -> FieldType {
                match self {
                    $( Self::$name => <$field as Field>::TYPE, )+
                    Self::CgroupV2 { .. } => set::CgroupId::TYPE,
                    Self::Prefix { of, .. } => of.field_type(),
                    Self::Raw(raw) => raw.field_type(),
                }
            }

            fn source(&self) -> Source {
                match self {
                    $( Self::$name => $source, )+
                    Self::CgroupV2 { level } => FromSocket(SocketKey::CgroupV2, Some(*level)),
                    Self::Prefix { of, .. } => of.source(),
                    Self::Raw(_) => Source::Raw,
                }
            }

            fn needs(&self) -> Needs {
                match self {
                    $( Self::$name => $needs, )+
                    Self::CgroupV2 { .. } | Self::Raw(_) => Nothing,
                    Self::Prefix { of, .. } => of.needs(),
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
    SaddrType = "fib saddr type", crate::AddressType, FromFib(AddrType, FibFlags::SADDR), Nothing;
    /// The kind of the destination address: this machine's, broadcast …
    DaddrType = "fib daddr type", crate::AddressType, FromFib(AddrType, FibFlags::DADDR), Nothing;
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
    /// What a frame carries behind its VLAN tag. For bridge and netdev tables.
    VlanType = "vlan type", set::EtherType, FromPacket(Link, 16), Vlan;
    /// What an Ethernet frame's own header says that it carries; of a tagged frame, the tag.
    FrameType = "ether type", set::EtherType, FromPacket(Link, 12), Ethernet;
    /// What an ARP packet is for. For arp, bridge and netdev tables.
    ArpOperation = "arp operation", set::ArpOperation, FromPacket(Network, 6), Arp;
    /// The IPv4 address of who sends an ARP packet.
    ArpSaddrIp = "arp saddr ip", std::net::Ipv4Addr, FromPacket(Network, 14), Arp;
    /// The IPv4 address that an ARP packet is about.
    ArpDaddrIp = "arp daddr ip", std::net::Ipv4Addr, FromPacket(Network, 24), Arp;
    /// The Ethernet address of who sends an ARP packet.
    ArpSaddrEther = "arp saddr ether", crate::MacAddr, FromPacket(Network, 8), Arp;
    /// The Ethernet address in an answer of ARP's.
    ArpDaddrEther = "arp daddr ether", crate::MacAddr, FromPacket(Network, 18), Arp;
    /// What follows an IPv4 header.
    IpProtocol = "ip protocol", crate::Protocol, FromPacket(Network, 9), V4;
    /// What follows an IPv6 header: an extension header, or the transport protocol.
    Ip6NextHeader = "ip6 nexthdr", crate::Protocol, FromPacket(Network, 6), V6;
    /// The length that an IPv4 header says: of header and content.
    IpLength = "ip length", set::IpLength, FromPacket(Network, 2), V4;
    /// The length that an IPv6 header says: of what follows it.
    Ip6Length = "ip6 length", set::IpLength, FromPacket(Network, 4), V6;
    /// The number that the fragments of an IPv4 packet share.
    IpId = "ip id", set::IpId, FromPacket(Network, 4), V4;
    /// What routers say of their queues, in an IPv6 packet.
    Ip6Ecn = "ip6 ecn", matches::Ecn, FromBits(Network, 1, 0x30, 4), V6;
    /// The number that the fragments of an IPv6 packet share.
    FragmentId = "frag id", set::FragmentId, FromExtension(ExthdrOp::Ipv6, 44, 4), V6;
    /// The type of a mobility header.
    MobilityType = "mh type", set::MobilityType, FromExtension(ExthdrOp::Ipv6, 135, 2), V6;
    /// The type of an IGMP message.
    IgmpType = "igmp type", set::IgmpType, FromPacket(Transport, 0), Icmp(Layer3::V4, 2);
    /// The type of a DCCP packet.
    DccpType = "dccp type", set::DccpPacketType, FromBits(Transport, 8, 0x1e, 1), Layer4(33);
    /// The index of an ESP packet's security association.
    EspSpi = "esp spi", set::Spi, FromPacket(Transport, 0), Layer4(50);
    /// The index of an AH packet's security association.
    AhSpi = "ah spi", set::Spi, FromPacket(Transport, 4), Layer4(51);
    /// The longest segment that a TCP packet asks for.
    TcpMss = "tcp option maxseg size", set::SegmentSize, FromExtension(ExthdrOp::Tcp, 2, 2), Nothing;
    /// The processor that sees to the packet.
    Cpu = "meta cpu", set::Cpu, FromMeta(MetaKey::Cpu), Nothing;
    /// The kind of the interface that the packet came by: `veth`, `vlan` …
    IifKind = "meta iifkind", crate::InterfaceName, FromMeta(MetaKey::IifKind), Nothing;
    /// The kind of the interface that the packet leaves by.
    OifKind = "meta oifkind", crate::InterfaceName, FromMeta(MetaKey::OifKind), Nothing;
    /// The number of the interface below the VRF that the packet came by. Kernel 5.6.
    Sdif = "meta sdif", set::InterfaceIndex, FromMeta(MetaKey::Sdif), Nothing;
    /// The name of the interface below the VRF that the packet came by. Kernel 5.6.
    SdifName = "meta sdifname", crate::InterfaceName, FromMeta(MetaKey::SdifName), Nothing;
    /// The bridge that the packet came by. For bridge tables.
    IbrName = "meta ibrname", crate::InterfaceName, FromMeta(MetaKey::BriIifName), Nothing;
    /// The bridge that the packet leaves by. For bridge tables.
    ObrName = "meta obrname", crate::InterfaceName, FromMeta(MetaKey::BriOifName), Nothing;
    /// The VLAN that the bridge's port gives to packets without a tag. For bridge tables.
    IbrPvid = "meta ibrpvid", set::PortVlan, FromMeta(MetaKey::BriIifPvid), Nothing;
    /// What the bridge takes for a VLAN's tag. For bridge tables.
    IbrVlanProtocol = "meta ibrvproto", set::EtherType, FromMeta(MetaKey::BriIifVproto), Nothing;
    /// Whether the packet came through IPsec.
    Ipsec = "meta ipsec", bool, FromMeta(MetaKey::SecPath), Nothing;
    /// The mark of the socket that the packet is for.
    SocketMark = "socket mark", crate::Mark, FromSocket(SocketKey::Mark, None), Nothing;
    /// Whether the socket that the packet is for is a transparent one.
    SocketTransparent = "socket transparent", bool, FromSocket(SocketKey::Transparent, None), Nothing;
    /// Whether the socket that the packet is for is bound to any address.
    SocketWildcard = "socket wildcard", bool, FromSocket(SocketKey::Wildcard, None), Nothing;
    /// The number of the interface that leads to the source address; 0 where none does.
    SaddrOif = "fib saddr oif", set::InterfaceIndex, FromFib(FibOif, FibFlags::SADDR), Nothing;
    /// The number of the interface that leads to the destination address; 0 where none does.
    DaddrOif = "fib daddr oif", set::InterfaceIndex, FromFib(FibOif, FibFlags::DADDR), Nothing;
    /// The name of the interface that leads to the source address.
    SaddrOifName = "fib saddr oifname", crate::InterfaceName, FromFib(FibOifName, FibFlags::SADDR), Nothing;
    /// The name of the interface that leads to the destination address.
    DaddrOifName = "fib daddr oifname", crate::InterfaceName, FromFib(FibOifName, FibFlags::DADDR), Nothing;
    /// The longest segment of TCP's that the packet's route takes.
    RouteMtu = "rt mtu", set::RouteMtu, FromRoute(RtKey::TcpMss), Nothing;
    /// The next router of an IPv4 packet.
    IpNextHop = "rt ip nexthop", std::net::Ipv4Addr, FromRoute(RtKey::NextHop4), Nothing;
    /// The next router of an IPv6 packet.
    Ip6NextHop = "rt ip6 nexthop", std::net::Ipv6Addr, FromRoute(RtKey::NextHop6), Nothing;
    /// Whether the packet's route leads through IPsec.
    RouteIpsec = "rt ipsec", bool, FromRoute(RtKey::Xfrm), Nothing;
    /// The number of the policy that the packet came through IPsec by.
    IpsecInReqId = "ipsec in reqid", set::RequestId, FromIpsec(XfrmKey::ReqId, XfrmDirection::In), Nothing;
    /// The number of the policy that the packet goes through IPsec by.
    IpsecOutReqId = "ipsec out reqid", set::RequestId, FromIpsec(XfrmKey::ReqId, XfrmDirection::Out), Nothing;
    /// The index of the security association that the packet came by.
    IpsecInSpi = "ipsec in spi", set::Spi, FromIpsec(XfrmKey::Spi, XfrmDirection::In), Nothing;
    /// The index of the security association that the packet goes by.
    IpsecOutSpi = "ipsec out spi", set::Spi, FromIpsec(XfrmKey::Spi, XfrmDirection::Out), Nothing;
    /// The system that the sender of a TCP connection's first packet seems to run.
    OsName = "osf name", set::OsName, FromSystem, Nothing;
    /// How many bytes have gone through the connection.
    CtBytes = "ct bytes", matches::Traffic, FromCt(CtKey::Bytes), Nothing;
    /// How many packets have gone through the connection.
    CtPackets = "ct packets", matches::Traffic, FromCt(CtKey::Packets), Nothing;
    /// How long the connection's packets are, on the average.
    CtAvgPacket = "ct avgpkt", matches::Traffic, FromCt(CtKey::AvgPkt), Nothing;
    /// The IP version of the connection, by the kernel's number.
    CtL3Proto = "ct l3proto", set::NfProto, FromCt(CtKey::L3Protocol), Nothing;
    /// The connection's number. Kernel 5.2.
    CtId = "ct id", set::ConnectionId, FromCt(CtKey::Id), Nothing;
}

/// nft's words.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::CgroupV2 { level } => write!(f, " level {level}"),
            Self::Prefix { len, .. } => write!(f, "/{len}"),
            Self::Raw(raw) => raw.load.iter().try_for_each(|expression| write!(f, " {}", expression.name())),
            _ => Ok(()),
        }
    }
}
