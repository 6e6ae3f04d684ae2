//! Fields of IPv6 extension headers, TCP and IP options, SCTP chunks, by nft's numbers for header and field.

use super::{Part, number};
use crate::{
    expr::ExthdrOp,
    render::nft::datatype::Datatype::{self, InetProto, Integer, Ipv6Addr, MhType},
};

const DESC: u8 = 0;
const TYPE: u8 = 1;
const OP: u8 = 2;

pub(super) fn part(data: &[u8]) -> Option<Part> {
    let (header, field) = (number(data, DESC)?, usize::try_from(number(data, TYPE)?).ok()?);
    let op = number(data, OP).map_or(ExthdrOp::Ipv6, ExthdrOp::from_number);
    match op {
        ExthdrOp::Ipv6 => {
            let (header, fields) = IPV6.get(usize::try_from(header.checked_sub(1)?).ok()?)?;
            let (name, kind, bits) = fields.get(field.checked_sub(1)?)?;
            Some(Part::new(format!("{header} {name}"), *kind, *bits))
        }
        ExthdrOp::Tcp => {
            let (option, fields) = find(TCP, header)?;
            let (name, bits) = fields.get(field)?;
            // The second to fourth block of an acknowledgement are options of their own to nft.
            let block = match (option, field) {
                ("sack", 4..) => (field / 2 - 1).to_string(),
                _ => String::new(),
            };
            Some(Part::new(format!("tcp option {option}{block} {name}"), Integer, *bits))
        }
        ExthdrOp::Ipv4 => {
            let (option, fields) = find(IPV4, header)?;
            let (name, bits) = fields.get(field.checked_sub(1)?)?;
            Some(Part::new(format!("ip option {option} {name}"), Integer, *bits))
        }
        ExthdrOp::Sctp => {
            let (chunk, fields) = find(SCTP, header)?;
            let (name, bits) = match field.checked_sub(CHUNK.len()) {
                None => CHUNK.get(field)?,
                Some(own) => fields.get(own)?,
            };
            Some(Part::new(format!("sctp chunk {chunk} {name}"), Integer, *bits))
        }
        _ => None,
    }
}

type Field = (&'static str, usize);
type Header = (u32, &'static str, &'static [Field]);

fn find(headers: &'static [Header], number: u32) -> Option<(&'static str, &'static [Field])> {
    headers.iter().find(|(found, ..)| *found == number).map(|(_, name, fields)| (*name, *fields))
}

type Ipv6Field = (&'static str, Datatype, usize);
const NEXTHDR: Ipv6Field = ("nexthdr", InetProto, 8);
const HDRLENGTH: Ipv6Field = ("hdrlength", Integer, 8);

/// Headers from number 1 on, each with its fields from number 1 on (`enum exthdr_desc_id`).
const IPV6: &[(&str, &[Ipv6Field])] = &[
    ("hbh", &[NEXTHDR, HDRLENGTH]),
    ("rt", &[NEXTHDR, HDRLENGTH, ("type", Integer, 8), ("seg-left", Integer, 8)]),
    ("rt0", &[("reserved", Integer, 32), ("addr[1]", Ipv6Addr, 128), ("addr[2]", Ipv6Addr, 128)]),
    ("rt2", &[]),
    (
        "srh",
        &[
            ("last-entry", Integer, 8),
            ("flags", Integer, 8),
            ("tag", Integer, 16),
            ("sid[1]", Ipv6Addr, 128),
            ("sid[2]", Ipv6Addr, 128),
        ],
    ),
    (
        "frag",
        &[
            NEXTHDR,
            ("reserved", Integer, 8),
            ("frag-off", Integer, 13),
            ("reserved2", Integer, 2),
            ("more-fragments", Integer, 1),
            ("id", Integer, 32),
        ],
    ),
    ("dst", &[NEXTHDR, HDRLENGTH]),
    ("mh", &[NEXTHDR, HDRLENGTH, ("type", MhType, 8), ("reserved", Integer, 8), ("checksum", Integer, 16)]),
];

const KIND: Field = ("kind", 8);
const LENGTH: Field = ("length", 8);
const LEFT: Field = ("left", 32);
const RIGHT: Field = ("right", 32);

/// Fields from number 0 on.
const TCP: &[Header] = &[
    (0, "eol", &[KIND]),
    (1, "nop", &[KIND]),
    (2, "maxseg", &[KIND, LENGTH, ("size", 16)]),
    (3, "window", &[KIND, LENGTH, ("count", 8)]),
    (4, "sack-perm", &[KIND, LENGTH]),
    (5, "sack", &[KIND, LENGTH, LEFT, RIGHT, LEFT, RIGHT, LEFT, RIGHT, LEFT, RIGHT]),
    (8, "timestamp", &[KIND, LENGTH, ("tsval", 32), ("tsecr", 32)]),
    (19, "md5sig", &[KIND, LENGTH]),
    (30, "mptcp", &[KIND, LENGTH, ("subtype", 4)]),
    (34, "fastopen", &[KIND, LENGTH]),
];

/// Fields from number 1 on: all options share the numbers, so some have gaps.
const ROUTE: &[Field] = &[("type", 8), LENGTH, ("value", 16), ("ptr", 8), ("addr", 32)];
const IPV4: &[Header] = &[(7, "rr", ROUTE), (131, "lsrr", ROUTE), (137, "ssrr", ROUTE), (148, "ra", ROUTE)];

/// What every chunk begins with, fields from number 0 on; a chunk's own follow.
const CHUNK: &[Field] = &[("type", 8), ("flags", 8), ("length", 16)];
const INIT: &[Field] = &[
    ("init-tag", 32),
    ("a-rwnd", 32),
    ("num-outbound-streams", 16),
    ("num-inbound-streams", 16),
    ("initial-tsn", 32),
];
const SCTP: &[Header] = &[
    (0, "data", &[("tsn", 32), ("stream", 16), ("ssn", 16), ("ppid", 32)]),
    (1, "init", INIT),
    (2, "init-ack", INIT),
    (3, "sack", &[("cum-tsn-ack", 32), ("a-rwnd", 32), ("num-gap-ack-blocks", 16), ("num-dup-tsns", 16)]),
    (4, "heartbeat", &[]),
    (5, "heartbeat-ack", &[]),
    (6, "abort", &[]),
    (7, "shutdown", &[("cum-tsn-ack", 32)]),
    (8, "shutdown-ack", &[]),
    (9, "error", &[]),
    (10, "cookie-echo", &[]),
    (11, "cookie-ack", &[]),
    (12, "ecne", &[("lowest-tsn", 32)]),
    (13, "cwr", &[("lowest-tsn", 32)]),
    (14, "shutdown-complete", &[]),
    (128, "asconf-ack", &[("seqno", 32)]),
    (192, "forward-tsn", &[("new-cum-tsn", 32)]),
    (193, "asconf", &[("seqno", 32)]),
];
