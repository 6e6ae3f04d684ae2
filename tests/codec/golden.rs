//! Bytes that nft sends, recorded with `golden/record.py` and `golden/record_big_endian.py`.

use portcullis::{
    expr::Expr,
    wire::{Attribute, Attributes, Unknown, Value, Writer},
};

/// As nft sends them on a machine of this byte order.
const NFT: &str = if cfg!(target_endian = "big") {
    include_str!("golden/nft-1.0.6-big-endian.txt")
} else {
    include_str!("golden/nft-1.0.6-little-endian.txt")
};

/// `NFTA_RULE_EXPRESSIONS`
const EXPRESSIONS: u16 = 4;
/// `NFTA_LIST_ELEM`
const ELEMENT: u16 = 1;

/// Each command with the bytes behind nf_tables' header.
fn recorded() -> Vec<(&'static str, Vec<u8>)> {
    let mut lines = NFT.lines().skip(1);
    let mut all = Vec::new();
    while let (Some(command), Some(bytes)) = (lines.next(), lines.next()) {
        let bytes: Vec<u8> = (0..bytes.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&bytes[at..at + 2], 16).expect("hexadecimal"))
            .collect();
        all.push((command, bytes[4..].to_vec()));
    }
    assert!(all.len() > 45, "{} rules", all.len());
    all
}

fn expressions<'a>(rule: &'a [u8]) -> Vec<Attribute<'a>> {
    let list = Attributes::new(rule)
        .map(|attribute| attribute.expect("attributes"))
        .find(|attribute| attribute.kind() == EXPRESSIONS)
        .expect("a rule has expressions");
    list.attributes().map(|element| element.expect("an expression")).collect()
}

/// The attributes in the order of their numbers, nested ones too.
fn sorted(attributes: Attributes<'_>, depth: usize) -> Vec<(u16, Vec<u8>)> {
    let mut members: Vec<(u16, Vec<u8>)> = attributes
        .map(|attribute| attribute.expect("attributes"))
        .map(|attribute| {
            if attribute.is_nested() && depth > 0 {
                let inner = sorted(attribute.attributes(), depth - 1);
                (
                    attribute.kind(),
                    inner
                        .into_iter()
                        .flat_map(|(kind, bytes)| [kind.to_ne_bytes().to_vec(), bytes].concat())
                        .collect(),
                )
            } else {
                (attribute.kind(), attribute.payload.to_vec())
            }
        })
        .collect();
    members.sort_by_key(|(kind, _)| *kind);
    members
}

#[test]
fn every_expression_is_understood_and_encoded_as_nft_does() {
    for (command, rule) in recorded() {
        for element in expressions(&rule) {
            let expression = Expr::get(element).unwrap_or_else(|error| panic!("{command}: {error}"));
            assert!(!matches!(expression, Expr::Unknown(_)), "{command}: {expression:?}");
            let mut again = Vec::new();
            Writer::new(&mut again).put(ELEMENT, &expression);
            let again = Attributes::new(&again).next().expect("one").expect("an attribute");
            assert_eq!(
                sorted(element.attributes(), 3),
                sorted(again.attributes(), 3),
                "{command}: {expression:?}"
            );
        }
    }
}

/// Nothing is left over in what this library claims to know.
#[test]
fn no_attribute_of_nfts_is_unknown() {
    let empty = format!("{:?}", Unknown::new());
    for (command, rule) in recorded() {
        for element in expressions(&rule) {
            let text = format!("{:?}", Expr::get(element).expect("an expression"));
            let unknown = text.split("unknown: ").skip(1).find(|rest| !rest.starts_with(&empty));
            assert_eq!(unknown, None, "{command}: {text}");
        }
    }
}

/// Whatever the bytes: no panic, and what was decoded is encoded and decoded as the same.
#[test]
fn damaged_rules_are_kept_or_refused() {
    for (_, rule) in recorded() {
        for at in 0..rule.len() {
            for change in [0x00, 0x01, 0x7f, 0xff] {
                let mut rule = rule.clone();
                rule[at] ^= change;
                for element in Attributes::new(&rule).flatten().flat_map(|list| list.attributes()).flatten() {
                    let Ok(expression) = Expr::get(element) else { continue };
                    let mut again = Vec::new();
                    let mut writer = Writer::new(&mut again);
                    writer.put(ELEMENT, &expression);
                    // A text with NUL inside can be read as bytes and not be written as text.
                    if writer.finish().is_err() {
                        continue;
                    }
                    let again = Attributes::new(&again).next().expect("one").expect("an attribute");
                    assert_eq!(Expr::get(again), Ok(expression));
                }
            }
        }
    }
}
