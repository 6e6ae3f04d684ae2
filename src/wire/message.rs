//! Netlink messages: the header, nf_tables' own header behind it, and a datagram's run of messages.

use super::{Attributes, align};

/// Flags of a netlink header (`NLM_F_…`, `include/uapi/linux/netlink.h`).
pub mod flags {
    /// A request to the kernel.
    pub const REQUEST: u16 = 0x1;
    /// One of several messages that make one answer.
    pub const MULTI: u16 = 0x2;
    /// An acknowledgement is asked for.
    pub const ACK: u16 = 0x4;
    /// The kernel reports what it did (an object as created, with its handle).
    pub const ECHO: u16 = 0x8;
    /// The dump was interrupted by a change and is not one state.
    pub const DUMP_INTR: u16 = 0x10;
    /// All objects, not one.
    pub const DUMP: u16 = 0x300;
    /// Replace the object that exists.
    pub const REPLACE: u16 = 0x100;
    /// Refuse if the object exists.
    pub const EXCL: u16 = 0x200;
    /// Create the object.
    pub const CREATE: u16 = 0x400;
    /// Add at the end. A rule without it is put at the head.
    pub const APPEND: u16 = 0x800;
    /// In an error message: the refused request's payload was left out.
    pub const CAPPED: u16 = 0x100;
    /// In an error message: attributes with details follow.
    pub const ACK_TLVS: u16 = 0x200;
}

/// Message types that netlink itself and nfnetlink define.
pub mod message_type {
    /// Nothing.
    pub const NOOP: u16 = 1;
    /// An error, or with errno 0 an acknowledgement.
    pub const ERROR: u16 = 2;
    /// The end of a dump.
    pub const DONE: u16 = 3;
    /// Data was lost.
    pub const OVERRUN: u16 = 4;
    /// Start of a transaction (`NFNL_MSG_BATCH_BEGIN`).
    pub const BATCH_BEGIN: u16 = 16;
    /// End of a transaction: commit (`NFNL_MSG_BATCH_END`).
    pub const BATCH_END: u16 = 17;
    /// The subsystem's number in the upper byte of its message types (`NFNL_SUBSYS_NFTABLES`).
    pub const NFTABLES: u16 = 10 << 8;
}

/// nf_tables' message types (`enum nf_tables_msg_types`), with the subsystem in the upper byte.
pub mod nft {
    use super::message_type::NFTABLES;

    /// `NFT_MSG_NEWTABLE`
    pub const NEWTABLE: u16 = NFTABLES;
    /// `NFT_MSG_GETTABLE`
    pub const GETTABLE: u16 = NFTABLES | 1;
    /// `NFT_MSG_DELTABLE`
    pub const DELTABLE: u16 = NFTABLES | 2;
    /// `NFT_MSG_NEWCHAIN`
    pub const NEWCHAIN: u16 = NFTABLES | 3;
    /// `NFT_MSG_GETCHAIN`
    pub const GETCHAIN: u16 = NFTABLES | 4;
    /// `NFT_MSG_DELCHAIN`
    pub const DELCHAIN: u16 = NFTABLES | 5;
    /// `NFT_MSG_NEWRULE`
    pub const NEWRULE: u16 = NFTABLES | 6;
    /// `NFT_MSG_GETRULE`
    pub const GETRULE: u16 = NFTABLES | 7;
    /// `NFT_MSG_DELRULE`
    pub const DELRULE: u16 = NFTABLES | 8;
    /// `NFT_MSG_NEWSET`
    pub const NEWSET: u16 = NFTABLES | 9;
    /// `NFT_MSG_GETSET`
    pub const GETSET: u16 = NFTABLES | 10;
    /// `NFT_MSG_DELSET`
    pub const DELSET: u16 = NFTABLES | 11;
    /// `NFT_MSG_NEWSETELEM`
    pub const NEWSETELEM: u16 = NFTABLES | 12;
    /// `NFT_MSG_GETSETELEM`
    pub const GETSETELEM: u16 = NFTABLES | 13;
    /// `NFT_MSG_DELSETELEM`
    pub const DELSETELEM: u16 = NFTABLES | 14;
    /// `NFT_MSG_NEWGEN`
    pub const NEWGEN: u16 = NFTABLES | 15;
    /// `NFT_MSG_GETGEN`
    pub const GETGEN: u16 = NFTABLES | 16;
    /// `NFT_MSG_NEWOBJ`
    pub const NEWOBJ: u16 = NFTABLES | 18;
    /// `NFT_MSG_GETOBJ`
    pub const GETOBJ: u16 = NFTABLES | 19;
    /// `NFT_MSG_DELOBJ`
    pub const DELOBJ: u16 = NFTABLES | 20;
    /// `NFT_MSG_GETOBJ_RESET`
    pub const GETOBJ_RESET: u16 = NFTABLES | 21;
    /// `NFT_MSG_NEWFLOWTABLE`
    pub const NEWFLOWTABLE: u16 = NFTABLES | 22;
    /// `NFT_MSG_GETFLOWTABLE`
    pub const GETFLOWTABLE: u16 = NFTABLES | 23;
    /// `NFT_MSG_DELFLOWTABLE`
    pub const DELFLOWTABLE: u16 = NFTABLES | 24;
    /// `NFT_MSG_GETRULE_RESET`
    pub const GETRULE_RESET: u16 = NFTABLES | 25;
    /// `NFT_MSG_DESTROYTABLE`
    pub const DESTROYTABLE: u16 = NFTABLES | 26;
    /// `NFT_MSG_DESTROYCHAIN`
    pub const DESTROYCHAIN: u16 = NFTABLES | 27;
    /// `NFT_MSG_DESTROYRULE`
    pub const DESTROYRULE: u16 = NFTABLES | 28;
    /// `NFT_MSG_DESTROYSET`
    pub const DESTROYSET: u16 = NFTABLES | 29;
    /// `NFT_MSG_DESTROYSETELEM`
    pub const DESTROYSETELEM: u16 = NFTABLES | 30;
    /// `NFT_MSG_DESTROYOBJ`
    pub const DESTROYOBJ: u16 = NFTABLES | 31;
    /// `NFT_MSG_DESTROYFLOWTABLE`
    pub const DESTROYFLOWTABLE: u16 = NFTABLES | 32;
    /// `NFT_MSG_GETSETELEM_RESET`
    pub const GETSETELEM_RESET: u16 = NFTABLES | 33;
}

/// A netlink message's header (`struct nlmsghdr`) without its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the message is.
    pub kind: u16,
    /// [`flags`].
    pub flags: u16,
    /// The number that connects an answer with its request.
    pub sequence: u32,
    /// The sending socket; 0 is the kernel, and what a request leaves to the kernel to fill in.
    pub port: u32,
}

impl Header {
    /// The header's length on the wire.
    pub const LENGTH: usize = 16;
    /// The length of a header with nf_tables' own (`struct nfgenmsg`) behind it.
    pub const GENERAL_LENGTH: usize = Self::LENGTH + 4;

    /// Appends a message: this header, `struct nfgenmsg` of the given family and resource id, then what
    /// `body` writes.
    #[inline]
    pub fn write<R>(
        &self,
        buffer: &mut Vec<u8>,
        family: u8,
        resource: u16,
        body: impl FnOnce(&mut Vec<u8>) -> R,
    ) -> R {
        let start = buffer.len();
        let mut head = [0; Self::GENERAL_LENGTH];
        let fields: [&[u8]; 7] = [
            &[0; 4],
            &self.kind.to_ne_bytes(),
            &self.flags.to_ne_bytes(),
            &self.sequence.to_ne_bytes(),
            &self.port.to_ne_bytes(),
            // nfgen_family and the version, NFNETLINK_V0
            &[family, 0],
            &resource.to_be_bytes(),
        ];
        let mut at = 0;
        for field in fields {
            head[at..at + field.len()].copy_from_slice(field);
            at += field.len();
        }
        buffer.extend_from_slice(&head);
        let result = body(buffer);
        // A message of 4 GiB cannot be built: one attribute is at most 64 KiB, and a message has few.
        let length = u32::try_from(buffer.len() - start).unwrap_or(u32::MAX);
        if let Some(field) = buffer.get_mut(start..start + 4) {
            field.copy_from_slice(&length.to_ne_bytes());
        }
        result
    }
}

/// Why a datagram is not a run of netlink messages.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a netlink message announces {announced} bytes, {available} are there")]
pub struct MessageError {
    /// The length in the header.
    pub announced: usize,
    /// The bytes that there are.
    pub available: usize,
}

/// One message of a datagram, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenMessage<'a> {
    /// The header.
    pub header: Header,
    /// Everything behind the header.
    pub body: &'a [u8],
}

impl<'a> GenMessage<'a> {
    /// The address family in nf_tables' header; 0 if the body is too short for one.
    pub fn family(&self) -> u8 {
        self.body.first().copied().unwrap_or_default()
    }

    /// The resource id in nf_tables' header: the low 16 bits of the generation.
    pub fn resource(&self) -> u16 {
        match self.body {
            [_, _, high, low, ..] => u16::from_be_bytes([*high, *low]),
            _ => 0,
        }
    }

    /// The attributes behind nf_tables' header.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::new(self.body.get(4..).unwrap_or_default())
    }
}

/// The messages of a datagram. A broken length ends the run with one error.
#[derive(Clone, Copy, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Messages<'a> {
    /// Reads from the start of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<GenMessage<'a>, MessageError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let rest = std::mem::take(&mut self.rest);
        let Some((head, _)) = rest.split_first_chunk::<{ Header::LENGTH }>() else {
            return Some(Err(MessageError { announced: Header::LENGTH, available: rest.len() }));
        };
        let [l0, l1, l2, l3, k0, k1, f0, f1, s0, s1, s2, s3, p0, p1, p2, p3] = *head;
        let length = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
        let Some(body) = rest.get(Header::LENGTH..length) else {
            return Some(Err(MessageError { announced: length, available: rest.len() }));
        };
        self.rest = rest.get(align(length)..).unwrap_or_default();
        let header = Header {
            kind: u16::from_ne_bytes([k0, k1]),
            flags: u16::from_ne_bytes([f0, f1]),
            sequence: u32::from_ne_bytes([s0, s1, s2, s3]),
            port: u32::from_ne_bytes([p0, p1, p2, p3]),
        };
        Some(Ok(GenMessage { header, body }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Writer;

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let header = Header { kind: nft::NEWTABLE, flags: flags::REQUEST, sequence: 7, port: 9 };
        let mut bytes = Vec::new();
        for family in [1, 2] {
            header.write(&mut bytes, family, 10, |body| Writer::new(body).text(1, "edge"));
        }
        let messages: Vec<_> = Messages::new(&bytes).map(Result::unwrap).collect();
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[1].header, header);
        assert_eq!((messages[1].family(), messages[1].resource()), (2, 10));
        let name = messages[1].attributes().next().unwrap().unwrap();
        assert_eq!(name.get::<String>().unwrap(), "edge");
    }

    #[test]
    fn a_length_that_lies_is_one_error_and_then_the_end() {
        for length in [0u32, 15, 17, u32::MAX] {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&length.to_ne_bytes());
            let mut messages = Messages::new(&bytes);
            assert!(messages.next().is_some_and(|first| first.is_err()), "{length}");
            assert!(messages.next().is_none());
        }
    }
}
