//! Whether two namespaces have the same ruleset, attribute by attribute.

use std::collections::BTreeMap;

use portcullis::wire::nft;

use super::{
    dump::{Dump, Message},
    tree::Tree,
};

/// What a table, chain, rule, set, object and flowtable has of its own in every namespace: handles, and for a rule the
/// handle of the one before it.
const OWN: [(u16, &str, &[u16]); 7] = [
    (nft::NEWTABLE, "table", &[4]),
    (nft::NEWCHAIN, "chain", &[2]),
    (nft::NEWRULE, "rule", &[3, 6]),
    (nft::NEWSET, "set", &[16]),
    (nft::NEWOBJ, "object", &[6]),
    (nft::NEWFLOWTABLE, "flowtable", &[5]),
    (nft::NEWSETELEM, "elements", &[]),
];

/// NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_LIST_ELEM, NFTA_SET_ELEM_EXPIRATION
const ELEMENTS: u16 = 3;
const ELEMENT: u16 = 1;
const EXPIRATION: u16 = 5;

/// Milliseconds that may have passed between the two readings.
const LATER: u64 = 60_000;
/// Milliseconds that the kernel's rounding may add.
const ROUNDING: u64 = 20;

/// What differs, in words; nothing where the namespaces are the same.
pub(super) fn differences(from: &Dump, to: &Dump) -> Vec<String> {
    let mut found = Vec::new();
    for (kind, word, own) in OWN {
        if kind == nft::NEWSETELEM {
            elements(from, to, &mut found);
            continue;
        }
        let (a, b) = (trees(from, kind, own), trees(to, kind, own));
        if a.len() != b.len() {
            found.push(format!("{} {word}s became {}", a.len(), b.len()));
        }
        for (index, ((place, a), (_, b))) in a.iter().zip(&b).enumerate() {
            a.differences(b, &format!("{word} {index} ({place})"), &mut found);
        }
    }
    found
}

/// The messages of a kind without what is a namespace's own, with the names in them.
fn trees(dump: &Dump, kind: u16, own: &[u16]) -> Vec<(String, Tree)> {
    let messages = dump.messages.iter().filter(|message| message.kind == kind);
    let trees = messages.map(|message| {
        let mut tree = Tree::of(&message.attributes);
        own.iter().for_each(|attribute| tree.remove(&[*attribute]));
        tree.rename(&dump.renamed);
        // The family is in the header.
        let tree = Tree::Node(vec![(1, Tree::Leaf(vec![message.family])), (2, tree)]);
        (names(message), tree)
    });
    trees.collect()
}

/// The family, and the names in front.
fn names(message: &Message) -> String {
    let texts = [1, 2, 3].into_iter().filter_map(|kind| message.attribute(kind)?.get::<String>().ok());
    let texts = texts.filter(|text| !text.is_empty() && text.chars().all(|letter| !letter.is_control()));
    [message.family.to_string()].into_iter().chain(texts).collect::<Vec<_>>().join(" ")
}

/// The elements of every set: they come in any order and in several messages.
fn elements(from: &Dump, to: &Dump, found: &mut Vec<String>) {
    let (a, b) = (elements_by_set(from), elements_by_set(to));
    if !a.keys().eq(b.keys()) {
        found.push(format!("elements of {:?} became elements of {:?}", a.keys(), b.keys()));
    }
    for (place, a) in &a {
        let Some(b) = b.get(place) else { continue };
        if a.len() != b.len() {
            found.push(format!("{} elements of {place} became {}", a.len(), b.len()));
        }
        for ((a, left), (b, other)) in a.iter().zip(b) {
            a.differences(b, &format!("element of {place}"), found);
            match (left, other) {
                (None, None) => {}
                (Some(left), Some(other)) if *other <= left + ROUNDING && left - other.min(left) < LATER => {}
                (left, other) => found.push(format!("element of {place}: {left:?} ms left became {other:?}")),
            }
        }
    }
}

/// Elements without the time that they have left, and that time, in one order.
fn elements_by_set(dump: &Dump) -> BTreeMap<String, Vec<(Tree, Option<u64>)>> {
    let mut sets: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for message in dump.messages.iter().filter(|message| message.kind == nft::NEWSETELEM) {
        let of_set: &mut Vec<_> = sets.entry(names(message)).or_default();
        let Some(list) = message.attribute(ELEMENTS) else { continue };
        for element in list.attributes() {
            let element = element.expect("an element");
            assert_eq!(element.kind(), ELEMENT);
            let expiration = element
                .attributes()
                .map(|attribute| attribute.expect("an attribute"))
                .find(|attribute| attribute.kind() == EXPIRATION)
                .map(|attribute| attribute.get().expect("milliseconds"));
            let mut tree = Tree::of(element.payload);
            tree.remove(&[EXPIRATION]);
            tree.rename(&dump.renamed);
            of_set.push((tree, expiration));
        }
    }
    sets.values_mut().for_each(|elements| elements.sort());
    sets
}
