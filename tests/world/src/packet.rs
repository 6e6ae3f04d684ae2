//! Packets made by hand.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::ops::BitOr;
use std::os::fd::AsRawFd;
use std::{fmt, iter};

use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrStorage, sendto, setsockopt, socket,
    sockopt,
};

use crate::attempt::to_socket_address;
use crate::mac::Mac;
use crate::{Host, ToIp};

/// An IP packet to send as it is, checksums computed: [`Packet::send`] through the host's output path, or
/// [`Packet::ethernet`] with [`Host::send_raw`] straight out of an interface.
///
/// ```no_run
/// # use portcullis_world::{Packet, TcpFlags, World};
/// # let world = World::pair();
/// let syn = Packet::tcp("10.0.1.1:4000", "10.0.1.2:80").flags(TcpFlags::SYN).mss(1460).ttl(9);
/// syn.send(&world.client);
/// ```
#[derive(Clone, Debug)]
pub struct Packet {
    source: IpAddr,
    destination: IpAddr,
    ttl: u8,
    tos: u8,
    mark: u32,
    transport: Transport,
    payload: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Transport {
    Tcp {
        ports: [u16; 2],
        sequence: u32,
        acknowledgement: u32,
        flags: TcpFlags,
        window: u16,
        mss: Option<u16>,
    },
    Udp {
        ports: [u16; 2],
    },
    Icmp {
        kind: u8,
        code: u8,
        rest: [u8; 4],
    },
    Other {
        protocol: u8,
    },
}

impl Packet {
    /// A TCP segment, without flags yet.
    pub fn tcp(source: impl ToSocketAddrs, destination: impl ToSocketAddrs) -> Self {
        let (source, destination) = (to_socket_address(source), to_socket_address(destination));
        let transport = Transport::Tcp {
            ports: [source.port(), destination.port()],
            sequence: 1,
            acknowledgement: 0,
            flags: TcpFlags(0),
            window: 64240,
            mss: None,
        };
        Self::new(source.ip(), destination.ip(), transport)
    }

    /// A UDP datagram, empty yet.
    pub fn udp(source: impl ToSocketAddrs, destination: impl ToSocketAddrs) -> Self {
        let (source, destination) = (to_socket_address(source), to_socket_address(destination));
        Self::new(
            source.ip(),
            destination.ip(),
            Transport::Udp { ports: [source.port(), destination.port()] },
        )
    }

    /// An ICMP or ICMPv6 message (by the addresses' family) of any type and code.
    pub fn icmp(source: impl ToIp, destination: impl ToIp, kind: u8, code: u8) -> Self {
        Self::new(source.to_ip(), destination.to_ip(), Transport::Icmp { kind, code, rest: [0, 1, 0, 1] })
    }

    /// A packet of any other protocol; see [`Packet::payload`].
    pub fn other(source: impl ToIp, destination: impl ToIp, protocol: u8) -> Self {
        Self::new(source.to_ip(), destination.to_ip(), Transport::Other { protocol })
    }

    fn new(source: IpAddr, destination: IpAddr, transport: Transport) -> Self {
        assert_eq!(source.is_ipv4(), destination.is_ipv4(), "{source} and {destination} are of two families");
        Self { source, destination, ttl: 64, tos: 0, mark: 0, transport, payload: Vec::new() }
    }

    /// TCP's flags.
    pub fn flags(mut self, new: TcpFlags) -> Self {
        let Transport::Tcp { flags, .. } = &mut self.transport else { panic!("flags are TCP's: {self:?}") };
        *flags = new;
        self
    }

    /// TCP's sequence and acknowledgement numbers.
    pub fn numbers(mut self, seq: u32, ack: u32) -> Self {
        let Transport::Tcp { sequence, acknowledgement, .. } = &mut self.transport else {
            panic!("sequence numbers are TCP's: {self:?}")
        };
        (*sequence, *acknowledgement) = (seq, ack);
        self
    }

    /// TCP's maximum segment size option.
    pub fn mss(mut self, size: u16) -> Self {
        let Transport::Tcp { mss, .. } = &mut self.transport else { panic!("the MSS is TCP's: {self:?}") };
        *mss = Some(size);
        self
    }

    /// Time to live, hop limit.
    pub fn ttl(mut self, ttl: u8) -> Self {
        self.ttl = ttl;
        self
    }

    /// Type of service, traffic class.
    pub fn tos(mut self, tos: u8) -> Self {
        self.tos = tos;
        self
    }

    /// The mark of the socket that sends it.
    pub fn mark(mut self, mark: u32) -> Self {
        self.mark = mark;
        self
    }

    /// What follows the header.
    pub fn payload(mut self, payload: impl AsRef<[u8]>) -> Self {
        self.payload = payload.as_ref().to_vec();
        self
    }

    /// The packet from its IP header on.
    pub fn bytes(&self) -> Vec<u8> {
        let transport = self.transport_bytes();
        let protocol = self.protocol();
        let mut bytes = Vec::new();
        match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                bytes.extend([0x45, self.tos]);
                bytes.extend((20 + transport.len() as u16).to_be_bytes());
                // Identification 0, "do not fragment".
                bytes.extend([0, 0, 0x40, 0, self.ttl, protocol, 0, 0]);
                bytes.extend(source.octets());
                bytes.extend(destination.octets());
                let sum = internet_checksum(&[&bytes]).to_be_bytes();
                bytes[10..12].copy_from_slice(&sum);
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                bytes.extend([0x60 | self.tos >> 4, self.tos << 4, 0, 0]);
                bytes.extend((transport.len() as u16).to_be_bytes());
                bytes.extend([protocol, self.ttl]);
                bytes.extend(source.octets());
                bytes.extend(destination.octets());
            }
            _ => unreachable!("checked in new"),
        }
        bytes.extend(transport);
        bytes
    }

    /// The whole Ethernet frame.
    pub fn ethernet(&self, source: Mac, destination: Mac) -> Vec<u8> {
        self.tagged(source, destination, &[])
    }

    /// The whole Ethernet frame with VLAN tags, the outermost first: each its type (`0x8100`) and its 16 bits,
    /// three of which are a priority and twelve the VLAN's number.
    pub fn tagged(&self, source: Mac, destination: Mac, tags: &[(u16, u16)]) -> Vec<u8> {
        let ethertype: u16 = if self.source.is_ipv4() { 0x0800 } else { 0x86dd };
        let mut bytes = [destination.0, source.0].concat();
        for (kind, bits) in tags {
            bytes.extend([kind.to_be_bytes(), bits.to_be_bytes()].concat());
        }
        bytes.extend(ethertype.to_be_bytes());
        bytes.extend(self.bytes());
        bytes
    }

    /// Sends it from `host`, whose routes and output hooks it takes. The source need not be the host's own.
    ///
    /// # Panics
    /// If the kernel refuses, for instance with `EPERM` because the output hook drops it; see
    /// [`Packet::try_send`].
    #[track_caller]
    pub fn send(&self, host: &Host) {
        self.try_send(host).unwrap_or_else(|errno| panic!("host {host} cannot send {self:?}: {errno}"));
    }

    /// Sends it from `host`, whose routes and output hooks it takes.
    ///
    /// # Errors
    /// The kernel's refusal, such as `EPERM` where the output hook drops it, or `ENETUNREACH` without a route.
    pub fn try_send(&self, host: &Host) -> nix::Result<()> {
        host.run(|| {
            let family = if self.source.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
            // Protocol "raw" means: the header is included.
            let fd = socket(family, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::Raw)?;
            setsockopt(&fd, sockopt::Mark, &self.mark)?;
            let target = SockaddrStorage::from(SocketAddr::new(self.destination, 0));
            sendto(fd.as_raw_fd(), &self.bytes(), &target, MsgFlags::empty()).map(drop)
        })
    }

    fn protocol(&self) -> u8 {
        match self.transport {
            Transport::Tcp { .. } => 6,
            Transport::Udp { .. } => 17,
            Transport::Icmp { .. } if self.source.is_ipv4() => 1,
            Transport::Icmp { .. } => 58,
            Transport::Other { protocol } => protocol,
        }
    }

    fn transport_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let checksum_at = match &self.transport {
            Transport::Tcp { ports, sequence, acknowledgement, flags, window, mss } => {
                bytes.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
                bytes.extend(sequence.to_be_bytes());
                bytes.extend(acknowledgement.to_be_bytes());
                let words = if mss.is_some() { 6 } else { 5 };
                bytes.extend([words << 4, flags.0]);
                bytes.extend(window.to_be_bytes());
                bytes.extend([0; 4]);
                if let Some(mss) = mss {
                    bytes.extend([2, 4]);
                    bytes.extend(mss.to_be_bytes());
                }
                Some(16)
            }
            Transport::Udp { ports } => {
                bytes.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
                bytes.extend((8 + self.payload.len() as u16).to_be_bytes());
                bytes.extend([0; 2]);
                Some(6)
            }
            Transport::Icmp { kind, code, rest } => {
                bytes.extend([*kind, *code, 0, 0]);
                bytes.extend(rest);
                Some(2)
            }
            Transport::Other { .. } => None,
        };
        bytes.extend(&self.payload);
        if let Some(at) = checksum_at {
            let sum = self.checksum(&bytes).to_be_bytes();
            bytes[at..at + 2].copy_from_slice(&sum);
        }
        bytes
    }

    fn checksum(&self, transport: &[u8]) -> u16 {
        let tail = [&(transport.len() as u32).to_be_bytes()[..], &[0, 0, 0, self.protocol()]].concat();
        match (self.source, self.destination) {
            (IpAddr::V4(_), _) if self.protocol() == 1 => internet_checksum(&[transport]),
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                internet_checksum(&[&a.octets(), &b.octets(), &tail, transport])
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                internet_checksum(&[&a.octets(), &b.octets(), &tail, transport])
            }
            _ => unreachable!("checked in new"),
        }
    }
}

/// The internet checksum (RFC 1071) of parts, of which all but the last have an even length.
pub(crate) fn internet_checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let sum: u32 =
        words.map(|word| u32::from(u16::from_be_bytes([word[0], *word.get(1).unwrap_or(&0)]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}

/// TCP's flag byte.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data will come.
    pub const FIN: Self = Self(1);
    /// Begins a connection.
    pub const SYN: Self = Self(2);
    /// Ends a connection at once.
    pub const RST: Self = Self(4);
    /// Data to be delivered at once.
    pub const PSH: Self = Self(8);
    /// The acknowledgement number holds.
    pub const ACK: Self = Self(16);
    /// The urgent pointer holds.
    pub const URG: Self = Self(32);
    /// Congestion was met.
    pub const ECE: Self = Self(64);
    /// The congestion window was reduced.
    pub const CWR: Self = Self(128);

    /// Whether all of `other` are set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for TcpFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for TcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];
        let set = iter::zip(0.., names).filter(|(bit, _)| self.0 >> bit & 1 == 1).map(|(_, name)| name);
        write!(f, "{}", set.collect::<Vec<_>>().join("|"))
    }
}
