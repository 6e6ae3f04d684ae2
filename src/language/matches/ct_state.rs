//! Connection tracking state: iptables' `-m conntrack --ctstate` and `-m state --state`.
//!
//! The kernel gives exactly one bit (`NFT_CT_STATE` in `nft_ct_get_eval`), so a test of one state could do without the
//! mask. It is kept, as nft keeps it: without it `nft list` says `ct state == new` in place of `ct state new`, and its
//! JSON another operator, and who looks for the usual sentence does not find the rule. The mask costs 2 of the 25 us
//! that such a rule takes to load, once, and next to nothing for a packet: the kernel has both tests of four bytes in
//! its inner loop. Of several states a mask is the shortest form: a set takes messages of its own. Of `ct status`,
//! `tcp flags` and marks several bits can be set at once, so there a mask is no detour.

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
    /// Only packets whose connection is in one of these states.
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
        self.say(CtStateMatch(states.into()))
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
        Family,
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
}
