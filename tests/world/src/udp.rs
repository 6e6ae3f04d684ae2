//! UDP: a service that says who it is, and tries to reach it.

use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, SockType, recv, send};

use crate::attempt::{Attempt, Outcome, canonical, to_socket_address};
use crate::service::{Service, Visit, Visits, record};
use crate::{Host, wait};

impl Host {
    /// Answers every datagram with `"{banner} {peer's address and port} {payload}"`. Best bound to an address: when
    /// bound to all, the kernel chooses the answer's source.
    pub fn udp_service(&self, address: impl ToSocketAddrs, banner: &str) -> Service {
        let address = to_socket_address(address);
        let socket = self
            .run(|| UdpSocket::bind(address))
            .unwrap_or_else(|error| panic!("host {self} cannot listen at UDP {address}: {error}"));
        let local = socket.local_addr().expect("the socket's address");
        let banner = banner.to_owned();
        Service::start(&format!("udp {banner}"), local, move |stop, visits| {
            serve(&socket, local, &banner, &stop, &visits);
        })
    }
}

pub(crate) fn attempt(attempt: &Attempt, payload: &str) -> Outcome {
    let fd = match attempt.socket(SockType::Datagram, None) {
        Ok(fd) => fd,
        Err(errno) => return Outcome::refusal(errno, None),
    };
    let deadline = attempt.deadline();
    if let Err(outcome) = attempt.connect(&fd, deadline) {
        return outcome;
    }
    if let Err(errno) = send(fd.as_raw_fd(), payload.as_bytes(), MsgFlags::empty()) {
        return Outcome::failed(&fd, errno);
    }
    let mut bytes = vec![0; 1 << 16];
    match receive(&fd, &mut bytes, deadline) {
        Err(outcome) => outcome,
        Ok(length) => {
            let reply = String::from_utf8_lossy(&bytes[..length]).trim_end_matches('\n').to_owned();
            let local = UdpSocket::from(fd).local_addr().expect("the socket's own address");
            Outcome::Connected { reply, local }
        }
    }
}

/// The next datagram of a connected socket, or what else came of it.
pub(crate) fn receive(fd: &OwnedFd, bytes: &mut [u8], deadline: Instant) -> Result<usize, Outcome> {
    loop {
        if !wait::readable(fd, deadline) {
            return Err(Outcome::TimedOut);
        }
        match recv(fd.as_raw_fd(), bytes, MsgFlags::empty()) {
            Ok(length) => return Ok(length),
            Err(Errno::EAGAIN) => {
                // Woken by the error queue alone.
                if let Some((errno, icmp)) = crate::icmp_error::take(fd) {
                    return Err(Outcome::refusal(errno, icmp));
                }
            }
            Err(errno) => return Err(Outcome::failed(fd, errno)),
        }
    }
}

fn serve(socket: &UdpSocket, local: SocketAddr, banner: &str, stop: &UnixStream, visits: &Visits) {
    socket.set_nonblocking(true).expect("a socket that does not block");
    let mut bytes = vec![0; 1 << 16];
    while wait::readable_unless(socket, stop) {
        // Errors that earlier answers met are of no concern here.
        let Ok((length, peer)) = socket.recv_from(&mut bytes) else { continue };
        record(visits, Visit { peer: canonical(peer), local: canonical(local) });
        let mut answer = format!("{banner} {} ", canonical(peer)).into_bytes();
        answer.extend(&bytes[..length]);
        let _ = socket.send_to(&answer, peer);
    }
}
