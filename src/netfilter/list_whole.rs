//! Reading whole tables and rulesets, of one state.

use std::collections::HashMap;

use super::{Netfilter, list::ListedChain, mend::mend_sets};
use crate::{
    Error, Ruleset,
    netlink::Transport,
    object::{Family, Table, TableRef},
};

impl<T: Transport> Netfilter<T> {
    /// A table with everything that it holds, of one state of the ruleset; `None` where there is none.
    ///
    /// What is read can be sent: to another network namespace, or back, with
    /// [`Transaction::replace_table`](crate::Transaction::replace_table).
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring), among them [`Error::Interrupted`] where the kernel kept moving
    /// the elements of a set that grows.
    pub fn table(&mut self, table: impl Into<TableRef>) -> Result<Option<Table>, Error> {
        self.read_table(&table.into(), Elements::OfAllSets)
    }

    /// As [`Netfilter::table`], but named sets and maps come without their elements, which may be many. Those
    /// that belong to one rule keep theirs: they are part of what the rule says.
    ///
    /// # Errors
    /// As [`Netfilter::table`].
    pub fn table_terse(&mut self, table: impl Into<TableRef>) -> Result<Option<Table>, Error> {
        self.read_table(&table.into(), Elements::OfAnonymousSets)
    }

    /// The tables of a family, or with `None` of all families, with everything that they hold, of one state.
    ///
    /// It is all in memory then: a rule of eleven expressions takes some 1.2 KiB, an element some 250 bytes
    /// (`benches/README.md`). [`Netfilter::ruleset_terse`] leaves out the elements.
    ///
    /// # Errors
    /// As [`Netfilter::table`]. One table that cannot be read makes all of it an error.
    pub fn ruleset(&mut self, family: Option<Family>) -> Result<Ruleset, Error> {
        self.read_ruleset(family, Elements::OfAllSets)
    }

    /// As [`Netfilter::ruleset`], but named sets and maps come without their elements, which may be many. Those
    /// that belong to one rule keep theirs: they are part of what the rule says.
    ///
    /// # Errors
    /// As [`Netfilter::ruleset`].
    pub fn ruleset_terse(&mut self, family: Option<Family>) -> Result<Ruleset, Error> {
        self.read_ruleset(family, Elements::OfAnonymousSets)
    }

    fn read_table(&mut self, table: &TableRef, elements: Elements) -> Result<Option<Table>, Error> {
        let family = table.family.number();
        self.at_one_generation("list a table", |this| {
            let Some(found) = this.read_tables(family)?.into_iter().find(|found| found.name == table.name)
            else {
                return Ok(Some(None));
            };
            let chains = this.read_chains(family)?;
            let chains = chains.into_iter().filter(|listed| listed.table == *table);
            // Where something is missing, the next generation makes it whole.
            Ok(this.fill(found, chains.collect(), elements)?.map(Some))
        })
    }

    fn read_ruleset(&mut self, family: Option<Family>, elements: Elements) -> Result<Ruleset, Error> {
        let family = family.unwrap_or(Family::UNSPECIFIED).number();
        self.at_one_generation("list the ruleset", |this| {
            let tables = this.read_tables(family)?;
            // At once, for the kernel dumps all chains whichever table is meant.
            let mut chains: HashMap<TableRef, Vec<ListedChain>> = HashMap::new();
            for listed in this.read_chains(family)? {
                chains.entry(listed.table.clone()).or_default().push(listed);
            }
            let mut ruleset = Ruleset::new();
            for table in tables {
                let chains = chains.remove(&TableRef::from(&table)).unwrap_or_default();
                match this.fill(table, chains, elements)? {
                    Some(table) => ruleset.tables.push(table),
                    None => return Ok(None),
                }
            }
            Ok(Some(ruleset))
        })
    }

    /// Reads what a table holds; `None` where something is missing, because the ruleset is being changed.
    fn fill(
        &mut self,
        mut table: Table,
        chains: Vec<ListedChain>,
        elements: Elements,
    ) -> Result<Option<Table>, Error> {
        let place = TableRef::from(&table);
        table.objects = self.read_objects(&place)?;
        table.flowtables = self.read_flowtables(&place)?;
        table.sets = self.read_sets(&place)?;
        for set in &mut table.sets {
            if elements == Elements::OfAllSets || set.is_anonymous() {
                set.elements = self.read_elements(&place.set(&set.name), set)?;
            }
        }
        let Some((chains, targets)) = self.fill_chains(&place, &table.sets, chains)? else {
            return Ok(None);
        };
        table.chains = chains;
        mend_sets(&mut table.sets, &targets);
        Ok(Some(table))
    }
}

/// Which elements are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Elements {
    OfAllSets,
    OfAnonymousSets,
}
