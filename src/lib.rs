//! placeholder
#![forbid(unsafe_code)]
#![allow(dead_code, reason = "under construction")]

pub mod expr;
mod invalid;
pub mod language;
pub mod object;
pub mod wire;

pub use expr::{CtDirection, CtState, CtStatus};
pub use invalid::Invalid;
pub use language::{
    Item, Matching, Not, Statement,
    matches::{Addresses, Interface, Port, Protocol},
    not,
};
pub use object::{
    Chain, ChainRef, Family, Hook, InterfaceName, Origin, Policy, Position, Priority, Rule, RuleAnchor, Table,
    TableFlags, TableRef,
};

/// placeholder
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(pub(crate) u32);
