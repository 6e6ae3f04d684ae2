//! Asking the kernel for objects.

use super::{
    Answer, Transport,
    exchange::{forget_earlier, receive, send_error},
};
use crate::{
    Error,
    wire::{GenMessage, Header, MessageError, Messages, flags},
};

/// Larger buffers make the kernel's dump faster, up to here: twice as fast as with 8 KiB.
const BUFFER: usize = 64 << 10;
/// How often a dump that others' changes interrupt is begun anew.
const ATTEMPTS: u32 = 100;

/// Dumps all objects of a kind; `start` is called before each attempt, so that what an interrupted one gave
/// can be forgotten, and `object` for every object.
///
/// An error of `object` ends the dump.
pub(crate) fn dump<T: Transport + ?Sized, S>(
    transport: &mut T,
    operation: &'static str,
    kind: u16,
    family: u8,
    attributes: &[u8],
    mut start: impl FnMut() -> S,
    mut object: impl FnMut(&mut S, GenMessage<'_>) -> Result<(), Error>,
) -> Result<S, Error> {
    for attempt in 1..=ATTEMPTS {
        let mut state = start();
        let header = Header { kind, flags: flags::REQUEST | flags::DUMP, sequence: attempt, port: 0 };
        if exchange(transport, operation, header, family, attributes, |message| object(&mut state, message))?
        {
            return Ok(state);
        }
    }
    Err(Error::Interrupted { operation, attempts: ATTEMPTS })
}

/// Asks for one object, or for what is not a dump.
pub(crate) fn request<T: Transport + ?Sized>(
    transport: &mut T,
    operation: &'static str,
    kind: u16,
    family: u8,
    attributes: &[u8],
    object: impl FnMut(GenMessage<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let header = Header { kind, flags: flags::REQUEST | flags::ACK, sequence: 1, port: 0 };
    exchange(transport, operation, header, family, attributes, object).map(drop)
}

/// One request and all its answers; false if changes interrupted it.
fn exchange<T: Transport + ?Sized>(
    transport: &mut T,
    operation: &'static str,
    header: Header,
    family: u8,
    attributes: &[u8],
    mut object: impl FnMut(GenMessage<'_>) -> Result<(), Error>,
) -> Result<bool, Error> {
    let mut buffer = vec![0; BUFFER];
    forget_earlier(transport, operation)?;
    let mut message = Vec::with_capacity(64);
    header.write(&mut message, family, 0, |body| body.extend_from_slice(attributes));
    transport.send(&[&message]).map_err(|source| send_error(operation, source))?;
    let mut whole = true;
    let mut failed = None;
    // The kernel fills the next datagram when the last one is taken, so there is never anything to wait for.
    while let Some(bytes) = receive(transport, &mut buffer, operation)? {
        for message in Messages::new(bytes) {
            let message = message.map_err(|source: MessageError| Error::Message { operation, source })?;
            if message.header.sequence != header.sequence {
                continue;
            }
            whole &= message.header.flags & flags::DUMP_INTR == 0 || message.header.flags & flags::MULTI == 0;
            match Answer::of(message) {
                // The rest of the dump is still taken off the socket.
                Answer::Object(message) if failed.is_none() => failed = object(message).err(),
                Answer::Object(_) | Answer::Nothing => {}
                Answer::End | Answer::Done(_) => return failed.map_or(Ok(whole), Err),
                Answer::Error(error) if error.errno == nix::errno::Errno::EPERM as i32 => {
                    return Err(Error::Permission { operation });
                }
                Answer::Error(error) => {
                    return Err(Error::Request { operation, errno: error.errno, message: error.message });
                }
            }
        }
    }
    Err(failed.unwrap_or(Error::NoAnswer { operation }))
}
