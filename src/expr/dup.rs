//! `dup`: send a copy elsewhere (`net/netfilter/nft_dup_netdev.c`, `net/ipv4/netfilter/nft_dup_ipv4.c`).

use super::{Register, expression};

expression! {
    /// Sends a copy of the packet elsewhere; the rule goes on. In `ip` and `ip6` tables to an address, in
    /// `netdev` tables to an interface.
    pub struct Dup = "dup" {
        ;;
        /// Holds the address of the next hop.
        sreg_addr: Register = NFTA_DUP_SREG_ADDR(1),
        /// Holds the interface's index, in host byte order.
        sreg_dev: Register = NFTA_DUP_SREG_DEV(2),
    }
}

impl Dup {
    /// To the next hop whose address a register holds.
    pub fn to_address(sreg_addr: Register) -> Self {
        Self::new().sreg_addr(sreg_addr)
    }

    /// Out of the interface whose index a register holds.
    pub fn to_device(sreg_dev: Register) -> Self {
        Self::new().sreg_dev(sreg_dev)
    }
}
