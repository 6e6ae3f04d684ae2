//! The owner of a netlink socket, without libmnl: a program that links no C library but libc may be linked statically.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, getsockname, socket,
};

use super::Bus;

/// A bound netlink socket, closed when dropped.
#[derive(Debug)]
pub(super) struct Handle {
    socket: OwnedFd,
    port: u32,
}

impl Handle {
    pub(super) fn open(bus: Bus) -> io::Result<Self> {
        let protocol = match bus {
            Bus::Route => SockProtocol::NetlinkRoute,
            Bus::Netfilter => SockProtocol::NetlinkNetFilter,
        };
        let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
        // Port 0: the kernel chooses one.
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        let port = getsockname::<NetlinkAddr>(socket.as_raw_fd())?.pid();
        Ok(Self { socket, port })
    }

    pub(super) fn port_id(&self) -> u32 {
        self.port
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Sets an option of the level `SOL_NETLINK` whose value is an `int`.
    pub(super) fn set_option(&self, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
        let size = size_of_val(&value) as libc::socklen_t;
        let pointer = (&raw const value).cast();
        let socket = self.socket.as_raw_fd();
        // SAFETY: `pointer` and `size` describe the local `value`, which the kernel only reads, before the call returns.
        let code = unsafe { libc::setsockopt(socket, libc::SOL_NETLINK, option, pointer, size) };
        if code < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}
