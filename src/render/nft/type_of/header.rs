//! Fields of packet headers, by nft's numbers for header and field (`enum proto_desc_id`, `enum …_hdr_fields`).

use super::{Part, number};
use crate::render::nft::datatype::Datatype::{
    self, ArpOp, Bitmask, DccpPacketType, Dscp, Ecn, EtherAddr, EtherType, Hex, IcmpCode, IcmpType,
    Icmpv6Code, Icmpv6Type, IgmpType, InetProto, InetService, Integer, Ipv4Addr, Ipv6Addr, TcpFlag,
};

const DESC: u8 = 0;
const TYPE: u8 = 1;
const BASE: u8 = 2;
const OFFSET: u8 = 3;
const LEN: u8 = 4;

/// Bases of what has no name, by the kernel's numbers plus one.
const BASES: [&str; 5] = ["unknown", "ll", "nh", "th", "ih"];

pub(super) fn part(data: &[u8]) -> Option<Part> {
    let said = number(data, LEN).and_then(|bits| usize::try_from(bits).ok());
    let Some((header, fields)) =
        number(data, DESC)?.checked_sub(1).and_then(|at| HEADERS.get(usize::try_from(at).ok()?))
    else {
        let base = BASES.get(usize::try_from(number(data, BASE)?).ok()?)?;
        let (offset, bits) = (number(data, OFFSET)?, said?);
        return Some(Part::new(format!("@{base},{offset},{bits}"), Hex, bits));
    };
    let at = usize::try_from(number(data, TYPE)?.checked_sub(1)?).ok()?;
    let (field, kind, bits) = fields.get(at)?;
    Some(Part::new(format!("{header} {field}"), *kind, said.unwrap_or(*bits)))
}

type Field = (&'static str, Datatype, usize);

const SPORT: Field = ("sport", InetService, 16);
const DPORT: Field = ("dport", InetService, 16);

/// Headers from number 1 on, each with its fields from number 1 on.
const HEADERS: &[(&str, &[Field])] = &[
    (
        "ah",
        &[
            ("nexthdr", InetProto, 8),
            ("hdrlength", Integer, 8),
            ("reserved", Integer, 16),
            ("spi", Integer, 32),
            ("sequence", Integer, 32),
        ],
    ),
    ("esp", &[("spi", Integer, 32), ("sequence", Integer, 32)]),
    ("comp", &[("nexthdr", InetProto, 8), ("flags", Bitmask, 8), ("cpi", Integer, 16)]),
    (
        "icmp",
        &[
            ("type", IcmpType, 8),
            ("code", IcmpCode, 8),
            ("checksum", Integer, 16),
            ("id", Integer, 16),
            ("sequence", Integer, 16),
            ("gateway", Integer, 32),
            ("mtu", Integer, 16),
        ],
    ),
    (
        "igmp",
        &[("type", IgmpType, 8), ("checksum", Integer, 16), ("mrt", Integer, 8), ("group", Integer, 32)],
    ),
    ("udp", &[SPORT, DPORT, ("length", Integer, 16), ("checksum", Integer, 16)]),
    ("udplite", &[SPORT, DPORT, ("csumcov", Integer, 16), ("checksum", Integer, 16)]),
    (
        "tcp",
        &[
            SPORT,
            DPORT,
            ("sequence", Integer, 32),
            ("ackseq", Integer, 32),
            ("doff", Integer, 4),
            ("reserved", Integer, 4),
            ("flags", TcpFlag, 8),
            ("window", Integer, 16),
            ("checksum", Integer, 16),
            ("urgptr", Integer, 16),
        ],
    ),
    ("dccp", &[SPORT, DPORT, ("type", DccpPacketType, 4)]),
    ("sctp", &[SPORT, DPORT, ("vtag", Integer, 32), ("checksum", Integer, 32)]),
    ("th", &[SPORT, DPORT]),
    (
        "ip",
        &[
            ("version", Integer, 4),
            ("hdrlength", Integer, 4),
            ("dscp", Dscp, 6),
            ("ecn", Ecn, 2),
            ("length", Integer, 16),
            ("id", Integer, 16),
            ("frag-off", Integer, 16),
            ("ttl", Integer, 8),
            ("protocol", InetProto, 8),
            ("checksum", Integer, 16),
            ("saddr", Ipv4Addr, 32),
            ("daddr", Ipv4Addr, 32),
        ],
    ),
    (
        "ip6",
        &[
            ("version", Integer, 4),
            ("dscp", Dscp, 6),
            ("ecn", Ecn, 2),
            ("flowlabel", Integer, 20),
            ("length", Integer, 16),
            ("nexthdr", InetProto, 8),
            ("hoplimit", Integer, 8),
            ("saddr", Ipv6Addr, 128),
            ("daddr", Ipv6Addr, 128),
        ],
    ),
    (
        "icmpv6",
        &[
            ("type", Icmpv6Type, 8),
            ("code", Icmpv6Code, 8),
            ("checksum", Integer, 16),
            ("parameter-problem", Integer, 32),
            ("mtu", Integer, 32),
            ("id", Integer, 16),
            ("sequence", Integer, 16),
            ("max-delay", Integer, 16),
        ],
    ),
    (
        "arp",
        &[
            ("htype", Integer, 16),
            ("ptype", EtherType, 16),
            ("hlen", Integer, 8),
            ("plen", Integer, 8),
            ("operation", ArpOp, 16),
            ("saddr ether", EtherAddr, 48),
            ("saddr ip", Ipv4Addr, 32),
            ("daddr ether", EtherAddr, 48),
            ("daddr ip", Ipv4Addr, 32),
        ],
    ),
    (
        "vlan",
        &[
            ("pcp", Integer, 3),
            ("dei", Integer, 1),
            ("cfi", Integer, 1),
            ("id", Integer, 12),
            ("type", EtherType, 16),
        ],
    ),
    ("ether", &[("daddr", EtherAddr, 48), ("saddr", EtherAddr, 48), ("type", EtherType, 16)]),
];
