//! The time at which a packet comes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis::{Chain, DateTime, Family, Hook, Rule, TimeOfDay, Weekday, not};
use portcullis_world::{Host, Packet, need_namespaces};

use super::Gauge;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// The time of day of a point in Unix time.
fn time(seconds: u64) -> TimeOfDay {
    let part = |divisor, modulus| (seconds / divisor % modulus) as u8;
    TimeOfDay::new(part(HOUR, 24), part(60, 60), part(1, 60))
}

/// The day of the week of a point in Unix time.
fn day(seconds: u64) -> Weekday {
    use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    // 1970 began on a Thursday.
    [Thursday, Friday, Saturday, Sunday, Monday, Tuesday, Wednesday][(seconds / DAY % 7) as usize]
}

#[test]
fn packets_are_matched_by_the_time_at_which_they_come() {
    need_namespaces!();
    let host = Host::new("host");
    let now = SystemTime::now();
    let seconds = now.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let hour = Duration::from_secs(HOUR);
    let at = |seconds: u64| DateTime::from_unix(seconds);
    // Ranges reach an hour around now, and so over midnight if it is late; days reach one day.
    let rules = [
        ("from the past", Rule::new().date(now - hour..)),
        ("until the future", Rule::new().date(..=now + hour)),
        ("between", Rule::new().date(at(seconds - HOUR)..=at(seconds + HOUR))),
        ("not in the last century", Rule::new().date(not("1999-01-01"..="1999-12-31 23:59:59"))),
        ("never: past", Rule::new().date(..="2020-02-29 18:00")),
        ("never: future", Rule::new().date("2500-01-01"..)),
        ("never: not between", Rule::new().date(not(now - hour..=now + hour))),
        ("never: not from the past", Rule::new().date(not(now - hour..))),
        ("this hour", Rule::new().time_of_day(time(seconds - HOUR)..=time(seconds + HOUR))),
        (
            "not another hour",
            Rule::new().time_of_day(not(time(seconds + 2 * HOUR)..=time(seconds + 4 * HOUR))),
        ),
        ("over midnight", Rule::new().time_of_day(time(seconds - HOUR)..=time(seconds - 2 * HOUR))),
        (
            "hour of a list",
            Rule::new().time_of_day([
                time(seconds - HOUR)..=time(seconds + HOUR),
                time(seconds + 5 * HOUR)..=time(seconds + 6 * HOUR),
            ]),
        ),
        ("never: another hour", Rule::new().time_of_day(time(seconds + 2 * HOUR)..=time(seconds + 4 * HOUR))),
        ("never: not this hour", Rule::new().time_of_day(not(time(seconds - HOUR)..=time(seconds + HOUR)))),
        ("always", Rule::new().time_of_day("00:00-23:59:59")),
        ("today", Rule::new().weekday([day(seconds), day(seconds + DAY)])),
        ("day of a range", Rule::new().weekday(day(seconds)..=day(seconds + DAY))),
        ("not another day", Rule::new().weekday(not(day(seconds + 3 * DAY)))),
        ("never: another day", Rule::new().weekday(day(seconds + 3 * DAY))),
        ("never: other days", Rule::new().weekday(day(seconds + 2 * DAY)..=day(seconds + 5 * DAY))),
    ];
    let expected: Vec<_> =
        rules.iter().map(|(name, _)| *name).filter(|name| !name.starts_with("never")).collect();
    let mut gauge = Gauge::new(&host, Family::Inet, Chain::filter("output", Hook::Output), rules);
    for (loopback, error) in [("127.0.0.1", 3), ("::1", 1)] {
        let packet = Packet::icmp(loopback, loopback, error, 1);
        gauge.expect(
            &format!("a packet to {loopback} at {}", time(seconds)),
            || packet.send(&host),
            &expected,
        );
    }
}
