//! `objref`: use a named object: counter, quota, limit, helper … (`net/netfilter/nft_objref.c`).

use super::{Expression, Register};
use crate::wire::{Attributes, Buffer, DecodeError, Unknown, Writer, kernel_enum};

kernel_enum! {
    /// Kinds of named objects (`NFT_OBJECT_…`).
    pub enum ObjectKind: u32 {
        /// Counts packets and bytes.
        #[doc(alias = "NFT_OBJECT_COUNTER")]
        Counter = 1 "counter",
        /// So many bytes and no more.
        #[doc(alias = "NFT_OBJECT_QUOTA")]
        Quota = 2 "quota",
        /// A connection tracking helper.
        #[doc(alias = "NFT_OBJECT_CT_HELPER")]
        CtHelper = 3 "ct helper",
        /// A token bucket.
        #[doc(alias = "NFT_OBJECT_LIMIT")]
        Limit = 4 "limit",
        /// So many connections at a time.
        #[doc(alias = "NFT_OBJECT_CONNLIMIT")]
        Connlimit = 5 "ct count",
        /// A tunnel's metadata.
        #[doc(alias = "NFT_OBJECT_TUNNEL")]
        Tunnel = 6 "tunnel",
        /// Connection tracking timeouts.
        #[doc(alias = "NFT_OBJECT_CT_TIMEOUT")]
        CtTimeout = 7 "ct timeout",
        /// A security mark.
        #[doc(alias = "NFT_OBJECT_SECMARK")]
        SecMark = 8 "secmark",
        /// An expected connection.
        #[doc(alias = "NFT_OBJECT_CT_EXPECT")]
        CtExpect = 9 "ct expectation",
        /// A SYN proxy.
        #[doc(alias = "NFT_OBJECT_SYNPROXY")]
        Synproxy = 10 "synproxy",
    }
}

/// Applies a named object to the packet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Objref {
    /// Which object.
    pub object: ObjectChoice,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
}

/// How an [`Objref`] finds its object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum ObjectChoice {
    /// One object.
    Named {
        /// Its kind.
        kind: ObjectKind,
        /// Its name.
        name: String,
    },
    /// Whichever a map holds for the key; none breaks the rule.
    Map {
        /// Holds the key.
        sreg: Register,
        /// The map's name.
        set: String,
        /// The map's number within its transaction (`NFTA_SET_ID`).
        #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
        set_id: Option<u32>,
    },
}

const NFTA_OBJREF_IMM_TYPE: u16 = 1;
const NFTA_OBJREF_IMM_NAME: u16 = 2;
const NFTA_OBJREF_SET_SREG: u16 = 3;
const NFTA_OBJREF_SET_NAME: u16 = 4;
const NFTA_OBJREF_SET_ID: u16 = 5;

impl Objref {
    /// One object.
    pub fn named(kind: ObjectKind, name: impl Into<String>) -> Self {
        Self { object: ObjectChoice::Named { kind, name: name.into() }, unknown: Unknown::new() }
    }

    /// Whichever object a map holds for the key in a register.
    pub fn map(sreg: Register, set: impl Into<String>) -> Self {
        Self { object: ObjectChoice::Map { sreg, set: set.into(), set_id: None }, unknown: Unknown::new() }
    }
}

impl Expression for Objref {
    const NAME: &'static str = "objref";
    const ATTRIBUTES: &'static [(&'static str, u16)] = &[
        ("NFTA_OBJREF_IMM_TYPE", NFTA_OBJREF_IMM_TYPE),
        ("NFTA_OBJREF_IMM_NAME", NFTA_OBJREF_IMM_NAME),
        ("NFTA_OBJREF_SET_SREG", NFTA_OBJREF_SET_SREG),
        ("NFTA_OBJREF_SET_NAME", NFTA_OBJREF_SET_NAME),
        ("NFTA_OBJREF_SET_ID", NFTA_OBJREF_SET_ID),
    ];

    #[inline]
    fn encode_known(&self, writer: &mut Writer<'_, impl Buffer>) {
        let Self { object, unknown: _ } = self;
        match object {
            ObjectChoice::Named { kind, name } => {
                writer.put(NFTA_OBJREF_IMM_NAME, name);
                writer.put(NFTA_OBJREF_IMM_TYPE, kind);
            }
            ObjectChoice::Map { sreg, set, set_id } => {
                writer.put(NFTA_OBJREF_SET_SREG, sreg);
                writer.put(NFTA_OBJREF_SET_NAME, set);
                writer.put_option(NFTA_OBJREF_SET_ID, set_id);
            }
        }
    }

    #[inline]
    fn unknown(&self) -> &Unknown {
        &self.unknown
    }

    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let (mut kind, mut name, mut unknown) = (None, None, Unknown::new());
        let (mut sreg, mut set, mut set_id) = (None, None, None);
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_OBJREF_IMM_TYPE => kind = Some(attribute.get()?),
                NFTA_OBJREF_IMM_NAME => name = Some(attribute.get()?),
                NFTA_OBJREF_SET_SREG => sreg = Some(attribute.get()?),
                NFTA_OBJREF_SET_NAME => set = Some(attribute.get()?),
                NFTA_OBJREF_SET_ID => set_id = Some(attribute.get()?),
                _ => unknown.keep(attribute),
            }
        }
        let object = match (kind, name, sreg, set, set_id) {
            (Some(kind), Some(name), None, None, None) => ObjectChoice::Named { kind, name },
            (None, None, Some(sreg), Some(set), set_id) => ObjectChoice::Map { sreg, set, set_id },
            _ => return Err(DecodeError::Missing { name: "NFTA_OBJREF_IMM_NAME" }),
        };
        Ok(Self { object, unknown })
    }
}
