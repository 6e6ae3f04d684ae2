//! Chains in nft's language.

use super::{
    around::Around,
    device,
    priority::priority,
    rule::{RuleText, statements},
    set::Wanted,
};
use crate::object::{Base, Chain, ChainFlags, Rule};

/// The rules of a chain that belongs to a rule, as they stand behind `jump` or `goto`.
///
/// A rule's text begins behind two tabs.
pub(super) fn implicit(chain: &Chain, around: Around<'_>) -> String {
    let rules: String =
        chain.rules.iter().map(|rule| format!("\t\t\t{}\n", line(rule, around).text)).collect();
    format!("{{\n{rules}\t\t}}")
}

/// A chain with its rules, as it stands in its table.
pub(super) fn declaration(chain: &Chain, around: Around<'_>, wanted: Wanted) -> String {
    let mut text = format!("\tchain {} {{{}\n", chain.name, super::handle(chain.handle, wanted.handle));
    if let Some(comment) = chain.comment_text() {
        text += &format!("\t\tcomment \"{comment}\"\n");
    }
    if let Some(base) = &chain.base {
        text += &format!("\t\t{}\n", place(base, chain, around));
    }
    for rule in &chain.rules {
        text += &format!("\t\t{}{}\n", line(rule, around).text, super::handle(rule.handle, wanted.handle));
    }
    text + "\t}\n"
}

/// `type filter hook input priority filter; policy drop;`
fn place(base: &Base, chain: &Chain, around: Around<'_>) -> String {
    let Base { kind, hook, priority: number, policy, devices, counters: _, .. } = base;
    let devices = match devices.as_slice() {
        [] => String::new(),
        [device] => format!(" device \"{device}\""),
        several => format!(" devices = {}", device::devices(several)),
    };
    let number = priority(number.number(around.family), around.family, *hook);
    let mut text = format!("type {} hook {hook}{devices} priority {number};", kind.word());
    if let Some(policy) = policy {
        text += &format!(" policy {policy};");
    }
    if chain.flags.contains(ChainFlags::HW_OFFLOAD) {
        text += " flags offload;";
    }
    text
}

/// A rule with its comment. A rule of words is lowered first; one that cannot be right says so.
pub(super) fn line(rule: &Rule, around: Around<'_>) -> RuleText {
    let lowered = match rule.lower(around.family) {
        Ok(lowered) => lowered,
        Err(problem) => {
            let text = format!("# {problem}");
            return RuleText { text, lossless: false, other_bytes: false, newer: false };
        }
    };
    let mut said = statements(&lowered.expressions, Around { made: &lowered.sets, ..around });
    if let Some(comment) = rule.comment_text() {
        said.text += &format!(" comment \"{comment}\"");
    }
    said
}
