//! `xfrm`: the IPsec state of a packet (`net/netfilter/nft_xfrm.c`).

use super::{Register, expression};
use crate::wire::kernel_enum;

kernel_enum! {
    /// What is read (`enum nft_xfrm_keys`).
    pub enum XfrmKey: u32 {
        /// The tunnel's IPv4 destination. 4 bytes, network byte order
        #[doc(alias = "NFT_XFRM_KEY_DADDR_IP4")]
        DaddrIp4 = 1 "ip daddr",
        /// The tunnel's IPv6 destination. 16 bytes, network byte order
        #[doc(alias = "NFT_XFRM_KEY_DADDR_IP6")]
        DaddrIp6 = 2 "ip6 daddr",
        /// The tunnel's IPv4 source. 4 bytes, network byte order
        #[doc(alias = "NFT_XFRM_KEY_SADDR_IP4")]
        SaddrIp4 = 3 "ip saddr",
        /// The tunnel's IPv6 source. 16 bytes, network byte order
        #[doc(alias = "NFT_XFRM_KEY_SADDR_IP6")]
        SaddrIp6 = 4 "ip6 saddr",
        /// The request id. `u32`, host byte order
        #[doc(alias = "NFT_XFRM_KEY_REQID")]
        ReqId = 5 "reqid",
        /// The security parameter index. `u32`, network byte order
        #[doc(alias = "NFT_XFRM_KEY_SPI")]
        Spi = 6 "spi",
    }
}

kernel_enum! {
    /// Which transformation (`XFRM_POLICY_…`).
    pub enum XfrmDirection: u8 {
        /// That which the packet has gone through.
        #[doc(alias = "XFRM_POLICY_IN")]
        In = 0 "in",
        /// That which it will go through.
        #[doc(alias = "XFRM_POLICY_OUT")]
        Out = 1 "out",
    }
}

expression! {
    /// Reads something of a packet's IPsec state into a register; breaks the rule if there is none.
    pub struct Xfrm = "xfrm" {
        /// Written.
        dreg: Register = NFTA_XFRM_DREG(1),
        /// What.
        key: XfrmKey = NFTA_XFRM_KEY(2),
        /// Which transformation.
        direction: XfrmDirection = NFTA_XFRM_DIR(3),
        ;;
        /// Which of several transformations, 0 is the first; at most 5.
        spnum: u32 = NFTA_XFRM_SPNUM(4),
    }
}
