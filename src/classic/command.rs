//! iptables' commands as values.

use super::{BuiltinChain, ChainName, Policy};
use crate::{Origin, Rule, Verb};

/// One command on a table, with the caller's line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Command {
    /// What to do.
    pub action: Action,
    /// The caller's line.
    pub origin: Origin,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// `-A`
    Append {
        /// Where.
        chain: ChainName,
        /// What.
        rule: Rule,
    },
    /// `-I`
    Insert {
        /// Where.
        chain: ChainName,
        /// The number that the rule gets.
        number: usize,
        /// What.
        rule: Rule,
    },
    /// `-R`
    Replace {
        /// Where.
        chain: ChainName,
        /// The number of the rule to replace.
        number: usize,
        /// With what.
        rule: Rule,
    },
    /// `-D`
    Delete {
        /// Where.
        chain: ChainName,
        /// Which rule.
        which: Which,
    },
    /// `-P`
    Policy {
        /// Of which chain.
        chain: BuiltinChain,
        /// Which.
        policy: Policy,
    },
    /// `-F CHAIN`
    Flush {
        /// Of which chain.
        chain: ChainName,
    },
    /// `-F`
    FlushAll,
    /// `-N`
    NewChain {
        /// Its name.
        chain: ChainName,
    },
    /// `-X CHAIN`
    DeleteChain {
        /// Its name.
        chain: ChainName,
    },
    /// `-X`
    DeleteChains,
}

/// How a rule to delete is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// By its number in the chain; the first has 1.
    Number(usize),
    /// By what it says: the first rule with the same expressions (counters aside) and the same comment.
    Same(Rule),
}

impl From<usize> for Which {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

impl From<Rule> for Which {
    fn from(rule: Rule) -> Self {
        Self::Same(rule)
    }
}

impl Action {
    /// The chain that it is about, if it is about one.
    pub fn chain(&self) -> Option<ChainName> {
        match self {
            Self::Append { chain, .. }
            | Self::Insert { chain, .. }
            | Self::Replace { chain, .. }
            | Self::Delete { chain, .. }
            | Self::Flush { chain }
            | Self::NewChain { chain }
            | Self::DeleteChain { chain } => Some(chain.clone()),
            Self::Policy { chain, .. } => Some(ChainName::Builtin(*chain)),
            Self::FlushAll | Self::DeleteChains => None,
        }
    }

    /// The rule that it brings.
    pub fn rule(&self) -> Option<&Rule> {
        match self {
            Self::Append { rule, .. } | Self::Insert { rule, .. } | Self::Replace { rule, .. } => Some(rule),
            _ => None,
        }
    }

    /// How errors call it.
    pub(super) fn verb(&self) -> Verb {
        match self {
            Self::Append { .. } => Verb::Add,
            Self::Insert { .. } => Verb::Insert,
            Self::Replace { .. } | Self::Policy { .. } => Verb::Replace,
            Self::Delete { .. } | Self::DeleteChain { .. } | Self::DeleteChains => Verb::Delete,
            Self::Flush { .. } | Self::FlushAll => Verb::Flush,
            Self::NewChain { .. } => Verb::Create,
        }
    }

    /// Whether it needs its table to be there: taking away from nothing leaves nothing.
    pub(super) fn brings(&self) -> bool {
        !matches!(self, Self::Flush { chain: ChainName::Builtin(_) } | Self::FlushAll | Self::DeleteChains)
    }
}
