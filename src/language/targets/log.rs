//! A line in the kernel's log: iptables' `-j LOG`.

use crate::{
    Invalid, Rule,
    expr::{self, Expr, LogFlags, LogLevel},
    language::{Lift, Lifting, Lower, Lowering},
};

/// The longest prefix that the kernel takes (`NF_LOG_PREFIXLEN` is 128 with the NUL).
const PREFIX_LIMIT: usize = 127;

/// Every flag that the kernel knows (`NF_LOG_MASK`), which is what nft's `all` sets.
const ALL_FLAGS: LogFlags = LogFlags::from_bits_retain(0x2f);

/// What goes into the kernel's log, and how.
///
/// ```
/// use portcullis::{
///     Log,
///     expr::{LogFlags, LogLevel},
/// };
///
/// Log::new().prefix("dropped: ").level(LogLevel::Info).flags(LogFlags::TCP_OPTIONS | LogFlags::UID);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Log {
    /// In front of each line.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub prefix: Option<String>,
    /// How serious; a warning if absent.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub level: Option<LogLevel>,
    /// What is shown beside the usual.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub flags: Option<LogFlags>,
}

impl Log {
    /// A line of the kernel's usual form, as a warning.
    pub fn new() -> Self {
        Self::default()
    }

    /// In front of each line; at most 127 bytes. Nothing parts it from the line: end it with a blank.
    #[doc(alias = "log-prefix")]
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// How serious. [`LogLevel::Audit`] sends the packet to the audit subsystem and goes with nothing else.
    #[doc(alias = "log-level")]
    #[must_use]
    pub fn level(mut self, level: LogLevel) -> Self {
        self.level = Some(level);
        self
    }

    /// What is shown beside the usual; `LogFlags::all()` for all that there is.
    #[doc(alias = "log-tcp-sequence")]
    #[doc(alias = "log-tcp-options")]
    #[doc(alias = "log-ip-options")]
    #[doc(alias = "log-uid")]
    #[must_use]
    pub fn flags(mut self, flags: LogFlags) -> Self {
        self.flags = Some(flags);
        self
    }
}

/// A prefix alone.
impl From<&str> for Log {
    fn from(prefix: &str) -> Self {
        Self::new().prefix(prefix)
    }
}

impl Rule {
    /// Writes a line to the kernel's log; the rule goes on. A prefix alone will do.
    ///
    /// Outside the initial network namespace the kernel writes only if `net.netfilter.nf_log_all_netns` is set.
    ///
    /// ```
    /// use portcullis::{Log, Rule, expr::LogLevel};
    ///
    /// Rule::new().tcp().dport(23).log("telnet: ").drop();
    /// Rule::new().log(Log::new().prefix("forwarded: ").level(LogLevel::Debug));
    /// ```
    #[doc(alias = "LOG")]
    #[must_use]
    pub fn log(self, log: impl Into<Log>) -> Self {
        self.word(|| log.into())
    }
}

/// Whether the kernel can take this prefix.
pub(super) fn check_prefix(prefix: &str) -> Result<(), Invalid> {
    if prefix.len() > PREFIX_LIMIT {
        return Err(Invalid::LogPrefixTooLong { prefix: prefix.to_owned(), length: prefix.len() });
    }
    if prefix.as_bytes().contains(&0) {
        return Err(Invalid::NameNul { what: "log prefix", name: prefix.to_owned() });
    }
    Ok(())
}

impl Lower for Log {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let Self { prefix, level, flags } = self;
        if *level == Some(LogLevel::Audit) && (prefix.is_some() || flags.is_some()) {
            let problem = "log: level audit takes neither prefix nor flags".to_owned();
            return Err(Invalid::Combination { problem });
        }
        let mut log = expr::Log::new();
        if let Some(prefix) = prefix {
            check_prefix(prefix)?;
            log = log.prefix(prefix.clone());
        }
        if let Some(level) = *level {
            log = log.level(level);
        }
        match *flags {
            Some(flags) if flags == LogFlags::all() => log = log.flags(ALL_FLAGS),
            Some(flags) if !flags.is_empty() => log = log.flags(flags),
            _ => {}
        }
        to.push(log);
        Ok(())
    }
}

impl Lift for Log {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Log(log), ..] = from.expressions() else { return None };
        // A warning is what the kernel takes where nothing is said.
        let level = log.level.filter(|level| *level != LogLevel::Warning);
        Some(Self { prefix: log.prefix.clone(), level, flags: log.flags.filter(|flags| !flags.is_empty()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, language::targets::golden::refusal};

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden_everywhere as golden;

        // log
        golden(&Rule::new().log(Log::new()), &["log"]);
        // log prefix "x: "
        golden(&Rule::new().log("x: "), &["log prefix x:"]);
        // log prefix "x: " level info
        golden(&Rule::new().log(Log::from("x: ").level(LogLevel::Info)), &["log prefix x:  level 6"]);
        // log level warn
        golden(&Rule::new().log(Log::new().level(LogLevel::Warning)), &["log level 4"]);
        // log level audit
        golden(&Rule::new().log(Log::new().level(LogLevel::Audit)), &["log level 8"]);
        // log prefix "a" level err flags all
        golden(
            &Rule::new().log(Log::from("a").level(LogLevel::Error).flags(LogFlags::all())),
            &["log prefix a level 3 tcpseq tcpopt ipopt uid macdecode"],
        );
        // log flags tcp sequence,options flags ip options flags skuid flags ether
        let each = LogFlags::TCP_SEQUENCE
            | LogFlags::TCP_OPTIONS
            | LogFlags::IP_OPTIONS
            | LogFlags::UID
            | LogFlags::MAC;
        golden(&Rule::new().log(Log::new().flags(each)), &["log tcpseq tcpopt ipopt uid macdecode"]);
    }

    #[test]
    fn the_kernels_limits_are_known() {
        let with = |prefix: &str| Rule::new().log(prefix);
        assert_eq!(with(&"x".repeat(127)).check(Family::Inet), Ok(()));
        let text = refusal(Family::Inet, &with(&"x".repeat(128)));
        assert!(text.ends_with("is 128 bytes long; the kernel takes at most 127"), "{text}");
        assert!(refusal(Family::Inet, &with("a\0b")).contains("NUL"));
        let audit = Rule::new().log(Log::from("a").level(LogLevel::Audit));
        assert_eq!(refusal(Family::Inet, &audit), "log: level audit takes neither prefix nor flags");
    }
}
