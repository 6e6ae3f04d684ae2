//! When a rule was reached the last time: nft's `last`.

use crate::{
    Invalid, Rule,
    expr::{self, Expr},
    language::{Lift, Lifting, Lower, Lowering},
};

/// Remembers when a packet came so far in the rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LastUsed;

impl Rule {
    /// Remembers when a packet came so far in the rule, for whoever lists it. Kernel 5.14.
    #[doc(alias = "last")]
    #[must_use]
    pub fn last_used(self) -> Self {
        self.word(|| LastUsed)
    }
}

impl Lower for LastUsed {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.push(expr::Last::new());
        Ok(())
    }
}

impl Lift for LastUsed {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Last(_), ..] = from.expressions() else { return None };
        Some(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::targets::golden::golden_everywhere;

    #[test]
    fn as_later_versions_of_nft_say_it() {
        golden_everywhere(&Rule::new().last_used(), &["last never"]);
    }
}
