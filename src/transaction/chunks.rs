//! The messages of a transaction, in pieces of memory that never move.

use portcullis_sys::memory::populate;

use super::Place;

/// So much is collected in a buffer that grows, so that a small transaction is small; and no more, for what is copied to
/// grow touches twice as much memory.
const FIRST: usize = 32 << 10;
/// What comes behind goes to pieces of this size, so that a large transaction is never copied to grow. They take memory
/// as they are filled. One `sendmsg` takes 1024 pieces and about 2 GiB.
const CHUNK: usize = 16 << 20;
/// The first such piece: some hundred rules need not be promised so much, on machines that have little.
const SECOND: usize = 1 << 20;
/// Room that one message may need: a few attributes at netlink's limit.
const SLACK: usize = 256 << 10;
/// So much of a piece at least is asked for ahead of the messages, and at most: never much more than is there already.
const AHEAD: (usize, usize) = (32 << 10, 256 << 10);

/// Whole messages, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    /// Those behind `last` are empty, and left from what was here before.
    all: Vec<Chunk>,
    last: usize,
    /// The last chunk takes messages until it has this length; then it is looked at again.
    until: usize,
}

#[derive(Debug)]
struct Chunk {
    bytes: Vec<u8>,
    /// So much of its memory has been asked for, and stays when it is filled again. `populate` would find that out, too, for 3
    /// to 7 % of encoding.
    ready: usize,
}

impl Chunk {
    fn new(number: usize) -> Self {
        let capacity = match number {
            0 => 0,
            1 => SECOND,
            _ => CHUNK,
        };
        Self { bytes: Vec::with_capacity(capacity), ready: 0 }
    }

    /// The length from which it takes no other message.
    fn full_length(&self, number: usize) -> usize {
        match number {
            0 => FIRST,
            _ => self.bytes.capacity().saturating_sub(SLACK),
        }
    }

    /// Whether it may take no other message.
    fn is_full(&self, number: usize) -> bool {
        self.bytes.len() >= self.full_length(number)
    }

    /// Asks for the memory of the next messages, and gives the length until which it is there. So many bytes are known to
    /// come.
    fn prepare(&mut self, number: usize, known: usize) -> usize {
        let full = self.full_length(number);
        let (length, (least, most)) = (self.bytes.len(), AHEAD);
        let ahead = match number {
            // As malloc has it.
            0 => return full,
            1 => length.max(known).clamp(least, most),
            _ => most,
        };
        if self.ready <= length {
            if let Some(room) = self.bytes.spare_capacity_mut().get_mut(..ahead) {
                populate(room);
            }
            self.ready = length + ahead;
        }
        full.min(self.ready)
    }
}

impl Chunks {
    /// Where the next message is to be written, behind all others: the chunk's number, and the chunk.
    #[inline]
    pub(super) fn room(&mut self) -> (usize, &mut Vec<u8>) {
        if self.all.get(self.last).is_none_or(|chunk| chunk.bytes.len() >= self.until) {
            self.next();
        }
        (self.last, &mut self.all[self.last].bytes)
    }

    /// Goes on to the first chunk that is not full, and makes it ready for what comes.
    #[cold]
    fn next(&mut self) {
        while self.all.get(self.last).is_some_and(|chunk| chunk.is_full(self.last)) {
            self.last += 1;
        }
        self.prepare(0);
    }

    /// Makes ready for so many bytes at least, which come next.
    pub(super) fn expect(&mut self, bytes: usize) {
        if bytes > FIRST {
            // The first would be copied to grow.
            self.last = self.last.max(1);
            self.prepare(bytes);
        }
    }

    /// Makes the last chunk ready for what comes, of which so many bytes are known.
    fn prepare(&mut self, known: usize) {
        while self.all.len() <= self.last {
            self.all.push(Chunk::new(self.all.len()));
        }
        if let Some(chunk) = self.all.get_mut(self.last) {
            self.until = chunk.prepare(self.last, known);
        }
    }

    /// Forgets the messages, and keeps their memory for others.
    pub(super) fn clear(&mut self) {
        self.all.iter_mut().for_each(|chunk| chunk.bytes.clear());
        self.last = 0;
        self.until = 0;
    }

    /// How many bytes there are.
    pub(crate) fn byte_len(&self) -> usize {
        self.iter().map(<[u8]>::len).sum()
    }

    /// The chunks' messages.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.all.iter().map(|chunk| chunk.bytes.as_slice()).take(self.last + 1)
    }

    /// The message at a place.
    pub(crate) fn message(&self, place: Place) -> Option<&[u8]> {
        let from = self.at(place)?;
        let (length, _) = from.split_first_chunk()?;
        from.get(..u32::from_ne_bytes(*length) as usize)
    }

    /// The messages from a place on in their chunk.
    fn at(&self, place: Place) -> Option<&[u8]> {
        self.all.get(place.chunk())?.bytes.get(place.offset()..)
    }

    /// As [`Chunks::at`], to be changed.
    pub(crate) fn at_mut(&mut self, place: Place) -> Option<&mut [u8]> {
        self.all.get_mut(place.chunk())?.bytes.get_mut(place.offset()..)
    }

    /// Where the message behind the one at a place is, if there is one.
    pub(crate) fn behind(&self, place: Place) -> Option<Place> {
        let end = place.offset() + self.message(place)?.len();
        if end < self.all.get(place.chunk())?.bytes.len() {
            return Some(Place::new(place.chunk(), end));
        }
        // One that was copied and cleared may have too little memory to be used again.
        let next = place.chunk() + 1;
        let empty = self.all.iter().skip(next).position(|chunk| !chunk.bytes.is_empty())?;
        Some(Place::new(next + empty, 0))
    }

    /// All messages as one piece.
    #[cfg(test)]
    pub(crate) fn concat(&self) -> Vec<u8> {
        self.iter().collect::<Vec<_>>().concat()
    }
}

impl Clone for Chunks {
    fn clone(&self) -> Self {
        // A copied vector has no more memory than it needs: there is no room that would be ready.
        let copy = |chunk: &Chunk| Chunk { bytes: chunk.bytes.clone(), ready: 0 };
        Self { all: self.all.iter().map(copy).collect(), last: self.last, until: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chain, Family, Hook, Rule, Table, Transaction};

    fn append(chunks: &mut Chunks, message: &[u8]) -> (usize, usize) {
        let (number, chunk) = chunks.room();
        let offset = chunk.len();
        chunk.extend_from_slice(message);
        (number, offset)
    }

    fn at(chunks: &Chunks, chunk: usize, offset: usize) -> &[u8] {
        chunks.at(Place::new(chunk, offset)).unwrap()
    }

    /// Messages of changing lengths and content.
    fn message(number: usize) -> Vec<u8> {
        (0..(number * 37) % 9000).map(|byte| (number + byte) as u8).collect()
    }

    #[test]
    fn messages_are_where_they_were_put_and_only_the_first_chunk_moves() {
        let mut chunks = Chunks::default();
        let mut places = Vec::new();
        let mut addresses = Vec::new();
        for number in 0..9000 {
            let (chunk, offset) = append(&mut chunks, &message(number));
            places.push((chunk, offset));
            if chunk > 0 {
                addresses.push((chunk, offset, at(&chunks, chunk, offset).as_ptr()));
            }
        }
        assert_eq!(chunks.all.len(), 5);
        let copy = chunks.clone();
        for all in [&chunks, &copy] {
            for (number, (chunk, offset)) in places.iter().enumerate() {
                assert!(at(all, *chunk, *offset).starts_with(&message(number)), "{number}");
            }
        }
        for (chunk, offset, address) in addresses {
            assert_eq!(at(&chunks, chunk, offset).as_ptr(), address);
        }
        let whole: Vec<u8> = (0..9000).flat_map(message).collect();
        assert_eq!(chunks.byte_len(), whole.len());
        assert_eq!(chunks.concat(), whole);
    }

    #[test]
    fn memory_is_kept_for_the_next_messages() {
        let mut chunks = Chunks::default();
        let fill = |chunks: &mut Chunks, count: usize| -> Vec<(usize, usize)> {
            (0..count).map(|number| append(chunks, &message(number))).collect()
        };
        let places = fill(&mut chunks, 9000);
        let memory: Vec<_> = chunks.all.iter().map(|chunk| chunk.bytes.as_ptr()).collect();
        chunks.clear();
        assert_eq!(chunks.byte_len(), 0);
        fill(&mut chunks, 10);
        assert_eq!(chunks.iter().count(), 1);
        chunks.clear();
        assert_eq!(fill(&mut chunks, 9000)[1..], places[1..]);
        assert!(chunks.all.iter().map(|chunk| chunk.bytes.as_ptr()).eq(memory));
    }

    #[test]
    fn a_cleared_transaction_is_as_a_new_one() {
        let table = Table::new(Family::Inet, "edge");
        let fill = |transaction: &mut Transaction| {
            transaction.add_table(&table);
            transaction.add_chain(&table, Chain::filter("input", Hook::Input));
            for port in 1..5000u16 {
                let rule = Rule::new().tcp().dport([port, port + 1]).accept();
                transaction.add_rule((&table, "input"), rule.label("one"));
            }
            transaction.add_rule((&table, "in\0put"), Rule::new());
        };
        let mut transaction = Transaction::new();
        fill(&mut transaction);
        let first = transaction.batch.chunks.concat();
        transaction.clear();
        assert!(transaction.is_empty() && transaction.problems().is_empty());
        fill(&mut transaction);
        assert_eq!(transaction.batch.chunks.concat(), first);
        assert_eq!(transaction.problems().len(), 1);
        assert_eq!(transaction.batch.label_of(crate::OperationId(4)), Some("one"));
        assert_eq!(transaction.batch.label_of(crate::OperationId(1)), None);
    }

    #[test]
    fn each_message_is_found_by_its_operation() {
        let fill = |transaction: &mut Transaction, count: u16| {
            for port in 1..=count {
                transaction.add_rule((Family::Ip, "edge", "input"), Rule::new().tcp().dport(port).accept());
            }
        };
        let check = |transaction: &Transaction| {
            let ids: Vec<_> = transaction.batch.operations.ids().collect();
            assert_eq!(ids.len(), transaction.len());
            for id in ids {
                let message = transaction.batch.message_of(id).unwrap();
                assert_eq!(message.header.sequence, id.sequence());
            }
        };
        let mut transaction = Transaction::new();
        fill(&mut transaction, 300);
        check(&transaction);
        // A copy's pieces are too small to be filled again.
        let mut copy = transaction.clone();
        copy.clear();
        fill(&mut copy, 5000);
        assert!(
            copy.batch.chunks.all.get(1).is_some_and(|chunk| chunk.bytes.is_empty()),
            "a piece is left out"
        );
        check(&copy);
        fill(&mut transaction, 10_000);
        check(&transaction);
        transaction.clear();
        fill(&mut transaction, 9000);
        check(&transaction);
        assert_eq!(transaction.batch.chunks.iter().count(), 3);
    }

    #[test]
    fn what_is_expected_goes_where_nothing_moves() {
        let mut chunks = Chunks::default();
        chunks.expect(FIRST);
        assert_eq!(append(&mut chunks, &[1; 8]), (0, 0), "so little is no matter");
        chunks.expect(100_000);
        assert_eq!(append(&mut chunks, &[2; 60_000]), (1, 0));
        assert!(chunks.all[1].ready >= 100_000);
        assert_eq!(append(&mut chunks, &[3; 60_000]), (1, 60_000));
        // More than there can be is not promised.
        chunks.expect(usize::MAX);
        assert!(chunks.all[1].bytes.capacity() <= SECOND + 4096 && chunks.all[1].ready <= 2 * AHEAD.1);

        let mut first = Chunks::default();
        first.expect(usize::MAX);
        assert_eq!(append(&mut first, &[1; 8]), (1, 0));
        assert_eq!(first.concat(), [1; 8]);
        let mut copy = first.clone();
        copy.clear();
        copy.expect(100_000);
        assert_eq!(append(&mut copy, &[1; 8]), (2, 0), "a copy's chunk is too small to be filled again");
    }

    #[test]
    fn what_is_changed_stays_changed() {
        let mut chunks = Chunks::default();
        append(&mut chunks, &[1; FIRST]);
        let (chunk, offset) = append(&mut chunks, &[2; 8]);
        assert_eq!((chunk, offset), (1, 0));
        chunks.at_mut(Place::new(1, 4)).unwrap().fill(3);
        assert_eq!(at(&chunks, 1, 0), [2, 2, 2, 2, 3, 3, 3, 3]);
        assert!(chunks.at(Place::new(1, 9)).is_none() && chunks.at_mut(Place::new(2, 0)).is_none());
    }
}
