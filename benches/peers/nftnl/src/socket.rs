//! Sends a batch and reads what the kernel says.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use nftnl::{Batch, nft_nlmsg_maxsize};
use nix::sys::socket::{setsockopt, sockopt};

/// For 64 MiB of batch, or as many acknowledgements.
const BUFFER: usize = 256 * 1024 * 1024;

pub(crate) struct Socket {
    socket: mnl::Socket,
    received: Vec<u8>,
}

impl Socket {
    pub(crate) fn open() -> io::Result<Socket> {
        let socket = mnl::Socket::new(mnl::Bus::Netfilter)?;
        // SAFETY: the descriptor is the socket's, which outlives this function.
        let descriptor = unsafe { BorrowedFd::borrow_raw(socket.as_raw_fd()) };
        // Refused in a user namespace; there the system's limit is all that can be had.
        if setsockopt(&descriptor, sockopt::SndBufForce, &BUFFER).is_err() {
            setsockopt(&descriptor, sockopt::SndBuf, &BUFFER)?;
        }
        if setsockopt(&descriptor, sockopt::RcvBufForce, &BUFFER).is_err() {
            setsockopt(&descriptor, sockopt::RcvBuf, &BUFFER)?;
        }
        Ok(Socket { socket, received: vec![0; nft_nlmsg_maxsize() as usize] })
    }

    /// The loop of `nftnl`'s examples.
    pub(crate) fn commit(&mut self, batch: Batch) -> io::Result<()> {
        let batch = batch.finalize();
        self.socket.send_all(&batch)?;
        let portid = self.socket.portid();
        let mut expected = batch.sequence_numbers();
        while !expected.is_empty() {
            for message in self.socket.recv(&mut self.received)? {
                let message = message?;
                let sequence = expected.next().ok_or_else(|| io::Error::other("an answer too many"))?;
                mnl::cb_run(message, sequence, portid)?;
            }
        }
        Ok(())
    }
}
