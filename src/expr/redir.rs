//! `redir`: translate the destination to this machine (`net/netfilter/nft_redir.c`).

use super::{NatFlags, Register, expression};

expression! {
    /// Redirects: the destination becomes the incoming interface's address, or loopback in output.
    pub struct Redir = "redir" {
        ;;
        /// Holds the port, or the first of a range; the packet's own if absent.
        proto_min: Register = NFTA_REDIR_REG_PROTO_MIN(1),
        /// Holds the last port of a range.
        proto_max: Register = NFTA_REDIR_REG_PROTO_MAX(2),
        /// How to choose.
        flags: NatFlags = NFTA_REDIR_FLAGS(3),
    }
}
