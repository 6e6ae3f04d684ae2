//! The parts of the kernel that netlink talks to.

/// A part of the kernel, `include/uapi/linux/netlink.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Bus {
    /// Links, addresses, routes: `NETLINK_ROUTE`.
    Route,
    /// Packet filtering and connection tracking: `NETLINK_NETFILTER`.
    Netfilter,
}
