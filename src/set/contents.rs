//! The whole content of a set, in the order in which it is sent.

use super::{Entry, Key, MapValue, Overlaps, Runs, Span, encode};
use crate::{
    Invalid,
    object::Element,
    wire::{Attributes, Writer},
};

/// The whole content of a typed set: what was read ([`Netfilter::contents`](crate::Netfilter::contents)), or
/// what is wanted ([`SetOf::contents`](super::SetOf::contents)), to compare the two.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents<K, V = ()>(pub(crate) Form<K, V>);

/// Entries as they go to the kernel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Form<K, V> {
    /// In the caller's order.
    Single(Vec<Entry<K, V>>),
    /// Settled runs, and what every other key leads to.
    Runs { spans: Vec<Span<V>>, catch_all: Option<Entry<K, V>> },
}

impl<K: Key, V: MapValue> Contents<K, V> {
    /// Checks entries; runs are sorted, and joined or refused.
    pub(crate) fn collect(
        set: &str,
        overlaps: Overlaps,
        entries: impl Iterator<Item = Entry<K, V>>,
    ) -> Result<Self, Invalid> {
        if is_runs::<K>() {
            let mut runs = Runs::collect(set, overlaps, entries)?;
            let catch_all = runs.catch_all.take();
            return Ok(Self(Form::Runs { spans: runs.into_spans().collect(), catch_all }));
        }
        let checked = entries.enumerate().map(|(index, entry)| check(index, &entry).map(|()| entry));
        Ok(Self(Form::Single(checked.collect::<Result<_, _>>()?)))
    }

    /// How many elements there are; a run of keys is one.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Single(entries) => entries.len(),
            Form::Runs { spans, catch_all } => spans.len() + usize::from(catch_all.is_some()),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements as nft writes them.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        let (entries, spans, catch_all) = match &self.0 {
            Form::Single(entries) => (entries.as_slice(), &[][..], None),
            Form::Runs { spans, catch_all } => (&[][..], spans.as_slice(), catch_all.as_ref()),
        };
        let spans = spans.iter().map(|span| match span.rest.value.text() {
            value if value.is_empty() => span.text::<K>(),
            value => format!("{} : {value}", span.text::<K>()),
        });
        entries.iter().chain(catch_all).map(Entry::text).chain(spans)
    }

    /// The elements, typed.
    ///
    /// # Errors
    /// [`Invalid::Unreadable`] where a run of keys is none that the key's type can say: a range where there should be a
    /// network.
    pub fn entries(&self) -> Result<Vec<Entry<K, V>>, Invalid> {
        match &self.0 {
            Form::Single(entries) => Ok(entries.clone()),
            Form::Runs { spans, catch_all } => {
                let typed = spans.iter().map(|span| {
                    let key = span.key::<K>().ok_or_else(|| Invalid::Unreadable {
                        text: span.text::<K>(),
                        expected: "a key of the set's type: Interval has every run",
                    })?;
                    Ok(span.rest.clone().with_key(Some(key)))
                });
                typed.chain(catch_all.iter().cloned().map(Ok)).collect()
            }
        }
    }

    /// The same as elements by value.
    pub(crate) fn elements(&self) -> Vec<Element> {
        let mut bytes = Vec::new();
        let mut elements = Vec::new();
        let mut one = |write: &dyn Fn(&mut Writer<'_>)| {
            bytes.clear();
            write(&mut Writer::new(&mut bytes));
            // What was written can be read; the tests say so.
            let read = Attributes::new(&bytes).map_while(Result::ok).map_while(|element| element.get().ok());
            elements.extend(read);
        };
        match &self.0 {
            Form::Single(entries) => entries.iter().for_each(|entry| one(&|to| encode::entry(entry, to))),
            Form::Runs { spans, catch_all } => {
                if spans.first().is_some_and(|span| span.first != 0) {
                    one(&|to| encode::leading_end::<K>(to));
                }
                spans.iter().for_each(|span| one(&|to| encode::span::<K, V>(span, to)));
                catch_all.iter().for_each(|entry| one(&|to| encode::entry(entry, to)));
            }
        }
        elements
    }
}

/// Whether the set is one of single intervals, whose elements are starts and ends.
pub(crate) const fn is_runs<K: Key>() -> bool {
    K::INTERVAL && !K::CONCATENATION
}

/// Names the entry that cannot be right.
// Always, and what is seldom apart: a million times over, it is this call that would cost most.
#[inline(always)]
pub(crate) fn check<K: Key, V: MapValue>(index: usize, entry: &Entry<K, V>) -> Result<(), Invalid> {
    match entry.check() {
        Ok(()) => Ok(()),
        Err(problem) => Err(refused(index, entry, problem)),
    }
}

#[cold]
fn refused<K: Key, V: MapValue>(index: usize, entry: &Entry<K, V>, problem: Invalid) -> Invalid {
    Invalid::Element { index, element: entry.text(), problem: Box::new(problem) }
}
