//! nft's data types: what the bytes of a register mean, and how they are written.
//!
//! A type is named by a number that nft keeps beside a set ([`crate::object::Set::key_type`]); in rules it follows
//! from what was loaded.

mod number;
mod protocol;
mod range;
mod symbols;
mod text;
mod time;
mod value;

pub(super) use protocol::protocol_name;
pub(super) use time::duration;

/// The order of a number's bytes in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As in the packet.
    Network,
    /// The machine's: what the kernel computed.
    Host,
}

/// Declares the types: nft's number, the name that `type` takes, bits of a value, byte order.
macro_rules! datatypes {
    ($( $(#[$meta:meta])* $row:ident = $number:literal $name:literal $bits:literal $order:ident, )+) => {
        /// A type of values.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Datatype {
            $( $(#[$meta])* $row, )+
            /// A number that the kernel computed.
            HostInteger,
            /// A number lying as in the packet, of a header that has no name: nft says it in hexadecimal.
            Hex,
            /// A type that this library has no name for; kept with its number.
            Other(u32),
        }

        impl Datatype {
            /// The type with nft's number (`enum datatypes`); of a concatenation, use [`parts`].
            pub(super) fn by_number(number: u32) -> Self {
                match number {
                    $( $number => Self::$row, )+
                    other => Self::Other(other),
                }
            }

            /// nft's number.
            #[cfg(test)]
            fn number(self) -> u32 {
                match self {
                    $( Self::$row => $number, )+
                    Self::HostInteger | Self::Hex => 4,
                    Self::Other(number) => number,
                }
            }

            /// What `type` calls it, where a set can be declared so: not where the name does not fix the length, nor
            /// where it is a word of nft's language or missing from its table of names.
            pub(super) fn name(self) -> Option<&'static str> {
                use Datatype::{CtEvent, CtLabel, TimeDate, TimeDay, TimeHour};

                match self {
                    odd if [CtLabel, CtEvent, TimeDate, TimeHour, TimeDay].contains(&odd) => None,
                    $( Self::$row if $bits != 0 || $number == 1 => Some($name), )+
                    _ => None,
                }
            }

            /// How many bits a value has; `None` where the name does not say.
            pub(super) fn bits(self) -> Option<usize> {
                match self {
                    $( Self::$row if $bits != 0 => Some($bits), )+
                    _ => None,
                }
            }

            /// How the bytes lie.
            pub(super) fn order(self) -> Order {
                match self {
                    $( Self::$row => Order::$order, )+
                    Self::HostInteger => Order::Host,
                    Self::Hex | Self::Other(_) => Order::Network,
                }
            }

            #[cfg(test)]
            const ALL: &'static [Self] = &[$( Self::$row, )+];
        }
    };
}

datatypes! {
    /// What becomes of a packet.
    Verdict = 1 "verdict" 0 Network,
    /// The family of a packet in a table for several.
    NfProto = 2 "nf_proto" 8 Host,
    /// Bits without names.
    Bitmask = 3 "bitmask" 0 Network,
    /// A number of unknown meaning, lying as in the packet.
    Integer = 4 "integer" 0 Network,
    /// Text, such as a helper's name.
    String = 5 "string" 0 Host,
    /// A link-layer address of any length.
    LinkAddr = 6 "ll_addr" 0 Network,
    /// An IPv4 address.
    Ipv4Addr = 7 "ipv4_addr" 32 Network,
    /// An IPv6 address.
    Ipv6Addr = 8 "ipv6_addr" 128 Network,
    /// An Ethernet address.
    EtherAddr = 9 "ether_addr" 48 Network,
    /// What an Ethernet frame holds.
    EtherType = 10 "ether_type" 16 Network,
    /// What an ARP packet asks or answers.
    ArpOp = 11 "arp_op" 16 Network,
    /// A transport protocol.
    InetProto = 12 "inet_proto" 8 Network,
    /// A port.
    InetService = 13 "inet_service" 16 Network,
    /// An ICMP type.
    IcmpType = 14 "icmp_type" 8 Network,
    /// TCP flags.
    TcpFlag = 15 "tcp_flag" 8 Network,
    /// A DCCP packet type.
    DccpPacketType = 16 "dccp_pkttype" 4 Network,
    /// A mobility header's type.
    MhType = 17 "mh_type" 8 Network,
    /// A duration in milliseconds.
    Time = 18 "time" 32 Host,
    /// A packet's or connection's mark.
    Mark = 19 "mark" 32 Host,
    /// An interface's index.
    IfIndex = 20 "iface_index" 32 Host,
    /// An interface's type.
    ArpHrd = 21 "iface_type" 16 Host,
    /// A routing realm.
    Realm = 22 "realm" 32 Host,
    /// A traffic class.
    ClassId = 23 "classid" 32 Host,
    /// A user.
    Uid = 24 "uid" 32 Host,
    /// A group of users.
    Gid = 25 "gid" 32 Host,
    /// A connection's state.
    CtState = 26 "ct_state" 32 Host,
    /// A direction of a connection.
    CtDir = 27 "ct_dir" 8 Host,
    /// What happened to a connection.
    CtStatus = 28 "ct_status" 32 Host,
    /// An ICMPv6 type.
    Icmpv6Type = 29 "icmpv6_type" 8 Network,
    /// A connection's label.
    CtLabel = 30 "ct_label" 128 Host,
    /// To whom a packet was sent, as the link layer sees it.
    PacketType = 31 "pkt_type" 8 Host,
    /// An ICMP code.
    IcmpCode = 32 "icmp_code" 8 Network,
    /// An ICMPv6 code.
    Icmpv6Code = 33 "icmpv6_code" 8 Network,
    /// A code that means the same in ICMP and ICMPv6.
    IcmpxCode = 34 "icmpx_code" 8 Network,
    /// A group of interfaces.
    DevGroup = 35 "devgroup" 32 Host,
    /// A class of service.
    Dscp = 36 "dscp" 6 Network,
    /// Congestion notification.
    Ecn = 37 "ecn" 2 Network,
    /// What the routing table knows about an address.
    FibAddrType = 38 "fib_addrtype" 32 Host,
    /// Whether something is there.
    Boolean = 39 "boolean" 1 Host,
    /// Events of a connection.
    CtEvent = 40 "ct_event" 32 Host,
    /// An interface's name.
    IfName = 41 "ifname" 128 Host,
    /// An IGMP type.
    IgmpType = 42 "igmp_type" 8 Network,
    /// A moment.
    TimeDate = 43 "time" 64 Host,
    /// A time of day.
    TimeHour = 44 "hour" 32 Host,
    /// A day of the week.
    TimeDay = 45 "day" 8 Host,
    /// A control group.
    CgroupV2 = 46 "cgroupsv2" 64 Host,
}

/// Bits of nft's number that one part of a concatenation takes.
const PART_BITS: u32 = 6;

/// The types of a concatenation, by nft's number; one for a single value.
pub(super) fn parts(number: u32) -> Vec<Datatype> {
    numbers(number).into_iter().map(Datatype::by_number).collect()
}

/// nft's numbers of the types of a concatenation.
pub(super) fn numbers(number: u32) -> Vec<u32> {
    let mut parts = Vec::new();
    let mut rest = number;
    while rest > 0 {
        parts.push(rest & ((1 << PART_BITS) - 1));
        rest >>= PART_BITS;
    }
    parts.reverse();
    parts
}

#[cfg(test)]
mod tests;
