//! `payload`: bytes of the packet itself (`net/netfilter/nft_payload.c`).

use super::{Expression, Register};
use crate::wire::{Attributes, Buffer, DecodeError, Unknown, Writer, flag_set, kernel_enum};

kernel_enum! {
    /// Where offsets count from (`enum nft_payload_bases`).
    pub enum PayloadBase: u32 {
        /// The Ethernet header.
        #[doc(alias = "NFT_PAYLOAD_LL_HEADER")]
        Link = 0 "link",
        /// The IPv4, IPv6 or ARP header.
        #[doc(alias = "NFT_PAYLOAD_NETWORK_HEADER")]
        Network = 1 "network",
        /// The TCP, UDP, ICMP … header.
        #[doc(alias = "NFT_PAYLOAD_TRANSPORT_HEADER")]
        Transport = 2 "transport",
        /// What the transport header carries. Kernel 6.2.
        #[doc(alias = "NFT_PAYLOAD_INNER_HEADER")]
        Inner = 3 "inner",
        /// The header behind a tunnel's. Kernel 6.2.
        #[doc(alias = "NFT_PAYLOAD_TUN_HEADER")]
        Tunnel = 4 "tunnel",
    }
}

kernel_enum! {
    /// Which checksum a write must mend (`enum nft_payload_csum_types`).
    pub enum ChecksumKind: u32 {
        /// None.
        None = 0 "none",
        /// The Internet checksum (IPv4, TCP, UDP, ICMP).
        Inet = 1 "inet",
        /// SCTP's CRC-32C.
        Sctp = 2 "sctp",
    }
}

flag_set! {
    /// `enum nft_payload_csum_flags`
    pub struct ChecksumFlags: u32 {
        /// The transport checksum covers the bytes written, through the pseudo header.
        L4PSEUDOHDR = 1,
    }
}

/// Reads or writes bytes of the packet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Payload {
    /// Where the offset counts from.
    pub base: PayloadBase,
    /// Bytes from there.
    pub offset: u32,
    /// How many bytes, 1 to 64.
    pub len: u32,
    /// Which way.
    pub access: PayloadAccess,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
}

/// Whether packet bytes are read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum PayloadAccess {
    /// Into a register.
    Load(Register),
    /// From a register.
    Store {
        /// Read.
        sreg: Register,
        /// The checksum to mend.
        #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
        checksum: Option<ChecksumKind>,
        /// Where it is, from the same base.
        #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
        checksum_offset: Option<u32>,
        /// More about it.
        #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
        checksum_flags: Option<ChecksumFlags>,
    },
}

const NFTA_PAYLOAD_DREG: u16 = 1;
const NFTA_PAYLOAD_BASE: u16 = 2;
const NFTA_PAYLOAD_OFFSET: u16 = 3;
const NFTA_PAYLOAD_LEN: u16 = 4;
const NFTA_PAYLOAD_SREG: u16 = 5;
const NFTA_PAYLOAD_CSUM_TYPE: u16 = 6;
const NFTA_PAYLOAD_CSUM_OFFSET: u16 = 7;
const NFTA_PAYLOAD_CSUM_FLAGS: u16 = 8;

impl Payload {
    /// Reads into a register.
    pub const fn load(base: PayloadBase, offset: u32, len: u32, dreg: Register) -> Self {
        Self { base, offset, len, access: PayloadAccess::Load(dreg), unknown: Unknown::new() }
    }

    /// Writes from a register, no checksum involved.
    pub const fn store(base: PayloadBase, offset: u32, len: u32, sreg: Register) -> Self {
        let access = PayloadAccess::Store {
            sreg,
            checksum: Some(ChecksumKind::None),
            checksum_offset: None,
            checksum_flags: None,
        };
        Self { base, offset, len, access, unknown: Unknown::new() }
    }

    /// Writes from a register and mends the Internet checksum at `checksum_offset` from the same base.
    #[must_use]
    pub const fn store_with_checksum(
        base: PayloadBase,
        offset: u32,
        len: u32,
        sreg: Register,
        checksum_offset: u32,
        flags: ChecksumFlags,
    ) -> Self {
        let access = PayloadAccess::Store {
            sreg,
            checksum: Some(ChecksumKind::Inet),
            checksum_offset: Some(checksum_offset),
            checksum_flags: if flags.is_empty() { None } else { Some(flags) },
        };
        Self { base, offset, len, access, unknown: Unknown::new() }
    }
}

impl Expression for Payload {
    const NAME: &'static str = "payload";
    const ATTRIBUTES: &'static [(&'static str, u16)] = &[
        ("NFTA_PAYLOAD_DREG", NFTA_PAYLOAD_DREG),
        ("NFTA_PAYLOAD_BASE", NFTA_PAYLOAD_BASE),
        ("NFTA_PAYLOAD_OFFSET", NFTA_PAYLOAD_OFFSET),
        ("NFTA_PAYLOAD_LEN", NFTA_PAYLOAD_LEN),
        ("NFTA_PAYLOAD_SREG", NFTA_PAYLOAD_SREG),
        ("NFTA_PAYLOAD_CSUM_TYPE", NFTA_PAYLOAD_CSUM_TYPE),
        ("NFTA_PAYLOAD_CSUM_OFFSET", NFTA_PAYLOAD_CSUM_OFFSET),
        ("NFTA_PAYLOAD_CSUM_FLAGS", NFTA_PAYLOAD_CSUM_FLAGS),
    ];

    #[inline(always)]
    fn encode_known(&self, writer: &mut Writer<'_, impl Buffer>) {
        let Self { base, offset, len, access, unknown: _ } = self;
        match access {
            PayloadAccess::Load(dreg) => writer.put(NFTA_PAYLOAD_DREG, dreg),
            PayloadAccess::Store { sreg, .. } => writer.put(NFTA_PAYLOAD_SREG, sreg),
        }
        writer.put(NFTA_PAYLOAD_BASE, base);
        writer.put(NFTA_PAYLOAD_OFFSET, offset);
        writer.put(NFTA_PAYLOAD_LEN, len);
        if let PayloadAccess::Store { sreg: _, checksum, checksum_offset, checksum_flags } = access {
            writer.put_option(NFTA_PAYLOAD_CSUM_TYPE, checksum);
            writer.put_option(NFTA_PAYLOAD_CSUM_OFFSET, checksum_offset);
            writer.put_option(NFTA_PAYLOAD_CSUM_FLAGS, checksum_flags);
        }
    }

    #[inline]
    fn unknown(&self) -> &Unknown {
        &self.unknown
    }

    #[inline]
    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let (mut base, mut offset, mut len) = (None, None, None);
        let (mut dreg, mut sreg) = (None, None);
        let (mut checksum, mut checksum_offset, mut checksum_flags) = (None, None, None);
        let mut unknown = Unknown::new();
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_PAYLOAD_DREG => dreg = Some(attribute.get()?),
                NFTA_PAYLOAD_BASE => base = Some(attribute.get()?),
                NFTA_PAYLOAD_OFFSET => offset = Some(attribute.get()?),
                NFTA_PAYLOAD_LEN => len = Some(attribute.get()?),
                NFTA_PAYLOAD_SREG => sreg = Some(attribute.get()?),
                NFTA_PAYLOAD_CSUM_TYPE => checksum = Some(attribute.get()?),
                NFTA_PAYLOAD_CSUM_OFFSET => checksum_offset = Some(attribute.get()?),
                NFTA_PAYLOAD_CSUM_FLAGS => checksum_flags = Some(attribute.get()?),
                _ => unknown.keep(attribute),
            }
        }
        let access = match (dreg, sreg, checksum, checksum_offset, checksum_flags) {
            (Some(dreg), None, None, None, None) => PayloadAccess::Load(dreg),
            (None, Some(sreg), checksum, checksum_offset, checksum_flags) => {
                PayloadAccess::Store { sreg, checksum, checksum_offset, checksum_flags }
            }
            (None, None, ..) => return Err(DecodeError::Missing { name: "NFTA_PAYLOAD_DREG" }),
            (Some(_), ..) => {
                return Err(DecodeError::Content { kind: NFTA_PAYLOAD_DREG, problem: "both read and write" });
            }
        };
        Ok(Self {
            base: base.ok_or(DecodeError::Missing { name: "NFTA_PAYLOAD_BASE" })?,
            offset: offset.ok_or(DecodeError::Missing { name: "NFTA_PAYLOAD_OFFSET" })?,
            len: len.ok_or(DecodeError::Missing { name: "NFTA_PAYLOAD_LEN" })?,
            access,
            unknown,
        })
    }
}
