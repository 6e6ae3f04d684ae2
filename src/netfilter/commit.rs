//! Committing a transaction, or having it validated.

use std::collections::HashMap;

use nix::errno::Errno;

use super::{
    Netfilter, attribute_path::attribute_path, hint::hint, pieces::pieces, refused_element::refused_element,
    replace::Substitute,
};
use crate::{
    Error, Refusal, Refused, Transaction,
    netlink::{ErrorAnswer, Outcome, Transport, batch, operation_of},
    object::{NFTA_CHAIN_HANDLE, NFTA_RULE_HANDLE},
    probe::{Feature, Support},
    transaction::{Batch, OperationId},
    wire::{GenMessage, Header, nft},
};

/// Room for one answer of the kernel in the socket, its bookkeeping included.
const ANSWER: usize = 1024;
/// More room than this for answers is never asked for.
const ANSWERS_LIMIT: usize = 64 << 20;
/// How often what depends on the ruleset is found anew when others change it meanwhile.
const ATTEMPTS: u32 = 10;

/// What a commit brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    handles: HashMap<OperationId, u64>,
}

impl Committed {
    /// The handle that the kernel gave to what an operation added, if the transaction was made
    /// [`with_handles`](Transaction::with_handles).
    pub fn handle(&self, operation: OperationId) -> Option<u64> {
        self.handles.get(&operation).copied()
    }

    pub(super) fn keep(&mut self, message: GenMessage<'_>) {
        let attribute = match message.header.kind {
            nft::NEWRULE => NFTA_RULE_HANDLE,
            nft::NEWCHAIN => NFTA_CHAIN_HANDLE,
            // NFTA_TABLE_HANDLE
            nft::NEWTABLE => 4,
            // NFTA_SET_HANDLE
            nft::NEWSET => 16,
            _ => return,
        };
        let handle = message
            .attributes()
            .map_while(Result::ok)
            .find(|found| found.kind() == attribute)
            .and_then(|found| found.get().ok());
        if let (Some(id), Some(handle)) = (OperationId::from_sequence(message.header.sequence), handle) {
            self.handles.insert(id, handle);
        }
    }
}

impl<T: Transport> Netfilter<T> {
    /// Carries a transaction out: every operation, or none of them.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what cannot be right, before anything is sent. [`Error::Refused`] with every
    /// operation that the kernel refused: then nothing was changed. [`Error::Unsupported`] where it refused one
    /// for want of a feature, with its name. [`Error::TooLarge`] where the process may
    /// not send so much at once. [`Error::Permission`] without `CAP_NET_ADMIN`.
    pub fn commit(&mut self, transaction: &Transaction) -> Result<Committed, Error> {
        self.send(transaction, true, None)
    }

    /// As [`Netfilter::commit`], but only if nobody has changed the ruleset since `generation` was read with
    /// [`Netfilter::generation`]; otherwise [`Error::Changed`].
    ///
    /// # Errors
    /// [`Error::Changed`] where the ruleset is of another generation: nothing was changed. Otherwise as
    /// [`Netfilter::commit`].
    pub fn commit_if(
        &mut self,
        transaction: &Transaction,
        generation: super::Generation,
    ) -> Result<Committed, Error> {
        self.send(transaction, true, Some(generation.id))
    }

    /// A dry run: the kernel validates every operation as it would for a commit, and forgets them.
    ///
    /// # Errors
    /// Those that [`Netfilter::commit`] would bring. What the kernel does only when it commits is not tried: giving rules
    /// to a network card ([`ChainFlags::HW_OFFLOAD`](crate::object::ChainFlags::HW_OFFLOAD)), for one.
    pub fn check(&mut self, transaction: &Transaction) -> Result<(), Error> {
        self.send(transaction, false, None).map(drop)
    }

    fn send(
        &mut self,
        transaction: &Transaction,
        commit: bool,
        generation: Option<u32>,
    ) -> Result<Committed, Error> {
        let work = &transaction.batch;
        if !work.problems.is_empty() {
            return Err(Error::Invalid(work.problems.clone()));
        }
        if work.operations.is_empty() {
            return Ok(Committed::default());
        }
        if work.indexes.is_empty() && work.replacements.is_empty() {
            return self.send_batch(work, &[], commit, generation);
        }
        let operation = operation_of(commit);
        for _ in 0..ATTEMPTS {
            let ((resolved, substitutes), seen) = self.with_generation(operation, |this| {
                let Some(resolved) = this.resolve_indexes(work)? else {
                    return Ok(None);
                };
                Ok(Some((resolved, this.substitutes(work)?)))
            })?;
            // What does not depend on the ruleset may meet any.
            let depends = !work.indexes.is_empty() || !substitutes.is_empty();
            let expected = generation.or(depends.then_some(seen));
            match self.send_batch(&resolved, &substitutes, commit, expected) {
                Err(Error::Changed { .. }) if generation.is_none() => {}
                // Better at two instants than not at all; and what is refused so, too, is refused for what was said.
                Err(Error::Refused(_) | Error::Unsupported { .. }) if !substitutes.is_empty() => {
                    return self.send_batch(&resolved, &[], commit, expected);
                }
                result => return result,
            }
        }
        if work.indexes.is_empty() {
            return self.send_batch(work, &[], commit, None);
        }
        Err(Error::Interrupted { operation: "find positions by index", attempts: ATTEMPTS })
    }

    fn send_batch(
        &mut self,
        work: &Batch,
        substitutes: &[Substitute],
        commit: bool,
        generation: Option<u32>,
    ) -> Result<Committed, Error> {
        if self.known.supports(Feature::Destroy) == Support::Missing && work.destroys() {
            return self.send_without_destroy(work, commit, generation);
        }
        let operation = operation_of(commit);
        let mut committed = Committed::default();
        let mut reported = false;
        let Some(mut outcome) = self.send_whole(work, substitutes, commit, generation, |message| {
            reported |= OperationId::from_sequence(message.header.sequence)
                .is_some_and(|id| id.index() < work.operations.len());
            committed.keep(message);
        })?
        else {
            return Ok(committed);
        };
        self.locate_elements(work, &mut outcome);
        let result =
            judge(work, operation, outcome, generation, reported).map_err(|error| self.explain(work, error));
        match result {
            Ok(()) => Ok(committed),
            Err(error) if error.missing().any(|feature| feature == Feature::Destroy) => {
                self.send_without_destroy(work, commit, generation)
            }
            Err(error) => Err(error),
        }
    }

    /// What the kernel says to a batch that it validates and forgets.
    pub(super) fn dry_run(&mut self, work: &Batch) -> Result<Outcome, Error> {
        let mut outcome = self.send_whole(work, &[], false, None, |_| ())?.unwrap_or_default();
        if let Some(whole) = outcome.errors.remove(&0) {
            return Err(whole_batch("try a feature", whole, None));
        }
        if outcome.acknowledged || !outcome.errors.is_empty() {
            Ok(outcome)
        } else {
            Err(Error::NoAnswer { operation: "try a feature" })
        }
    }

    /// Sends a batch, with others in the place of some messages; gives what the kernel said, and `object` what it
    /// told of. `None` for one of no operations.
    fn send_whole(
        &mut self,
        work: &Batch,
        substitutes: &[Substitute],
        commit: bool,
        generation: Option<u32>,
        object: impl FnMut(GenMessage<'_>),
    ) -> Result<Option<Outcome>, Error> {
        let Some(last) = work.operations.last() else {
            return Ok(None);
        };
        let pieces = pieces(work, substitutes);
        let parts: Vec<&[u8]> = pieces.iter().map(AsRef::as_ref).collect();
        let exchange =
            Exchange { parts: &parts, last: last.sequence(), commit, generation, reports: work.reports };
        self.exchange(&exchange, object).map(Some)
    }

    /// Sends messages as one batch, and collects what the kernel says.
    pub(super) fn exchange(
        &mut self,
        exchange: &Exchange<'_>,
        object: impl FnMut(GenMessage<'_>),
    ) -> Result<Outcome, Error> {
        let Exchange { parts, last, commit, generation, reports } = *exchange;
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let needed = length + envelope(commit, generation.is_some());
        let answers = (last as usize).saturating_mul(ANSWER).clamp(256 << 10, ANSWERS_LIMIT);
        let room = self
            .transport
            .make_room(needed, answers)
            .map_err(|source| Error::Io { operation: "enlarge the socket's buffers", source })?;
        if room.send < needed {
            return Err(Error::TooLarge { needed, limit: room.send });
        }
        match batch(&mut self.transport, parts, last, commit, generation, reports, object) {
            Err(Error::Io { source, .. }) if source.raw_os_error() == Some(Errno::EMSGSIZE as i32) => {
                // Whatever was promised: so much does not go.
                Err(Error::TooLarge { needed, limit: room.send.min(needed - 1) })
            }
            outcome => outcome,
        }
    }
}

/// What goes onto the wire between a batch's beginning and its end.
pub(super) struct Exchange<'a> {
    /// Whole messages with the sequence numbers from 1 on, the last of which asks for an acknowledgement.
    pub(super) parts: &'a [&'a [u8]],
    /// The last sequence number.
    pub(super) last: u32,
    /// Otherwise it is validated and forgotten.
    pub(super) commit: bool,
    /// Only at this one.
    pub(super) generation: Option<u32>,
    /// The kernel is asked to tell of what it makes.
    pub(super) reports: bool,
}

/// Bytes of a batch's beginning and end.
const fn envelope(commit: bool, generation: bool) -> usize {
    let beginning = Header::GENERAL_LENGTH + if generation { 8 } else { 0 };
    let end = if commit { Header::GENERAL_LENGTH } else { 0 };
    beginning + end
}

/// Whether a batch went through. `reported`: the kernel has told of an object that it made.
pub(super) fn judge(
    work: &Batch,
    operation: &'static str,
    outcome: Outcome,
    generation: Option<u32>,
    reported: bool,
) -> Result<(), Error> {
    let Outcome { mut errors, acknowledged, overflowed } = outcome;
    // The batch as a whole answers for its beginning, which has the sequence number 0.
    if let Some(whole) = errors.remove(&0) {
        return Err(whole_batch(operation, whole, generation));
    }
    // Linux 5.10 was seen to say it of an ordinary operation, perhaps one that had a module loaded.
    let anew = |error: &ErrorAnswer| error.errno == Errno::ERESTART as i32;
    if let Some(expected) = generation.filter(|_| errors.values().any(anew)) {
        return Err(Error::Changed { expected });
    }
    // What is said of no operation is said of the end.
    let beyond = work.operations.end();
    let end = errors.split_off(&beyond).into_values().next();
    if !errors.is_empty() {
        let refused: Vec<u32> = errors.keys().copied().collect();
        let refusals = errors
            .into_values()
            .filter(|error| !follows(work, error, &refused))
            .map(|error| refusal(work, error))
            .collect();
        return Err(Error::Refused(Refused { refusals, incomplete: overflowed }));
    }
    if let Some(end) = end {
        return Err(whole_batch(operation, end, generation));
    }
    // Objects are told of when a commit is past failing, and before its acknowledgement, which may then find
    // the socket full.
    if acknowledged || (overflowed && reported) { Ok(()) } else { Err(Error::NoAnswer { operation }) }
}

fn whole_batch(operation: &'static str, error: ErrorAnswer, generation: Option<u32>) -> Error {
    match (Errno::from_raw(error.errno), generation) {
        (Errno::EPERM, _) => Error::Permission { operation },
        (Errno::ERESTART, Some(expected)) => Error::Changed { expected },
        (Errno::EOPNOTSUPP | Errno::EINVAL, _) => {
            let feature = "nf_tables (CONFIG_NF_TABLES)".to_owned();
            Error::Unsupported { feature, missing: None, refused: None }
        }
        _ => Error::Request { operation, errno: error.errno, message: error.message },
    }
}

/// Whether an operation was refused only because another was: a rule that calls its chain by number, for the chain could
/// not be made. By its name it would have found one that is there.
fn follows(work: &Batch, error: &ErrorAnswer, refused: &[u32]) -> bool {
    error.errno == Errno::ENOENT as i32
        && OperationId::from_sequence(error.sequence)
            .and_then(|id| work.creation_of_chain_of(id))
            .is_some_and(|creation| refused.binary_search(&creation.sequence()).is_ok())
}

fn refusal(work: &Batch, error: ErrorAnswer) -> Refusal {
    let ErrorAnswer { sequence, errno, message, offset } = error;
    let id = OperationId::from_sequence(sequence).unwrap_or(OperationId(0));
    let sent = work.message_of(id);
    let subject = work.subject_of(id);
    let attribute = offset.and_then(|offset| attribute_path(work.bytes_of(id)?, offset));
    let element = offset.and_then(|offset| refused_element(work, id, offset));
    let operation = work.operations.get(id);
    let verb = operation.map_or(crate::transaction::Verb::Add, |operation| operation.verb);
    let known = sent.as_ref().zip(subject.as_ref());
    let hint = known.and_then(|(sent, subject)| hint(errno, verb, sent, subject, attribute.as_deref()));
    Refusal {
        operation: id,
        verb,
        subject,
        origin: operation.map_or_else(crate::Origin::here, |operation| operation.origin),
        label: work.label_of(id).map(str::to_owned),
        errno,
        message,
        attribute,
        element,
        hint,
        missing: None,
    }
}
