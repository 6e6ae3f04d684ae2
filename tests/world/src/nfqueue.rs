//! A program that decides about packets which a `queue` rule hands out.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use nix::sys::socket::SockProtocol;

use crate::netlink::{Message, Netlink, attributes, put};
use crate::{Host, wait};

const SUBSYSTEM: u16 = (libc::NFNL_SUBSYS_QUEUE as u16) << 8;
const PACKET: u16 = SUBSYSTEM | libc::NFQNL_MSG_PACKET as u16;
const VERDICT: u16 = SUBSYSTEM | libc::NFQNL_MSG_VERDICT as u16;
const CONFIG: u16 = SUBSYSTEM | libc::NFQNL_MSG_CONFIG as u16;
/// `struct nfgenmsg`: family, version, queue (big endian).
const GENERIC: usize = 4;

/// Decides about the packets of one queue; see [`Host::nfqueue`]. What it has not decided about is dropped with it.
#[derive(Debug)]
pub struct QueueListener {
    socket: Netlink,
    queue: u16,
    pending: VecDeque<QueuedPacket>,
}

/// A packet that waits for a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedPacket {
    /// Its number in the queue.
    pub id: u32,
    /// The address family of the hook, e.g. 2 for IPv4, 7 for a bridge.
    pub family: u8,
    /// The hook, e.g. 1 for "input" of the IP families.
    pub hook: u8,
    /// The packet's mark; 0 if it has none.
    pub mark: u32,
    /// The index of the interface it came in by.
    pub indev: Option<u32>,
    /// The index of the interface it is to go out by.
    pub outdev: Option<u32>,
    /// The packet from its network header on.
    pub payload: Vec<u8>,
}

/// What a program says about a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is no more.
    Drop,
    /// It goes on behind the chain that it came from.
    Accept,
    /// The same with another mark.
    Mark(u32),
    /// The same with other bytes from its network header on; checksums are the program's business.
    Replace(Vec<u8>),
    /// It begins anew at the chain that it came from, with this mark, by which rules can tell.
    Repeat(u32),
}

impl Host {
    /// Decides about what is handed to `queue` from now on; one listener for each queue.
    ///
    /// # Panics
    /// If the kernel refuses, for instance because it has no queues, or the queue has a listener.
    pub fn nfqueue(&self, queue: u16) -> QueueListener {
        let socket = self.run(|| bind(queue));
        let socket =
            socket.unwrap_or_else(|error| panic!("host {self} cannot listen at queue {queue}: {error}"));
        QueueListener { socket, queue, pending: VecDeque::new() }
    }
}

fn bind(queue: u16) -> io::Result<Netlink> {
    let mut command = generic(queue);
    // Command, padding, protocol family (ignored since kernel 3.8).
    put(&mut command, libc::NFQA_CFG_CMD as u16, &[libc::NFQNL_CFG_CMD_BIND as u8, 0, 0, 0]);
    let mut options = generic(queue);
    let mode = [0xff, 0xff, 0xff, 0xff, libc::NFQNL_COPY_PACKET as u8];
    put(&mut options, libc::NFQA_CFG_PARAMS as u16, &mode);

    let mut socket = Netlink::open(SockProtocol::NetlinkNetFilter, 0)?;
    socket.request(CONFIG, 0, &command)?;
    socket.request(CONFIG, 0, &options)?;
    Ok(socket)
}

impl QueueListener {
    /// The next packet, or none in that time.
    pub fn next(&mut self, timeout: Duration) -> Option<QueuedPacket> {
        let deadline = wait::deadline(timeout);
        loop {
            if let Some(packet) = self.pending.pop_front() {
                return Some(packet);
            }
            let messages =
                self.socket.receive(deadline).unwrap_or_else(|error| panic!("queue listener: {error}"))?;
            self.pending.extend(messages.iter().filter(|message| message.kind == PACKET).map(packet));
        }
    }

    /// Says what becomes of a packet.
    ///
    /// # Panics
    /// If the kernel refuses to hear it.
    pub fn decide(&mut self, packet: &QueuedPacket, verdict: Verdict) {
        let code = match verdict {
            Verdict::Drop => libc::NF_DROP,
            Verdict::Accept | Verdict::Mark(_) | Verdict::Replace(_) => libc::NF_ACCEPT,
            Verdict::Repeat(_) => libc::NF_REPEAT,
        };
        let mut body = generic(self.queue);
        let header = [(code as u32).to_be_bytes(), packet.id.to_be_bytes()].concat();
        put(&mut body, libc::NFQA_VERDICT_HDR as u16, &header);
        match verdict {
            Verdict::Mark(mark) | Verdict::Repeat(mark) => {
                put(&mut body, libc::NFQA_MARK as u16, &mark.to_be_bytes());
            }
            Verdict::Replace(bytes) => put(&mut body, libc::NFQA_PAYLOAD as u16, &bytes),
            Verdict::Drop | Verdict::Accept => {}
        }
        // Without acknowledgement: waiting for that, packets of the queue would be passed over.
        self.socket
            .tell(VERDICT, &body)
            .unwrap_or_else(|error| panic!("the verdict about packet {} was refused: {error}", packet.id));
    }
}

/// `struct nfgenmsg` for `queue`.
fn generic(queue: u16) -> Vec<u8> {
    let [high, low] = queue.to_be_bytes();
    vec![libc::AF_UNSPEC as u8, 0, high, low]
}

fn packet(message: &Message) -> QueuedPacket {
    let family = message.body.first().copied().unwrap_or(0);
    let mut packet =
        QueuedPacket { id: 0, family, hook: 0, mark: 0, indev: None, outdev: None, payload: Vec::new() };
    for (kind, value) in attributes(message.body.get(GENERIC..).unwrap_or_default()) {
        let number = value.first_chunk().copied().map(u32::from_be_bytes);
        match i32::from(kind) {
            // Number, big-endian protocol, hook.
            libc::NFQA_PACKET_HDR => {
                packet.id = number.unwrap_or(0);
                packet.hook = value.get(6).copied().unwrap_or(0);
            }
            libc::NFQA_MARK => packet.mark = number.unwrap_or(0),
            libc::NFQA_IFINDEX_INDEV => packet.indev = number,
            libc::NFQA_IFINDEX_OUTDEV => packet.outdev = number,
            libc::NFQA_PAYLOAD => packet.payload = value.to_vec(),
            _ => {}
        }
    }
    packet
}
