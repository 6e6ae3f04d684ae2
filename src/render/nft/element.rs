//! Elements of sets and maps.

use std::time::Duration;

use super::{datatype::duration, interval::intervals, key::Layout, names::Names, verdict::verdict};
use crate::{
    expr::Expr,
    object::{Element, ElementData, ElementFlags, Set, SetFlags},
};

/// The elements of a set, each as a text, in the order in which nft lists them.
pub(super) fn elements(set: &Set, names: Names<'_>) -> Vec<String> {
    let (keys, values) = (Layout::of_key(set, names), Layout::of_data(set, names));
    let rest = |element: &Element| behind_key(element, names) + &value(element, values.as_ref());
    let others = set.elements.iter().filter(|element| element.flags.contains(ElementFlags::CATCHALL));
    let mut said: Vec<String> = if !set.flags.contains(SetFlags::INTERVAL) {
        singles(set, &keys).map(|element| keys.value(element.key.as_bytes()) + &rest(element)).collect()
    } else if keys.is_concatenation() {
        // The kernel's order is nft's, too.
        let own = set.elements.iter().filter(|element| !element.flags.contains(ElementFlags::CATCHALL));
        own.map(|element| {
            let first = element.key.as_bytes();
            let last = element.key_end.as_ref().map_or(first, |last| last.as_bytes());
            keys.range(first, last) + &rest(element)
        })
        .collect()
    } else {
        let range = |first: &[u8], last: &[u8]| keys.range(first, last);
        intervals(&set.elements)
            .iter()
            .map(|interval| range(interval.element.key.as_bytes(), &interval.last) + &rest(interval.element))
            .collect()
    };
    said.extend(others.map(|element| format!("*{}", rest(element))));
    said
}

/// Elements of single keys, sorted; of two that are alike to nft, the last comes first.
fn singles<'s>(set: &'s Set, keys: &Layout<'_>) -> impl Iterator<Item = &'s Element> {
    let own = set.elements.iter().rev().filter(|element| !element.flags.contains(ElementFlags::CATCHALL));
    let mut sorted: Vec<_> = own.map(|element| (keys.sort_key(element.key.as_bytes()), element)).collect();
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    sorted.into_iter().map(|(_, element)| element)
}

/// What stands behind the key: statements, time, comment.
fn behind_key(element: &Element, names: Names<'_>) -> String {
    let mut text = String::new();
    if element.expressions.iter().all(is_taken_beside_a_key) {
        for statement in element.expressions.iter().filter_map(|expression| names.stateful(expression)) {
            text += &format!(" {statement}");
        }
    }
    if let Some(timeout) = element.timeout.filter(|timeout| !timeout.is_zero()) {
        text += &format!(" timeout {}", time(timeout));
    }
    if let Some(left) = element.expiration.filter(|left| !left.is_zero() && !names.stateless) {
        text += &format!(" expires {}", time(left));
    }
    if let Some(comment) = element.comment_text() {
        text += &format!(" comment \"{comment}\"");
    }
    text
}

/// Whether nft takes a statement beside a key. It lists others, too, and does not take its own listing; where they are
/// left out, elements get the statements of their set anew.
pub(super) fn is_taken_beside_a_key(expression: &Expr) -> bool {
    matches!(expression, Expr::Counter(_) | Expr::Limit(_) | Expr::Connlimit(_))
}

/// What a map holds for the key, with the colon before it.
fn value(element: &Element, values: Option<&Layout<'_>>) -> String {
    match &element.data {
        None => String::new(),
        Some(ElementData::Verdict(said)) => match verdict(said) {
            Some(text) => format!(" : {text}"),
            None => format!(" : # {said}"),
        },
        Some(ElementData::Object(name)) => format!(" : \"{name}\""),
        Some(ElementData::Value(data)) => match values {
            Some(values) => format!(" : {}", values.value(data.as_bytes())),
            None => format!(" : {data}"),
        },
    }
}

/// A time in whole milliseconds.
pub(super) fn time(time: Duration) -> String {
    duration(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
