//! The bytes of a transaction.

use std::borrow::Borrow;

use super::{
    Bulk, Chunks, NewChains, ObjectKind, Operation, OperationId, Operations, Place, Replacement, Subject,
    Verb,
};
use crate::{
    Invalid, InvalidOperation,
    object::{
        ChainRef, Element, Family, NFTA_RULE_CHAIN_ID, Origin, Set, SetRef, TableRef, check_name,
        encode_elements,
    },
    wire::{GenMessage, Header, Messages, Writer, flags, nft},
};

/// A position that only the kernel's listing can tell.
#[derive(Clone, Debug)]
pub(crate) struct IndexToResolve {
    pub(crate) operation: OperationId,
    pub(crate) chain: ChainRef,
    pub(crate) index: usize,
    /// Where the position attribute's header is, from the message's start.
    pub(crate) attribute: usize,
}

/// Encoded operations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) chunks: Chunks,
    pub(crate) operations: Operations,
    /// What the caller called some operations, in their order.
    labels: Vec<(OperationId, Box<str>)>,
    pub(crate) problems: Vec<InvalidOperation>,
    pub(crate) indexes: Vec<IndexToResolve>,
    /// The chains that have numbers.
    pub(crate) new_chains: NewChains,
    /// Deletions behind which the same is added.
    pub(crate) replacements: Vec<Replacement>,
    /// Where the elements of one call are, in order.
    pub(crate) bulks: Vec<Bulk>,
    /// Whether the kernel reports what it made.
    pub(crate) echo: bool,
    /// Whether it does of one at least.
    pub(crate) reports: bool,
    /// The number of sets so far.
    sets: u32,
}

impl Batch {
    /// Forgets all operations, and keeps their memory for others.
    pub(super) fn clear(&mut self) {
        let Self {
            chunks,
            operations,
            labels,
            problems,
            indexes,
            new_chains,
            replacements,
            bulks,
            sets,
            echo: _,
            reports,
        } = self;
        chunks.clear();
        operations.clear();
        labels.clear();
        problems.clear();
        indexes.clear();
        new_chains.clear();
        replacements.clear();
        bulks.clear();
        *sets = 0;
        *reports = false;
    }

    /// Appends a message whose attributes `body` writes; what `body` returns is kept as a problem.
    #[expect(clippy::too_many_arguments, reason = "the parts of one message, in the order of its bytes")]
    #[inline]
    pub(crate) fn operation<E: Into<Box<Invalid>>>(
        &mut self,
        verb: Verb,
        kind: u16,
        how: u16,
        family: Family,
        origin: Origin,
        label: Option<Box<str>>,
        body: impl FnOnce(&mut Writer<'_>) -> Result<(), E>,
    ) -> OperationId {
        let echo = if self.echo { flags::ECHO } else { 0 };
        self.reports |= self.echo;
        self.new_chains.note(kind);
        let (id, chunk) = self.next(verb, origin, label);
        let header = Header { kind, flags: flags::REQUEST | how | echo, sequence: id.sequence(), port: 0 };
        let result = header.write(chunk, family.number(), 0, |buffer| {
            let mut writer = Writer::new(buffer);
            // Boxed at once: seldom, and large.
            let said = body(&mut writer).map_err(Into::into);
            said.and(writer.finish().map_err(|error| Box::new(error.into())))
        });
        if let Err(problem) = result {
            self.problem(id, *problem);
        }
        id
    }

    /// Appends a message that somebody else encoded, under this batch's sequence number.
    #[cfg(feature = "nftnl")]
    pub(crate) fn message(
        &mut self,
        verb: Verb,
        message: &[u8],
        origin: Origin,
        label: Option<Box<str>>,
    ) -> OperationId {
        let echo = if self.echo { flags::ECHO } else { 0 };
        // What it does to chains, nobody here knows.
        self.new_chains.note(nft::DELTABLE);
        let (id, chunk) = self.next(verb, origin, label);
        match Messages::new(message).next() {
            Some(Ok(GenMessage { header, body: [family, _, high, low, attributes @ ..] })) => {
                let resource = u16::from_be_bytes([*high, *low]);
                // Each operation's own acknowledgement would only fill the socket.
                let flags = (header.flags & !flags::ACK) | echo;
                let header = Header { flags, sequence: id.sequence(), ..header };
                header.write(chunk, *family, resource, |buffer| buffer.extend_from_slice(attributes));
                self.reports |= flags & flags::ECHO != 0;
            }
            _ => {
                let problem = "libnftnl encoded no netlink message for this object".to_owned();
                self.problem(id, Invalid::Combination { problem });
            }
        }
        id
    }

    /// Appends a set and its elements, and returns its number within the transaction.
    pub(crate) fn set(
        &mut self,
        verb: Verb,
        how: u16,
        table: &TableRef,
        set: &Set,
        label: Option<Box<str>>,
    ) -> u32 {
        let (_, id) = self.set_alone(verb, how, table, set, set.origin, label.clone());
        let place = table.set(&set.name);
        let create = flags::CREATE;
        self.elements(verb, nft::NEWSETELEM, create, &place, Some(id), &set.elements, set.origin, label);
        id
    }

    /// Appends a set without its elements; gives the operation and the set's number within the transaction.
    pub(crate) fn set_alone(
        &mut self,
        verb: Verb,
        how: u16,
        table: &TableRef,
        set: &Set,
        origin: Origin,
        label: Option<Box<str>>,
    ) -> (OperationId, u32) {
        self.sets += 1;
        let id = self.sets;
        let operation = self.operation(verb, nft::NEWSET, how, table.family, origin, label, |writer| {
            set.encode(&table.name, Some(id), writer);
            check_name("table", &table.name)?;
            set.check()
        });
        (operation, id)
    }

    /// Appends elements of a set, in as many messages as they need. `id` is the number of a set of the same
    /// transaction.
    #[expect(clippy::too_many_arguments, reason = "the parts of a message, in the order of its bytes")]
    pub(crate) fn elements<E: Borrow<Element>>(
        &mut self,
        verb: Verb,
        kind: u16,
        how: u16,
        set: &SetRef,
        id: Option<u32>,
        elements: &[E],
        origin: Origin,
        label: Option<Box<str>>,
    ) -> Option<OperationId> {
        let (family, mut rest, mut sent) = (set.table.family, elements, None);
        while !rest.is_empty() {
            let mut written = 0;
            let operation = self.operation(verb, kind, how, family, origin, label.clone(), |writer| {
                written = encode_elements(&set.table.name, &set.name, id, rest, writer);
                rest.iter().take(written).try_for_each(|element| element.borrow().check())
            });
            sent = Some((sent.map_or(operation, |(first, _)| first), operation));
            rest = rest.get(written.max(1)..).unwrap_or_default();
        }
        let (first, last) = sent?;
        if first != last {
            self.bulks.push(Bulk { first, last, runs: false, text: |_, _| None });
        }
        Some(first)
    }

    /// Whether something is destroyed, which kernels before 6.3 do not know.
    pub(crate) fn destroys(&self) -> bool {
        self.operations.any(Verb::Destroy)
    }

    /// Keeps a problem with an operation.
    pub(crate) fn problem(&mut self, id: OperationId, problem: Invalid) {
        let Some(operation) = self.operations.get(id) else {
            return;
        };
        self.problems.push(InvalidOperation {
            operation: id,
            verb: operation.verb,
            subject: self.subject_of(id),
            origin: operation.origin,
            label: self.label_of(id).map(str::to_owned),
            problem,
        });
    }

    /// Where an operation's message is.
    pub(crate) fn place_of(&self, id: OperationId) -> Option<Place> {
        let (near, steps) = self.operations.near(id)?;
        (0..steps).try_fold(near, |place, _| self.chunks.behind(place))
    }

    /// The bytes of an operation's message.
    pub(crate) fn bytes_of(&self, id: OperationId) -> Option<&[u8]> {
        self.chunks.message(self.place_of(id)?)
    }

    /// An operation's message.
    pub(crate) fn message_of(&self, id: OperationId) -> Option<GenMessage<'_>> {
        Messages::new(self.bytes_of(id)?).next()?.ok()
    }

    /// What an operation is about.
    pub(crate) fn subject_of(&self, id: OperationId) -> Option<Subject> {
        let message = self.message_of(id)?;
        let mut subject = Subject::of(&message);
        if subject.name.is_none() {
            subject.name = called_by_number(&message)
                .and_then(|number| self.new_chains.numbered(number))
                .map(|(chain, _)| chain.name.clone());
        }
        Some(subject)
    }

    /// What creates the chain that a rule calls by number.
    pub(crate) fn creation_of_chain_of(&self, id: OperationId) -> Option<OperationId> {
        let number = called_by_number(&self.message_of(id)?)?;
        self.new_chains.numbered(number).map(|(_, creation)| creation)
    }

    /// An operation's bytes from its message on, to be changed.
    pub(crate) fn bytes_from_mut(&mut self, id: OperationId) -> Option<&mut [u8]> {
        self.chunks.at_mut(self.place_of(id)?)
    }

    /// What the caller called an operation.
    pub(crate) fn label_of(&self, id: OperationId) -> Option<&str> {
        let place = self.labels.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.labels.get(place).map(|(_, label)| &**label)
    }

    /// The next operation, and where its message is to be written.
    #[inline(always)]
    fn next(&mut self, verb: Verb, origin: Origin, label: Option<Box<str>>) -> (OperationId, &mut Vec<u8>) {
        let (chunk, bytes) = self.chunks.room();
        let id = self.operations.push(Operation { origin, verb }, Place::new(chunk, bytes.len()));
        if let Some(label) = label {
            self.labels.push((id, label));
        }
        (id, bytes)
    }
}

/// The number by which a rule calls its chain.
fn called_by_number(message: &GenMessage<'_>) -> Option<u32> {
    let mut attributes = message.attributes().map_while(Result::ok);
    let is_rule = ObjectKind::of_message(message.header.kind) == ObjectKind::Rule;
    let number = attributes.find(|attribute| is_rule && attribute.kind() == NFTA_RULE_CHAIN_ID)?;
    number.get().ok()
}
