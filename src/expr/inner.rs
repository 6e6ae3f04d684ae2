//! `inner`: match what a tunnel carries without unpacking it (`net/netfilter/nft_inner.c`).

use super::{Expr, Expression, decode_leaf};
use crate::wire::{Attributes, Buffer, DecodeError, Unknown, Writer, flag_set, kernel_enum};

kernel_enum! {
    /// The tunnel's protocol (`enum nft_inner_type`).
    pub enum InnerKind: u32 {
        /// One whose header has a fixed length, such as GRE.
        #[doc(alias = "NFT_INNER_UNSPEC")]
        Unspecified = 0 "unspec",
        /// VXLAN.
        #[doc(alias = "NFT_INNER_VXLAN")]
        Vxlan = 1 "vxlan",
        /// GENEVE, whose header has options. Kernel 6.2.
        #[doc(alias = "NFT_INNER_GENEVE")]
        Geneve = 2 "geneve",
    }
}

flag_set! {
    /// What follows the tunnel's header (`enum nft_inner_flags`).
    pub struct InnerFlags: u32 {
        /// The header's length is given.
        #[doc(alias = "NFT_INNER_HDRSIZE")]
        HDRSIZE = 1 << 0,
        /// A link-layer header.
        #[doc(alias = "NFT_INNER_LL")]
        LINK = 1 << 1,
        /// A network header.
        #[doc(alias = "NFT_INNER_NH")]
        NETWORK = 1 << 2,
        /// A transport header.
        #[doc(alias = "NFT_INNER_TH")]
        TRANSPORT = 1 << 3,
    }
}

/// Applies an expression to what a tunnel carries. Kernel 6.2.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Inner {
    /// Which of several tunnels inside one another; the kernel knows only 0, the outermost.
    pub num: u32,
    /// The tunnel's protocol.
    pub kind: InnerKind,
    /// What follows its header.
    pub flags: InnerFlags,
    /// The length of its header, 1 to 64.
    pub hdrsize: u32,
    /// What is applied: a [`super::Payload`] or a [`super::Meta`].
    pub expression: Box<Expr>,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
}

const NFTA_INNER_NUM: u16 = 1;
const NFTA_INNER_TYPE: u16 = 2;
const NFTA_INNER_FLAGS: u16 = 3;
const NFTA_INNER_HDRSIZE: u16 = 4;
const NFTA_INNER_EXPR: u16 = 5;

impl Inner {
    /// Behind a tunnel header of any protocol.
    pub fn new(kind: InnerKind, flags: InnerFlags, hdrsize: u32, expression: impl Into<Expr>) -> Self {
        let expression = Box::new(expression.into());
        Self { num: 0, kind, flags, hdrsize, expression, unknown: Unknown::new() }
    }

    /// Behind a VXLAN header.
    pub fn vxlan(expression: impl Into<Expr>) -> Self {
        Self::new(InnerKind::Vxlan, InnerFlags::all_layers(), 8, expression)
    }

    /// Behind a GENEVE header.
    pub fn geneve(expression: impl Into<Expr>) -> Self {
        Self::new(InnerKind::Geneve, InnerFlags::all_layers(), 8, expression)
    }
}

impl InnerFlags {
    /// A header of known length, and all three layers behind it.
    const fn all_layers() -> Self {
        Self::HDRSIZE.union(Self::LINK).union(Self::NETWORK).union(Self::TRANSPORT)
    }
}

impl Expression for Inner {
    const NAME: &'static str = "inner";
    const ATTRIBUTES: &'static [(&'static str, u16)] = &[
        ("NFTA_INNER_NUM", NFTA_INNER_NUM),
        ("NFTA_INNER_TYPE", NFTA_INNER_TYPE),
        ("NFTA_INNER_FLAGS", NFTA_INNER_FLAGS),
        ("NFTA_INNER_HDRSIZE", NFTA_INNER_HDRSIZE),
        ("NFTA_INNER_EXPR", NFTA_INNER_EXPR),
    ];

    #[inline]
    fn encode_known(&self, writer: &mut Writer<'_, impl Buffer>) {
        let Self { num, kind, flags, hdrsize, expression, unknown: _ } = self;
        writer.put(NFTA_INNER_NUM, num);
        writer.put(NFTA_INNER_TYPE, kind);
        writer.put(NFTA_INNER_FLAGS, flags);
        writer.put(NFTA_INNER_HDRSIZE, hdrsize);
        writer.put(NFTA_INNER_EXPR, &**expression);
    }

    #[inline]
    fn unknown(&self) -> &Unknown {
        &self.unknown
    }

    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let (mut num, mut kind, mut flags) = (None, None, None);
        let (mut hdrsize, mut expression, mut unknown) = (None, None, Unknown::new());
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_INNER_NUM => num = Some(attribute.get()?),
                NFTA_INNER_TYPE => kind = Some(attribute.get()?),
                NFTA_INNER_FLAGS => flags = Some(attribute.get()?),
                NFTA_INNER_HDRSIZE => hdrsize = Some(attribute.get()?),
                NFTA_INNER_EXPR => expression = Some(Box::new(decode_leaf(attribute)?)),
                _ => unknown.keep(attribute),
            }
        }
        Ok(Self {
            num: num.ok_or(DecodeError::Missing { name: "NFTA_INNER_NUM" })?,
            kind: kind.ok_or(DecodeError::Missing { name: "NFTA_INNER_TYPE" })?,
            flags: flags.ok_or(DecodeError::Missing { name: "NFTA_INNER_FLAGS" })?,
            hdrsize: hdrsize.ok_or(DecodeError::Missing { name: "NFTA_INNER_HDRSIZE" })?,
            expression: expression.ok_or(DecodeError::Missing { name: "NFTA_INNER_EXPR" })?,
            unknown,
        })
    }
}
