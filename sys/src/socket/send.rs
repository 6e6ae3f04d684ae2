//! One message to the kernel, in many pieces.

use std::io;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, NetlinkAddr, sendmsg};

use super::NetlinkSocket;

/// How many pieces one [`NetlinkSocket::send`] takes (the kernel's `UIO_MAXIOV`).
pub const MAX_PARTS: usize = 1024;

impl NetlinkSocket {
    /// Sends the parts, joined, to the kernel as **one** datagram, and returns its length.
    ///
    /// nf_tables takes a batch only whole, so libmnl's `mnl_socket_sendto`, which has one flat buffer, would make
    /// the caller copy a batch together. The kernel handles the messages before this returns; what it answers is
    /// then ready to be received. A signal that comes too early is retried.
    ///
    /// # Errors
    /// `InvalidInput` for more than [`MAX_PARTS`] parts. `EMSGSIZE` if the send buffer cannot hold the datagram:
    /// see [`ensure_send_buffer`](Self::ensure_send_buffer). `EPERM` comes as an answer, not from here.
    pub fn send(&self, parts: &[io::IoSlice<'_>]) -> io::Result<usize> {
        if parts.len() > MAX_PARTS {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{} parts in one netlink datagram, at most {MAX_PARTS} are possible", parts.len()),
            ));
        }
        let kernel = NetlinkAddr::new(0, 0);
        loop {
            match sendmsg(self.as_raw_fd(), parts, &[], MsgFlags::empty(), Some(&kernel)) {
                Err(Errno::EINTR) => {}
                result => return result.map_err(io::Error::from),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{get_generation, in_network_namespace};

    #[test]
    fn refuses_too_many_parts() {
        let socket = NetlinkSocket::open().unwrap();
        let error = socket.send(&vec![io::IoSlice::new(&[]); MAX_PARTS + 1]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_request_in_many_parts_is_one_request() {
        in_network_namespace(|| {
            let socket = NetlinkSocket::open().unwrap();
            let request = get_generation(5);
            let parts: Vec<_> = request.chunks(1).map(io::IoSlice::new).collect();
            assert_eq!(socket.send(&parts).unwrap(), request.len());
            let mut buffer = [0; 1024];
            assert!(socket.receive(&mut buffer).unwrap().length >= 20);
        });
    }
}
