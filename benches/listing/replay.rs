//! The kernel's answers, recorded and played back.

use std::io;

use portcullis::netlink::{KernelSocket, Room, Transport};

/// Keeps what the kernel answers to each datagram.
pub(crate) struct Recording {
    socket: KernelSocket,
    answers: Vec<Vec<Vec<u8>>>,
}

impl Recording {
    pub(crate) fn new(socket: KernelSocket) -> Self {
        Self { socket, answers: Vec::new() }
    }
}

impl Transport for Recording {
    fn send(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        self.answers.push(Vec::new());
        self.socket.send(parts)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.socket.receive(buffer)?;
        if let (Some(answers), Some(bytes)) = (self.answers.last_mut(), buffer.get(..length)) {
            answers.push(bytes.to_vec());
        }
        Ok(length)
    }

    fn make_room(&mut self, send: usize, receive: usize) -> io::Result<Room> {
        self.socket.make_room(send, receive)
    }
}

/// Answers as the kernel did, again and again.
pub(crate) struct Replay {
    answers: Vec<Vec<Vec<u8>>>,
    exchange: usize,
    datagram: usize,
}

impl Replay {
    pub(crate) fn new(recording: Recording) -> Self {
        Self { answers: recording.answers, exchange: 0, datagram: usize::MAX }
    }
}

impl Transport for Replay {
    fn send(&mut self, _: &[&[u8]]) -> io::Result<()> {
        if self.datagram != usize::MAX {
            self.exchange = (self.exchange + 1) % self.answers.len();
        }
        self.datagram = 0;
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let answer = self.answers.get(self.exchange).and_then(|answers| answers.get(self.datagram));
        let Some(bytes) = answer else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        self.datagram += 1;
        buffer[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }

    fn make_room(&mut self, send: usize, _: usize) -> io::Result<Room> {
        Ok(Room { send })
    }
}
