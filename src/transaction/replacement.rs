//! A table that takes the place of another.

use super::{OperationId, Transaction};
use crate::{
    Family,
    object::{Chain, Table, TableRef},
};

/// A deletion behind which the same tables are added anew.
///
/// The kernel carries a deletion and what comes behind it out one by one, and meanwhile packets pass: they meet
/// neither the old base chain nor the new one's policy. So a commit looks for what may stay (`netfilter/replace.rs`).
#[derive(Clone, Debug)]
pub(crate) struct Replacement {
    /// What deletes the old tables.
    pub(crate) operation: OperationId,
    /// Whether it deletes all tables, or only the first of [`Replacement::tables`].
    pub(crate) all: bool,
    /// The new tables: themselves and their base chains, without rules.
    pub(crate) tables: Vec<Table>,
}

impl Transaction {
    /// Deletes the table that `table`, which the caller adds next, takes the place of.
    #[track_caller]
    pub(crate) fn make_way(&mut self, table: &Table) {
        let operation = self.remove_table(TableRef::from(table));
        self.batch.replacements.push(Replacement { operation, all: false, tables: vec![outline(table)] });
    }

    /// Deletes all tables; the caller adds these next.
    #[track_caller]
    pub(crate) fn make_way_for_all(&mut self, tables: &[Table]) {
        let operation = self.flush_ruleset(None::<Family>);
        let tables = tables.iter().map(outline).collect();
        self.batch.replacements.push(Replacement { operation, all: true, tables });
    }
}

/// A table itself and its base chains without their rules.
fn outline(table: &Table) -> Table {
    let base = |chain: &&Chain| chain.base.is_some();
    Table { chains: table.chains.iter().filter(base).map(Chain::alone).collect(), ..table.alone() }
}
