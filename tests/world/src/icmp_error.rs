//! ICMP errors: as a socket's error queue keeps them, and as they come in.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn6, recvfrom,
    recvmsg, socket,
};

use crate::Host;
use crate::wait;

/// An ICMP or ICMPv6 error message. Which of the two, the family of `from` tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IcmpError {
    /// The type, e.g. 3 (IPv4) or 1 (IPv6) for "destination unreachable".
    pub kind: u8,
    /// The code, e.g. 13 (IPv4) or 1 (IPv6) for "administratively prohibited".
    pub code: u8,
    /// Who sent it.
    pub from: IpAddr,
}

impl fmt::Debug for IcmpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = if self.from.is_ipv4() { "icmp" } else { "icmpv6" };
        write!(f, "{protocol} type {} code {} from {}", self.kind, self.code, self.from)
    }
}

/// Takes the oldest error from a socket's error queue (it must have `IP_RECVERR` or `IPV6_RECVERR` set).
pub(crate) fn take(fd: &OwnedFd) -> Option<(Errno, Option<IcmpError>)> {
    let mut space = cmsg_space!([u8; 64]);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<()>(fd.as_raw_fd(), &mut [], Some(&mut space), flags).ok()?;
    message.cmsgs().ok()?.find_map(|control| {
        let (error, from) = match control {
            ControlMessageOwned::Ipv4RecvErr(error, from) => {
                let from = from.map(|from| IpAddr::V4(Ipv4Addr::from(from.sin_addr.s_addr.to_ne_bytes())));
                (error, from)
            }
            ControlMessageOwned::Ipv6RecvErr(error, from) => {
                (error, from.map(|from| IpAddr::V6(Ipv6Addr::from(from.sin6_addr.s6_addr))))
            }
            _ => return None,
        };
        let by_icmp = matches!(error.ee_origin, libc::SO_EE_ORIGIN_ICMP | libc::SO_EE_ORIGIN_ICMP6);
        let from = from.filter(|_| by_icmp);
        let icmp = from.map(|from| IcmpError { kind: error.ee_type, code: error.ee_code, from });
        Some((Errno::from_raw(error.ee_errno as i32), icmp))
    })
}

/// Hears every ICMP and ICMPv6 error that a host receives, whichever socket it is for; see [`Host::icmp_errors`].
#[derive(Debug)]
pub struct IcmpErrors {
    v4: OwnedFd,
    v6: OwnedFd,
}

impl Host {
    /// Hears the ICMP errors that come in from now on.
    pub fn icmp_errors(&self) -> IcmpErrors {
        let open = |family, protocol| {
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            let fd = self.run(|| socket(family, SockType::Raw, flags, protocol));
            fd.unwrap_or_else(|errno| panic!("host {self}: no raw ICMP socket: {errno}"))
        };
        IcmpErrors {
            v4: open(AddressFamily::Inet, SockProtocol::Icmp),
            v6: open(AddressFamily::Inet6, SockProtocol::IcmpV6),
        }
    }
}

impl IcmpErrors {
    /// The next error, or none in that time.
    pub fn next(&self, timeout: Duration) -> Option<IcmpError> {
        let deadline = wait::deadline(timeout);
        loop {
            if let Some(error) = self.next_v4().or_else(|| self.next_v6()) {
                return Some(error);
            }
            if !wait::any_readable(&[&self.v4, &self.v6], deadline) {
                return None;
            }
        }
    }

    fn next_v4(&self) -> Option<IcmpError> {
        let mut packet = [0; 2048];
        loop {
            let (length, _) = recvfrom::<SockaddrIn6>(self.v4.as_raw_fd(), &mut packet).ok()?;
            let packet = &packet[..length];
            let header = usize::from(packet[0] & 15) * 4;
            let [kind, code] = *packet.get(header..)?.first_chunk()?;
            if matches!(kind, 3 | 4 | 5 | 11 | 12) {
                let from = Ipv4Addr::new(packet[12], packet[13], packet[14], packet[15]);
                return Some(IcmpError { kind, code, from: from.into() });
            }
        }
    }

    fn next_v6(&self) -> Option<IcmpError> {
        let mut packet = [0; 2048];
        loop {
            let (length, from) = recvfrom::<SockaddrIn6>(self.v6.as_raw_fd(), &mut packet).ok()?;
            let [kind, code] = *packet[..length].first_chunk()?;
            if kind < 128 {
                return Some(IcmpError { kind, code, from: from?.ip().into() });
            }
        }
    }
}
