//! A captured frame, read field by field.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use crate::mac::Mac;
use crate::packet::TcpFlags;

/// An Ethernet frame. Every accessor is none if the frame has no such field. Checksums of frames captured on a veth
/// are often not filled in yet, and segments may be larger than the link's MTU (offload).
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    bytes: Vec<u8>,
    outgoing: bool,
}

const IP: usize = 14;

impl Frame {
    /// A frame as it lies on the wire.
    pub fn new(bytes: Vec<u8>, outgoing: bool) -> Self {
        Self { bytes, outgoing }
    }

    /// The whole frame.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the host where it was captured sent it.
    pub fn is_outgoing(&self) -> bool {
        self.outgoing
    }

    /// The sender's hardware address.
    pub fn source_mac(&self) -> Option<Mac> {
        self.array(6).map(Mac)
    }

    /// The receiver's hardware address.
    pub fn destination_mac(&self) -> Option<Mac> {
        self.array(0).map(Mac)
    }

    /// The Ethernet type, e.g. `0x0800` for IPv4.
    pub fn ethertype(&self) -> Option<u16> {
        self.u16(12)
    }

    /// 4 or 6, if this is an IP packet.
    pub fn ip_version(&self) -> Option<u8> {
        match self.ethertype()? {
            0x0800 => Some(4),
            0x86dd => Some(6),
            _ => None,
        }
    }

    /// The sender's address.
    pub fn source(&self) -> Option<IpAddr> {
        match self.ip_version()? {
            4 => self.array(IP + 12).map(|octets: [u8; 4]| Ipv4Addr::from(octets).into()),
            _ => self.array(IP + 8).map(|octets: [u8; 16]| Ipv6Addr::from(octets).into()),
        }
    }

    /// The receiver's address.
    pub fn destination(&self) -> Option<IpAddr> {
        match self.ip_version()? {
            4 => self.array(IP + 16).map(|octets: [u8; 4]| Ipv4Addr::from(octets).into()),
            _ => self.array(IP + 24).map(|octets: [u8; 16]| Ipv6Addr::from(octets).into()),
        }
    }

    /// Time to live, hop limit.
    pub fn ttl(&self) -> Option<u8> {
        self.u8(if self.ip_version()? == 4 { IP + 8 } else { IP + 7 })
    }

    /// Type of service, traffic class: six bits DSCP, two bits ECN.
    pub fn tos(&self) -> Option<u8> {
        match self.ip_version()? {
            4 => self.u8(IP + 1),
            _ => self.u16(IP).map(|word| (word >> 4) as u8),
        }
    }

    /// The differentiated services code point.
    pub fn dscp(&self) -> Option<u8> {
        self.tos().map(|tos| tos >> 2)
    }

    /// The protocol above IP, e.g. 6 for TCP (IPv6: behind the extension headers).
    pub fn protocol(&self) -> Option<u8> {
        self.transport().map(|(protocol, _)| protocol)
    }

    /// The sender's port.
    pub fn source_port(&self) -> Option<u16> {
        self.u16(self.of(&[6, 17, 132])?)
    }

    /// The receiver's port.
    pub fn destination_port(&self) -> Option<u16> {
        self.u16(self.of(&[6, 17, 132])? + 2)
    }

    /// TCP's flags.
    pub fn tcp_flags(&self) -> Option<TcpFlags> {
        self.u8(self.of(&[6])? + 13).map(TcpFlags)
    }

    /// TCP's options, as they lie on the wire.
    pub fn tcp_options(&self) -> Option<&[u8]> {
        let start = self.of(&[6])?;
        let length = usize::from(self.u8(start + 12)? >> 4) * 4;
        self.bytes.get(start + 20..start + length)
    }

    /// TCP's maximum segment size option.
    pub fn tcp_mss(&self) -> Option<u16> {
        let mut options = self.tcp_options()?;
        loop {
            options = match options {
                [2, 4, high, low, ..] => return Some(u16::from_be_bytes([*high, *low])),
                [1, rest @ ..] => rest,
                [0, ..] | [_] | [] => return None,
                [_, length, ..] => options.get(usize::from((*length).max(2))..)?,
            }
        }
    }

    /// The type of an ICMP or ICMPv6 message.
    pub fn icmp_kind(&self) -> Option<u8> {
        self.u8(self.of(&[1, 58])?)
    }

    /// The code of an ICMP or ICMPv6 message.
    pub fn icmp_code(&self) -> Option<u8> {
        self.u8(self.of(&[1, 58])? + 1)
    }

    /// What TCP, UDP or ICMP (from its ninth byte) carries.
    pub fn payload(&self) -> Option<&[u8]> {
        let (protocol, start) = self.transport()?;
        let header = match protocol {
            6 => usize::from(self.u8(start + 12)? >> 4) * 4,
            1 | 17 | 58 => 8,
            _ => 0,
        };
        self.bytes.get(start + header..self.ip_end()?)
    }

    /// The protocol above IP and where it begins; none in a later fragment.
    fn transport(&self) -> Option<(u8, usize)> {
        if self.ip_version()? == 4 {
            let first = self.u16(IP + 6)? & 0x1fff == 0;
            let start = IP + usize::from(self.u8(IP)? & 15) * 4;
            return first.then_some((self.u8(IP + 9)?, start));
        }
        let (mut protocol, mut start) = (self.u8(IP + 6)?, IP + 40);
        // Hop-by-hop, routing, fragment and destination options.
        while matches!(protocol, 0 | 43 | 44 | 60) {
            let length = if protocol == 44 { 8 } else { usize::from(self.u8(start + 1)?) * 8 + 8 };
            if protocol == 44 && self.u16(start + 2)? & 0xfff8 != 0 {
                return None;
            }
            protocol = self.u8(start)?;
            start += length;
        }
        Some((protocol, start))
    }

    /// Where the IP packet ends: behind it a short frame is padded.
    fn ip_end(&self) -> Option<usize> {
        let length = match self.ip_version()? {
            4 => usize::from(self.u16(IP + 2)?),
            _ => usize::from(self.u16(IP + 4)?) + 40,
        };
        Some((IP + length).min(self.bytes.len()))
    }

    /// Where the protocol above IP begins, if it is one of `protocols`.
    fn of(&self, protocols: &[u8]) -> Option<usize> {
        self.transport().filter(|(protocol, _)| protocols.contains(protocol)).map(|(_, start)| start)
    }

    fn u8(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn u16(&self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_be_bytes)
    }

    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        let Range { start, end } = at..at + N;
        self.bytes.get(start..end)?.try_into().ok()
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = if self.outgoing { "sent" } else { "received" };
        write!(f, "{direction} {} bytes, type {:#06x}", self.bytes.len(), self.ethertype().unwrap_or(0))?;
        if let (Some(source), Some(destination)) = (self.source(), self.destination()) {
            write!(f, ", {source} > {destination}, protocol {}", self.protocol().unwrap_or(0))?;
        }
        if let (Some(source), Some(destination)) = (self.source_port(), self.destination_port()) {
            write!(f, ", ports {source} > {destination}")?;
        }
        if let Some(flags) = self.tcp_flags() {
            write!(f, " {flags:?}")?;
        }
        if let (Some(kind), Some(code)) = (self.icmp_kind(), self.icmp_code()) {
            write!(f, ", type {kind} code {code}")?;
        }
        Ok(())
    }
}
