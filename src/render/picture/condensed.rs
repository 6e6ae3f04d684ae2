//! A rule in a line: its conditions, and what it does.

use super::{kind::Kind, layout::LONGEST};
use crate::{
    expr::{ChainTarget, Expr, Load, Lookup, Register, Verdict},
    object::{ElementData, Rule, Set, Table},
    render::listing::row::{Row, Style},
};

/// A rule as a picture shows it.
#[derive(Debug)]
pub(super) struct Line {
    /// All of it.
    pub(super) text: String,
    /// What fits: where a packet is sent to before what it must be like, and that before what somebody remarked.
    pub(super) short: String,
    /// The target's name.
    pub(super) does: String,
    pub(super) kind: Kind,
    /// Chains that may be called, by name.
    pub(super) calls: Vec<String>,
}

/// In the listing's words, without the columns that say nothing.
pub(super) fn condense(rule: &Rule, table: &Table) -> Line {
    let row = Row::of(rule, &table.sets, Style { family: table.family, numeric: false });
    let calls = calls(rule, table);
    let kind = if calls.is_empty() { Kind::of(&row.target) } else { Kind::Call };
    let mut parts = Vec::new();
    let columns =
        [("in ", &row.input), ("out ", &row.output), ("from ", &row.source), ("to ", &row.destination)];
    parts.extend(columns.iter().filter_map(|(word, value)| Some(format!("{word}{}", value.as_ref()?))));
    if let Some(protocol) = &row.protocol {
        // Ports begin with their protocol.
        let named = if protocol == "icmpv6" { "ipv6-icmp " } else { &format!("{protocol} ") };
        if !row.rest.iter().any(|part| part.starts_with(named)) {
            parts.push(protocol.clone());
        }
    }
    parts.extend(
        row.fragment.map(|fragment| if fragment == "-f" { "fragment" } else { "no fragment" }.to_owned()),
    );
    let (comments, rest): (Vec<&String>, Vec<&String>) =
        row.rest.iter().partition(|part| part.starts_with("/* "));
    parts.extend(rest.into_iter().cloned());
    if parts.is_empty() && comments.is_empty() {
        parts.push("everything".to_owned());
    }
    let details = if parts.last() == Some(&row.details) { parts.pop() } else { None };
    let short = shorten(&parts.join(BETWEEN), details.as_deref(), &comments);
    parts.extend(details.into_iter().chain(comments.into_iter().cloned()));
    let does = match row.target.as_str() {
        "" if row.counters.is_some() => "count".to_owned(),
        "" => "–".to_owned(),
        "ACCEPT" | "DROP" | "REJECT" | "RETURN" | "CONTINUE" => row.target.to_lowercase(),
        other => other.to_owned(),
    };
    Line { text: parts.join(BETWEEN), short, does, kind, calls }
}

const BETWEEN: &str = " · ";

fn shorten(conditions: &str, details: Option<&str>, comments: &[&String]) -> String {
    let details = details.map(|details| format!("{BETWEEN}{details}")).unwrap_or_default();
    let room = LONGEST.saturating_sub(details.chars().count() + 2).max(LONGEST / 3);
    let mut text = cut(conditions, room) + &details;
    for comment in comments {
        let with = if text.is_empty() { (*comment).clone() } else { format!("{text}{BETWEEN}{comment}") };
        // A comment of which only some letters fit says nothing.
        if with.chars().count() > LONGEST && !text.is_empty() {
            return text + " …";
        }
        text = with;
    }
    text.trim_start_matches(BETWEEN).to_owned()
}

/// At most so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    kept + "…"
}

/// The chains that a rule may call, by its verdict or by a map that it looks up.
fn calls(rule: &Rule, table: &Table) -> Vec<String> {
    let Ok(lowered) = rule.lower(table.family) else { return Vec::new() };
    let mut calls: Vec<String> = Vec::new();
    let mut add = |verdict: &Verdict| {
        if let Verdict::Jump(ChainTarget::Name(name)) | Verdict::Goto(ChainTarget::Name(name)) = verdict {
            if !calls.contains(name) {
                calls.push(name.clone());
            }
        }
    };
    for expression in &lowered.expressions {
        match expression {
            Expr::Immediate(immediate) => {
                if let Load::Verdict(verdict) = &immediate.load {
                    add(verdict);
                }
            }
            Expr::Lookup(lookup @ Lookup { dreg: Some(Register::VERDICT), .. }) => {
                let elements = map(lookup, table, &lowered.sets).into_iter().flat_map(|set| &set.elements);
                elements.for_each(|element| {
                    if let Some(ElementData::Verdict(verdict)) = &element.data {
                        add(verdict);
                    }
                });
            }
            _ => {}
        }
    }
    calls
}

fn map<'a>(lookup: &Lookup, table: &'a Table, own: &'a [Set]) -> Option<&'a Set> {
    let numbered = lookup.set_id.and_then(|id| own.get(usize::try_from(id).ok()?.checked_sub(1)?));
    numbered.or_else(|| table.sets.iter().find(|set| set.name == lookup.set))
}
