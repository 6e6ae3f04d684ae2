//! Times: durations as whole milliseconds, points in time as RFC 3339 writes them.

use std::{borrow::Cow, time::Duration};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Unexpected},
    ser::Error,
};

use super::matching::write;
use crate::{
    calendar::date_and_time,
    language::{
        Matching,
        matches::{DateTime, unix_seconds},
    },
};

/// A duration as a number.
struct Milliseconds(Duration);

impl Serialize for Milliseconds {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self(duration) = self;
        let number = u64::try_from(duration.as_millis()).ok();
        match number.filter(|number| Duration::from_millis(*number) == *duration) {
            Some(number) => to.serialize_u64(number),
            None => Err(S::Error::custom(format_args!("{duration:?} is not a whole number of milliseconds"))),
        }
    }
}

impl<'de> Deserialize<'de> for Milliseconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        u64::deserialize(from).map(|number| Self(Duration::from_millis(number)))
    }
}

pub(crate) fn serialize<S: Serializer>(duration: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    duration.map(Milliseconds).serialize(to)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let number = Option::<Milliseconds>::deserialize(from)?;
    Ok(number.map(|Milliseconds(duration)| duration))
}

/// Durations that a match compares with.
pub(crate) mod matching {
    use super::{Deserialize, Deserializer, Duration, Matching, Milliseconds, Serializer, write};

    pub(crate) fn serialize<S: Serializer>(matching: &Matching<Duration>, to: S) -> Result<S::Ok, S::Error> {
        write(matching, matching.map(|duration| Milliseconds(*duration)).items(), to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Matching<Duration>, D::Error> {
        let numbers = Matching::<Milliseconds>::deserialize(from)?;
        Ok(numbers.map(|Milliseconds(duration)| *duration))
    }
}

const NANOSECONDS: u64 = 1_000_000_000;

/// In UTC: `2026-12-24T18:00:00Z`, with nine digits behind the seconds where it is not a whole one.
impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (seconds, fraction) = (self.0 / NANOSECONDS, self.0 % NANOSECONDS);
        let whole = date_and_time(seconds, 'T');
        match fraction {
            0 => to.collect_str(&format_args!("{whole}Z")),
            _ => to.collect_str(&format_args!("{whole}.{fraction:09}Z")),
        }
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(from)?;
        read(&text).ok_or_else(|| {
            let expected = "a point in time in UTC, such as 2026-12-24T18:00:00Z";
            de::Error::invalid_value(Unexpected::Str(&text), &expected)
        })
    }
}

fn read(text: &str) -> Option<DateTime> {
    let text = text.strip_suffix('Z').filter(|text| text.contains('T'))?;
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, digits)) => (whole, nanoseconds(digits)?),
        None => (text, 0),
    };
    let seconds = unix_seconds(whole)?;
    seconds.checked_mul(NANOSECONDS)?.checked_add(fraction).map(DateTime)
}

/// The digits behind the point.
fn nanoseconds(digits: &str) -> Option<u64> {
    let right = matches!(digits.len(), 1..=9) && digits.bytes().all(|digit| digit.is_ascii_digit());
    right.then(|| format!("{digits:0<9}").parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time_are_those_of_the_calendar() {
        // each from `date -u -d @SECONDS +%FT%TZ`
        for (time, text) in [
            (DateTime(0), "1970-01-01T00:00:00Z"),
            (DateTime::from_unix(951_782_400), "2000-02-29T00:00:00Z"),
            (DateTime::from_unix(1_735_689_599), "2024-12-31T23:59:59Z"),
            (DateTime::from_unix(4_107_542_401), "2100-03-01T00:00:01Z"),
            (DateTime(1_500_000_000), "1970-01-01T00:00:01.500000000Z"),
            (DateTime(u64::MAX), "2554-07-21T23:34:33.709551615Z"),
        ] {
            assert_eq!(serde_json::to_value(time).unwrap(), text);
            assert_eq!(serde_json::from_value::<DateTime>(text.into()).unwrap(), time);
        }
        let short = serde_json::from_value::<DateTime>("1970-01-01T00:00:01.5Z".into());
        assert_eq!(short.unwrap(), DateTime(1_500_000_000));
    }

    #[test]
    fn every_day_is_read_as_it_was_written() {
        for day in 0..213_503 {
            let time = DateTime::from_unix(day * 86_400 + 1);
            assert_eq!(
                serde_json::from_value::<DateTime>(serde_json::to_value(time).unwrap()).unwrap(),
                time
            );
        }
    }

    #[test]
    fn what_is_no_point_in_time_is_refused() {
        for text in [
            "",
            "Z",
            "2024-01-01",
            "2024-01-01Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00.0000000001Z",
            "2024-01-01T00:00:00.-1Z",
            "2024-02-30T00:00:00Z",
            "2554-07-21T23:34:33.709551616Z",
            "2555-01-01T00:00:00Z",
            "99999999999999999999-01-01T00:00:00Z",
        ] {
            let error = serde_json::from_value::<DateTime>(text.into()).unwrap_err();
            assert!(error.to_string().contains("expected a point in time in UTC"), "{error}");
        }
    }

    #[test]
    fn a_duration_that_is_no_whole_number_is_refused() {
        let error = serde_json::to_value(Milliseconds(Duration::from_micros(1500))).unwrap_err();
        assert_eq!(error.to_string(), "1.5ms is not a whole number of milliseconds");
        assert!(serde_json::to_value(Milliseconds(Duration::MAX)).is_err());
    }
}
