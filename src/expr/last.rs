//! `last`: when was a rule reached the last time (`net/netfilter/nft_last.c`).

use super::expression;

expression! {
    /// Remembers when a packet came so far in the rule. Kernel 5.14.
    pub struct Last = "last" {
        ;;
        /// Whether any packet came: 0 or 1.
        set: u32 = NFTA_LAST_SET(1),
        /// How many milliseconds ago the last one came.
        msecs: u64 = NFTA_LAST_MSECS(2),
    }
}
