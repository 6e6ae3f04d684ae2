//! Destroy on kernels before 6.3, which only know how to delete: what is not there is left out.
//!
//! The kernel itself says what is there. Each destroy is sent as a delete. A kernel goes through all of a batch even
//! when it has refused an operation, and an operation that it refuses for want of its object changes nothing for
//! those behind it: just what a destroy does. So what was refused for that is left out, and the rest is sent again,
//! until nothing else is refused for it.
//!
//! ```text
//!   destroy chain a ──► delete chain a   refused: ENOENT ──► left out
//!   destroy chain b ──► delete chain b                   ──► delete chain b      committed,
//!   add rule …      ──► add rule …                       ──► add rule …          all or nothing
//!                       generation 7                         only if it is still generation 7
//! ```
//!
//! A kernel stops at the first element of a message that is not there: such a message is sent again in two halves,
//! down to single elements. Whether the set itself is there is asked by a deletion of no elements.

use nix::errno::Errno;

use super::{
    Netfilter,
    attribute_path::attribute_path,
    commit::{Committed, Exchange, judge},
    parts::{Part, encode, list_of, part_of, start_of_list},
};
use crate::{
    Error,
    netlink::{ErrorAnswer, Outcome, Transport, operation_of},
    transaction::{Batch, OperationId, Verb},
    wire::{Attributes, align, nft},
};

/// How often it is tried anew when others change the ruleset meanwhile.
const ATTEMPTS: u32 = 100;

impl<T: Transport> Netfilter<T> {
    /// Carries out a batch with destroys that the kernel does not know.
    pub(super) fn send_without_destroy(
        &mut self,
        work: &Batch,
        commit: bool,
        generation: Option<u32>,
    ) -> Result<Committed, Error> {
        let operation = operation_of(commit);
        for _ in 0..ATTEMPTS {
            let seen = match generation {
                Some(wanted) => wanted,
                None => self.generation()?.id,
            };
            match self.send_deletes(work, commit, seen) {
                Err(Error::Changed { .. }) if generation.is_none() => {}
                result => return result,
            }
        }
        Err(Error::Interrupted { operation, attempts: ATTEMPTS })
    }

    fn send_deletes(&mut self, work: &Batch, commit: bool, generation: u32) -> Result<Committed, Error> {
        let operation = operation_of(commit);
        let mut parts = parts_of(work);
        loop {
            let mut committed = Committed::default();
            let mut reported = false;
            let Some(bytes) = encode(work, &parts) else {
                return Ok(committed);
            };
            let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
            let (parts_sent, generation) = (&[bytes.as_slice()], Some(generation));
            let exchange =
                Exchange { parts: parts_sent, last: count, commit, generation, reports: work.reports };
            let outcome = self.exchange(&exchange, |mut message| {
                if let Some(part) = part_of(&parts, message.header.sequence) {
                    reported = true;
                    message.header.sequence = part.operation().sequence();
                    committed.keep(message);
                }
            })?;
            let Some(fewer) = without_missing(work, &parts, &outcome) else {
                let outcome = of_operations(work, &parts, outcome);
                return judge(work, operation, outcome, generation, reported)
                    .map_err(|error| self.explain(work, error))
                    .map(|()| committed);
            };
            parts = fewer;
        }
    }
}

/// A batch's messages.
fn parts_of(work: &Batch) -> Vec<Part> {
    let mut parts = Vec::with_capacity(work.operations.len());
    for id in work.operations.ids() {
        let destroys = work.operations.get(id).is_some_and(|operation| operation.verb == Verb::Destroy);
        match list_of(work, id) {
            _ if !destroys => parts.push(Part::Same(id)),
            Some(list) => parts.extend([Part::Look(id), Part::Elements(id, 0, list.payload.len())]),
            None => parts.push(Part::Delete(id)),
        }
    }
    parts
}

/// The parts without those that delete what is not there; `None` if there are none.
fn without_missing(work: &Batch, parts: &[Part], outcome: &Outcome) -> Option<Vec<Part>> {
    // Somebody else changed the ruleset: what was refused tells nothing.
    if outcome.errors.values().any(|error| error.errno == Errno::ERESTART as i32) {
        return None;
    }
    let error = |index: usize| {
        let id = OperationId(u32::try_from(index).ok()?);
        outcome.errors.get(&id.sequence()).filter(|error| error.errno == Errno::ENOENT as i32)
    };
    let mut fewer = Vec::with_capacity(parts.len());
    let (mut changed, mut no_set) = (false, None);
    for (index, part) in parts.iter().enumerate() {
        let refused = error(index);
        match *part {
            Part::Delete(id) if refused.is_some_and(|error| !names_table(work, id, error)) => changed = true,
            Part::Look(id) if refused.is_some() => {
                no_set = Some(id);
                fewer.push(*part);
            }
            Part::Elements(id, from, to) if refused.is_some() && no_set != Some(id) => {
                changed = true;
                if let Some(middle) = middle(work, id, from, to) {
                    fewer.extend([Part::Elements(id, from, middle), Part::Elements(id, middle, to)]);
                }
            }
            part => fewer.push(part),
        }
    }
    changed.then_some(fewer)
}

/// Whether it is the table that is not there: that is an error, even where a chain is to be destroyed.
fn names_table(work: &Batch, id: OperationId, error: &ErrorAnswer) -> bool {
    if work.message_of(id).is_none_or(|message| message.header.kind == nft::DESTROYTABLE) {
        return false;
    }
    let path = error.offset.and_then(|offset| attribute_path(work.bytes_of(id)?, offset));
    path.is_some_and(|path| path.split(' ').next().is_some_and(|name| name.ends_with("_TABLE")))
}

/// Where to part a run of elements; `None` for a single one.
fn middle(work: &Batch, id: OperationId, from: usize, to: usize) -> Option<usize> {
    let list = list_of(work, id)?;
    let members = || Attributes::new(list.payload.get(from..to).unwrap_or_default()).map_while(Result::ok);
    let half = members().count() / 2;
    let length: usize = members().take(half).map(|member| align(4 + member.payload.len())).sum();
    (half > 0).then_some(from + length)
}

/// What was said of the parts, as if the operations themselves had been sent.
fn of_operations(work: &Batch, parts: &[Part], outcome: Outcome) -> Outcome {
    let mut mapped = Outcome { errors: std::collections::BTreeMap::new(), ..outcome };
    // What is said of none of them is said of the end.
    let end = work.operations.end();
    for (sequence, mut error) in outcome.errors {
        let part = part_of(parts, sequence);
        error.sequence = match part {
            _ if sequence == 0 => 0,
            Some(part) => part.operation().sequence(),
            None => end,
        };
        if let (Some(Part::Elements(id, from, _)), Some(offset)) = (part, error.offset) {
            // The list is the last attribute: what stands before it stands where it stood.
            let start = start_of_list(work, id).unwrap_or_default();
            error.offset = Some(if offset >= start { offset + from } else { offset });
        }
        mapped.errors.entry(error.sequence).or_insert(error);
    }
    mapped
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, net::Ipv4Addr};

    use super::*;
    use crate::{
        Family, Transaction,
        object::decode_elements,
        set::SetOf,
        wire::{GenMessage, Header, Messages, flags},
    };

    const TABLE: (Family, &str) = (Family::Inet, "edge");

    fn outcome(errors: impl IntoIterator<Item = (u32, Errno)>) -> Outcome {
        let errors = errors.into_iter().map(|(sequence, errno)| {
            (sequence, ErrorAnswer { sequence, errno: errno as i32, message: None, offset: None })
        });
        Outcome { errors: errors.collect(), ..Outcome::default() }
    }

    /// The addresses that a message deletes.
    fn addresses(message: &GenMessage<'_>) -> Vec<Ipv4Addr> {
        let mut elements = Vec::new();
        decode_elements(message.attributes(), &mut elements).unwrap();
        let bytes = |element: &crate::Element| element.key.as_bytes().try_into().unwrap();
        elements.iter().map(|element| Ipv4Addr::from_bits(u32::from_be_bytes(bytes(element)))).collect()
    }

    /// What a kernel of such a set says: it stops at the first element that is not there.
    fn of_a_set(bytes: &[u8], there: &BTreeSet<Ipv4Addr>) -> Outcome {
        let messages = Messages::new(bytes).map(Result::unwrap);
        let refused = messages.filter(|message| !addresses(message).iter().all(|key| there.contains(key)));
        outcome(refused.map(|message| (message.header.sequence, Errno::ENOENT)))
    }

    #[test]
    fn elements_that_are_not_there_are_found_by_halves() {
        let set = SetOf::<Ipv4Addr>::new("known");
        let mut transaction = Transaction::new();
        transaction.entries(TABLE, &set).destroy((0..1000).map(Ipv4Addr::from_bits));
        let work = &transaction.batch;
        let there: BTreeSet<_> = (0..1000).filter(|key| key % 100 < 37).map(Ipv4Addr::from_bits).collect();
        let mut parts = parts_of(work);
        let mut rounds = 0;
        while let Some(fewer) =
            without_missing(work, &parts, &of_a_set(&encode(work, &parts).unwrap(), &there))
        {
            parts = fewer;
            rounds += 1;
        }
        assert!(rounds <= 11, "{rounds}");
        let bytes = encode(work, &parts).unwrap();
        let messages: Vec<_> = Messages::new(&bytes).map(Result::unwrap).collect();
        let deleted: BTreeSet<_> = messages.iter().flat_map(addresses).collect();
        assert_eq!(deleted, there);
        assert!(messages.iter().all(|message| message.header.kind == nft::DELSETELEM));
        // One acknowledgement, of the last; numbered from 1.
        let asks = |message: &GenMessage<'_>| message.header.flags & flags::ACK != 0;
        assert_eq!(messages.iter().position(asks), Some(messages.len() - 1));
        assert!(messages.iter().map(|message| message.header.sequence).eq(1..=messages.len() as u32));
    }

    #[test]
    fn a_set_that_is_not_there_is_an_error() {
        let set = SetOf::<Ipv4Addr>::new("nobody");
        let mut transaction = Transaction::new();
        transaction.entries(TABLE, &set).destroy([Ipv4Addr::LOCALHOST]);
        let work = &transaction.batch;
        let parts = parts_of(work);
        assert_eq!(parts.len(), 2);
        let said = outcome([(1, Errno::ENOENT), (2, Errno::ENOENT)]);
        assert_eq!(without_missing(work, &parts, &said), None);
        assert_eq!(of_operations(work, &parts, said).errors.into_keys().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn what_is_refused_otherwise_keeps_its_number() {
        let mut transaction = Transaction::new();
        transaction.destroy_chain((TABLE, "a"));
        transaction.destroy_set((TABLE, "b"));
        transaction.delete_chain((TABLE, "c"));
        let work = &transaction.batch;
        let parts = parts_of(work);
        let said = outcome([(1, Errno::ENOENT), (2, Errno::EBUSY), (3, Errno::ENOENT)]);
        let fewer = without_missing(work, &parts, &said).unwrap();
        assert_eq!(fewer, [Part::Delete(OperationId(1)), Part::Same(OperationId(2))]);
        let said = outcome([(1, Errno::EBUSY), (2, Errno::ENOENT), (3, Errno::ENOMEM)]);
        assert_eq!(without_missing(work, &fewer, &said), None);
        let mapped = of_operations(work, &fewer, said).errors;
        // The last is said of the end of the batch.
        let wanted = [(2, Errno::EBUSY), (3, Errno::ENOENT), (4, Errno::ENOMEM)];
        assert_eq!(mapped, outcome(wanted).errors);
        // Somebody else was quicker.
        let changed = outcome([(1, Errno::ERESTART), (2, Errno::ENOENT)]);
        assert_eq!(without_missing(work, &parts, &changed), None);
    }

    #[test]
    fn a_table_that_is_not_there_is_an_error_but_for_itself() {
        let mut transaction = Transaction::new();
        transaction.destroy_table(TABLE);
        transaction.destroy_chain((TABLE, "a"));
        let work = &transaction.batch;
        let at_first_attribute = |sequence| {
            let offset = Some(Header::GENERAL_LENGTH);
            (sequence, ErrorAnswer { sequence, errno: Errno::ENOENT as i32, message: None, offset })
        };
        let said = Outcome { errors: [1, 2].map(at_first_attribute).into(), ..Outcome::default() };
        let fewer = without_missing(work, &parts_of(work), &said).unwrap();
        assert_eq!(fewer, [Part::Delete(OperationId(1))]);
    }
}
