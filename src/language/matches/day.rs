//! The day of the week: iptables' `-m time --weekdays`.

use std::{fmt, ops::RangeInclusive};

use crate::{
    Invalid, Rule,
    expr::{Data, Meta, MetaKey, Register},
    language::{
        Datatype, Item, Lift, Lifting, Lower, Lowering, Matching, Operand, lift::byte, matching_from,
    },
};

/// A day of the week, in **UTC**.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "there is nothing to say about a Monday")]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Weekday {
    Sunday,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
}

impl Weekday {
    /// All, as the kernel counts them.
    pub const ALL: [Self; 7] = [
        Self::Sunday,
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
    ];

    fn number(self) -> u8 {
        self as u8
    }
}

/// Its English name.
impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Operand for Weekday {
    const WHAT: &'static str = "weekday";
    const DATATYPE: Datatype = Datatype::TIME_DAY;

    fn data(&self) -> Data {
        Data::byte(self.number())
    }

    fn from_data(data: &Data) -> Option<Self> {
        let number = byte(data)?;
        Self::ALL.into_iter().find(|day| day.number() == number)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

matching_from! {
    Weekday:
    { Weekday } => |day| Self::one(Item::One(day)),
    { RangeInclusive<Weekday> } => |range| Self::one(Item::Range(*range.start(), *range.end())),
}

/// The packet comes on such a day of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct WeekdayMatch(pub Matching<Weekday>);

impl Rule {
    /// Only packets that come on such a day of the week, which begins and ends at midnight **UTC**: see
    /// [`Rule::time_of_day`]. A range may go over the end of the week.
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::Weekday;
    ///
    /// Rule::new().weekday(Weekday::Monday..=Weekday::Friday).time_of_day("08:00-17:59:59").accept();
    /// Rule::new().weekday([Weekday::Saturday, Weekday::Sunday]).drop();
    /// ```
    #[doc(alias = "weekdays")]
    #[doc(alias = "day")]
    #[must_use]
    pub fn weekday(self, days: impl Into<Matching<Weekday>>) -> Self {
        self.word(|| WeekdayMatch(days.into()))
    }
}

impl Lower for WeekdayMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let mut days = self.0.clone();
        days.items = self
            .0
            .items()
            .iter()
            .flat_map(|item| match *item {
                Item::Range(from, until) if from.number() > until.number() => {
                    let outside =
                        |day: &Weekday| day.number() >= from.number() || day.number() <= until.number();
                    Weekday::ALL.into_iter().filter(outside).map(Item::One).collect()
                }
                item => vec![item],
            })
            .collect();
        to.matching(Meta::load(MetaKey::TimeDay, Register::R1), &days)
    }
}

impl Lift for WeekdayMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        from.matching(Meta::load(MetaKey::TimeDay, Register::R1)).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use Weekday::{Friday, Monday, Saturday, Sunday};

    use super::*;
    use crate::{
        language::matches::golden::{IP, same_as_nft},
        not,
    };

    #[test]
    fn as_nft_says_it() {
        same_as_nft([
            (IP, "meta day \"Monday\"", Rule::new().weekday(Monday)),
            (IP, "meta day != \"Sunday\"", Rule::new().weekday(not(Sunday))),
            (IP, "meta day { \"Monday\", \"Friday\" }", Rule::new().weekday([Monday, Friday])),
            (IP, "meta day != { \"Monday\", \"Friday\" }", Rule::new().weekday(not([Monday, Friday]))),
            (IP, "meta day 1-5", Rule::new().weekday(Monday..=Friday)),
            (IP, "meta day { \"Saturday\", \"Sunday\" }", Rule::new().weekday(Saturday..=Sunday)),
        ]);
    }
}
