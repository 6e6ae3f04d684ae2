//! Address families.

use crate::wire::kernel_enum;

kernel_enum! {
    /// Which packets a table sees (`NFPROTO_…`, `include/uapi/linux/netfilter.h`).
    pub enum Family: u8 {
        /// IPv4 and IPv6.
        #[doc(alias = "NFPROTO_INET")]
        Inet = 1 "inet",
        /// IPv4.
        #[doc(alias = "NFPROTO_IPV4")]
        Ip = 2 "ip",
        /// ARP.
        #[doc(alias = "NFPROTO_ARP")]
        Arp = 3 "arp",
        /// Everything that arrives at or leaves a network device.
        #[doc(alias = "NFPROTO_NETDEV")]
        Netdev = 5 "netdev",
        /// Frames that cross a bridge.
        #[doc(alias = "NFPROTO_BRIDGE")]
        Bridge = 7 "bridge",
        /// IPv6.
        #[doc(alias = "NFPROTO_IPV6")]
        Ip6 = 10 "ip6",
    }
}

impl Family {
    /// Stands for every family where one is asked for (`NFPROTO_UNSPEC`).
    pub const UNSPECIFIED: Self = Self::Other(0);
}
