//! Points in time: iptables' `-m time --datestart --datestop`.

use std::{
    ops::{RangeFrom, RangeInclusive, RangeToInclusive},
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use super::hour::{TimeOfDay, two_digits};
use crate::{
    Invalid, Rule,
    calendar::days_since_1970,
    expr::{Byteorder, Cmp, CmpOp, Data, Expr, Meta, MetaKey, Register},
    language::{
        Datatype, Item, Lift, Lifting, Lower, Lowering, Matching, Operand, lift::host_u64, matching_from,
    },
};

/// A point in time, as the kernel's rules hold it: nanoseconds since 1970 in UTC, until the year 2554.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime(pub u64);

const NANOSECONDS: u64 = 1_000_000_000;
const EXPECTED: &str =
    "a point in time (2026-03-29, 2026-03-29 18:00 or 2026-03-29T18:00:00), in UTC, from 1970 to 2553";

impl DateTime {
    /// Unix time.
    pub const fn from_unix(seconds: u64) -> Self {
        Self(seconds.saturating_mul(NANOSECONDS))
    }
}

impl TryFrom<SystemTime> for DateTime {
    type Error = Invalid;

    fn try_from(time: SystemTime) -> Result<Self, Invalid> {
        let since = time.duration_since(UNIX_EPOCH).ok();
        since.and_then(|since| u64::try_from(since.as_nanos()).ok()).map(Self).ok_or_else(|| {
            Invalid::OutOfRange {
                what: "a point in time",
                value: format!("{time:?}"),
                range: "the years 1970 to 2553".to_owned(),
            }
        })
    }
}

/// `YYYY-MM-DD`, and behind a blank or `T` also `HH:MM` or `HH:MM:SS`, in UTC.
impl FromStr for DateTime {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        read(text).ok_or_else(|| Invalid::Unreadable { text: text.to_owned(), expected: EXPECTED })
    }
}

/// The beginning of 2554: that year has no end in 64 bits of nanoseconds.
const YEAR_2554: u64 = 18_429_292_800;

fn read(text: &str) -> Option<DateTime> {
    unix_seconds(text).filter(|seconds| *seconds < YEAR_2554).map(DateTime::from_unix)
}

/// Unix time of a date, or of a date and a time, from 1970 to 9999.
pub(crate) fn unix_seconds(text: &str) -> Option<u64> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, time.parse().ok()?),
        None => (text, TimeOfDay::MIDNIGHT),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, two_digits(parts.next()?)?, two_digits(parts.next()?)?);
    if parts.next().is_some() || year.len() != 4 || !year.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let year: u64 = year.parse().ok()?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) || !(1970..10_000).contains(&year) {
        return None;
    }
    let days = days_since_1970(year, month.into(), day.into());
    let of_day = u64::from(time.hour) * 3600 + u64::from(time.minute) * 60 + u64::from(time.second);
    Some(days * 86_400 + of_day)
}

impl Operand for DateTime {
    const WHAT: &'static str = "time";
    const DATATYPE: Datatype = Datatype::TIME_DATE;

    fn data(&self) -> Data {
        Data::host_u64(self.0)
    }

    fn from_data(data: &Data) -> Option<Self> {
        host_u64(data).map(Self)
    }

    fn text(&self) -> String {
        format!("{}.{:09} s since 1970", self.0 / NANOSECONDS, self.0 % NANOSECONDS)
    }
}

type Time = Result<DateTime, Invalid>;

fn between(from: Time, until: Time) -> Matching<DateTime> {
    from.and_then(|from| Ok(Item::Range(from, until?))).map_or_else(Matching::broken, Matching::one)
}

fn from(time: Time) -> Matching<DateTime> {
    between(time, Ok(DateTime(u64::MAX)))
}

fn until(time: Time) -> Matching<DateTime> {
    between(Ok(DateTime(0)), time)
}

matching_from! {
    DateTime:
    { RangeInclusive<DateTime> } => |times| between(Ok(*times.start()), Ok(*times.end())),
    { RangeFrom<DateTime> } => |times| from(Ok(times.start)),
    { RangeToInclusive<DateTime> } => |times| until(Ok(times.end)),
    { RangeInclusive<SystemTime> } => |times| between((*times.start()).try_into(), (*times.end()).try_into()),
    { RangeFrom<SystemTime> } => |times| from(times.start.try_into()),
    { RangeToInclusive<SystemTime> } => |times| until(times.end.try_into()),
    'a { RangeInclusive<&'a str> } => |times| between(times.start().parse(), times.end().parse()),
    'a { RangeFrom<&'a str> } => |times| from(times.start.parse()),
    'a { RangeToInclusive<&'a str> } => |times| until(times.end.parse()),
}

/// The packet comes at such a time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct DateMatch(pub Matching<DateTime>);

impl Rule {
    /// Only packets that come between two points in time, from one on, or until one: in **UTC**, to the
    /// nanosecond.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use portcullis::{Rule, not};
    ///
    /// // a temporary permission
    /// Rule::new().date(..=SystemTime::now() + Duration::from_secs(3600)).accept();
    /// Rule::new().date("2026-12-24 18:00"..="2026-12-26 23:59:59").drop();
    /// Rule::new().date("2027-01-01"..).drop();
    /// ```
    #[doc(alias = "datestart")]
    #[doc(alias = "datestop")]
    #[must_use]
    pub fn date(self, times: impl Into<Matching<DateTime>>) -> Self {
        self.word(|| DateMatch(times.into()))
    }
}

impl Lower for DateMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let load = Meta::load(MetaKey::TimeNs, Register::R1);
        // As nft does, a range that is open is one comparison.
        let (op, opposite, limit) = match self.0.items() {
            [Item::Range(from, DateTime(u64::MAX))] => (CmpOp::Gte, CmpOp::Lt, from),
            [Item::Range(DateTime(0), until)] => (CmpOp::Lte, CmpOp::Gt, until),
            _ => return to.matching(load, &self.0),
        };
        to.push(load);
        to.push(Byteorder::hton(Register::R1, 8));
        let op = if self.0.is_negated() { opposite } else { op };
        to.push(Cmp::new(Register::R1, op, Data::new(&limit.0.to_be_bytes())));
        Ok(())
    }
}

impl Lift for DateMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let load = Meta::load(MetaKey::TimeNs, Register::R1);
        if let Some(times) = from.matching(load) {
            return Some(Self(times));
        }
        let [Expr::Meta(Meta { key: MetaKey::TimeNs, .. }), Expr::Byteorder(_), Expr::Cmp(cmp), ..] =
            from.expressions()
        else {
            return None;
        };
        let limit = DateTime(cmp.data.as_bytes().try_into().ok().map(u64::from_be_bytes)?);
        let (first, last) = (DateTime(0), DateTime(u64::MAX));
        let (negated, from, until) = match cmp.op {
            CmpOp::Gte => (false, limit, last),
            CmpOp::Lt => (true, limit, last),
            CmpOp::Lte => (false, first, limit),
            CmpOp::Gt => (true, first, limit),
            _ => return None,
        };
        Some(Self(Matching { negated, ..Matching::one(Item::Range(from, until)) }))
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

        let year = "2024-01-01 00:00:00"..="2024-12-31T23:59:59";
        same_as_nft([
            (IP, "meta time \"2024-01-01 00:00:00\"-\"2024-12-31 23:59:59\"", Rule::new().date(year.clone())),
            (IP, "meta time != \"2024-01-01 00:00:00\"-\"2024-12-31 23:59:59\"", Rule::new().date(not(year))),
            (IP, "meta time >= \"2024-01-01 00:00:00\"", Rule::new().date("2024-01-01"..)),
            (IP, "meta time < \"2024-01-01 00:00:00\"", Rule::new().date(not("2024-01-01"..))),
            (IP, "meta time <= \"2024-02-29 12:30:00\"", Rule::new().date(..="2024-02-29 12:30")),
        ]);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        let seconds = |text: &str| text.parse::<DateTime>().map(|time| time.0 / NANOSECONDS).ok();
        // each from `date -u -d TEXT +%s`
        assert_eq!(seconds("1970-01-01"), Some(0));
        assert_eq!(seconds("2000-02-29"), Some(951_782_400));
        assert_eq!(seconds("2024-12-31 23:59:59"), Some(1_735_689_599));
        assert_eq!(seconds("2100-03-01T00:00:01"), Some(4_107_542_401));
        assert_eq!(seconds("2553-12-31"), Some(18_429_206_400));
        for text in
            ["2023-02-29", "2100-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "1969-12-31", "24-01-01"]
        {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let problem = Rule::new().date("tomorrow"..).check(Family::Ip).unwrap_err();
        assert_eq!(problem.to_string(), format!("\"tomorrow\" is not {EXPECTED}"));
        let problem = Rule::new().date("2024-01-02"..="2024-01-01").check(Family::Ip).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "the time range 1704153600.000000000 s since 1970 to 1704067200.000000000 s since 1970 is reversed"
        );
        let early = UNIX_EPOCH - std::time::Duration::from_secs(1);
        assert!(Rule::new().date(early..).check(Family::Ip).is_err());
    }
}
