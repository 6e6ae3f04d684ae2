//! Reading tables and chains, and what all readers share.

use nix::errno::Errno;

use super::Netfilter;
use crate::{
    Error,
    netlink::{Query, Transport},
    object::{Chain, ChainRef, Family, NFTA_CHAIN_NAME, NFTA_CHAIN_TABLE, Table, TableRef},
    wire::{DecodeError, GenMessage, Writer, nft},
};

impl<T: Transport> Netfilter<T> {
    /// The tables of a family, or with `None` of all families, without what they hold.
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring).
    pub fn tables(&mut self, family: Option<Family>) -> Result<Vec<Table>, Error> {
        let family = family.unwrap_or(Family::UNSPECIFIED).number();
        self.at_one_generation(TABLES, |this| this.read_tables(family).map(Some))
    }

    /// The chains of a table, without their rules.
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring). A table that is not there has no chains, which is no error.
    pub fn chains(&mut self, table: impl Into<TableRef>) -> Result<Vec<Chain>, Error> {
        let table = table.into();
        self.at_one_generation(CHAINS, |this| {
            let chains = this.read_chains(table.family.number())?;
            Ok(Some(
                chains.into_iter().filter(|found| found.table == table).map(|found| found.chain).collect(),
            ))
        })
    }

    /// A chain with its rules, such that they can be sent, of one state of the ruleset; `None` where there is none.
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring).
    pub fn chain(&mut self, chain: impl Into<ChainRef>) -> Result<Option<Chain>, Error> {
        let place = chain.into();
        self.at_one_generation("list a chain", |this| {
            let Some(mut chain) = this.chain_header(&place)? else {
                return Ok(Some(None));
            };
            let Some(rules) = this.read_rules(&place)? else {
                return Ok(None);
            };
            chain.rules = rules;
            Ok(Some(Some(chain)))
        })
    }

    /// A chain without its rules.
    pub(super) fn chain_header(&mut self, chain: &ChainRef) -> Result<Option<Chain>, Error> {
        let operation = "list a chain";
        let place = [(NFTA_CHAIN_TABLE, &*chain.table.name), (NFTA_CHAIN_NAME, &*chain.name)];
        let family = chain.table.family;
        let attributes = names(operation, &place)?;
        let query =
            Query { operation, kind: nft::GETCHAIN, family: family.number(), attributes: &attributes };
        self.one(query, |message| Ok(Chain::decode(family, message.attributes())?.1))
    }

    pub(super) fn read_tables(&mut self, family: u8) -> Result<Vec<Table>, Error> {
        let query = Query { operation: TABLES, kind: nft::GETTABLE, family, attributes: &[] };
        query.dump(&mut self.transport, Vec::new(), Vec::clear, |tables, message| {
            let family = Family::from_number(message.family());
            tables.push(Table::decode(family, message.attributes()).map_err(decode(TABLES))?);
            Ok(())
        })
    }

    /// The chains of a family, or of all. (The kernel cannot be asked for one
    /// table's.)
    pub(super) fn read_chains(&mut self, family: u8) -> Result<Vec<ListedChain>, Error> {
        let query = Query { operation: CHAINS, kind: nft::GETCHAIN, family, attributes: &[] };
        query.dump(&mut self.transport, Vec::new(), Vec::clear, |chains, message| {
            let family = Family::from_number(message.family());
            let (table, chain) = Chain::decode(family, message.attributes()).map_err(decode(CHAINS))?;
            let uses = Chain::uses(message.attributes());
            chains.push(ListedChain { table: TableRef::new(family, table), chain, uses });
            Ok(())
        })
    }

    /// Asks for one object; `None` where there is none, or not the table that it would be in.
    pub(super) fn one<R>(
        &mut self,
        query: Query<'_>,
        object: impl Fn(GenMessage<'_>) -> Result<R, DecodeError>,
    ) -> Result<Option<R>, Error> {
        let mut found = None;
        let asked = query.ask(&mut self.transport, |message| {
            found = Some(object(message).map_err(decode(query.operation))?);
            Ok(())
        });
        match asked {
            Ok(()) => Ok(found),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A chain as it is listed among others.
pub(super) struct ListedChain {
    pub(super) table: TableRef,
    /// Without its rules.
    pub(super) chain: Chain,
    /// How many rules it has, and what jumps to it.
    pub(super) uses: u32,
}

const TABLES: &str = "list tables";
const CHAINS: &str = "list chains";

/// Whether the kernel says that what it was asked for is not there.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Request { errno, .. } if *errno == Errno::ENOENT as i32)
}

/// The names that tell the kernel what is wanted, as attributes.
pub(super) fn names(operation: &'static str, names: &[(u16, &str)]) -> Result<Vec<u8>, Error> {
    attributes(operation, |writer| names.iter().for_each(|(kind, name)| writer.text(*kind, name)))
}

/// What tells the kernel what is wanted.
pub(super) fn attributes(
    operation: &'static str,
    write: impl FnOnce(&mut Writer<'_>),
) -> Result<Vec<u8>, Error> {
    let mut attributes = Vec::new();
    let mut writer = Writer::new(&mut attributes);
    write(&mut writer);
    match writer.finish() {
        Ok(()) => Ok(attributes),
        Err(error) => {
            let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, error);
            Err(Error::Io { operation, source })
        }
    }
}

/// An answer that cannot be read.
pub(super) fn decode(operation: &'static str) -> impl Fn(DecodeError) -> Error {
    move |source| Error::Decode { operation, source }
}
