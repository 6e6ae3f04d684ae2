//! Replacing a table without letting go of the base chains that stay.
//!
//! A table that is deleted and added anew in one transaction is not replaced at one instant: the kernel first makes
//! the new rules visible, then carries the operations out one by one. It takes the old base chain from its hook at
//! one of them, and gives the new one its policy at a later one; between the two, packets that both drop come
//! through (`tests/kernel/faults/replaced.rs` has figures). A base chain that stays where it is has no such gap. So
//! where the kernel has the same table and chains already, their rules are exchanged, and everything else of the
//! table is deleted by name. What stays keeps its place in listings.

use super::Netfilter;
use crate::{
    Error, Family, Transaction,
    netlink::Transport,
    object::{Base, Chain, ChainFlags, FlowtableRef, ObjectRef, Policy, Table, TableFlags, TableRef},
    transaction::{Batch, OperationId, Replacement},
};

/// Messages in the place of an operation's own. All have its sequence number, so that errors name it.
#[derive(Clone, Debug)]
pub(super) struct Substitute {
    pub(super) operation: OperationId,
    pub(super) bytes: Vec<u8>,
}

impl<T: Transport> Netfilter<T> {
    /// What is sent in the place of deletions, where something may stay. Right only for the generation that the
    /// ruleset is in meanwhile.
    pub(super) fn substitutes(&mut self, work: &Batch) -> Result<Vec<Substitute>, Error> {
        let mut substitutes = Vec::new();
        for replacement in &work.replacements {
            if let Some(instead) = self.instead_of(replacement)? {
                let operation = replacement.operation;
                substitutes
                    .push(Substitute { operation, bytes: under_one_number(&instead.batch, operation) });
            }
        }
        Ok(substitutes)
    }

    /// The operations that make room and let stay what may; `None` where nothing may.
    fn instead_of(&mut self, replacement: &Replacement) -> Result<Option<Transaction>, Error> {
        let family = match replacement.tables.as_slice() {
            [] => return Ok(None),
            [one] if !replacement.all => one.family.number(),
            _ => Family::UNSPECIFIED.number(),
        };
        let there = self.read_tables(family)?;
        let chains = if there.is_empty() { Vec::new() } else { self.read_chains(family)? };
        let staying = staying(&there, &replacement.tables);
        if staying.is_empty() {
            return Ok(None);
        }
        let mut instead = Transaction::new();
        for old in &there {
            let place = TableRef::from(old);
            if let Some(new) = staying.iter().find(|new| TableRef::from(**new) == place) {
                let mine: Vec<&Chain> = chains
                    .iter()
                    .filter(|listed| listed.table == place)
                    .map(|listed| &listed.chain)
                    .collect();
                self.empty(&mut instead, new, &place, &mine)?;
            } else if replacement.all {
                // Whether it is this connection's, the kernel knows: told to delete everything, it passes over
                // what others own.
                if old.flags.contains(TableFlags::OWNER) {
                    return Ok(None);
                }
                instead.delete_table(place);
            }
        }
        Ok(Some(instead))
    }

    /// Deletes what a table holds, but the chains that stay in it.
    fn empty(
        &mut self,
        instead: &mut Transaction,
        new: &Table,
        place: &TableRef,
        chains: &[&Chain],
    ) -> Result<(), Error> {
        // What belongs to a rule goes with it. Maps may lead to chains and objects, so sets go before these.
        instead.flush_table(place.clone());
        for set in self.read_sets(place)?.iter().filter(|set| !set.is_anonymous()) {
            instead.delete_set(place.set(&set.name));
        }
        for flowtable in self.read_flowtables(place)? {
            instead.delete_flowtable(FlowtableRef { table: place.clone(), name: flowtable.name });
        }
        for chain in chains.iter().filter(|chain| !chain.flags.contains(ChainFlags::BINDING)) {
            if !stays_in(new, chain) {
                instead.delete_chain(place.chain(&chain.name));
            }
        }
        for object in self.read_objects(place)? {
            instead.delete_object(ObjectRef::new(place.clone(), object.kind(), object.name));
        }
        Ok(())
    }
}

/// The new tables that the old ones become, as long as all are in the new order afterwards: what is added comes
/// behind what stays.
fn staying<'n>(old: &[Table], new: &'n [Table]) -> Vec<&'n Table> {
    let mut rest = old.iter();
    let mut stays = |new: &&Table| {
        let place = TableRef::from(*new);
        rest.find(|old| TableRef::from(*old) == place).is_some_and(|old| may_stay(old, new))
    };
    new.iter().take_while(|new| stays(new)).collect()
}

/// Whether the new table is the old one with other contents.
fn may_stay(old: &Table, new: &Table) -> bool {
    old.flags == new.flags && old.userdata == new.userdata && old.unknown == new.unknown
}

/// Whether a chain becomes one of the new table's by being sent again.
fn stays_in(new: &Table, old: &Chain) -> bool {
    new.chains.iter().filter(|chain| chain.name == old.name).any(|chain| {
        let at_its_place = match (&old.base, &chain.base) {
            (Some(before), Some(base)) => base_stays(new.family, before, base),
            (None, None) => true,
            _ => false,
        };
        let rest = (chain.flags - ChainFlags::BASE, &chain.userdata, &chain.unknown)
            == (old.flags - ChainFlags::BASE, &old.userdata, &old.unknown);
        at_its_place && rest
    })
}

fn base_stays(family: Family, before: &Base, base: &Base) -> bool {
    // A policy or counters that are not sent stay as they are.
    let policy = base.policy.is_some() || before.policy != Some(Policy::Drop);
    let counters = base.counters.is_some() || before.counters.is_none();
    let priority = |base: &Base| base.priority.number(family);
    let place = (&base.kind, base.hook, priority(base), &base.devices, &base.unknown)
        == (&before.kind, before.hook, priority(before), &before.devices, &before.unknown);
    policy && counters && place
}

/// The messages of a batch, all of them with the sequence number of one operation of another batch.
fn under_one_number(batch: &Batch, operation: OperationId) -> Vec<u8> {
    let mut bytes = Vec::new();
    for index in batch.operations.ids() {
        let start = bytes.len();
        bytes.extend_from_slice(batch.bytes_of(index).unwrap_or_default());
        // nlmsg_seq
        if let Some(sequence) = bytes.get_mut(start + 8..start + 12) {
            sequence.copy_from_slice(&operation.sequence().to_ne_bytes());
        }
    }
    bytes
}
