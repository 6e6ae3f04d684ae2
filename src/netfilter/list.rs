//! Reading tables, chains and rules.

use super::Netfilter;
use crate::{
    Error,
    netlink::{Transport, dump},
    object::{Chain, ChainRef, Family, NFTA_RULE_CHAIN, NFTA_RULE_TABLE, Rule, Table, TableRef},
    wire::{DecodeError, Writer, nft},
};

impl<T: Transport> Netfilter<T> {
    /// The tables of a family, or with `None` of all families, without what they hold.
    pub fn tables(&mut self, family: Option<Family>) -> Result<Vec<Table>, Error> {
        let operation = "list tables";
        let family = family.unwrap_or(Family::UNSPECIFIED).number();
        dump(&mut self.transport, operation, nft::GETTABLE, family, &[], Vec::new, |tables, message| {
            let family = Family::from_number(message.family());
            tables.push(Table::decode(family, message.attributes()).map_err(decode(operation))?);
            Ok(())
        })
    }

    /// The chains of a table, without their rules.
    pub fn chains(&mut self, table: impl Into<TableRef>) -> Result<Vec<Chain>, Error> {
        let operation = "list chains";
        let table = table.into();
        let family = table.family.number();
        dump(&mut self.transport, operation, nft::GETCHAIN, family, &[], Vec::new, |chains, message| {
            let (found, chain) =
                Chain::decode(table.family, message.attributes()).map_err(decode(operation))?;
            if found == table.name {
                chains.push(chain);
            }
            Ok(())
        })
    }

    /// The rules of a chain, in order, as expressions, with their handles.
    pub fn rules(&mut self, chain: impl Into<ChainRef>) -> Result<Vec<Rule>, Error> {
        let operation = "list rules";
        let chain = chain.into();
        let mut attributes = Vec::new();
        let mut writer = Writer::new(&mut attributes);
        writer.put(NFTA_RULE_TABLE, &chain.table.name);
        writer.put(NFTA_RULE_CHAIN, &chain.name);
        if let Err(error) = writer.finish() {
            let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, error);
            return Err(Error::Io { operation, source });
        }
        let rules = self.dump_rules(operation, &chain, &attributes)?;
        if !rules.is_empty() {
            return Ok(rules);
        }
        // While a table is replaced, for a moment there are two of its name, and the kernel looks a chain up in
        // the old one alone, which by then has none. Without names it looks through both.
        self.dump_rules(operation, &chain, &[])
    }

    fn dump_rules(
        &mut self,
        operation: &'static str,
        chain: &ChainRef,
        attributes: &[u8],
    ) -> Result<Vec<Rule>, Error> {
        let family = chain.table.family;
        dump(
            &mut self.transport,
            operation,
            nft::GETRULE,
            family.number(),
            attributes,
            Vec::new,
            |rules, message| {
                let (found, rule) = Rule::decode(family, message.attributes()).map_err(decode(operation))?;
                // Kernels differ in how far they filter.
                if found == *chain {
                    rules.push(rule);
                }
                Ok(())
            },
        )
    }
}

fn decode(operation: &'static str) -> impl Fn(DecodeError) -> Error {
    move |source| Error::Decode { operation, source }
}
