//! A random part of the packets: iptables' `-m statistic --mode random`.

use crate::{
    Invalid, Rule,
    expr::{Byteorder, Cmp, CmpOp, Data, Expr, Numgen, NumgenKind, Register},
    language::{Lift, Lifting, Lower, Lowering, Not},
};

/// iptables' resolution.
const WHOLE: u32 = 1 << 31;

/// A packet comes through with this probability.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Random {
    /// The probability, in parts of 2³¹.
    pub share: u32,
    /// The other packets.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub negated: bool,
    /// What was wrong with the probability.
    #[cfg_attr(
        feature = "serde",
        serde(
            default,
            skip_deserializing,
            skip_serializing_if = "Option::is_none",
            serialize_with = "crate::json::broken"
        )
    )]
    problem: Option<Box<Invalid>>,
}

impl Random {
    /// A probability in parts of 2³¹.
    pub const fn of_share(share: u32) -> Self {
        Self { share, negated: false, problem: None }
    }
}

impl From<f64> for Random {
    fn from(probability: f64) -> Self {
        if !(0.0..=1.0).contains(&probability) {
            return Self {
                problem: Some(Box::new(Invalid::OutOfRange {
                    what: "a probability",
                    value: probability.to_string(),
                    range: "0.0 (never) to 1.0 (always)".to_owned(),
                })),
                ..Self::of_share(0)
            };
        }
        Self::of_share((probability * f64::from(WHOLE)).round() as u32)
    }
}

impl From<Not<f64>> for Random {
    fn from(Not(probability): Not<f64>) -> Self {
        Self { negated: true, ..probability.into() }
    }
}

impl Rule {
    /// Only a random part of the packets that reach this word: with this probability, from 0.0 to 1.0.
    ///
    /// What comes before the word decides what is drawn: behind `ct_state(CtState::NEW)` connections.
    ///
    /// ```
    /// use portcullis::{Rule, not};
    ///
    /// // a line that loses one packet of a hundred
    /// Rule::new().iif("wan0").random(0.01).drop();
    /// Rule::new().random(not(0.25));
    /// ```
    #[doc(alias = "statistic")]
    #[doc(alias = "probability")]
    #[doc(alias = "numgen")]
    #[must_use]
    pub fn random(self, probability: impl Into<Random>) -> Self {
        self.word(|| probability.into())
    }
}

impl Lower for Random {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        if let Some(problem) = &self.problem {
            return Err(Invalid::clone(problem));
        }
        if self.share > WHOLE {
            return Err(Invalid::OutOfRange {
                what: "a probability's share",
                value: self.share.to_string(),
                range: format!("0 (never) to {WHOLE} (always)"),
            });
        }
        // iptables-translate says `meta random & 2147483647 < SHARE`; nft 1.0.6 forgets to turn the bytes of that,
        // and it takes one expression more.
        // Always is `<= 2147483647`: nft lists, but does not read, a comparison with the modulus itself.
        let (op, number) = match (self.share, self.negated) {
            (WHOLE, false) => (CmpOp::Lte, WHOLE - 1),
            (WHOLE, true) => (CmpOp::Gt, WHOLE - 1),
            (share, false) => (CmpOp::Lt, share),
            (share, true) => (CmpOp::Gte, share),
        };
        to.push(Numgen::new(Register::R1, WHOLE, NumgenKind::Random));
        to.push(Byteorder::hton(Register::R1, 4));
        to.push(Cmp::new(Register::R1, op, Data::network_u32(number)));
        Ok(())
    }
}

impl Lift for Random {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Numgen(_), Expr::Byteorder(_), Expr::Cmp(cmp), ..] = from.expressions() else {
            return None;
        };
        let number = cmp.data.as_bytes().try_into().ok().map(u32::from_be_bytes)?;
        let (share, negated) = match cmp.op {
            CmpOp::Lt => (number, false),
            CmpOp::Gte => (number, true),
            CmpOp::Lte => (number.checked_add(1)?, false),
            CmpOp::Gt => (number.checked_add(1)?, true),
            _ => return None,
        };
        Some(Self { negated, ..Self::of_share(share) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, not};

    #[test]
    fn as_nft_says_it() {
        use crate::language::matches::golden::{IP, same_as_nft};

        same_as_nft([
            (IP, "numgen random mod 2147483648 < 1073741824", Rule::new().random(0.5)),
            (IP, "numgen random mod 2147483648 >= 536870912", Rule::new().random(not(0.25))),
            (IP, "numgen random mod 2147483648 <= 2147483647", Rule::new().random(1.0)),
            (IP, "numgen random mod 2147483648 > 2147483647", Rule::new().random(not(1.0))),
        ]);
    }

    #[test]
    fn a_probability_is_from_0_to_1() {
        for (probability, text) in [(1.5, "1.5"), (-0.1, "-0.1"), (f64::NAN, "NaN")] {
            let problem = Rule::new().random(probability).check(Family::Ip).unwrap_err();
            let expected = format!("a probability is {text}; possible: 0.0 (never) to 1.0 (always)");
            assert_eq!(problem.to_string(), expected);
            assert!(Rule::new().random(not(probability)).check(Family::Ip).is_err());
        }
    }
}
