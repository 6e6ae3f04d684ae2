//! Every nth packet: iptables' `-m statistic --mode nth`.

use crate::{
    Invalid, Rule,
    expr::{Cmp, CmpOp, Data, Expr, Numgen, NumgenKind, Register},
    language::{Lift, Lifting, Lower, Lowering, lift::host_u32},
};

/// One packet of every so many that reach this word.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Nth {
    /// The period, at least 1.
    pub every: u32,
    /// Which of the period, counted from 0.
    pub packet: u32,
    /// All but that one.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub negated: bool,
}

impl Rule {
    /// Only packet number `packet`, counted from 0, of every `every` packets that reach this word.
    ///
    /// Each rule counts for itself, and what comes before the word in the rule decides what is counted: behind
    /// `ct_state(CtState::NEW)` it counts connections. As with iptables, a chain of rules that shares a flow
    /// evenly counts down: every 3, every 2, and the rest.
    ///
    /// ```
    /// use portcullis::{CtState, Rule};
    ///
    /// // the document's load balancer: every second new connection
    /// Rule::new().tcp().dport(80).ct_state(CtState::NEW).nth(2, 0);
    /// ```
    #[doc(alias = "statistic")]
    #[doc(alias = "numgen")]
    #[must_use]
    pub fn nth(self, every: u32, packet: u32) -> Self {
        self.word(|| Nth { every, packet, negated: false })
    }

    /// All packets but number `packet` of every `every`.
    #[must_use]
    pub fn not_nth(self, every: u32, packet: u32) -> Self {
        self.word(|| Nth { every, packet, negated: true })
    }
}

impl Lower for Nth {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let Self { every, packet, negated } = *self;
        if every == 0 {
            let range = "1 to 4294967295".to_owned();
            return Err(Invalid::OutOfRange { what: "nth's period", value: "0".to_owned(), range });
        }
        if packet >= every {
            return Err(Invalid::Nth { every, packet });
        }
        let op = CmpOp::equality(negated);
        to.push(Numgen::new(Register::R1, every, NumgenKind::Incremental));
        to.push(Cmp::new(Register::R1, op, Data::host_u32(packet)));
        Ok(())
    }
}

impl Lift for Nth {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Numgen(Numgen { modulus, .. }), Expr::Cmp(cmp), ..] = from.expressions() else {
            return None;
        };
        Some(Self { every: *modulus, packet: host_u32(&cmp.data)?, negated: cmp.op == CmpOp::Neq })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::matches::golden::{IP, same_as_nft};

    /// What is refused is in `language/refusals.rs`.
    #[test]
    fn as_nft_says_it() {
        same_as_nft([
            (IP, "numgen inc mod 3 == 0", Rule::new().nth(3, 0)),
            (IP, "numgen inc mod 100 == 99", Rule::new().nth(100, 99)),
            (IP, "numgen inc mod 1 == 0", Rule::new().nth(1, 0)),
            (IP, "numgen inc mod 3 != 2", Rule::new().not_nth(3, 2)),
        ]);
    }
}
