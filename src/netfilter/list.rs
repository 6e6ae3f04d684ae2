//! Reading tables, chains and rules.

use super::Netfilter;
use crate::{
    Error,
    netlink::{Transport, dump},
    object::{Chain, ChainRef, Family, NFTA_RULE_CHAIN, NFTA_RULE_TABLE, Rule, Table, TableRef},
    wire::{DecodeError, GenMessage, Writer, nft},
};

impl<T: Transport> Netfilter<T> {
    /// The tables of a family, or with `None` of all families, without what they hold.
    pub fn tables(&mut self, family: Option<Family>) -> Result<Vec<Table>, Error> {
        let operation = "list tables";
        let family = family.unwrap_or(Family::UNSPECIFIED).number();
        self.list(operation, nft::GETTABLE, family, &[], |tables, message| {
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
        self.list(operation, nft::GETCHAIN, family, &[], |chains, message| {
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
        let family = chain.table.family;
        self.list(operation, nft::GETRULE, family.number(), &attributes, |rules, message| {
            let (found, rule) = Rule::decode(family, message.attributes()).map_err(decode(operation))?;
            // Kernels differ in how far they filter.
            if found == chain {
                rules.push(rule);
            }
            Ok(())
        })
    }

    fn list<R>(
        &mut self,
        operation: &'static str,
        kind: u16,
        family: u8,
        attributes: &[u8],
        mut object: impl FnMut(&mut Vec<R>, GenMessage<'_>) -> Result<(), Error>,
    ) -> Result<Vec<R>, Error> {
        self.at_one_generation(operation, |this| {
            dump(&mut this.transport, operation, kind, family, attributes, Vec::new, &mut object).map(Some)
        })
    }
}

fn decode(operation: &'static str) -> impl Fn(DecodeError) -> Error {
    move |source| Error::Decode { operation, source }
}
