//! Stateful objects in nft's language.

use super::{
    datatype::{duration, protocol_name},
    names::Names,
    set::Wanted,
};
use crate::{
    expr::{Expr, Synproxy, SynproxyFlags},
    object::{CtExpect, CtHelper, CtTimeout, Family, Object, ObjectData, TimeoutPolicy},
};

/// An object as it stands in its table; `None` for a kind that nft has no words for.
pub(super) fn declaration(object: &Object, names: Names<'_>, wanted: Wanted) -> Option<String> {
    let mut lines = Vec::new();
    if let Some(comment) = object.comment_text() {
        lines.push(format!("comment \"{comment}\""));
    }
    match &object.data {
        ObjectData::Counter(_) if names.stateless => {}
        ObjectData::Counter(counter) => {
            let (packets, bytes) = (counter.packets.unwrap_or(0), counter.bytes.unwrap_or(0));
            lines.push(format!("packets {packets} bytes {bytes}"));
        }
        ObjectData::Quota(quota) => lines.push(statement(quota.clone().into(), "quota ", names)?),
        ObjectData::Limit(limit) => lines.push(statement(limit.clone().into(), "limit ", names)?),
        ObjectData::SecMark(mark) => lines.push(format!("\"{}\"", mark.context)),
        ObjectData::CtHelper(helper) => lines.extend(ct_helper(helper)),
        ObjectData::CtTimeout(timeout) => lines.extend(ct_timeout(timeout)),
        ObjectData::CtExpect(expect) => lines.extend(ct_expect(expect)),
        ObjectData::Synproxy(synproxy) => lines.extend(self::synproxy(synproxy)),
        ObjectData::Connlimit(_) | ObjectData::Tunnel(_) | ObjectData::Other { .. } => return None,
    }
    let lines: String = lines.iter().map(|line| format!("\t\t{line}\n")).collect();
    let handle = super::handle(object.handle, wanted.handle);
    Some(format!("\t{} {} {{{handle}\n{lines}\t}}\n", object.kind(), object.name))
}

/// What a rule would say, without the word that the object itself begins with.
fn statement(expression: Expr, word: &str, names: Names<'_>) -> Option<String> {
    let text = names.stateful(&expression)?;
    Some(text.strip_prefix(word).unwrap_or(&text).to_owned())
}

fn ct_helper(helper: &CtHelper) -> [String; 2] {
    let protocol = protocol(helper.l4proto);
    [format!("type \"{}\" protocol {protocol}", helper.name), l3proto(helper.l3proto)]
}

fn ct_timeout(timeout: &CtTimeout) -> Vec<String> {
    let changed: Vec<_> = states(timeout.l4proto)
        .iter()
        .zip(1..)
        .filter_map(|((name, usual), state)| {
            let said = seconds(&timeout.policy, state)?;
            (said != *usual).then(|| format!("{name} : {said}"))
        })
        .collect();
    let mut lines = vec![format!("protocol {}", protocol(timeout.l4proto)), l3proto(timeout.l3proto)];
    // nft lists braces with nothing in them, and does not take them.
    if !changed.is_empty() {
        lines.push(format!("policy = {{ {} }}", changed.join(", ")));
    }
    lines
}

fn seconds(policy: &TimeoutPolicy, state: u16) -> Option<u32> {
    policy.timeouts.iter().find(|(found, _)| *found == state).map(|(_, seconds)| *seconds)
}

/// The states of a protocol from number 1 on, with the seconds that nft takes where nothing is said.
pub(super) fn states(protocol: u8) -> &'static [(&'static str, u32)] {
    const TCP: &[(&str, u32)] = &[
        ("syn_sent", 120),
        ("syn_recv", 60),
        ("established", 432_000),
        ("fin_wait", 120),
        ("close_wait", 60),
        ("last_ack", 30),
        ("time_wait", 120),
        ("close", 10),
        ("syn_sent2", 120),
        ("retrans", 300),
        ("unack", 300),
    ];
    const UDP: &[(&str, u32)] = &[("unreplied", 30), ("replied", 120)];

    match protocol {
        6 => TCP,
        17 => UDP,
        _ => &[],
    }
}

fn ct_expect(expect: &CtExpect) -> [String; 5] {
    [
        format!("protocol {}", protocol(expect.l4proto)),
        format!("dport {}", expect.dport),
        format!("timeout {}", duration(expect.timeout.0.into())),
        format!("size {}", expect.size),
        l3proto(expect.l3proto),
    ]
}

fn synproxy(synproxy: &Synproxy) -> Vec<String> {
    let flags = synproxy.flags.unwrap_or(SynproxyFlags::empty());
    let mut lines = Vec::new();
    lines.extend(synproxy.mss.map(|mss| format!("mss {mss}")));
    lines.extend(synproxy.wscale.map(|wscale| format!("wscale {wscale}")));
    // nft leaves the blank that stands between the two.
    let timestamp = if flags.contains(SynproxyFlags::TIMESTAMP) { "timestamp" } else { "" };
    let sack = if flags.contains(SynproxyFlags::SACK_PERM) { "sack-perm" } else { "" };
    if !timestamp.is_empty() || !sack.is_empty() {
        lines.push(format!("{timestamp} {sack}"));
    }
    lines
}

fn protocol(number: u8) -> String {
    protocol_name(number).map_or_else(|| number.to_string(), str::to_owned)
}

fn l3proto(number: Option<u16>) -> String {
    let family = number.and_then(|number| u8::try_from(number).ok()).map(Family::from_number);
    format!("l3proto {}", family.and_then(Family::word).unwrap_or("unknown"))
}
