//! One datagram from the kernel, without blocking.

use std::io;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, NetlinkAddr, recvmsg};

use super::NetlinkSocket;

/// What one [`NetlinkSocket::receive`] brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Received {
    /// How many bytes of the buffer are filled.
    pub length: usize,
    /// How long the datagram was. If more than `length`, the rest is lost.
    pub datagram: usize,
}

impl Received {
    /// Whether the buffer was too small for the datagram.
    #[must_use]
    pub fn is_truncated(self) -> bool {
        self.datagram > self.length
    }
}

impl NetlinkSocket {
    /// Receives one datagram from the kernel if one is there.
    ///
    /// Datagrams of other senders than the kernel (port id 0) are dropped: they could only be forgeries.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if nothing is there. `ENOBUFS`, once, if the kernel had more to say than the
    /// receive buffer held; what is queued is still to be received.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<Received> {
        // mnl_socket_recvfrom blocks, turns a datagram that was cut into ENOSPC without its length, and hides
        // the sender; so recvmsg itself. MSG_TRUNC makes it return the true length.
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
        loop {
            let capacity = buffer.len();
            let mut parts = [io::IoSliceMut::new(buffer)];
            match recvmsg::<NetlinkAddr>(self.as_raw_fd(), &mut parts, None, flags) {
                Ok(message) if message.address.is_some_and(|sender| sender.pid() == 0) => {
                    let datagram = message.bytes;
                    return Ok(Received { length: datagram.min(capacity), datagram });
                }
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{get_generation, in_network_namespace};
    use nix::sys::socket::sendmsg;

    #[test]
    fn nothing_there_would_block() {
        let socket = NetlinkSocket::open().unwrap();
        assert_eq!(socket.receive(&mut [0; 64]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn a_datagram_that_was_cut_tells_its_length() {
        in_network_namespace(|| {
            let socket = NetlinkSocket::open().unwrap();
            let request = get_generation(7);
            socket.send(&[io::IoSlice::new(&request)]).unwrap();
            let received = socket.receive(&mut [0; 8]).unwrap();
            assert_eq!(received.length, 8);
            assert!(received.is_truncated() && received.datagram >= 20, "{received:?}");

            socket.send(&[io::IoSlice::new(&request)]).unwrap();
            let mut buffer = [0; 1024];
            let received = socket.receive(&mut buffer).unwrap();
            assert!(!received.is_truncated());
            // nlmsg_seq and nlmsg_pid of the answer.
            assert_eq!(buffer[8..12], 7_u32.to_ne_bytes());
            assert_eq!(buffer[12..16], socket.port_id().to_ne_bytes());
        });
    }

    #[test]
    fn what_is_not_from_the_kernel_is_dropped() {
        in_network_namespace(|| {
            let (socket, other) = (NetlinkSocket::open().unwrap(), NetlinkSocket::open().unwrap());
            let address = NetlinkAddr::new(socket.port_id(), 0);
            let forgery = get_generation(1);
            let parts = [io::IoSlice::new(&forgery)];
            sendmsg(other.as_raw_fd(), &parts, &[], MsgFlags::empty(), Some(&address)).unwrap();
            assert!(socket.wait_readable(None).unwrap());
            assert_eq!(socket.receive(&mut [0; 64]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        });
    }
}
