//! `tunnel`: metadata that a tunnel interface left with the packet (`net/netfilter/nft_tunnel.c`).

use super::{Register, expression};
use crate::wire::kernel_enum;

kernel_enum! {
    /// What is read (`enum nft_tunnel_keys`). Numbers are in host byte order.
    pub enum TunnelKey: u32 {
        /// Whether there is any. `u8`
        #[doc(alias = "NFT_TUNNEL_PATH")]
        Path = 0 "path",
        /// The tunnel's id (VNI, key). `u32`
        #[doc(alias = "NFT_TUNNEL_ID")]
        Id = 1 "id",
    }
}

kernel_enum! {
    /// Which metadata counts (`enum nft_tunnel_mode`).
    pub enum TunnelMode: u32 {
        /// Any.
        #[doc(alias = "NFT_TUNNEL_MODE_NONE")]
        Any = 0 "none",
        /// That of packets received.
        #[doc(alias = "NFT_TUNNEL_MODE_RX")]
        Rx = 1 "rx",
        /// That of packets to be sent.
        #[doc(alias = "NFT_TUNNEL_MODE_TX")]
        Tx = 2 "tx",
    }
}

expression! {
    /// Reads a tunnel's metadata into a register.
    pub struct Tunnel = "tunnel" {
        /// What.
        key: TunnelKey = NFTA_TUNNEL_KEY(1),
        /// Written.
        dreg: Register = NFTA_TUNNEL_DREG(2),
        ;;
        /// Which metadata counts; any if absent.
        mode: TunnelMode = NFTA_TUNNEL_MODE(3),
    }
}
