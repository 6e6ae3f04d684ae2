//! The fields of a packet that sets are looked up by, as types.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Selector;
use crate::{language::matches, set};

/// What a set is looked up by: a field, or a tuple of two to sixteen fields for a concatenation.
///
/// `Fields` is what the compiler knows of it, the [`Key::Fields`](crate::set::Key::Fields) of the sets that it can
/// be looked up in; [`ByName`] where it knows nothing.
pub trait Select<Fields> {
    /// The same by value.
    fn selectors(&self) -> Vec<Selector>;
}

/// One field of a packet whose values are of type `F`.
pub trait SelectOne<F> {
    /// The same by value.
    fn selector(&self) -> Selector;
}

/// In the place of types: the program knows the set by its name, or by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByName {}

/// Declares the fields as types.
macro_rules! fields {
    ($( $(#[$meta:meta])* $name:ident = $( $field:ty => $selector:ident ),+; )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name;

        $(
            impl SelectOne<$field> for $name {
                fn selector(&self) -> Selector {
                    Selector::$selector
                }
            }

            impl Select<$field> for $name {
                fn selectors(&self) -> Vec<Selector> {
                    vec![Selector::$selector]
                }
            }
        )+
    )+};
}

fields! {
    /// The source address, of the IP version of the set's keys.
    Saddr = Ipv4Addr => IpSaddr, Ipv6Addr => Ip6Saddr;
    /// The destination address, of the IP version of the set's keys.
    Daddr = Ipv4Addr => IpDaddr, Ipv6Addr => Ip6Daddr;
    /// The source port. Needs a protocol with ports said before: `.tcp()`, `.udp()`.
    Sport = crate::Port => Sport;
    /// The destination port. Needs a protocol with ports said before: `.tcp()`, `.udp()`.
    Dport = crate::Port => Dport;
    /// The Ethernet source address.
    EtherSaddr = crate::MacAddr => EtherSaddr;
    /// The Ethernet destination address.
    EtherDaddr = crate::MacAddr => EtherDaddr;
    /// The network protocol, by Ethernet's number.
    EtherType = set::EtherType => EtherType;
    /// The transport protocol.
    L4Proto = crate::Protocol => L4Proto;
    /// The type of an ICMP message.
    IcmpType = crate::IcmpType => IcmpType;
    /// The type of an ICMPv6 message.
    Icmpv6Type = crate::Icmpv6Type => Icmpv6Type;
    /// The number of the interface that the packet came by.
    Iif = set::InterfaceIndex => Iif;
    /// The name of the interface that the packet came by.
    IifName = crate::InterfaceName => IifName;
    /// The number of the interface that the packet leaves by.
    Oif = set::InterfaceIndex => Oif;
    /// The name of the interface that the packet leaves by.
    OifName = crate::InterfaceName => OifName;
    /// The packet's mark.
    Mark = crate::Mark => Mark;
    /// The kind of the packet's destination: this machine, broadcast …
    PktType = crate::PacketType => PktType;
    /// The user of the socket that sends the packet.
    SkUid = matches::Uid => SkUid;
    /// The group of the socket that sends the packet.
    SkGid = matches::Gid => SkGid;
    /// The connection's mark.
    CtMark = crate::Mark => CtMark;
    /// How the packet stands to its connection.
    CtState = crate::CtState => CtState;
    /// The packet's length in bytes, from its IP header on.
    Length = matches::Length => Length;
    /// The IP version, by the kernel's number.
    NfProto = set::NfProto => NfProto;
    /// What the interface is made of that the packet came by.
    IifType = set::LinkType => IifType;
    /// What the interface is made of that the packet leaves by.
    OifType = set::LinkType => OifType;
    /// The group of the interface that the packet came by.
    IifGroup = set::DeviceGroup => IifGroup;
    /// The group of the interface that the packet leaves by.
    OifGroup = set::DeviceGroup => OifGroup;
    /// The class of the sending program's control group, version 1.
    Cgroup = matches::ClassId => Cgroup;
    /// The realm of the packet's route.
    Realm = set::Realm => Realm;
    /// The class for traffic control.
    Priority = set::TcClass => Priority;
    /// The time of the day, in UTC: kernel 5.4.
    Hour = matches::TimeOfDay => Hour;
    /// The day of the week, in UTC: kernel 5.4.
    Day = matches::Weekday => Day;
    /// The time, to the nanosecond: kernel 5.4.
    Time = matches::DateTime => Time;
    /// The class of service of an IPv4 packet.
    IpDscp = matches::Dscp => IpDscp;
    /// The class of service of an IPv6 packet.
    Ip6Dscp = matches::Dscp => Ip6Dscp;
    /// What routers say of their queues, in an IPv4 packet.
    IpEcn = matches::Ecn => IpEcn;
    /// The number of the VLAN in a frame's tag. For bridge and netdev tables.
    VlanId = matches::VlanId => VlanId;
    /// The priority in a frame's VLAN tag. For bridge and netdev tables.
    VlanPcp = matches::VlanPcp => VlanPcp;
    /// How many routers an IPv4 packet may still pass.
    Ttl = matches::Ttl => Ttl;
    /// How many routers an IPv6 packet may still pass.
    HopLimit = matches::HopLimit => HopLimit;
    /// The flags of a TCP packet.
    TcpFlags = crate::TcpFlags => TcpFlags;
    /// The code of an ICMP message.
    IcmpCode = crate::IcmpCode => IcmpCode;
    /// The code of an ICMPv6 message.
    Icmpv6Code = crate::Icmp6Code => Icmpv6Code;
    /// The kind of the source address: this machine's, broadcast …
    SaddrType = crate::AddressType => SaddrType;
    /// The kind of the destination address: this machine's, broadcast …
    DaddrType = crate::AddressType => DaddrType;
    /// What has happened to the connection.
    CtStatus = crate::CtStatus => CtStatus;
    /// The packet's direction within its connection.
    CtDirection = crate::CtDirection => CtDirection;
    /// The connection's helper.
    CtHelper = matches::HelperName => CtHelper;
    /// The zone that the connection is tracked in.
    CtZone = matches::Zone => CtZone;
    /// The connection's labels.
    CtLabels = set::CtLabels => CtLabels;
    /// How long the connection stays without packets.
    CtExpiration = std::time::Duration => CtExpiration;
    /// The connection's transport protocol.
    CtProtocol = crate::Protocol => CtProtocol;
    /// Where the connection comes from, as its first packet had it, of the IP version of the set's keys.
    CtOriginalSaddr = Ipv4Addr => CtOriginalIpSaddr, Ipv6Addr => CtOriginalIp6Saddr;
    /// Where the connection goes to, as its first packet had it, of the IP version of the set's keys.
    CtOriginalDaddr = Ipv4Addr => CtOriginalIpDaddr, Ipv6Addr => CtOriginalIp6Daddr;
    /// Where answers come from, behind translations, of the IP version of the set's keys.
    CtReplySaddr = Ipv4Addr => CtReplyIpSaddr, Ipv6Addr => CtReplyIp6Saddr;
    /// Where answers go to, behind translations, of the IP version of the set's keys.
    CtReplyDaddr = Ipv4Addr => CtReplyIpDaddr, Ipv6Addr => CtReplyIp6Daddr;
    /// The port that the connection comes from, as its first packet had it.
    CtOriginalSport = crate::Port => CtOriginalSport;
    /// The port that the connection goes to, as its first packet had it.
    CtOriginalDport = crate::Port => CtOriginalDport;
    /// The port that answers come from, behind translations.
    CtReplySport = crate::Port => CtReplySport;
    /// The port that answers go to, behind translations.
    CtReplyDport = crate::Port => CtReplyDport;
    /// What a frame carries behind its VLAN tag. For bridge and netdev tables.
    VlanType = set::EtherType => VlanType;
    /// What an Ethernet frame's own header says that it carries; of a tagged frame, the tag.
    FrameType = set::EtherType => FrameType;
    /// What an ARP packet is for. For arp, bridge and netdev tables.
    ArpOperation = set::ArpOperation => ArpOperation;
    /// Who sends an ARP packet: the address of the kind of the set's keys.
    ArpSaddr = Ipv4Addr => ArpSaddrIp, crate::MacAddr => ArpSaddrEther;
    /// Whom an ARP packet is about: the address of the kind of the set's keys.
    ArpDaddr = Ipv4Addr => ArpDaddrIp, crate::MacAddr => ArpDaddrEther;
    /// What follows an IPv4 header.
    IpProtocol = crate::Protocol => IpProtocol;
    /// What follows an IPv6 header: an extension header, or the transport protocol.
    Ip6NextHeader = crate::Protocol => Ip6NextHeader;
    /// The length that an IPv4 header says: of header and content.
    IpLength = set::IpLength => IpLength;
    /// The length that an IPv6 header says: of what follows it.
    Ip6Length = set::IpLength => Ip6Length;
    /// The number that the fragments of an IPv4 packet share.
    IpId = set::IpId => IpId;
    /// What routers say of their queues, in an IPv6 packet.
    Ip6Ecn = matches::Ecn => Ip6Ecn;
    /// The number that the fragments of an IPv6 packet share.
    FragmentId = set::FragmentId => FragmentId;
    /// The type of a mobility header.
    MobilityType = set::MobilityType => MobilityType;
    /// The type of an IGMP message.
    IgmpType = set::IgmpType => IgmpType;
    /// The type of a DCCP packet.
    DccpType = set::DccpPacketType => DccpType;
    /// The index of an ESP packet's security association.
    EspSpi = set::Spi => EspSpi;
    /// The index of an AH packet's security association.
    AhSpi = set::Spi => AhSpi;
    /// The longest segment that a TCP packet asks for.
    TcpMss = set::SegmentSize => TcpMss;
    /// The processor that sees to the packet.
    Cpu = set::Cpu => Cpu;
    /// The kind of the interface that the packet came by: `veth`, `vlan` …
    IifKind = crate::InterfaceName => IifKind;
    /// The kind of the interface that the packet leaves by.
    OifKind = crate::InterfaceName => OifKind;
    /// The number of the interface below the VRF that the packet came by. Kernel 5.6.
    Sdif = set::InterfaceIndex => Sdif;
    /// The name of the interface below the VRF that the packet came by. Kernel 5.6.
    SdifName = crate::InterfaceName => SdifName;
    /// The bridge that the packet came by. For bridge tables.
    IbrName = crate::InterfaceName => IbrName;
    /// The bridge that the packet leaves by. For bridge tables.
    ObrName = crate::InterfaceName => ObrName;
    /// The VLAN that the bridge's port gives to packets without a tag. For bridge tables.
    IbrPvid = set::PortVlan => IbrPvid;
    /// What the bridge takes for a VLAN's tag. For bridge tables.
    IbrVlanProtocol = set::EtherType => IbrVlanProtocol;
    /// Whether the packet came through IPsec.
    Ipsec = bool => Ipsec;
    /// The mark of the socket that the packet is for.
    SocketMark = crate::Mark => SocketMark;
    /// Whether the socket that the packet is for is a transparent one.
    SocketTransparent = bool => SocketTransparent;
    /// Whether the socket that the packet is for is bound to any address.
    SocketWildcard = bool => SocketWildcard;
    /// The interface that leads to the source address, by number (0 where none does) or by name.
    SaddrOif = set::InterfaceIndex => SaddrOif, crate::InterfaceName => SaddrOifName;
    /// The interface that leads to the destination address, by number (0 where none does) or by name.
    DaddrOif = set::InterfaceIndex => DaddrOif, crate::InterfaceName => DaddrOifName;
    /// The longest segment of TCP's that the packet's route takes.
    RouteMtu = set::RouteMtu => RouteMtu;
    /// The packet's next router, of the IP version of the set's keys.
    NextHop = Ipv4Addr => IpNextHop, Ipv6Addr => Ip6NextHop;
    /// Whether the packet's route leads through IPsec.
    RouteIpsec = bool => RouteIpsec;
    /// The number of the policy that the packet came through IPsec by.
    IpsecInReqId = set::RequestId => IpsecInReqId;
    /// The number of the policy that the packet goes through IPsec by.
    IpsecOutReqId = set::RequestId => IpsecOutReqId;
    /// The index of the security association that the packet came by.
    IpsecInSpi = set::Spi => IpsecInSpi;
    /// The index of the security association that the packet goes by.
    IpsecOutSpi = set::Spi => IpsecOutSpi;
    /// The system that the sender of a TCP connection's first packet seems to run.
    OsName = set::OsName => OsName;
    /// How many bytes have gone through the connection.
    CtBytes = matches::Traffic => CtBytes;
    /// How many packets have gone through the connection.
    CtPackets = matches::Traffic => CtPackets;
    /// How long the connection's packets are, on the average.
    CtAvgPacket = matches::Traffic => CtAvgPacket;
    /// The IP version of the connection, by the kernel's number.
    CtL3Proto = set::NfProto => CtL3Proto;
    /// The connection's number. Kernel 5.2.
    CtId = set::ConnectionId => CtId;
}

/// The control group, version 2, of the program whose packet it is: its ancestor so many levels below the root. Kernel
/// 5.13.
///
/// ```
/// use portcullis::{Rule, select::CgroupV2, set::{CgroupId, SetOf}};
///
/// let limited = SetOf::<CgroupId>::new("limited");
/// Rule::new().in_set(CgroupV2(2), &limited).drop();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CgroupV2(pub u8);

impl SelectOne<set::CgroupId> for CgroupV2 {
    fn selector(&self) -> Selector {
        Selector::CgroupV2 { level: self.0 }
    }
}

impl Select<set::CgroupId> for CgroupV2 {
    fn selectors(&self) -> Vec<Selector> {
        vec![self.selector()]
    }
}

/// The network that an address is in: its first bits, the others 0. Made by the method `prefix` of [`Saddr`], [`Daddr`]
/// and the other addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefixed<S> {
    of: S,
    len: u8,
}

impl<F, S: SelectOne<F>> SelectOne<F> for Prefixed<S> {
    fn selector(&self) -> Selector {
        self.of.selector().prefix(self.len)
    }
}

impl<F, S: SelectOne<F>> Select<F> for Prefixed<S> {
    fn selectors(&self) -> Vec<Selector> {
        vec![self.selector()]
    }
}

/// Declares that fields are addresses.
macro_rules! addresses {
    ($( $name:ident )+) => {$(
        impl $name {
            /// The network that the address is in: so many of its first bits, the others 0. nft's
            /// `ip saddr & 255.255.255.0`, iptables' `hashlimit --hashlimit-srcmask`.
            ///
            /// A set by it holds networks' first addresses.
            ///
            /// ```
            /// use std::net::Ipv6Addr;
            ///
            /// use portcullis::{Port, Rule, select, set::SetOf};
            ///
            /// let networks = SetOf::<Ipv6Addr>::new("networks");
            #[doc = concat!("Rule::new().in_set(select::", stringify!($name), ".prefix(64), &networks).drop();")]
            /// ```
            pub const fn prefix(self, len: u8) -> Prefixed<Self> {
                Prefixed { of: self, len }
            }
        }
    )+};
}

addresses! {
    Saddr Daddr CtOriginalSaddr CtOriginalDaddr CtReplySaddr CtReplyDaddr ArpSaddr ArpDaddr NextHop
}

/// Declares that tuples of fields are concatenations.
macro_rules! concatenations {
    ($( ($($part:ident $field:ident $index:tt),+); )+) => {$(
        impl<$($field,)+ $($part: SelectOne<$field>),+> Select<($($field,)+)> for ($($part,)+) {
            fn selectors(&self) -> Vec<Selector> {
                vec![$( self.$index.selector() ),+]
            }
        }
    )+};
}

concatenations! {
    (A FieldA 0, B FieldB 1);
    (A FieldA 0, B FieldB 1, C FieldC 2);
    (A FieldA 0, B FieldB 1, C FieldC 2, D FieldD 3);
    (A FieldA 0, B FieldB 1, C FieldC 2, D FieldD 3, E FieldE 4);
    (A FieldA 0, B FieldB 1, C FieldC 2, D FieldD 3, E FieldE 4, F FieldF 5);
    (A FieldA 0, B FieldB 1, C FieldC 2, D FieldD 3, E FieldE 4, F FieldF 5, G FieldG 6);
    (A FieldA 0, B FieldB 1, C FieldC 2, D FieldD 3, E FieldE 4, F FieldF 5, G FieldG 6, H FieldH 7);
    (A FieldA 0, B FieldB 1, C FieldC 2, D FieldD 3, E FieldE 4, F FieldF 5, G FieldG 6, H FieldH 7, I FieldI 8);
    (A FieldA 0, B FieldB 1, C FieldC 2, D FieldD 3, E FieldE 4, F FieldF 5, G FieldG 6, H FieldH 7, I FieldI 8, J FieldJ 9);
    (A FieldA 0, B FieldB 1, C FieldC 2, D FieldD 3, E FieldE 4, F FieldF 5, G FieldG 6, H FieldH 7, I FieldI 8, J FieldJ 9, K FieldK 10);
    (A FieldA 0, B FieldB 1, C FieldC 2, D FieldD 3, E FieldE 4, F FieldF 5, G FieldG 6, H FieldH 7, I FieldI 8, J FieldJ 9, K FieldK 10, L FieldL 11);
    (A FieldA 0, B FieldB 1, C FieldC 2, D FieldD 3, E FieldE 4, F FieldF 5, G FieldG 6, H FieldH 7, I FieldI 8, J FieldJ 9, K FieldK 10, L FieldL 11, M FieldM 12);
    (A FieldA 0, B FieldB 1, C FieldC 2, D FieldD 3, E FieldE 4, F FieldF 5, G FieldG 6, H FieldH 7, I FieldI 8, J FieldJ 9, K FieldK 10, L FieldL 11, M FieldM 12, N FieldN 13);
    (A FieldA 0, B FieldB 1, C FieldC 2, D FieldD 3, E FieldE 4, F FieldF 5, G FieldG 6, H FieldH 7, I FieldI 8, J FieldJ 9, K FieldK 10, L FieldL 11, M FieldM 12, N FieldN 13, O FieldO 14);
    (A FieldA 0, B FieldB 1, C FieldC 2, D FieldD 3, E FieldE 4, F FieldF 5, G FieldG 6, H FieldH 7, I FieldI 8, J FieldJ 9, K FieldK 10, L FieldL 11, M FieldM 12, N FieldN 13, O FieldO 14, P FieldP 15);
}

impl Select<ByName> for Selector {
    fn selectors(&self) -> Vec<Selector> {
        vec![self.clone()]
    }
}

impl<const N: usize> Select<ByName> for [Selector; N] {
    fn selectors(&self) -> Vec<Selector> {
        self.to_vec()
    }
}

impl Select<ByName> for &[Selector] {
    fn selectors(&self) -> Vec<Selector> {
        self.to_vec()
    }
}

impl Select<ByName> for Vec<Selector> {
    fn selectors(&self) -> Vec<Selector> {
        self.clone()
    }
}
