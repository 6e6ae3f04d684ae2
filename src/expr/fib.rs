//! `fib`: ask the routing table about an address of the packet (`net/netfilter/nft_fib.c`).

use super::{Data, Register, expression};
use crate::wire::{flag_set, kernel_enum};

kernel_enum! {
    /// What the answer is (`enum nft_fib_result`).
    pub enum FibResult: u32 {
        /// The interface's index; 0 without a route. `u32`, host byte order
        #[doc(alias = "NFT_FIB_RESULT_OIF")]
        Oif = 1 "oif",
        /// The interface's name; empty without a route. 16 bytes
        #[doc(alias = "NFT_FIB_RESULT_OIFNAME")]
        OifName = 2 "oifname",
        /// The kind of address, an [`AddressType`]. `u32`, host byte order
        #[doc(alias = "NFT_FIB_RESULT_ADDRTYPE")]
        AddrType = 3 "type",
    }
}

flag_set! {
    /// What the question is (`enum nft_fib_flags`). nft's words are these names in lower case.
    pub struct FibFlags: u32 {
        /// About the source address.
        #[doc(alias = "NFTA_FIB_F_SADDR")]
        SADDR = 1 << 0,
        /// About the destination address.
        #[doc(alias = "NFTA_FIB_F_DADDR")]
        DADDR = 1 << 1,
        /// With the packet's mark.
        #[doc(alias = "NFTA_FIB_F_MARK")]
        MARK = 1 << 2,
        /// Only through the input interface.
        #[doc(alias = "NFTA_FIB_F_IIF")]
        IIF = 1 << 3,
        /// Only through the output interface.
        #[doc(alias = "NFTA_FIB_F_OIF")]
        OIF = 1 << 4,
        /// Whether there is a route at all: the answer is 1 or 0, in the first byte since kernel 6.6, before
        /// that a `u32` in host byte order (the same on little-endian machines; nft compares four bytes).
        #[doc(alias = "NFTA_FIB_F_PRESENT")]
        PRESENT = 1 << 5,
    }
}

kernel_enum! {
    /// Kinds of address in a routing table (`RTN_…` in `linux/rtnetlink.h`).
    pub enum AddressType: u32 {
        /// Unknown to the routing table.
        #[doc(alias = "RTN_UNSPEC")]
        Unspecified = 0 "unspec",
        /// A gateway or a direct route.
        #[doc(alias = "RTN_UNICAST")]
        Unicast = 1 "unicast",
        /// This machine's own.
        #[doc(alias = "RTN_LOCAL")]
        Local = 2 "local",
        /// Broadcast.
        #[doc(alias = "RTN_BROADCAST")]
        Broadcast = 3 "broadcast",
        /// Broadcast that is answered as unicast.
        #[doc(alias = "RTN_ANYCAST")]
        Anycast = 4 "anycast",
        /// Multicast.
        #[doc(alias = "RTN_MULTICAST")]
        Multicast = 5 "multicast",
        /// Dropped.
        #[doc(alias = "RTN_BLACKHOLE")]
        Blackhole = 6 "blackhole",
        /// Unreachable.
        #[doc(alias = "RTN_UNREACHABLE")]
        Unreachable = 7 "unreachable",
        /// Forbidden.
        #[doc(alias = "RTN_PROHIBIT")]
        Prohibit = 8 "prohibit",
        /// To be looked for in another table.
        #[doc(alias = "RTN_THROW")]
        Throw = 9 "throw",
        /// Translated.
        #[doc(alias = "RTN_NAT")]
        Nat = 10 "nat",
        /// Resolved by a program.
        #[doc(alias = "RTN_XRESOLVE")]
        Xresolve = 11 "xresolve",
    }
}

/// As the register holds it after [`FibResult::AddrType`].
impl From<AddressType> for Data {
    fn from(kind: AddressType) -> Self {
        Self::host_u32(kind.number())
    }
}

expression! {
    /// Puts the routing table's answer into a register.
    pub struct Fib = "fib" {
        /// Written.
        dreg: Register = NFTA_FIB_DREG(1),
        /// What the answer is.
        result: FibResult = NFTA_FIB_RESULT(2),
        /// What the question is: [`FibFlags::SADDR`] or [`FibFlags::DADDR`], and more.
        flags: FibFlags = NFTA_FIB_FLAGS(3),
        ;;
    }
}
