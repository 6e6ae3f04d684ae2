//! TCP: a service that says who it is, and tries to reach it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, listen, setsockopt, socket, sockopt,
};

use crate::attempt::{Attempt, Outcome, canonical, to_socket_address};
use crate::service::{Service, Visit, Visits, record};
use crate::wait::PATIENT;
use crate::{Host, wait};

impl Host {
    /// Listens, and answers every connection with `"{banner} {peer's address and port}\n"`; then sends back what it
    /// gets until the client closes. `[::]` listens to both families.
    pub fn tcp_service(&self, address: impl ToSocketAddrs, banner: &str) -> Service {
        self.start_tcp(to_socket_address(address), banner, false)
    }

    /// The same with `IP_TRANSPARENT`: also for connections to other hosts' addresses that a rule diverts here.
    /// [`Service::visits`] tells which address they were meant for.
    pub fn tcp_service_transparent(&self, address: impl ToSocketAddrs, banner: &str) -> Service {
        self.start_tcp(to_socket_address(address), banner, true)
    }

    /// Connects and stays connected, to see what becomes of a connection that exists.
    ///
    /// # Panics
    /// If the service is not reached.
    #[track_caller]
    pub fn tcp_open(&self, target: impl ToSocketAddrs) -> Connection {
        let attempt = Attempt::tcp(target).timeout(PATIENT);
        match self.run(|| open(&attempt, attempt.deadline())) {
            Ok((stream, reply)) => Connection { stream, reply },
            Err(outcome) => panic!("host {self} does not reach {}: {outcome:?}", attempt.target),
        }
    }

    fn start_tcp(&self, address: SocketAddr, banner: &str, transparent: bool) -> Service {
        let listener = self
            .run(|| listener(address, transparent))
            .unwrap_or_else(|error| panic!("host {self} cannot listen at TCP {address}: {error}"));
        let address = listener.local_addr().expect("the listener's address");
        let banner = banner.to_owned();
        Service::start(&format!("tcp {banner}"), address, move |stop, visits| {
            serve(&listener, &banner, &stop, &visits);
        })
    }
}

/// An open TCP connection to a [`Service`]; see [`Host::tcp_open`].
#[derive(Debug)]
pub struct Connection {
    /// The connection itself; the first line is read already.
    pub stream: TcpStream,
    /// That first line, without the newline.
    pub reply: String,
}

impl Connection {
    /// Sends `text` and waits for the service to send it back.
    ///
    /// # Errors
    /// Where the connection breaks, the time is over, or something else comes back.
    pub fn echo(&mut self, text: &str, timeout: Duration) -> io::Result<()> {
        let deadline = wait::deadline(timeout);
        self.stream.write_all(text.as_bytes())?;
        let mut answer = vec![0; text.len()];
        let mut length = 0;
        while length < answer.len() {
            self.stream.set_read_timeout(Some(left(deadline)))?;
            match self.stream.read(&mut answer[length..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                more => length += more,
            }
        }
        if answer != text.as_bytes() {
            return Err(io::Error::other(format!(
                "sent {text:?}, got {:?}",
                String::from_utf8_lossy(&answer)
            )));
        }
        Ok(())
    }
}

pub(crate) fn attempt(attempt: &Attempt) -> Outcome {
    let deadline = attempt.deadline();
    match open(attempt, deadline) {
        Err(outcome) => outcome,
        Ok((mut stream, reply)) => {
            let local = stream.local_addr().expect("the connection's own address");
            // Wait for the other side's end, so that both sides and all between have seen the whole connection.
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.set_read_timeout(Some(left(deadline)));
            let _ = stream.read(&mut [0; 64]);
            Outcome::Connected { reply, local }
        }
    }
}

/// Connects and reads one line.
fn open(attempt: &Attempt, deadline: Instant) -> Result<(TcpStream, String), Outcome> {
    let fd = attempt.socket(SockType::Stream, None).map_err(|errno| Outcome::refusal(errno, None))?;
    attempt.connect(&fd, deadline)?;
    let stream = TcpStream::from(fd);
    let local = stream.local_addr().map_err(|error| Outcome::refusal(errno(&error), None))?;
    match read_line(&stream, deadline) {
        Ok(reply) => Ok((stream, reply)),
        Err(error) => Err(Outcome::Silent { local, errno: error.raw_os_error().map(Errno::from_raw) }),
    }
}

fn read_line(mut stream: &TcpStream, deadline: Instant) -> io::Result<String> {
    stream.set_nonblocking(false)?;
    let mut line = Vec::new();
    // Byte by byte: what follows the line is not ours.
    let mut byte = [0];
    loop {
        if !wait::readable(&stream, deadline) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match stream.read(&mut byte)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ if byte == *b"\n" => return Ok(String::from_utf8_lossy(&line).into_owned()),
            _ => line.extend(byte),
        }
    }
}

fn listener(address: SocketAddr, transparent: bool) -> Result<TcpListener, Errno> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let fd = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&fd, sockopt::ReuseAddr, &true)?;
    if transparent {
        setsockopt(&fd, sockopt::IpTransparent, &true)?;
    }
    bind(fd.as_raw_fd(), &SockaddrStorage::from(address))?;
    listen(&fd, Backlog::MAXCONN)?;
    Ok(fd.into())
}

/// Accepts, greets and echoes, all on one thread, until `stop` is closed.
fn serve(listener: &TcpListener, banner: &str, stop: &UnixStream, visits: &Visits) {
    let mut connections: Vec<TcpStream> = Vec::new();
    loop {
        let fixed = [stop.as_fd(), listener.as_fd()];
        let fds = fixed.into_iter().chain(connections.iter().map(AsFd::as_fd));
        let mut fds: Vec<_> = fds.map(|fd: BorrowedFd<'_>| PollFd::new(fd, PollFlags::POLLIN)).collect();
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => panic!("poll: {errno}"),
        }
        let ready: Vec<bool> = fds.iter().map(|fd| fd.any().unwrap_or(true)).collect();
        if ready[0] {
            return;
        }
        let mut connection = 1;
        connections.retain_mut(|stream| {
            connection += 1;
            !ready[connection] || echo(stream).is_ok_and(|length| length > 0)
        });
        if ready[1] {
            if let Ok((stream, peer)) = listener.accept() {
                let _ = greet(&stream, banner, peer, visits);
                connections.push(stream);
            }
        }
    }
}

fn greet(mut stream: &TcpStream, banner: &str, peer: SocketAddr, visits: &Visits) -> io::Result<()> {
    let peer = canonical(peer);
    record(visits, Visit { peer, local: canonical(stream.local_addr()?) });
    stream.set_write_timeout(Some(PATIENT))?;
    stream.write_all(format!("{banner} {peer}\n").as_bytes())
}

fn echo(stream: &mut TcpStream) -> io::Result<usize> {
    let mut bytes = [0; 16384];
    let length = stream.read(&mut bytes)?;
    stream.write_all(&bytes[..length])?;
    Ok(length)
}

/// What is left of the time; at least something, as sockets take zero for "for ever".
fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}
