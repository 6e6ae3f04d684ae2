//! Sets and their elements in a transaction.

use std::borrow::Borrow;

use super::{OperationId, Transaction, Verb};
use crate::{
    Invalid,
    object::{
        Element, NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_NAME, NFTA_SET_TABLE, Origin,
        Set, SetRef, TableRef, check_name,
    },
    wire::{flags, nft},
};

impl Transaction {
    /// Adds a set or map with its elements. A set that exists is kept, and added to.
    #[track_caller]
    pub fn add_set(&mut self, table: impl Into<TableRef>, set: impl Borrow<Set>) -> OperationId {
        self.set(Verb::Add, &table.into(), set.borrow(), flags::CREATE)
    }

    /// Creates a set or map with its elements; refused if it exists.
    #[track_caller]
    pub fn create_set(&mut self, table: impl Into<TableRef>, set: impl Borrow<Set>) -> OperationId {
        self.set(Verb::Create, &table.into(), set.borrow(), flags::CREATE | flags::EXCL)
    }

    /// Deletes a set with its elements; refused if a rule uses it, or if there is none.
    #[track_caller]
    pub fn delete_set(&mut self, set: impl Into<SetRef>) -> OperationId {
        self.set_by_name(Verb::Delete, nft::DELSET, (NFTA_SET_TABLE, NFTA_SET_NAME), &set.into())
    }

    /// Deletes a set with its elements if it exists. On [every kernel](Self::destroy_table).
    #[track_caller]
    pub fn destroy_set(&mut self, set: impl Into<SetRef>) -> OperationId {
        self.set_by_name(Verb::Destroy, nft::DESTROYSET, (NFTA_SET_TABLE, NFTA_SET_NAME), &set.into())
    }

    /// Deletes every element of a set.
    #[track_caller]
    pub fn flush_set(&mut self, set: impl Into<SetRef>) -> OperationId {
        let names = (NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_LIST_SET);
        self.set_by_name(Verb::Flush, nft::DELSETELEM, names, &set.into())
    }

    /// Adds elements to a set. Elements that exist are kept.
    ///
    /// The set is named by `(&table, "blocked")`, `(Family::Inet, "edge", "blocked")` or a [`SetRef`]. Gives the
    /// first of the operations, of which there are as many as netlink's limits make necessary; without
    /// elements there is none.
    #[track_caller]
    pub fn add_elements(
        &mut self,
        set: impl Into<SetRef>,
        elements: impl AsRef<[Element]>,
    ) -> Option<OperationId> {
        self.elements(Verb::Add, nft::NEWSETELEM, flags::CREATE, &set.into(), elements.as_ref())
    }

    /// Adds elements to a set; refused if one of them exists.
    #[track_caller]
    pub fn create_elements(
        &mut self,
        set: impl Into<SetRef>,
        elements: impl AsRef<[Element]>,
    ) -> Option<OperationId> {
        let how = flags::CREATE | flags::EXCL;
        self.elements(Verb::Create, nft::NEWSETELEM, how, &set.into(), elements.as_ref())
    }

    /// Deletes elements of a set; refused if one of them does not exist.
    #[track_caller]
    pub fn delete_elements(
        &mut self,
        set: impl Into<SetRef>,
        elements: impl AsRef<[Element]>,
    ) -> Option<OperationId> {
        self.elements(Verb::Delete, nft::DELSETELEM, 0, &set.into(), elements.as_ref())
    }

    /// Deletes those elements of a set that exist; refused if there is no such set. On
    /// [every kernel](Self::destroy_table): before 6.3 some exchanges more for every message with elements that are
    /// not there.
    #[track_caller]
    pub fn destroy_elements(
        &mut self,
        set: impl Into<SetRef>,
        elements: impl AsRef<[Element]>,
    ) -> Option<OperationId> {
        self.elements(Verb::Destroy, nft::DESTROYSETELEM, 0, &set.into(), elements.as_ref())
    }

    #[track_caller]
    fn set(&mut self, verb: Verb, table: &TableRef, set: &Set, how: u16) -> OperationId {
        let (origin, label) = (Origin::here(), self.label.clone());
        let (operation, id) = self.batch.set_alone(verb, how, table, set, origin, label.clone());
        let place = table.set(&set.name);
        let create = flags::CREATE;
        self.batch.elements(verb, nft::NEWSETELEM, create, &place, Some(id), &set.elements, origin, label);
        operation
    }

    #[track_caller]
    fn elements(
        &mut self,
        verb: Verb,
        kind: u16,
        how: u16,
        set: &SetRef,
        elements: &[Element],
    ) -> Option<OperationId> {
        let (origin, label) = (Origin::here(), self.label.clone());
        let first = self.batch.elements(verb, kind, how, set, None, elements, origin, label)?;
        if let Err(problem) = check_set_ref(set) {
            self.batch.problem(first, problem);
        }
        Some(first)
    }

    #[track_caller]
    fn set_by_name(&mut self, verb: Verb, kind: u16, names: (u16, u16), set: &SetRef) -> OperationId {
        let origin = Origin::here();
        self.batch.operation(verb, kind, 0, set.table.family, origin, self.label.clone(), |writer| {
            writer.put(names.0, &set.table.name);
            writer.put(names.1, &set.name);
            check_set_ref(set)
        })
    }
}

pub(super) fn check_set_ref(set: &SetRef) -> Result<(), Invalid> {
    check_name("table", &set.table.name)?;
    check_name("set", &set.name)
}
