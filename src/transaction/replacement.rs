//! A table that takes the place of another.

use super::{OperationId, Transaction};
use crate::{
    Family,
    object::{Chain, Table, TableFlags, TableRef},
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
    /// The new tables: themselves and their chains, as they are sent, without rules.
    pub(crate) tables: Vec<Table>,
}

impl Transaction {
    /// Deletes the table that `table`, which the caller adds next, takes the place of.
    #[track_caller]
    pub(crate) fn make_way(&mut self, table: &Table) {
        let operation = self.remove_table(TableRef::from(table));
        self.batch.replacements.push(Replacement { operation, all: false, tables: vec![outline(table)] });
    }

    /// As [`Transaction::make_way`], for [`Transaction::restore_table`].
    #[track_caller]
    pub(crate) fn make_way_for_restored(&mut self, table: &Table) {
        self.make_way(&restored(table));
    }

    /// Deletes all tables; the caller restores these next.
    #[track_caller]
    pub(crate) fn make_way_for_all_restored(&mut self, tables: &[Table]) {
        let operation = self.flush_ruleset(None::<Family>);
        let tables = tables.iter().map(restored).collect();
        self.batch.replacements.push(Replacement { operation, all: true, tables });
    }
}

/// A table itself and its chains without their rules.
fn outline(table: &Table) -> Table {
    Table { chains: table.chains.iter().map(Chain::alone).collect(), ..table.alone() }
}

/// As [`outline`], of a table that is restored.
fn restored(table: &Table) -> Table {
    Table { flags: table.flags - TableFlags::OWNER, ..outline(table) }
}
