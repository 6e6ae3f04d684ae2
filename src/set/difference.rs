//! What must change for a set to hold what is wanted.

use super::{Contents, Entry, Form, Key, MapValue, key::KEY_LIMIT, statement};

/// What is done about a key that is there and wanted, leads to what it should, and does what it should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Details {
    /// It stays as it is, with the time that it has left, its comment, its counters.
    #[default]
    Keep,
    /// It stays if its timeout and its comment are the wanted ones; else it is deleted and added anew, so that its
    /// time and its counters begin anew.
    Restate,
}

/// What must be deleted and added, in one transaction and in this order: see [`Contents::changes_to`].
#[derive(Clone, Debug, PartialEq)]
pub struct Difference<K, V = ()> {
    pub(crate) delete: Contents<K, V>,
    pub(crate) add: Contents<K, V>,
}

impl<K: Key, V: MapValue> Difference<K, V> {
    /// Whether nothing must change.
    pub fn is_empty(&self) -> bool {
        self.delete.is_empty() && self.add.is_empty()
    }

    /// What is deleted.
    pub fn deleted(&self) -> &Contents<K, V> {
        &self.delete
    }

    /// What is added.
    pub fn added(&self) -> &Contents<K, V> {
        &self.add
    }
}

impl<K: Key, V: MapValue> Contents<K, V> {
    /// What must change for a set with this content to have the `wanted` one. A key that leads elsewhere is
    /// deleted and added; a run of keys whose ends differ is, too.
    ///
    /// So is an element that is to do something else for the packets that it matches: its quota is of another
    /// amount, its limit of another rate, or it counts where it should not. What was counted is not compared. An
    /// entry that says nothing of this ([`Entry::expressions`] is empty) keeps what is there, for in a set whose
    /// elements all do something ([`SetOf::expression`](super::SetOf::expression)) that is what it means.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::set::{Details, SetOf};
    ///
    /// let blocked = SetOf::<Ipv4Addr>::new("blocked");
    /// let yesterday = blocked.contents((0..1000).map(Ipv4Addr::from))?;
    /// let today = blocked.contents((1..1002).map(Ipv4Addr::from))?;
    /// let change = yesterday.changes_to(&today, Details::Keep);
    /// assert_eq!(change.deleted().texts().collect::<Vec<_>>(), ["0.0.0.0"]);
    /// assert_eq!(change.added().texts().collect::<Vec<_>>(), ["0.0.3.232", "0.0.3.233"]);
    /// # Ok::<(), portcullis::Invalid>(())
    /// ```
    pub fn changes_to(&self, wanted: &Self, details: Details) -> Difference<K, V> {
        match (&self.0, &wanted.0) {
            (Form::Runs { spans, catch_all }, Form::Runs { spans: wanted, catch_all: otherwise }) => {
                let (mut delete, mut add) = (Vec::new(), Vec::new());
                walk(
                    spans,
                    wanted,
                    |one, other| (one.first, one.last).cmp(&(other.first, other.last)),
                    |one, other| stays(&one.rest, &other.rest, details),
                    |span| delete.push(span.clone()),
                    |span| add.push(span.clone()),
                );
                let same = match (catch_all, otherwise) {
                    (Some(one), Some(other)) => stays(one, other, details),
                    (one, other) => one.is_none() && other.is_none(),
                };
                let only = |entry: &Option<Entry<K, V>>| entry.clone().filter(|_| !same);
                Difference {
                    delete: Self(Form::Runs { spans: delete, catch_all: only(catch_all) }),
                    add: Self(Form::Runs { spans: add, catch_all: only(otherwise) }),
                }
            }
            (Form::Single(entries), Form::Single(wanted)) => single(entries, wanted, details),
            // Of one type of key there is one form.
            _ => Difference { delete: self.clone(), add: wanted.clone() },
        }
    }
}

fn single<K: Key, V: MapValue>(
    current: &[Entry<K, V>],
    wanted: &[Entry<K, V>],
    details: Details,
) -> Difference<K, V> {
    let (current, wanted) = (Sorted::new(current), Sorted::new(wanted));
    let (mut delete, mut add) = (Vec::new(), Vec::new());
    walk(
        &current.order,
        &wanted.order,
        |one, other| current.key(*one).cmp(wanted.key(*other)),
        |one, other| match (current.entry(*one), wanted.entry(*other)) {
            (Some(one), Some(other)) => stays(one, other, details),
            _ => false,
        },
        |index| delete.extend(current.entry(*index).cloned()),
        |index| add.extend(wanted.entry(*index).cloned()),
    );
    Difference { delete: Contents(Form::Single(delete)), add: Contents(Form::Single(add)) }
}

/// Whether an element that is there can stay for the wanted one.
fn stays<K, L, V: MapValue>(current: &Entry<K, V>, wanted: &Entry<L, V>, details: Details) -> bool {
    let does = wanted.expressions();
    current.value.is_same(&wanted.value)
        && (does.is_empty() || statement::same(current.expressions(), does))
        && (details == Details::Keep
            || current.timeout_set() == wanted.timeout_set() && current.userdata() == wanted.userdata())
}

/// Walks through two sorted lists: what only the first has, what only the second has, and what both have and
/// cannot stay.
fn walk<T>(
    current: &[T],
    wanted: &[T],
    compare: impl Fn(&T, &T) -> std::cmp::Ordering,
    stays: impl Fn(&T, &T) -> bool,
    mut delete: impl FnMut(&T),
    mut add: impl FnMut(&T),
) {
    use std::cmp::Ordering::{Equal, Greater, Less};

    let (mut current, mut wanted) = (current.iter().peekable(), wanted.iter().peekable());
    loop {
        let order = match (current.peek(), wanted.peek()) {
            (None, None) => return,
            (Some(_), None) => Less,
            (None, Some(_)) => Greater,
            (Some(one), Some(other)) => compare(one, other),
        };
        let one = if order == Greater { None } else { current.next() };
        let other = if order == Less { None } else { wanted.next() };
        if let (Equal, Some(one), Some(other)) = (order, one, other) {
            if stays(one, other) {
                continue;
            }
        }
        one.into_iter().for_each(&mut delete);
        other.into_iter().for_each(&mut add);
    }
}

/// Entries in the order of their keys, each key once: the keys' bytes beside each other, and an index for each.
struct Sorted<'e, K, V> {
    entries: &'e [Entry<K, V>],
    bytes: Vec<u8>,
    order: Vec<u32>,
}

impl<'e, K: Key, V: MapValue> Sorted<'e, K, V> {
    /// A mark before the key tells the entry for every other key, which has none; a run is its first and last.
    const STRIDE: usize = 1 + if K::INTERVAL { 2 * K::LEN } else { K::LEN };

    fn new(entries: &'e [Entry<K, V>]) -> Self {
        let mut bytes = Vec::with_capacity(entries.len() * Self::STRIDE);
        let mut buffer = [0; KEY_LIMIT];
        for entry in entries {
            let key = buffer.get_mut(..K::LEN).unwrap_or_default();
            key.fill(0);
            bytes.push(u8::from(entry.key.is_none()));
            if let Some(entry) = &entry.key {
                entry.write_first(key);
            }
            bytes.extend_from_slice(key);
            if K::INTERVAL {
                if let Some(entry) = &entry.key {
                    entry.write_last(key);
                }
                bytes.extend_from_slice(key);
            }
        }
        let order = (0..u32::try_from(entries.len()).unwrap_or(u32::MAX)).collect();
        let mut sorted = Self { entries, bytes, order };
        let mut order = std::mem::take(&mut sorted.order);
        order.sort_unstable_by(|one, other| sorted.key(*one).cmp(sorted.key(*other)).then(one.cmp(other)));
        order.dedup_by(|next, kept| sorted.key(*next) == sorted.key(*kept));
        sorted.order = order;
        sorted
    }

    fn key(&self, index: u32) -> &[u8] {
        let start = index as usize * Self::STRIDE;
        self.bytes.get(start..start + Self::STRIDE).unwrap_or_default()
    }

    fn entry(&self, index: u32) -> Option<&'e Entry<K, V>> {
        self.entries.get(index as usize)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        time::Duration,
    };

    use proptest::prelude::*;

    use super::*;
    use crate::{
        Port,
        set::{Interval, MapOf, SetOf},
    };

    fn texts<K: Key, V: MapValue>(difference: &Difference<K, V>) -> (Vec<String>, Vec<String>) {
        (difference.deleted().texts().collect(), difference.added().texts().collect())
    }

    #[test]
    fn timeouts_and_comments_stay_or_are_restated() {
        let set = SetOf::<Port>::new("s").with_timeouts();
        let entry = |seconds| Entry::new(Port(1)).timeout(Duration::from_secs(seconds));
        let there = set.contents([entry(60).expiration(Duration::from_secs(7))]).unwrap();
        let same = set.contents([entry(60)]).unwrap();
        let longer = set.contents([entry(90)]).unwrap();
        assert!(there.changes_to(&same, Details::Restate).is_empty());
        assert!(there.changes_to(&longer, Details::Keep).is_empty());
        assert_eq!(texts(&there.changes_to(&longer, Details::Restate)), (vec!["1".into()], vec!["1".into()]));
    }

    #[test]
    fn what_elements_do_is_compared_and_what_they_counted_is_not() {
        use crate::expr::{Counter, Quota};

        let again = || (vec!["1".to_owned()], vec!["1".to_owned()]);
        let same = || (Vec::<String>::new(), Vec::<String>::new());
        let used = Quota::over(100).consumed(70u64);
        for details in [Details::Keep, Details::Restate] {
            let single = SetOf::<Port>::new("s");
            let run = SetOf::<Interval<Port>>::new("s");
            let change = |there: Entry<Port>, wanted: Entry<Port>| {
                let runs = [&there, &wanted].map(|entry| {
                    run.contents([entry.clone().with_key(entry.key.map(Interval::from))]).unwrap()
                });
                let [there, wanted] = [there, wanted].map(|entry| single.contents([entry]).unwrap());
                let found = texts(&there.changes_to(&wanted, details));
                assert_eq!(texts(&runs[0].changes_to(&runs[1], details)), found, "runs as single keys");
                found
            };
            let entry = || Entry::new(Port(1));
            let there = || entry().expression(used.clone());
            assert_eq!(change(there(), entry().expression(Quota::over(100))), same());
            assert_eq!(change(there(), entry().expression(Quota::over(200))), again());
            assert_eq!(change(there(), entry().expression(Quota::until(100))), again());
            assert_eq!(change(there(), entry().expression(Counter::new())), again());
            assert_eq!(change(entry(), entry().expression(Counter::new())), again());
            assert_eq!(change(there(), entry()), same());
        }
    }

    #[test]
    fn joined_runs_are_compared_as_they_are_joined() {
        let set = SetOf::<Interval<Port>>::new("s").auto_merge();
        let contents = |runs: &[(u16, u16)]| {
            set.contents(runs.iter().map(|(a, b)| Interval::new(Port(*a), Port(*b)))).unwrap()
        };
        let there = contents(&[(1, 5), (10, 20)]);
        assert!(there.changes_to(&contents(&[(1, 2), (3, 5), (10, 20)]), Details::Keep).is_empty());
        let change = there.changes_to(&contents(&[(1, 5), (10, 30)]), Details::Keep);
        assert_eq!(texts(&change), (vec!["10-20".into()], vec!["10-30".into()]));
    }

    #[test]
    fn the_entry_for_other_keys_is_compared_too() {
        let map = MapOf::<Port, Port>::new("m");
        let contents = |value| map.contents([Entry::otherwise(Port(value))]).unwrap();
        let change = contents(1).changes_to(&contents(2), Details::Keep);
        assert_eq!(texts(&change), (vec!["* : 1".into()], vec!["* : 2".into()]));
        assert!(contents(1).changes_to(&contents(1), Details::Keep).is_empty());
    }

    proptest! {
        #[test]
        fn a_map_with_the_difference_is_the_wanted_one(
            current in prop::collection::btree_map(0u16..50, 0u16..3, 0..40),
            wanted in prop::collection::btree_map(0u16..50, 0u16..3, 0..40),
        ) {
            let map = MapOf::<Port, Port>::new("m");
            let contents = |entries: &BTreeMap<u16, u16>| {
                map.contents(entries.iter().map(|(key, value)| (Port(*key), Port(*value)))).unwrap()
            };
            let change = contents(&current).changes_to(&contents(&wanted), Details::Keep);
            let Form::Single(delete) = &change.deleted().0 else { panic!("single keys") };
            let Form::Single(add) = &change.added().0 else { panic!("single keys") };
            let mut now = current.clone();
            for entry in delete {
                // What is deleted is there, with what it leads to.
                prop_assert_eq!(now.remove(&entry.key.unwrap().0), Some(entry.value.0));
            }
            for entry in add {
                prop_assert_eq!(now.insert(entry.key.unwrap().0, entry.value.0), None);
            }
            prop_assert_eq!(&now, &wanted);
            let unchanged = current.iter().filter(|(key, value)| wanted.get(key) == Some(value)).count();
            prop_assert_eq!(delete.len() + unchanged, current.len());
        }

        #[test]
        fn runs_with_the_difference_have_the_wanted_members(
            current in prop::collection::vec((0u16..200, 0u16..20), 0..20),
            wanted in prop::collection::vec((0u16..200, 0u16..20), 0..20),
        ) {
            let set = SetOf::<Interval<Port>>::new("s").auto_merge();
            let contents = |runs: &[(u16, u16)]| {
                set.contents(runs.iter().map(|(a, len)| Interval::new(Port(*a), Port(a + len)))).unwrap()
            };
            let members = |contents: &Contents<Interval<Port>, ()>| {
                let Form::Runs { spans, .. } = &contents.0 else { panic!("runs") };
                spans.iter().flat_map(|span| span.first..=span.last).collect::<BTreeSet<_>>()
            };
            let (current, wanted) = (contents(&current), contents(&wanted));
            let change = current.changes_to(&wanted, Details::Keep);
            let (there, delete, add) =
                (members(&current), members(change.deleted()), members(change.added()));
            prop_assert!(delete.is_subset(&there));
            let left: BTreeSet<_> = there.difference(&delete).copied().collect();
            prop_assert!(left.is_disjoint(&add));
            let now: BTreeSet<_> = left.union(&add).copied().collect();
            prop_assert_eq!(now, members(&wanted));
        }
    }
}
