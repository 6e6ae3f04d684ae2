//! Priorities as nft writes them: `"filter"`, `"srcnat + 1"`, or a number.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Unexpected},
};

use crate::object::Priority;

impl Serialize for Priority {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.said() {
            (None, offset) => to.serialize_i32(offset),
            (Some(name), 0) => to.serialize_str(name),
            (Some(name), offset @ 1..) => to.collect_str(&format_args!("{name} + {offset}")),
            (Some(name), offset) => to.collect_str(&format_args!("{name} - {}", offset.unsigned_abs())),
        }
    }
}

impl<'de> Deserialize<'de> for Priority {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NameOrNumber)
    }
}

struct NameOrNumber;

impl de::Visitor<'_> for NameOrNumber {
    type Value = Priority;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a priority: a number of 32 bits, or one of")?;
        Priority::NAMED.iter().try_for_each(|(name, _)| write!(f, " {name}"))?;
        f.write_str(", also as in \"filter - 5\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Priority, E> {
        read(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Priority, E> {
        let fitting = i32::try_from(number).map(Priority::from);
        fitting.map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Priority, E> {
        let fitting = i32::try_from(number).map(Priority::from);
        fitting.map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }
}

fn read(text: &str) -> Option<Priority> {
    let (name, offset) = match text.split_once(['+', '-']) {
        Some((name, digits)) => {
            let digits = digits.trim_start();
            let number: i64 =
                digits.parse().ok().filter(|_| digits.starts_with(|digit: char| digit.is_ascii_digit()))?;
            let offset = if text.contains('-') { -number } else { number };
            (name.trim_end(), i32::try_from(offset).ok()?)
        }
        None => (text, 0),
    };
    let (_, priority) = Priority::NAMED.iter().find(|(known, _)| *known == name)?;
    Some(*priority + offset)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json, to_value};

    use super::*;

    #[test]
    fn priorities_are_written_as_nft_does() {
        for (priority, expected) in [
            (Priority::FILTER, json!("filter")),
            (Priority::SRCNAT + 1, json!("srcnat + 1")),
            (Priority::RAW - 10, json!("raw - 10")),
            (Priority::OUT + i32::MIN, json!("out - 2147483648")),
            (Priority::from(-7), json!(-7)),
            (Priority::from(0), json!(0)),
            (i32::MAX.into(), json!(i32::MAX)),
        ] {
            assert_eq!(to_value(priority).unwrap(), expected);
            assert_eq!(from_value::<Priority>(expected).unwrap(), priority);
        }
        for text in ["filter-5", "filter -5", "filter- 5"] {
            assert_eq!(from_value::<Priority>(text.into()).unwrap(), Priority::FILTER - 5);
        }
    }

    #[test]
    fn what_is_no_priority_is_refused() {
        let refused = |value: Value| {
            let error = from_value::<Priority>(value).unwrap_err().to_string();
            assert!(
                error.contains("expected a priority: a number of 32 bits, or one of raw mangle"),
                "{error}"
            );
        };
        let long = format!("filter + {}", u64::MAX);
        for text in ["", "first", "filter + ", "filter + x", "filter - -5", "filter + 1 + 1", "+ 5", &long] {
            refused(text.into());
        }
        refused(json!(1u64 << 31));
        refused(json!(-1i64 << 40));
        refused(json!(0.5));
        refused(json!(["filter"]));
    }
}
