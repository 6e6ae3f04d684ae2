//! `hash`: a hash of a register or of the packet's addresses (`net/netfilter/nft_hash.c`).

use super::{Register, expression};
use crate::wire::kernel_enum;

kernel_enum! {
    /// What is hashed (`enum nft_hash_types`).
    pub enum HashKind: u32 {
        /// A register's content, by Jenkins' hash.
        #[doc(alias = "NFT_HASH_JENKINS")]
        Jenkins = 0 "jhash",
        /// The packet's addresses and ports, the same in both directions.
        #[doc(alias = "NFT_HASH_SYM")]
        Symmetric = 1 "symhash",
    }
}

expression! {
    /// Puts a hash into a register, as `jhash ip saddr mod 2` does.
    pub struct Hash = "hash" {
        /// Receives the hash, in host byte order.
        dreg: Register = NFTA_HASH_DREG(2),
        /// Exclusive upper bound, at least 1.
        modulus: u32 = NFTA_HASH_MODULUS(4),
        ;;
        /// For [`HashKind::Jenkins`]: what is hashed …
        sreg: Register = NFTA_HASH_SREG(1),
        /// … and how many bytes of it.
        len: u32 = NFTA_HASH_LEN(3),
        /// For [`HashKind::Jenkins`]: where the hash starts; random if absent.
        seed: u32 = NFTA_HASH_SEED(5),
        /// Added to every hash.
        offset: u32 = NFTA_HASH_OFFSET(6),
        /// What is hashed; [`HashKind::Jenkins`] if absent.
        kind: HashKind = NFTA_HASH_TYPE(7),
    }
}

impl Hash {
    /// Hashes `len` bytes of a register.
    pub fn jenkins(sreg: Register, len: u32, dreg: Register, modulus: u32) -> Self {
        Self::new(dreg, modulus).sreg(sreg).len(len).kind(HashKind::Jenkins)
    }

    /// Hashes the packet's addresses and ports.
    pub fn symmetric(dreg: Register, modulus: u32) -> Self {
        Self::new(dreg, modulus).kind(HashKind::Symmetric)
    }
}
