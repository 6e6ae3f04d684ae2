//! No connection tracking: iptables' `-j NOTRACK` and `-j CT --notrack`.

use crate::{
    Invalid, Rule,
    expr::{self, Expr},
    language::{Lift, Lifting, Lower, Lowering},
};

/// Excludes the packet from connection tracking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Untrack;

impl Rule {
    /// Excludes the packet from connection tracking; the rule goes on. Later rules see
    /// [`CtState::UNTRACKED`](crate::CtState::UNTRACKED).
    ///
    /// Only before tracking: in chains of priority `raw` (-300) at the hooks prerouting and output.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().udp().dport(53).notrack();
    /// ```
    #[doc(alias = "NOTRACK")]
    #[must_use]
    pub fn notrack(self) -> Self {
        self.word(|| Untrack)
    }
}

impl Lower for Untrack {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.push(expr::Notrack::new());
        Ok(())
    }
}

impl Lift for Untrack {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Notrack(_), ..] = from.expressions() else { return None };
        Some(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::targets::golden::golden_everywhere;

    #[test]
    fn as_nft_says_it() {
        golden_everywhere(&Rule::new().notrack(), &["notrack"]);
    }
}
