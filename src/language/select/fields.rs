//! The fields of a packet that sets are looked up by, as types.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Selector;
use crate::set;

/// What a set is looked up by: a field, or a tuple of two to eight fields for a concatenation.
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
    SkUid = crate::language::matches::Uid => SkUid;
    /// The group of the socket that sends the packet.
    SkGid = crate::language::matches::Gid => SkGid;
    /// The connection's mark.
    CtMark = crate::Mark => CtMark;
    /// How the packet stands to its connection.
    CtState = crate::CtState => CtState;
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
