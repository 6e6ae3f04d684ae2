//! `log`: report a packet to the kernel's log, to a program, or to audit (`net/netfilter/nft_log.c`).

use super::expression;
use crate::wire::{flag_set, kernel_enum};

kernel_enum! {
    /// How serious (`enum nft_log_level`).
    pub enum LogLevel: u32 {
        /// The system cannot be used.
        #[doc(alias = "NFT_LOGLEVEL_EMERG")]
        Emergency = 0 "emerg",
        /// Something must be done at once.
        #[doc(alias = "NFT_LOGLEVEL_ALERT")]
        Alert = 1 "alert",
        /// Critical.
        #[doc(alias = "NFT_LOGLEVEL_CRIT")]
        Critical = 2 "crit",
        /// An error.
        #[doc(alias = "NFT_LOGLEVEL_ERR")]
        Error = 3 "err",
        /// A warning: what the kernel takes if none is given.
        #[doc(alias = "NFT_LOGLEVEL_WARNING")]
        Warning = 4 "warn",
        /// Normal but significant.
        #[doc(alias = "NFT_LOGLEVEL_NOTICE")]
        Notice = 5 "notice",
        /// For information.
        #[doc(alias = "NFT_LOGLEVEL_INFO")]
        Info = 6 "info",
        /// For debugging.
        #[doc(alias = "NFT_LOGLEVEL_DEBUG")]
        Debug = 7 "debug",
        /// Not a level: to the audit subsystem, which takes neither prefix nor flags.
        #[doc(alias = "NFT_LOGLEVEL_AUDIT")]
        Audit = 8 "audit",
    }
}

flag_set! {
    /// What the kernel's log line shows (`NF_LOG_…` in `linux/netfilter/nf_log.h`).
    pub struct LogFlags: u32 {
        /// TCP sequence numbers.
        #[doc(alias = "NF_LOG_TCPSEQ")]
        TCP_SEQUENCE = 0x01,
        /// TCP options.
        #[doc(alias = "NF_LOG_TCPOPT")]
        TCP_OPTIONS = 0x02,
        /// IP options.
        #[doc(alias = "NF_LOG_IPOPT")]
        IP_OPTIONS = 0x04,
        /// The user id of the socket's owner.
        #[doc(alias = "NF_LOG_UID")]
        UID = 0x08,
        /// Hardware addresses and type.
        #[doc(alias = "NF_LOG_MACDECODE")]
        MAC = 0x20,
    }
}

expression! {
    /// Reports a packet; the rule goes on. With a group to programs that listen there (`NFLOG`), else to the
    /// kernel's log: the kernel refuses a level and a group together.
    pub struct Log = "log" {
        ;;
        /// Put in front; at most 127 bytes.
        prefix: String = NFTA_LOG_PREFIX(2),
        /// For the kernel's log: how serious.
        level: LogLevel = NFTA_LOG_LEVEL(5),
        /// For the kernel's log: what is shown.
        flags: LogFlags = NFTA_LOG_FLAGS(6),
        /// The netlink group that listens.
        group: u16 = NFTA_LOG_GROUP(1),
        /// For a group: how many bytes of the packet are passed on; all if absent.
        snaplen: u32 = NFTA_LOG_SNAPLEN(3),
        /// For a group: how many packets are collected before they are passed on.
        qthreshold: u16 = NFTA_LOG_QTHRESHOLD(4),
    }
}

impl Log {
    /// To the kernel's log.
    pub fn kernel(level: LogLevel) -> Self {
        Self::new().level(level)
    }

    /// To the programs that listen on a netlink group.
    pub fn to_group(group: u16) -> Self {
        Self::new().group(group)
    }

    /// To the audit subsystem.
    pub fn audit() -> Self {
        Self::new().level(LogLevel::Audit)
    }
}
