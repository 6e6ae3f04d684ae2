//! Sets: keys that rules look up in one step.

use super::{Element, Origin, check_name};
use crate::{
    Invalid,
    wire::{Unknown, Writer, flag_set},
};

flag_set! {
    /// `enum nft_set_flags`
    pub struct SetFlags: u32 {
        /// The set belongs to one rule and has no name of its own.
        #[doc(alias = "NFT_SET_ANONYMOUS")]
        ANONYMOUS = 0x1,
        /// The content does not change.
        #[doc(alias = "NFT_SET_CONSTANT")]
        CONSTANT = 0x2,
        /// Elements are ranges.
        #[doc(alias = "NFT_SET_INTERVAL")]
        INTERVAL = 0x4,
        /// Keys lead to values.
        #[doc(alias = "NFT_SET_MAP")]
        MAP = 0x8,
        /// Elements can have a timeout.
        #[doc(alias = "NFT_SET_TIMEOUT")]
        TIMEOUT = 0x10,
        /// Rules add elements.
        #[doc(alias = "NFT_SET_EVAL")]
        EVAL = 0x20,
        /// Keys lead to stateful objects.
        #[doc(alias = "NFT_SET_OBJECT")]
        OBJECT = 0x40,
        /// The key is a concatenation.
        #[doc(alias = "NFT_SET_CONCAT")]
        CONCAT = 0x80,
        /// Elements can have expressions.
        #[doc(alias = "NFT_SET_EXPR")]
        EXPR = 0x100,
    }
}

/// A set with its elements, as the kernel takes it: keys are bytes, and their type is nft's number for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Set {
    /// Its name, unique in its table; `__set%d` for an anonymous one.
    pub name: String,
    /// See [`SetFlags`].
    pub flags: SetFlags,
    /// nft's number for the key's type, so that nft can print it (`enum datatypes`). The kernel ignores it.
    pub key_type: u32,
    /// Bytes of a key, 1 to 64.
    pub key_len: u32,
    /// How many elements there can be. The kernel may then choose a faster, fixed-size set.
    pub size: Option<u32>,
    /// Bytes kept beside it; nft keeps the key's byte order and the comment there.
    pub userdata: Option<Vec<u8>>,
    /// Its elements.
    pub elements: Vec<Element>,
    /// Attributes that this library does not know.
    pub unknown: Unknown,
    /// The caller's line.
    pub origin: Origin,
}

const NFTA_SET_TABLE: u16 = 1;
const NFTA_SET_NAME: u16 = 2;
const NFTA_SET_FLAGS: u16 = 3;
const NFTA_SET_KEY_TYPE: u16 = 4;
const NFTA_SET_KEY_LEN: u16 = 5;
const NFTA_SET_DESC: u16 = 9;
const NFTA_SET_ID: u16 = 10;
const NFTA_SET_USERDATA: u16 = 13;
const NFTA_SET_DESC_SIZE: u16 = 1;

pub(crate) const SET_ATTRIBUTES: &[(&str, u16)] = &[
    ("NFTA_SET_TABLE", NFTA_SET_TABLE),
    ("NFTA_SET_NAME", NFTA_SET_NAME),
    ("NFTA_SET_FLAGS", NFTA_SET_FLAGS),
    ("NFTA_SET_KEY_TYPE", NFTA_SET_KEY_TYPE),
    ("NFTA_SET_KEY_LEN", NFTA_SET_KEY_LEN),
    ("NFTA_SET_DESC", NFTA_SET_DESC),
    ("NFTA_SET_ID", NFTA_SET_ID),
    ("NFTA_SET_USERDATA", NFTA_SET_USERDATA),
];

/// nft's user data: the key's byte order (`NFTNL_UDATA_SET_KEYBYTEORDER`).
const KEY_BYTE_ORDER: u8 = 0;

impl Set {
    /// A set that belongs to one rule: constant, and sized by its elements.
    #[track_caller]
    pub(crate) fn anonymous(
        key_type: u32,
        key_len: u32,
        host_order: bool,
        interval: bool,
        elements: Vec<Element>,
    ) -> Self {
        let mut flags = SetFlags::ANONYMOUS | SetFlags::CONSTANT;
        flags.set(SetFlags::INTERVAL, interval);
        let byte_order: u32 = if host_order { 1 } else { 2 };
        let mut userdata = Vec::new();
        super::userdata::push(&mut userdata, KEY_BYTE_ORDER, &byte_order.to_ne_bytes());
        Self {
            name: "__set%d".to_owned(),
            flags,
            key_type,
            key_len,
            size: u32::try_from(elements.len()).ok(),
            userdata: Some(userdata),
            elements,
            unknown: Unknown::new(),
            origin: Origin::here(),
        }
    }

    /// Whether the kernel can take the set.
    pub fn check(&self) -> Result<(), Invalid> {
        check_name("set", &self.name)
    }

    /// Appends the attributes of the set itself. `id` is its number within the transaction.
    pub(crate) fn encode(&self, table: &str, id: u32, writer: &mut Writer<'_>) {
        let Self { name, flags, key_type, key_len, size, userdata, elements: _, unknown, origin: _ } = self;
        writer.text(NFTA_SET_TABLE, table);
        writer.put(NFTA_SET_NAME, name);
        writer.put(NFTA_SET_FLAGS, flags);
        writer.put(NFTA_SET_KEY_TYPE, key_type);
        writer.put(NFTA_SET_KEY_LEN, key_len);
        writer.put(NFTA_SET_ID, &id);
        if let Some(size) = size {
            writer.nest(NFTA_SET_DESC, |inner| inner.put(NFTA_SET_DESC_SIZE, size));
        }
        writer.put_option(NFTA_SET_USERDATA, userdata);
        unknown.encode(writer);
    }
}
