//! `queue`: let a program decide (`net/netfilter/nft_queue.c`).

use super::{Register, expression};
use crate::wire::flag_set;

flag_set! {
    /// `NFT_QUEUE_FLAG_…`
    pub struct QueueFlags: u16 {
        /// Accept if no program listens, in place of drop.
        BYPASS = 0x01,
        /// Choose among several queues by processor, not by a hash of the addresses.
        CPU_FANOUT = 0x02,
    }
}

expression! {
    /// Hands the packet to a program (`NFQUEUE`). The queue is given by number or by register.
    pub struct Queue = "queue" {
        ;;
        /// The queue, or the first of several.
        num: u16 = NFTA_QUEUE_NUM(1),
        /// Over how many queues packets are spread; 1 if absent.
        total: u16 = NFTA_QUEUE_TOTAL(2),
        /// Holds the queue's number, as `u32` in host byte order.
        sreg: Register = NFTA_QUEUE_SREG_QNUM(4),
        /// What to do without a program, how to spread.
        flags: QueueFlags = NFTA_QUEUE_FLAGS(3),
    }
}

impl Queue {
    /// To one queue.
    pub fn to(num: u16) -> Self {
        Self::new().num(num).total(1u16)
    }

    /// To `total` queues from `first` on; a connection's packets stay together.
    pub fn spread(first: u16, total: u16) -> Self {
        Self::new().num(first).total(total)
    }

    /// To the queue whose number a register holds.
    pub fn from_register(sreg: Register) -> Self {
        Self::new().sreg(sreg)
    }
}
