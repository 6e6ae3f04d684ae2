//! Packets for programs that listen: iptables' `-j NFLOG`, and what `-j ULOG` was.

use super::log::check_prefix;
use crate::{
    Invalid, Rule,
    expr::{self, Expr},
    language::{Lift, Lifting, Lower, Lowering},
};

/// Which programs get the packet, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct NfLog {
    /// The netlink group that they listen on.
    pub group: u16,
    /// Passed on beside the packet.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub prefix: Option<String>,
    /// How many bytes of the packet are passed on; all if absent.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub snaplen: Option<u32>,
    /// How many packets are collected before they are passed on.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub threshold: Option<u16>,
}

impl NfLog {
    /// To the programs that listen on this netlink group.
    pub fn group(group: u16) -> Self {
        Self { group, prefix: None, snaplen: None, threshold: None }
    }

    /// Passed on beside the packet; at most 127 bytes.
    #[doc(alias = "nflog-prefix")]
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// How many bytes of the packet are passed on. 0 is all of them, as if not said.
    #[doc(alias = "nflog-size")]
    #[must_use]
    pub fn snaplen(mut self, bytes: u32) -> Self {
        self.snaplen = Some(bytes);
        self
    }

    /// How many packets are collected before they are passed on together.
    #[doc(alias = "nflog-threshold")]
    #[doc(alias = "queue-threshold")]
    #[must_use]
    pub fn threshold(mut self, packets: u16) -> Self {
        self.threshold = Some(packets);
        self
    }
}

impl From<u16> for NfLog {
    fn from(group: u16) -> Self {
        Self::group(group)
    }
}

impl Rule {
    /// Passes the packet to the programs that listen on a netlink group; the rule goes on.
    ///
    /// ```
    /// use portcullis::{NfLog, Rule};
    ///
    /// Rule::new().tcp().dport(23).nflog(5).drop();
    /// Rule::new().nflog(NfLog::group(5).prefix("dns").snaplen(128).threshold(10));
    /// ```
    #[doc(alias = "NFLOG")]
    #[doc(alias = "ULOG")]
    #[must_use]
    pub fn nflog(self, nflog: impl Into<NfLog>) -> Self {
        self.word(|| nflog.into())
    }
}

impl Lower for NfLog {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let Self { group, prefix, snaplen, threshold } = self;
        let mut log = expr::Log::to_group(*group);
        if let Some(prefix) = prefix {
            check_prefix(prefix)?;
            log = log.prefix(prefix.clone());
        }
        // A length of 0 would reach the listener as a packet of 0 bytes.
        log.snaplen = snaplen.filter(|bytes| *bytes > 0);
        log.qthreshold = *threshold;
        to.push(log);
        Ok(())
    }
}

impl Lift for NfLog {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Log(log), ..] = from.expressions() else { return None };
        Some(Self {
            group: log.group?,
            prefix: log.prefix.clone(),
            snaplen: log.snaplen,
            threshold: log.qthreshold,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, language::targets::golden::refusal};

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden_everywhere as golden;

        // log group 5
        golden(&Rule::new().nflog(5), &["log group 5 snaplen 0 qthreshold 0"]);
        // log prefix "p" group 5 snaplen 64 queue-threshold 10
        golden(
            &Rule::new().nflog(NfLog::group(5).prefix("p").snaplen(64).threshold(10)),
            &["log prefix p group 5 snaplen 64 qthreshold 10"],
        );
    }

    #[test]
    fn the_kernels_limit_is_known() {
        let rule = Rule::new().nflog(NfLog::group(0).prefix("x".repeat(128)));
        assert!(refusal(Family::Inet, &rule).contains("at most 127"));
    }
}
