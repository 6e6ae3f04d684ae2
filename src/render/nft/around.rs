//! What the text of a rule depends on beside the rule.

use super::names::Names;
use crate::object::{Chain, ChainFlags, Family, Set};

/// The table of a rule, as far as its text needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'a> {
    /// The table's family.
    pub(super) family: Family,
    /// The table's sets, anonymous ones included.
    pub(super) sets: &'a [Set],
    /// The table's chains: those that belong to a rule are said in that rule.
    pub(super) chains: &'a [Chain],
    /// What numbers are called on the machine.
    pub(super) names: Names<'a>,
}

impl<'a> Around<'a> {
    /// The set of this name.
    pub(super) fn set(&self, name: &str) -> Option<&'a Set> {
        self.sets.iter().find(|set| set.name == name)
    }

    /// The set that a rule looks up: by its name, or, while the kernel has not named it, by its number among the sets
    /// that were lowered with the rule. These have a `%` in their names and stand in [`Around::sets`] in their order.
    pub(super) fn find(&self, name: &str, set_id: Option<u32>) -> Option<&'a Set> {
        match set_id.and_then(|id| usize::try_from(id.checked_sub(1)?).ok()) {
            Some(index) if name.contains('%') => {
                self.sets.iter().filter(|set| set.name.contains('%')).nth(index)
            }
            _ => self.set(name),
        }
    }

    /// The chain of this name, where it belongs to a rule and has no name that could be said.
    pub(super) fn implicit_chain(&self, name: &str) -> Option<&'a Chain> {
        self.chains.iter().find(|chain| chain.name == name && chain.flags.contains(ChainFlags::BINDING))
    }
}
