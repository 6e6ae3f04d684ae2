//! Counters as iptables rounds them.

use std::fmt;

/// A counter, and whether it is to be shown in full.
pub(super) struct Count(pub(super) u64, pub(super) bool);

/// Five digits as they are; beyond, thousands, millions and more, rounded to the nearest, while they have five digits.
impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(mut number, exact) = *self;
        if exact || number <= 99_999 {
            return write!(f, "{number}");
        }
        let mut units = ["K", "M", "G", "T", "P"].into_iter().peekable();
        while let Some(unit) = units.next() {
            // As iptables rounds: each time from what is there.
            number = number.saturating_add(500) / 1000;
            if number <= 9_999 || units.peek().is_none() {
                return write!(f, "{number}{unit}");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_iptables_rounds() {
        for (number, text) in [
            (0, "0"),
            (99_999, "99999"),
            (100_000, "100K"),
            (1_234_567, "1235K"),
            (9_999_499, "9999K"),
            (9_999_500, "10M"),
            (9_876_543_210, "9877M"),
            (12_345_678_901, "12G"),
            (12_345_678_901_234, "12T"),
            (u64::MAX, "18447P"),
        ] {
            assert_eq!(Count(number, false).to_string(), text);
            assert_eq!(Count(number, true).to_string(), number.to_string());
        }
    }
}
