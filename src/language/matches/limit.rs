//! No more often than so: iptables' `-m limit`.

use crate::{
    Invalid, Rule,
    expr::{Expr, Limit, LimitFlags, LimitKind, LimitUnit},
    language::{Lift, Lifting, Lower, Lowering},
};

/// How often: so many packets, or bytes, in a unit of time.
///
/// It works as a bucket of [`Rate::burst`] tokens that fills at the rate; each packet takes one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Rate {
    /// How many …
    pub amount: u64,
    /// … in how much time.
    pub unit: LimitUnit,
    /// What is counted.
    pub kind: LimitKind,
    /// What may come at once: at least 1 packet, or any number of bytes beyond the rate.
    pub burst: u32,
    /// What comes more often is meant, in place of what does not.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub over: bool,
}

/// What nft and iptables take where nothing is said.
const BURST: u32 = 5;

macro_rules! rates {
    ($( $packets:ident $bytes:ident $unit:ident $time:literal; )+) => {
        impl Rate {
            $(
                #[doc = concat!("So many packets in ", $time, ", and at first 5 at once.")]
                #[must_use]
                pub fn $packets(packets: u64) -> Self {
                    let (unit, kind) = (LimitUnit::$unit, LimitKind::Packets);
                    Self { amount: packets, unit, kind, burst: BURST, over: false }
                }

                #[doc = concat!("So many bytes in ", $time, ".")]
                #[must_use]
                pub fn $bytes(bytes: u64) -> Self {
                    let (unit, kind) = (LimitUnit::$unit, LimitKind::Bytes);
                    Self { amount: bytes, unit, kind, burst: 0, over: false }
                }
            )+
        }
    };
}

rates! {
    per_second bytes_per_second Second "a second";
    per_minute bytes_per_minute Minute "a minute";
    per_hour bytes_per_hour Hour "an hour";
    per_day bytes_per_day Day "a day";
    per_week bytes_per_week Week "a week";
}

impl Rate {
    /// So many packets at once, at least 1; of a rate of bytes, so many bytes beyond it.
    #[doc(alias = "limit-burst")]
    #[must_use]
    pub fn burst(mut self, burst: u32) -> Self {
        self.burst = burst;
        self
    }

    /// What comes more often, in place of what does not.
    #[must_use]
    pub fn over(mut self) -> Self {
        self.over = true;
        self
    }

    /// The rate as the kernel takes it.
    pub(crate) fn expression(&self) -> Result<Limit, Invalid> {
        let Self { amount, unit, kind, burst, over } = *self;
        let none = |what: &'static str, range: &str| Invalid::OutOfRange {
            what,
            value: "0".to_owned(),
            range: range.to_owned(),
        };
        if amount == 0 {
            return Err(none("a rate", "1 and more (to let nothing pass, drop)"));
        }
        if burst == 0 && kind == LimitKind::Packets {
            return Err(none("a rate's burst", "1 and more packets"));
        }
        let flags = if over { LimitFlags::INV } else { LimitFlags::empty() };
        Ok(Limit::new(amount, unit).burst(burst).kind(kind).flags(flags))
    }
}

/// The packet does not come more often than so, or with [`Rate::over`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct LimitMatch(pub Rate);

impl Rule {
    /// Only as many packets as the rate lets pass; with [`Rate::over`], only the others.
    ///
    /// All packets that reach the word share the rate. What comes before it in the rule decides what is counted.
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::Rate;
    ///
    /// Rule::new().limit(Rate::per_minute(5).burst(7)).accept();
    /// Rule::new().tcp().dport(22).limit(Rate::per_second(10).over()).drop();
    /// Rule::new().limit(Rate::bytes_per_second(5 * 1024 * 1024)).accept();
    /// ```
    #[must_use]
    pub fn limit(self, rate: Rate) -> Self {
        self.word(|| LimitMatch(rate))
    }
}

impl Lower for LimitMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.push(self.0.expression()?);
        Ok(())
    }
}

impl Lift for LimitMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Limit(limit), ..] = from.expressions() else { return None };
        Some(Self(Rate {
            amount: limit.rate,
            unit: limit.unit,
            kind: limit.kind?,
            burst: limit.burst?,
            over: limit.flags == Some(LimitFlags::INV),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    #[test]
    fn as_nft_says_it() {
        use crate::language::matches::golden::{IP, same_as_nft};

        let limit = |rate| Rule::new().limit(rate);
        same_as_nft([
            (IP, "limit rate 5/second", limit(Rate::per_second(5))),
            (IP, "limit rate 5/second burst 1 packets", limit(Rate::per_second(5).burst(1))),
            (IP, "limit rate over 5/minute burst 10 packets", limit(Rate::per_minute(5).burst(10).over())),
            (IP, "limit rate 5/hour", limit(Rate::per_hour(5))),
            (IP, "limit rate 5/day", limit(Rate::per_day(5))),
            (IP, "limit rate 5/week", limit(Rate::per_week(5))),
            (IP, "limit rate 5 kbytes/second", limit(Rate::bytes_per_second(5 * 1024))),
            (
                IP,
                "limit rate over 5 mbytes/minute burst 10 kbytes",
                limit(Rate::bytes_per_minute(5 << 20).burst(10 << 10).over()),
            ),
        ]);
    }

    #[test]
    fn zero_is_refused() {
        let problem = |rate| Rule::new().limit(rate).check(Family::Ip).unwrap_err().to_string();
        let text = "a rate is 0; possible: 1 and more (to let nothing pass, drop)";
        assert_eq!(problem(Rate::bytes_per_second(0)), text);
        assert_eq!(
            problem(Rate::per_second(1).burst(0)),
            "a rate's burst is 0; possible: 1 and more packets"
        );
    }
}
