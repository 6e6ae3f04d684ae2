//! Verdicts: what becomes of the packet, or where its way goes on.

use crate::{
    Invalid, Rule,
    expr::{ChainTarget, Expr, Immediate, Load, Verdict},
    language::{Lift, Lifting, Lower, Lowering},
    object::check_verdict,
};

/// Ends the rule with a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Decide(pub Verdict);

impl Rule {
    /// The packet passes this base chain; chains of later priority still see it.
    #[must_use]
    pub fn accept(self) -> Self {
        self.word(|| Decide(Verdict::Accept))
    }

    /// The packet is gone, without a word to its sender.
    #[must_use]
    pub fn drop(self) -> Self {
        self.word(|| Decide(Verdict::Drop))
    }

    /// Back to the calling chain; in a base chain, its policy decides.
    #[doc(alias = "return")]
    #[must_use]
    pub fn return_(self) -> Self {
        self.word(|| Decide(Verdict::Return))
    }

    /// To the next rule: what a rule without verdict does anyway.
    #[doc(alias = "continue")]
    #[must_use]
    pub fn continue_(self) -> Self {
        self.word(|| Decide(Verdict::Continue))
    }

    /// Through another chain of the table, and on behind this rule when that chain has ended or returned.
    #[must_use]
    pub fn jump(self, chain: impl Into<String>) -> Self {
        self.word(|| Decide(Verdict::Jump(ChainTarget::Name(chain.into()))))
    }

    /// Into another chain of the table, which returns to where this chain would have returned.
    #[must_use]
    pub fn goto(self, chain: impl Into<String>) -> Self {
        self.word(|| Decide(Verdict::Goto(ChainTarget::Name(chain.into()))))
    }
}

impl Lower for Decide {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        check_verdict(&self.0)?;
        to.push(Immediate::verdict(self.0.clone()));
        Ok(())
    }
}

impl Lift for Decide {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Immediate(Immediate { load: Load::Verdict(verdict), .. }), ..] = from.expressions() else {
            return None;
        };
        Some(Self(verdict.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, language::matches::golden::same_as_nft};

    const ALL: &[Family] =
        &[Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Arp, Family::Netdev];

    /// What is refused is in `language/refusals.rs`.
    #[test]
    fn as_nft_says_it() {
        same_as_nft([
            (ALL, "accept", Rule::new().accept()),
            (ALL, "drop", Rule::new().drop()),
            (ALL, "return", Rule::new().return_()),
            (ALL, "continue", Rule::new().continue_()),
            (ALL, "jump other", Rule::new().jump("other")),
            (ALL, "goto other", Rule::new().goto("other")),
        ]);
    }

    /// The kernel's numbers (`NF_*`, `NFT_*` in `linux/netfilter.h`, `linux/netfilter/nf_tables.h`): the text does not
    /// show them.
    #[test]
    fn verdicts_have_the_kernels_numbers() {
        let numbers = [
            (Rule::new().accept(), 1),
            (Rule::new().drop(), 0),
            (Rule::new().return_(), -5),
            (Rule::new().continue_(), -1),
            (Rule::new().jump("other"), -3),
            (Rule::new().goto("other"), -4),
        ];
        for (rule, number) in numbers {
            let bytes = rule.lower(Family::Inet).unwrap().expressions;
            let [Expr::Immediate(Immediate { load: Load::Verdict(verdict), .. })] = bytes.as_slice() else {
                panic!("{bytes:?}");
            };
            assert_eq!(verdict.code(), number, "{rule:?}");
        }
    }
}
