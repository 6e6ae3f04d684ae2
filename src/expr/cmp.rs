//! `cmp`: compare a register with a constant (`net/netfilter/nft_cmp.c`).

use super::{Data, Register, expression};
use crate::wire::kernel_enum;

kernel_enum! {
    /// How to compare (`enum nft_cmp_ops`). Order is that of the bytes, so numbers must be in network order.
    pub enum CmpOp: u32 {
        /// Equal.
        Eq = 0 "eq",
        /// Not equal.
        Neq = 1 "neq",
        /// Less than.
        Lt = 2 "lt",
        /// Less than or equal.
        Lte = 3 "lte",
        /// Greater than.
        Gt = 4 "gt",
        /// Greater than or equal.
        Gte = 5 "gte",
    }
}

expression! {
    /// The rule goes on if the register compares so with the data.
    pub struct Cmp = "cmp" {
        /// Compared.
        sreg: Register = NFTA_CMP_SREG(1),
        /// How.
        op: CmpOp = NFTA_CMP_OP(2),
        /// With what; only so many bytes of the register count.
        data: Data = NFTA_CMP_DATA(3),
        ;;
    }
}

impl CmpOp {
    /// Equal; not equal, if the match is negated.
    pub(crate) const fn equality(negated: bool) -> Self {
        if negated { Self::Neq } else { Self::Eq }
    }
}

impl Cmp {
    /// Equal.
    pub fn eq(sreg: Register, data: Data) -> Self {
        Self::new(sreg, CmpOp::Eq, data)
    }

    /// Not equal.
    pub fn neq(sreg: Register, data: Data) -> Self {
        Self::new(sreg, CmpOp::Neq, data)
    }
}
