//! `socket`: the local socket that a packet is for (`net/netfilter/nft_socket.c`).

use super::{Register, expression};
use crate::wire::kernel_enum;

kernel_enum! {
    /// What is read (`enum nft_socket_keys`). Numbers are in host byte order.
    pub enum SocketKey: u32 {
        /// Whether it has the option `IP_TRANSPARENT`. `u8`
        #[doc(alias = "NFT_SOCKET_TRANSPARENT")]
        Transparent = 0 "transparent",
        /// Its mark. `u32`
        #[doc(alias = "NFT_SOCKET_MARK")]
        Mark = 1 "mark",
        /// Whether it is bound to no address. `u8`
        #[doc(alias = "NFT_SOCKET_WILDCARD")]
        Wildcard = 2 "wildcard",
        /// The id of its control group (version 2), or of that group's ancestor. `u64`
        #[doc(alias = "NFT_SOCKET_CGROUPV2")]
        CgroupV2 = 3 "cgroupv2",
    }
}

expression! {
    /// Reads something of the socket into a register; breaks the rule if there is none.
    pub struct Socket = "socket" {
        /// What.
        key: SocketKey = NFTA_SOCKET_KEY(1),
        /// Written.
        dreg: Register = NFTA_SOCKET_DREG(2),
        ;;
        /// For [`SocketKey::CgroupV2`]: the ancestor's depth, 0 is the root; at most 255.
        level: u32 = NFTA_SOCKET_LEVEL(3),
    }
}
