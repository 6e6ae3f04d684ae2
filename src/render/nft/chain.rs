//! Chains in nft's language.

use super::{around::Around, rule::statements};
use crate::object::{Chain, Rule};

/// The rules of a chain that belongs to a rule, as they stand behind `jump` or `goto`.
///
/// A rule's text begins behind two tabs.
pub(super) fn implicit(chain: &Chain, around: Around<'_>) -> String {
    let rules: String = chain.rules.iter().map(|rule| format!("\t\t\t{}\n", line(rule, around))).collect();
    format!("{{\n{rules}\t\t}}")
}

/// A rule with its comment.
pub(super) fn line(rule: &Rule, around: Around<'_>) -> String {
    let expressions: Vec<_> = rule.expressions().cloned().collect();
    let statements = statements(&expressions, around).text;
    match rule.comment_text() {
        Some(comment) => format!("{statements} comment \"{comment}\""),
        None => statements,
    }
}
