//! One operation of a transaction.

use std::fmt;

/// An operation's number within its transaction, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(pub(crate) u32);

impl OperationId {
    /// The number.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The operation's sequence number in its batch, whose beginning has 0.
    pub(crate) const fn sequence(self) -> u32 {
        self.0.wrapping_add(1)
    }

    /// The inverse of [`OperationId::sequence`].
    pub(crate) const fn from_sequence(sequence: u32) -> Option<Self> {
        match sequence.checked_sub(1) {
            Some(index) => Some(Self(index)),
            None => None,
        }
    }
}

/// What is done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verb {
    /// Add; kept if it exists.
    Add,
    /// Create; refused if it exists.
    Create,
    /// Put a rule elsewhere than at the end.
    Insert,
    /// Replace a rule, or change a chain.
    Replace,
    /// Delete; refused if it does not exist.
    Delete,
    /// Delete if it exists.
    Destroy,
    /// Delete what it holds.
    Flush,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "add",
            Self::Create => "create",
            Self::Insert => "insert",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Destroy => "destroy",
            Self::Flush => "flush",
        })
    }
}
