//! Naming the attribute that the kernel objects to.

use crate::{
    expr::{NFTA_EXPR_DATA, NFTA_EXPR_NAME, attribute_name},
    object::{
        CHAIN_ATTRIBUTES, ELEMENT_ATTRIBUTES, ELEMENT_LIST_ATTRIBUTES, FLOWTABLE_ATTRIBUTES,
        NFTA_RULE_EXPRESSIONS, OBJECT_ATTRIBUTES, RULE_ATTRIBUTES, SET_ATTRIBUTES, TABLE_ATTRIBUTES,
    },
    transaction::ObjectKind,
    wire::{Attribute, Attributes, Header, Messages, align},
};

type Names = &'static [(&'static str, u16)];

/// The path to the attribute at `offset` from the start of `message`, with its value where that is a text or
/// a number: `NFTA_RULE_EXPRESSIONS[2].lookup.NFTA_LOOKUP_SET = "blocked"`.
pub(super) fn attribute_path(message: &[u8], offset: usize) -> Option<String> {
    let parsed = Messages::new(message).next()?.ok()?;
    let kind = ObjectKind::of_message(parsed.header.kind);
    let names: Names = match kind {
        ObjectKind::Table => TABLE_ATTRIBUTES,
        ObjectKind::Chain => CHAIN_ATTRIBUTES,
        ObjectKind::Rule => RULE_ATTRIBUTES,
        ObjectKind::Set => SET_ATTRIBUTES,
        ObjectKind::Elements => ELEMENT_LIST_ATTRIBUTES,
        ObjectKind::Object => OBJECT_ATTRIBUTES,
        ObjectKind::Flowtable => FLOWTABLE_ATTRIBUTES,
        _ => &[],
    };
    let (index, attribute, inside) =
        find(message.get(Header::GENERAL_LENGTH..)?, offset.checked_sub(Header::GENERAL_LENGTH)?)?;
    let _ = index;
    let name = name_of(names, attribute.kind());
    let Some(inside) = inside else {
        return Some(with_value(name, attribute));
    };
    match (kind, attribute.kind()) {
        (ObjectKind::Rule, NFTA_RULE_EXPRESSIONS) => {
            let (index, element, inside) = find(attribute.payload, inside)?;
            Some(format!("{name}[{index}].{}", in_expression(element, inside)))
        }
        // NFTA_SET_ELEM_LIST_ELEMENTS
        (ObjectKind::Elements, 3) => {
            let (index, element, inside) = find(attribute.payload, inside)?;
            let detail = inside
                .and_then(|inside| find(element.payload, inside))
                .map(|(_, found, _)| format!(".{}", name_of(ELEMENT_ATTRIBUTES, found.kind())))
                .unwrap_or_default();
            Some(format!("{name}[{index}]{detail}"))
        }
        _ => Some(name),
    }
}

/// The attribute that covers `offset` in a run of attributes: its index, itself, and, where the offset lies
/// inside its payload, the offset there.
fn find(run: &[u8], offset: usize) -> Option<(usize, Attribute<'_>, Option<usize>)> {
    let mut start = 0;
    for (index, attribute) in Attributes::new(run).map_while(Result::ok).enumerate() {
        let end = start + align(4 + attribute.payload.len());
        if offset < end {
            return Some((index, attribute, offset.checked_sub(start + 4)));
        }
        start = end;
    }
    None
}

/// `lookup`, or `lookup.NFTA_LOOKUP_SET = "blocked"` where the offset is that deep.
fn in_expression(element: Attribute<'_>, inside: Option<usize>) -> String {
    let name = element
        .attributes()
        .map_while(Result::ok)
        .find(|attribute| attribute.kind() == NFTA_EXPR_NAME)
        .and_then(|attribute| attribute.get::<String>().ok())
        .unwrap_or_else(|| "expression".to_owned());
    let detail = inside
        .and_then(|inside| find(element.payload, inside))
        .filter(|(_, attribute, _)| attribute.kind() == NFTA_EXPR_DATA)
        .and_then(|(_, data, inside)| find(data.payload, inside?));
    match detail {
        Some((_, attribute, None)) => {
            let attribute_name = attribute_name(&name, attribute.kind())
                .map_or_else(|| format!("attribute {}", attribute.kind()), str::to_owned);
            format!("{name}.{}", with_value(attribute_name, attribute))
        }
        Some((_, attribute, Some(_))) => match attribute_name(&name, attribute.kind()) {
            Some(attribute) => format!("{name}.{attribute}"),
            None => name,
        },
        None => name,
    }
}

fn name_of(names: Names, kind: u16) -> String {
    names
        .iter()
        .find(|(_, number)| *number == kind)
        .map_or_else(|| format!("attribute {kind}"), |(name, _)| (*name).to_owned())
}

fn with_value(name: String, attribute: Attribute<'_>) -> String {
    let text = || {
        let text = attribute.get::<String>().ok()?;
        let shown = !text.is_empty() && !text.chars().any(char::is_control);
        (shown && attribute.payload.ends_with(&[0])).then_some(text)
    };
    if attribute.is_nested() {
        return name;
    }
    if let Some(text) = text() {
        return format!("{name} = \"{text}\"");
    }
    match attribute.payload.len() {
        4 => attribute.get::<u32>().map_or(name.clone(), |number| format!("{name} = {number}")),
        8 => attribute.get::<u64>().map_or(name.clone(), |number| format!("{name} = {number}")),
        _ => name,
    }
}
