//! What the kernel tells of packets that a rule traces.

use std::collections::VecDeque;
use std::time::Duration;

use nix::sys::socket::SockProtocol;

use crate::netlink::{Message, Netlink, attributes};
use crate::{Host, wait};

const TRACE: u16 = (libc::NFNL_SUBSYS_NFTABLES as u16) << 8 | libc::NFT_MSG_TRACE as u16;
const GROUPS: u32 = 1 << (libc::NFNLGRP_NFTRACE - 1);
/// `struct nfgenmsg`.
const GENERIC: usize = 4;

/// Receives what is told of traced packets; see [`Host::nftrace`].
#[derive(Debug)]
pub struct TraceListener {
    socket: Netlink,
    pending: VecDeque<TraceStep>,
}

/// One step of a traced packet's way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceStep {
    /// The address family of the table, e.g. 1 for `inet`.
    pub family: u8,
    /// The table.
    pub table: String,
    /// The chain.
    pub chain: String,
    /// The rule that the packet came through; none at the end of a chain.
    pub rule: Option<u64>,
    /// `NFT_TRACETYPE_*`: 1 a base chain's policy, 2 return at a chain's end, 3 a rule.
    pub kind: u32,
    /// What the rule decided, e.g. 1 for "accept", -1 for "continue".
    pub verdict: Option<i32>,
    /// What the chain's policy is, of a step of kind 1.
    pub policy: Option<u32>,
    /// The same in all steps of one packet.
    pub id: u32,
    /// The index of the interface it came in by.
    pub indev: Option<u32>,
    /// The network header.
    pub network: Vec<u8>,
    /// The transport header's beginning.
    pub transport: Vec<u8>,
}

impl Host {
    /// Receives what the kernel tells of traced packets from now on.
    ///
    /// # Panics
    /// If the kernel refuses.
    pub fn nftrace(&self) -> TraceListener {
        let socket = self.run(|| Netlink::open(SockProtocol::NetlinkNetFilter, GROUPS));
        let socket = socket.unwrap_or_else(|error| panic!("host {self} cannot hear of traces: {error}"));
        TraceListener { socket, pending: VecDeque::new() }
    }
}

impl TraceListener {
    /// The next step of a packet, or none in that time.
    pub fn next(&mut self, timeout: Duration) -> Option<TraceStep> {
        let deadline = wait::deadline(timeout);
        loop {
            if let Some(step) = self.pending.pop_front() {
                return Some(step);
            }
            let messages =
                self.socket.receive(deadline).unwrap_or_else(|error| panic!("trace listener: {error}"))?;
            self.pending.extend(messages.iter().filter(|message| message.kind == TRACE).map(step));
        }
    }

    /// All steps that are there already.
    pub fn queued(&mut self) -> Vec<TraceStep> {
        std::iter::from_fn(|| self.next(Duration::ZERO)).collect()
    }
}

/// linux/netfilter/nf_tables.h, `enum nft_trace_attributes`.
fn step(message: &Message) -> TraceStep {
    let mut step = TraceStep { family: message.body.first().copied().unwrap_or(0), ..Default::default() };
    let text = |value: &[u8]| String::from_utf8_lossy(value).trim_end_matches('\0').to_owned();
    for (kind, value) in attributes(message.body.get(GENERIC..).unwrap_or_default()) {
        let number = value.try_into().map(u32::from_be_bytes).ok();
        match kind {
            1 => step.table = text(value),
            2 => step.chain = text(value),
            3 => step.rule = value.try_into().map(u64::from_be_bytes).ok(),
            4 => step.kind = number.unwrap_or(0),
            5 => step.verdict = code(value),
            6 => step.id = number.unwrap_or(0),
            10 => step.indev = number,
            8 => step.network = value.to_vec(),
            9 => step.transport = value.to_vec(),
            16 => step.policy = number,
            _ => {}
        }
    }
    step
}

/// `NFTA_VERDICT_CODE`.
fn code(verdict: &[u8]) -> Option<i32> {
    let (_, value) = attributes(verdict).find(|(kind, _)| *kind == 1)?;
    value.try_into().map(i32::from_be_bytes).ok()
}
