//! `synproxy`: answer TCP's first packet in place of the server (`net/netfilter/nft_synproxy.c`).

use super::expression;
use crate::wire::flag_set;

flag_set! {
    /// Which TCP options the proxy offers (`NF_SYNPROXY_OPT_…` in `linux/netfilter/nf_synproxy.h`).
    pub struct SynproxyFlags: u32 {
        /// The maximum segment size.
        MSS = 0x01,
        /// The window scale.
        WSCALE = 0x02,
        /// Selective acknowledgements: nft's `sack-perm`.
        SACK_PERM = 0x04,
        /// Timestamps.
        TIMESTAMP = 0x08,
        /// Congestion notification. Internal to the kernel.
        ECN = 0x10,
    }
}

expression! {
    /// Answers TCP's first packet with a SYN cookie; only clients that return it reach the server.
    pub struct Synproxy = "synproxy" {
        ;;
        /// The maximum segment size that the server has.
        mss: u16 = NFTA_SYNPROXY_MSS(1),
        /// The window scale that the server has.
        wscale: u8 = NFTA_SYNPROXY_WSCALE(2),
        /// What is offered. Without [`SynproxyFlags::MSS`] and [`SynproxyFlags::WSCALE`] the numbers above are not said.
        flags: SynproxyFlags = NFTA_SYNPROXY_FLAGS(3),
    }
}
