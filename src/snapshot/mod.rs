//! Rulesets kept: everything that the kernel has, as a value and as a file, and back in one transaction.
//!
//! ```no_run
//! use std::{fs::File, io::BufReader};
//!
//! use portcullis::{Netfilter, Restore, Scope, Snapshot};
//!
//! let mut firewall = Netfilter::open()?;
//! firewall.snapshot(Scope::Ruleset)?.write_to(File::create("rules.snapshot")?)?;
//!
//! let snapshot = Snapshot::read_from(BufReader::new(File::open("rules.snapshot")?))?;
//! firewall.restore(&snapshot, Restore::Replace)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The file is text. Each object has a line that says what it is, with a comment that says it in words, and a line
//! with its netlink attributes, byte for byte, and the CRC-32 of everything up to there:
//!
//! ```text
//! portcullis snapshot 1
//! byte-order little
//! scope table inet edge
//! taken 1795378317  # 2026-11-22 20:11:57 UTC
//! kernel 6.18.5
//!
//! table inet edge
//!     1"edge" 2:00000000 ~4d37d53a
//! chain inet edge input  # filter at hook input, policy drop
//!     1"edge" 3"input" 4{1:00000001 2:00000000} 5:00000000 7"filter" ~30c76cd0
//! rule inet edge input 1  # meta l4proto 0x06 counter packets 7 bytes 420 accept
//!     1"edge" 2"input" 4{1{1"meta" 2{2:00000010 1:00000001}} …} ~9d2d1b67
//!
//! end tables 1 objects 0 flowtables 0 sets 0 elements 0 chains 1 rules 1 ~0f1f8d59
//! ```
//!
//! `docs/snapshot-format.md` says all of it. What is kept: tables, chains, rules, sets, elements, objects, flowtables,
//! with counters, the time that elements have left, comments and user data. What is not: handles, which the kernel
//! gives anew, and who owns a table ([`Restore`] says what becomes of those). Some of the kernel's numbers mean
//! something only where they come from: indexes of interfaces (`iif`, not `iifname`), ids of control groups. And xtables'
//! matches and targets hold structures of the machine's word size.

mod checksum;
mod counters;
mod counts;
mod describe;
mod error;
mod facts;
mod heading;
mod lines;
mod read;
mod restore;
mod tree;
mod write;

pub use error::{Place, SnapshotError};
pub use restore::Restore;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use heading::Name;

use crate::object::{Table, TableRef};

/// What a snapshot is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// Every table.
    #[default]
    Ruleset,
    /// One table.
    Table(TableRef),
}

impl<T: Into<TableRef>> From<T> for Scope {
    fn from(table: T) -> Self {
        Self::Table(table.into())
    }
}

/// A ruleset, or one table of it, as it was at one moment: see the [module](self).
///
/// ```
/// use portcullis::Snapshot;
///
/// let error = Snapshot::read_from("*filter\n:INPUT ACCEPT\n".as_bytes()).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "this is no snapshot of portcullis: its first line is \"*filter\", not \"portcullis snapshot 1\""
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Without handles; rules are expressions.
    tables: Vec<Table>,
    scope: Scope,
    /// Seconds since 1970.
    taken: u64,
    kernel: Option<String>,
}

impl Snapshot {
    /// A snapshot of tables as they were just read.
    pub(crate) fn of(mut tables: Vec<Table>, scope: Scope) -> Self {
        tables.iter_mut().for_each(settle);
        let taken = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok();
        let kernel =
            release.map(|release| release.trim().to_owned()).filter(|release| Name(release).is_plain());
        Self { tables, scope, taken, kernel }
    }

    /// The tables, with what they hold; mended, so that the kernel takes them back.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The tables.
    pub fn into_tables(self) -> Vec<Table> {
        self.tables
    }

    /// What it is of.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// When it was taken, to the second.
    pub fn taken(&self) -> SystemTime {
        UNIX_EPOCH.checked_add(Duration::from_secs(self.taken)).unwrap_or(UNIX_EPOCH)
    }

    /// The release of the kernel that it was taken from.
    pub fn kernel(&self) -> Option<&str> {
        self.kernel.as_deref()
    }

    /// A snapshot of one of its tables; `None` where it has no such table.
    #[must_use]
    pub fn only(mut self, table: impl Into<TableRef>) -> Option<Self> {
        let table = table.into();
        self.tables.retain(|found| TableRef::from(found) == table);
        self.scope = Scope::Table(table);
        (!self.tables.is_empty()).then_some(self)
    }
}

/// Leaves out what means nothing anywhere else, or another time: handles, counts of uses, elements without time left.
fn settle(table: &mut Table) {
    table.handle = None;
    for object in &mut table.objects {
        (object.handle, object.uses) = (None, None);
    }
    for flowtable in &mut table.flowtables {
        (flowtable.handle, flowtable.uses) = (None, None);
    }
    for set in &mut table.sets {
        set.handle = None;
        // Its time was over while it was listed. Sent, no time left would mean all of it.
        set.elements.retain(|element| element.expiration != Some(Duration::ZERO));
    }
    for chain in &mut table.chains {
        chain.handle = None;
        chain.rules.iter_mut().for_each(|rule| rule.handle = None);
    }
}

#[cfg(test)]
mod tests;
