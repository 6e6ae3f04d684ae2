//! The sorts of features.

use std::fmt;

/// What sort of thing a [`Feature`](super::Feature) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Group {
    /// An expression, or a form of one.
    Expression,
    /// A kind of stateful object.
    Object,
    /// A kind of set or map, or of elements.
    Set,
    /// A type, hook or property of chains.
    Chain,
    /// A property of tables.
    Table,
    /// Flowtables and their flags.
    Flowtable,
    /// Something that is done.
    Operation,
}

impl Group {
    /// All of them, in the order in which they are printed.
    pub const ALL: &[Self] = &[
        Self::Expression,
        Self::Object,
        Self::Set,
        Self::Chain,
        Self::Table,
        Self::Flowtable,
        Self::Operation,
    ];
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expression => "expressions",
            Self::Object => "objects",
            Self::Set => "sets and maps",
            Self::Chain => "chains",
            Self::Table => "tables",
            Self::Flowtable => "flowtables",
            Self::Operation => "operations",
        })
    }
}
