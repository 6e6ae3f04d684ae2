//! `target`: a target of iptables in an nftables rule (`net/netfilter/nft_compat.c`).

use super::expression;

expression! {
    /// Calls a target of xtables. The rule's compat attributes (`NFTA_RULE_COMPAT`) must name the protocol.
    pub struct XtTarget = "target" {
        /// Its name, as in `iptables -j`; at most 31 bytes.
        name: String = NFTA_TARGET_NAME(1),
        /// The revision of its structure.
        revision: u32 = NFTA_TARGET_REV(2),
        /// Its structure in C, padded to 8 bytes; laid out as on the machine that the kernel runs on.
        #[cfg_attr(feature = "serde", serde(with = "crate::json::hex"))]
        info: Vec<u8> = NFTA_TARGET_INFO(3),
        ;;
    }
}
