//! What a transaction knows of its operations beside their messages.

use super::{OperationId, Verb};
use crate::object::Origin;

/// The place of one message among so many is noted; the others are found from there.
const APART: u32 = 16;

/// What errors say of an operation. Its names are read from its message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    pub(crate) origin: Origin,
    pub(crate) verb: Verb,
}

impl Operation {
    /// Whether it is said at the same place, and does the same.
    #[inline]
    fn is_as(&self, other: &Self) -> bool {
        // `==` says nothing of origins, which are all equal.
        std::ptr::eq(self.origin.location(), other.origin.location()) && self.verb == other.verb
    }
}

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    chunk: u32,
    offset: u32,
}

impl Place {
    #[inline]
    pub(crate) fn new(chunk: usize, offset: usize) -> Self {
        // A chunk has less than 4 GiB, and there are not so many of them in a machine.
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self { chunk: number(chunk), offset: number(offset) }
    }

    /// The chunk's number.
    pub(crate) fn chunk(self) -> usize {
        self.chunk as usize
    }

    /// Where in the chunk it begins.
    pub(crate) fn offset(self) -> usize {
        self.offset as usize
    }
}

/// The operations, in their order.
///
/// Rules come by the thousand from one line of a program: what is said of it once holds for all, and takes no memory
/// for each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operations {
    count: u32,
    /// Those one behind the other of which the same is known, by the first of them.
    runs: Vec<(OperationId, Operation)>,
    /// Of every [`APART`]th.
    places: Vec<Place>,
}

impl Operations {
    /// Appends one whose message comes to this place.
    #[inline]
    pub(super) fn push(&mut self, operation: Operation, place: Place) -> OperationId {
        let id = OperationId(self.count);
        if self.runs.last().is_none_or(|(_, last)| !last.is_as(&operation)) {
            self.runs.push((id, operation));
        }
        if self.count % APART == 0 {
            self.places.push(place);
        }
        // Four billion operations do not fit into the memory of the machine that would send them.
        self.count = self.count.saturating_add(1);
        id
    }

    /// Forgets them, and keeps their memory for others.
    pub(super) fn clear(&mut self) {
        self.count = 0;
        self.runs.clear();
        self.places.clear();
    }

    /// How many there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The number that the next one will have.
    #[inline]
    pub(super) fn next(&self) -> OperationId {
        OperationId(self.count)
    }

    /// The number of the last one.
    pub(crate) fn last(&self) -> Option<OperationId> {
        self.count.checked_sub(1).map(OperationId)
    }

    /// The sequence number of the message behind all of them, which ends a batch.
    pub(crate) fn end(&self) -> u32 {
        self.next().sequence()
    }

    /// What is known of one.
    pub(crate) fn get(&self, id: OperationId) -> Option<Operation> {
        if id.0 >= self.count {
            return None;
        }
        let behind = self.runs.partition_point(|(first, _)| *first <= id);
        self.runs.get(behind.checked_sub(1)?).map(|(_, operation)| *operation)
    }

    /// The last place noted that is not behind an operation's message, and how many messages before it that is.
    pub(super) fn near(&self, id: OperationId) -> Option<(Place, u32)> {
        if id.0 >= self.count {
            return None;
        }
        self.places.get((id.0 / APART) as usize).map(|place| (*place, id.0 % APART))
    }

    /// All numbers.
    pub(crate) fn ids(&self) -> impl Iterator<Item = OperationId> + use<> {
        (0..self.count).map(OperationId)
    }

    /// Whether one of them does this.
    pub(super) fn any(&self, verb: Verb) -> bool {
        self.runs.iter().any(|(_, operation)| operation.verb == verb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_whatever_is_said_of_its_neighbours() {
        let here = Operation { origin: Origin::here(), verb: Verb::Add };
        let there = Operation { origin: Origin::here(), verb: Verb::Add };
        let other = Operation { verb: Verb::Delete, ..there };
        // Runs of one and of many, and not only at multiples of what is noted.
        let all: Vec<Operation> = [(here, 1), (there, 40), (here, 1), (other, 17), (there, 1), (here, 100)]
            .into_iter()
            .flat_map(|(operation, count)| std::iter::repeat_n(operation, count))
            .collect();
        let mut operations = Operations::default();
        assert!(operations.is_empty() && operations.last().is_none());
        for round in 0..2 {
            for (index, operation) in all.iter().enumerate() {
                assert_eq!(operations.next().index(), index);
                assert_eq!(operations.push(*operation, Place::new(0, index)).index(), index);
            }
            assert_eq!(operations.runs.len(), 6);
            let found: Vec<_> = operations.ids().filter_map(|id| operations.get(id)).collect();
            assert!(
                found.len() == all.len() && found.iter().zip(&all).all(|(found, said)| found.is_as(said))
            );
            for id in operations.ids() {
                let (place, steps) = operations.near(id).unwrap();
                assert_eq!(place.offset() + steps as usize, id.index());
            }
            let beyond = operations.next();
            assert!(operations.get(beyond).is_none() && operations.near(beyond).is_none());
            assert_eq!(operations.last().map(OperationId::index), Some(all.len() - 1));
            assert!(operations.any(Verb::Delete) && !operations.any(Verb::Destroy));
            if round == 0 {
                operations.clear();
                assert!(operations.is_empty() && !operations.any(Verb::Delete));
            }
        }
    }
}
