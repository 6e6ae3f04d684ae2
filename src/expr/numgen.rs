//! `numgen`: number generator (`net/netfilter/nft_numgen.c`).

use super::{Register, expression};
use crate::wire::kernel_enum;

kernel_enum! {
    /// Where the numbers come from (`enum nft_ng_types`).
    pub enum NumgenKind: u32 {
        /// 0, 1, 2 … over all packets that reach the rule: iptables' `statistic --mode nth`.
        Incremental = 0 "inc",
        /// Random: iptables' `statistic --mode random`.
        Random = 1 "random",
    }
}

expression! {
    /// Puts the next number into a register, as `numgen inc mod 3` does.
    pub struct Numgen = "numgen" {
        /// Receives the number, in host byte order.
        dreg: Register = NFTA_NG_DREG(1),
        /// Exclusive upper bound, at least 1.
        modulus: u32 = NFTA_NG_MODULUS(2),
        /// Counting or random.
        kind: NumgenKind = NFTA_NG_TYPE(3),
        ;;
        /// Added to every number.
        offset: u32 = NFTA_NG_OFFSET(4),
    }
}
