//! Expressions of which this library only knows the name.

use crate::wire::{Attribute, Buffer, Unknown, Value, Writer};

use super::{NFTA_EXPR_DATA, NFTA_EXPR_NAME};

/// An expression kept byte for byte: of a newer kernel, or in a form that this library cannot decode.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct UnknownExpression {
    name: String,
    #[cfg_attr(
        feature = "serde",
        serde(default, with = "crate::json::data_attribute", skip_serializing_if = "Option::is_none")
    )]
    data: Option<(u16, Box<[u8]>)>,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    beside: Unknown,
}

impl UnknownExpression {
    /// An expression by its kernel name and the bytes of its attributes.
    pub fn from_bytes(name: impl Into<String>, attributes: &[u8]) -> Self {
        let kind = NFTA_EXPR_DATA | crate::wire::NLA_F_NESTED;
        Self { name: name.into(), data: Some((kind, attributes.into())), beside: Unknown::new() }
    }

    pub(super) fn new(name: String, data: Option<Attribute<'_>>, beside: Unknown) -> Self {
        let data = data.map(|data| (data.raw_kind(), data.payload.into()));
        Self { name, data, beside }
    }

    /// The kernel's name of the expression.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its attributes' bytes.
    pub fn attributes(&self) -> &[u8] {
        self.data.as_ref().map_or(&[], |(_, bytes)| bytes)
    }

    pub(super) fn put(&self, kind: u16, writer: &mut Writer<'_, impl Buffer>) {
        writer.nest(kind, |element| {
            self.name.put(NFTA_EXPR_NAME, element);
            if let Some((kind, bytes)) = &self.data {
                element.bytes(*kind, bytes);
            }
            self.beside.encode(element);
        });
    }
}
