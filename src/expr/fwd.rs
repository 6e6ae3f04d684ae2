//! `fwd`: send the packet out of another interface at once (`net/netfilter/nft_fwd_netdev.c`).

use super::{AddressFamily, Register, expression};

expression! {
    /// Sends the packet out of another interface, past everything else. In `netdev` tables.
    pub struct Fwd = "fwd" {
        /// Holds the interface's index, in host byte order.
        sreg_dev: Register = NFTA_FWD_SREG_DEV(1),
        ;;
        /// Holds the address of a neighbour there; the hardware address is replaced by its own.
        sreg_addr: Register = NFTA_FWD_SREG_ADDR(2),
        /// The protocol of that address.
        family: AddressFamily = NFTA_FWD_NFPROTO(3),
    }
}

impl Fwd {
    /// Out of the interface whose index a register holds.
    pub fn to_device(sreg_dev: Register) -> Self {
        Self::new(sreg_dev)
    }

    /// To the neighbour whose address a register holds.
    pub fn to_neighbour(sreg_dev: Register, sreg_addr: Register, family: AddressFamily) -> Self {
        Self::new(sreg_dev).sreg_addr(sreg_addr).family(family)
    }
}
