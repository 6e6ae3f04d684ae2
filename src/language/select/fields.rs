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
        vec![*self]
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
