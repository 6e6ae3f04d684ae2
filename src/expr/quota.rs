//! `quota`: so many bytes and no more (`net/netfilter/nft_quota.c`).

use super::expression;
use crate::wire::flag_set;

flag_set! {
    /// `enum nft_quota_flags`
    pub struct QuotaFlags: u32 {
        /// The rule goes on once the quota is used up: nft's `quota over`.
        INV = 1 << 0,
        /// The quota is used up. Only reported; the kernel refuses it.
        DEPLETED = 1 << 1,
    }
}

expression! {
    /// The rule goes on until so many bytes have passed.
    pub struct Quota = "quota" {
        /// How many.
        bytes: u64 = NFTA_QUOTA_BYTES(1),
        ;;
        /// How many have passed already.
        consumed: u64 = NFTA_QUOTA_CONSUMED(4),
        /// Negation, state.
        flags: QuotaFlags = NFTA_QUOTA_FLAGS(2),
    }
}

impl Quota {
    /// The rule goes on until `bytes` have passed.
    pub fn until(bytes: u64) -> Self {
        Self::new(bytes)
    }

    /// The rule goes on after `bytes` have passed.
    pub fn over(bytes: u64) -> Self {
        Self::new(bytes).flags(QuotaFlags::INV)
    }
}
