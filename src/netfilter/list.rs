//! Reading tables, chains and rules.

use super::{
    Netfilter,
    mend::{flags_by_name, mend_rules, want_flags},
};
use crate::{
    Error,
    netlink::{Transport, dump},
    object::{
        Chain, ChainRef, Family, NFTA_RULE_CHAIN, NFTA_RULE_POSITION, NFTA_RULE_TABLE, Rule, Table, TableRef,
    },
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
            Ok(true)
        })
    }

    /// The chains of a table, without their rules.
    pub fn chains(&mut self, table: impl Into<TableRef>) -> Result<Vec<Chain>, Error> {
        let table = table.into();
        self.at_one_generation(CHAINS, |this| this.read_chains(&table).map(Some))
    }

    /// The rules of a chain, in order, as expressions, with their handles; such that they can be sent.
    pub fn rules(&mut self, chain: impl Into<ChainRef>) -> Result<Vec<Rule>, Error> {
        let chain = chain.into();
        self.at_one_generation(RULES, |this| {
            let Some(mut rules) = this.read_rules_of(&chain)? else {
                return Ok(None);
            };
            let sets = if want_flags(&rules) { this.read_sets(&chain.table)? } else { Vec::new() };
            mend_rules(chain.table.family, &mut rules, &flags_by_name(&sets));
            Ok(Some(rules))
        })
    }

    /// The rules of a chain, of whichever state the ruleset is in; `None` where one is missing.
    fn read_rules_of(&mut self, chain: &ChainRef) -> Result<Option<Vec<Rule>>, Error> {
        let names_of = [(NFTA_RULE_TABLE, &*chain.table.name), (NFTA_RULE_CHAIN, &*chain.name)];
        let attributes = names(RULES, &names_of)?;
        let family = chain.table.family;
        self.read(RULES, nft::GETRULE, family.number(), &attributes, |rules, message| {
            let (found, rule) = Rule::decode(family, message.attributes()).map_err(decode(RULES))?;
            // Kernels differ in how far they filter.
            if found != *chain {
                return Ok(true);
            }
            let continues = follows(&message, rules.last());
            rules.push(rule);
            Ok(continues)
        })
    }

    /// As [`Netfilter::chains`], of whichever state the ruleset is in.
    pub(super) fn read_chains(&mut self, table: &TableRef) -> Result<Vec<Chain>, Error> {
        let family = table.family.number();
        dump(&mut self.transport, CHAINS, nft::GETCHAIN, family, &[], Vec::new, |chains, message| {
            let (found, chain) = Chain::decode(table.family, message.attributes()).map_err(decode(CHAINS))?;
            if found == table.name {
                chains.push(chain);
            }
            Ok(())
        })
    }

    /// Dumps objects of a kind, of one state. `object` keeps those that are wanted, and says false where one is
    /// missing.
    pub(super) fn list<R>(
        &mut self,
        operation: &'static str,
        kind: u16,
        family: u8,
        attributes: &[u8],
        mut object: impl FnMut(&mut Vec<R>, GenMessage<'_>) -> Result<bool, Error>,
    ) -> Result<Vec<R>, Error> {
        self.at_one_generation(operation, |this| this.read(operation, kind, family, attributes, &mut object))
    }

    /// As [`Netfilter::list`], of whichever state the ruleset is in; `None` where one is missing.
    fn read<R>(
        &mut self,
        operation: &'static str,
        kind: u16,
        family: u8,
        attributes: &[u8],
        mut object: impl FnMut(&mut Vec<R>, GenMessage<'_>) -> Result<bool, Error>,
    ) -> Result<Option<Vec<R>>, Error> {
        let start = || (Vec::new(), true);
        let keep = |(found, whole): &mut (Vec<R>, bool), message: GenMessage<'_>| {
            *whole &= object(found, message)?;
            Ok(())
        };
        let (found, whole) = dump(&mut self.transport, operation, kind, family, attributes, start, keep)?;
        Ok(whole.then_some(found))
    }
}

const CHAINS: &str = "list chains";
const RULES: &str = "list rules";

/// Whether a rule is the next one behind another. A rule that somebody puts into the chain shifts the dump's
/// count even before it is committed, and then others come twice, or not at all.
///
/// What this cannot see: the last rules of a long chain are missing where somebody put rules before them and was
/// refused while the dump went on.
pub(super) fn follows(message: &GenMessage<'_>, previous: Option<&Rule>) -> bool {
    let position = message
        .attributes()
        .map_while(Result::ok)
        .find(|attribute| attribute.kind() == NFTA_RULE_POSITION)
        .and_then(|attribute| attribute.get::<u64>().ok());
    position == previous.and_then(|previous| previous.handle)
}

/// The names that tell the kernel what is wanted, as attributes.
pub(super) fn names(operation: &'static str, names: &[(u16, &str)]) -> Result<Vec<u8>, Error> {
    let mut attributes = Vec::new();
    let mut writer = Writer::new(&mut attributes);
    names.iter().for_each(|(kind, name)| writer.text(*kind, name));
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
