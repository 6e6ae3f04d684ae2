//! Elements by the thousand: as many messages as netlink's limits make necessary, written as they come.

use super::{Batch, OperationId, Verb, sets::check_set_ref};
use crate::{
    Invalid,
    object::{
        LIST_LIMIT, NFTA_SET_DESC, NFTA_SET_DESC_SIZE, NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_SET_ELEM_LIST_SET,
        NFTA_SET_ELEM_LIST_SET_ID, NFTA_SET_ELEM_LIST_TABLE, Origin, SetRef,
    },
    wire::{Attributes, Header, NLA_TYPE_MASK, Writer, align},
};

/// What stands in the messages between two keys, as nft writes it.
pub(crate) type KeyText = fn(first: &[u8], last: &[u8]) -> Option<String>;

/// Operations that carry the elements of one call: what errors name an element by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bulk {
    pub(crate) first: OperationId,
    pub(crate) last: OperationId,
    /// Each element is a start, and mostly an end.
    pub(crate) runs: bool,
    pub(crate) text: KeyText,
}

/// What all messages of a call share.
pub(super) struct Head<'a> {
    pub(super) verb: Verb,
    pub(super) kind: u16,
    pub(super) how: u16,
    pub(super) set: &'a SetRef,
    /// The number of a set of the same transaction.
    pub(super) id: Option<u32>,
    pub(super) origin: Origin,
    pub(super) label: Option<Box<str>>,
    pub(super) runs: bool,
    pub(super) text: KeyText,
}

/// What a call put into a transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The first of its operations; none where there was nothing to send.
    pub first: Option<OperationId>,
    /// How many elements; a run of keys is one.
    pub elements: usize,
}

impl Batch {
    /// Appends elements; `put` appends one to the list of a message.
    pub(super) fn bulk<T>(
        &mut self,
        head: &Head<'_>,
        items: impl IntoIterator<Item = T>,
        mut put: impl FnMut(&mut Writer<'_>, usize, T) -> Result<(), Invalid>,
    ) -> Sent {
        let mut items = items.into_iter();
        let mut next = items.next();
        let (mut operations, mut elements) = (None, 0);
        while next.is_some() {
            let id = self.elements_message(head, |list| {
                let start = list.position();
                let mut result = Ok(());
                while let Some(item) = next.take() {
                    if let Err(problem) = put(list, elements, item) {
                        result = result.and(Err(problem));
                    }
                    elements += 1;
                    next = items.next();
                    if list.position() - start > LIST_LIMIT {
                        break;
                    }
                }
                result
            });
            operations = Some((operations.map_or(id, |(first, _)| first), id));
        }
        if let Some((first, last)) = operations {
            self.bulks.push(Bulk { first, last, runs: head.runs, text: head.text });
        }
        Sent { first: operations.map(|(first, _)| first), elements }
    }

    /// Keeps a problem with elements that cannot be sent at all.
    pub(super) fn bulk_problem(&mut self, head: &Head<'_>, problem: Invalid) -> Sent {
        let id = self.elements_message(head, |_| Err(problem));
        Sent { first: Some(id), elements: 0 }
    }

    fn elements_message(
        &mut self,
        head: &Head<'_>,
        list: impl FnOnce(&mut Writer<'_>) -> Result<(), Invalid>,
    ) -> OperationId {
        let Head { verb, kind, how, set, id, origin, ref label, .. } = *head;
        self.operation(verb, kind, how, set.table.family, origin, label.clone(), |writer| {
            writer.text(NFTA_SET_ELEM_LIST_TABLE, &set.table.name);
            writer.text(NFTA_SET_ELEM_LIST_SET, &set.name);
            writer.put_option(NFTA_SET_ELEM_LIST_SET_ID, &id);
            let mut result = Ok(());
            writer.nest(NFTA_SET_ELEM_LIST_ELEMENTS, |inner| result = list(inner));
            check_set_ref(set).and(result)
        })
    }

    /// The call that an operation belongs to.
    pub(crate) fn bulk_of(&self, id: OperationId) -> Option<Bulk> {
        let behind = self.bulks.partition_point(|bulk| bulk.first <= id);
        self.bulks.get(behind.checked_sub(1)?).copied().filter(|bulk| id <= bulk.last)
    }

    /// Writes how many elements a set has into its message, which was encoded with another number.
    pub(super) fn resize(&mut self, set: OperationId, elements: u32) {
        let Some(operation) = self.operations.get(set.index()) else {
            return;
        };
        let (chunk, offset) = (operation.chunk as usize, operation.offset as usize);
        let Some(message) = self.chunks.get_mut(chunk).and_then(|chunk| chunk.get_mut(offset..)) else {
            return;
        };
        let Some(attributes) = message.get_mut(Header::GENERAL_LENGTH..) else {
            return;
        };
        let place = find(attributes, NFTA_SET_DESC).and_then(|desc| find(desc, NFTA_SET_DESC_SIZE));
        if let Some(place) = place.and_then(|place| place.first_chunk_mut()) {
            *place = elements.to_be_bytes();
        }
    }
}

/// The payload of the first attribute of a kind.
fn find(attributes: &mut [u8], kind: u16) -> Option<&mut [u8]> {
    let mut start = 0;
    for attribute in Attributes::new(attributes).map_while(Result::ok) {
        let length = attribute.payload.len();
        if attribute.raw_kind() & NLA_TYPE_MASK == kind {
            return attributes.get_mut(start + 4..start + 4 + length);
        }
        start += align(4 + length);
    }
    None
}
