//! The words of a rule: matches and targets, and how they become expressions.
//!
//! A [`Rule`](crate::Rule) is a list of [`Statement`]s. Each word has one file, in [`matches`](mod@matches) or
//! [`targets`]: its type, the method of `Rule` that says it, and its lowering to the kernel's expressions.
//! What no word says can be put into a rule as an [`Expr`](crate::expr::Expr).
//!
//! Lowering does what `nft` does: it adds the tests that a match silently depends on (the IP version in an
//! `inet` table, the protocol before a port), once, loads both ports at once where a rule wants a value of each,
//! and chooses the same expressions, so that `nft list ruleset` shows the rule as the same sentence.

mod compare;
mod datatype;
mod elements;
mod encoded;
mod item;
mod layers;
mod lift;
mod lowering;
pub mod matches;
mod matching;
mod neighbours;
#[cfg(test)]
mod refusals;
pub mod select;
mod statement;
pub mod targets;

pub use item::Item;
pub use lowering::Lowered;
pub use matching::{Matching, Not, not};
pub use statement::Statement;

pub(crate) use datatype::{Datatype, Order};
pub(crate) use encoded::Encoded;
pub(crate) use lift::{Lift, Lifting};
pub(crate) use lowering::{Layer3, Lower, Lowering, SetSink};
pub(crate) use matching::{Operand, matching_from};
