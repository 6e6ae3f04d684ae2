//! `nat`: translate source or destination of a connection (`net/netfilter/nft_nat.c`).

use super::{Register, expression};
use crate::wire::{flag_set, kernel_enum};

kernel_enum! {
    /// Which end is translated (`enum nft_nat_types`).
    pub enum NatKind: u32 {
        /// The source: in postrouting or input.
        #[doc(alias = "NFT_NAT_SNAT")]
        Source = 0 "snat",
        /// The destination: in prerouting or output.
        #[doc(alias = "NFT_NAT_DNAT")]
        Destination = 1 "dnat",
    }
}

kernel_enum! {
    /// The protocol of an address in a register (`NFPROTO_…`, as an attribute of 32 bits).
    pub enum AddressFamily: u32 {
        /// Whichever the packet has.
        #[doc(alias = "NFPROTO_UNSPEC")]
        Unspecified = 0 "unspec",
        /// IPv4 and IPv6.
        #[doc(alias = "NFPROTO_INET")]
        Inet = 1 "inet",
        /// IPv4.
        #[doc(alias = "NFPROTO_IPV4")]
        Ipv4 = 2 "ip",
        /// IPv6.
        #[doc(alias = "NFPROTO_IPV6")]
        Ipv6 = 10 "ip6",
    }
}

flag_set! {
    /// How a translation chooses (`NF_NAT_RANGE_…` in `linux/netfilter/nf_nat.h`). The kernel sets the first two
    /// by itself where registers are given.
    pub struct NatFlags: u32 {
        /// Addresses are given.
        MAP_IPS = 1 << 0,
        /// Ports are given.
        PROTO_SPECIFIED = 1 << 1,
        /// Random ports: nft's `random`.
        PROTO_RANDOM = 1 << 2,
        /// The same address for a client's every connection: nft's `persistent`.
        PERSISTENT = 1 << 3,
        /// Ports of a better random source: nft's `fully-random`.
        PROTO_RANDOM_FULLY = 1 << 4,
        /// Ports are shifted by an offset. Only used by iptables.
        PROTO_OFFSET = 1 << 5,
        /// The host part of an address is kept, the network part replaced: nft's `prefix`.
        NETMAP = 1 << 6,
    }
}

expression! {
    /// Translates a connection's source or destination to what registers hold.
    pub struct Nat = "nat" {
        /// Which end.
        kind: NatKind = NFTA_NAT_TYPE(1),
        /// The protocol of the addresses.
        family: AddressFamily = NFTA_NAT_FAMILY(2),
        ;;
        /// Holds the address, or the first of a range.
        addr_min: Register = NFTA_NAT_REG_ADDR_MIN(3),
        /// Holds the last address of a range.
        addr_max: Register = NFTA_NAT_REG_ADDR_MAX(4),
        /// Holds the port, or the first of a range.
        proto_min: Register = NFTA_NAT_REG_PROTO_MIN(5),
        /// Holds the last port of a range.
        proto_max: Register = NFTA_NAT_REG_PROTO_MAX(6),
        /// How to choose.
        flags: NatFlags = NFTA_NAT_FLAGS(7),
    }
}

impl Nat {
    /// Translates the source.
    pub fn source(family: AddressFamily) -> Self {
        Self::new(NatKind::Source, family)
    }

    /// Translates the destination.
    pub fn destination(family: AddressFamily) -> Self {
        Self::new(NatKind::Destination, family)
    }
}
