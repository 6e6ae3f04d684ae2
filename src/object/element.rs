//! Elements of sets.

use crate::{
    expr::Data,
    wire::{Attributes, DecodeError, Nested, Unknown, Writer, flag_set},
};

flag_set! {
    /// `enum nft_set_elem_flags`
    pub struct ElementFlags: u32 {
        /// The key is the first one *behind* a range.
        #[doc(alias = "NFT_SET_ELEM_INTERVAL_END")]
        INTERVAL_END = 1,
        /// Every key that has no element of its own.
        #[doc(alias = "NFT_SET_ELEM_CATCHALL")]
        CATCHALL = 2,
    }
}

/// One element.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Element {
    /// The key.
    pub key: Data,
    /// See [`ElementFlags`].
    pub flags: ElementFlags,
    /// Attributes that this library does not know.
    pub unknown: Unknown,
}

const NFTA_SET_ELEM_KEY: u16 = 1;
const NFTA_SET_ELEM_FLAGS: u16 = 3;

/// Attributes of `NFTA_SET_ELEM_LIST_ELEMENTS`' members.
pub(crate) const ELEMENT_ATTRIBUTES: &[(&str, u16)] =
    &[("NFTA_SET_ELEM_KEY", NFTA_SET_ELEM_KEY), ("NFTA_SET_ELEM_FLAGS", NFTA_SET_ELEM_FLAGS)];

const NFTA_SET_ELEM_LIST_TABLE: u16 = 1;
const NFTA_SET_ELEM_LIST_SET: u16 = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS: u16 = 3;
const NFTA_SET_ELEM_LIST_SET_ID: u16 = 4;
const NFTA_LIST_ELEM: u16 = 1;

/// Attributes of a message about elements.
pub(crate) const ELEMENT_LIST_ATTRIBUTES: &[(&str, u16)] = &[
    ("NFTA_SET_ELEM_LIST_TABLE", NFTA_SET_ELEM_LIST_TABLE),
    ("NFTA_SET_ELEM_LIST_SET", NFTA_SET_ELEM_LIST_SET),
    ("NFTA_SET_ELEM_LIST_ELEMENTS", NFTA_SET_ELEM_LIST_ELEMENTS),
    ("NFTA_SET_ELEM_LIST_SET_ID", NFTA_SET_ELEM_LIST_SET_ID),
];

impl Element {
    /// An element with this key.
    pub fn new(key: Data) -> Self {
        Self { key, flags: ElementFlags::empty(), unknown: Unknown::new() }
    }

    /// The end of a range: the first key behind it.
    pub fn end(key: Data) -> Self {
        Self { flags: ElementFlags::INTERVAL_END, ..Self::new(key) }
    }
}

impl Nested for Element {
    fn encode(&self, writer: &mut Writer<'_>) {
        let Self { key, flags, unknown } = self;
        writer.put(NFTA_SET_ELEM_KEY, key);
        if !flags.is_empty() {
            writer.put(NFTA_SET_ELEM_FLAGS, flags);
        }
        unknown.encode(writer);
    }

    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let (mut key, mut flags, mut unknown) = (None, ElementFlags::empty(), Unknown::new());
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_SET_ELEM_KEY => key = Some(attribute.get()?),
                NFTA_SET_ELEM_FLAGS => flags = attribute.get()?,
                _ => unknown.keep(attribute),
            }
        }
        Ok(Self { key: key.ok_or(DecodeError::Missing { name: "NFTA_SET_ELEM_KEY" })?, flags, unknown })
    }
}

/// Room that one message's list of elements may take: netlink's 65535, less the largest element.
const LIST_LIMIT: usize = 60_000;

/// Appends one message's worth of `elements` and returns how many were written; the caller calls again with
/// the rest.
pub(crate) fn encode_elements(
    table: &str,
    set: &str,
    id: u32,
    elements: &[Element],
    writer: &mut Writer<'_>,
) -> usize {
    writer.text(NFTA_SET_ELEM_LIST_TABLE, table);
    writer.text(NFTA_SET_ELEM_LIST_SET, set);
    writer.put(NFTA_SET_ELEM_LIST_SET_ID, &id);
    let mut written = 0;
    writer.nest(NFTA_SET_ELEM_LIST_ELEMENTS, |list| {
        let start = list.position();
        for element in elements {
            if list.position() - start > LIST_LIMIT {
                break;
            }
            list.put(NFTA_LIST_ELEM, element);
            written += 1;
        }
    });
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Value;

    #[test]
    fn elements_survive_the_wire() {
        for element in [Element::new(Data::network_u16(80)), Element::end(Data::network_u32(7))] {
            let mut bytes = Vec::new();
            Writer::new(&mut bytes).put(1, &element);
            let read = Attributes::new(&bytes).next().unwrap().unwrap();
            assert_eq!(Element::get(read), Ok(element));
        }
    }

    #[test]
    fn a_long_list_is_split_below_netlinks_limit() {
        let elements: Vec<_> = (0..10_000u32).map(|key| Element::new(Data::network_u32(key))).collect();
        let (mut rest, mut messages) = (elements.as_slice(), 0);
        while !rest.is_empty() {
            let mut bytes = Vec::new();
            let mut writer = Writer::new(&mut bytes);
            let written = encode_elements("t", "s", 1, rest, &mut writer);
            writer.finish().unwrap();
            rest = &rest[written..];
            messages += 1;
        }
        assert!((2..10).contains(&messages), "{messages}");
    }
}
