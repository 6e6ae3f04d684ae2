//! `counter`: count packets and bytes (`net/netfilter/nft_counter.c`).

use super::expression;

expression! {
    /// Counts every packet that comes so far in the rule.
    pub struct Counter = "counter" {
        ;;
        /// Bytes to start with, or as read.
        bytes: u64 = NFTA_COUNTER_BYTES(1),
        /// Packets to start with, or as read.
        packets: u64 = NFTA_COUNTER_PACKETS(2),
    }
}
