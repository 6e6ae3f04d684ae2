//! `range`: compare a register with two constants (`net/netfilter/nft_range.c`).

use super::{Data, Register, expression};
use crate::wire::kernel_enum;

kernel_enum! {
    /// Inside or outside (`enum nft_range_ops`). Order is that of the bytes, so numbers must be in network order.
    pub enum RangeOp: u32 {
        /// Inside, both ends included.
        #[doc(alias = "NFT_RANGE_EQ")]
        Eq = 0 "eq",
        /// Outside.
        #[doc(alias = "NFT_RANGE_NEQ")]
        Neq = 1 "neq",
    }
}

expression! {
    /// The rule goes on if the register is inside, or outside, of the range.
    pub struct Range = "range" {
        /// Compared.
        sreg: Register = NFTA_RANGE_SREG(1),
        /// Inside or outside.
        op: RangeOp = NFTA_RANGE_OP(2),
        /// The first value inside.
        from: Data = NFTA_RANGE_FROM_DATA(3),
        /// The last value inside, as long as the first.
        to: Data = NFTA_RANGE_TO_DATA(4),
        ;;
    }
}

impl Range {
    /// From `from` to `to`, both included.
    pub fn inside(sreg: Register, from: Data, to: Data) -> Self {
        Self::new(sreg, RangeOp::Eq, from, to)
    }

    /// Less than `from` or greater than `to`.
    pub fn outside(sreg: Register, from: Data, to: Data) -> Self {
        Self::new(sreg, RangeOp::Neq, from, to)
    }
}
