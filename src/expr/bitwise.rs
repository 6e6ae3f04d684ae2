//! `bitwise`: boolean operations and shifts (`net/netfilter/nft_bitwise.c`).

use super::{Data, Register, expression};
use crate::wire::kernel_enum;

kernel_enum! {
    /// What is done (`enum nft_bitwise_ops`).
    pub enum BitwiseOp: u32 {
        /// `(sreg & mask) ^ xor`: every combination of and, or, xor with constants.
        MaskXor = 0 "mask-xor",
        /// Shift left by a constant; the register is host-order 32-bit words.
        Lshift = 1 "<<",
        /// Shift right by a constant.
        Rshift = 2 ">>",
        /// And with another register. Kernel 6.13.
        And = 3 "&",
        /// Or with another register. Kernel 6.13.
        Or = 4 "|",
        /// Exclusive or with another register. Kernel 6.13.
        Xor = 5 "^",
    }
}

expression! {
    /// Computes on register contents.
    pub struct Bitwise = "bitwise" {
        /// Read.
        sreg: Register = NFTA_BITWISE_SREG(1),
        /// Written.
        dreg: Register = NFTA_BITWISE_DREG(2),
        /// How many bytes.
        len: u32 = NFTA_BITWISE_LEN(3),
        ;;
        /// What is done; [`BitwiseOp::MaskXor`] if absent.
        op: BitwiseOp = NFTA_BITWISE_OP(6),
        /// For [`BitwiseOp::MaskXor`]: what is kept.
        mask: Data = NFTA_BITWISE_MASK(4),
        /// For [`BitwiseOp::MaskXor`]: what is flipped afterwards.
        xor: Data = NFTA_BITWISE_XOR(5),
        /// For shifts: by how many bits, a host-order number.
        data: Data = NFTA_BITWISE_DATA(7),
        /// The second operand of [`BitwiseOp::And`] and its like.
        sreg2: Register = NFTA_BITWISE_SREG2(8),
    }
}

impl Bitwise {
    /// `(register & mask) ^ xor`, in place.
    pub fn mask_xor(register: Register, mask: Data, xor: Data) -> Self {
        // A register has 64 bytes.
        let len = u32::try_from(mask.len()).unwrap_or(u32::MAX);
        Self::new(register, register, len).op(BitwiseOp::MaskXor).mask(mask).xor(xor)
    }

    /// `register & mask`, in place.
    pub fn and(register: Register, mask: Data) -> Self {
        let zero = Data::zero(mask.len());
        Self::mask_xor(register, mask, zero)
    }
}
