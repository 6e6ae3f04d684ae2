//! When a packet comes.

use Weekday::{Friday, Monday, Saturday, Sunday};
use portcullis::{
    language::matches::{TimeOfDay, Weekday},
    not,
};

use super::{Bench, IP, need_nft, rule};

#[test]
fn dates() {
    need_nft!();
    let year = "2024-01-01 00:00:00"..="2024-12-31T23:59:59";
    for bench in Bench::filters(IP) {
        bench.hold_all([
            (rule().date(year.clone()), "meta time \"2024-01-01 00:00:00\"-\"2024-12-31 23:59:59\""),
            (rule().date(not(year.clone())), "meta time != \"2024-01-01 00:00:00\"-\"2024-12-31 23:59:59\""),
            (rule().date("2024-01-01"..), "meta time >= \"2024-01-01 00:00:00\""),
            (rule().date(not("2024-01-01"..)), "meta time < \"2024-01-01 00:00:00\""),
            (rule().date(..="2024-02-29 12:30"), "meta time <= \"2024-02-29 12:30:00\""),
            (rule().date(not(..="2024-02-29 12:30")), "meta time > \"2024-02-29 12:30:00\""),
            (
                rule().date(["2024-01-01"..="2024-01-31", "2024-03-01"..="2024-03-31"]),
                "meta time { \"2024-01-01 00:00:00\"-\"2024-01-31 00:00:00\", \
                 \"2024-03-01 00:00:00\"-\"2024-03-31 00:00:00\" }",
            ),
        ]);
    }
}

#[test]
fn weekdays() {
    need_nft!();
    for bench in Bench::filters(IP) {
        for day in Weekday::ALL {
            bench.hold(rule().weekday(day), &format!("meta day \"{day}\""));
        }
        bench.hold_all([
            (rule().weekday(not(Sunday)), "meta day != \"Sunday\""),
            (rule().weekday([Monday, Friday]), "meta day { \"Monday\", \"Friday\" }"),
            (rule().weekday(not([Monday, Friday])), "meta day != { \"Monday\", \"Friday\" }"),
            (rule().weekday(Monday..=Friday), "meta day 1-5"),
            (rule().weekday(not(Monday..=Friday)), "meta day != 1-5"),
            (rule().weekday(Saturday..=Sunday), "meta day { \"Saturday\", \"Sunday\" }"),
            (
                rule().weekday(Friday..=Monday),
                "meta day { \"Friday\", \"Saturday\", \"Sunday\", \"Monday\" }",
            ),
        ]);
    }
}

#[test]
fn times_of_day() {
    need_nft!();
    let at = |text: &str| rule().time_of_day(text);
    for bench in Bench::filters(IP) {
        bench.hold_all([
            (rule().time_of_day("09:00"..="17:00"), "meta hour \"09:00\"-\"17:00\""),
            (rule().time_of_day(not("09:00"..="17:00")), "meta hour != \"09:00\"-\"17:00\""),
            (at("12:30:05"), "meta hour \"12:30:05\""),
            (rule().time_of_day(TimeOfDay::MIDNIGHT), "meta hour \"00:00\""),
            (rule().time_of_day(not("12:30:05")), "meta hour != \"12:30:05\""),
            (
                rule().time_of_day(["09:00-10:00", "12:00-13:00"]),
                "meta hour { \"09:00\"-\"10:00\", \"12:00\"-\"13:00\" }",
            ),
            (
                rule().time_of_day(not(["09:00-10:00", "12:00-13:00"])),
                "meta hour != { \"09:00\"-\"10:00\", \"12:00\"-\"13:00\" }",
            ),
            // Over midnight, with both ends; nft's own `"22:00"-"06:00"` loses the two seconds at the ends.
            (at("22:00-06:00"), "meta hour != \"06:00:01\"-\"21:59:59\""),
            (rule().time_of_day(not("22:00-06:00")), "meta hour \"06:00:01\"-\"21:59:59\""),
            (
                rule().time_of_day(["12:00-13:00", "22:00-06:00"]),
                "meta hour { \"00:00\"-\"06:00\", \"12:00\"-\"13:00\", \"22:00:00\"-\"23:59:59\" }",
            ),
            (
                rule().weekday(Monday..=Friday).time_of_day("08:00-17:59:59").accept(),
                "meta day 1-5 meta hour \"08:00\"-\"17:59:59\" accept",
            ),
        ]);
    }
}
