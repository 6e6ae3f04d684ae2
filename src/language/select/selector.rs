//! The fields of a packet that sets are looked up by, as values.

use std::fmt;

use smallvec::{SmallVec, smallvec};

use super::RawSelector;
use crate::{
    Invalid,
    expr::{
        Bitwise, BitwiseOp, Byteorder, ByteorderOp, Ct, CtDirection, CtKey, Data, Expr, Exthdr, ExthdrOp,
        Fib, FibFlags, FibResult, Meta, MetaKey, Osf, OsfTtl, Payload, PayloadBase, Register, Rt, RtKey,
        Socket, SocketKey, Xfrm, XfrmDirection, XfrmKey,
    },
    language::{Layer3, Lowering, matches},
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

impl Selector {
    /// The network that an address is in: its first bits, the others 0.
    ///
    /// ```
    /// use portcullis::{Rule, select::Selector};
    ///
    /// Rule::new().in_set(Selector::Ip6Saddr.prefix(64), "networks").drop();
    /// ```
    #[must_use]
    pub fn prefix(self, len: u8) -> Self {
        Self::Prefix { of: Box::new(self), len }
    }

    /// What loads it into a register.
    pub(super) fn load(&self, dreg: Register) -> Load {
        match self {
            Self::Prefix { of, len } => {
                let mut load = of.load(dreg);
                load.push(Bitwise::and(dreg, prefix_mask(of.field_type().len, *len)).into());
                load
            }
            Self::Raw(raw) => raw.load(dreg).collect(),
            _ => self.load_from(dreg),
        }
    }

    fn load_from(&self, dreg: Register) -> Load {
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
            Source::Fib(result, side) => smallvec![Fib::new(dreg, result, side).into()],
            Source::Extension(op, kind, offset) => {
                smallvec![Exthdr::load(op, kind, offset, len, dreg).into()]
            }
            Source::Route(key) => smallvec![Rt::new(key, dreg).into()],
            Source::Socket(key, level) => {
                let load = Socket::new(key, dreg);
                smallvec![level.map_or(load.clone(), |level| load.level(u32::from(level))).into()]
            }
            // The kernel dumps both attributes, said or not.
            Source::Ipsec(key, direction) => smallvec![Xfrm::new(dreg, key, direction).spnum(0u32).into()],
            Source::System => smallvec![Osf::new(dreg).ttl(OsfTtl::Exact).into()],
            Source::Raw => Load::new(),
        }
    }

    /// Whether the first expression of [`Selector::load`] can be this one, told without making it.
    pub(super) fn may_begin(&self, expression: &Expr) -> bool {
        match (self.source(), expression) {
            (
                Source::Payload(base, offset)
                | Source::Bits(base, offset, ..)
                | Source::Across(base, offset, ..),
                Expr::Payload(load),
            ) => load.base == base && load.offset == offset,
            (Source::Meta(key), Expr::Meta(load)) => load.key == key,
            (Source::Ct(key) | Source::Connection(key, _), Expr::Ct(load)) => load.key == key,
            (Source::Fib(result, side), Expr::Fib(load)) => load.result == result && load.flags == side,
            (Source::Extension(op, kind, _), Expr::Exthdr(load)) => load.op == op && load.kind == kind,
            (Source::Route(key), Expr::Rt(load)) => load.key == key,
            (Source::Socket(key, _), Expr::Socket(load)) => load.key == key,
            (Source::Ipsec(key, direction), Expr::Xfrm(load)) => {
                (load.key, load.direction) == (key, direction)
            }
            (Source::System, Expr::Osf(_)) => true,
            _ => false,
        }
    }

    /// Adds the tests that it silently depends on.
    pub(super) fn require(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        match self {
            Self::Prefix { of, len } => check_prefix(of, *len)?,
            Self::Raw(raw) => raw.check()?,
            _ => {}
        }
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
            Arp => to.need_arp(self.word()),
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

    /// Whether nothing that is known of the protocols speaks against it.
    pub(super) fn may_follow(&self, layer3: Option<Layer3>, layer4: Option<u8>) -> bool {
        match self.needs() {
            Needs::Layer3(version) => layer3.is_none_or(|known| known == version),
            Icmp(_, needed) | Layer4(needed) => layer4 == Some(needed),
            _ => true,
        }
    }

    /// Whether sets of runs have its bytes in another order than registers.
    pub(super) fn is_turned(&self) -> bool {
        let field = self.field_type();
        field.order == crate::object::KeyOrder::Host && !field.text && field.len > 1
    }
}

/// What an expression loads into a register, of the selectors of which more is said than a name.
pub(super) fn grouped(load: &Expr, place: Register) -> Option<Selector> {
    let Expr::Socket(Socket { key: SocketKey::CgroupV2, level: Some(level), .. }) = load else { return None };
    let selector = Selector::CgroupV2 { level: u8::try_from(*level).ok()? };
    (selector.load(place).as_slice() == std::slice::from_ref(load)).then_some(selector)
}

/// How many bits of an address a mask leaves.
pub(super) fn prefix_of(selector: &Selector, mask: &Expr, place: Register) -> Option<u8> {
    let len = selector.field_type().prefixes.then_some(selector.field_type().len)?;
    let Expr::Bitwise(bitwise) = mask else { return None };
    let ones = bitwise.mask.as_ref()?.as_bytes().iter().map(|byte| byte.count_ones()).sum::<u32>();
    let ones = u8::try_from(ones).ok()?;
    (*mask == Bitwise::and(place, prefix_mask(len, ones)).into()).then_some(ones)
}

/// A mask of so many bytes whose first bits are 1.
fn prefix_mask(bytes: usize, ones: u8) -> Data {
    let left = (0..u32::MAX).step_by(8).take(bytes).map(|before| u32::from(ones).saturating_sub(before));
    Data::new(&left.map(|left| !u8::MAX.checked_shr(left).unwrap_or(0)).collect::<Vec<_>>())
}

fn check_prefix(of: &Selector, len: u8) -> Result<(), Invalid> {
    let FieldType { prefixes, len: bytes, .. } = of.field_type();
    if !prefixes || matches!(of, Selector::Prefix { .. }) {
        let problem =
            format!("{of} is no IP address, of which a set could hold networks: take the field whole");
        return Err(Invalid::Combination { problem });
    }
    if usize::from(len) > bytes * 8 {
        let range = format!("0 to {}", bytes * 8);
        return Err(Invalid::OutOfRange { what: "the length of a prefix", value: len.to_string(), range });
    }
    Ok(())
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
    fn the_networks_of_addresses() {
        use crate::select::{Daddr, Dport, Saddr};

        let nets = SetOf::<std::net::Ipv4Addr>::new("s");
        let load = "payload load 4b @ network header + 12 => reg 1";
        for (len, mask) in
            [(0, "00000000"), (1, "00000080"), (8, "000000ff"), (23, "00feffff"), (32, "ffffffff")]
        {
            let mask = format!("bitwise reg 1 = ( reg 1 & 0x{mask} ) ^ 0x00000000");
            let rule = Rule::new().in_set(Saddr.prefix(len), &nets);
            golden(Family::Ip, &rule, &[load, &mask, "lookup reg 1 set s"]);
        }
        let text = |rule: Rule| rule.check(Family::Inet).unwrap_err().to_string();
        assert_eq!(
            text(Rule::new().in_set(Saddr.prefix(33), &nets)),
            "the length of a prefix is 33; possible: 0 to 32"
        );
        let nets6 = SetOf::<std::net::Ipv6Addr>::new("s");
        assert_eq!(
            text(Rule::new().in_set(Daddr.prefix(129), &nets6)),
            "the length of a prefix is 129; possible: 0 to 128"
        );
        assert_eq!(
            text(Rule::new().in_set(Selector::Mark.prefix(8), "s")),
            "meta mark is no IP address, of which a set could hold networks: take the field whole"
        );
        assert_eq!(
            text(Rule::new().in_set(Selector::IpSaddr.prefix(8).prefix(8), "s")),
            "ip saddr/8 is no IP address, of which a set could hold networks: take the field whole"
        );
        let pairs = SetOf::<(std::net::Ipv6Addr, crate::Port)>::new("s");
        let rule = Rule::new().tcp().in_set((Saddr.prefix(64), Dport), &pairs);
        assert_eq!(rule.check(Family::Ip6), Ok(()));
    }

    /// libnftnl 1.2.4 calls it unknown.
    #[test]
    fn connections_are_looked_up_by_their_number() {
        let numbers = SetOf::<Interval<set::ConnectionId>>::new("s");
        golden_everywhere(
            &Rule::new().in_set(select::CtId, &numbers),
            &["ct load id => reg 1", "lookup reg 1 set s"],
        );
    }

    #[test]
    fn control_groups_are_of_a_level() {
        use crate::set::CgroupId;

        let groups = SetOf::<CgroupId>::new("s");
        let rule = Rule::new().in_set(select::CgroupV2(2), &groups);
        golden_everywhere(&rule, &["socket load cgroupv2 => reg 1", "lookup reg 1 set s"]);
        // libnftnl 1.2.4 does not print the level.
        let lowered = rule.lower(Family::Inet).unwrap();
        let load = Socket::new(SocketKey::CgroupV2, Register::R1).level(2u32);
        assert_eq!(lowered.expressions.first(), Some(&load.into()));
        assert_eq!(Selector::CgroupV2 { level: 2 }.to_string(), "socket cgroupv2 level 2");
    }

    #[test]
    fn arp_is_tested_for_where_the_table_leaves_it_open() {
        let operations = SetOf::<set::ArpOperation>::new("s");
        let rule = Rule::new().in_set(select::ArpOperation, &operations);
        let lookup = ["payload load 2b @ network header + 6 => reg 1", "lookup reg 1 set s"];
        golden(Family::Arp, &rule, &lookup);
        let arp = "cmp eq reg 1 0x00000608";
        golden(Family::Netdev, &rule, &[&["meta load protocol => reg 1", arp][..], &lookup].concat());
        let header = "payload load 2b @ link header + 12 => reg 1";
        golden(Family::Bridge, &rule, &[&[header, arp][..], &lookup].concat());
        assert_eq!(
            rule.check(Family::Inet).unwrap_err().to_string(),
            "arp operation cannot be used in a table of family inet: use a table of family arp, bridge or netdev"
        );
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
            let known: [&[_]; 3] = [
                &["icmp type", "icmpv6 type", "igmp type"],
                &["icmp code", "icmpv6 code"],
                &["ip6 length", "ip id"],
            ];
            assert!(same.len() == 1 || known.iter().any(|alike| same == *alike), "{same:?}");
        }
    }
}
