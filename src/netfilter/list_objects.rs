//! Reading stateful objects and flowtables.

use super::{
    Netfilter,
    list::{attributes, decode, names},
};
use crate::{
    Error,
    netlink::{Query, Transport},
    object::{
        Flowtable, NFTA_FLOWTABLE_TABLE, NFTA_OBJ_NAME, NFTA_OBJ_TABLE, NFTA_OBJ_TYPE, Object, ObjectRef,
        TableRef,
    },
    wire::nft,
};

impl<T: Transport> Netfilter<T> {
    /// The stateful objects of a table, with their state.
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring). A table that is not there has no objects, which is no error.
    pub fn objects(&mut self, table: impl Into<TableRef>) -> Result<Vec<Object>, Error> {
        let table = table.into();
        self.at_one_generation(OBJECTS, |this| this.read_objects(&table).map(Some))
    }

    /// One stateful object, with its state; `None` where there is none.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), portcullis::Error> {
    /// use portcullis::{Family, Netfilter, expr::ObjectKind, object::ObjectRef};
    ///
    /// let hits = ObjectRef::new((Family::Inet, "edge"), ObjectKind::Counter, "hits");
    /// let counted = Netfilter::open()?.object(hits)?.and_then(|object| object.counted());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring); it is one request, which nothing interrupts.
    pub fn object(&mut self, object: impl Into<ObjectRef>) -> Result<Option<Object>, Error> {
        self.read_object(nft::GETOBJ, &object.into())
    }

    /// The flowtables of a table. Kernel 4.16.
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring). A table that is not there has no flowtables, which is no
    /// error.
    pub fn flowtables(&mut self, table: impl Into<TableRef>) -> Result<Vec<Flowtable>, Error> {
        let table = table.into();
        self.at_one_generation(FLOWTABLES, |this| this.read_flowtables(&table).map(Some))
    }

    pub(super) fn read_object(&mut self, kind: u16, object: &ObjectRef) -> Result<Option<Object>, Error> {
        let operation = "read an object";
        let attributes = attributes(operation, |writer| {
            writer.text(NFTA_OBJ_TABLE, &object.table.name);
            writer.text(NFTA_OBJ_NAME, &object.name);
            writer.put(NFTA_OBJ_TYPE, &object.kind);
        })?;
        let query = Query { operation, kind, family: object.table.family.number(), attributes: &attributes };
        self.one(query, |message| Ok(Object::decode(message.attributes())?.1))
    }

    /// As [`Netfilter::objects`], of whichever state the ruleset is in. A table that is not there has none.
    pub(super) fn read_objects(&mut self, table: &TableRef) -> Result<Vec<Object>, Error> {
        self.dump_objects(nft::GETOBJ, table, Vec::new(), Vec::clear)
    }

    /// Dumps a table's objects behind those that there are.
    pub(super) fn dump_objects(
        &mut self,
        kind: u16,
        table: &TableRef,
        state: Vec<Object>,
        forget: impl FnMut(&mut Vec<Object>),
    ) -> Result<Vec<Object>, Error> {
        let attributes = names(OBJECTS, &[(NFTA_OBJ_TABLE, &table.name)])?;
        let family = table.family.number();
        let query = Query { operation: OBJECTS, kind, family, attributes: &attributes };
        query.dump(&mut self.transport, state, forget, |objects, message| {
            let (found, object) = Object::decode(message.attributes()).map_err(decode(OBJECTS))?;
            if found == table.name && message.family() == family {
                objects.push(object);
            }
            Ok(())
        })
    }

    /// As [`Netfilter::flowtables`], of whichever state the ruleset is in.
    pub(super) fn read_flowtables(&mut self, table: &TableRef) -> Result<Vec<Flowtable>, Error> {
        let attributes = names(FLOWTABLES, &[(NFTA_FLOWTABLE_TABLE, &table.name)])?;
        let (kind, family) = (nft::GETFLOWTABLE, table.family.number());
        let query = Query { operation: FLOWTABLES, kind, family, attributes: &attributes };
        query.dump(&mut self.transport, Vec::new(), Vec::clear, |flowtables, message| {
            let (found, flowtable) = Flowtable::decode(message.attributes()).map_err(decode(FLOWTABLES))?;
            if found == table.name && message.family() == family {
                flowtables.push(flowtable);
            }
            Ok(())
        })
    }
}

const OBJECTS: &str = "list objects";
const FLOWTABLES: &str = "list flowtables";
