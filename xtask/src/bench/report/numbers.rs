//! Numbers as people read them.

/// Seconds: `12 µs`, `3.45 ms`, `1.20 s`.
pub(crate) fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        seconds if seconds >= 1.0 => (seconds, "s"),
        seconds if seconds >= 1e-3 => (seconds * 1e3, "ms"),
        seconds if seconds >= 1e-6 => (seconds * 1e6, "µs"),
        seconds => (seconds * 1e9, "ns"),
    };
    format!("{} {unit}", three_digits(value))
}

/// Three digits that say something: `1.23`, `12.3`, `123`.
pub(crate) fn three_digits(value: f64) -> String {
    match value {
        value if value >= 99.95 => format!("{value:.0}"),
        value if value >= 9.995 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// `10,000`
pub(crate) fn count(number: u32) -> String {
    let digits: Vec<char> = number.to_string().chars().collect();
    let groups: Vec<String> = digits.rchunks(3).rev().map(|group| group.iter().collect()).collect();
    groups.join(",")
}

/// `4.2 MiB`
pub(crate) fn bytes(number: u64) -> String {
    format!("{} MiB", three_digits(number as f64 / f64::from(1 << 20)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_a_unit() {
        assert_eq!([1.5, 0.012_34, 45.678e-6, 245e-9].map(time), ["1.50 s", "12.3 ms", "45.7 µs", "245 ns"]);
        assert_eq!([0.999_4, 9.996, 99.96].map(three_digits), ["1.00", "10.0", "100"]);
        assert_eq!(
            [7, 100, 1_000, 50_000, 1_000_000].map(count),
            ["7", "100", "1,000", "50,000", "1,000,000"]
        );
        assert_eq!(bytes(4_404_019), "4.20 MiB");
    }
}
