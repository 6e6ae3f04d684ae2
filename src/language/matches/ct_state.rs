//! Connection tracking state: iptables' `-m conntrack --ctstate` and `-m state --state`.
//!
//! The kernel gives exactly one bit (`NFT_CT_STATE` in `nft_ct_get_eval`), so a test of one state can do without the
//! mask: [`Rule::ct_state_is`]. [`Rule::ct_state`] keeps it, as nft does: without it `nft list` says `ct state == new`
//! in place of `ct state new`, and its JSON another operator, and who looks for the usual sentence does not find the
//! rule. For a packet both cost next to nothing, for the kernel has tests of four bytes in its inner loop. Of several
//! states a mask is the shortest form: a set takes messages of its own. Of `ct status`, `tcp flags` and marks several
//! bits can be set at once, so there a mask is no detour.

use crate::{
    Invalid, Rule,
    expr::{Bitwise, Cmp, CmpOp, Ct, CtKey, CtState, Data, Expr, Register},
    language::{Item, Lift, Lifting, Lower, Lowering, Matching, lift::host_u32, matching_from},
};

matching_from! {
    CtState:
    { CtState } => |states| Self::one(Item::One(states)),
}

/// The packet's connection is in one of these states.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct CtStateMatch(
    #[cfg_attr(feature = "serde", serde(with = "crate::json::flag_matching"))] pub Matching<CtState>,
);

impl Rule {
    /// Only packets whose connection is in one of these states: `ct state new`, `ct state established,related`.
    ///
    /// The usual word, which `nft list` and its JSON show as everybody writes it. Where thousands of rules test a single
    /// state, [`ct_state_is`](Self::ct_state_is) matches the same packets with an expression less.
    ///
    /// ```
    /// use portcullis::{CtState, Rule, not};
    ///
    /// Rule::new().ct_state(CtState::ESTABLISHED | CtState::RELATED).accept();
    /// Rule::new().ct_state(not(CtState::INVALID));
    /// ```
    #[doc(alias = "ctstate")]
    #[doc(alias = "conntrack")]
    #[must_use]
    pub fn ct_state(self, states: impl Into<Matching<CtState>>) -> Self {
        self.word(|| CtStateMatch(states.into()))
    }

    /// Only packets whose connection is in exactly this state: `ct state == new`, with [`not`](crate::not)
    /// `ct state != new`.
    ///
    /// Matches the same packets as [`ct_state`](Self::ct_state) with one state, for a packet is in one state only, and
    /// is an expression shorter. Of a rule of eleven expressions that is some 7 % of the time that the kernel takes to
    /// load it (measured in `benches/README.md`), and nothing that could be seen for a packet. For large rulesets that
    /// a program writes and reads; where people read `nft list`, the usual `ct state new` of `ct_state` is worth more.
    ///
    /// ```
    /// use portcullis::{CtState, Family, Rule, not};
    ///
    /// let rule = Rule::new().ct_state_is(CtState::NEW).accept();
    /// assert_eq!(rule.nft(Family::Inet).to_string(), "ct state == new accept");
    /// Rule::new().ct_state_is(not(CtState::INVALID));
    /// ```
    #[doc(alias = "ctstate")]
    #[must_use]
    pub fn ct_state_is(self, state: impl Into<Matching<CtState>>) -> Self {
        self.word(|| CtStateIs(state.into()))
    }
}

/// The packet's connection is in exactly this state, compared without a mask.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct CtStateIs(
    #[cfg_attr(feature = "serde", serde(with = "crate::json::flag_matching"))] pub Matching<CtState>,
);

impl Lower for CtStateIs {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        if let Some(problem) = &self.0.problem {
            return Err(problem.as_ref().clone());
        }
        let state = match self.0.items() {
            [Item::One(state)] if state.bits().is_power_of_two() => *state,
            [] => return Err(Invalid::ListEmpty { what: "connection states" }),
            [Item::One(state)] if state.is_empty() => {
                return Err(Invalid::ListEmpty { what: "connection states" });
            }
            _ => {
                let problem = "a connection is never in several states at once: ct_state_is takes one, and \
                               ct_state any of several";
                return Err(Invalid::Combination { problem: problem.to_owned() });
            }
        };
        let op = CmpOp::equality(self.0.is_negated());
        to.push(Ct::load(CtKey::State, Register::R1));
        to.push(Cmp::new(Register::R1, op, state));
        Ok(())
    }
}

impl Lift for CtStateIs {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Ct(Ct { key: CtKey::State, .. }), Expr::Cmp(cmp), ..] = from.expressions() else {
            return None;
        };
        let state = CtState::from_bits_retain(host_u32(&cmp.data)?);
        Some(Self(Matching { negated: cmp.op == CmpOp::Neq, ..Matching::one(Item::One(state)) }))
    }
}

impl Lower for CtStateMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let states = self.0.items().iter().fold(CtState::empty(), |all, item| match item {
            Item::One(states) => all | *states,
            _ => all,
        });
        if states.is_empty() {
            return Err(Invalid::ListEmpty { what: "connection states" });
        }
        let op = if self.0.is_negated() { CmpOp::Eq } else { CmpOp::Neq };
        to.push(Ct::load(CtKey::State, Register::R1));
        to.push(Bitwise::and(Register::R1, Data::host_u32(states.bits())));
        to.push(Cmp::new(Register::R1, op, Data::zero(4)));
        Ok(())
    }
}

impl Lift for CtStateMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Ct(Ct { key: CtKey::State, .. }), Expr::Bitwise(bitwise), Expr::Cmp(cmp), ..] =
            from.expressions()
        else {
            return None;
        };
        let bits = CtState::from_bits_retain(host_u32(bitwise.mask.as_ref()?)?);
        Some(Self(Matching { negated: cmp.op == CmpOp::Eq, ..Matching::one(Item::One(bits)) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Family, Statement,
        language::matches::golden::{bytecode, same_as_nft},
        not,
    };

    const FAMILIES: &[Family] = &[Family::Ip, Family::Ip6, Family::Inet, Family::Bridge];

    #[test]
    fn as_nft_says_it() {
        let state = |states: Matching<CtState>| Rule::new().ct_state(states);
        let (new, established) = (CtState::NEW, CtState::ESTABLISHED);
        same_as_nft([
            (FAMILIES, "ct state new", state(new.into())),
            (FAMILIES, "ct state established,related", state((established | CtState::RELATED).into())),
            (FAMILIES, "ct state ! invalid", state(not(CtState::INVALID).into())),
            (FAMILIES, "ct state untracked", state(CtState::UNTRACKED.into())),
            (FAMILIES, "ct state ! established,new", state(not(new | established).into())),
        ]);
    }

    #[test]
    fn a_list_is_the_same_as_flags() {
        let list = Rule::new().ct_state([CtState::NEW, CtState::ESTABLISHED]);
        let flags = Rule::new().ct_state(CtState::NEW | CtState::ESTABLISHED);
        assert_eq!(bytecode(&list, Family::Inet), bytecode(&flags, Family::Inet));
        let none = Rule::new().ct_state(CtState::empty()).check(Family::Inet).unwrap_err();
        assert_eq!(none.to_string(), "an empty list of connection states matches nothing: give at least one");
    }
    #[test]
    fn one_state_without_a_mask_as_nft_says_it() {
        let state = |state: Matching<CtState>| Rule::new().ct_state_is(state);
        same_as_nft([
            (FAMILIES, "ct state == new", state(CtState::NEW.into())),
            (FAMILIES, "ct state != new", state(not(CtState::NEW).into())),
            (FAMILIES, "ct state == established", state(CtState::ESTABLISHED.into())),
            (FAMILIES, "ct state != untracked", state(not(CtState::UNTRACKED).into())),
        ]);
    }

    /// Whatever a program has sent, it is said by the word of just these expressions, or by none.
    #[test]
    fn each_form_is_read_as_its_own_word() {
        let read = |expressions: Vec<Expr>| {
            let mut rule = Rule::new();
            rule.body = expressions.into_iter().map(Statement::Expr).collect();
            rule.lift(Family::Inet, &[])
        };
        let load = || Expr::from(Ct::load(CtKey::State, Register::R1));
        let cmp = |op, bits| Expr::from(Cmp::new(Register::R1, op, Data::host_u32(bits)));
        let and = |bits| Expr::from(Bitwise::and(Register::R1, Data::host_u32(bits)));
        // The last is a bit that the kernel may come to know.
        for bit in [1, 2, 4, 8, 0x40, 1 << 31] {
            let state = CtState::from_bits_retain(bit);
            assert_eq!(read(vec![load(), cmp(CmpOp::Eq, bit)]), Rule::new().ct_state_is(state));
            assert_eq!(read(vec![load(), cmp(CmpOp::Neq, bit)]), Rule::new().ct_state_is(not(state)));
            assert_eq!(read(vec![load(), and(bit), cmp(CmpOp::Neq, 0)]), Rule::new().ct_state(state));
            assert_eq!(read(vec![load(), and(bit), cmp(CmpOp::Eq, 0)]), Rule::new().ct_state(not(state)));
        }
        for (op, bits) in [(CmpOp::Eq, 0), (CmpOp::Eq, 0xa), (CmpOp::Neq, 6), (CmpOp::Lt, 8), (CmpOp::Gte, 8)]
        {
            let words = read(vec![load(), cmp(op, bits)]);
            assert!(words.body.iter().all(|word| matches!(word, Statement::Expr(_))), "{words:?}");
        }
        let other = Expr::from(Cmp::new(Register::R2, CmpOp::Eq, Data::host_u32(8)));
        assert_eq!(read(vec![load(), other.clone()]).body, [load(), other].map(Statement::Expr));
    }
}
