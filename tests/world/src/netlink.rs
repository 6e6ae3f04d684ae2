//! A netlink socket, and messages as bytes: shared by links, addresses, logs and connection tracking.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, socket,
};

use crate::wait::{self, PATIENT};

const HEADER: usize = 16;
const REQUEST: u16 = libc::NLM_F_REQUEST as u16;
const ACKNOWLEDGE: u16 = libc::NLM_F_ACK as u16;
const ERROR: u16 = libc::NLMSG_ERROR as u16;
/// Without NLA_F_NESTED and NLA_F_NET_BYTEORDER.
const TYPE_MASK: u16 = 0x3fff;
const DONE: u16 = libc::NLMSG_DONE as u16;

/// One netlink message without its header.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) kind: u16,
    pub(crate) sequence: u32,
    pub(crate) body: Vec<u8>,
}

/// A netlink socket of the calling thread's namespace.
#[derive(Debug)]
pub(crate) struct Netlink {
    fd: OwnedFd,
    sequence: u32,
}

impl Netlink {
    /// Opens a socket that hears `groups` (a bit mask).
    pub(crate) fn open(protocol: SockProtocol, groups: u32) -> io::Result<Self> {
        let fd = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
        Ok(Self { fd, sequence: 0 })
    }

    /// Sends one request and collects what the kernel answers, up to its acknowledgement or the dump's end.
    pub(crate) fn request(&mut self, kind: u16, flags: u16, body: &[u8]) -> io::Result<Vec<Message>> {
        self.send(kind, flags | ACKNOWLEDGE, body)?;
        let mut answers = Vec::new();
        let deadline = wait::deadline(PATIENT);
        loop {
            let Some(messages) = self.receive(deadline)? else {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "no acknowledgement from the kernel"));
            };
            for message in messages.into_iter().filter(|message| message.sequence == self.sequence) {
                match message.kind {
                    ERROR | DONE => match i32_at(&message.body, 0) {
                        0.. => return Ok(answers),
                        errno => return Err(io::Error::from_raw_os_error(-errno)),
                    },
                    _ => answers.push(message),
                }
            }
        }
    }

    /// Sends one message and waits for nothing.
    pub(crate) fn tell(&mut self, kind: u16, body: &[u8]) -> io::Result<()> {
        self.send(kind, 0, body)
    }

    fn send(&mut self, kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
        self.sequence += 1;
        let length = (HEADER + body.len()) as u32;
        let mut bytes = Vec::with_capacity(HEADER + body.len());
        bytes.extend(length.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend((flags | REQUEST).to_ne_bytes());
        bytes.extend(self.sequence.to_ne_bytes());
        bytes.extend(0u32.to_ne_bytes());
        bytes.extend(body);
        send(self.fd.as_raw_fd(), &bytes, MsgFlags::empty()).map(drop)?;
        Ok(())
    }

    /// The messages of the next datagram, or none if the deadline passed.
    pub(crate) fn receive(&self, deadline: Instant) -> io::Result<Option<Vec<Message>>> {
        if !wait::readable(&self.fd, deadline) {
            return Ok(None);
        }
        let mut buffer = vec![0; 1 << 17];
        let length = recv(self.fd.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
        Ok(Some(messages(&buffer[..length])))
    }
}

impl AsFd for Netlink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn messages(mut bytes: &[u8]) -> Vec<Message> {
    let mut messages = Vec::new();
    while bytes.len() >= HEADER {
        let length = u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
        let end = length.clamp(HEADER, bytes.len());
        messages.push(Message {
            kind: u16::from_ne_bytes([bytes[4], bytes[5]]),
            sequence: u32::from_ne_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]),
            body: bytes[HEADER..end].to_vec(),
        });
        bytes = &bytes[end.next_multiple_of(4).min(bytes.len())..];
    }
    messages
}

fn i32_at(bytes: &[u8], offset: usize) -> i32 {
    bytes.get(offset..offset + 4).map_or(0, |four| i32::from_ne_bytes([four[0], four[1], four[2], four[3]]))
}

/// The attributes in `bytes`: type without its flag bits, and value. Stops at the first malformed one.
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let head = bytes.first_chunk::<4>()?;
        let length = usize::from(u16::from_ne_bytes([head[0], head[1]]));
        let kind = u16::from_ne_bytes([head[2], head[3]]) & TYPE_MASK;
        let value = bytes.get(4..length)?;
        bytes = &bytes[length.next_multiple_of(4).min(bytes.len())..];
        Some((kind, value))
    })
}

/// Appends one attribute.
pub(crate) fn put(bytes: &mut Vec<u8>, kind: u16, value: &[u8]) {
    bytes.extend(((4 + value.len()) as u16).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}
