//! Sets and maps in nft's language.

use super::{
    around::Around,
    datatype::{Datatype, parts},
    element::{elements, time},
    key::{Layout, data_parts, has_ranges_as_values, key_parts},
    names::Names,
    stateful::stateless,
    type_of::Part,
};
use crate::object::{MapData, Set, SetFlags, SetPolicy, userdata::entries};

/// The elements of a set as a rule says them: `{ 22, 80 }`.
pub(super) fn anonymous(set: &Set, around: Around<'_>) -> String {
    format!("{{ {} }}", elements(set, around.names).join(", "))
}

/// How a set is printed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    pub(super) handle: bool,
    pub(super) terse: bool,
}

/// A named set with its elements, as it stands in its table.
pub(super) fn declaration(set: &Set, names: Names<'_>, wanted: Wanted) -> String {
    let word = if set.data.is_some() { "map" } else { "set" };
    let handle = super::handle(set.handle, wanted.handle);
    let mut lines = vec![declared_type(set)];
    if !set.flags.contains(SetFlags::CONSTANT) {
        if let Some(policy) = set.policy.filter(|policy| *policy != SetPolicy::Performance) {
            lines.push(format!("policy {policy}"));
        }
        if let Some(size) = set.desc.size.filter(|size| *size > 0) {
            lines.push(format!("size {size}"));
        }
    }
    lines.extend(flags(set));
    let statements: Vec<_> = set.expressions.iter().filter_map(stateless).collect();
    if !statements.is_empty() {
        lines.push(statements.join(" "));
    }
    if is_merged(set) {
        lines.push("auto-merge".to_owned());
    }
    if let Some(timeout) = set.timeout.filter(|timeout| !timeout.is_zero()) {
        lines.push(format!("timeout {}", time(timeout)));
    }
    if let Some(interval) = set.gc_interval.filter(|interval| !interval.is_zero()) {
        lines.push(format!("gc-interval {}", time(interval)));
    }
    if let Some(comment) = set.comment_text() {
        lines.push(format!("comment \"{comment}\""));
    }
    if !wanted.terse && !set.elements.is_empty() {
        lines.push(format!("elements = {{ {} }}", wrapped(set, names)));
    }
    let lines: String = lines.iter().map(|line| format!("\t\t{line}\n")).collect();
    format!("\t{word} {} {{{handle}\n{lines}\t}}\n", set.name)
}

/// `flags constant,dynamic`
fn flags(set: &Set) -> Option<String> {
    let said = [
        (SetFlags::CONSTANT, "constant"),
        (SetFlags::EVAL, "dynamic"),
        (SetFlags::INTERVAL, "interval"),
        (SetFlags::TIMEOUT, "timeout"),
    ];
    // Where there is a time, the flag goes without saying; but nft says it where it has to say others.
    let timed = set.timeout.is_some_and(|timeout| !timeout.is_zero());
    let needed = if timed { set.flags - SetFlags::TIMEOUT } else { set.flags };
    if !said.iter().any(|(flag, _)| needed.contains(*flag)) {
        return None;
    }
    let words: Vec<_> =
        said.iter().filter_map(|(flag, word)| set.flags.contains(*flag).then_some(*word)).collect();
    Some(format!("flags {}", words.join(",")))
}

/// Whether nft joins ranges that touch (`NFTNL_UDATA_SET_MERGE_ELEMENTS`).
fn is_merged(set: &Set) -> bool {
    const MERGE_ELEMENTS: u8 = 2;

    entries(set.userdata.as_deref().unwrap_or_default())
        .any(|(kind, value)| kind == MERGE_ELEMENTS && value.iter().any(|byte| *byte != 0))
}

/// The elements in lines, as many in each as nft puts there.
fn wrapped(set: &Set, names: Names<'_>) -> String {
    let in_line = match Layout::of_key(set, names).single() {
        Some(
            Datatype::NfProto
            | Datatype::Integer
            | Datatype::HostInteger
            | Datatype::Hex
            | Datatype::ArpOp
            | Datatype::InetProto
            | Datatype::InetService
            | Datatype::TcpFlag
            | Datatype::DccpPacketType
            | Datatype::Mark
            | Datatype::IfIndex
            | Datatype::ClassId
            | Datatype::Uid
            | Datatype::Gid
            | Datatype::CtDir,
        ) => 5,
        Some(Datatype::Ipv4Addr | Datatype::CtState | Datatype::CtStatus | Datatype::PacketType) => 2,
        _ => 1,
    };
    let elements = elements(set, names);
    let lines: Vec<_> = elements.chunks(in_line).map(|line| line.join(", ")).collect();
    lines.join(",\n\t\t\t     ")
}

/// `type ipv4_addr . inet_service : verdict`, or `typeof` where no name of a type says it.
fn declared_type(set: &Set) -> String {
    let interval = if has_ranges_as_values(set) { "interval " } else { "" };
    let (key, data) = (key_parts(set), data_parts(set));
    let object = match &set.data {
        Some(MapData::Object(kind)) => Some(format!(" : {kind}")),
        _ => None,
    };
    match (key, data) {
        (Some(key), None) if set.data.is_none() => format!("typeof {}", words(&key)),
        (Some(key), Some(data)) => format!("typeof {} : {interval}{}", words(&key), words(&data)),
        // A number that nobody declared: anything of the same length does.
        (None, None) if set.data.is_none() && type_names(set.key_type) == "integer" => {
            match like(Layout::of_key(set, Names::default()).single(), set.key_len) {
                Some(words) => format!("typeof {words}"),
                None => "type integer".to_owned(),
            }
        }
        _ => {
            let data = match &set.data {
                None => String::new(),
                Some(MapData::Verdict) => " : verdict".to_owned(),
                Some(MapData::Value { kind, .. }) => format!(" : {interval}{}", type_names(*kind)),
                Some(MapData::Object(_)) => object.unwrap_or_default(),
            };
            format!("type {}{data}", type_names(set.key_type))
        }
    }
}

/// A number of a length and byte order, as an expression.
fn like(kind: Option<Datatype>, len: u32) -> Option<&'static str> {
    Some(match (kind?, len) {
        (Datatype::Integer, 1) => "ip ttl",
        (Datatype::Integer, 2) => "ip length",
        (Datatype::Integer, 4) => "tcp sequence",
        (Datatype::HostInteger, 2) => "ct zone",
        (Datatype::HostInteger, 4) => "meta length",
        (Datatype::HostInteger, 8) => "ct bytes",
        _ => return None,
    })
}

/// Whether the declaration says what keys and values are.
pub(super) fn is_sayable(set: &Set) -> bool {
    !declared_type(set).split(' ').any(|word| word == "integer")
}

fn words(parts: &[Part]) -> String {
    parts.iter().map(|part| part.words.as_str()).collect::<Vec<_>>().join(" . ")
}

fn type_names(number: u32) -> String {
    let names = parts(number).into_iter().map(|kind| kind.name().unwrap_or("integer"));
    names.collect::<Vec<_>>().join(" . ")
}
