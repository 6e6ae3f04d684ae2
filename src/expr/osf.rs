//! `osf`: guess the sender's operating system (`net/netfilter/nft_osf.c`).

use super::{Register, expression};
use crate::wire::{flag_set, kernel_enum};

kernel_enum! {
    /// How the packet's TTL is compared with the fingerprint's (`NF_OSF_TTL_…` in `linux/netfilter/nfnetlink_osf.h`).
    pub enum OsfTtl: u8 {
        /// Equal: senders in the local network.
        #[doc(alias = "NF_OSF_TTL_TRUE")]
        Exact = 0 "exact",
        /// Less or equal: senders anywhere.
        #[doc(alias = "NF_OSF_TTL_LESS")]
        Loose = 1 "loose",
        /// Not at all.
        #[doc(alias = "NF_OSF_TTL_NOCHECK")]
        Skip = 2 "skip",
    }
}

flag_set! {
    /// `enum nft_osf_flags`
    pub struct OsfFlags: u32 {
        /// With the system's version, as in `Linux:3.0`. The kernel refuses the attribute without this flag.
        VERSION = 1,
    }
}

expression! {
    /// Puts the name of the sender's operating system into a register, from TCP's first packet.
    pub struct Osf = "osf" {
        /// Receives the name, 16 bytes, filled with NUL.
        dreg: Register = NFTA_OSF_DREG(1),
        ;;
        /// How to compare the TTL; exactly if absent.
        ttl: OsfTtl = NFTA_OSF_TTL(2),
        /// Whether the version is wanted.
        flags: OsfFlags = NFTA_OSF_FLAGS(3),
    }
}
