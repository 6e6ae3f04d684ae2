//! Echo requests.

use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU16, Ordering};

use nix::sys::socket::{MsgFlags, SockProtocol, SockType, send};

use crate::attempt::{Attempt, Outcome};
use crate::packet::internet_checksum;
use crate::udp::receive;

pub(crate) fn attempt(attempt: &Attempt) -> Outcome {
    static NEXT: AtomicU16 = AtomicU16::new(1);
    let id = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let v4 = attempt.target.is_ipv4();
    let (protocol, request_kind, reply_kind) =
        if v4 { (SockProtocol::Icmp, 8, 0) } else { (SockProtocol::IcmpV6, 128, 129) };

    let fd = match attempt.socket(SockType::Raw, Some(protocol)) {
        Ok(fd) => fd,
        Err(errno) => return Outcome::refusal(errno, None),
    };
    let deadline = attempt.deadline();
    if let Err(outcome) = attempt.connect(&fd, deadline) {
        return outcome;
    }
    let mut request = [request_kind, 0, 0, 0, id[0], id[1], 0, 1, b'p', b'i', b'n', b'g'];
    if v4 {
        // For IPv6 the kernel does it.
        let sum = internet_checksum(&[&request]).to_be_bytes();
        request[2..4].copy_from_slice(&sum);
    }
    if let Err(errno) = send(fd.as_raw_fd(), &request, MsgFlags::empty()) {
        return Outcome::failed(&fd, errno);
    }
    let mut bytes = [0; 2048];
    loop {
        let length = match receive(&fd, &mut bytes, deadline) {
            Ok(length) => length,
            Err(outcome) => return outcome,
        };
        let header = if v4 { usize::from(bytes[0] & 15) * 4 } else { 0 };
        let reply = bytes[..length].get(header..).unwrap_or_default();
        if reply.first() == Some(&reply_kind) && reply.get(4..6) == Some(&id) {
            let local = UdpSocket::from(fd).local_addr().map(|local| SocketAddr::new(local.ip(), 0));
            let local = local.expect("the socket's own address");
            return Outcome::Connected { reply: attempt.target.ip().to_string(), local };
        }
    }
}
