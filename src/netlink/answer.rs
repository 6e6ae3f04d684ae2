//! What the kernel says to a request: done, refused, or objects.

use crate::wire::{Attributes, GenMessage, flags, message_type};

/// `NLMSGERR_ATTR_MSG`
const ATTR_MSG: u16 = 1;
/// `NLMSGERR_ATTR_OFFS`
const ATTR_OFFS: u16 = 2;

/// One message from the kernel.
#[derive(Debug)]
pub(crate) enum Answer<'a> {
    /// The request with this sequence number is done.
    Done(u32),
    /// A request was refused.
    Error(ErrorAnswer),
    /// A dump is complete.
    End,
    /// An object.
    Object(GenMessage<'a>),
    /// Nothing that concerns us.
    Nothing,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ErrorAnswer {
    /// The request's sequence number.
    pub(crate) sequence: u32,
    /// Why.
    pub(crate) errno: i32,
    /// The kernel's own words.
    pub(crate) message: Option<String>,
    /// Where in the request the attribute is that the kernel objects to.
    pub(crate) offset: Option<usize>,
}

impl<'a> Answer<'a> {
    /// Reads a message.
    pub(crate) fn of(message: GenMessage<'a>) -> Self {
        match message.header.kind {
            message_type::ERROR => error(message),
            // The errno in a dump's end: the dump failed half-way.
            message_type::DONE => match message.body.split_first_chunk::<4>() {
                Some((code, _)) if i32::from_ne_bytes(*code) < 0 => error(message),
                _ => Self::End,
            },
            kind if kind < 16 => Self::Nothing,
            _ => Self::Object(message),
        }
    }
}

/// `struct nlmsgerr`: the errno, the request's header (and, uncapped, its payload), then attributes.
fn error(message: GenMessage<'_>) -> Answer<'_> {
    let Some((code, rest)) = message.body.split_first_chunk::<4>() else {
        return Answer::Nothing;
    };
    let code = i32::from_ne_bytes(*code);
    let sequence = message.header.sequence;
    if code == 0 {
        return Answer::Done(sequence);
    }
    let (mut text, mut offset) = (None, None);
    if message.header.flags & flags::ACK_TLVS != 0 {
        let length = match rest.split_first_chunk::<4>() {
            Some((length, _)) if message.header.flags & flags::CAPPED == 0 => {
                u32::from_ne_bytes(*length) as usize
            }
            _ => 16,
        };
        let details = rest.get(crate::wire::align(length)..).unwrap_or_default();
        for attribute in Attributes::new(details).map_while(Result::ok) {
            match attribute.kind() {
                ATTR_MSG => text = attribute.get::<String>().ok(),
                // This number is in the host's byte order.
                ATTR_OFFS => {
                    offset =
                        attribute.payload.try_into().ok().map(|bytes| u32::from_ne_bytes(bytes) as usize);
                }
                _ => {}
            }
        }
    }
    Answer::Error(ErrorAnswer { sequence, errno: code.saturating_neg(), message: text, offset })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Header, Messages, Writer};

    fn error_message(kind: u16, flags: u16, code: i32, request: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 16];
        bytes.extend(code.to_ne_bytes());
        bytes.extend(request);
        let mut writer = Writer::new(&mut bytes);
        writer.text(ATTR_MSG, "no");
        writer.bytes(ATTR_OFFS, &28u32.to_ne_bytes());
        let length = u32::try_from(bytes.len()).unwrap();
        bytes[..4].copy_from_slice(&length.to_ne_bytes());
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
        bytes[8..12].copy_from_slice(&9u32.to_ne_bytes());
        bytes
    }

    #[test]
    fn details_are_found_behind_a_capped_and_a_whole_request() {
        let expected = ErrorAnswer { sequence: 9, errno: 2, message: Some("no".into()), offset: Some(28) };
        let mut request = Vec::new();
        Header { kind: 1, flags: 1, sequence: 9, port: 0 }
            .write(&mut request, 2, 0, |body| body.extend([7; 8]));
        let whole = error_message(message_type::ERROR, flags::ACK_TLVS, -2, &request);
        let capped = error_message(message_type::ERROR, flags::ACK_TLVS | flags::CAPPED, -2, &request[..16]);
        for bytes in [whole, capped] {
            let message = Messages::new(&bytes).next().unwrap().unwrap();
            assert!(matches!(Answer::of(message), Answer::Error(found) if found == expected));
        }
    }

    #[test]
    fn an_errno_of_zero_is_an_acknowledgement() {
        let bytes = error_message(message_type::ERROR, flags::CAPPED, 0, &[0; 16]);
        let message = Messages::new(&bytes).next().unwrap().unwrap();
        assert!(matches!(Answer::of(message), Answer::Done(9)));
    }
}
