//! Several tables as one value.

use crate::object::Table;

/// Tables with everything that they hold.
///
/// With the feature `serde`, it is written and read as a document of its own (`docs/json.md`); so is all that it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ruleset {
    /// The tables.
    pub tables: Vec<Table>,
}

impl Ruleset {
    /// No tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a table.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }
}

impl FromIterator<Table> for Ruleset {
    fn from_iter<I: IntoIterator<Item = Table>>(tables: I) -> Self {
        Self { tables: tables.into_iter().collect() }
    }
}
