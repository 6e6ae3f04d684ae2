//! Making tables what they should be.

use super::{Committed, Netfilter};
use crate::{Error, Ruleset, Transaction, netlink::Transport};

impl<T: Transport> Netfilter<T> {
    /// Puts every table of the ruleset in the place of the one with its name, in one transaction. Other tables
    /// stay as they are. Doing it twice leaves the same as doing it once.
    ///
    /// # Errors
    /// As [`Netfilter::commit`]: then every table is as it was.
    pub fn apply(&mut self, ruleset: impl std::borrow::Borrow<Ruleset>) -> Result<Committed, Error> {
        self.commit(&ruleset.borrow().transaction())
    }
}

impl Ruleset {
    /// The transaction that [`Netfilter::apply`] commits.
    pub fn transaction(&self) -> Transaction {
        let mut transaction = Transaction::new();
        for table in &self.tables {
            transaction.replace_table(table);
        }
        transaction
    }
}
