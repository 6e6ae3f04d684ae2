//! The owner of libmnl's `struct mnl_socket`.
//!
//! `mnl::Socket` cannot ask for close-on-exec, and a flag set after `socket()` races with a `fork` in another
//! thread; so this owns the same C object through `mnl_socket_open2`.

use std::io;
use std::os::fd::BorrowedFd;
use std::ptr::NonNull;

use mnl::mnl_sys;

use super::Bus;

/// An open `mnl_socket`, closed when dropped.
#[derive(Debug)]
pub(super) struct Handle {
    socket: NonNull<mnl_sys::mnl_socket>,
}

// SAFETY: a `struct mnl_socket` is a file descriptor and the address it is bound to, on the heap. libmnl keeps no
// thread-local or global state, so any thread may use and close it.
unsafe impl Send for Handle {}

// SAFETY: libmnl writes to a `struct mnl_socket` only in open, bind and close. `Handle` binds before anybody else
// has it (`Handle::open`) and closes when nobody has it any more; all that is shared is reading.
unsafe impl Sync for Handle {}

impl Handle {
    pub(super) fn open(bus: Bus) -> io::Result<Self> {
        let bus = match bus {
            Bus::Route => libc::NETLINK_ROUTE,
            Bus::Netfilter => libc::NETLINK_NETFILTER,
        };
        // SAFETY: mnl_socket_open2 takes plain numbers and returns a new object, or NULL with errno set.
        let socket = unsafe { mnl_sys::mnl_socket_open2(bus, libc::SOCK_CLOEXEC) };
        let socket =
            NonNull::new(socket).map(|socket| Self { socket }).ok_or_else(io::Error::last_os_error)?;
        // SAFETY: `socket` is open until drop. Binding writes to it, and nobody else has the handle yet.
        let code =
            unsafe { mnl_sys::mnl_socket_bind(socket.socket.as_ptr(), 0, mnl_sys::MNL_SOCKET_AUTOPID) };
        check(code)?;
        Ok(socket)
    }

    pub(super) fn port_id(&self) -> u32 {
        // SAFETY: `socket` is open until drop; this reads one field of it.
        unsafe { mnl_sys::mnl_socket_get_portid(self.socket.as_ptr()) }
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: `socket` is open until drop; this reads one field of it.
        let fd = unsafe { mnl_sys::mnl_socket_get_fd(self.socket.as_ptr()) };
        // SAFETY: mnl_socket_open2 succeeded, so the descriptor is open and not -1, and it stays so until drop,
        // which the borrow of `self` outlaws meanwhile.
        unsafe { BorrowedFd::borrow_raw(fd) }
    }

    /// Sets an option of the level `SOL_NETLINK` whose value is an `int`.
    pub(super) fn set_option(&self, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
        let mut value = value;
        let size = size_of_val(&value) as libc::socklen_t;
        let pointer = (&raw mut value).cast();
        // SAFETY: `socket` is open until drop; `pointer` and `size` describe the local `value`, which the kernel
        // only reads.
        let code = unsafe { mnl_sys::mnl_socket_setsockopt(self.socket.as_ptr(), option, pointer, size) };
        check(code)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: `socket` came from mnl_socket_open2 and nothing uses it after this. An error of close() has no
        // consequence: a netlink socket has nothing to flush.
        unsafe { mnl_sys::mnl_socket_close(self.socket.as_ptr()) };
    }
}

fn check(code: libc::c_int) -> io::Result<()> {
    if code < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
