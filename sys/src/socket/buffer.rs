//! The sizes of the socket's buffers.

use std::io;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::sys::socket::sockopt::{RcvBuf, RcvBufForce, SndBuf, SndBufForce};
use nix::sys::socket::{GetSockOpt, SetSockOpt, getsockopt, setsockopt};

use super::NetlinkSocket;

/// What `netlink_sendmsg` keeps for itself: it refuses a datagram longer than `sk_sndbuf - 32`.
const SEND_RESERVE: usize = 32;

/// `sock_setsockopt` clamps the value to this, to be able to double it.
const LARGEST_VALUE: usize = (i32::MAX / 2) as usize;

/// What is asked of a buffer, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferSize {
    /// How many bytes were asked for.
    pub needed: usize,
    /// How many bytes the buffer holds now.
    pub usable: usize,
}

impl BufferSize {
    /// Whether the buffer holds what was asked for.
    #[must_use]
    pub fn suffices(self) -> bool {
        self.usable >= self.needed
    }
}

impl NetlinkSocket {
    /// Makes the send buffer hold a datagram of `bytes`, and never makes it smaller.
    ///
    /// Beyond `net.core.wmem_max` this needs `CAP_NET_ADMIN` in the initial user namespace. Without it the buffer
    /// grows as far as it may, and the result tells by [`BufferSize::suffices`] whether that is enough.
    ///
    /// # Errors
    /// The system's, of `setsockopt` and `getsockopt`, and of opening a second socket to try how far one may go. To be
    /// allowed too little is none.
    pub fn ensure_send_buffer(&self, bytes: usize) -> io::Result<BufferSize> {
        let size = self.grow(bytes.saturating_add(SEND_RESERVE), SndBufForce, SndBuf)?;
        Ok(BufferSize { needed: bytes, usable: size.saturating_sub(SEND_RESERVE) })
    }

    /// Makes the receive buffer hold `bytes`, and never makes it smaller.
    ///
    /// The kernel counts the memory that its messages take, not their length, so a buffer of some size holds less
    /// text than that. The limit without privilege is `net.core.rmem_max`.
    ///
    /// # Errors
    /// As [`ensure_send_buffer`](Self::ensure_send_buffer).
    pub fn ensure_receive_buffer(&self, bytes: usize) -> io::Result<BufferSize> {
        let usable = self.grow(bytes, RcvBufForce, RcvBuf)?;
        Ok(BufferSize { needed: bytes, usable })
    }

    /// The size that the kernel keeps (`sk_sndbuf`, `sk_rcvbuf`) after it was made at least `wanted`, if allowed.
    fn grow<F, P>(&self, wanted: usize, forced: F, polite: P) -> io::Result<usize>
    where
        F: SetSockOpt<Val = usize>,
        P: SetSockOpt<Val = usize> + GetSockOpt<Val = usize> + Copy,
    {
        let before = getsockopt(&self.as_fd(), polite)?;
        if before >= wanted {
            return Ok(before);
        }
        // The kernel doubles what it is told.
        let value = wanted.div_ceil(2).min(LARGEST_VALUE);
        match setsockopt(&self.as_fd(), forced, &value) {
            Ok(()) => {}
            Err(Errno::EPERM) => self.grow_politely(before, value, polite)?,
            Err(error) => return Err(error.into()),
        }
        Ok(getsockopt(&self.as_fd(), polite)?)
    }

    /// Without privilege the kernel clamps the value silently, even below what a privileged caller set before; so
    /// a socket that nobody uses tells first how far it goes.
    fn grow_politely<P>(&self, before: usize, value: usize, option: P) -> io::Result<()>
    where
        P: SetSockOpt<Val = usize> + GetSockOpt<Val = usize> + Copy,
    {
        let probe = Self::open()?;
        setsockopt(&probe.as_fd(), option, &value)?;
        if getsockopt(&probe.as_fd(), option)? > before {
            setsockopt(&self.as_fd(), option, &value)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{get_generation, in_network_namespace};

    const MIB: usize = 1 << 20;

    #[test]
    fn grows_and_does_not_shrink() {
        let socket = NetlinkSocket::open().unwrap();
        let start = socket.ensure_send_buffer(0).unwrap().usable;
        let size = socket.ensure_send_buffer(100_000).unwrap();
        assert!(size.suffices() && size.needed == 100_000, "{size:?}");
        assert_eq!(socket.ensure_send_buffer(1).unwrap().usable, size.usable.max(start));
        assert!(socket.ensure_receive_buffer(100_000).unwrap().suffices());
    }

    #[test]
    fn the_impossible_is_an_answer_not_an_error() {
        let socket = NetlinkSocket::open().unwrap();
        let size = socket.ensure_send_buffer(usize::MAX).unwrap();
        assert!(!size.suffices(), "{size:?}");
    }

    #[test]
    fn root_may_send_64_mebibytes_at_once() {
        in_network_namespace(|| {
            let socket = NetlinkSocket::open().unwrap();
            let size = socket.ensure_send_buffer(64 * MIB).unwrap();
            if !size.suffices() {
                eprintln!("SKIPPED: not privileged in the initial user namespace: {size:?}");
                return;
            }
            assert!(socket.ensure_receive_buffer(64 * MIB).unwrap().suffices());
            // Exactly as much as promised goes, and not a byte more. The kernel answers the first message and
            // ignores the zeroes behind it.
            let mut datagram = get_generation(1);
            datagram.resize(size.usable + 1, 0);
            let whole = io::IoSlice::new(&datagram);
            assert_eq!(socket.send(&[whole]).unwrap_err().raw_os_error(), Some(libc::EMSGSIZE));
            let fits = io::IoSlice::new(&datagram[..size.usable]);
            assert_eq!(socket.send(&[fits]).unwrap(), size.usable);
        });
    }
}
