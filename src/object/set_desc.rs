//! What a set says of its content: how much, and what a concatenation consists of.

use crate::{
    expr::NFTA_LIST_ELEM,
    wire::{Attributes, Buffer, DecodeError, Nested, Unknown, Writer},
};

/// `NFTA_SET_DESC`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct SetDesc {
    /// How many elements there can be. The kernel may then choose a faster, fixed-size set.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub size: Option<u32>,
    /// Bytes of each part of a concatenation; empty for other sets. Concatenations of intervals need it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub fields: Vec<u32>,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
}

pub(crate) const NFTA_SET_DESC_SIZE: u16 = 1;
const NFTA_SET_DESC_CONCAT: u16 = 2;
const NFTA_SET_FIELD_LEN: u16 = 1;

impl SetDesc {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.size.is_none() && self.fields.is_empty() && self.unknown.is_empty()
    }
}

impl Nested for SetDesc {
    fn encode(&self, writer: &mut Writer<'_, impl Buffer>) {
        let Self { size, fields, unknown } = self;
        writer.put_option(NFTA_SET_DESC_SIZE, size);
        if !fields.is_empty() {
            writer.nest(NFTA_SET_DESC_CONCAT, |list| {
                for field in fields {
                    list.nest(NFTA_LIST_ELEM, |inner| inner.put(NFTA_SET_FIELD_LEN, field));
                }
            });
        }
        unknown.encode(writer);
    }

    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let mut desc = Self::default();
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_SET_DESC_SIZE => desc.size = Some(attribute.get()?),
                NFTA_SET_DESC_CONCAT => match fields(attribute.attributes())? {
                    Some(fields) => desc.fields = fields,
                    None => desc.unknown.keep(attribute),
                },
                _ => desc.unknown.keep(attribute),
            }
        }
        Ok(desc)
    }
}

/// The lengths; `None` where the kernel says more of a field than that.
fn fields(list: Attributes<'_>) -> Result<Option<Vec<u32>>, DecodeError> {
    let mut fields = Vec::new();
    for field in list {
        let mut len = None;
        for attribute in field?.attributes() {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_SET_FIELD_LEN => len = Some(attribute.get()?),
                _ => return Ok(None),
            }
        }
        fields.push(len.ok_or(DecodeError::Missing { name: "NFTA_SET_FIELD_LEN" })?);
    }
    Ok(Some(fields))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Attribute, NLA_F_NESTED, Value};

    #[test]
    fn descriptions_survive_the_wire() {
        let mut unknown = Unknown::new();
        unknown.keep(Attribute::new(9, b"abc"));
        // A concatenation of a later kernel: one field, and of it more than its length.
        let mut field = Vec::new();
        Writer::new(&mut field).nest(NFTA_LIST_ELEM, |inner| {
            inner.put(NFTA_SET_FIELD_LEN, &4u32);
            inner.put(7, &1u32);
        });
        let mut later = Unknown::new();
        later.keep(Attribute::new(NFTA_SET_DESC_CONCAT | NLA_F_NESTED, &field));
        for desc in [
            SetDesc::default(),
            SetDesc { size: Some(7), ..SetDesc::default() },
            SetDesc { size: None, fields: vec![4, 2], unknown },
            SetDesc { size: Some(7), fields: Vec::new(), unknown: later },
        ] {
            let mut bytes = Vec::new();
            Writer::new(&mut bytes).put(1, &desc);
            let read = Attributes::new(&bytes).next().unwrap().unwrap();
            assert_eq!(SetDesc::get(read), Ok(desc));
        }
    }
}
