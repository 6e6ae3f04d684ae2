//! The one door to the kernel.

use std::io;

/// Sends and receives netlink datagrams: the kernel, or something that stands for it.
///
/// nf_tables works synchronously: when [`Transport::send`] returns, everything that the kernel has to say is
/// waiting, so nobody ever waits for an answer that may not come.
pub trait Transport {
    /// Sends the parts as one datagram.
    ///
    /// # Errors
    /// `EMSGSIZE` where the datagram is larger than the room; otherwise what the system says. The kernel has then not
    /// been asked.
    fn send(&mut self, parts: &[&[u8]]) -> io::Result<()>;

    /// Receives the next datagram into `buffer` and gives its length. Acknowledgements and refusals are to be capped, as
    /// the kernel does it for sockets that ask for `NETLINK_CAP_ACK`: where nothing else may come, `buffer` has 4 KiB.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] where there is none, `ENOBUFS` where some were lost, and
    /// [`io::ErrorKind::InvalidData`] for one larger than the buffer.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Makes room for a datagram of `send` bytes and for answers of about `receive` bytes.
    ///
    /// # Errors
    /// Where the room cannot be asked for or told. Less of it than was wanted is no error: the result says how much.
    fn make_room(&mut self, send: usize, receive: usize) -> io::Result<Room>;
}

/// The room that a transport could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The largest datagram that can be sent.
    pub send: usize,
}
