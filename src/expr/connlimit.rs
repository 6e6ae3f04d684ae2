//! `connlimit`: so many connections at a time (`net/netfilter/nft_connlimit.c`).

use super::expression;
use crate::wire::flag_set;

flag_set! {
    /// `enum nft_connlimit_flags`
    pub struct ConnlimitFlags: u32 {
        /// The rule goes on *above* the count: nft's `ct count over`.
        INV = 1,
    }
}

expression! {
    /// The rule goes on as long as no more connections than this came so far and still exist. In a set's
    /// element, the count is the element's own.
    pub struct Connlimit = "connlimit" {
        /// How many.
        count: u32 = NFTA_CONNLIMIT_COUNT(1),
        ;;
        /// Negation.
        flags: ConnlimitFlags = NFTA_CONNLIMIT_FLAGS(2),
    }
}

impl Connlimit {
    /// The rule goes on while there are at most `count`.
    pub fn until(count: u32) -> Self {
        Self::new(count)
    }

    /// The rule goes on while there are more than `count`.
    pub fn over(count: u32) -> Self {
        Self::new(count).flags(ConnlimitFlags::INV)
    }
}
