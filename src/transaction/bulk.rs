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

/// What an element takes at least: the headers of itself, its key and the key's value, and one number.
const LEAST: usize = 16;

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
        self.chunks.expect(items.size_hint().0.saturating_mul(LEAST));
        let (mut operations, mut elements) = (None, 0);
        while let Some(first) = items.next() {
            let id = self.elements_message(head, |list| {
                let start = list.position();
                let mut result = Ok(());
                // A variable of this loop alone: the compiler keeps it in registers, a million times.
                let mut next = Some(first);
                while let Some(item) = next {
                    if let Err(problem) = put(list, elements, item) {
                        result = result.and(Err(problem));
                    }
                    elements += 1;
                    if list.position() - start > LIST_LIMIT {
                        break;
                    }
                    next = items.next();
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
        let message = self.bytes_from_mut(set);
        let Some(attributes) = message.and_then(|message| message.get_mut(Header::GENERAL_LENGTH..)) else {
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use crate::{
        DataType, Family, Port, Set, Transaction,
        object::{Element, decode_elements},
        set::{Interval, SetOf},
        wire::{Messages, nft},
    };

    const TABLE: (Family, &str) = (Family::Inet, "edge");

    fn elements(transaction: &Transaction) -> Vec<Vec<Element>> {
        let messages = transaction.batch.chunks.iter().flat_map(Messages::new);
        let messages = messages.map(Result::unwrap).filter(|message| message.header.kind == nft::NEWSETELEM);
        messages
            .map(|message| {
                let mut elements = Vec::new();
                decode_elements(message.attributes(), &mut elements).unwrap();
                elements
            })
            .collect()
    }

    fn size(transaction: &Transaction) -> Option<u32> {
        let bytes = transaction.batch.chunks.concat();
        let message = Messages::new(&bytes).next().unwrap().unwrap();
        Set::decode(message.attributes()).unwrap().1.desc.size
    }

    #[test]
    fn a_long_list_is_split_and_nothing_is_lost() {
        let set = SetOf::<Ipv4Addr>::new("s");
        let mut transaction = Transaction::new();
        let sent = transaction.entries(TABLE, &set).add((0..10_000).map(Ipv4Addr::from_bits));
        assert_eq!(sent.elements, 10_000);
        assert!(transaction.problems().is_empty());
        let messages = elements(&transaction);
        assert_eq!(messages.len(), transaction.len());
        assert!((2..5).contains(&messages.len()), "{}", messages.len());
        let keys = messages
            .iter()
            .flatten()
            .map(|element| u32::from_be_bytes(element.key.as_bytes().try_into().unwrap()));
        assert!(keys.eq(0..10_000));
    }

    #[test]
    fn the_size_of_a_constant_set_is_how_many_there_are() {
        let addresses = || (0..70_000).map(Ipv4Addr::from_bits).filter(|address| address.to_bits() % 2 == 0);
        let mut transaction = Transaction::new();
        transaction.add_set_with(TABLE, &SetOf::<Ipv4Addr>::new("s").constant(), addresses());
        assert_eq!(size(&transaction), Some(35_000));
        let mut transaction = Transaction::new();
        transaction.add_set_with(TABLE, &SetOf::<Ipv4Addr>::new("s").constant().capacity(9), addresses());
        assert_eq!(size(&transaction), Some(9));
        let mut transaction = Transaction::new();
        transaction.add_set_with(TABLE, &SetOf::<Ipv4Addr>::new("s"), addresses());
        assert_eq!(size(&transaction), None);
    }

    #[test]
    fn a_set_by_value_is_sent_as_the_typed_one() {
        let set = SetOf::<Interval<Port>>::new("s").comment("ports");
        let runs = [Interval::new(Port(1), Port(5)), Interval::new(Port(7), Port(7))];
        let (mut typed, mut by_value) = (Transaction::new(), Transaction::new());
        typed.add_set_with(TABLE, &set, runs);
        by_value.add_set(TABLE, set.with(runs));
        assert_eq!(elements(&typed), elements(&by_value));
        assert_eq!(typed.byte_len(), by_value.byte_len());
        assert_eq!(set.as_set().key_type, Set::new("s", DataType::INET_SERVICE).key_type);
    }

    #[test]
    fn operations_know_their_call() {
        let set = SetOf::<Ipv4Addr>::new("s");
        let mut transaction = Transaction::new();
        let mut entries = transaction.entries(TABLE, &set);
        let first = entries.add((0..10_000).map(Ipv4Addr::from_bits)).first.unwrap();
        let second = entries.delete([Ipv4Addr::LOCALHOST]).first.unwrap();
        let flushed = entries.flush();
        let of = |id| transaction.batch.bulk_of(id).map(|bulk| (bulk.first, bulk.last));
        assert_eq!(of(first).unwrap().0, first);
        assert_eq!(of(second), Some((second, second)));
        assert_eq!(of(flushed), None);
    }
}
