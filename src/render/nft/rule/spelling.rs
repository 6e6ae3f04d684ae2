//! What nft's language cannot carry: quotation marks within text, odd names, attributes of newer kernels.

use crate::{
    expr::{Expr, KNOWN},
    wire::{Attributes, Writer},
};

/// Text between quotation marks, and whether it is the same: nft has no way to write a quotation mark in a text, nor a
/// dollar, with which its variables begin.
pub(super) fn quoted(text: &str) -> (String, bool) {
    let unfit = |character: char| matches!(character, '"' | '$') || character.is_control();
    let same = !text.contains(unfit);
    (format!("\"{}\"", text.replace(unfit, "?")), same)
}

/// A chain's name after `jump`, and whether it is the same.
pub(super) fn identifier(name: &str) -> (String, bool) {
    let fits = |character: char| character.is_ascii_alphanumeric() || "/-_.".contains(character);
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || "_.".contains(first));
    (name.replace(|character| !fits(character), "?"), starts && name.chars().all(fits))
}

/// Whether an expression has attributes that this library does not know, and so has no words for.
pub(super) fn has_unknown_attributes(expression: &Expr) -> bool {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes).put(1, expression);
    let Some((_, known)) = KNOWN.iter().find(|(name, _)| *name == expression.name()) else { return true };
    let parts = Attributes::new(&bytes).flatten().flat_map(|element| element.attributes()).flatten();
    // The name comes first, then the attributes.
    let data = parts.skip(1).flat_map(|data| data.attributes()).flatten();
    data.into_iter().any(|attribute| known.iter().all(|(_, number)| *number != attribute.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Meta, MetaKey, Register, UnknownExpression};

    #[test]
    fn text_that_nft_cannot_read_is_told() {
        assert_eq!(quoted("ssh: "), ("\"ssh: \"".to_owned(), true));
        assert_eq!(quoted("a\" accept"), ("\"a? accept\"".to_owned(), false));
        assert_eq!(quoted("$x"), ("\"?x\"".to_owned(), false));
        assert_eq!(identifier("KUBE-SVC_1.a"), ("KUBE-SVC_1.a".to_owned(), true));
        assert_eq!(identifier("in; accept"), ("in??accept".to_owned(), false));
        assert!(!identifier("1st").1);
    }

    #[test]
    fn attributes_of_newer_kernels_are_found() {
        assert!(!has_unknown_attributes(&Meta::load(MetaKey::Mark, Register::R1).into()));
        assert!(has_unknown_attributes(&Expr::Unknown(UnknownExpression::from_bytes("new", &[]))));
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).put(99, &1u32);
        let attribute = Attributes::new(&bytes).next().unwrap().unwrap();
        let mut meta = Meta::load(MetaKey::Mark, Register::R1);
        meta.unknown.keep(attribute);
        assert!(has_unknown_attributes(&meta.into()));
    }
}
