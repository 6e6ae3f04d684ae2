//! What people read in a snapshot: the comments. Nothing of it is read back.

use std::{fmt::Write, net::Ipv6Addr, time::Duration};

use crate::{
    calendar::date_and_time,
    expr::{ChainTarget, Data, Expr, Load, ObjectChoice, Verdict},
    object::{
        Chain, DataType, Element, ElementData, ElementFlags, Flowtable, MapData, Object, ObjectData, Set,
        Table, TableFlags,
    },
};

/// The longest comment.
const LIMIT: usize = 2000;

/// A text on one line, without what could confuse a terminal.
pub(super) fn comment(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if line.len() > LIMIT {
            line.push('…');
            break;
        }
        if character == ' ' || character.is_ascii_graphic() || character.is_alphanumeric() {
            line.push(character);
        } else {
            line.extend(character.escape_default());
        }
    }
    line
}

/// A point in time: `2026-03-29 18:00:00 UTC`.
pub(super) fn date(seconds: u64) -> String {
    format!("{} UTC", date_and_time(seconds, ' '))
}

pub(super) fn table(table: &Table) -> Option<String> {
    let mut parts = Vec::new();
    for (flag, word) in
        [(TableFlags::DORMANT, "dormant"), (TableFlags::OWNER, "owner"), (TableFlags::PERSIST, "persist")]
    {
        parts.extend(table.flags.contains(flag).then(|| word.to_owned()));
    }
    parts.extend(table.comment_text().map(quoted));
    joined(&parts)
}

pub(super) fn object(object: &Object) -> Option<String> {
    let mut parts = vec![object.kind().to_string()];
    match &object.data {
        ObjectData::Counter(counter) => {
            parts.push(count(counter.packets.unwrap_or_default(), counter.bytes.unwrap_or_default()));
        }
        ObjectData::Quota(quota) => {
            parts.push(format!("{} of {} bytes used", quota.consumed.unwrap_or_default(), quota.bytes));
        }
        _ => {}
    }
    parts.extend(object.comment_text().map(quoted));
    joined(&parts)
}

pub(super) fn flowtable(flowtable: &Flowtable) -> Option<String> {
    let devices: Vec<_> = flowtable.devices.iter().map(ToString::to_string).collect();
    joined(&devices)
}

pub(super) fn set(set: &Set) -> Option<String> {
    let mut parts = vec![format!("key of {} bytes", set.key_len)];
    parts.extend(match &set.data {
        None => None,
        Some(MapData::Value { len, .. }) => Some(format!("map to {len} bytes")),
        Some(MapData::Verdict) => Some("map to verdicts".to_owned()),
        Some(MapData::Object(kind)) => Some(format!("map to {kind} objects")),
    });
    parts.extend(set.is_anonymous().then(|| "belongs to a rule".to_owned()));
    parts.extend(set.timeout.map(|timeout| format!("timeout {}", time(timeout))));
    parts.extend(set.comment_text().map(quoted));
    joined(&parts)
}

pub(super) fn element(set: &Set, element: &Element) -> String {
    let mut text = if element.flags.contains(ElementFlags::CATCHALL) {
        "*".to_owned()
    } else {
        key(set.key_type, &element.key)
    };
    if element.flags.contains(ElementFlags::INTERVAL_END) {
        text.insert_str(0, "end of a range, before ");
    }
    // Writing to a String cannot fail.
    let _ = match &element.key_end {
        Some(end) => write!(text, " - {}", key(set.key_type, end)),
        None => Ok(()),
    };
    let _ = match &element.data {
        Some(ElementData::Value(value)) => write!(text, " : {value}"),
        Some(ElementData::Verdict(verdict)) => write!(text, " : {}", decision(verdict)),
        Some(ElementData::Object(name)) => write!(text, " : {name}"),
        None => Ok(()),
    };
    for expression in &element.expressions {
        let _ = write!(text, " {}", word(expression));
    }
    for (what, duration) in [("timeout", element.timeout), ("expires in", element.expiration)] {
        if let Some(duration) = duration {
            let _ = write!(text, " {what} {}", time(duration));
        }
    }
    if let Some(comment) = element.comment_text() {
        let _ = write!(text, " {}", quoted(comment));
    }
    text
}

pub(super) fn chain(chain: &Chain) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(base) = &chain.base {
        parts.push(format!("{} at hook {}", base.kind.word(), base.hook));
        parts.extend(base.devices.iter().map(|device| format!("device {device}")));
        parts.extend(base.policy.map(|policy| format!("policy {policy}")));
        parts.extend(base.counters.map(|(packets, bytes)| count(packets, bytes)));
    }
    parts.extend(chain.comment_text().map(quoted));
    joined(&parts)
}

/// An expression in a word or a few.
fn word(expression: &Expr) -> String {
    match expression {
        Expr::Cmp(cmp) => cmp.data.to_string(),
        Expr::Counter(counter) => {
            count(counter.packets.unwrap_or_default(), counter.bytes.unwrap_or_default())
        }
        Expr::Dynset(dynset) => format!("{} @{}", dynset.op, dynset.set),
        Expr::Immediate(immediate) => match &immediate.load {
            Load::Data(data) => data.to_string(),
            Load::Verdict(verdict) => decision(verdict),
        },
        Expr::Lookup(lookup) => format!("@{}", lookup.set),
        Expr::Meta(meta) => format!("meta {}", meta.key),
        Expr::Objref(objref) => match &objref.object {
            ObjectChoice::Named { kind, name } => format!("{kind} {name}"),
            ObjectChoice::Map { set, .. } => format!("object of @{set}"),
        },
        other => other.name().to_owned(),
    }
}

fn decision(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Jump(ChainTarget::Name(name)) => format!("jump {name}"),
        Verdict::Goto(ChainTarget::Name(name)) => format!("goto {name}"),
        other => other.to_string(),
    }
}

/// A key as its type is written, where that is simple.
fn key(kind: u32, key: &Data) -> String {
    match (kind, key.as_bytes()) {
        (kind, [a, b, c, d]) if kind == DataType::IPV4_ADDR.number => format!("{a}.{b}.{c}.{d}"),
        (kind, bytes) if kind == DataType::IPV6_ADDR.number => match <[u8; 16]>::try_from(bytes) {
            Ok(bytes) => Ipv6Addr::from(bytes).to_string(),
            Err(_) => key.to_string(),
        },
        (kind, [high, low]) if kind == DataType::INET_SERVICE.number => {
            u16::from_be_bytes([*high, *low]).to_string()
        }
        (kind, bytes) if kind == DataType::IFNAME.number => {
            let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            quoted(String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()))
        }
        _ => key.to_string(),
    }
}

fn count(packets: u64, bytes: u64) -> String {
    format!("counter packets {packets} bytes {bytes}")
}

fn time(duration: Duration) -> String {
    format!("{duration:?}")
}

fn quoted(text: impl AsRef<str>) -> String {
    format!("\"{}\"", text.as_ref())
}

fn joined(parts: &[String]) -> Option<String> {
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        // date -u -d @1795378317
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_795_378_317, "2026-11-22 20:11:57 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(date(seconds), expected);
        }
        assert!(date(u64::MAX).ends_with(" UTC"));
    }

    #[test]
    fn no_comment_breaks_out_of_its_line() {
        assert_eq!(comment("a\nend \u{202e}é\u{1b}[2J"), "a\\nend \\u{202e}é\\u{1b}[2J");
        assert!(comment(&"x".repeat(9000)).len() < 2010);
    }
}
