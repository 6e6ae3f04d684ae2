//! `reject`: drop a packet and say so to its sender (`net/netfilter/nft_reject.c`).

use super::expression;
use crate::wire::kernel_enum;

kernel_enum! {
    /// What the sender gets (`enum nft_reject_types`).
    pub enum RejectKind: u32 {
        /// ICMP or ICMPv6 "destination unreachable" with a code of that protocol.
        #[doc(alias = "NFT_REJECT_ICMP_UNREACH")]
        Icmp = 0 "icmp",
        /// A TCP reset.
        #[doc(alias = "NFT_REJECT_TCP_RST")]
        TcpReset = 1 "tcp reset",
        /// "Destination unreachable" with a code that the kernel translates for either protocol. In `inet`,
        /// `bridge` and `netdev` tables.
        #[doc(alias = "NFT_REJECT_ICMPX_UNREACH")]
        Icmpx = 2 "icmpx",
    }
}

kernel_enum! {
    /// Why a destination is unreachable, for IPv4 and IPv6 alike (`enum nft_reject_inet_code`).
    pub enum IcmpxCode: u8 {
        /// No route.
        #[doc(alias = "NFT_REJECT_ICMPX_NO_ROUTE")]
        NoRoute = 0 "no-route",
        /// Nobody listens on the port.
        #[doc(alias = "NFT_REJECT_ICMPX_PORT_UNREACH")]
        PortUnreachable = 1 "port-unreachable",
        /// The host does not answer.
        #[doc(alias = "NFT_REJECT_ICMPX_HOST_UNREACH")]
        HostUnreachable = 2 "host-unreachable",
        /// Forbidden.
        #[doc(alias = "NFT_REJECT_ICMPX_ADMIN_PROHIBITED")]
        AdminProhibited = 3 "admin-prohibited",
    }
}

kernel_enum! {
    /// Why a destination is unreachable, in IPv4 (`ICMP_…` in `linux/icmp.h`).
    pub enum IcmpCode: u8 {
        /// The network.
        #[doc(alias = "ICMP_NET_UNREACH")]
        NetUnreachable = 0 "net-unreachable",
        /// The host.
        #[doc(alias = "ICMP_HOST_UNREACH")]
        HostUnreachable = 1 "host-unreachable",
        /// The protocol.
        #[doc(alias = "ICMP_PROT_UNREACH")]
        ProtUnreachable = 2 "prot-unreachable",
        /// The port.
        #[doc(alias = "ICMP_PORT_UNREACH")]
        PortUnreachable = 3 "port-unreachable",
        /// Packets must be smaller.
        #[doc(alias = "ICMP_FRAG_NEEDED")]
        FragNeeded = 4 "frag-needed",
        /// The network is forbidden.
        #[doc(alias = "ICMP_NET_ANO")]
        NetProhibited = 9 "net-prohibited",
        /// The host is forbidden.
        #[doc(alias = "ICMP_HOST_ANO")]
        HostProhibited = 10 "host-prohibited",
        /// Forbidden by an administrator.
        #[doc(alias = "ICMP_PKT_FILTERED")]
        AdminProhibited = 13 "admin-prohibited",
    }
}

kernel_enum! {
    /// Why a destination is unreachable, in IPv6 (`ICMPV6_…` in `linux/icmpv6.h`).
    pub enum Icmp6Code: u8 {
        /// No route.
        #[doc(alias = "ICMPV6_NOROUTE")]
        NoRoute = 0 "no-route",
        /// Forbidden by an administrator.
        #[doc(alias = "ICMPV6_ADM_PROHIBITED")]
        AdminProhibited = 1 "admin-prohibited",
        /// The address.
        #[doc(alias = "ICMPV6_ADDR_UNREACH")]
        AddrUnreachable = 3 "addr-unreachable",
        /// The port.
        #[doc(alias = "ICMPV6_PORT_UNREACH")]
        PortUnreachable = 4 "port-unreachable",
        /// The source address is against the policy.
        #[doc(alias = "ICMPV6_POLICY_FAIL")]
        PolicyFail = 5 "policy-fail",
        /// A reject route.
        #[doc(alias = "ICMPV6_REJECT_ROUTE")]
        RejectRoute = 6 "reject-route",
    }
}

expression! {
    /// Drops a packet and tells its sender.
    pub struct Reject = "reject" {
        /// What the sender gets.
        kind: RejectKind = NFTA_REJECT_TYPE(1),
        ;;
        /// The code inside, for all but [`RejectKind::TcpReset`].
        code: u8 = NFTA_REJECT_ICMP_CODE(2),
    }
}

impl Reject {
    /// A TCP reset. The rule must match TCP before.
    pub fn tcp_reset() -> Self {
        Self::new(RejectKind::TcpReset)
    }

    /// An ICMP or ICMPv6 error, whichever fits the packet.
    pub fn icmpx(code: IcmpxCode) -> Self {
        Self::new(RejectKind::Icmpx).code(code.number())
    }

    /// An ICMP error. The rule must match IPv4 before, unless the table is `ip`.
    pub fn icmp(code: IcmpCode) -> Self {
        Self::new(RejectKind::Icmp).code(code.number())
    }

    /// An ICMPv6 error. The rule must match IPv6 before, unless the table is `ip6`.
    pub fn icmp6(code: Icmp6Code) -> Self {
        Self::new(RejectKind::Icmp).code(code.number())
    }
}
