//! `masq`: translate the source to the outgoing interface's address (`net/netfilter/nft_masq.c`).

use super::{NatFlags, Register, expression};

expression! {
    /// Masquerades: the source becomes whatever address the outgoing interface has.
    pub struct Masq = "masq" {
        ;;
        /// How to choose the port.
        flags: NatFlags = NFTA_MASQ_FLAGS(1),
        /// Holds the source port, or the first of a range.
        proto_min: Register = NFTA_MASQ_REG_PROTO_MIN(2),
        /// Holds the last source port of a range.
        proto_max: Register = NFTA_MASQ_REG_PROTO_MAX(3),
    }
}
