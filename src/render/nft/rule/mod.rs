//! Rules in nft's language: expressions back to statements.

use super::around::Around;
use crate::expr::Expr;

/// The statements of a rule, separated by blanks, without its comment.
pub(super) fn statements(expressions: &[Expr], around: Around<'_>) -> String {
    let _ = (expressions, around);
    String::new()
}
