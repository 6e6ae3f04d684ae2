//! Dates, from and to the seconds since 1970 that the kernel counts.
//!
//! Days are counted from 1 March of the year 0: then the leap day is the last of its year.

/// From 1 March of the year 0 to 1 January 1970.
const DAYS_BEFORE_1970: u64 = 719_468;
const DAYS_OF_400_YEARS: u64 = 146_097;

/// Seconds since 1970, UTC, as `2026-12-24T18:00:00`, with what is `between` the date and the time in the place of the `T`.
pub(crate) fn date_and_time(seconds: u64, between: char) -> String {
    let (year, month, day) = date(seconds / 86_400);
    let time = seconds % 86_400;
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}")
}

/// The days from 1970 to a date, which is not before that, and is one of the calendar.
pub(crate) fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = year * 365 + year / 4 - year / 100 + year / 400;
    // Five months from March on take 153 days.
    before + (153 * month + 2) / 5 + day - 1 - DAYS_BEFORE_1970
}

/// Year, month and day, so many days after the beginning of 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days.saturating_add(DAYS_BEFORE_1970);
    let (era, day_of_era) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_four_centuries_is_found_again() {
        for days in 0..DAYS_OF_400_YEARS {
            let (year, month, day) = date(days);
            assert_eq!(days_since_1970(year, month, day), days);
        }
        assert_eq!(date(DAYS_OF_400_YEARS), (2370, 1, 1));
    }
}
