//! `byteorder`: swap bytes between network and host order (`net/netfilter/nft_byteorder.c`).

use super::{Register, expression};
use crate::wire::kernel_enum;

kernel_enum! {
    /// Which way (`enum nft_byteorder_ops`).
    pub enum ByteorderOp: u32 {
        /// From network to host order.
        #[doc(alias = "NFT_BYTEORDER_NTOH")]
        Ntoh = 0 "ntoh",
        /// From host to network order.
        #[doc(alias = "NFT_BYTEORDER_HTON")]
        Hton = 1 "hton",
    }
}

expression! {
    /// Changes the byte order of a run of numbers.
    pub struct Byteorder = "byteorder" {
        /// Read.
        sreg: Register = NFTA_BYTEORDER_SREG(1),
        /// Written.
        dreg: Register = NFTA_BYTEORDER_DREG(2),
        /// Which way.
        op: ByteorderOp = NFTA_BYTEORDER_OP(3),
        /// How many bytes in all.
        len: u32 = NFTA_BYTEORDER_LEN(4),
        /// How many bytes each number has: 2, 4 or 8.
        size: u32 = NFTA_BYTEORDER_SIZE(5),
        ;;
    }
}

impl Byteorder {
    /// One number of `size` bytes to host order, in place.
    pub fn ntoh(register: Register, size: u32) -> Self {
        Self::new(register, register, ByteorderOp::Ntoh, size, size)
    }

    /// One number of `size` bytes to network order, in place: before a comparison with less and greater.
    pub fn hton(register: Register, size: u32) -> Self {
        Self::new(register, register, ByteorderOp::Hton, size, size)
    }
}
