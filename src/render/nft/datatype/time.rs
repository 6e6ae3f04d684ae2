//! Durations, moments, and times of day.

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
    let (year, month, day) = civil(seconds / 86_400);
    let time = seconds % 86_400;
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!("\"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}\"")
}

/// Days since 1970-01-01 as year, month and day, by counting from a first of March: then the leap day is the last of
/// its year.
fn civil(days: u64) -> (u64, u64, u64) {
    const FIRST_OF_MARCH_OF_YEAR_0: u64 = 719_468;
    const FOUR_CENTURIES: u64 = 146_097;

    let days = days.saturating_add(FIRST_OF_MARCH_OF_YEAR_0);
    let (era, day_of_era) = (days / FOUR_CENTURIES, days % FOUR_CENTURIES);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // March is month 0 here; five months take 153 days.
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}
