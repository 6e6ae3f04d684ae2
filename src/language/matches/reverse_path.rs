//! Whether an answer would go back the way a packet came: iptables' `-m rpfilter`.

use crate::{
    Invalid, Rule,
    expr::{Cmp, CmpOp, Data, Expr, Fib, FibFlags, FibResult, Register},
    language::{Lift, Lifting, Lower, Lowering},
};

/// An answer to the packet would leave by the interface that it came in by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct ReversePath {
    /// By any interface.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub loose: bool,
    /// By the route that the packet's mark chooses.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub by_mark: bool,
    /// It would not.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub negated: bool,
}

impl ReversePath {
    /// The strict test.
    pub fn new() -> Self {
        Self::default()
    }

    /// By any interface: there is a route at all.
    #[must_use]
    pub fn loose(mut self) -> Self {
        self.loose = true;
        self
    }

    /// By the route that the packet's mark chooses.
    #[doc(alias = "validmark")]
    #[must_use]
    pub fn by_mark(mut self) -> Self {
        self.by_mark = true;
        self
    }

    /// The packets that fail the test.
    #[doc(alias = "invert")]
    #[must_use]
    pub fn negated(mut self) -> Self {
        self.negated = true;
        self
    }
}

impl Rule {
    /// Only packets whose source is reached by the interface that they came in by. Best at prerouting, in the raw
    /// table; for the variants see [`ReversePath`].
    #[doc(alias = "rpfilter")]
    #[must_use]
    pub fn reverse_path(self) -> Self {
        self.word(ReversePath::new)
    }

    /// Only packets whose source is not reached by the interface that they came in by: forged ones.
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::ReversePath;
    ///
    /// Rule::new().not_reverse_path().drop();
    /// Rule::new().say(ReversePath::new().loose().negated()).drop();
    /// ```
    #[doc(alias = "rpfilter")]
    #[must_use]
    pub fn not_reverse_path(self) -> Self {
        self.word(|| ReversePath::new().negated())
    }
}

impl Lower for ReversePath {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let mut flags = FibFlags::SADDR;
        flags.set(FibFlags::IIF, !self.loose);
        flags.set(FibFlags::MARK, self.by_mark);
        // iptables-translate's form: the interface's number, 0 if there is no route.
        let op = if self.negated { CmpOp::Eq } else { CmpOp::Neq };
        to.push(Fib::new(Register::R1, FibResult::Oif, flags));
        to.push(Cmp::new(Register::R1, op, Data::zero(4)));
        Ok(())
    }
}

impl Lift for ReversePath {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Fib(Fib { flags, .. }), Expr::Cmp(cmp), ..] = from.expressions() else { return None };
        Some(Self {
            loose: !flags.contains(FibFlags::IIF),
            by_mark: flags.contains(FibFlags::MARK),
            negated: cmp.op == CmpOp::Eq,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::matches::golden::{IP, same_as_nft};

    #[test]
    fn as_nft_says_it() {
        let with_mark = ReversePath::new().by_mark().negated();
        same_as_nft([
            (IP, "fib saddr . iif oif != 0", Rule::new().reverse_path()),
            (IP, "fib saddr . iif oif 0", Rule::new().not_reverse_path()),
            (IP, "fib saddr . mark . iif oif 0", Rule::new().say(with_mark)),
            (IP, "fib saddr oif != 0", Rule::new().say(ReversePath::new().loose())),
        ]);
    }
}
