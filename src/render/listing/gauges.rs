//! Conditions of connections, rates, times and what else the kernel knows, in iptables' words.

use super::{
    matches::mark,
    row::Row,
    values::{hex, items, negatable, own, plain, quoted, spaced},
};
use crate::{
    Statement,
    expr::{AddressType, CtDirection, CtState, CtStatus, LimitKind, LimitUnit},
    language::{
        Matching,
        matches::{
            AddressTypeMatch, CtAddressMatch, CtPortMatch, CtStateIs, CtStateMatch, CtTrafficMatch,
            HourMatch, Nth, Random, Rate, ReversePath, Side, SocketFlag, SocketMatch, TrafficKind, Way,
        },
    },
};

/// Says a condition; false if it is none of these.
pub(super) fn say(statement: &Statement, row: &mut Row) -> bool {
    let text = match statement {
        // iptables has one word for both, and both match the same packets.
        Statement::CtStateMatch(CtStateMatch(states)) | Statement::CtStateIs(CtStateIs(states)) => {
            not_first(states, "ctstate", |state| ct_state(*state))
        }
        Statement::CtStatusMatch(states) => not_first(&states.0, "ctstatus", |status| ct_status(*status)),
        Statement::CtMarkMatch(marks) => format!("connmark match {}", spaced(&marks.0, ":", mark)),
        Statement::MarkMatch(marks) => format!("mark match {}", spaced(&marks.0, ":", mark)),
        Statement::SocketMarkMatch(marks) => format!("socket mark {}", spaced(&marks.0, ":", mark)),
        Statement::CtDirectionMatch(directions) => {
            let text = |direction: &CtDirection| direction.to_string().to_uppercase();
            format!("ctdir {}", spaced(&directions.0, ":", text))
        }
        Statement::CtAddressMatch(CtAddressMatch { direction, side, addresses }) => {
            let name = format!("ct{}{}", way(*direction), end(*side));
            not_first(addresses, &name, ToString::to_string)
        }
        Statement::CtPortMatch(CtPortMatch { direction, side, ports }) => {
            not_first(ports, &format!("ct{}{}port", way(*direction), end(*side)), own)
        }
        Statement::CtExpirationMatch(times) => {
            not_first(&times.0, "ctexpire", |time| match time.subsec_millis() {
                0 => time.as_secs().to_string(),
                milliseconds => format!("{}.{milliseconds:03}", time.as_secs()),
            })
        }
        Statement::CtHelperMatch(helpers) => {
            format!("helper match {}", spaced(&helpers.0, "-", |name| quoted(&name.0)))
        }
        Statement::CtZoneMatch(zones) => not_first(&zones.0, "ctzone", own),
        Statement::CtTrafficMatch(traffic) => connbytes(traffic),
        Statement::LimitMatch(rate) => limit(&rate.0),
        Statement::ConnectionLimit(limit) => {
            format!("#conn {} {}", if limit.over { ">" } else { "<=" }, limit.count)
        }
        Statement::Nth(nth) => statistic_nth(nth),
        Statement::Random(random) => statistic_random(random),
        Statement::PktTypeMatch(kinds) => {
            let sign = if kinds.0.is_negated() { "!=" } else { "=" };
            format!("PKTTYPE {sign} {}", items(&kinds.0, ":", own))
        }
        Statement::AddressTypeMatch(types) => address_type(types),
        Statement::SkUidMatch(users) => not_first(&users.0, "owner UID match", own).replace(':', "-"),
        Statement::SkGidMatch(groups) => not_first(&groups.0, "owner GID match", own).replace(':', "-"),
        Statement::CgroupMatch(classes) => not_first(&classes.0, "cgroup", own),
        Statement::CgroupV2Match(groups) => {
            not_first(&groups.0, "cgroup", |group| format!("level {} id {}", group.level, group.id))
        }
        Statement::HourMatch(HourMatch(hours)) => time_of_day(hours),
        Statement::WeekdayMatch(days) => {
            let day = |day: &crate::Weekday| day.to_string().chars().take(3).collect::<String>();
            let not = if days.0.is_negated() { "! " } else { "" };
            format!("TIME {not}on {}", items(&days.0, "-", day))
        }
        Statement::DateMatch(dates) => format!("TIME {}", spaced(&dates.0, " to ", own)),
        Statement::ReversePath(ReversePath { loose, by_mark, negated }) => {
            let flag = |set: bool, word: &'static str| if set { word } else { "" };
            let (loose, mark) = (flag(*loose, " loose"), flag(*by_mark, " validmark"));
            format!("rpfilter{loose}{mark}{}", flag(*negated, " invert"))
        }
        Statement::SocketMatch(SocketMatch { flag, set }) => {
            let not = if *set { "" } else { "! " };
            match flag {
                SocketFlag::Transparent => format!("{not}socket --transparent"),
                SocketFlag::Wildcard => format!("{not}socket wildcard"),
            }
        }
        _ => return false,
    };
    row.add(text);
    true
}

/// `ctstate NEW`, `! ctstate NEW`
fn not_first<T>(values: &Matching<T>, word: &str, text: impl Fn(&T) -> String) -> String {
    let not = if values.is_negated() { "! " } else { "" };
    format!("{not}{word} {}", items(values, ":", text))
}

/// In iptables' order.
pub(super) fn ct_state(state: CtState) -> String {
    let known = [
        (CtState::INVALID, "INVALID"),
        (CtState::NEW, "NEW"),
        (CtState::RELATED, "RELATED"),
        (CtState::ESTABLISHED, "ESTABLISHED"),
        (CtState::UNTRACKED, "UNTRACKED"),
    ];
    let names = known.into_iter().filter(|(flag, _)| state.contains(*flag)).map(|(_, name)| name.to_owned());
    let other = state - CtState::KNOWN;
    names.chain((!other.is_empty()).then(|| hex(other.bits()))).collect::<Vec<_>>().join(",")
}

/// iptables has words for four of them.
pub(super) fn ct_status(status: CtStatus) -> String {
    let names: Vec<&str> = status.iter_names().map(|(name, _)| name).collect();
    let other = status - CtStatus::KNOWN;
    let other = (!other.is_empty()).then(|| hex(other.bits()));
    names.into_iter().map(str::to_owned).chain(other).collect::<Vec<_>>().join(",")
}

fn way(direction: CtDirection) -> String {
    match direction {
        CtDirection::Original => "orig".to_owned(),
        CtDirection::Reply => "repl".to_owned(),
        CtDirection::Other(number) => format!("dir{number}"),
    }
}

fn end(side: Side) -> &'static str {
    match side {
        Side::Source => "src",
        Side::Destination => "dst",
    }
}

fn connbytes(CtTrafficMatch { kind, direction, traffic }: &CtTrafficMatch) -> String {
    let mode = match kind {
        TrafficKind::Bytes => "bytes",
        TrafficKind::Packets => "packets",
        TrafficKind::AveragePacket => "avgpkt",
    };
    let direction = match direction {
        None => "both".to_owned(),
        Some(direction) => direction.to_string(),
    };
    let range = not_first(traffic, "connbytes", own);
    format!("{range} connbytes mode {mode} connbytes direction {direction}")
}

/// `limit: avg 3/sec burst 5`
fn limit(Rate { amount, unit, kind, burst, over }: &Rate) -> String {
    let unit = match unit {
        LimitUnit::Second => "sec".to_owned(),
        LimitUnit::Minute => "min".to_owned(),
        LimitUnit::Other(seconds) => format!("{seconds} s"),
        other => other.to_string(),
    };
    let avg = if *over { "above" } else { "avg" };
    match kind {
        LimitKind::Packets => format!("limit: {avg} {amount}/{unit} burst {burst}"),
        LimitKind::Bytes => format!("limit: {avg} {amount} bytes/{unit} burst {burst} bytes"),
        LimitKind::Other(kind) => format!("limit: {avg} {amount} (kind {kind})/{unit} burst {burst}"),
    }
}

fn statistic_nth(Nth { every, packet, negated }: &Nth) -> String {
    let not = if *negated { " !" } else { "" };
    let packet = if *packet == 0 { String::new() } else { format!(" packet {packet}") };
    format!("statistic mode nth{not} every {every}{packet}")
}

fn statistic_random(random: &Random) -> String {
    let not = if random.negated { " !" } else { "" };
    let share = f64::from(random.share) / f64::from(1u32 << 31);
    format!("statistic mode random{not} probability {share:.11}")
}

fn address_type(AddressTypeMatch { side, interface, types }: &AddressTypeMatch) -> String {
    let limit = match interface {
        None => "",
        Some(Way::In) => " limit-in",
        Some(Way::Out) => " limit-out",
    };
    let kinds = negatable(types, ":", |kind: &AddressType| plain(&kind.to_string().to_uppercase()));
    format!("ADDRTYPE match {}-type {kinds}{limit}", end(*side))
}

fn time_of_day(hours: &Matching<crate::TimeOfDay>) -> String {
    let time = |time: &crate::TimeOfDay| format!("{:02}:{:02}:{:02}", time.hour, time.minute, time.second);
    match (hours.items(), hours.is_negated()) {
        ([crate::Item::Range(from, to)], false) => format!("TIME from {} to {} UTC", time(from), time(to)),
        _ => format!("TIME {}", spaced(hours, "-", time)),
    }
}
