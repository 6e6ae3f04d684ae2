//! What a `log group N` rule sends.

use std::time::Duration;

use nix::sys::socket::SockProtocol;

use crate::netlink::{Message, Netlink, attributes, put};
use crate::{Host, wait};

const SUBSYSTEM: u16 = (libc::NFNL_SUBSYS_ULOG as u16) << 8;
const PACKET: u16 = SUBSYSTEM | libc::NFULNL_MSG_PACKET as u16;
const CONFIG: u16 = SUBSYSTEM | libc::NFULNL_MSG_CONFIG as u16;
/// `struct nfgenmsg`: family, version, group (big endian).
const GENERIC: usize = 4;

/// Receives what rules log to one group; see [`Host::nflog`].
#[derive(Debug)]
pub struct NflogListener {
    socket: Netlink,
    pending: std::collections::VecDeque<NflogPacket>,
}

/// A logged packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NflogPacket {
    /// The address family of the hook, e.g. 2 for IPv4.
    pub family: u8,
    /// The hook, e.g. 1 for "input" of the IP families.
    pub hook: u8,
    /// The rule's prefix.
    pub prefix: String,
    /// The packet's mark; 0 if it has none.
    pub mark: u32,
    /// The index of the interface it came in by.
    pub indev: Option<u32>,
    /// The index of the interface it is to go out by.
    pub outdev: Option<u32>,
    /// The packet from its network header on, as far as the rule's snap length lets it be copied.
    pub payload: Vec<u8>,
    /// All attributes as they came, for what has no field here.
    pub attributes: Vec<(u16, Vec<u8>)>,
}

impl Host {
    /// Receives what is logged to `group` from now on; one listener for each group. The kernel sends each packet at
    /// once, whatever queue threshold the rule asks for.
    ///
    /// # Panics
    /// If the kernel refuses, for instance because the group has a listener.
    pub fn nflog(&self, group: u16) -> NflogListener {
        let mut command = generic(group);
        put(&mut command, libc::NFULA_CFG_CMD as u16, &[libc::NFULNL_CFG_CMD_BIND as u8]);
        let mut options = generic(group);
        let mode = [0xff, 0xff, 0xff, 0xff, libc::NFULNL_COPY_PACKET as u8, 0];
        put(&mut options, libc::NFULA_CFG_MODE as u16, &mode);
        put(&mut options, libc::NFULA_CFG_QTHRESH as u16, &1u32.to_be_bytes());

        let socket = self.run(|| {
            let mut socket = Netlink::open(SockProtocol::NetlinkNetFilter, 0)?;
            socket.request(CONFIG, 0, &command)?;
            socket.request(CONFIG, 0, &options)?;
            Ok::<_, std::io::Error>(socket)
        });
        let socket =
            socket.unwrap_or_else(|error| panic!("host {self} cannot receive log group {group}: {error}"));
        NflogListener { socket, pending: Default::default() }
    }
}

impl NflogListener {
    /// The next packet, or none in that time.
    pub fn next(&mut self, timeout: Duration) -> Option<NflogPacket> {
        self.until(|_| true, timeout)
    }

    /// The next packet for which `wanted` holds; those before it are gone.
    pub fn until(&mut self, wanted: impl Fn(&NflogPacket) -> bool, timeout: Duration) -> Option<NflogPacket> {
        let deadline = wait::deadline(timeout);
        loop {
            while let Some(packet) = self.pending.pop_front() {
                if wanted(&packet) {
                    return Some(packet);
                }
            }
            let messages =
                self.socket.receive(deadline).unwrap_or_else(|error| panic!("log listener: {error}"))?;
            self.pending.extend(messages.iter().filter(|message| message.kind == PACKET).map(packet));
        }
    }
}

/// `struct nfgenmsg` for `group`.
fn generic(group: u16) -> Vec<u8> {
    let [high, low] = group.to_be_bytes();
    vec![libc::AF_UNSPEC as u8, 0, high, low]
}

fn packet(message: &Message) -> NflogPacket {
    let mut packet = NflogPacket { family: message.body.first().copied().unwrap_or(0), ..Default::default() };
    for (kind, value) in attributes(message.body.get(GENERIC..).unwrap_or_default()) {
        let number = value.try_into().map(u32::from_be_bytes);
        match i32::from(kind) {
            // Big-endian protocol, hook, padding.
            libc::NFULA_PACKET_HDR => packet.hook = value.get(2).copied().unwrap_or(0),
            libc::NFULA_MARK => packet.mark = number.unwrap_or(0),
            libc::NFULA_IFINDEX_INDEV => packet.indev = number.ok(),
            libc::NFULA_IFINDEX_OUTDEV => packet.outdev = number.ok(),
            libc::NFULA_PREFIX => {
                packet.prefix = String::from_utf8_lossy(value).trim_end_matches('\0').to_owned();
            }
            libc::NFULA_PAYLOAD => packet.payload = value.to_vec(),
            _ => {}
        }
        packet.attributes.push((kind, value.to_vec()));
    }
    packet
}
