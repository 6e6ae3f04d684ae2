//! Durations, moments, and times of day.

use crate::calendar::date_and_time;

/// A duration as nft writes it, `1h30m`, in milliseconds. None at all is an empty text; nft writes it so, too.
pub(in crate::render::nft) fn duration(milliseconds: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];

    let mut rest = milliseconds;
    let mut text = String::new();
    for (size, unit) in UNITS {
        if rest >= size {
            text += &format!("{}{unit}", rest / size);
            rest %= size;
        }
    }
    text
}

/// Seconds since midnight as a time of day.
pub(super) fn hour(seconds: u64) -> String {
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match second {
        0 => format!("\"{hour:02}:{minute:02}\""),
        _ => format!("\"{hour:02}:{minute:02}:{second:02}\""),
    }
}

/// Seconds since 1970 as a date and a time.
pub(super) fn date(seconds: u64) -> String {
    format!("\"{}\"", date_and_time(seconds, ' '))
}
