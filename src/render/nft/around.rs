//! What the text of a rule depends on beside the rule.

use std::collections::BTreeMap;

use super::names::Names;
use crate::object::{Chain, ChainFlags, Family, Set, Table};

/// What rules of a table refer to, by name.
#[derive(Debug, Default)]
pub(super) struct Index<'a> {
    sets: BTreeMap<&'a str, &'a Set>,
    /// Chains that belong to a rule, and have no names that could be said.
    implicit: BTreeMap<&'a str, &'a Chain>,
}

impl<'a> Index<'a> {
    /// Of a table; empty without one.
    pub(super) fn of(table: Option<&'a Table>) -> Self {
        let Some(table) = table else {
            return Self::default();
        };
        let implicit = table.chains.iter().filter(|chain| chain.flags.contains(ChainFlags::BINDING));
        Self {
            sets: table.sets.iter().map(|set| (set.name.as_str(), set)).collect(),
            implicit: implicit.map(|chain| (chain.name.as_str(), chain)).collect(),
        }
    }
}

/// The table of a rule, as far as its text needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'a> {
    /// The table's family.
    pub(super) family: Family,
    /// The table's sets and chains.
    pub(super) index: &'a Index<'a>,
    /// Sets that are to be made with the rule, in the order of their numbers.
    pub(super) made: &'a [Set],
    /// What numbers are called on the machine.
    pub(super) names: Names<'a>,
}

impl<'a> Around<'a> {
    /// A table of this family, with what rules refer to.
    pub(super) fn new(family: Family, index: &'a Index<'a>, names: Names<'a>) -> Self {
        Self { family, index, made: &[], names }
    }

    /// The set that a rule looks up: by its name, or, while the kernel has not named it, by its number from 1 on. What
    /// will be named has a `%` in its name.
    pub(super) fn find(&self, name: &str, set_id: Option<u32>) -> Option<&'a Set> {
        match set_id.and_then(|id| usize::try_from(id.checked_sub(1)?).ok()) {
            Some(at) if name.contains('%') => self.made.get(at),
            _ => self.index.sets.get(name).copied(),
        }
    }

    /// The chain of this name, where it belongs to a rule and has no name that could be said.
    pub(super) fn implicit_chain(&self, name: &str) -> Option<&'a Chain> {
        self.index.implicit.get(name).copied()
    }
}
