//! nft's types: what a set's key is called so that `nft list` prints it, and how registers hold it.

/// The order of a number's bytes in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// As in the packet.
    Network,
    /// The machine's: what the kernel computed.
    Host,
    /// Text: compared byte by byte as it stands, though nft calls it the host's.
    Text,
}

/// One of nft's types (`enum datatypes` in nft's `include/datatype.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Datatype {
    /// nft's number.
    pub(crate) number: u32,
    /// Bytes in a register.
    pub(crate) len: u32,
    /// The order of the bytes.
    pub(crate) order: Order,
}

impl Datatype {
    pub(crate) const fn network(number: u32, len: u32) -> Self {
        Self { number, len, order: Order::Network }
    }

    pub(crate) const fn host(number: u32, len: u32) -> Self {
        Self { number, len, order: Order::Host }
    }

    pub(crate) const INTEGER: u32 = 4;

    pub(crate) const HELPER: Self = Self { number: 5, len: 16, order: Order::Text };
    pub(crate) const IPV4_ADDR: Self = Self::network(7, 4);
    pub(crate) const IPV6_ADDR: Self = Self::network(8, 16);
    pub(crate) const ETHER_ADDR: Self = Self::network(9, 6);
    pub(crate) const ETHER_TYPE: u32 = 10;
    pub(crate) const INET_PROTOCOL: Self = Self::network(12, 1);
    pub(crate) const INET_SERVICE: Self = Self::network(13, 2);
    pub(crate) const ICMP_TYPE: Self = Self::network(14, 1);
    pub(crate) const TCP_FLAG: Self = Self::network(15, 1);
    pub(crate) const TIME: Self = Self::host(18, 4);
    pub(crate) const MARK: Self = Self::host(19, 4);
    pub(crate) const IFINDEX: Self = Self::host(20, 4);
    pub(crate) const UID: Self = Self::host(24, 4);
    pub(crate) const GID: Self = Self::host(25, 4);
    pub(crate) const CT_DIR: Self = Self::network(27, 1);
    pub(crate) const ICMPV6_TYPE: Self = Self::network(29, 1);
    pub(crate) const PKT_TYPE: Self = Self::network(31, 1);
    pub(crate) const ICMP_CODE: Self = Self::network(32, 1);
    pub(crate) const ICMPV6_CODE: Self = Self::network(33, 1);
    pub(crate) const DSCP: Self = Self::network(36, 1);
    pub(crate) const ECN: Self = Self::network(37, 1);
    pub(crate) const FIB_ADDRTYPE: Self = Self::host(38, 4);
    pub(crate) const IFNAME: Self = Self { number: 41, len: 16, order: Order::Text };
    pub(crate) const TIME_DATE: Self = Self::host(43, 8);
    pub(crate) const TIME_HOUR: Self = Self::host(44, 4);
    pub(crate) const TIME_DAY: Self = Self::network(45, 1);
    pub(crate) const CGROUPV2: Self = Self::host(46, 8);
}
