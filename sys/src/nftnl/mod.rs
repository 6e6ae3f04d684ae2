//! libnftnl as a bridge and as a judge.
//!
//! - The bridge: [`encode`] makes bytes of any object of the `nftnl` crate, [`EncodedExpression`] makes an expression
//!   for that crate of bytes.
//! - The judge: `*_text` prints a message in the words of libnftnl, `reencode_*` makes the bytes of a message that
//!   libnftnl would make.
//!
//! libnftnl trusts what it parses: it calls `exit(1)` for an attribute of a wrong length, reads through NULL for an
//! expression without a name, and writes past its arrays for a set of too many fields. So a message is first held
//! against a table (`schema.rs`) of what libnftnl (1.2.0 to 1.3.1) reads. What is not in the table makes these functions
//! return `None`: also an attribute that libnftnl would drop in silence, for then it would speak of another rule.

mod admission;
mod attribute;
mod encode;
mod expression;
mod message;
mod object;
mod reencode;
mod schema;
mod text;

#[cfg(test)]
mod example;
#[cfg(test)]
mod hostile;

pub use ::nftnl;
pub use encode::encode;
pub use expression::EncodedExpression;
pub use reencode::{reencode_chain, reencode_elements, reencode_rule, reencode_set, reencode_table};
pub use text::{chain_text, elements_text, rule_text, set_text, table_text, text_says};
