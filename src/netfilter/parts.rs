//! The messages that stand for a batch where it is not sent as it is.

use crate::{
    object::NFTA_SET_ELEM_LIST_ELEMENTS,
    transaction::{Batch, OperationId},
    wire::{Attribute, Attributes, Header, NLA_F_NESTED, Writer, flags, nft},
};

/// One message that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// An operation as it is.
    Same(OperationId),
    /// A delete in the place of a destroy.
    Delete(OperationId),
    /// The operation with no elements: refused if there is no such set. A deletion in the place of a destroy.
    Look(OperationId),
    /// The operation with some of its elements: those between these places of its list. A deletion, too.
    Elements(OperationId, usize, usize),
}

impl Part {
    pub(super) const fn operation(self) -> OperationId {
        match self {
            Self::Same(id) | Self::Delete(id) | Self::Look(id) | Self::Elements(id, ..) => id,
        }
    }
}

/// The part that has a sequence number.
pub(super) fn part_of(parts: &[Part], sequence: u32) -> Option<Part> {
    parts.get(OperationId::from_sequence(sequence)?.index()).copied()
}

/// The parts as messages, numbered from 1, an acknowledgement asked for the last; nothing for nothing.
pub(super) fn encode(work: &Batch, parts: &[Part]) -> Option<Vec<u8>> {
    let last = parts.len().checked_sub(1)?;
    let mut bytes = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let message = work.message_of(part.operation())?;
        let id = OperationId(u32::try_from(index).unwrap_or(u32::MAX));
        let acknowledge = if index == last { flags::ACK } else { 0 };
        let kind = match part {
            Part::Same(_) => message.header.kind,
            _ => delete_of(message.header.kind),
        };
        let (sequence, flags) = (id.sequence(), message.header.flags | acknowledge);
        let header = Header { kind, flags, sequence, port: 0 };
        let [family, _, high, low, attributes @ ..] = message.body else {
            return None;
        };
        let resource = u16::from_be_bytes([*high, *low]);
        header.write(&mut bytes, *family, resource, |buffer| {
            let members = match part {
                Part::Same(_) | Part::Delete(_) => return buffer.extend_from_slice(attributes),
                Part::Look(_) => Some(&[][..]),
                Part::Elements(_, from, to) => {
                    list_of(work, part.operation()).and_then(|list| list.payload.get(*from..*to))
                }
            };
            let mut writer = Writer::new(buffer);
            for attribute in Attributes::new(attributes).map_while(Result::ok) {
                match members {
                    Some(members) if attribute.kind() == NFTA_SET_ELEM_LIST_ELEMENTS => {
                        writer.bytes(NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED, members);
                    }
                    _ => writer.bytes(attribute.raw_kind(), attribute.payload),
                }
            }
        });
    }
    Some(bytes)
}

/// The message that deletes what this one destroys; of others the same.
const fn delete_of(destroy: u16) -> u16 {
    match destroy {
        nft::DESTROYTABLE => nft::DELTABLE,
        nft::DESTROYCHAIN => nft::DELCHAIN,
        nft::DESTROYRULE => nft::DELRULE,
        nft::DESTROYSET => nft::DELSET,
        nft::DESTROYSETELEM => nft::DELSETELEM,
        nft::DESTROYOBJ => nft::DELOBJ,
        nft::DESTROYFLOWTABLE => nft::DELFLOWTABLE,
        other => other,
    }
}

/// The elements that an operation is about.
pub(super) fn list_of(work: &Batch, id: OperationId) -> Option<Attribute<'_>> {
    let message = work.message_of(id).filter(|message| {
        matches!(message.header.kind, nft::NEWSETELEM | nft::DELSETELEM | nft::DESTROYSETELEM)
    })?;
    message.attributes().map_while(Result::ok).find(|found| found.kind() == NFTA_SET_ELEM_LIST_ELEMENTS)
}

/// Where its list begins in the bytes of an operation.
pub(super) fn start_of_list(work: &Batch, id: OperationId) -> Option<usize> {
    offset_in(work, id, list_of(work, id)?)
}

/// Where an attribute's payload begins in the bytes of the operation that it is read from.
pub(super) fn offset_in(work: &Batch, id: OperationId, attribute: Attribute<'_>) -> Option<usize> {
    attribute.payload.as_ptr().addr().checked_sub(work.bytes_of(id)?.as_ptr().addr())
}
