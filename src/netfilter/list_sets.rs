//! Reading sets and their elements.

use nix::errno::Errno;

use super::{
    Netfilter,
    list::{decode, names},
};
use crate::{
    Error,
    netlink::{Transport, dump},
    object::{
        Element, NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_TABLE, Set, SetRef, TableRef,
        decode_elements,
    },
    wire::nft,
};

impl<T: Transport> Netfilter<T> {
    /// The sets and maps of a table, without their elements; those that belong to one rule are among them
    /// ([`Set::is_anonymous`]).
    pub fn sets(&mut self, table: impl Into<TableRef>) -> Result<Vec<Set>, Error> {
        let table = table.into();
        self.at_one_generation(SETS, |this| this.read_sets(&table).map(Some))
    }

    /// The elements of a set or map, in the kernel's order.
    pub fn elements(&mut self, set: impl Into<SetRef>) -> Result<Vec<Element>, Error> {
        let set = set.into();
        self.at_one_generation(ELEMENTS, |this| this.read_elements(&set).map(Some))
    }

    /// A set or map with its elements; `None` where there is none.
    pub fn set(&mut self, set: impl Into<SetRef>) -> Result<Option<Set>, Error> {
        let place = set.into();
        self.at_one_generation("list a set", |this| {
            let Some(mut set) = this.read_sets(&place.table)?.into_iter().find(|set| set.name == place.name)
            else {
                return Ok(Some(None));
            };
            set.elements = this.read_elements(&place)?;
            Ok(Some(Some(set)))
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
