//! `limit`: a token bucket (`net/netfilter/nft_limit.c`).

use super::expression;
use crate::wire::{flag_set, kernel_enum};

kernel_enum! {
    /// The time that a rate refers to, in seconds.
    pub enum LimitUnit: u64 {
        /// A second.
        Second = 1 "second",
        /// A minute.
        Minute = 60 "minute",
        /// An hour.
        Hour = 3_600 "hour",
        /// A day.
        Day = 86_400 "day",
        /// A week.
        Week = 604_800 "week",
    }
}

kernel_enum! {
    /// What is counted (`enum nft_limit_type`).
    pub enum LimitKind: u32 {
        /// Packets.
        #[doc(alias = "NFT_LIMIT_PKTS")]
        Packets = 0 "packets",
        /// Bytes.
        #[doc(alias = "NFT_LIMIT_PKT_BYTES")]
        Bytes = 1 "bytes",
    }
}

flag_set! {
    /// `enum nft_limit_flags`
    pub struct LimitFlags: u32 {
        /// The rule goes on *above* the rate: nft's `limit rate over`.
        INV = 1,
    }
}

expression! {
    /// The rule goes on as long as it is reached no more often than this.
    pub struct Limit = "limit" {
        /// How many packets or bytes, at least 1 …
        rate: u64 = NFTA_LIMIT_RATE(1),
        /// … in how much time.
        unit: LimitUnit = NFTA_LIMIT_UNIT(2),
        ;;
        /// What may come at once beyond the rate; if absent, 5 packets or no bytes.
        burst: u32 = NFTA_LIMIT_BURST(3),
        /// What is counted; packets if absent.
        kind: LimitKind = NFTA_LIMIT_TYPE(4),
        /// Negation.
        flags: LimitFlags = NFTA_LIMIT_FLAGS(5),
    }
}

impl Limit {
    /// So many packets in a unit of time.
    pub fn packets(rate: u64, unit: LimitUnit) -> Self {
        Self::new(rate, unit).kind(LimitKind::Packets)
    }

    /// So many bytes in a unit of time.
    pub fn bytes(rate: u64, unit: LimitUnit) -> Self {
        Self::new(rate, unit).kind(LimitKind::Bytes)
    }

    /// The rule goes on above the rate, not below.
    #[must_use]
    pub fn over(self) -> Self {
        let flags = self.flags.unwrap_or(LimitFlags::empty()) | LimitFlags::INV;
        self.flags(flags)
    }
}
