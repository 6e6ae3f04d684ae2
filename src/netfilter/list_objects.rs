//! Reading stateful objects and flowtables.

use super::{
    Netfilter,
    list::{decode, names},
};
use crate::{
    Error,
    netlink::{Transport, dump},
    object::{Flowtable, NFTA_FLOWTABLE_TABLE, NFTA_OBJ_TABLE, Object, TableRef},
    wire::nft,
};

impl<T: Transport> Netfilter<T> {
    /// The stateful objects of a table, with their state.
    pub fn objects(&mut self, table: impl Into<TableRef>) -> Result<Vec<Object>, Error> {
        let table = table.into();
        self.at_one_generation(OBJECTS, |this| this.read_objects(nft::GETOBJ, &table).map(Some))
    }

    /// The stateful objects of a table, with their state, which starts anew: counters at zero, quotas unused.
    ///
    /// Not repeated where somebody changes the ruleset meanwhile, so that no count is lost.
    pub fn reset_objects(&mut self, table: impl Into<TableRef>) -> Result<Vec<Object>, Error> {
        self.read_objects(nft::GETOBJ_RESET, &table.into())
    }

    /// The flowtables of a table. Kernel 4.16.
    pub fn flowtables(&mut self, table: impl Into<TableRef>) -> Result<Vec<Flowtable>, Error> {
        let table = table.into();
        self.at_one_generation(FLOWTABLES, |this| this.read_flowtables(&table).map(Some))
    }

    /// As [`Netfilter::objects`], of whichever state the ruleset is in. A table that is not there has none.
    pub(super) fn read_objects(&mut self, kind: u16, table: &TableRef) -> Result<Vec<Object>, Error> {
        let attributes = names(OBJECTS, &[(NFTA_OBJ_TABLE, &table.name)])?;
        let family = table.family.number();
        dump(&mut self.transport, OBJECTS, kind, family, &attributes, Vec::new, |objects, message| {
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
        let (operation, kind, family) = (FLOWTABLES, nft::GETFLOWTABLE, table.family.number());
        dump(&mut self.transport, operation, kind, family, &attributes, Vec::new, |flowtables, message| {
            let (found, flowtable) = Flowtable::decode(message.attributes()).map_err(decode(operation))?;
            if found == table.name && message.family() == family {
                flowtables.push(flowtable);
            }
            Ok(())
        })
    }
}

const OBJECTS: &str = "list objects";
const FLOWTABLES: &str = "list flowtables";
