//! Attributes that this library does not know: number, the two marks that netlink has, and bytes.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{hex, is_default};
use crate::wire::{Attribute, NLA_F_NESTED, NLA_F_NET_BYTEORDER, NLA_TYPE_MASK, Unknown};

/// An attribute as it stands in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    number: u16,
    /// [`NLA_F_NESTED`]
    #[serde(default, skip_serializing_if = "is_default")]
    nested: bool,
    /// [`NLA_F_NET_BYTEORDER`]
    #[serde(default, skip_serializing_if = "is_default")]
    network_order: bool,
    #[serde(with = "hex")]
    bytes: Vec<u8>,
}

impl Kept {
    fn new(attribute: Attribute<'_>) -> Self {
        Self {
            number: attribute.kind(),
            nested: attribute.is_nested(),
            network_order: attribute.raw_kind() & NLA_F_NET_BYTEORDER != 0,
            bytes: attribute.payload.to_vec(),
        }
    }

    /// The number with its marks.
    fn raw_kind<E: de::Error>(&self) -> Result<u16, E> {
        if self.number & !NLA_TYPE_MASK != 0 {
            let number = de::Unexpected::Unsigned(self.number.into());
            return Err(E::invalid_value(number, &"an attribute's number, at most 16383"));
        }
        let mark = |is: bool, bit: u16| if is { bit } else { 0 };
        Ok(self.number | mark(self.nested, NLA_F_NESTED) | mark(self.network_order, NLA_F_NET_BYTEORDER))
    }
}

impl Serialize for Unknown {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter().map(Kept::new))
    }
}

impl<'de> Deserialize<'de> for Unknown {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut unknown = Self::new();
        for kept in Vec::<Kept>::deserialize(from)? {
            unknown.keep(Attribute::new(kept.raw_kind()?, &kept.bytes));
        }
        Ok(unknown)
    }
}

/// The attribute around an unknown expression's attributes, if there is one.
pub(crate) mod data_attribute {
    use super::{Attribute, Deserialize, Deserializer, Kept, Serialize, Serializer, de};
    use crate::expr::NFTA_EXPR_DATA;

    type Data = Option<(u16, Box<[u8]>)>;

    pub(crate) fn serialize<S: Serializer>(data: &Data, to: S) -> Result<S::Ok, S::Error> {
        data.as_ref().map(|(kind, bytes)| Kept::new(Attribute::new(*kind, bytes))).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Data, D::Error> {
        let Some(kept) = Option::<Kept>::deserialize(from)? else {
            return Ok(None);
        };
        if kept.number != NFTA_EXPR_DATA {
            let number = de::Unexpected::Unsigned(kept.number.into());
            return Err(de::Error::invalid_value(number, &"2, the number of an expression's attributes"));
        }
        Ok(Some((kept.raw_kind()?, kept.bytes.into())))
    }
}
