//! How long a connection has left: iptables' `-m conntrack --ctexpire`.

use std::{ops::RangeInclusive, time::Duration};

use crate::{
    Invalid, Rule,
    expr::{Ct, CtKey, Data, Register},
    language::{
        Datatype, Item, Lift, Lifting, Lower, Lowering, Matching, Operand, lift::host_u32, matching_from,
    },
};

impl Operand for Duration {
    const WHAT: &'static str = "expiration";
    const DATATYPE: Datatype = Datatype::TIME;

    fn data(&self) -> Data {
        Data::host_u32(u32::try_from(self.as_millis()).unwrap_or(u32::MAX))
    }

    fn from_data(data: &Data) -> Option<Self> {
        host_u32(data).map(|time| Self::from_millis(time.into()))
    }

    fn text(&self) -> String {
        format!("{self:?}")
    }
}

matching_from! {
    Duration:
    { Duration } => |time| Self::one(Item::One(time)),
    { RangeInclusive<Duration> } => |range| Self::one(Item::Range(*range.start(), *range.end())),
}

/// The packet's connection is forgotten after such a time without packets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct CtExpirationMatch(
    #[cfg_attr(feature = "serde", serde(with = "crate::json::time::matching"))] pub Matching<Duration>,
);

impl Rule {
    /// Only packets whose connection would be forgotten in such a time. The kernel counts milliseconds, so a
    /// range says more than a single time.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use portcullis::Rule;
    ///
    /// Rule::new().ct_expiration(Duration::ZERO..=Duration::from_secs(10));
    /// ```
    #[doc(alias = "ctexpire")]
    #[must_use]
    pub fn ct_expiration(self, time: impl Into<Matching<Duration>>) -> Self {
        self.word(|| CtExpirationMatch(time.into()))
    }
}

impl Lower for CtExpirationMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        for item in self.0.items() {
            let (Item::One(longest)
            | Item::Prefix(longest, _)
            | Item::Range(_, longest)
            | Item::Masked(longest, _)) = item;
            if u32::try_from(longest.as_millis()).is_err() {
                return Err(Invalid::OutOfRange {
                    what: "a connection's expiration",
                    value: longest.text(),
                    range: "0 to 4294967295 ms (49 days)".to_owned(),
                });
            }
        }
        to.matching(Ct::load(CtKey::Expiration, Register::R1), &self.0)
    }
}

impl Lift for CtExpirationMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        from.matching(Ct::load(CtKey::Expiration, Register::R1)).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn as_nft_says_it() {
        use crate::{
            language::matches::golden::{IP, same_as_nft},
            not,
        };

        same_as_nft([
            (IP, "ct expiration 30s", Rule::new().ct_expiration(seconds(30))),
            (IP, "ct expiration 10s-1m", Rule::new().ct_expiration(seconds(10)..=seconds(60))),
            (IP, "ct expiration != 10s-1m", Rule::new().ct_expiration(not(seconds(10)..=seconds(60)))),
            (IP, "ct expiration { 10s, 20s }", Rule::new().ct_expiration([seconds(10), seconds(20)])),
        ]);
    }

    #[test]
    fn what_the_kernel_cannot_count_is_refused() {
        let problem =
            Rule::new().ct_expiration(seconds(1)..=seconds(5_000_000)).check(Family::Ip).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "a connection's expiration is 5000000s; possible: 0 to 4294967295 ms (49 days)"
        );
    }
}
