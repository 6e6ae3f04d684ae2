//! Reading sets and their elements.

use std::collections::HashSet;

use nix::errno::Errno;

use super::{
    Netfilter,
    list::{decode, names},
    mend::{added_to, mend_element, mend_set, wants_targets},
};
use crate::{
    Error,
    netlink::{Transport, dump},
    object::{
        Element, NFTA_RULE_TABLE, NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_TABLE, Rule,
        Set, SetRef, TableRef, decode_elements,
    },
    wire::nft,
};

impl<T: Transport> Netfilter<T> {
    /// The sets and maps of a table, without their elements, such that they can be sent; those that belong to one
    /// rule are among them ([`Set::is_anonymous`]).
    pub fn sets(&mut self, table: impl Into<TableRef>) -> Result<Vec<Set>, Error> {
        let table = table.into();
        self.at_one_generation(SETS, |this| {
            let mut sets = this.read_sets(&table)?;
            this.mend_sets(&table, &mut sets)?;
            Ok(Some(sets))
        })
    }

    /// The elements of a set or map, in the kernel's order, such that they can be sent.
    pub fn elements(&mut self, set: impl Into<SetRef>) -> Result<Vec<Element>, Error> {
        let set = set.into();
        self.at_one_generation(ELEMENTS, |this| {
            let mut elements = this.read_elements(&set)?;
            elements.iter_mut().for_each(mend_element);
            Ok(Some(elements))
        })
    }

    /// A set or map with its elements, such that it can be sent; `None` where there is none.
    pub fn set(&mut self, set: impl Into<SetRef>) -> Result<Option<Set>, Error> {
        let place = set.into();
        self.at_one_generation("list a set", |this| {
            let Some(mut set) = this.read_sets(&place.table)?.into_iter().find(|set| set.name == place.name)
            else {
                return Ok(Some(None));
            };
            this.mend_sets(&place.table, std::slice::from_mut(&mut set))?;
            set.elements = this.read_elements(&place)?;
            set.elements.iter_mut().for_each(mend_element);
            Ok(Some(Some(set)))
        })
    }

    /// Mends sets of a table, whose rules are read where they matter: seldom.
    fn mend_sets(&mut self, table: &TableRef, sets: &mut [Set]) -> Result<(), Error> {
        let targets = if sets.iter().any(wants_targets) { self.read_targets(table)? } else { HashSet::new() };
        sets.iter_mut().for_each(|set| mend_set(set, &targets));
        Ok(())
    }

    /// The sets that rules of a table add to.
    fn read_targets(&mut self, table: &TableRef) -> Result<HashSet<String>, Error> {
        let attributes = names(SETS, &[(NFTA_RULE_TABLE, &table.name)])?;
        let (kind, family) = (nft::GETRULE, table.family.number());
        dump(&mut self.transport, SETS, kind, family, &attributes, HashSet::new, |targets, message| {
            let (place, rule) = Rule::decode(table.family, message.attributes()).map_err(decode(SETS))?;
            if place.table == *table {
                targets.extend(added_to(&[rule]));
            }
            Ok(())
        })
    }

    /// As [`Netfilter::sets`], of whichever state the ruleset is in. A table that is not there has none.
    pub(super) fn read_sets(&mut self, table: &TableRef) -> Result<Vec<Set>, Error> {
        let attributes = names(SETS, &[(NFTA_SET_TABLE, &table.name)])?;
        let family = table.family.number();
        let found =
            dump(&mut self.transport, SETS, nft::GETSET, family, &attributes, Vec::new, |sets, message| {
                let (found, set) = Set::decode(message.attributes()).map_err(decode(SETS))?;
                if found == table.name && message.family() == family {
                    sets.push(set);
                }
                Ok(())
            });
        match found {
            Err(Error::Request { errno, .. }) if errno == Errno::ENOENT as i32 => Ok(Vec::new()),
            found => found,
        }
    }

    /// As [`Netfilter::elements`], of whichever state the ruleset is in.
    pub(super) fn read_elements(&mut self, set: &SetRef) -> Result<Vec<Element>, Error> {
        let place = [(NFTA_SET_ELEM_LIST_TABLE, &*set.table.name), (NFTA_SET_ELEM_LIST_SET, &*set.name)];
        let attributes = names(ELEMENTS, &place)?;
        let (operation, family) = (ELEMENTS, set.table.family.number());
        let (kind, start) = (nft::GETSETELEM, Vec::new);
        dump(&mut self.transport, operation, kind, family, &attributes, start, |elements, message| {
            decode_elements(message.attributes(), elements).map_err(decode(ELEMENTS))
        })
    }
}

const SETS: &str = "list sets";
const ELEMENTS: &str = "list elements";
