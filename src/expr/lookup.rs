//! `lookup`: is a key in a set, and what does a map give for it (`net/netfilter/nft_lookup.c`).

use super::{Register, expression};
use crate::wire::flag_set;

flag_set! {
    /// `enum nft_lookup_flags`
    pub struct LookupFlags: u32 {
        /// The rule goes on if the key is *not* in the set.
        INV = 1,
    }
}

expression! {
    /// Looks a register's content up in a set.
    pub struct Lookup = "lookup" {
        /// The set's name. An anonymous set of the same transaction is found by [`Lookup::set_id`].
        set: String = NFTA_LOOKUP_SET(1),
        /// The key.
        sreg: Register = NFTA_LOOKUP_SREG(2),
        ;;
        /// Receives what a map holds for the key; [`Register::VERDICT`] for a verdict map.
        dreg: Register = NFTA_LOOKUP_DREG(3),
        /// The set's number within its transaction (`NFTA_SET_ID`).
        set_id: u32 = NFTA_LOOKUP_SET_ID(4),
        /// Negation.
        flags: LookupFlags = NFTA_LOOKUP_FLAGS(5),
    }
}
