//! Asking the kernel for objects.

use super::{
    Answer, Transport,
    exchange::{forget_earlier, receive, send_error},
};
use crate::{
    Error,
    wire::{GenMessage, Header, MessageError, Messages, flags},
};

/// Holds any datagram of a dump: the kernel fills at most 32 KiB at a time, however much more is offered, and works
/// far longer for less.
const BUFFER: usize = 64 << 10;
/// How often a dump that others' changes interrupt is begun anew.
const ATTEMPTS: u32 = 100;

/// What the kernel is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<'a> {
    /// What errors call it.
    pub(crate) operation: &'static str,
    /// The message's type.
    pub(crate) kind: u16,
    /// The family, or 0 for all.
    pub(crate) family: u8,
    /// What is wanted, as attributes.
    pub(crate) attributes: &'a [u8],
}

impl Query<'_> {
    /// Asks for all objects of a kind. `object` is called for each; `forget` before the dump is begun anew, where
    /// others' changes interrupted it.
    ///
    /// An error of `object` ends the dump.
    pub(crate) fn dump<T: Transport + ?Sized, S>(
        self,
        transport: &mut T,
        state: S,
        forget: impl FnMut(&mut S),
        object: impl FnMut(&mut S, GenMessage<'_>) -> Result<(), Error>,
    ) -> Result<S, Error> {
        self.dump_through(&mut Vec::new(), transport, state, forget, object)
    }

    /// As [`Query::dump`], through a buffer that many dumps share; it gets the room that it must have.
    pub(crate) fn dump_through<T: Transport + ?Sized, S>(
        self,
        buffer: &mut Vec<u8>,
        transport: &mut T,
        mut state: S,
        mut forget: impl FnMut(&mut S),
        mut object: impl FnMut(&mut S, GenMessage<'_>) -> Result<(), Error>,
    ) -> Result<S, Error> {
        for attempt in 1..=ATTEMPTS {
            let flags = flags::REQUEST | flags::DUMP;
            if self.exchange(buffer, transport, flags, attempt, |message| object(&mut state, message))? {
                return Ok(state);
            }
            forget(&mut state);
        }
        Err(Error::Interrupted { operation: self.operation, attempts: ATTEMPTS })
    }

    /// Asks for one object, or for what is not a dump.
    pub(crate) fn ask<T: Transport + ?Sized>(
        self,
        transport: &mut T,
        object: impl FnMut(GenMessage<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.exchange(&mut Vec::new(), transport, flags::REQUEST | flags::ACK, 1, object).map(drop)
    }

    /// One request and all its answers; false if changes interrupted it.
    fn exchange<T: Transport + ?Sized>(
        self,
        buffer: &mut Vec<u8>,
        transport: &mut T,
        flags: u16,
        sequence: u32,
        mut object: impl FnMut(GenMessage<'_>) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let Self { operation, kind, family, attributes } = self;
        buffer.resize(BUFFER, 0);
        forget_earlier(transport, buffer, operation)?;
        let mut message = Vec::with_capacity(64);
        let header = Header { kind, flags, sequence, port: 0 };
        header.write(&mut message, family, 0, |body| body.extend_from_slice(attributes));
        transport.send(&[&message]).map_err(|source| send_error(operation, source))?;
        let mut whole = true;
        let mut failed = None;
        // The kernel fills the next datagram when the last one is taken, so there is never anything to wait for.
        while let Some(bytes) = receive(transport, buffer, operation)? {
            for message in Messages::new(bytes) {
                let message = message.map_err(|source: MessageError| Error::Message { operation, source })?;
                if message.header.sequence != sequence {
                    continue;
                }
                let (part, interrupted) = (flags::MULTI, flags::DUMP_INTR);
                whole &= message.header.flags & (part | interrupted) != part | interrupted;
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
}
