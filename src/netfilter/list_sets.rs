//! Reading sets and their elements.

use std::collections::HashSet;

use super::{
    Netfilter,
    list::{decode, is_missing, names},
    mend::{added_to, mend_element, mend_set, wants_targets},
};
use crate::{
    Error,
    expr::Data,
    netlink::{Query, Transport},
    object::{
        Element, NFTA_RULE_TABLE, NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_NAME,
        NFTA_SET_TABLE, Rule, Set, SetRef, TableRef, decode_elements, encode_elements,
    },
    wire::nft,
};

impl<T: Transport> Netfilter<T> {
    /// The sets and maps of a table, without their elements, such that they can be sent; those that belong to one
    /// rule are among them ([`Set::is_anonymous`]).
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring). A table that is not there has no sets, which is no error.
    pub fn sets(&mut self, table: impl Into<TableRef>) -> Result<Vec<Set>, Error> {
        let table = table.into();
        self.at_one_generation(SETS, |this| {
            let mut sets = this.read_sets(&table)?;
            this.mend_sets(&table, &mut sets)?;
            Ok(Some(sets))
        })
    }

    /// The elements of a set or map, in the kernel's order, which is not always the same; such that they can be
    /// sent.
    ///
    /// Of one state of the ruleset; but what rules add and what times out makes no new one, so that of a set whose
    /// elements come and go by themselves, one that does just then can be missing.
    ///
    /// # Errors
    /// [`Error::Request`] with `ENOENT` where there is no such set. [`Error::Interrupted`] too where the kernel kept
    /// moving the elements of a set that grows. Otherwise those of [reading](Netfilter#what-reading-can-bring).
    pub fn elements(&mut self, set: impl Into<SetRef>) -> Result<Vec<Element>, Error> {
        let place = set.into();
        self.at_one_generation(ELEMENTS, |this| match this.read_set(&place)? {
            Some(set) => this.read_elements(&place, &set).map(Some),
            None => Err(Error::Request {
                operation: ELEMENTS,
                errno: nix::errno::Errno::ENOENT as i32,
                message: None,
            }),
        })
    }

    /// A set or map with its elements, such that it can be sent; `None` where there is none.
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring), among them [`Error::Interrupted`] where the kernel kept moving
    /// the elements of a set that grows.
    pub fn set(&mut self, set: impl Into<SetRef>) -> Result<Option<Set>, Error> {
        let place = set.into();
        self.at_one_generation("list a set", |this| {
            let Some(mut set) = this.read_set(&place)? else {
                return Ok(Some(None));
            };
            this.mend_sets(&place.table, std::slice::from_mut(&mut set))?;
            set.elements = this.read_elements(&place, &set)?;
            Ok(Some(Some(set)))
        })
    }

    /// A set or map without its elements; `None` where there is none.
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring).
    pub fn set_header(&mut self, set: impl Into<SetRef>) -> Result<Option<Set>, Error> {
        let place = set.into();
        let mut found = self.read_set(&place)?;
        if let Some(set) = &mut found {
            self.mend_sets(&place.table, std::slice::from_mut(set))?;
        }
        Ok(found)
    }

    /// Mends sets of a table, whose rules are read where they matter: seldom.
    pub(super) fn mend_sets(&mut self, table: &TableRef, sets: &mut [Set]) -> Result<(), Error> {
        let targets = if sets.iter().any(wants_targets) { self.read_targets(table)? } else { HashSet::new() };
        sets.iter_mut().for_each(|set| mend_set(set, &targets));
        Ok(())
    }

    /// The sets that rules of a table add to.
    fn read_targets(&mut self, table: &TableRef) -> Result<HashSet<String>, Error> {
        let attributes = names(SETS, &[(NFTA_RULE_TABLE, &table.name)])?;
        let (kind, family) = (nft::GETRULE, table.family.number());
        let query = Query { operation: SETS, kind, family, attributes: &attributes };
        query.dump(&mut self.transport, HashSet::new(), HashSet::clear, |targets, message| {
            let read = Rule::decode(message.attributes()).map_err(decode(SETS))?;
            if (message.family(), read.table) == (family, &*table.name) {
                targets.extend(added_to(&read.rule));
            }
            Ok(())
        })
    }

    /// The element of a set or map that a key has; `None` where it has none, or the set is not there.
    ///
    /// The kernel looks the key up, as a rule would: it costs the same however large the set is. In a set of
    /// intervals, the element is the first of the range that the key is in; in a concatenation of intervals, it has
    /// the range's end beside it ([`Element::key_end`]). Where no element of its own has the key, an
    /// element for all others ([`Element::catch_all`]) is not found. Kernel 4.16.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), portcullis::Error> {
    /// use portcullis::{Family, Netfilter, expr::Data};
    ///
    /// let blocked = (Family::Inet, "edge", "blocked");
    /// let address = Data::address("192.0.2.7".parse().unwrap());
    /// if Netfilter::open()?.element(blocked, &address)?.is_some() {
    ///     println!("192.0.2.7 is blocked");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Request`] with the kernel's `EINVAL` where the key is not as long as the set's. Otherwise those of
    /// [reading](Netfilter#what-reading-can-bring).
    pub fn element(&mut self, set: impl Into<SetRef>, key: &Data) -> Result<Option<Element>, Error> {
        self.read_element(nft::GETSETELEM, &set.into(), Element::new(key.clone()))
    }

    /// An element with the key, and on the end of a range, of what is wanted.
    pub(super) fn read_element(
        &mut self,
        kind: u16,
        set: &SetRef,
        wanted: Element,
    ) -> Result<Option<Element>, Error> {
        let operation = "read an element";
        let attributes = super::list::attributes(operation, |writer| {
            encode_elements(&set.table.name, &set.name, None, &[wanted], writer);
        })?;
        let query = Query { operation, kind, family: set.table.family.number(), attributes: &attributes };
        let found = self.one(query, |message| {
            let mut elements = Vec::new();
            decode_elements(message.attributes(), &mut elements)?;
            elements.iter_mut().for_each(mend_element);
            Ok(elements.pop())
        })?;
        Ok(found.flatten())
    }

    /// A set without its elements, of whichever state the ruleset is in.
    pub(super) fn read_set(&mut self, set: &SetRef) -> Result<Option<Set>, Error> {
        let operation = "list a set";
        let place = [(NFTA_SET_TABLE, &*set.table.name), (NFTA_SET_NAME, &*set.name)];
        let (kind, family) = (nft::GETSET, set.table.family.number());
        let attributes = names(operation, &place)?;
        let query = Query { operation, kind, family, attributes: &attributes };
        self.one(query, |message| Ok(Set::decode(message.attributes())?.1))
    }

    /// As [`Netfilter::sets`], of whichever state the ruleset is in. A table that is not there has none.
    pub(super) fn read_sets(&mut self, table: &TableRef) -> Result<Vec<Set>, Error> {
        let attributes = names(SETS, &[(NFTA_SET_TABLE, &table.name)])?;
        let family = table.family.number();
        let query = Query { operation: SETS, kind: nft::GETSET, family, attributes: &attributes };
        let found = query.dump(&mut self.transport, Vec::new(), Vec::clear, |sets, message| {
            let (found, set) = Set::decode(message.attributes()).map_err(decode(SETS))?;
            if found == table.name && message.family() == family {
                sets.push(set);
            }
            Ok(())
        });
        match found {
            Err(error) if is_missing(&error) => Ok(Vec::new()),
            found => found,
        }
    }

    /// As [`Netfilter::elements`], of whichever state the ruleset is in.
    pub(super) fn read_elements(&mut self, place: &SetRef, set: &Set) -> Result<Vec<Element>, Error> {
        let mut elements = Vec::new();
        for _ in 0..super::settled::ATTEMPTS {
            elements.clear();
            elements = self.dump_elements(nft::GETSETELEM, place, elements, Vec::clear)?;
            if super::settled::is_settled(set, &elements) {
                elements.iter_mut().for_each(mend_element);
                return Ok(elements);
            }
        }
        super::settled::give_up(ELEMENTS, set, elements)
    }

    /// Dumps a set's elements behind those that there are.
    pub(super) fn dump_elements(
        &mut self,
        kind: u16,
        set: &SetRef,
        state: Vec<Element>,
        forget: impl FnMut(&mut Vec<Element>),
    ) -> Result<Vec<Element>, Error> {
        let place = [(NFTA_SET_ELEM_LIST_TABLE, &*set.table.name), (NFTA_SET_ELEM_LIST_SET, &*set.name)];
        let attributes = names(ELEMENTS, &place)?;
        let family = set.table.family.number();
        let query = Query { operation: ELEMENTS, kind, family, attributes: &attributes };
        query.dump(&mut self.transport, state, forget, |elements, message| {
            decode_elements(message.attributes(), elements).map_err(decode(ELEMENTS))
        })
    }
}

const SETS: &str = "list sets";
const ELEMENTS: &str = "list elements";
