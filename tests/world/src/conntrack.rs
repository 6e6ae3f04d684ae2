//! The connections that a host tracks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nix::sys::socket::SockProtocol;

use crate::Host;
use crate::netlink::{Netlink, attributes};

const GET: u16 = (libc::NFNL_SUBSYS_CTNETLINK as u16) << 8 | 1;
const DUMP: u16 = libc::NLM_F_DUMP as u16;
/// `struct nfgenmsg`.
const GENERIC: usize = 4;

/// One tracked connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConntrackEntry {
    /// The first packet's direction.
    pub original: Tuple,
    /// The answers' direction; where it is not the mirror of `original`, addresses are translated.
    pub reply: Tuple,
    /// Bits `IPS_*`; see [`ConntrackEntry::is_assured`] and its neighbours.
    pub status: u32,
    /// Seconds to live.
    pub timeout: Option<u32>,
    /// The connection's mark.
    pub mark: u32,
    /// The zone; 0 is the default.
    pub zone: u16,
    /// `TCP_CONNTRACK_*`, e.g. 3 for "established".
    pub tcp_state: Option<u8>,
    /// The helper's name, e.g. `ftp`.
    pub helper: Option<String>,
    /// The connection's labels, 128 bits.
    pub labels: Option<Vec<u8>>,
    /// Packets and bytes of the first packet's direction and of the answers', if accounting is on.
    pub counters: [Option<(u64, u64)>; 2],
}

/// Who talks to whom, in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple {
    /// The sender.
    pub source: IpAddr,
    /// The receiver.
    pub destination: IpAddr,
    /// E.g. 6 for TCP.
    pub protocol: u8,
    /// The sender's port; of ICMP the id.
    pub source_port: u16,
    /// The receiver's port; of ICMP zero.
    pub destination_port: u16,
}

impl ConntrackEntry {
    /// Whether packets of both directions were seen.
    pub fn is_replied(&self) -> bool {
        self.status & 1 << 1 != 0
    }

    /// Whether the kernel will not drop it early.
    pub fn is_assured(&self) -> bool {
        self.status & 1 << 2 != 0
    }

    /// Whether its source is translated.
    pub fn is_source_nat(&self) -> bool {
        self.status & 1 << 4 != 0
    }

    /// Whether its destination is translated.
    pub fn is_destination_nat(&self) -> bool {
        self.status & 1 << 5 != 0
    }

    /// Whether it is offloaded to a flowtable.
    pub fn is_offloaded(&self) -> bool {
        self.status & 1 << 14 != 0
    }
}

impl Host {
    /// All tracked connections, of both families. There are some only once a rule or hook asked for tracking.
    ///
    /// # Panics
    /// If the kernel refuses, for instance because it cannot list connections.
    pub fn conntrack(&self) -> Vec<ConntrackEntry> {
        let messages = self.run(|| {
            let mut socket = Netlink::open(SockProtocol::NetlinkNetFilter, 0)?;
            socket.request(GET, DUMP, &[libc::AF_UNSPEC as u8, 0, 0, 0])
        });
        let messages =
            messages.unwrap_or_else(|error| panic!("host {self} cannot list connections: {error}"));
        let bodies = messages.iter().filter_map(|message| message.body.get(GENERIC..));
        bodies
            .map(|body| entry(body).unwrap_or_else(|| panic!("a connection without tuples: {body:02x?}")))
            .collect()
    }
}

/// linux/netfilter/nfnetlink_conntrack.h, `enum ctattr_type`.
fn entry(body: &[u8]) -> Option<ConntrackEntry> {
    let (mut original, mut reply) = (None, None);
    let (mut status, mut timeout, mut mark, mut zone) = (0, None, 0, 0);
    let (mut tcp_state, mut helper, mut labels) = (None, None, None);
    let mut counters = [None; 2];
    for (kind, value) in attributes(body) {
        match kind {
            1 => original = tuple(value),
            2 => reply = tuple(value),
            3 => status = u32(value)?,
            // CTA_PROTOINFO > CTA_PROTOINFO_TCP > CTA_PROTOINFO_TCP_STATE.
            4 => tcp_state = find(value, 1).and_then(|tcp| find(tcp, 1)?.first().copied()),
            // CTA_HELP > CTA_HELP_NAME.
            5 => helper = find(value, 1).map(text),
            7 => timeout = u32(value),
            8 => mark = u32(value)?,
            // CTA_COUNTERS_* > CTA_COUNTERS_PACKETS, CTA_COUNTERS_BYTES.
            9 | 10 => {
                let number = |kind| find(value, kind)?.try_into().ok().map(u64::from_be_bytes);
                counters[usize::from(kind - 9)] = number(1).zip(number(2));
            }
            18 => zone = u16(value)?,
            22 => labels = Some(value.to_vec()),
            _ => {}
        }
    }
    let (original, reply) = (original?, reply?);
    Some(ConntrackEntry { original, reply, status, timeout, mark, zone, tcp_state, helper, labels, counters })
}

/// `enum ctattr_tuple`: CTA_TUPLE_IP, CTA_TUPLE_PROTO.
fn tuple(value: &[u8]) -> Option<Tuple> {
    let (ip, proto) = (find(value, 1)?, find(value, 2)?);
    let v4 = |kind| find(ip, kind)?.try_into().ok().map(|octets: [u8; 4]| IpAddr::V4(Ipv4Addr::from(octets)));
    let v6 =
        |kind| find(ip, kind)?.try_into().ok().map(|octets: [u8; 16]| IpAddr::V6(Ipv6Addr::from(octets)));
    let port = |kind| find(proto, kind).and_then(u16);
    Some(Tuple {
        source: v4(1).or_else(|| v6(3))?,
        destination: v4(2).or_else(|| v6(4))?,
        protocol: *find(proto, 1)?.first()?,
        // CTA_PROTO_SRC_PORT, CTA_PROTO_ICMP_ID, CTA_PROTO_ICMPV6_ID.
        source_port: port(2).or_else(|| port(4)).or_else(|| port(7)).unwrap_or(0),
        destination_port: port(3).unwrap_or(0),
    })
}

fn find(nested: &[u8], kind: u16) -> Option<&[u8]> {
    attributes(nested).find(|(found, _)| *found == kind).map(|(_, value)| value)
}

fn u32(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
}

fn u16(value: &[u8]) -> Option<u16> {
    value.try_into().ok().map(u16::from_be_bytes)
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).trim_end_matches('\0').to_owned()
}
