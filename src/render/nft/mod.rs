//! nft's language: what `nft list ruleset` would print, and `nft -f` takes.

mod around;
mod chain;
mod datatype;
mod names;
mod rule;
mod set;
mod stateful;

pub use rule::RuleText;
