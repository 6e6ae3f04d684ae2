//! Sets and maps in nft's language.

use super::{
    around::Around,
    datatype::{Datatype, parts},
    element::{elements, time},
    key::{Layout, data_parts, expressions_of_data, expressions_of_key, has_ranges_as_values, key_parts},
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
    match (key, data) {
        (Some(key), None) if set.data.is_none() => format!("typeof {}", words(&key)),
        (Some(key), Some(data)) => format!("typeof {} : {interval}{}", words(&key), words(&data)),
        _ => {
            // What has no name is declared after an expression, and then everything is.
            if let Some(said) = after_expressions(set, interval).filter(|_| !has_names(set)) {
                return said;
            }
            let data = match &set.data {
                None => String::new(),
                Some(MapData::Verdict) => " : verdict".to_owned(),
                Some(MapData::Value { kind, .. }) => format!(" : {interval}{}", type_names(*kind)),
                Some(MapData::Object(kind)) => format!(" : {kind}"),
            };
            format!("type {}{data}", type_names(set.key_type))
        }
    }
}

/// The declaration by expressions alone: those that somebody declared, or some of the same types. nft has none for
/// objects.
fn after_expressions(set: &Set, interval: &str) -> Option<String> {
    let key = words(&expressions_of_key(set)?);
    match &set.data {
        None => Some(format!("typeof {key}")),
        Some(MapData::Object(_)) => None,
        Some(_) => Some(format!("typeof {key} : {interval}{}", words(&expressions_of_data(set)?))),
    }
}

/// Whether names of types say what keys and values are.
fn has_names(set: &Set) -> bool {
    let named = |number, len: u32| {
        let kinds = parts(number);
        let bytes =
            kinds.iter().map(|kind| Some(kind.name().and(kind.bits())?.div_ceil(8).next_multiple_of(4)));
        // nft's number has room for five types only.
        let all = bytes.sum::<Option<usize>>();
        all.is_some_and(|all| kinds.len() == 1 || u32::try_from(all) == Ok(len))
    };
    let data = match &set.data {
        Some(MapData::Value { kind, len }) if has_ranges_as_values(set) => named(*kind, len / 2),
        Some(MapData::Value { kind, len }) => named(*kind, *len),
        _ => true,
    };
    named(set.key_type, set.key_len) && data
}

/// Whether the declaration says what keys and values are.
pub(super) fn is_sayable(set: &Set) -> bool {
    has_names(set) || declared_type(set).starts_with("typeof ")
}

/// Whether values are several, and one is a number: nft 1.0.6 thinks that it has no bits.
pub(super) fn has_numbers_among_values(set: &Set) -> bool {
    let Some(MapData::Value { kind, .. }) = set.data else { return false };
    let kinds = parts(kind);
    kinds.len() > 1 && kinds.contains(&Datatype::Integer)
}

fn words(parts: &[Part]) -> String {
    parts.iter().map(|part| part.words.as_str()).collect::<Vec<_>>().join(" . ")
}

fn type_names(number: u32) -> String {
    let names = parts(number).into_iter().map(|kind| kind.name().unwrap_or("integer"));
    names.collect::<Vec<_>>().join(" . ")
}
