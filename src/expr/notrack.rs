//! `notrack`: no connection tracking for this packet (`net/netfilter/nft_ct.c`).

use super::Expression;
use crate::wire::{Attributes, Buffer, DecodeError, Unknown, Writer};

/// Excludes the packet from connection tracking; before tracking only (priority below -200).
///
/// The only expression that the kernel dumps without an attribute around its attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Notrack {
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
}

impl Notrack {
    /// A `notrack` expression.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Expression for Notrack {
    const NAME: &'static str = "notrack";
    const ATTRIBUTES: &'static [(&'static str, u16)] = &[];

    fn encode_known(&self, _: &mut Writer<'_, impl Buffer>) {}

    fn unknown(&self) -> &Unknown {
        &self.unknown
    }

    fn has_data(&self) -> bool {
        !self.unknown.is_empty()
    }

    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let mut unknown = Unknown::new();
        for attribute in attributes {
            unknown.keep(attribute?);
        }
        Ok(Self { unknown })
    }
}
