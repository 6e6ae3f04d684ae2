//! A netlink message in memory that C may read.

use std::ffi::c_void;

use libc::nlmsghdr;

use super::admission::admits;
use super::schema::Schema;

/// `nlmsghdr` and `nfgenmsg`.
const HEADER: usize = 20;

/// What libmnl writes is aligned to 4; 8 costs nothing.
type Word = u64;

/// An nf_tables message that libnftnl may parse: whole, aligned, admitted by its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    words: Vec<Word>,
    pub(super) length: usize,
    /// `NFT_MSG_*`.
    pub(super) kind: u8,
    pub(super) flags: u16,
    pub(super) sequence: u32,
    pub(super) family: u8,
}

impl Message {
    /// Copies a message whose kind is one of `kinds` and whose attributes fit `schema`.
    ///
    /// What the slice holds beyond the message's own length is ignored, as netlink does.
    pub(super) fn new(bytes: &[u8], kinds: [libc::c_int; 2], schema: &Schema) -> Option<Self> {
        let (header, _) = bytes.split_first_chunk::<HEADER>()?;
        let [l0, l1, l2, l3, t0, t1, f0, f1, s0, s1, s2, s3, _, _, _, _, family, ..] = *header;
        let [subsystem, kind] = u16::from_ne_bytes([t0, t1]).to_be_bytes();
        let length = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3])).ok()?;
        let message = bytes.get(..length)?;
        let admitted = i32::from(subsystem) == libc::NFNL_SUBSYS_NFTABLES
            && kinds.contains(&i32::from(kind))
            && admits(schema, message.get(HEADER..)?);
        admitted.then(|| Self {
            words: to_words(message),
            length,
            kind,
            flags: u16::from_ne_bytes([f0, f1]),
            sequence: u32::from_ne_bytes([s0, s1, s2, s3]),
            family,
        })
    }

    pub(super) fn attributes(&self) -> Vec<u8> {
        let bytes = self.words.iter().flat_map(|word| word.to_ne_bytes());
        bytes.take(self.length).skip(HEADER).collect()
    }

    /// Valid for reads of `length` bytes, and aligned.
    pub(super) fn header(&self) -> *const nlmsghdr {
        self.words.as_ptr().cast()
    }
}

fn to_words(bytes: &[u8]) -> Vec<Word> {
    let word = |chunk: &[u8]| {
        let mut word = [0; size_of::<Word>()];
        word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        Word::from_ne_bytes(word)
    };
    bytes.chunks(size_of::<Word>()).map(word).collect()
}

/// Room for a message that C writes.
pub(super) struct Room {
    words: Vec<Word>,
}

impl Room {
    /// At least so many bytes, all zero.
    pub(super) fn new(bytes: usize) -> Self {
        Self { words: vec![0; bytes.max(HEADER).div_ceil(size_of::<Word>())] }
    }

    /// Valid for writes of as many bytes as were asked for, and aligned.
    pub(super) fn start(&mut self) -> *mut c_void {
        self.words.as_mut_ptr().cast()
    }

    /// The message in it, as long as it says it is.
    pub(super) fn into_message(self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let length = bytes.first_chunk().map_or(0, |length| u32::from_ne_bytes(*length));
        bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        bytes
    }
}
