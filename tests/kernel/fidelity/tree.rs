//! Messages as trees of attributes, and where two differ.

use std::{collections::BTreeMap, fmt::Write};

use portcullis::wire::Attributes;

/// An attribute's payload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tree {
    Leaf(Vec<u8>),
    /// Numbers, flag bits included, and payloads.
    Node(Vec<(u16, Tree)>),
}

/// More than any attribute's number.
const NUMBERS: std::ops::RangeInclusive<u16> = 1..=40;

impl Tree {
    /// The kernel does not mark what is nested: whatever can be read as attributes is. Nothing is lost by that: trees are
    /// equal where the bytes are.
    pub(super) fn of(payload: &[u8]) -> Self {
        let children: Option<Vec<_>> = Attributes::new(payload)
            .map(|attribute| attribute.ok().filter(|attribute| NUMBERS.contains(&attribute.kind())))
            .map(|attribute| attribute.map(|found| (found.raw_kind(), Self::of(found.payload))))
            .collect();
        match children {
            Some(children) if !payload.is_empty() && payload.len() % 4 == 0 => Self::Node(children),
            _ => Self::Leaf(payload.to_vec()),
        }
    }

    /// Takes the attribute out that the numbers lead to, out of every branch.
    pub(super) fn remove(&mut self, path: &[u16]) {
        let (Self::Node(children), Some((first, rest))) = (self, path.split_first()) else { return };
        if rest.is_empty() {
            children.retain(|(kind, _)| kind & 0x3fff != *first);
        } else {
            let inside = children.iter_mut().filter(|(kind, _)| kind & 0x3fff == *first);
            inside.for_each(|(_, child)| child.remove(rest));
        }
    }

    /// Puts other names in the place of names.
    pub(super) fn rename(&mut self, names: &BTreeMap<Vec<u8>, Vec<u8>>) {
        match self {
            Self::Leaf(bytes) => {
                if let Some(name) = names.get(bytes) {
                    bytes.clone_from(name);
                }
            }
            Self::Node(children) => children.iter_mut().for_each(|(_, child)| child.rename(names)),
        }
    }

    /// The first child of a number.
    pub(super) fn child(&self, number: u16) -> Option<&Self> {
        match self {
            Self::Leaf(_) => None,
            Self::Node(children) => {
                children.iter().find(|(kind, _)| kind & 0x3fff == number).map(|(_, child)| child)
            }
        }
    }

    /// The same in one order: the kernel's own differs from the encoder's.
    pub(super) fn sorted(self) -> Self {
        match self {
            Self::Leaf(bytes) => Self::Leaf(bytes),
            Self::Node(children) => {
                let mut children: Vec<_> =
                    children.into_iter().map(|(kind, child)| (kind & 0x3fff, child.sorted())).collect();
                // Stable: a list keeps its order.
                children.sort_by_key(|(kind, _)| *kind);
                Self::Node(children)
            }
        }
    }

    /// Where another tree differs, with both sides' bytes.
    pub(super) fn differences(&self, other: &Self, path: &str, found: &mut Vec<String>) {
        match (self, other) {
            (same, other) if same == other => {}
            (Self::Node(mine), Self::Node(others)) => {
                for index in 0..mine.len().max(others.len()) {
                    match (mine.get(index), others.get(index)) {
                        (Some((kind, a)), Some((other_kind, b))) if kind == other_kind => {
                            a.differences(b, &format!("{path}/{kind}{}", a.name()), found);
                        }
                        (a, b) => {
                            let show = |side: Option<&(u16, Self)>| {
                                side.map_or("nothing".to_owned(), |(kind, tree)| {
                                    format!("{kind}: {}", tree.show())
                                })
                            };
                            found.push(format!("{path}[{index}]: {} became {}", show(a), show(b)));
                        }
                    }
                }
            }
            (a, b) => found.push(format!("{path}: {} became {}", a.show(), b.show())),
        }
    }

    /// The text of attribute 1, where it is one: an expression's name.
    fn name(&self) -> String {
        match self.child(1) {
            Some(Self::Leaf(text)) if text.len() > 2 && text.ends_with(&[0]) => {
                format!("({})", String::from_utf8_lossy(&text[..text.len() - 1]))
            }
            _ => String::new(),
        }
    }

    fn show(&self) -> String {
        let mut text = String::new();
        match self {
            Self::Leaf(bytes) => bytes.iter().for_each(|byte| _ = write!(text, "{byte:02x}")),
            Self::Node(children) => {
                text.push('{');
                children.iter().for_each(|(kind, child)| _ = write!(text, " {kind}: {}", child.show()));
                text.push_str(" }");
            }
        }
        if text.is_empty() { "empty".to_owned() } else { text }
    }
}
