//! A netlink socket: open, send, receive, wait, options.

mod buffer;
mod bus;
#[cfg_attr(feature = "mnl", path = "handle_mnl.rs")]
#[cfg_attr(not(feature = "mnl"), path = "handle_nix.rs")]
mod handle;
mod option;
mod receive;
mod send;
mod wait;

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

pub use buffer::BufferSize;
pub use bus::Bus;
pub use receive::Received;
pub use send::MAX_PARTS;

use handle::Handle;

/// A bound netlink socket that talks to the kernel.
///
/// Every method takes `&self`, for each is at most a few system calls on the file descriptor; two threads may send
/// and receive at once. The descriptor stays in blocking mode, but nothing here blocks except
/// [`wait_readable`](Self::wait_readable): an asynchronous runtime may poll the descriptor instead.
#[derive(Debug)]
pub struct NetlinkSocket {
    handle: Handle,
}

impl NetlinkSocket {
    /// Opens a socket to netfilter (`NETLINK_NETFILTER`), in the network namespace of the calling thread.
    ///
    /// Needs no privilege. The kernel chooses the port id; the descriptor is closed on `exec`.
    ///
    /// # Errors
    /// `EPROTONOSUPPORT` where the kernel has no netlink to netfilter, `EMFILE` or `ENFILE` where there are too many open
    /// files.
    pub fn open() -> io::Result<Self> {
        Self::open_bus(Bus::Netfilter)
    }

    /// Opens a socket to another netlink bus, for example [`Bus::Route`].
    ///
    /// # Errors
    /// As [`open`](Self::open), of that bus.
    pub fn open_bus(bus: Bus) -> io::Result<Self> {
        Handle::open(bus).map(|handle| Self { handle })
    }

    /// The port id that the kernel gave this socket: its address, which replies carry in `nlmsg_pid`.
    #[must_use]
    pub fn port_id(&self) -> u32 {
        self.handle.port_id()
    }
}

impl AsFd for NetlinkSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

impl AsRawFd for NetlinkSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};

    #[test]
    fn opens_with_a_port_of_its_own_and_close_on_exec() {
        let (one, two) = (NetlinkSocket::open().unwrap(), NetlinkSocket::open().unwrap());
        assert_ne!(one.port_id(), 0);
        assert_ne!(one.port_id(), two.port_id());
        let flags = FdFlag::from_bits_retain(fcntl(&one, FcntlArg::F_GETFD).unwrap());
        assert!(flags.contains(FdFlag::FD_CLOEXEC));
    }

    #[test]
    fn may_move_to_and_be_shared_with_another_thread() {
        fn check<T: Send + Sync>() {}
        check::<NetlinkSocket>();
    }
}
