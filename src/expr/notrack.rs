//! `notrack`: no connection tracking for this packet (`net/netfilter/nft_ct.c`).

use super::expression;

expression! {
    /// Excludes the packet from connection tracking; before tracking only (priority below -200).
    pub struct Notrack = "notrack" {
        ;;
    }
}
