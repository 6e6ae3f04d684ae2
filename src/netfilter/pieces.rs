//! The pieces of memory that one `sendmsg` takes: a batch's messages but for what is changed at the last moment,
//! so that nothing is copied.

use std::borrow::Cow;

use super::replace::Substitute;
use crate::{transaction::Batch, wire::flags};

/// What one `sendmsg` takes (`UIO_MAXIOV`), with some room for a batch's beginning and end.
const MOST: usize = 1000;

/// The batch's messages, with others in the place of some, and an acknowledgement asked of the last.
pub(super) fn pieces<'a>(work: &'a Batch, substitutes: &'a [Substitute]) -> Vec<Cow<'a, [u8]>> {
    let mut changes: Vec<Change<'a>> = Vec::with_capacity(substitutes.len() + 1);
    changes.extend(substitutes.iter().filter_map(|substitute| Change::substitute(work, substitute)));
    changes.extend(Change::acknowledged(work));
    changes.sort_by_key(|change| (change.chunk, change.from));
    let mut pieces = Vec::with_capacity(work.chunks.iter().count() + 2 * changes.len());
    let mut changes = changes.into_iter().peekable();
    for (index, chunk) in work.chunks.iter().enumerate() {
        let mut sent = 0;
        while let Some(change) = changes.next_if(|change| change.chunk == index) {
            pieces.extend(chunk.get(sent..change.from).map(Cow::Borrowed));
            pieces.push(change.instead);
            sent = change.to;
        }
        pieces.extend(chunk.get(sent..).map(Cow::Borrowed));
    }
    pieces.retain(|part| !part.is_empty());
    if pieces.len() > MOST {
        return vec![Cow::Owned(pieces.concat())];
    }
    pieces
}

/// Other bytes in the place of some of a chunk's.
struct Change<'a> {
    chunk: usize,
    from: usize,
    to: usize,
    instead: Cow<'a, [u8]>,
}

impl<'a> Change<'a> {
    fn substitute(work: &Batch, substitute: &'a Substitute) -> Option<Self> {
        let place = work.place_of(substitute.operation)?;
        let from = place.offset();
        let to = from + work.chunks.message(place)?.len();
        Some(Self { chunk: place.chunk(), from, to, instead: Cow::Borrowed(&substitute.bytes) })
    }

    /// The last message's flags with `NLM_F_ACK`.
    fn acknowledged(work: &Batch) -> Option<Self> {
        let place = work.place_of(work.operations.last()?)?;
        // nlmsg_len and nlmsg_type come before nlmsg_flags.
        let field = work.chunks.message(place)?.get(6..8)?.first_chunk::<2>()?;
        let flags = (u16::from_ne_bytes(*field) | flags::ACK).to_ne_bytes();
        let from = place.offset() + 6;
        Some(Self { chunk: place.chunk(), from, to: from + 2, instead: Cow::Owned(flags.to_vec()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Family, Table, Transaction,
        wire::{Messages, nft},
    };

    /// The kind and the flags of each message that is sent.
    fn sent(pieces: &[Cow<'_, [u8]>]) -> Vec<(u16, u16)> {
        let bytes = pieces.concat();
        let messages = Messages::new(&bytes).map(|message| message.expect("a message").header);
        messages.map(|header| (header.kind, header.flags & flags::ACK)).collect()
    }

    #[test]
    fn the_last_message_is_acknowledged_and_nothing_else_changes() {
        let mut transaction = Transaction::new();
        transaction.add_table(Table::inet("a"));
        transaction.delete_table((Family::Inet, "a"));
        let pieces = pieces(&transaction.batch, &[]);
        assert_eq!(sent(&pieces), [(nft::NEWTABLE, 0), (nft::DELTABLE, flags::ACK)]);
        let mut bytes = pieces.concat();
        let deletion = transaction.batch.operations.last().unwrap();
        let last = transaction.batch.place_of(deletion).unwrap().offset();
        bytes[last + 6..last + 8].copy_from_slice(&transaction.batch.bytes_of(deletion).unwrap()[6..8]);
        assert_eq!(bytes, transaction.batch.chunks.concat());
    }

    #[test]
    fn messages_take_the_place_of_one() {
        let mut transaction = Transaction::new();
        transaction.add_table(Table::inet("a"));
        let deleted = transaction.delete_table((Family::Inet, "a"));
        transaction.add_table(Table::inet("a"));
        let mut instead = Transaction::new();
        instead.flush_table((Family::Inet, "a"));
        instead.delete_set((Family::Inet, "a", "s"));
        let substitutes = [Substitute { operation: deleted, bytes: instead.batch.chunks.concat() }];
        let expected = [(nft::NEWTABLE, 0), (nft::DELRULE, 0), (nft::DELSET, 0), (nft::NEWTABLE, flags::ACK)];
        assert_eq!(sent(&pieces(&transaction.batch, &substitutes)), expected);
    }

    #[test]
    fn what_would_be_too_many_pieces_becomes_one() {
        let mut transaction = Transaction::new();
        let mut substitutes = Vec::new();
        for _ in 0..MOST {
            let operation = transaction.delete_table((Family::Inet, "a"));
            substitutes.push(Substitute {
                operation,
                bytes: transaction.batch.bytes_of(operation).unwrap().to_vec(),
            });
        }
        transaction.add_table(Table::inet("a"));
        let pieces = pieces(&transaction.batch, &substitutes);
        assert_eq!(pieces.len(), 1);
        assert_eq!(sent(&pieces).len(), MOST + 1);
    }
}
