//! The headers, field by field, in the words of nft(8), "Payload expressions".

use super::{Field, IcmpNeed, Protocol};
use crate::render::nft::datatype::Datatype as Type;

const fn field(name: &'static str, offset: u32, len: u32, kind: Type) -> Field {
    Field { name, offset, len, kind, icmp: IcmpNeed::Any, announces: false }
}

/// A field whose value announces the next protocol.
const fn next(name: &'static str, offset: u32, len: u32, kind: Type) -> Field {
    Field { announces: true, ..field(name, offset, len, kind) }
}

const fn number(name: &'static str, offset: u32, len: u32) -> Field {
    field(name, offset, len, Type::Integer)
}

/// A field of one ICMP type.
const fn icmp(name: &'static str, offset: u32, len: u32, need: u8) -> Field {
    Field { icmp: IcmpNeed::Type(need), ..number(name, offset, len) }
}

const fn sport() -> Field {
    field("sport", 0, 16, Type::InetService)
}

const fn dport() -> Field {
    field("dport", 16, 16, Type::InetService)
}

const ETHER: &[Field] = &[
    field("daddr", 0, 48, Type::EtherAddr),
    field("saddr", 48, 48, Type::EtherAddr),
    next("type", 96, 16, Type::EtherType),
];

const VLAN: &[Field] =
    &[number("pcp", 0, 3), number("dei", 3, 1), number("id", 4, 12), next("type", 16, 16, Type::EtherType)];

const IP: &[Field] = &[
    number("version", 0, 4),
    number("hdrlength", 4, 4),
    field("dscp", 8, 6, Type::Dscp),
    field("ecn", 14, 2, Type::Ecn),
    number("length", 16, 16),
    number("id", 32, 16),
    number("frag-off", 48, 16),
    number("ttl", 64, 8),
    next("protocol", 72, 8, Type::InetProto),
    number("checksum", 80, 16),
    field("saddr", 96, 32, Type::Ipv4Addr),
    field("daddr", 128, 32, Type::Ipv4Addr),
];

const IP6: &[Field] = &[
    number("version", 0, 4),
    field("dscp", 4, 6, Type::Dscp),
    field("ecn", 10, 2, Type::Ecn),
    number("flowlabel", 12, 20),
    number("length", 32, 16),
    next("nexthdr", 48, 8, Type::InetProto),
    number("hoplimit", 56, 8),
    field("saddr", 64, 128, Type::Ipv6Addr),
    field("daddr", 192, 128, Type::Ipv6Addr),
];

const ARP: &[Field] = &[
    number("htype", 0, 16),
    field("ptype", 16, 16, Type::EtherType),
    number("hlen", 32, 8),
    number("plen", 40, 8),
    field("operation", 48, 16, Type::ArpOp),
    field("saddr ether", 64, 48, Type::EtherAddr),
    field("saddr ip", 112, 32, Type::Ipv4Addr),
    field("daddr ether", 144, 48, Type::EtherAddr),
    field("daddr ip", 192, 32, Type::Ipv4Addr),
];

const ICMP: &[Field] = &[
    next("type", 0, 8, Type::IcmpType),
    field("code", 8, 8, Type::IcmpCode),
    number("checksum", 16, 16),
    icmp("id", 32, 16, 8),
    icmp("sequence", 48, 16, 8),
    icmp("gateway", 32, 32, 5),
    icmp("mtu", 48, 16, 3),
];

const ICMP6: &[Field] = &[
    next("type", 0, 8, Type::Icmpv6Type),
    field("code", 8, 8, Type::Icmpv6Code),
    number("checksum", 16, 16),
    icmp("parameter-problem", 32, 32, 4),
    icmp("mtu", 32, 32, 2),
    icmp("id", 32, 16, 128),
    icmp("sequence", 48, 16, 128),
    icmp("max-delay", 32, 16, 130),
];

const IGMP: &[Field] = &[
    field("type", 0, 8, Type::IgmpType),
    number("mrt", 8, 8),
    number("checksum", 16, 16),
    number("group", 32, 32),
];

const UDP: &[Field] = &[sport(), dport(), number("length", 32, 16), number("checksum", 48, 16)];

const UDPLITE: &[Field] = &[sport(), dport(), number("csumcov", 32, 16), number("checksum", 48, 16)];

const TCP: &[Field] = &[
    sport(),
    dport(),
    number("sequence", 32, 32),
    number("ackseq", 64, 32),
    number("doff", 96, 4),
    number("reserved", 100, 4),
    field("flags", 104, 8, Type::TcpFlag),
    number("window", 112, 16),
    number("checksum", 128, 16),
    number("urgptr", 144, 16),
];

const DCCP: &[Field] = &[sport(), dport(), field("type", 67, 4, Type::DccpPacketType)];

const SCTP: &[Field] = &[sport(), dport(), number("vtag", 32, 32), number("checksum", 64, 32)];

const AH: &[Field] = &[
    next("nexthdr", 0, 8, Type::InetProto),
    number("hdrlength", 8, 8),
    number("reserved", 16, 16),
    number("spi", 32, 32),
    number("sequence", 64, 32),
];

const ESP: &[Field] = &[number("spi", 0, 32), number("sequence", 32, 32)];

const COMP: &[Field] =
    &[next("nexthdr", 0, 8, Type::InetProto), field("flags", 8, 8, Type::Bitmask), number("cpi", 16, 16)];

impl Protocol {
    /// The fields of its header, from the first bit to the last.
    pub(super) fn fields(self) -> &'static [Field] {
        match self {
            Self::Inet | Self::Netdev | Self::Unknown => &[],
            Self::Ether => ETHER,
            Self::Vlan => VLAN,
            Self::Ip => IP,
            Self::Ip6 => IP6,
            Self::Arp => ARP,
            Self::Icmp => ICMP,
            Self::Icmp6 => ICMP6,
            Self::Igmp => IGMP,
            Self::Udp => UDP,
            Self::UdpLite => UDPLITE,
            Self::Tcp => TCP,
            Self::Dccp => DCCP,
            Self::Sctp => SCTP,
            Self::Ah => AH,
            Self::Esp => ESP,
            Self::Comp => COMP,
        }
    }
}
