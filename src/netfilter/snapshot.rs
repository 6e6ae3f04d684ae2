//! Taking and restoring snapshots.

use super::{Committed, Netfilter};
use crate::{
    Error,
    netlink::Transport,
    snapshot::{Restore, Scope, Snapshot},
};

impl<T: Transport> Netfilter<T> {
    /// Everything that the kernel has, or one table, as it is at one moment.
    ///
    /// Handles are left out. See [`crate::snapshot`].
    ///
    /// ```no_run
    /// use portcullis::{Family, Netfilter, Scope};
    ///
    /// let mut firewall = Netfilter::open()?;
    /// let everything = firewall.snapshot(Scope::Ruleset)?;
    /// let edge = firewall.snapshot((Family::Inet, "edge"))?.without_counters();
    /// # Ok::<(), portcullis::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoTable`] where the table is not there. Otherwise those of
    /// [reading](Netfilter#what-reading-can-bring).
    pub fn snapshot(&mut self, scope: impl Into<Scope>) -> Result<Snapshot, Error> {
        let scope = scope.into();
        let tables = match &scope {
            Scope::Ruleset => self.ruleset(None)?.tables,
            Scope::Table(table) => match self.table(table)? {
                Some(table) => vec![table],
                None => return Err(Error::NoTable { table: table.clone() }),
            },
        };
        Ok(Snapshot::of(tables, scope))
    }

    /// Restores a snapshot, in one transaction: packets see the old rules or those of the snapshot, never half of
    /// them.
    ///
    /// # Errors
    /// As [`Netfilter::commit`]: then nothing was changed.
    #[track_caller]
    pub fn restore(&mut self, snapshot: &Snapshot, how: Restore) -> Result<Committed, Error> {
        self.commit(&snapshot.transaction(how))
    }
}
