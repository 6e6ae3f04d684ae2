//! The kernel itself, through a netlink socket.

use std::{
    io::{self, IoSlice},
    os::fd::{AsFd, BorrowedFd},
};

use portcullis_sys::NetlinkSocket;

use super::{Room, Transport};

/// A netlink socket to the kernel's netfilter subsystem, in the network namespace of the thread that opened
/// it.
#[derive(Debug)]
pub struct KernelSocket {
    socket: NetlinkSocket,
    /// What the send buffer is known to hold.
    room: usize,
    receive_room: usize,
}

impl KernelSocket {
    /// Opens and binds a socket.
    ///
    /// # Errors
    /// The system's, of `socket`, `bind` or `setsockopt`: the kernel has no netfilter netlink, or the process may open no
    /// more files.
    pub fn open() -> io::Result<Self> {
        let socket = NetlinkSocket::open()?;
        socket.enable_extended_acks()?;
        Ok(Self { socket, room: 0, receive_room: 0 })
    }

    /// The socket's netlink address: what a table's owner is told by.
    pub fn port_id(&self) -> u32 {
        self.socket.port_id()
    }
}

impl AsFd for KernelSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Transport for KernelSocket {
    fn send(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        let parts: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
        let length: usize = parts.iter().map(|part| part.len()).sum();
        match self.socket.send(&parts)? {
            sent if sent == length => Ok(()),
            sent => Err(io::Error::other(format!("only {sent} of {length} bytes were sent"))),
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let received = self.socket.receive(buffer)?;
        if received.is_truncated() {
            let text = format!("an answer of {} bytes met a buffer of {}", received.datagram, buffer.len());
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        Ok(received.length)
    }

    fn make_room(&mut self, send: usize, receive: usize) -> io::Result<Room> {
        if send > self.room {
            self.room = self.socket.ensure_send_buffer(send)?.usable;
        }
        if receive > self.receive_room {
            self.socket.ensure_receive_buffer(receive)?;
            self.receive_room = receive;
        }
        Ok(Room { send: self.room })
    }
}
