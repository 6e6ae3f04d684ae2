//! Stateful objects and flowtables in a transaction.

use std::borrow::Borrow;

use super::{OperationId, Transaction, Verb};
use crate::{
    object::{
        Flowtable, FlowtableRef, NFTA_FLOWTABLE_NAME, NFTA_FLOWTABLE_TABLE, NFTA_OBJ_NAME, NFTA_OBJ_TABLE,
        NFTA_OBJ_TYPE, Object, ObjectRef, Origin, TableRef, check_name,
    },
    wire::{flags, nft},
};

impl Transaction {
    /// Adds a stateful object. One that exists is kept, with its state; the rate of a limit and the size of a
    /// quota are changed.
    #[track_caller]
    pub fn add_object(&mut self, table: impl Into<TableRef>, object: impl Borrow<Object>) -> OperationId {
        self.object(Verb::Add, &table.into(), object.borrow(), flags::CREATE, Origin::here())
    }

    /// Creates a stateful object; refused if it exists.
    #[track_caller]
    pub fn create_object(&mut self, table: impl Into<TableRef>, object: impl Borrow<Object>) -> OperationId {
        let how = flags::CREATE | flags::EXCL;
        self.object(Verb::Create, &table.into(), object.borrow(), how, Origin::here())
    }

    /// Deletes a stateful object; refused if a rule or an element refers to it, or if there is none.
    ///
    /// The object is named by `(&table, ObjectKind::Counter, "hits")` or an [`ObjectRef`].
    #[track_caller]
    pub fn delete_object(&mut self, object: impl Into<ObjectRef>) -> OperationId {
        self.object_by_name(Verb::Delete, nft::DELOBJ, &object.into())
    }

    /// Deletes a stateful object if it exists. On [every kernel](Self::destroy_table).
    #[track_caller]
    pub fn destroy_object(&mut self, object: impl Into<ObjectRef>) -> OperationId {
        self.object_by_name(Verb::Destroy, nft::DESTROYOBJ, &object.into())
    }

    /// Adds a flowtable. One that exists is kept, and devices are added to it.
    #[track_caller]
    pub fn add_flowtable(
        &mut self,
        table: impl Into<TableRef>,
        flowtable: impl Borrow<Flowtable>,
    ) -> OperationId {
        self.flowtable(Verb::Add, &table.into(), flowtable.borrow(), flags::CREATE, Origin::here())
    }

    /// Creates a flowtable; refused if it exists.
    #[track_caller]
    pub fn create_flowtable(
        &mut self,
        table: impl Into<TableRef>,
        flowtable: impl Borrow<Flowtable>,
    ) -> OperationId {
        let how = flags::CREATE | flags::EXCL;
        self.flowtable(Verb::Create, &table.into(), flowtable.borrow(), how, Origin::here())
    }

    /// Deletes a flowtable; refused if a rule refers to it, or if there is none.
    #[track_caller]
    pub fn delete_flowtable(&mut self, flowtable: impl Into<FlowtableRef>) -> OperationId {
        self.flowtable_by_name(Verb::Delete, nft::DELFLOWTABLE, &flowtable.into())
    }

    /// Deletes a flowtable if it exists. On [every kernel](Self::destroy_table).
    #[track_caller]
    pub fn destroy_flowtable(&mut self, flowtable: impl Into<FlowtableRef>) -> OperationId {
        self.flowtable_by_name(Verb::Destroy, nft::DESTROYFLOWTABLE, &flowtable.into())
    }

    pub(super) fn object(
        &mut self,
        verb: Verb,
        table: &TableRef,
        object: &Object,
        how: u16,
        origin: Origin,
    ) -> OperationId {
        let label = self.label.clone();
        self.batch.operation(verb, nft::NEWOBJ, how, table.family, origin, label, |writer| {
            object.encode(&table.name, writer);
            check_name("table", &table.name)?;
            object.check()
        })
    }

    pub(super) fn flowtable(
        &mut self,
        verb: Verb,
        table: &TableRef,
        flowtable: &Flowtable,
        how: u16,
        origin: Origin,
    ) -> OperationId {
        let label = self.label.clone();
        self.batch.operation(verb, nft::NEWFLOWTABLE, how, table.family, origin, label, |writer| {
            flowtable.encode(table.family, &table.name, writer);
            check_name("table", &table.name)?;
            flowtable.check()
        })
    }

    #[track_caller]
    fn object_by_name(&mut self, verb: Verb, kind: u16, object: &ObjectRef) -> OperationId {
        let (origin, label) = (Origin::here(), self.label.clone());
        self.batch.operation(verb, kind, 0, object.table.family, origin, label, |writer| {
            writer.put(NFTA_OBJ_TABLE, &object.table.name);
            writer.put(NFTA_OBJ_NAME, &object.name);
            writer.put(NFTA_OBJ_TYPE, &object.kind);
            check_name("table", &object.table.name)?;
            check_name("object", &object.name)
        })
    }

    #[track_caller]
    fn flowtable_by_name(&mut self, verb: Verb, kind: u16, flowtable: &FlowtableRef) -> OperationId {
        let (origin, label) = (Origin::here(), self.label.clone());
        self.batch.operation(verb, kind, 0, flowtable.table.family, origin, label, |writer| {
            writer.put(NFTA_FLOWTABLE_TABLE, &flowtable.table.name);
            writer.put(NFTA_FLOWTABLE_NAME, &flowtable.name);
            check_name("table", &flowtable.table.name)?;
            check_name("flowtable", &flowtable.name)
        })
    }
}
