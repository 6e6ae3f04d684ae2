//! One try to reach somebody, and what came of it.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockProtocol, SockType, SockaddrStorage, bind, connect, getsockopt, setsockopt,
    socket, sockopt,
};

use crate::wait::{self, SHORT};
use crate::{Host, IcmpError, ToIp, icmp, icmp_error, tcp, udp};

/// A try to reach somebody over TCP, UDP or ICMP: what to send, and how.
///
/// ```no_run
/// # use portcullis_world::{Attempt, World};
/// # let world = World::pair();
/// let outcome = Attempt::tcp("10.0.1.2:80").source_port(4000).mark(7).from(&world.client);
/// assert!(outcome.is_connected(), "{outcome:?}");
/// ```
#[derive(Clone, Debug)]
pub struct Attempt {
    pub(crate) kind: Kind,
    pub(crate) target: SocketAddr,
    pub(crate) source: Option<SocketAddr>,
    mark: Option<u32>,
    tos: Option<u8>,
    ttl: Option<u8>,
    device: Option<String>,
    timeout: Duration,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Tcp,
    Udp { payload: String },
    Ping,
}

impl Attempt {
    /// Connects, and reads the first line that the service says.
    pub fn tcp(target: impl ToSocketAddrs) -> Self {
        Self::new(Kind::Tcp, to_socket_address(target))
    }

    /// Sends one datagram and waits for one back.
    pub fn udp(target: impl ToSocketAddrs, payload: &str) -> Self {
        Self::new(Kind::Udp { payload: payload.to_owned() }, to_socket_address(target))
    }

    /// Sends one echo request and waits for the echo.
    pub fn ping(target: impl ToIp) -> Self {
        Self::new(Kind::Ping, SocketAddr::new(target.to_ip(), 0))
    }

    fn new(kind: Kind, target: SocketAddr) -> Self {
        Self { kind, target, source: None, mark: None, tos: None, ttl: None, device: None, timeout: SHORT }
    }

    /// Binds to this address first. A TCP connection bound to a port is reset rather than closed, so that the
    /// next can have the same port at once.
    pub fn source(mut self, source: impl ToSocketAddrs) -> Self {
        self.source = Some(to_socket_address(source));
        self
    }

    /// Binds to this port first, of whatever address; see [`Attempt::source`].
    pub fn source_port(self, port: u16) -> Self {
        let any = if self.target.is_ipv4() { "0.0.0.0" } else { "::" };
        self.source((any, port))
    }

    /// Sets the socket's mark (`SO_MARK`).
    pub fn mark(mut self, mark: u32) -> Self {
        self.mark = Some(mark);
        self
    }

    /// Sets the type of service (IPv6: traffic class) byte: six bits DSCP, two bits ECN (which TCP clears).
    pub fn tos(mut self, tos: u8) -> Self {
        self.tos = Some(tos);
        self
    }

    /// Sets the time to live (IPv6: hop limit).
    pub fn ttl(mut self, ttl: u8) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Binds to this interface (`SO_BINDTODEVICE`).
    pub fn device(mut self, interface: &str) -> Self {
        self.device = Some(interface.to_owned());
        self
    }

    /// Waits this long for everything together; [`SHORT`] unless told.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Tries, from `host`.
    pub fn from(&self, host: &Host) -> Outcome {
        host.run(|| match &self.kind {
            Kind::Tcp => tcp::attempt(self),
            Kind::Udp { payload } => udp::attempt(self, payload),
            Kind::Ping => icmp::attempt(self),
        })
    }

    pub(crate) fn deadline(&self) -> Instant {
        wait::deadline(self.timeout)
    }

    /// A socket with all options, bound if need be, which does not block and keeps the ICMP errors it meets.
    pub(crate) fn socket(&self, kind: SockType, protocol: Option<SockProtocol>) -> Result<OwnedFd, Errno> {
        let v4 = self.target.is_ipv4();
        let family = if v4 { AddressFamily::Inet } else { AddressFamily::Inet6 };
        let fd = socket(family, kind, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, protocol)?;
        if v4 {
            setsockopt(&fd, sockopt::Ipv4RecvErr, &true)?;
            self.tos.map(|tos| setsockopt(&fd, sockopt::Ipv4Tos, &tos.into())).transpose()?;
            self.ttl.map(|ttl| setsockopt(&fd, sockopt::Ipv4Ttl, &ttl.into())).transpose()?;
        } else {
            setsockopt(&fd, sockopt::Ipv6RecvErr, &true)?;
            self.tos.map(|tos| setsockopt(&fd, sockopt::Ipv6TClass, &tos.into())).transpose()?;
            self.ttl.map(|ttl| setsockopt(&fd, sockopt::Ipv6Ttl, &ttl.into())).transpose()?;
        }
        self.mark.map(|mark| setsockopt(&fd, sockopt::Mark, &mark)).transpose()?;
        self.device.as_ref().map(|name| setsockopt(&fd, sockopt::BindToDevice, &name.into())).transpose()?;
        if let Some(source) = self.source {
            setsockopt(&fd, sockopt::ReuseAddr, &true)?;
            bind(fd.as_raw_fd(), &SockaddrStorage::from(source))?;
            if matches!(self.kind, Kind::Tcp) && source.port() != 0 {
                setsockopt(&fd, sockopt::Linger, &libc::linger { l_onoff: 1, l_linger: 0 })?;
            }
        }
        Ok(fd)
    }

    /// Connects the socket; a datagram socket too, so that it hears of errors.
    pub(crate) fn connect(&self, fd: &OwnedFd, deadline: Instant) -> Result<(), Outcome> {
        match connect(fd.as_raw_fd(), &SockaddrStorage::from(self.target)) {
            Ok(()) => return Ok(()),
            Err(Errno::EINPROGRESS) => {}
            Err(errno) => return Err(Outcome::failed(fd, errno)),
        }
        let events = wait::ready(fd, PollFlags::POLLOUT, deadline);
        if events.is_empty() {
            return Err(Outcome::TimedOut);
        }
        if let Some((errno, icmp)) = icmp_error::take(fd) {
            return Err(Outcome::refusal(errno, icmp));
        }
        match getsockopt(fd, sockopt::SocketError).map(Errno::from_raw) {
            Ok(Errno::UnknownErrno) => Ok(()),
            Ok(errno) | Err(errno) => Err(Outcome::refusal(errno, None)),
        }
    }
}

/// What came of an [`Attempt`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The other side answered.
    Connected {
        /// What it said, without the newline: of a service here its banner, the client's address as the service sees
        /// it, and (UDP) the payload; of a ping the address that answered.
        reply: String,
        /// The client's own address and port.
        local: SocketAddr,
    },
    /// The connection was made, but then no answer came.
    Silent {
        /// The client's own address and port.
        local: SocketAddr,
        /// Why it ended, e.g. `ECONNRESET`; none if it was closed or just remained silent.
        errno: Option<Errno>,
    },
    /// Refused (`ECONNREFUSED`).
    Refused {
        /// The ICMP error "port unreachable" that said so; none: a TCP reset.
        icmp: Option<IcmpError>,
    },
    /// Not to be reached.
    Unreachable {
        /// What the socket says, e.g. `EHOSTUNREACH`, `ENETUNREACH`, `EACCES`, or `EPERM` for a datagram that the
        /// host's own output filter dropped.
        errno: Errno,
        /// The ICMP error that said so; none if the host's own kernel did.
        icmp: Option<IcmpError>,
    },
    /// Nothing came back in time.
    TimedOut,
}

impl Outcome {
    /// Whether an answer came.
    pub fn is_connected(&self) -> bool {
        matches!(self, Self::Connected { .. })
    }

    /// Whether it was refused, by a TCP reset or "port unreachable".
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// Whether it was refused by a TCP reset.
    pub fn is_reset(&self) -> bool {
        matches!(self, Self::Refused { icmp: None })
    }

    /// Whether an error other than a refusal came.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Whether nothing came.
    pub fn is_timed_out(&self) -> bool {
        matches!(self, Self::TimedOut)
    }

    /// What the other side said.
    ///
    /// # Panics
    /// If it did not.
    #[track_caller]
    pub fn reply(&self) -> &str {
        match self {
            Self::Connected { reply, .. } => reply,
            other => panic!("expected an answer, got {other:?}"),
        }
    }

    /// The first word of the reply: which service answered.
    #[track_caller]
    pub fn banner(&self) -> &str {
        self.reply().split(' ').next().unwrap_or_default()
    }

    /// The second word of the reply: the client's address as the service sees it.
    #[track_caller]
    pub fn seen(&self) -> SocketAddr {
        let word = self.reply().split(' ').nth(1).and_then(|word| word.parse().ok());
        word.unwrap_or_else(|| panic!("no address in the reply {:?}", self.reply()))
    }

    /// The client's own address, if the other side was reached.
    pub fn local(&self) -> Option<SocketAddr> {
        match self {
            Self::Connected { local, .. } | Self::Silent { local, .. } => Some(*local),
            _ => None,
        }
    }

    /// The ICMP error that came, if one came.
    pub fn icmp(&self) -> Option<IcmpError> {
        match self {
            Self::Refused { icmp } | Self::Unreachable { icmp, .. } => *icmp,
            _ => None,
        }
    }

    pub(crate) fn refusal(errno: Errno, icmp: Option<IcmpError>) -> Self {
        match errno {
            Errno::ECONNREFUSED => Self::Refused { icmp },
            Errno::ETIMEDOUT => Self::TimedOut,
            errno => Self::Unreachable { errno, icmp },
        }
    }

    /// A call on `fd` failed: with the ICMP error that waits there, or else by itself.
    pub(crate) fn failed(fd: &OwnedFd, errno: Errno) -> Self {
        let (errno, icmp) = icmp_error::take(fd).unwrap_or((errno, None));
        Self::refusal(errno, icmp)
    }
}

impl Host {
    /// Tries to connect and to read a line, for [`SHORT`].
    pub fn tcp_try(&self, target: impl ToSocketAddrs) -> Outcome {
        Attempt::tcp(target).from(self)
    }

    /// Tries to connect and to read a line.
    pub fn tcp_try_for(&self, target: impl ToSocketAddrs, timeout: Duration) -> Outcome {
        Attempt::tcp(target).timeout(timeout).from(self)
    }

    /// Sends a datagram and waits for one back, for [`SHORT`].
    pub fn udp_try(&self, target: impl ToSocketAddrs, payload: &str) -> Outcome {
        Attempt::udp(target, payload).from(self)
    }

    /// Pings, for [`SHORT`].
    pub fn ping(&self, target: impl ToIp) -> Outcome {
        Attempt::ping(target).from(self)
    }
}

/// The one address that `target` spells.
pub(crate) fn to_socket_address(target: impl ToSocketAddrs) -> SocketAddr {
    let first =
        target.to_socket_addrs().unwrap_or_else(|error| panic!("not an address and port: {error}")).next();
    first.expect("an address and port")
}

/// An IPv4 address that a socket of both families shows as IPv6, as itself.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::new(ip.into(), address.port()),
        IpAddr::V6(_) => address,
    }
}
