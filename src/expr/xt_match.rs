//! `match`: a match of iptables in an nftables rule (`net/netfilter/nft_compat.c`).

use super::expression;

expression! {
    /// Calls a match of xtables. The rule's compat attributes (`NFTA_RULE_COMPAT`) must name the protocol.
    pub struct XtMatch = "match" {
        /// Its name, as in `iptables -m`; at most 31 bytes.
        name: String = NFTA_MATCH_NAME(1),
        /// The revision of its structure.
        revision: u32 = NFTA_MATCH_REV(2),
        /// Its structure in C, padded to 8 bytes; laid out as on the machine that the kernel runs on.
        #[cfg_attr(feature = "serde", serde(with = "crate::json::hex"))]
        info: Vec<u8> = NFTA_MATCH_INFO(3),
        ;;
    }
}
