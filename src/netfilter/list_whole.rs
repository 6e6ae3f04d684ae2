//! Reading whole tables and rulesets, of one state.

use super::{
    Netfilter,
    list::{decode, follows, names},
    mend::mend_table,
};
use crate::{
    Error, Ruleset,
    netlink::{Transport, dump},
    object::{Chain, Family, NFTA_RULE_TABLE, Rule, Table, TableRef},
    wire::nft,
};

impl<T: Transport> Netfilter<T> {
    /// A table with everything that it holds, of one state of the ruleset; `None` where there is none.
    ///
    /// What is read can be sent: to another network namespace, or back, with
    /// [`Transaction::replace_table`](crate::Transaction::replace_table).
    pub fn table(&mut self, table: impl Into<TableRef>) -> Result<Option<Table>, Error> {
        let table = table.into();
        self.at_one_generation("list a table", |this| {
            let tables = this.read_tables(table.family.number())?;
            let found = tables.into_iter().find(|found| found.name == table.name);
            match found {
                None => Ok(Some(None)),
                // The next generation makes it whole.
                Some(found) => Ok(this.fill(found)?.map(Some)),
            }
        })
    }

    /// The tables of a family, or with `None` of all families, with everything that they hold, of one state.
    pub fn ruleset(&mut self, family: Option<Family>) -> Result<Ruleset, Error> {
        let family = family.unwrap_or(Family::UNSPECIFIED).number();
        self.at_one_generation("list the ruleset", |this| {
            let mut ruleset = Ruleset::new();
            for table in this.read_tables(family)? {
                match this.fill(table)? {
                    Some(table) => ruleset.tables.push(table),
                    None => return Ok(None),
                }
            }
            Ok(Some(ruleset))
        })
    }

    /// Reads what a table holds; `None` where something is missing, because the ruleset is being changed.
    fn fill(&mut self, mut table: Table) -> Result<Option<Table>, Error> {
        let place = TableRef::from(&table);
        table.objects = self.read_objects(nft::GETOBJ, &place)?;
        table.flowtables = self.read_flowtables(&place)?;
        table.sets = self.read_sets(&place)?;
        for set in &mut table.sets {
            set.elements = self.read_elements(&place.set(&set.name))?;
        }
        let chains = self.read_chains(&place)?;
        let Some(chains) = self.read_rules(&place, chains)? else {
            return Ok(None);
        };
        table.chains = chains;
        mend_table(&mut table);
        Ok(Some(table))
    }

    /// Puts all rules of a table into its chains; `None` where one is missing.
    fn read_rules(&mut self, table: &TableRef, chains: Vec<Chain>) -> Result<Option<Vec<Chain>>, Error> {
        let attributes = names(RULES, &[(NFTA_RULE_TABLE, &table.name)])?;
        let family = table.family.number();
        let start = || (chains.clone(), true);
        let (kind, transport) = (nft::GETRULE, &mut self.transport);
        // Rules come chain by chain.
        let mut at = 0;
        let (chains, whole) = dump(transport, RULES, kind, family, &attributes, start, |state, message| {
            let (chains, whole) = state;
            let (place, rule) = Rule::decode(table.family, message.attributes()).map_err(decode(RULES))?;
            if place.table != *table {
                return Ok(());
            }
            if chains.get(at).is_none_or(|chain| chain.name != place.name) {
                at = chains.iter().position(|chain| chain.name == place.name).unwrap_or(usize::MAX);
            }
            match chains.get_mut(at) {
                Some(chain) => {
                    *whole &= follows(&message, chain.rules.last());
                    chain.rules.push(rule);
                }
                None => *whole = false,
            }
            Ok(())
        })?;
        Ok(whole.then_some(chains))
    }

    fn read_tables(&mut self, family: u8) -> Result<Vec<Table>, Error> {
        dump(&mut self.transport, TABLES, nft::GETTABLE, family, &[], Vec::new, |tables, message| {
            let family = Family::from_number(message.family());
            tables.push(Table::decode(family, message.attributes()).map_err(decode(TABLES))?);
            Ok(())
        })
    }
}

const RULES: &str = "list rules";
const TABLES: &str = "list tables";
