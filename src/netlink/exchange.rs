//! Sending a batch and collecting everything that the kernel says to it.

use std::{collections::BTreeMap, io};

use super::{Answer, ErrorAnswer, Transport};
use crate::{
    Error,
    wire::{GenMessage, Header, MessageError, Messages, Writer, flags, message_type},
};

/// `NFNL_BATCH_GENID`
const BATCH_GENID: u16 = 1;
/// The subsystem that a batch is for, in its beginning's resource id.
const SUBSYSTEM: u16 = 10;
/// Holds the largest message that the kernel reports (an object with a few KiB of attributes) many times.
const BUFFER: usize = 64 << 10;
/// Holds the largest acknowledgement or refusal: the message that it answers is capped (`NETLINK_CAP_ACK`). What is not
/// there need not be cleared, sixteen pages before the first commit of a program.
const ANSWER_BUFFER: usize = 4 << 10;

/// What the kernel said to a batch.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Refusals by sequence number, each once: a batch that the kernel replays after loading a module may
    /// repeat them.
    pub(crate) errors: BTreeMap<u32, ErrorAnswer>,
    /// The batch's last operation was acknowledged.
    pub(crate) acknowledged: bool,
    /// More was said than the socket could hold.
    pub(crate) overflowed: bool,
}

/// Sends `parts` (whole messages with the sequence numbers 1 to `last`) as one batch, and collects the answers.
///
/// Without `commit` the batch has no end: the kernel validates every operation and then forgets them. The
/// acknowledgement asked for is that of the last operation, which every kernel gives; whatever else there is
/// has arrived by then. `reports`: objects may come, too.
pub(crate) fn batch<T: Transport + ?Sized>(
    transport: &mut T,
    parts: &[&[u8]],
    last: u32,
    commit: bool,
    generation: Option<u32>,
    reports: bool,
    mut object: impl FnMut(GenMessage<'_>),
) -> Result<Outcome, Error> {
    let operation = operation_of(commit);
    let mut begin = Vec::new();
    let mut header = Header { kind: message_type::BATCH_BEGIN, flags: flags::REQUEST, sequence: 0, port: 0 };
    header.write(&mut begin, 0, SUBSYSTEM, |buffer| {
        if let Some(generation) = generation {
            Writer::new(buffer).put(BATCH_GENID, &generation);
        }
    });
    let mut end = Vec::new();
    if commit {
        header.kind = message_type::BATCH_END;
        header.sequence = last.wrapping_add(1);
        header.write(&mut end, 0, SUBSYSTEM, |_| ());
    }
    let mut all = Vec::with_capacity(parts.len() + 2);
    all.push(begin.as_slice());
    all.extend_from_slice(parts);
    all.push(end.as_slice());
    all.retain(|part| !part.is_empty());

    let mut buffer = vec![0; if reports { BUFFER } else { ANSWER_BUFFER }];
    forget_earlier(transport, &mut buffer, operation)?;
    transport.send(&all).map_err(|source| send_error(operation, source))?;
    let mut outcome = Outcome::default();
    drain(transport, &mut buffer, operation, &mut outcome.overflowed, |answer| match answer {
        Answer::Done(sequence) => outcome.acknowledged |= sequence == last,
        Answer::Error(error) => {
            outcome.errors.entry(error.sequence).or_insert(error);
        }
        Answer::Object(message) => object(message),
        Answer::End | Answer::Nothing => {}
    })?;
    Ok(outcome)
}

/// Answers of an earlier exchange that nobody read would be taken for this one's.
pub(super) fn forget_earlier<T: Transport + ?Sized>(
    transport: &mut T,
    buffer: &mut [u8],
    operation: &'static str,
) -> Result<(), Error> {
    loop {
        match receive(transport, buffer, operation) {
            Ok(None) => return Ok(()),
            Ok(Some(_)) => {}
            // Lost, or too long: nobody misses it.
            Err(Error::Io { source, .. })
                if is_overflow(&source) || source.kind() == io::ErrorKind::InvalidData => {}
            Err(error) => return Err(error),
        }
    }
}

/// Reads until there is nothing more.
fn drain<T: Transport + ?Sized>(
    transport: &mut T,
    buffer: &mut [u8],
    operation: &'static str,
    overflowed: &mut bool,
    mut answer: impl FnMut(Answer<'_>),
) -> Result<(), Error> {
    loop {
        match receive(transport, buffer, operation) {
            Ok(Some(bytes)) => {
                for message in Messages::new(bytes) {
                    answer(Answer::of(
                        message.map_err(|source: MessageError| Error::Message { operation, source })?,
                    ));
                }
            }
            Ok(None) => return Ok(()),
            Err(Error::Io { source, .. }) if is_overflow(&source) => *overflowed = true,
            Err(error) => return Err(error),
        }
    }
}

/// The next datagram, `None` where there is none.
pub(super) fn receive<'b, T: Transport + ?Sized>(
    transport: &mut T,
    buffer: &'b mut [u8],
    operation: &'static str,
) -> Result<Option<&'b [u8]>, Error> {
    match transport.receive(buffer) {
        Ok(length) => Ok(Some(buffer.get(..length).unwrap_or_default())),
        Err(source) if source.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(source) => Err(Error::Io { operation, source }),
    }
}

pub(super) fn is_overflow(error: &io::Error) -> bool {
    error.raw_os_error() == Some(nix::errno::Errno::ENOBUFS as i32)
}

pub(super) fn send_error(operation: &'static str, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::PermissionDenied => Error::Permission { operation },
        _ => Error::Io { operation, source },
    }
}

/// What errors call the sending of a batch.
pub(crate) const fn operation_of(commit: bool) -> &'static str {
    if commit { "commit" } else { "check" }
}
