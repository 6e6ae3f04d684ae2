//! Runs of single keys: sorted, and joined or refused where they overlap.

use super::{Entry, FieldType, Key, MapValue, field::FIELD_LIMIT};
use crate::Invalid;

/// What is done with runs of one set that overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overlaps {
    /// They are refused, with an error that names both; the same run twice is one. Adjacent runs stay apart.
    /// nft's default.
    #[default]
    Refuse,
    /// Overlapping and adjacent runs are joined, if they lead to the same; nft's `auto-merge`.
    Merge,
}

/// A run of keys as numbers, and what belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span<V> {
    pub(crate) first: u128,
    pub(crate) last: u128,
    /// Without its key.
    pub(crate) rest: Entry<(), V>,
}

impl<V: MapValue> Span<V> {
    /// Of what a key stands for.
    pub(crate) fn of<K: Key>(key: &K, rest: Entry<(), V>) -> Self {
        let mut bytes = [0; FIELD_LIMIT];
        let mut number = |write: &dyn Fn(&mut [u8])| {
            let to = bytes.get_mut(..K::LEN).unwrap_or_default();
            write(to);
            number(to)
        };
        let first = number(&|to| key.write_first(to));
        let last = number(&|to| key.write_last(to));
        Self { first, last, rest }
    }

    /// The key that stands for it.
    pub(crate) fn key<K: Key>(&self) -> Option<K> {
        let (first, last) = (bytes(self.first), bytes(self.last));
        K::read(tail(&first, K::LEN), tail(&last, K::LEN))
    }

    pub(crate) fn text<K: Key>(&self) -> String {
        text::<K>((self.first, self.last))
    }
}

/// The number that bytes in network order are.
pub(crate) fn number(from: &[u8]) -> u128 {
    from.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// The number in network order.
pub(crate) const fn bytes(number: u128) -> [u8; FIELD_LIMIT] {
    number.to_be_bytes()
}

/// The last bytes, of which a shorter number consists.
pub(crate) fn tail(bytes: &[u8; FIELD_LIMIT], len: usize) -> &[u8] {
    bytes.get(FIELD_LIMIT.saturating_sub(len)..).unwrap_or_default()
}

/// The last key of a type.
pub(crate) fn limit(parts: &[FieldType]) -> u128 {
    let bits = parts.first().map_or(0, |part| 8 * part.len.min(FIELD_LIMIT));
    u128::MAX >> (128 - bits.clamp(1, 128))
}

/// A run of keys, however it is kept.
pub(crate) trait Run: Sized {
    /// The first key and the last one.
    fn ends(&self) -> (u128, u128);

    /// Makes it go on to this key.
    fn stretch(&mut self, last: u128);

    /// Whether it leads to what the other one does.
    fn leads_as(&self, other: &Self) -> bool;

    /// Whether the same belongs to it.
    fn is_as(&self, other: &Self) -> bool;

    /// By first keys, then by last keys; of two that are the same, the first stays the first.
    fn sort(runs: &mut [Self]);
}

impl<V: MapValue> Run for Span<V> {
    fn ends(&self) -> (u128, u128) {
        (self.first, self.last)
    }

    fn stretch(&mut self, last: u128) {
        self.last = last;
    }

    fn leads_as(&self, other: &Self) -> bool {
        self.rest.value.is_same(&other.rest.value)
    }

    fn is_as(&self, other: &Self) -> bool {
        self.rest.is_same(&other.rest)
    }

    fn sort(runs: &mut [Self]) {
        runs.sort_by_key(Self::ends);
    }
}

/// As nft writes it.
fn text<K: Key>((first, last): (u128, u128)) -> String {
    let (low, high) = (bytes(first), bytes(last));
    let text = K::text_of(tail(&low, K::LEN), tail(&high, K::LEN));
    text.unwrap_or_else(|| format!("{first:#x}-{last:#x}"))
}

/// Sorts runs, and joins or refuses those that overlap.
pub(crate) fn settle<K: Key, R: Run>(
    set: &str,
    overlaps: Overlaps,
    mut runs: Vec<R>,
) -> Result<Vec<R>, Invalid> {
    if !runs.is_sorted_by_key(Run::ends) {
        R::sort(&mut runs);
    }
    let mut problem = None;
    runs.dedup_by(|next, kept| {
        let (ends, kept_ends) = (next.ends(), kept.ends());
        let ((next_first, next_last), (_, kept_last)) = (ends, kept_ends);
        let same = ends == kept_ends && next.leads_as(kept);
        let overlapping = next_first <= kept_last;
        let adjacent = kept_last.checked_add(1) == Some(next_first);
        let joins = overlaps == Overlaps::Merge && (overlapping || adjacent) && next.is_as(kept);
        if joins {
            kept.stretch(kept_last.max(next_last));
            return true;
        }
        if overlapping && !same && problem.is_none() {
            problem = Some(Invalid::Overlap {
                set: set.to_owned(),
                one: text::<K>(kept_ends),
                other: text::<K>(ends),
                way_out: if overlaps == Overlaps::Merge {
                    "they differ in what belongs to them, so they cannot be joined"
                } else if !next.leads_as(kept) {
                    "and lead to different values"
                } else {
                    "SetOf::auto_merge joins them"
                },
            });
        }
        same
    });
    problem.map_or(Ok(runs), Err)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, net::Ipv4Addr};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        Port,
        set::{Interval, IntoEntry},
    };

    fn settled(runs: &[(u16, u16)], overlaps: Overlaps) -> Result<Vec<(u128, u128)>, Invalid> {
        let spans = runs.iter().map(|(first, last)| {
            let key = Interval::new(Port(*first), Port(*last));
            Span::of(&key, Entry::catch_all())
        });
        let settled = settle::<Interval<Port>, Span<()>>("s", overlaps, spans.collect())?;
        Ok(settled.iter().map(|span| (span.first, span.last)).collect())
    }

    #[test]
    fn overlapping_runs_are_joined_or_refused_by_name() {
        let runs = [(30, 40), (10, 20), (15, 29), (80, 80), (80, 80)];
        assert_eq!(settled(&runs, Overlaps::Merge), Ok(vec![(10, 40), (80, 80)]));
        let error = settled(&runs, Overlaps::Refuse).unwrap_err().to_string();
        assert_eq!(error, "10-20 and 15-29 overlap in set \"s\": SetOf::auto_merge joins them");
        assert_eq!(settled(&[(1, 2), (3, 4), (1, 2)], Overlaps::Refuse), Ok(vec![(1, 2), (3, 4)]));
    }

    #[test]
    fn what_leads_elsewhere_is_not_joined() {
        let entry =
            |first, last, value: u16| (Interval::new(Port(first), Port(last)), Port(value)).into_entry();
        let settle = |entries: Vec<Entry<Interval<Port>, Port>>, overlaps| {
            let spans = entries.into_iter().map(|entry| {
                let key = entry.key.unwrap();
                Span::of(&key, Entry::otherwise(entry.value))
            });
            settle::<Interval<Port>, Span<Port>>("m", overlaps, spans.collect())
        };
        let apart = settle(vec![entry(1, 2, 7), entry(3, 4, 8), entry(5, 6, 8)], Overlaps::Merge).unwrap();
        assert_eq!(apart.len(), 2);
        let text = |overlaps| settle(vec![entry(1, 5, 7), entry(3, 4, 8)], overlaps).unwrap_err().to_string();
        assert!(text(Overlaps::Merge).contains("cannot be joined"), "{}", text(Overlaps::Merge));
        assert!(text(Overlaps::Refuse).contains("lead to different values"));
    }

    #[test]
    fn the_last_key_of_a_type_is_known() {
        assert_eq!(limit(<Ipv4Addr as Key>::PARTS), u32::MAX.into());
        assert_eq!(limit(<std::net::Ipv6Addr as Key>::PARTS), u128::MAX);
        assert_eq!(limit(<Port as Key>::PARTS), u16::MAX.into());
    }

    proptest! {
        #[test]
        fn joined_runs_have_the_same_members(
            runs in prop::collection::vec((0u16..300, 0u16..40), 0..40)
        ) {
            let runs: Vec<(u16, u16)> = runs.into_iter().map(|(first, len)| (first, first + len)).collect();
            let members: BTreeSet<u128> =
                runs.iter().flat_map(|(first, last)| u128::from(*first)..=u128::from(*last)).collect();
            let joined = settled(&runs, Overlaps::Merge).unwrap();
            let found: Vec<u128> = joined.iter().flat_map(|(first, last)| *first..=*last).collect();
            // In order, none twice, and no two that touch.
            prop_assert!(found.into_iter().eq(members));
            prop_assert!(joined.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }

        #[test]
        fn runs_are_refused_exactly_where_two_share_a_member(
            runs in prop::collection::btree_set((0u16..300, 0u16..9), 0..12)
        ) {
            let runs: Vec<(u16, u16)> = runs.into_iter().map(|(first, len)| (first, first + len)).collect();
            let total: usize = runs.iter().map(|(first, last)| usize::from(last - first) + 1).sum();
            let members: BTreeSet<u16> = runs.iter().flat_map(|(first, last)| *first..=*last).collect();
            prop_assert_eq!(settled(&runs, Overlaps::Refuse).is_ok(), total == members.len());
        }
    }
}
