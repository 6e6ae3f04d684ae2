//! So many bytes and no more: iptables' `-m quota`.

use crate::{
    Invalid, Rule,
    expr::{self, Expr, QuotaFlags},
    language::{Lift, Lifting, Lower, Lowering},
};

/// How many bytes, and whether the rule goes on before or behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Quota {
    /// How many.
    pub bytes: u64,
    /// How many have passed already.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub used: u64,
    /// The rule goes on once they are used up, in place of until.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub over: bool,
}

impl Quota {
    /// The rule goes on until so many bytes have passed.
    pub fn until(bytes: u64) -> Self {
        Self { bytes, used: 0, over: false }
    }

    /// The rule goes on when more than so many bytes have passed.
    pub fn over(bytes: u64) -> Self {
        Self { bytes, used: 0, over: true }
    }

    /// So many have passed already.
    #[must_use]
    pub fn used(mut self, bytes: u64) -> Self {
        self.used = bytes;
        self
    }
}

impl Rule {
    /// Only until, or only when, so many bytes have come so far in the rule.
    ///
    /// ```
    /// use portcullis::{Quota, Rule};
    ///
    /// Rule::new().oif("lte0").quota(Quota::over(5_000_000_000)).drop();
    /// Rule::new().udp().dport(53).quota(Quota::until(1_000_000)).accept();
    /// ```
    #[must_use]
    pub fn quota(self, quota: Quota) -> Self {
        self.say(quota)
    }
}

impl Quota {
    /// The quota as the kernel takes it.
    pub(crate) fn expression(&self) -> Result<expr::Quota, Invalid> {
        let Self { bytes, used, over } = *self;
        if i64::try_from(bytes).is_err() {
            let range = format!("0 to {}", i64::MAX);
            return Err(Invalid::OutOfRange { what: "a quota", value: bytes.to_string(), range });
        }
        if used > bytes {
            let range = format!("0 to {bytes}, the quota");
            return Err(Invalid::OutOfRange { what: "a quota's use", value: used.to_string(), range });
        }
        let flags = if over { QuotaFlags::INV } else { QuotaFlags::empty() };
        Ok(expr::Quota::new(bytes).consumed(used).flags(flags))
    }
}

impl Lower for Quota {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.push(self.expression()?);
        Ok(())
    }
}

impl Lift for Quota {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Quota(quota), ..] = from.expressions() else { return None };
        let over = quota.flags.is_some_and(|flags| flags.contains(QuotaFlags::INV));
        Some(Self { bytes: quota.bytes, used: quota.consumed?, over })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, language::targets::golden::refusal};

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden_everywhere as golden;

        // quota until 1000 bytes
        golden(&Rule::new().quota(Quota::until(1000)), &["quota bytes 1000 consumed 0 flags 0"]);
        // quota over 25 mbytes
        golden(&Rule::new().quota(Quota::over(25 << 20)), &["quota bytes 26214400 consumed 0 flags 1"]);
        // quota over 1000 bytes used 500 bytes
        golden(&Rule::new().quota(Quota::over(1000).used(500)), &["quota bytes 1000 consumed 500 flags 1"]);
    }

    #[test]
    fn the_kernels_limit_is_known() {
        let text = refusal(Family::Inet, &Rule::new().quota(Quota::until(1 << 63)));
        assert_eq!(text, "a quota is 9223372036854775808; possible: 0 to 9223372036854775807");
    }
}
