//! Whether bytes may be shown to libnftnl.

use super::attribute::{Attribute, attributes, find};
use super::schema::{self, Kind, Schema};

/// Expressions inside expressions: one is usual, and libnftnl descends by recursion.
const DEEPEST: usize = 4;

/// What libnftnl's `union nftnl_data_reg` holds (`NFT_DATA_VALUE_MAXLEN`).
const LONGEST_VALUE: usize = 64;

/// What libnftnl's array of field lengths holds (`NFT_REG32_COUNT`).
const MOST_FIELDS: usize = 16;

const LIST_ELEMENT: u16 = 1;
const EXPRESSION_NAME: u16 = 1;
const EXPRESSION_DATA: u16 = 2;

/// Whether libnftnl survives these attributes and reads all of them.
pub(super) fn admits(schema: &Schema, nest: &[u8]) -> bool {
    nest_fits(schema, nest, DEEPEST).is_some()
}

// `None` is "does not fit" in all of these, which lets `?` say it.

fn nest_fits(schema: &Schema, nest: &[u8], depth: usize) -> Option<()> {
    let attributes = distinct(nest)?;
    for attribute in &attributes {
        let kind = schema.kinds.get(usize::from(attribute.id))?;
        payload_fits(*kind, attribute.payload, depth)?;
    }
    schema.required.iter().all(|id| find(&attributes, *id).is_some()).then_some(())
}

/// libnftnl takes the last of two alike, which for some (a set's fields, a chain's name) is not the whole truth.
fn distinct(nest: &[u8]) -> Option<Vec<Attribute<'_>>> {
    let attributes = attributes(nest)?;
    let mut ids: Vec<u16> = attributes.iter().map(|attribute| attribute.id).collect();
    ids.sort_unstable();
    ids.dedup();
    (ids.len() == attributes.len()).then_some(attributes)
}

fn payload_fits(kind: Kind, payload: &[u8], depth: usize) -> Option<()> {
    match kind {
        Kind::Refused => None,
        Kind::U8 => (payload.len() == 1).then_some(()),
        Kind::U16 => (payload.len() == 2).then_some(()),
        Kind::U32 => (payload.len() == 4).then_some(()),
        Kind::U64 => (payload.len() == 8).then_some(()),
        Kind::Text => text(payload).map(drop),
        Kind::Bytes => Some(()),
        Kind::Nest(schema) => nest_fits(schema, payload, depth),
        Kind::Value => value_fits(only(payload)?),
        Kind::Data => data_fits(only(payload)?),
        Kind::Expression => expression_fits(payload, depth.checked_sub(1)?),
        Kind::List(kind) => list_fits(payload, |element| payload_fits(*kind, element, depth)),
        Kind::Devices => list_fits(payload, |name| text(name).map(drop)),
        Kind::Fields => fields_fit(payload),
    }
}

/// The text without its NUL.
fn text(payload: &[u8]) -> Option<&[u8]> {
    let (last, text) = payload.split_last()?;
    (*last == 0 && !text.contains(&0)).then_some(text)
}

fn only(nest: &[u8]) -> Option<Attribute<'_>> {
    match *attributes(nest)? {
        [attribute] => Some(attribute),
        _ => None,
    }
}

fn list_fits(nest: &[u8], fits: impl Fn(&[u8]) -> Option<()>) -> Option<()> {
    attributes(nest)?.iter().try_for_each(|element| {
        // NFTA_DEVICE_NAME has the same number.
        (element.id == LIST_ELEMENT).then_some(())?;
        fits(element.payload)
    })
}

fn value_fits(data: Attribute<'_>) -> Option<()> {
    const VALUE: u16 = 1;
    (data.id == VALUE && (1..=LONGEST_VALUE).contains(&data.payload.len())).then_some(())
}

fn data_fits(data: Attribute<'_>) -> Option<()> {
    const VERDICT: u16 = 2;
    if data.id == VERDICT { verdict_fits(data.payload) } else { value_fits(data) }
}

/// libnftnl does not clear the array that it collects these in, so it must find exactly what it looks for; a chain by
/// its id is not in this table, for it looks for a name.
fn verdict_fits(nest: &[u8]) -> Option<()> {
    const CODE: u16 = 1;
    const CHAIN: u16 = 2;
    let attributes = distinct(nest)?;
    let code = i32::from_be_bytes(find(&attributes, CODE)?.try_into().ok()?);
    let jumps = matches!(code, libc::NFT_JUMP | libc::NFT_GOTO);
    if jumps {
        text(find(&attributes, CHAIN)?)?;
    }
    (attributes.len() == if jumps { 2 } else { 1 }).then_some(())
}

fn expression_fits(nest: &[u8], depth: usize) -> Option<()> {
    let attributes = distinct(nest)?;
    let schema = schema::expression(text(find(&attributes, EXPRESSION_NAME)?)?)?;
    let data = find(&attributes, EXPRESSION_DATA);
    nest_fits(&schema, data.unwrap_or_default(), depth)?;
    (attributes.len() == if data.is_some() { 2 } else { 1 }).then_some(())
}

fn fields_fit(nest: &[u8]) -> Option<()> {
    const LENGTH: u16 = 1;
    list_fits(nest, |field| {
        let length = only(field)?;
        (length.id == LENGTH && length.payload.len() == 4).then_some(())
    })?;
    (attributes(nest)?.len() <= MOST_FIELDS).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nftnl::example::attribute;

    fn rule(expressions: &[Vec<u8>]) -> Vec<u8> {
        attribute(4, &expressions.iter().flat_map(|e| attribute(1, e)).collect::<Vec<_>>())
    }

    fn expression(name: &[u8], data: &[u8]) -> Vec<u8> {
        [attribute(1, name), attribute(2, data)].concat()
    }

    fn verdict(attributes: &[Vec<u8>]) -> Vec<u8> {
        let data = attribute(2, &attribute(2, &attributes.concat()));
        rule(&[expression(b"immediate\0", &data)])
    }

    #[test]
    fn expressions() {
        assert!(admits(&schema::RULE, &rule(&[expression(b"counter\0", &[])])));
        assert!(admits(&schema::RULE, &rule(&[attribute(1, b"notrack\0")])));
        for wrong in [
            expression(b"counter", &[]),
            expression(b"co\0unter\0", &[]),
            expression(b"nonsense\0", &[]),
            attribute(2, &[]),
            expression(b"counter\0", &attribute(1, &[0; 4])),
            expression(b"lookup\0", &attribute(2, &[0; 4])),
            [expression(b"counter\0", &[]), attribute(1, b"counter\0")].concat(),
        ] {
            assert!(!admits(&schema::RULE, &rule(std::slice::from_ref(&wrong))), "{wrong:?}");
        }
    }

    #[test]
    fn expressions_inside_expressions_have_a_bottom() {
        let mut nested = expression(b"counter\0", &[]);
        for depth in 1..10 {
            assert_eq!(admits(&schema::RULE, &rule(std::slice::from_ref(&nested))), depth <= DEEPEST);
            let data = [attribute(1, b"set\0"), attribute(7, &nested)].concat();
            nested = expression(b"dynset\0", &data);
        }
    }

    #[test]
    fn verdicts() {
        let code = |code: i32| attribute(1, &code.to_be_bytes());
        let chain = attribute(2, b"chain\0");
        assert!(admits(&schema::RULE, &verdict(&[code(1)])));
        assert!(admits(&schema::RULE, &verdict(&[code(libc::NFT_JUMP), chain.clone()])));
        assert!(!admits(&schema::RULE, &verdict(&[])));
        assert!(!admits(&schema::RULE, &verdict(&[code(libc::NFT_GOTO)])));
        assert!(!admits(&schema::RULE, &verdict(&[code(libc::NFT_GOTO), attribute(3, &[0; 4])])));
        assert!(!admits(&schema::RULE, &verdict(&[code(1), chain])));
    }

    #[test]
    fn a_set_of_too_many_fields() {
        let names = [attribute(1, b"t\0"), attribute(2, b"s\0")].concat();
        for fields in [0, 1, MOST_FIELDS, MOST_FIELDS + 1] {
            let concat = attribute(1, &attribute(1, &[0, 0, 0, 4])).repeat(fields);
            let set = [names.clone(), attribute(9, &attribute(2, &concat))].concat();
            assert_eq!(admits(&schema::SET, &set), fields <= MOST_FIELDS);
        }
        assert!(!admits(&schema::SET, &attribute(1, b"t\0")));
    }
}
