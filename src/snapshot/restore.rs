//! A snapshot's way back.

use super::{Scope, Snapshot};
use crate::{Transaction, object::Origin};

/// What becomes of what is there when a snapshot is restored.
///
/// A table that had an owner when the snapshot was taken (`NFT_TABLE_F_OWNER`) comes back without one, as the kernel
/// leaves it when the owner of a persistent table ends: otherwise it would go with the connection that restores
/// it. A table that has an owner *now* can be changed by nobody else, so it stays as it is where it is not part
/// of the snapshot, and makes the kernel refuse the whole where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Restore {
    /// What the snapshot is [of](Snapshot::scope) becomes what the snapshot says: of a snapshot of the ruleset all
    /// other tables are deleted, whoever put them there; a snapshot of one table changes that one only.
    #[default]
    Replace,
    /// Each table of the snapshot takes the place of the one with its name; other tables stay.
    ReplaceTables,
    /// Everything is added to what is there, as `nft -f` does with a listing. What exists already is kept, but that
    /// chains get the policy and the counters of the snapshot's; rules come behind those of their chain. The
    /// kernel refuses what cannot be both: a set of the same name with other keys.
    Add,
}

impl Snapshot {
    /// The transaction that [`Netfilter::restore`](crate::Netfilter::restore) commits, to be
    /// [checked](crate::Netfilter::check), or to be made part of a larger one.
    ///
    /// Errors name the line that calls this, and each rule by its place: `"rule 3"`.
    #[track_caller]
    pub fn transaction(&self, how: Restore) -> Transaction {
        let origin = Origin::here();
        let mut transaction = Transaction::new();
        if how == Restore::Replace && self.scope == Scope::Ruleset {
            transaction.make_way_for_all_restored(&self.tables);
        }
        for table in &self.tables {
            let replace = match (how, &self.scope) {
                (Restore::Replace, Scope::Ruleset) | (Restore::Add, _) => false,
                (Restore::Replace | Restore::ReplaceTables, _) => true,
            };
            if replace {
                transaction.make_way_for_restored(table);
            }
            transaction.restore_table(table, how == Restore::Add, origin);
        }
        transaction
    }
}
