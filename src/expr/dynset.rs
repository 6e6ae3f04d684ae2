//! `dynset`: change a set from a rule (`net/netfilter/nft_dynset.c`).

use super::{Expr, Expression, NFTA_LIST_ELEM, Register, decode_leaf};
use crate::wire::{Attributes, Buffer, DecodeError, Unknown, Writer, flag_set, kernel_enum};

kernel_enum! {
    /// What is done (`enum nft_dynset_ops`).
    pub enum DynsetOp: u32 {
        /// Adds the element if it is not there.
        #[doc(alias = "NFT_DYNSET_OP_ADD")]
        Add = 0 "add",
        /// Adds the element, or starts its timeout anew.
        #[doc(alias = "NFT_DYNSET_OP_UPDATE")]
        Update = 1 "update",
        /// Removes the element.
        #[doc(alias = "NFT_DYNSET_OP_DELETE")]
        Delete = 2 "delete",
    }
}

flag_set! {
    /// `enum nft_dynset_flags`
    pub struct DynsetFlags: u32 {
        /// Negation: the rule goes on if the element could not be added.
        INV = 1 << 0,
        /// Several expressions are given. The kernel wants it and does not report it.
        EXPR = 1 << 1,
    }
}

/// Adds a register's content to a set, or removes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Dynset {
    /// Holds the key.
    pub sreg_key: Register,
    /// For a map: holds what belongs to the key.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub sreg_data: Option<Register>,
    /// What is done.
    pub op: DynsetOp,
    /// The set's name.
    pub set: String,
    /// The set's number within its transaction (`NFTA_SET_ID`).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub set_id: Option<u32>,
    /// The element's timeout in milliseconds; the set's if absent.
    #[cfg_attr(feature = "serde", serde(rename = "timeout_ms", skip_serializing_if = "Option::is_none"))]
    pub timeout: Option<u64>,
    /// What the element does for each packet: limit, counter, quota, connlimit, last.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub expressions: Vec<Expr>,
    /// Negation.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub flags: Option<DynsetFlags>,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
}

const NFTA_DYNSET_SET_NAME: u16 = 1;
const NFTA_DYNSET_SET_ID: u16 = 2;
const NFTA_DYNSET_OP: u16 = 3;
const NFTA_DYNSET_SREG_KEY: u16 = 4;
const NFTA_DYNSET_SREG_DATA: u16 = 5;
const NFTA_DYNSET_TIMEOUT: u16 = 6;
const NFTA_DYNSET_EXPR: u16 = 7;
const NFTA_DYNSET_FLAGS: u16 = 9;
const NFTA_DYNSET_EXPRESSIONS: u16 = 10;

impl Dynset {
    /// Does `op` with the key in a register.
    pub fn new(op: DynsetOp, set: impl Into<String>, sreg_key: Register) -> Self {
        Self {
            sreg_key,
            sreg_data: None,
            op,
            set: set.into(),
            set_id: None,
            timeout: None,
            expressions: Vec::new(),
            flags: None,
            unknown: Unknown::new(),
        }
    }

    /// For a map: holds what belongs to the key.
    #[must_use]
    pub fn sreg_data(mut self, sreg_data: Register) -> Self {
        self.sreg_data = Some(sreg_data);
        self
    }

    /// The set's number within its transaction (`NFTA_SET_ID`).
    #[must_use]
    pub fn set_id(mut self, set_id: u32) -> Self {
        self.set_id = Some(set_id);
        self
    }

    /// The element's timeout in milliseconds.
    #[must_use]
    pub fn timeout(mut self, timeout: u64) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// One more thing that the element does for each packet.
    #[must_use]
    pub fn expression(mut self, expression: impl Into<Expr>) -> Self {
        self.expressions.push(expression.into());
        if self.expressions.len() > 1 {
            let flags = self.flags.unwrap_or(DynsetFlags::empty());
            self.flags = Some(flags | DynsetFlags::EXPR);
        }
        self
    }

    /// Flags. [`Dynset::expression`] sets [`DynsetFlags::EXPR`] by itself.
    #[must_use]
    pub fn flags(mut self, flags: DynsetFlags) -> Self {
        self.flags = Some(self.flags.unwrap_or(DynsetFlags::empty()) | flags);
        self
    }
}

impl Expression for Dynset {
    const NAME: &'static str = "dynset";
    const ATTRIBUTES: &'static [(&'static str, u16)] = &[
        ("NFTA_DYNSET_SET_NAME", NFTA_DYNSET_SET_NAME),
        ("NFTA_DYNSET_SET_ID", NFTA_DYNSET_SET_ID),
        ("NFTA_DYNSET_OP", NFTA_DYNSET_OP),
        ("NFTA_DYNSET_SREG_KEY", NFTA_DYNSET_SREG_KEY),
        ("NFTA_DYNSET_SREG_DATA", NFTA_DYNSET_SREG_DATA),
        ("NFTA_DYNSET_TIMEOUT", NFTA_DYNSET_TIMEOUT),
        ("NFTA_DYNSET_EXPR", NFTA_DYNSET_EXPR),
        ("NFTA_DYNSET_FLAGS", NFTA_DYNSET_FLAGS),
        ("NFTA_DYNSET_EXPRESSIONS", NFTA_DYNSET_EXPRESSIONS),
    ];

    #[inline]
    fn encode_known(&self, writer: &mut Writer<'_, impl Buffer>) {
        let Self { sreg_key, sreg_data, op, set, set_id, timeout, expressions, flags, unknown: _ } = self;
        writer.put(NFTA_DYNSET_SREG_KEY, sreg_key);
        writer.put_option(NFTA_DYNSET_SREG_DATA, sreg_data);
        writer.put(NFTA_DYNSET_OP, op);
        writer.put(NFTA_DYNSET_SET_NAME, set);
        writer.put_option(NFTA_DYNSET_SET_ID, set_id);
        writer.put_option(NFTA_DYNSET_TIMEOUT, timeout);
        match expressions.as_slice() {
            [] => {}
            [one] => writer.put(NFTA_DYNSET_EXPR, one),
            several => writer.nest(NFTA_DYNSET_EXPRESSIONS, |list| {
                several.iter().for_each(|each| list.put(NFTA_LIST_ELEM, each));
            }),
        }
        writer.put_option(NFTA_DYNSET_FLAGS, flags);
    }

    #[inline]
    fn unknown(&self) -> &Unknown {
        &self.unknown
    }

    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let (mut sreg_key, mut sreg_data, mut op) = (None, None, None);
        let (mut set, mut set_id, mut timeout) = (None, None, None);
        let (mut expressions, mut flags, mut unknown) = (Vec::new(), None, Unknown::new());
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_DYNSET_SREG_KEY => sreg_key = Some(attribute.get()?),
                NFTA_DYNSET_SREG_DATA => sreg_data = Some(attribute.get()?),
                NFTA_DYNSET_OP => op = Some(attribute.get()?),
                NFTA_DYNSET_SET_NAME => set = Some(attribute.get()?),
                NFTA_DYNSET_SET_ID => set_id = Some(attribute.get()?),
                NFTA_DYNSET_TIMEOUT => timeout = Some(attribute.get()?),
                NFTA_DYNSET_EXPR if expressions.is_empty() => expressions.push(decode_leaf(attribute)?),
                NFTA_DYNSET_EXPRESSIONS if expressions.is_empty() => {
                    expressions =
                        attribute.attributes().map(|each| decode_leaf(each?)).collect::<Result<_, _>>()?;
                    if expressions.len() < 2 {
                        // It would come back as NFTA_DYNSET_EXPR.
                        return Err(DecodeError::Content {
                            kind: attribute.kind(),
                            problem: "a list of one",
                        });
                    }
                }
                NFTA_DYNSET_FLAGS => flags = Some(attribute.get()?),
                _ => unknown.keep(attribute),
            }
        }
        Ok(Self {
            sreg_key: sreg_key.ok_or(DecodeError::Missing { name: "NFTA_DYNSET_SREG_KEY" })?,
            sreg_data,
            op: op.ok_or(DecodeError::Missing { name: "NFTA_DYNSET_OP" })?,
            set: set.ok_or(DecodeError::Missing { name: "NFTA_DYNSET_SET_NAME" })?,
            set_id,
            timeout,
            expressions,
            flags,
            unknown,
        })
    }
}
