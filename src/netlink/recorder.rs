//! A transport that needs no kernel: it keeps what is sent, and answers from a script.

use std::{collections::VecDeque, io};

use super::{Room, Transport};
use crate::wire::{Header, Messages, Writer, flags, message_type, nft};

/// `NFTA_GEN_ID`
const GEN_ID: u16 = 1;

/// Records datagrams in place of sending them.
///
/// Without a script it behaves like a kernel that accepts everything: each request that asks for an
/// acknowledgement gets one, dumps are empty, the generation is always 1.
///
/// ```
/// use portcullis::{Family, Netfilter, Table, Transaction, netlink::Recorder};
///
/// let mut transaction = Transaction::new();
/// transaction.add_table(Table::new(Family::Inet, "edge"));
/// let mut firewall = Netfilter::with_transport(Recorder::new());
/// firewall.commit(&transaction)?;
/// let sent = firewall.into_transport().into_sent();
/// assert_eq!(sent.len(), 1);
/// # Ok::<(), portcullis::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    sent: Vec<Vec<u8>>,
    waiting: VecDeque<Scripted>,
    script: VecDeque<Vec<Scripted>>,
    limit: Option<usize>,
}

/// What a [`Recorder`] answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scripted {
    /// A datagram.
    Datagram(Vec<u8>),
    /// A failing system call, by its errno.
    Error(i32),
}

impl Recorder {
    /// Accepts everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the next datagram without answers so. Called again, the one after that.
    #[must_use]
    pub fn answer(mut self, answers: impl IntoIterator<Item = Scripted>) -> Self {
        self.script.push_back(answers.into_iter().collect());
        self
    }

    /// Takes no datagram of more bytes.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = Some(bytes);
        self
    }

    /// What was sent.
    pub fn sent(&self) -> &[Vec<u8>] {
        &self.sent
    }

    /// What was sent.
    pub fn into_sent(self) -> Vec<Vec<u8>> {
        self.sent
    }

    /// What a kernel that accepts everything says.
    fn accept(&mut self, datagram: &[u8]) {
        for message in Messages::new(datagram).map_while(Result::ok) {
            let header = message.header;
            let dump =
                header.flags & flags::DUMP == flags::DUMP && header.kind >> 8 == 10 && is_get(header.kind);
            if header.kind == nft::GETGEN {
                let mut answer = Vec::new();
                Header { kind: nft::NEWGEN, flags: 0, ..header }
                    .write(&mut answer, 0, 0, |body| Writer::new(body).put(GEN_ID, &1u32));
                self.waiting.push_back(Scripted::Datagram(answer));
            }
            let kind = match (dump, header.flags & flags::ACK != 0) {
                (true, _) => message_type::DONE,
                (false, true) => message_type::ERROR,
                (false, false) => continue,
            };
            let mut answer = Vec::new();
            answer.extend(36u32.to_ne_bytes());
            answer.extend(kind.to_ne_bytes());
            answer.extend(flags::CAPPED.to_ne_bytes());
            answer.extend(header.sequence.to_ne_bytes());
            answer.extend(0u32.to_ne_bytes());
            answer.resize(36, 0);
            self.waiting.push_back(Scripted::Datagram(answer));
        }
    }
}

/// The requests whose upper flag bits mean a dump; for others they mean replace and create.
fn is_get(kind: u16) -> bool {
    matches!(kind & 0xff, 1 | 4 | 7 | 10 | 13 | 16 | 19 | 21 | 23 | 25 | 33)
}

impl Transport for Recorder {
    fn send(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        let datagram = parts.concat();
        match self.script.pop_front() {
            Some(answers) => self.waiting.extend(answers),
            None => self.accept(&datagram),
        }
        self.sent.push(datagram);
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.waiting.pop_front() {
            None => Err(io::ErrorKind::WouldBlock.into()),
            Some(Scripted::Error(errno)) => Err(io::Error::from_raw_os_error(errno)),
            Some(Scripted::Datagram(bytes)) => match buffer.get_mut(..bytes.len()) {
                Some(start) => {
                    start.copy_from_slice(&bytes);
                    Ok(bytes.len())
                }
                None => Err(io::ErrorKind::InvalidData.into()),
            },
        }
    }

    fn make_room(&mut self, send: usize, _: usize) -> io::Result<Room> {
        Ok(Room { send: self.limit.unwrap_or(send) })
    }
}
