//! `rt`: the packet's route (`net/netfilter/nft_rt.c`).

use super::{Register, expression};
use crate::wire::kernel_enum;

kernel_enum! {
    /// What is read (`enum nft_rt_keys`). Numbers are in host byte order unless said otherwise.
    pub enum RtKey: u32 {
        /// The realm. `u32`
        #[doc(alias = "NFT_RT_CLASSID")]
        ClassId = 0 "classid",
        /// The next hop in IPv4. 4 bytes, network byte order
        #[doc(alias = "NFT_RT_NEXTHOP4")]
        NextHop4 = 1 "ip nexthop",
        /// The next hop in IPv6. 16 bytes, network byte order
        #[doc(alias = "NFT_RT_NEXTHOP6")]
        NextHop6 = 2 "ip6 nexthop",
        /// TCP's maximum segment size on the path. `u16`
        #[doc(alias = "NFT_RT_TCPMSS")]
        TcpMss = 3 "mtu",
        /// Whether IPsec will transform the packet. `u8`
        #[doc(alias = "NFT_RT_XFRM")]
        Xfrm = 4 "ipsec",
    }
}

expression! {
    /// Reads something of the packet's route into a register; breaks the rule if there is none.
    pub struct Rt = "rt" {
        /// What.
        key: RtKey = NFTA_RT_KEY(2),
        /// Written.
        dreg: Register = NFTA_RT_DREG(1),
        ;;
    }
}
