//! Extension headers and options: IPv6 headers, options of TCP and IPv4, chunks of SCTP, options of DCCP.

use super::value::Extension;
use crate::{expr::ExthdrOp, render::nft::datatype::Datatype as Type};

/// What nft calls bits of an extension: words, type, and the bits' length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) words: String,
    pub(super) kind: Type,
    pub(super) len: u32,
}

/// Name, first bit, number of bits.
type Part = (&'static str, u32, u32);
/// Number, name, parts.
type Header = (u8, &'static str, &'static [Part]);

const IPV6: &[Header] = &[
    (0, "hbh", &[("nexthdr", 0, 8), ("hdrlength", 8, 8)]),
    (43, "rt", &[("nexthdr", 0, 8), ("hdrlength", 8, 8), ("type", 16, 8), ("seg-left", 24, 8)]),
    (
        44,
        "frag",
        &[
            ("nexthdr", 0, 8),
            ("reserved", 8, 8),
            ("frag-off", 16, 13),
            ("reserved2", 29, 2),
            ("more-fragments", 31, 1),
            ("id", 32, 32),
        ],
    ),
    (60, "dst", &[("nexthdr", 0, 8), ("hdrlength", 8, 8)]),
    (
        135,
        "mh",
        &[("nexthdr", 0, 8), ("hdrlength", 8, 8), ("type", 16, 8), ("reserved", 24, 8), ("checksum", 32, 16)],
    ),
];

/// What is behind the common part of a routing header depends on its type, which the kernel does not know.
const ROUTING: &[(&str, &str, u32, u32, Type)] = &[
    ("srh", "last-entry", 32, 8, Type::Integer),
    ("srh", "flags", 40, 8, Type::Integer),
    ("srh", "tag", 48, 16, Type::Integer),
    ("srh", "sid[1]", 64, 128, Type::Ipv6Addr),
    ("srh", "sid[2]", 192, 128, Type::Ipv6Addr),
    ("rt0", "reserved", 32, 32, Type::Integer),
];

const KIND: Part = ("kind", 0, 8);
const LENGTH: Part = ("length", 8, 8);

const TCP: &[Header] = &[
    (0, "eol", &[KIND]),
    (1, "nop", &[KIND]),
    (2, "maxseg", &[KIND, LENGTH, ("size", 16, 16)]),
    (3, "window", &[KIND, LENGTH, ("count", 16, 8)]),
    (4, "sack-perm", &[KIND, LENGTH]),
    (
        5,
        "sack",
        &[
            KIND,
            LENGTH,
            ("left", 16, 32),
            ("right", 48, 32),
            ("1 left", 80, 32),
            ("1 right", 112, 32),
            ("2 left", 144, 32),
            ("2 right", 176, 32),
            ("3 left", 208, 32),
            ("3 right", 240, 32),
        ],
    ),
    (8, "timestamp", &[KIND, LENGTH, ("tsval", 16, 32), ("tsecr", 48, 32)]),
    (19, "md5sig", &[KIND, LENGTH]),
    (30, "mptcp", &[KIND, LENGTH, ("subtype", 16, 4)]),
    (34, "fastopen", &[KIND, LENGTH]),
];

const ROUTE_PARTS: &[Part] = &[("type", 0, 8), ("length", 8, 8), ("ptr", 16, 8), ("addr", 24, 32)];

const IPV4: &[Header] = &[
    (7, "rr", ROUTE_PARTS),
    (131, "lsrr", ROUTE_PARTS),
    (137, "ssrr", ROUTE_PARTS),
    (148, "ra", &[("type", 0, 8), ("length", 8, 8), ("value", 16, 16)]),
];

/// What every chunk begins with.
const CHUNK: &[Part] = &[("type", 0, 8), ("flags", 8, 8), ("length", 16, 16)];

const INIT: &[Part] = &[
    ("init-tag", 32, 32),
    ("a-rwnd", 64, 32),
    ("num-outbound-streams", 96, 16),
    ("num-inbound-streams", 112, 16),
    ("initial-tsn", 128, 32),
];

const SCTP: &[Header] = &[
    (0, "data", &[("tsn", 32, 32), ("stream", 64, 16), ("ssn", 80, 16), ("ppid", 96, 32)]),
    (1, "init", INIT),
    (2, "init-ack", INIT),
    (
        3,
        "sack",
        &[
            ("cum-tsn-ack", 32, 32),
            ("a-rwnd", 64, 32),
            ("num-gap-ack-blocks", 96, 16),
            ("num-dup-tsns", 112, 16),
        ],
    ),
    (4, "heartbeat", &[]),
    (5, "heartbeat-ack", &[]),
    (6, "abort", &[]),
    (7, "shutdown", &[("cum-tsn-ack", 32, 32)]),
    (8, "shutdown-ack", &[]),
    (9, "error", &[]),
    (10, "cookie-echo", &[]),
    (11, "cookie-ack", &[]),
    (12, "ecne", &[("lowest-tsn", 32, 32)]),
    (13, "cwr", &[("lowest-tsn", 32, 32)]),
    (14, "shutdown-complete", &[]),
    (128, "asconf-ack", &[("seqno", 32, 32)]),
    (192, "forward-tsn", &[("new-cum-tsn", 32, 32)]),
    (193, "asconf", &[("seqno", 32, 32)]),
];

fn header(headers: &'static [Header], kind: u8) -> Option<(&'static str, &'static [Part])> {
    headers.iter().find(|(number, ..)| *number == kind).map(|(_, name, parts)| (*name, *parts))
}

fn part(parts: &[Part], offset: u32, len: u32) -> Option<&'static str> {
    parts.iter().find(|(_, first, bits)| (*first, *bits) == (offset, len)).map(|(name, ..)| *name)
}

/// The type of a part of an IPv6 extension header.
fn ipv6_type(header: &str, part: &str) -> Type {
    match (header, part) {
        (_, "nexthdr") => Type::InetProto,
        ("mh", "type") => Type::MhType,
        _ => Type::Integer,
    }
}

fn ipv6(extension: Extension) -> Option<(String, Type)> {
    let (name, parts) = header(IPV6, extension.kind)?;
    if extension.present {
        return Some((format!("exthdr {name}"), Type::Boolean));
    }
    if let Some(part) = part(parts, extension.offset, extension.len) {
        return Some((format!("{name} {part}"), ipv6_type(name, part)));
    }
    let (header, part, .., kind) = ROUTING.iter().find(|(_, _, offset, len, _)| {
        extension.kind == 43 && (*offset, *len) == (extension.offset, extension.len)
    })?;
    Some((format!("{header} {part}"), *kind))
}

fn tcp(extension: Extension) -> (String, Type) {
    let Extension { kind, offset, len, present, .. } = extension;
    let Some((name, parts)) = header(TCP, kind) else {
        if present && offset == 0 {
            return (format!("tcp option {kind}"), Type::Boolean);
        }
        return (format!("tcp option @{kind},{offset},{len}"), Type::Integer);
    };
    if present {
        return (format!("tcp option {name}"), Type::Boolean);
    }
    match part(parts, offset, len) {
        // nft calls the further blocks of an acknowledgement sack1, sack2, sack3.
        Some(part) if part.starts_with(|first: char| first.is_ascii_digit()) => {
            (format!("tcp option {name}{part}"), Type::Integer)
        }
        Some(part) => (format!("tcp option {name} {part}"), Type::Integer),
        None => (format!("tcp option @{kind},{offset},{len}"), Type::Integer),
    }
}

fn ipv4(extension: Extension) -> Option<(String, Type)> {
    let (name, parts) = header(IPV4, extension.kind)?;
    if extension.present {
        return Some((format!("ip option {name}"), Type::Boolean));
    }
    let part = part(parts, extension.offset, extension.len)?;
    Some((format!("ip option {name} {part}"), Type::Integer))
}

fn sctp(extension: Extension) -> Option<(String, Type)> {
    let (name, parts) = header(SCTP, extension.kind)?;
    if extension.present {
        return Some((format!("sctp chunk {name}"), Type::Boolean));
    }
    let Extension { offset, len, .. } = extension;
    let part = part(CHUNK, offset, len).or_else(|| part(parts, offset, len))?;
    Some((format!("sctp chunk {name} {part}"), Type::Integer))
}

/// The words for bits of an extension; `None` where nft has none.
pub(super) fn named(extension: Extension) -> Option<Named> {
    let (words, kind) = match extension.op {
        ExthdrOp::Ipv6 => ipv6(extension)?,
        ExthdrOp::Tcp => tcp(extension),
        ExthdrOp::Ipv4 => ipv4(extension)?,
        ExthdrOp::Sctp => sctp(extension)?,
        // nft 1.0.6 has no words for options of DCCP; later ones have these.
        ExthdrOp::Dccp if extension.present => (format!("dccp option {}", extension.kind), Type::Boolean),
        _ => return None,
    };
    Some(Named { words, kind, len: extension.len })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(op: ExthdrOp, kind: u8, offset: u32, len: u32, present: bool) -> Option<String> {
        named(Extension { op, kind, offset, len, present }).map(|named| named.words)
    }

    #[test]
    fn headers_and_options_have_names() {
        for (op, kind, offset, len, present, expected) in [
            (ExthdrOp::Tcp, 2, 16, 16, false, "tcp option maxseg size"),
            (ExthdrOp::Tcp, 5, 80, 32, false, "tcp option sack1 left"),
            (ExthdrOp::Tcp, 255, 0, 8, true, "tcp option 255"),
            (ExthdrOp::Tcp, 255, 16, 16, false, "tcp option @255,16,16"),
            (ExthdrOp::Ipv6, 44, 16, 13, false, "frag frag-off"),
            (ExthdrOp::Ipv6, 43, 64, 128, false, "srh sid[1]"),
            (ExthdrOp::Ipv6, 0, 0, 8, true, "exthdr hbh"),
            (ExthdrOp::Ipv4, 148, 16, 16, false, "ip option ra value"),
            (ExthdrOp::Sctp, 0, 32, 32, false, "sctp chunk data tsn"),
            (ExthdrOp::Sctp, 4, 8, 8, false, "sctp chunk heartbeat flags"),
        ] {
            assert_eq!(words(op, kind, offset, len, present).as_deref(), Some(expected));
        }
        assert_eq!(words(ExthdrOp::Ipv4, 1, 0, 8, false), None);
    }
}
