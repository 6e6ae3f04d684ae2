//! The time of day: iptables' `-m time --timestart --timestop`.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use crate::{
    Invalid, Rule,
    expr::{Data, Meta, MetaKey, Register},
    language::{
        Datatype, Item, Lift, Lifting, Lower, Lowering, Matching, Operand, lift::host_u32, matching_from,
    },
};

/// A time of day, in **UTC**: the kernel's rules know no time zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

/// The last second of the day.
const LAST: TimeOfDay = TimeOfDay::new(23, 59, 59);

impl TimeOfDay {
    /// Midnight.
    pub const MIDNIGHT: Self = Self::new(0, 0, 0);

    /// A time in UTC.
    pub const fn new(hour: u8, minute: u8, second: u8) -> Self {
        Self { hour, minute, second }
    }

    pub(crate) fn seconds(self) -> u32 {
        u32::from(self.hour) * 3600 + u32::from(self.minute) * 60 + u32::from(self.second)
    }

    pub(crate) fn from_seconds(seconds: u32) -> Option<Self> {
        let part = |number: u32| u8::try_from(number).ok();
        Some(Self::new(part(seconds / 3600)?, part(seconds / 60 % 60)?, part(seconds % 60)?))
    }

    /// A second later.
    fn next(self) -> Self {
        match self {
            Self { second: 0..=58, .. } => Self { second: self.second + 1, ..self },
            Self { minute: 0..=58, .. } => Self { minute: self.minute + 1, second: 0, ..self },
            _ => Self::new(self.hour.saturating_add(1), 0, 0),
        }
    }

    /// A second earlier.
    fn previous(self) -> Self {
        match self {
            Self { second: 1.., .. } => Self { second: self.second - 1, ..self },
            Self { minute: 1.., .. } => Self { minute: self.minute - 1, second: 59, ..self },
            _ => Self::new(self.hour.saturating_sub(1), 59, 59),
        }
    }
}

/// `09:30:00`
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)
    }
}

/// `HH:MM` or `HH:MM:SS`
impl FromStr for TimeOfDay {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let numbers: Option<Vec<u8>> = text.split(':').map(two_digits).collect();
        let time = match numbers.as_deref() {
            Some([hour, minute]) => Some(Self::new(*hour, *minute, 0)),
            Some([hour, minute, second]) => Some(Self::new(*hour, *minute, *second)),
            _ => None,
        };
        time.filter(|time| time.check().is_ok()).ok_or_else(|| Invalid::Unreadable {
            text: text.to_owned(),
            expected: "a time of day (09:30, 09:30:15, or 22:00-06:00), in UTC",
        })
    }
}

/// A number of one or two digits.
pub(super) fn two_digits(text: &str) -> Option<u8> {
    match text.len() {
        1 | 2 if text.bytes().all(|digit| digit.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

impl Operand for TimeOfDay {
    const WHAT: &'static str = "time of day";
    const DATATYPE: Datatype = Datatype::TIME_HOUR;

    fn data(&self) -> Data {
        Data::host_u32(self.seconds())
    }

    fn from_data(data: &Data) -> Option<Self> {
        Self::from_seconds(host_u32(data)?)
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.hour > 23 || self.minute > 59 || self.second > 59 {
            let range = "00:00:00 to 23:59:59".to_owned();
            return Err(Invalid::OutOfRange { what: "a time of day", value: self.to_string(), range });
        }
        Ok(())
    }
}

matching_from! {
    TimeOfDay:
    { TimeOfDay } => |time| Self::one(Item::One(time)),
    { RangeInclusive<TimeOfDay> } => |range| Self::one(Item::Range(*range.start(), *range.end())),
    'a { &'a str } => |text| read(text).map_or_else(Self::broken, Self::one),
    { String } => |text| Self::from(text.as_str()),
    'a { RangeInclusive<&'a str> } => |range| {
        range.start().parse().and_then(|from| Ok(Item::Range(from, range.end().parse()?))).map_or_else(Self::broken, Self::one)
    },
}

/// A time, or two with `-` between.
fn read(text: &str) -> Result<Item<TimeOfDay>, Invalid> {
    match text.split_once('-') {
        Some((from, to)) => Ok(Item::Range(from.parse()?, to.parse()?)),
        None => text.parse().map(Item::One),
    }
}

/// The packet comes at such a time of day.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct HourMatch(pub Matching<TimeOfDay>);

impl Rule {
    /// Only packets that come at such a time of day, in **UTC**. A range whose end is before its start goes over
    /// midnight; both ends are included, to the second.
    ///
    /// The kernel knows no time zones and no summer time: a program that means local time converts it, and changes
    /// the rule when the offset changes. (`nft list` shows the time in the time zone of the one who asks.)
    ///
    /// ```
    /// use portcullis::{Rule, not};
    ///
    /// Rule::new().time_of_day("08:00"..="17:59:59").accept();
    /// Rule::new().time_of_day("22:00-06:00").drop();
    /// Rule::new().time_of_day(not(["08:00-11:59:59", "13:00-16:59:59"])).drop();
    /// ```
    #[doc(alias = "timestart")]
    #[doc(alias = "timestop")]
    #[doc(alias = "hour")]
    #[must_use]
    pub fn time_of_day(self, times: impl Into<Matching<TimeOfDay>>) -> Self {
        self.word(|| HourMatch(times.into()))
    }
}

impl Lower for HourMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let mut times = self.0.clone();
        for item in &times.items {
            if let Item::Range(from, until) = item {
                from.check()?;
                until.check()?;
            }
        }
        times.items = match times.items.as_slice() {
            // Over midnight is not between. nft says `range neq 06:00-22:00` for 22:00-06:00, and so loses the
            // seconds 22:00:00 and 06:00:00, which iptables has.
            [Item::Range(from, until)] if from > until => {
                let (after, before) = (until.next(), from.previous());
                if after > before {
                    std::iter::once(Item::Range(TimeOfDay::MIDNIGHT, LAST)).collect()
                } else {
                    times.negated = !times.negated;
                    std::iter::once(Item::Range(after, before)).collect()
                }
            }
            items => items
                .iter()
                .flat_map(|item| match *item {
                    Item::Range(from, until) if from > until => {
                        [Some(Item::Range(from, LAST)), Some(Item::Range(TimeOfDay::MIDNIGHT, until))]
                    }
                    item => [Some(item), None],
                })
                .flatten()
                .collect(),
        };
        to.matching(Meta::load(MetaKey::TimeHour, Register::R1), &times)
    }
}

impl Lift for HourMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        from.matching(Meta::load(MetaKey::TimeHour, Register::R1)).map(Self)
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

        let at = |text: &str| Rule::new().time_of_day(text);
        let not_at = |text: &str| Rule::new().time_of_day(not(text));
        same_as_nft([
            (IP, "meta hour \"09:00\"-\"17:00\"", Rule::new().time_of_day("09:00"..="17:00")),
            (IP, "meta hour != \"09:00\"-\"17:00\"", not_at("09:00-17:00")),
            (IP, "meta hour \"12:30:05\"", at("12:30:05")),
            (
                IP,
                "meta hour { \"09:00\"-\"10:00\", \"12:00\"-\"13:00\" }",
                Rule::new().time_of_day(["09:00-10:00", "12:00-13:00"]),
            ),
            // over midnight, both ends included
            (IP, "meta hour != \"06:00:01\"-\"21:59:59\"", at("22:00-06:00")),
            (IP, "meta hour \"06:00:01\"-\"21:59:59\"", not_at("22:00-06:00")),
            (IP, "meta hour \"00:00:00\"-\"23:59:59\"", at("12:00:00-11:59:59")),
            (
                IP,
                "meta hour { \"00:00\"-\"06:00\", \"12:00\"-\"13:00\", \"22:00:00\"-\"23:59:59\" }",
                Rule::new().time_of_day(["12:00-13:00", "22:00-06:00"]),
            ),
        ]);
    }

    #[test]
    fn impossible_times_are_refused() {
        let at = |time| Rule::new().time_of_day(time).check(Family::Ip).unwrap_err().to_string();
        let text = "a time of day is 25:00:00; possible: 00:00:00 to 23:59:59";
        assert_eq!(at(TimeOfDay::MIDNIGHT..=TimeOfDay::new(25, 0, 0)), text);
        for text in ["24:00", "9", "09:60", "9:00-", "+9:00"] {
            let problem = Rule::new().time_of_day(text).check(Family::Ip).unwrap_err();
            let end = "is not a time of day (09:30, 09:30:15, or 22:00-06:00), in UTC";
            assert!(problem.to_string().ends_with(end), "{problem}");
        }
    }
}
