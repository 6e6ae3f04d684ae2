//! `exthdr`: IPv6 extension headers and options of IPv4, TCP, SCTP, DCCP (`net/netfilter/nft_exthdr.c`).

use super::{Expression, Register};
use crate::wire::{Attributes, Buffer, DecodeError, Unknown, Writer, flag_set, kernel_enum};

kernel_enum! {
    /// Where the header or option is looked for (`enum nft_exthdr_op`).
    pub enum ExthdrOp: u32 {
        /// Among the extension headers of IPv6.
        #[doc(alias = "NFT_EXTHDR_OP_IPV6")]
        Ipv6 = 0 "exthdr",
        /// Among the options of TCP.
        #[doc(alias = "NFT_EXTHDR_OP_TCPOPT")]
        Tcp = 1 "tcp option",
        /// Among the options of IPv4.
        #[doc(alias = "NFT_EXTHDR_OP_IPV4")]
        Ipv4 = 2 "ip option",
        /// Among the chunks of SCTP. Kernel 5.14.
        #[doc(alias = "NFT_EXTHDR_OP_SCTP")]
        Sctp = 3 "sctp chunk",
        /// Among the options of DCCP: whether one is there. Kernel 6.5.
        #[doc(alias = "NFT_EXTHDR_OP_DCCP")]
        Dccp = 4 "dccp option",
    }
}

flag_set! {
    /// `enum nft_exthdr_flags`
    pub struct ExthdrFlags: u32 {
        /// Not the content is read but whether the header is there: 1 or 0, `u8`.
        PRESENT = 1,
    }
}

/// Reads, writes or removes a header or option.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Exthdr {
    /// Which way.
    pub access: ExthdrAccess,
    /// The header's or option's number.
    pub kind: u8,
    /// Bytes from the header's start.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub offset: Option<u32>,
    /// How many bytes.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub len: Option<u32>,
    /// Whether to read only if it is there.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub flags: Option<ExthdrFlags>,
    /// Where it is looked for.
    pub op: ExthdrOp,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
}

/// What an [`Exthdr`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ExthdrAccess {
    /// Reads into a register. The rule breaks if the header is not there.
    Load(Register),
    /// Writes from a register, 2 or 4 bytes of a TCP option.
    Store(Register),
    /// Overwrites a TCP option with padding. Kernel 5.18.
    Strip,
}

const NFTA_EXTHDR_DREG: u16 = 1;
const NFTA_EXTHDR_TYPE: u16 = 2;
const NFTA_EXTHDR_OFFSET: u16 = 3;
const NFTA_EXTHDR_LEN: u16 = 4;
const NFTA_EXTHDR_FLAGS: u16 = 5;
const NFTA_EXTHDR_OP: u16 = 6;
const NFTA_EXTHDR_SREG: u16 = 7;

impl Exthdr {
    const fn with(access: ExthdrAccess, op: ExthdrOp, kind: u8) -> Self {
        Self { access, kind, offset: None, len: None, flags: None, op, unknown: Unknown::new() }
    }

    /// Reads bytes of a header or option into a register.
    pub const fn load(op: ExthdrOp, kind: u8, offset: u32, len: u32, dreg: Register) -> Self {
        let mut this = Self::with(ExthdrAccess::Load(dreg), op, kind);
        (this.offset, this.len) = (Some(offset), Some(len));
        this
    }

    /// Puts 1 into a register if the header or option is there, else 0.
    pub const fn present(op: ExthdrOp, kind: u8, dreg: Register) -> Self {
        let mut this = Self::load(op, kind, 0, 1, dreg);
        this.flags = Some(ExthdrFlags::PRESENT);
        this
    }

    /// Writes 2 or 4 bytes of a TCP option from a register.
    pub const fn store(kind: u8, offset: u32, len: u32, sreg: Register) -> Self {
        let mut this = Self::with(ExthdrAccess::Store(sreg), ExthdrOp::Tcp, kind);
        (this.offset, this.len) = (Some(offset), Some(len));
        this
    }

    /// Overwrites a TCP option with padding.
    pub const fn strip(kind: u8) -> Self {
        Self::with(ExthdrAccess::Strip, ExthdrOp::Tcp, kind)
    }
}

impl Expression for Exthdr {
    const NAME: &'static str = "exthdr";
    const ATTRIBUTES: &'static [(&'static str, u16)] = &[
        ("NFTA_EXTHDR_DREG", NFTA_EXTHDR_DREG),
        ("NFTA_EXTHDR_TYPE", NFTA_EXTHDR_TYPE),
        ("NFTA_EXTHDR_OFFSET", NFTA_EXTHDR_OFFSET),
        ("NFTA_EXTHDR_LEN", NFTA_EXTHDR_LEN),
        ("NFTA_EXTHDR_FLAGS", NFTA_EXTHDR_FLAGS),
        ("NFTA_EXTHDR_OP", NFTA_EXTHDR_OP),
        ("NFTA_EXTHDR_SREG", NFTA_EXTHDR_SREG),
    ];

    #[inline]
    fn encode_known(&self, writer: &mut Writer<'_, impl Buffer>) {
        let Self { access, kind, offset, len, flags, op, unknown: _ } = self;
        match access {
            ExthdrAccess::Load(dreg) => writer.put(NFTA_EXTHDR_DREG, dreg),
            ExthdrAccess::Store(sreg) => writer.put(NFTA_EXTHDR_SREG, sreg),
            ExthdrAccess::Strip => {}
        }
        writer.put(NFTA_EXTHDR_TYPE, kind);
        writer.put_option(NFTA_EXTHDR_OFFSET, offset);
        writer.put_option(NFTA_EXTHDR_LEN, len);
        writer.put_option(NFTA_EXTHDR_FLAGS, flags);
        writer.put(NFTA_EXTHDR_OP, op);
    }

    #[inline]
    fn unknown(&self) -> &Unknown {
        &self.unknown
    }

    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let (mut access, mut kind, mut op, mut unknown) = (None, None, None, Unknown::new());
        let (mut offset, mut len, mut flags) = (None, None, None);
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_EXTHDR_DREG if access.is_none() => access = Some(ExthdrAccess::Load(attribute.get()?)),
                NFTA_EXTHDR_SREG if access.is_none() => access = Some(ExthdrAccess::Store(attribute.get()?)),
                NFTA_EXTHDR_TYPE => kind = Some(attribute.get()?),
                NFTA_EXTHDR_OFFSET => offset = Some(attribute.get()?),
                NFTA_EXTHDR_LEN => len = Some(attribute.get()?),
                NFTA_EXTHDR_FLAGS => flags = Some(attribute.get()?),
                NFTA_EXTHDR_OP => op = Some(attribute.get()?),
                _ => unknown.keep(attribute),
            }
        }
        Ok(Self {
            access: access.unwrap_or(ExthdrAccess::Strip),
            kind: kind.ok_or(DecodeError::Missing { name: "NFTA_EXTHDR_TYPE" })?,
            offset,
            len,
            flags,
            op: op.ok_or(DecodeError::Missing { name: "NFTA_EXTHDR_OP" })?,
            unknown,
        })
    }
}
