//! nft's language: what `nft list ruleset` would print, and `nft -f` takes.

mod around;
mod datatype;
mod rule;
mod set;
mod stateful;
