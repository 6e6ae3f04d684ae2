//! Runs of keys on their way to the kernel: collected, settled, given one by one.

use super::{
    Entry, Key, MapValue, Overlaps, Span,
    contents::check,
    span::{Run, settle},
};
use crate::Invalid;

/// Settled runs, and the entry for every other key.
///
/// Of a set whose keys have at most four bytes, a run to which nothing else belongs takes eight bytes: less than a
/// quarter of what is sent for it, and they are there beside each other.
pub(crate) struct Runs<K, V> {
    short: Vec<Short>,
    /// All runs, as soon as something belongs to one of them.
    long: Vec<Span<V>>,
    /// What belongs to a short run.
    plain: Option<Entry<(), V>>,
    pub(crate) catch_all: Option<Entry<K, V>>,
}

/// A run to which nothing belongs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Short {
    first: u32,
    last: u32,
}

impl Run for Short {
    fn ends(&self) -> (u128, u128) {
        (self.first.into(), self.last.into())
    }

    fn stretch(&mut self, last: u128) {
        // It is the last of another short run.
        self.last = u32::try_from(last).unwrap_or(u32::MAX);
    }

    fn leads_as(&self, _: &Self) -> bool {
        true
    }

    fn is_as(&self, _: &Self) -> bool {
        true
    }

    fn sort(runs: &mut [Self]) {
        // In place: two that are the same cannot be told apart.
        runs.sort_unstable();
    }
}

impl<K: Key, V: MapValue> Runs<K, V> {
    /// Checks entries of a set of runs, sorts them, and joins or refuses those that overlap.
    pub(crate) fn collect(
        set: &str,
        overlaps: Overlaps,
        entries: impl Iterator<Item = Entry<K, V>>,
    ) -> Result<Self, Invalid> {
        let expected = entries.size_hint().0;
        let mut runs = Self { short: Vec::new(), long: Vec::new(), plain: None, catch_all: None };
        let mut shorten = V::NOTHING && K::LEN <= size_of::<u32>();
        if shorten {
            runs.short.reserve_exact(expected);
        } else {
            runs.long.reserve_exact(expected);
        }
        for (index, mut entry) in entries.enumerate() {
            check(index, &entry)?;
            let Some(key) = entry.key.take() else {
                runs.catch_all = Some(entry);
                continue;
            };
            let span = Span::of(&key, entry.with_key(None));
            if shorten && span.rest.is_plain() {
                // Nothing is cut off: the key has at most four bytes.
                runs.short.push(Short { first: span.first as u32, last: span.last as u32 });
                runs.plain.get_or_insert(span.rest);
                continue;
            }
            if std::mem::take(&mut shorten) {
                runs.lengthen(expected);
            }
            runs.long.push(span);
        }
        runs.short = settle::<K, Short>(set, overlaps, runs.short)?;
        runs.long = settle::<K, Span<V>>(set, overlaps, runs.long)?;
        Ok(runs)
    }

    /// Makes short runs long ones.
    fn lengthen(&mut self, expected: usize) {
        let Some(plain) = self.plain.take() else { return };
        let short = std::mem::take(&mut self.short);
        self.long.reserve(expected.max(short.len()));
        self.long.extend(short.into_iter().map(|run| run.with(&plain)));
    }

    /// The first key of all.
    pub(crate) fn first(&self) -> Option<u128> {
        let short = self.short.first().map(|run| run.first.into());
        short.or_else(|| self.long.first().map(|span| span.first))
    }

    /// The runs, without the entry for every other key.
    pub(crate) fn into_spans(self) -> impl Iterator<Item = Span<V>> {
        let Self { short, long, plain, catch_all: _ } = self;
        short.into_iter().filter_map(move |run| Some(run.with(plain.as_ref()?))).chain(long)
    }
}

impl Short {
    fn with<V: MapValue>(self, plain: &Entry<(), V>) -> Span<V> {
        Span { first: self.first.into(), last: self.last.into(), rest: plain.clone() }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;
    use crate::{Port, set::Interval};

    type Key4 = Interval<Ipv4Addr>;

    fn runs(
        ends: &[(u32, u32)],
        comment: Option<usize>,
        overlaps: Overlaps,
    ) -> Result<Runs<Key4, ()>, Invalid> {
        let entries = ends.iter().enumerate().map(|(index, (first, last))| {
            let entry = Entry::new(Interval::new(Ipv4Addr::from_bits(*first), Ipv4Addr::from_bits(*last)));
            if comment == Some(index) { entry.comment("c") } else { entry }
        });
        Runs::collect("s", overlaps, entries)
    }

    fn ends(runs: Runs<Key4, ()>) -> Vec<(u128, u128)> {
        runs.into_spans().map(|span| (span.first, span.last)).collect()
    }

    #[test]
    fn a_plain_run_takes_eight_bytes_and_others_make_all_long() {
        assert_eq!(size_of::<Short>(), 8);
        let plain = runs(&[(5, 9), (1, 2), (5, 9), (u32::MAX, u32::MAX)], None, Overlaps::Refuse).unwrap();
        assert_eq!((plain.short.len(), plain.long.len(), plain.first()), (3, 0, Some(1)));
        assert_eq!(ends(plain), [(1, 2), (5, 9), (u128::from(u32::MAX), u128::from(u32::MAX))]);
        let commented = runs(&[(5, 9), (1, 2), (7, 7)], Some(1), Overlaps::Merge).unwrap();
        assert_eq!((commented.short.len(), commented.long.len(), commented.first()), (0, 2, Some(1)));
        let spans: Vec<_> = commented.into_spans().collect();
        assert_eq!(spans[0].rest.comment_text().as_deref(), Some("c"));
        assert_eq!((spans[1].first, spans[1].last, spans[1].rest.is_plain()), (5, 9, true));
    }

    #[test]
    fn long_keys_values_and_the_entry_for_other_keys_stay() {
        let six = Interval::new("2001:db8::1".parse().unwrap(), "2001:db8::9".parse().unwrap());
        let runs = Runs::<Interval<std::net::Ipv6Addr>, ()>::collect(
            "s",
            Overlaps::Refuse,
            [Entry::new(six), Entry::catch_all()].into_iter(),
        )
        .unwrap();
        assert_eq!((runs.long.len(), runs.catch_all.is_some()), (1, true));
        let map = Runs::<Interval<Port>, Port>::collect(
            "m",
            Overlaps::Merge,
            [Entry::mapping(Interval::from(Port(1)), Port(7))].into_iter(),
        );
        assert_eq!(map.unwrap().into_spans().next().unwrap().rest.value, Port(7));
    }

    proptest! {
        #[test]
        fn short_runs_are_settled_as_long_ones(
            list in prop::collection::vec((0u32..300, 0u32..40), 1..40), merge: bool
        ) {
            let list: Vec<(u32, u32)> = list.into_iter().map(|(first, len)| (first, first + len)).collect();
            let overlaps = if merge { Overlaps::Merge } else { Overlaps::Refuse };
            let long = list.iter().map(|(first, last)| {
                let key = Interval::new(Ipv4Addr::from_bits(*first), Ipv4Addr::from_bits(*last));
                Span::of(&key, Entry::catch_all())
            });
            let long = settle::<Key4, Span<()>>("s", overlaps, long.collect());
            let long = long.map(|spans| spans.iter().map(|span| (span.first, span.last)).collect::<Vec<_>>());
            prop_assert_eq!(runs(&list, None, overlaps).map(ends), long);
        }
    }
}
