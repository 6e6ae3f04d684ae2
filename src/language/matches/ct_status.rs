//! What a connection has gone through: iptables' `-m conntrack --ctstatus`.

use crate::{
    Invalid, Rule,
    expr::{Bitwise, Cmp, CmpOp, Ct, CtKey, CtStatus, Data, Expr, Register},
    language::{Item, Lift, Lifting, Lower, Lowering, Matching, lift::host_u32, matching_from},
};

matching_from! {
    CtStatus:
    { CtStatus } => |status| Self::one(Item::One(status)),
}

/// The packet's connection has one of these bits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct CtStatusMatch(
    #[cfg_attr(feature = "serde", serde(with = "crate::json::flag_matching"))] pub Matching<CtStatus>,
);

impl Rule {
    /// Only packets whose connection has at least one of these bits; with [`not`](crate::not), none of them.
    ///
    /// ```
    /// use portcullis::{CtStatus, Rule, not};
    ///
    /// // what a port forwarding has let in
    /// Rule::new().ct_status(CtStatus::DNAT).accept();
    /// Rule::new().ct_status(not(CtStatus::SNAT | CtStatus::DNAT));
    /// ```
    #[doc(alias = "ctstatus")]
    #[must_use]
    pub fn ct_status(self, status: impl Into<Matching<CtStatus>>) -> Self {
        self.word(|| CtStatusMatch(status.into()))
    }
}

impl Lower for CtStatusMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        if let Some(problem) = &self.0.problem {
            return Err(Invalid::clone(problem));
        }
        let status = self.0.items().iter().fold(CtStatus::empty(), |all, item| match item {
            Item::One(status) => all | *status,
            _ => all,
        });
        if status.is_empty() {
            return Err(Invalid::ListEmpty { what: "connection status bits" });
        }
        // nft's `ct status ! dnat`. Its `ct status != dnat` compares all bits, which is never what is meant.
        let op = if self.0.is_negated() { CmpOp::Eq } else { CmpOp::Neq };
        to.push(Ct::load(CtKey::Status, Register::R1));
        to.push(Bitwise::and(Register::R1, Data::host_u32(status.bits())));
        to.push(Cmp::new(Register::R1, op, Data::zero(4)));
        Ok(())
    }
}

impl Lift for CtStatusMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Ct(Ct { key: CtKey::Status, .. }), Expr::Bitwise(bitwise), Expr::Cmp(cmp), ..] =
            from.expressions()
        else {
            return None;
        };
        let bits = CtStatus::from_bits_retain(host_u32(bitwise.mask.as_ref()?)?);
        Some(Self(Matching { negated: cmp.op == CmpOp::Eq, ..Matching::one(Item::One(bits)) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    #[test]
    fn as_nft_says_it() {
        use crate::{
            language::matches::golden::{IP, same_as_nft},
            not,
        };

        same_as_nft([
            (IP, "ct status dnat", Rule::new().ct_status(CtStatus::DNAT)),
            (IP, "ct status snat,dnat", Rule::new().ct_status(CtStatus::SNAT | CtStatus::DNAT)),
            (IP, "ct status ! dnat", Rule::new().ct_status(not(CtStatus::DNAT))),
            (IP, "ct status ! snat,dnat", Rule::new().ct_status(not([CtStatus::SNAT, CtStatus::DNAT]))),
            (IP, "ct status expected,assured", Rule::new().ct_status(CtStatus::EXPECTED | CtStatus::ASSURED)),
        ]);
    }

    #[test]
    fn no_bit_is_refused() {
        let problem = Rule::new().ct_status(CtStatus::empty()).check(Family::Ip).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "an empty list of connection status bits matches nothing: give at least one"
        );
    }
}
