//! The words of a rule as they are collected: what nft would add by itself is taken out again.

use super::{
    layers::{By, Implied, Layers},
    neighbours::{Equality, Neighbours},
    protocol::{IcmpNeed, Protocol},
};
use crate::expr::PayloadBase;

/// A statement's text.
#[derive(Debug)]
struct Item {
    text: String,
    /// What it makes known, if that is all it does.
    announces: Option<(By, Vec<u8>)>,
    /// The lower end of a range, as left side and value, while its upper end may follow.
    lower_end: Option<(String, String)>,
    /// The field that is asked to equal a value, and words for it with which nft joins it with no other.
    equality: Option<(Equality, Option<String>)>,
}

impl Item {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), announces: None, lower_end: None, equality: None }
    }
}

/// The statements of a rule so far.
#[derive(Debug, Default)]
pub(super) struct Sentence {
    items: Vec<Item>,
    /// What statements need that were said before, elsewhere than right before them.
    relied_on: Vec<By>,
    /// Whether there is a statement that does more than match: what it does must not come before other tests.
    acts: bool,
    /// Fields that nft could load together with others.
    neighbours: Neighbours,
    /// Whether nft loads fields together that the rule loads one by one.
    merged: bool,
}

impl Sentence {
    /// A match.
    pub(super) fn push(&mut self, text: impl Into<String>) {
        self.items.push(Item::new(text));
    }

    /// A statement that does something.
    pub(super) fn push_action(&mut self, text: String) {
        self.acts = true;
        self.neighbours.done();
        self.push(text);
    }

    /// Says that the last match is that a field equals a value. `apart` says the same in a way that nft joins with no
    /// other match; it is used for one of two that nft would join and the rule does not.
    pub(super) fn note_equality(&mut self, field: Equality, apart: Option<String>) {
        let joined = self.neighbours.of(field);
        let Some(last) = self.items.last_mut() else { return };
        match apart {
            Some(text) if !joined.is_empty() => {
                last.text = text;
                return;
            }
            apart => last.equality = Some((field, apart)),
        }
        for other in joined {
            let is_other =
                |item: &&mut Item| item.equality.as_ref().is_some_and(|(field, _)| *field == other);
            let apart =
                self.items.iter_mut().find(is_other).and_then(|item| Some((item.equality.take()?.1?, item)));
            match apart {
                Some((text, item)) => {
                    item.text = text;
                    self.neighbours.forget(other);
                }
                None => self.merged = true,
            }
        }
        self.neighbours.add(field);
    }

    /// Whether nft loads fields together that the rule loads one by one.
    pub(super) fn is_merged(&self) -> bool {
        self.merged
    }

    /// A match that makes a protocol known.
    pub(super) fn push_announcement(&mut self, text: String, by: By, value: &[u8]) {
        self.items.push(Item { announces: Some((by, value.to_vec())), ..Item::new(text) });
    }

    /// `left >= value`, which becomes a range where `left <= …` follows.
    pub(super) fn push_lower_end(&mut self, left: String, text: String, value: String) {
        self.items.push(Item { lower_end: Some((left, value)), ..Item::new(text) });
    }

    /// The other end of a range; false where the statement before is not the first one.
    pub(super) fn close_range(&mut self, left: &str, value: &str) -> bool {
        let Some(item) = self.items.last_mut() else { return false };
        match item.lower_end.take() {
            Some((lower_left, lower)) if lower_left == left => {
                item.text = format!("{left} {lower}-{value}");
                true
            }
            _ => false,
        }
    }

    /// Takes out the announcements that nft makes again of itself when it reads fields of these protocols: those right
    /// before, with nothing between. An earlier one is kept, as nft would put it elsewhere.
    pub(super) fn forget_implied(&mut self, uses: &[(Protocol, IcmpNeed)], layers: &Layers) {
        let mut implied: Vec<Implied> = Vec::new();
        for each in uses.iter().flat_map(|(protocol, need)| layers.implied(*protocol, *need)) {
            if !implied.contains(&each) {
                implied.push(each);
            }
        }
        let mut rest = implied.as_slice();
        let mut kept = Vec::new();
        let mut drop = 0;
        for item in self.items.iter().rev() {
            let Some((by, value)) = &item.announces else { break };
            let same = |implied: &Implied| !implied.said && *by == implied.by && *value == implied.value;
            let found = rest.iter().rposition(same).and_then(|found| rest.split_at_checked(found));
            let Some((before, after)) = found else { break };
            // What would have come between was known before.
            kept.extend(after.iter().skip(1));
            rest = before;
            drop += 1;
        }
        kept.extend(rest);
        let known = |implied: &Implied| {
            let base = implied.protocol.base();
            // An Ethernet header stays known below a VLAN tag.
            base == PayloadBase::Link || layers.at(base) == Some(implied.protocol)
        };
        if kept.iter().all(|implied| known(implied)) {
            self.items.truncate(self.items.len().saturating_sub(drop));
        }
        self.relied_on.extend(kept.iter().map(|implied| implied.by));
    }

    /// Takes out an announcement that begins the rule, where nft puts those that `reject` implies, unless something else
    /// needs it.
    pub(super) fn forget_first(&mut self, implied: &[Implied]) {
        let Some(Item { announces: Some((by, value)), .. }) = self.items.first() else { return };
        let same = |implied: &Implied| *by == implied.by && *value == implied.value;
        if implied.iter().any(same) && !self.acts && !self.relied_on.contains(by) {
            self.items.remove(0);
        }
    }

    /// The whole text.
    pub(super) fn text(&self) -> String {
        let texts: Vec<_> = self.items.iter().map(|item| item.text.as_str()).collect();
        texts.join(" ")
    }
}
