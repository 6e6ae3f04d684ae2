//! A set or map whose keys the compiler knows.

use std::{borrow::Borrow, fmt, marker::PhantomData, time::Duration};

use super::{
    Entry, FieldType, IntoEntry, Key, MapValue, Overlaps, contents::Contents, type_of, value::DATA_TYPEOF,
};
use crate::{
    Invalid, Quota, Rate,
    expr::{Connlimit, ConnlimitFlags, Counter, Expr, Verdict},
    object::{MapData, Set, SetFlags, SetPolicy, SetRef, TableRef, userdata},
};

/// A set, or with `V` a map, whose keys and values are Rust types: its name and properties, without its
/// elements, which may be a million and are given where they are sent.
///
/// [`Set`] is the same by value: what the kernel takes, its keys bytes. The typed one is made of it
/// ([`SetOf::as_set`]), goes wherever it goes, and is got back by [`SetOf::of`].
///
/// ```
/// use std::net::Ipv4Addr;
///
/// use portcullis::{Family, Port, Table, Transaction, set::{MapOf, SetOf}};
///
/// let table = Table::new(Family::Inet, "edge");
/// let blocked = SetOf::<Ipv4Addr>::new("blocked").comment("kept by the watcher");
/// let backends = MapOf::<Port, (Ipv4Addr, Port)>::new("backends");
///
/// let mut transaction = Transaction::new();
/// transaction.add_table(&table);
/// transaction.add_set_with(&table, &blocked, [Ipv4Addr::new(192, 0, 2, 7)]);
/// transaction.add_set_with(&table, &backends, [(Port(80), (Ipv4Addr::new(10, 0, 0, 2), Port(8080)))]);
/// assert!(transaction.problems().is_empty());
/// ```
///
/// A key of another type does not compile:
///
/// ```compile_fail
/// use std::net::{Ipv4Addr, Ipv6Addr};
///
/// use portcullis::set::SetOf;
///
/// SetOf::<Ipv4Addr>::new("blocked").with([Ipv6Addr::LOCALHOST]);
/// ```
pub struct SetOf<K, V = ()> {
    set: Set,
    overlaps: Overlaps,
    kind: PhantomData<fn() -> (K, V)>,
}

// By hand: whatever its keys are, and tuples of more than twelve are not comparable and have no `Debug`.
impl<K, V> Clone for SetOf<K, V> {
    fn clone(&self) -> Self {
        Self { set: self.set.clone(), overlaps: self.overlaps, kind: PhantomData }
    }
}

impl<K, V> PartialEq for SetOf<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.set == other.set && self.overlaps == other.overlaps
    }
}

impl<K, V> fmt::Debug for SetOf<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetOf").field("set", &self.set).field("overlaps", &self.overlaps).finish()
    }
}

/// A map from keys to values.
pub type MapOf<K, V> = SetOf<K, V>;

/// A map from keys to verdicts.
pub type VerdictMap<K> = SetOf<K, Verdict>;

/// nft's user data: runs are joined (`NFTNL_UDATA_SET_MERGE_ELEMENTS`).
const MERGE: u8 = 2;
/// nft's user data: the expression whose type the key has (`NFTNL_UDATA_SET_KEY_TYPEOF`).
const KEY_TYPEOF: u8 = 3;

impl<K: Key, V: MapValue> SetOf<K, V> {
    /// A set, or map, of this name.
    #[track_caller]
    pub fn new(name: impl Into<String>) -> Self {
        // A concatenation that the kernel cannot take is found when it is compiled.
        let _: usize = const { K::LEN };
        let mut set = V::describe(Set::new(name, K::data_type()));
        set.flags.set(SetFlags::INTERVAL, K::INTERVAL);
        // nft sets the flag for concatenations of intervals only, and the kernel asks for no other.
        set.flags.set(SetFlags::CONCAT, K::INTERVAL && K::CONCATENATION);
        if !(K::INTERVAL && K::CONCATENATION) {
            set.desc.fields.clear();
        }
        let mut made = Self { set, overlaps: Overlaps::default(), kind: PhantomData };
        made.keep_typeof();
        made
    }

    /// The typed view of a set that was read.
    ///
    /// ```
    /// use portcullis::{DataType, Mark, Port, Set, set::SetOf};
    ///
    /// let read = Set::new("marks", DataType::MARK);
    /// assert!(SetOf::<Mark>::of(&read).is_ok());
    /// let error = SetOf::<Port>::of(&read).unwrap_err();
    /// assert!(error.to_string().contains("\"marks\""), "{error}");
    /// ```
    ///
    /// # Errors
    /// [`Invalid::SetType`], which names both types, where the set is of another.
    #[track_caller]
    pub fn of(set: &Set) -> Result<Self, Invalid> {
        let wanted = Self::new(&set.name);
        let (ours, theirs) = (&wanted.set, set);
        let same = ours.key_type == theirs.key_type
            && ours.key_len == theirs.key_len
            && ours.data == theirs.data
            && K::INTERVAL == theirs.flags.contains(SetFlags::INTERVAL);
        if !same {
            return Err(Invalid::SetType {
                set: set.name.clone(),
                wanted: Self::type_text(),
                found: format!(
                    "key type {} of {} bytes{}, {}",
                    theirs.key_type,
                    theirs.key_len,
                    if theirs.flags.contains(SetFlags::INTERVAL) { ", intervals" } else { "" },
                    theirs
                        .data
                        .as_ref()
                        .map_or_else(|| "no map".to_owned(), |data| format!("map to {data:?}")),
                ),
            });
        }
        let merges = set.userdata.as_deref().is_some_and(|bytes| {
            userdata::entries(bytes).any(|(kind, value)| kind == MERGE && value != [0; 4])
        });
        let overlaps = if merges { Overlaps::Merge } else { Overlaps::Refuse };
        let mut set = set.clone();
        set.elements = Vec::new();
        Ok(Self { set, overlaps, kind: PhantomData })
    }

    /// Its type in nft's words: `ipv4_addr . inet_service, intervals`.
    pub(crate) fn type_text() -> String {
        let parts = |parts: &[FieldType]| parts.iter().map(|part| part.name).collect::<Vec<_>>().join(" . ");
        let intervals = if K::INTERVAL { ", intervals" } else { "" };
        let value = match V::PARTS {
            [] if V::NOTHING => String::new(),
            [] => " : verdict or object".to_owned(),
            value => format!(" : {}", parts(value)),
        };
        format!("{}{value}{intervals}", parts(K::PARTS))
    }

    /// A comment of at most 127 bytes, shown by `nft list`. Beside a long one there is no room for the expressions by
    /// which nft knows a concatenation of fields without a name.
    #[must_use]
    pub fn comment(self, comment: &str) -> Self {
        let mut set = self.change(|set| set.comment(comment));
        set.make_room();
        set
    }

    /// How many elements there can be, at least one. The kernel then takes its fixed-size hash, which loads about
    /// three times faster and takes less memory, for sets of single keys without timeouts and changes by rules.
    ///
    /// It is a limit, too: one element more is refused (`ENFILE`, "set is full"), and deleting and adding in one
    /// transaction needs no more room. A [constant](SetOf::constant) set needs no capacity: it has as many as
    /// are loaded with it.
    #[must_use]
    pub fn capacity(self, elements: u32) -> Self {
        self.change(|set| set.size(elements))
    }

    /// The content does not change while rules use the set. Its [capacity](SetOf::capacity) is then the number of
    /// elements that it is loaded with.
    #[must_use]
    pub fn constant(self) -> Self {
        self.change(|set| set.flags(SetFlags::CONSTANT))
    }

    /// Rules add elements to it. Give it a [capacity](SetOf::capacity): packets decide how many there are.
    #[must_use]
    pub fn dynamic(self) -> Self {
        self.change(|set| set.flags(SetFlags::EVAL))
    }

    /// Elements can have a timeout of their own ([`Entry::timeout`](super::Entry::timeout)); without one they stay.
    #[must_use]
    pub fn with_timeouts(self) -> Self {
        self.change(|set| set.flags(SetFlags::TIMEOUT))
    }

    /// How long elements stay that do not say it themselves. Whole milliseconds.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.change(|set| set.timeout(timeout))
    }

    /// How often the kernel looks for elements whose time is over. Whole milliseconds.
    #[must_use]
    pub fn gc_interval(self, interval: Duration) -> Self {
        self.change(|set| set.gc_interval(interval))
    }

    /// What the kernel chooses the set's form by: fast lookups, if unsaid.
    #[must_use]
    pub fn policy(self, policy: SetPolicy) -> Self {
        self.change(|set| set.policy(policy))
    }

    /// One more thing that each element does for the packets that it matches: see [`SetOf::counter`],
    /// [`SetOf::limit`] and [`SetOf::quota`]. Several need kernel 5.11.
    #[must_use]
    pub fn expression(self, expression: impl Into<Expr>) -> Self {
        self.change(|set| set.expression(expression))
    }

    /// Each element counts its packets and bytes.
    #[must_use]
    pub fn counter(self) -> Self {
        self.expression(Counter::new().bytes(0u64).packets(0u64))
    }

    /// Each element matches so many packets, or with [`Rate::over`] those beyond.
    #[must_use]
    pub fn limit(self, rate: Rate) -> Self {
        self.checked(rate.expression())
    }

    /// Each element matches until so many bytes have come, or with [`Quota::over`] from then on.
    #[must_use]
    pub fn quota(self, quota: Quota) -> Self {
        self.checked(quota.expression())
    }

    /// Each element matches while at most so many of its connections exist. See
    /// [`Entry::connlimit`](super::Entry::connlimit): a rule must make the kernel track connections.
    #[must_use]
    pub fn connlimit(self, count: u32) -> Self {
        self.expression(Connlimit::until(count).flags(ConnlimitFlags::empty()))
    }

    /// Each element matches while more than so many of its connections exist.
    #[must_use]
    pub fn connlimit_over(self, count: u32) -> Self {
        self.expression(Connlimit::over(count))
    }

    fn checked(mut self, expression: Result<impl Into<Expr>, Invalid>) -> Self {
        match expression {
            Ok(expression) => self.expression(expression),
            Err(problem) => {
                self.set.problem.get_or_insert(problem);
                self
            }
        }
    }

    /// Overlapping and adjacent runs are joined, in place of being refused: nft's `auto-merge`. Only for sets of
    /// intervals; concatenations of intervals are taken as they are.
    #[must_use]
    pub fn auto_merge(mut self) -> Self {
        if !K::INTERVAL || K::CONCATENATION {
            let problem =
                format!("set \"{}\": only single intervals are joined; leave auto_merge out", self.set.name);
            self.set.problem.get_or_insert(Invalid::Combination { problem });
            return self;
        }
        if self.overlaps != Overlaps::Merge {
            self.overlaps = Overlaps::Merge;
            userdata::put(self.set.userdata.get_or_insert_default(), MERGE, &1u32.to_ne_bytes());
            self.make_room();
        }
        self
    }

    /// Flags that no method is for, beside those set before.
    #[must_use]
    pub fn flags(self, flags: SetFlags) -> Self {
        self.change(|set| set.flags(flags))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.set.name
    }

    /// What is done with runs that overlap.
    pub fn overlaps(&self) -> Overlaps {
        self.overlaps
    }

    /// The same by value, without elements.
    pub fn as_set(&self) -> &Set {
        &self.set
    }

    /// The same by value, with elements; for [`Table::set`](crate::Table::set) and whole rulesets. What is wrong
    /// with an element is reported when the set is checked or sent.
    ///
    /// An element by value takes some 300 bytes. For many, see
    /// [`Transaction::add_set_with`](crate::Transaction::add_set_with).
    #[must_use]
    pub fn with<I>(&self, entries: I) -> Set
    where
        I: IntoIterator,
        I::Item: IntoEntry<K, V>,
    {
        let mut set = self.set.clone();
        match self.contents(entries) {
            Ok(contents) => set.elements = contents.elements(),
            Err(problem) => _ = set.problem.get_or_insert(problem),
        }
        if self.is_sized_by_content() && !set.elements.is_empty() {
            set.desc.size = u32::try_from(set.elements.len()).ok();
        }
        set
    }

    /// These entries as the whole content of the set: checked, runs sorted, and joined or refused. To be compared
    /// with another content ([`Contents::changes_to`]).
    ///
    /// # Errors
    /// [`Invalid::Element`] with the number of the first entry that cannot be right; [`Invalid::Overlap`] where runs overlap
    /// and the set does not join them.
    pub fn contents<I>(&self, entries: I) -> Result<Contents<K, V>, Invalid>
    where
        I: IntoIterator,
        I::Item: IntoEntry<K, V>,
    {
        Contents::collect(self.name(), self.overlaps, self.admit(entries))
    }

    /// Entries of which it is known whether this set can have them.
    pub(crate) fn admit<'s, I>(&'s self, entries: I) -> impl Iterator<Item = Entry<K, V>> + use<'s, I, K, V>
    where
        I: IntoIterator,
        I::Item: IntoEntry<K, V>,
    {
        let timeouts = self.set.flags.contains(SetFlags::TIMEOUT);
        entries.into_iter().map(move |entry| {
            let entry = entry.into_entry();
            if timeouts { entry } else { entry.without_timeout(&self.set.name) }
        })
    }

    /// Whether the kernel is told how many elements there are.
    pub(crate) fn is_sized_by_content(&self) -> bool {
        self.set.flags.contains(SetFlags::CONSTANT) && self.set.desc.size.is_none() && !K::INTERVAL
    }

    fn change(mut self, change: impl FnOnce(Set) -> Set) -> Self {
        self.set = change(self.set);
        self
    }

    /// Tells nft the expressions of types that have no name.
    fn keep_typeof(&mut self) {
        if !(type_of::is_needed(K::PARTS) || type_of::is_needed(V::PARTS)) {
            return;
        }
        let data = match self.set.data {
            Some(MapData::Verdict) => type_of::verdict(),
            _ => type_of::declare(V::PARTS),
        };
        let userdata = self.set.userdata.get_or_insert_default();
        for (kind, declared) in [(KEY_TYPEOF, type_of::declare(K::PARTS)), (DATA_TYPEOF, data)] {
            if let Some(declared) = declared {
                userdata::put(userdata, kind, &declared);
            }
        }
        self.make_room();
    }

    /// Where the kernel does not keep as much, what nft calls the type goes: it is for nft's listing only.
    fn make_room(&mut self) {
        let Some(userdata) = self.set.userdata.as_mut().filter(|bytes| bytes.len() > userdata::LIMIT) else {
            return;
        };
        let mut rest = Vec::new();
        for (kind, value) in userdata::entries(userdata) {
            if ![KEY_TYPEOF, DATA_TYPEOF].contains(&kind) {
                userdata::push(&mut rest, kind, value);
            }
        }
        *userdata = rest;
    }
}

/// To name the set: `(&table, &blocked)`.
impl<T: Into<TableRef>, K, V> From<(T, &SetOf<K, V>)> for SetRef {
    fn from((table, set): (T, &SetOf<K, V>)) -> Self {
        Self::from((table, &set.set))
    }
}

impl<K, V> From<SetOf<K, V>> for Set {
    fn from(set: SetOf<K, V>) -> Self {
        set.set
    }
}

impl<K, V> Borrow<Set> for SetOf<K, V> {
    fn borrow(&self) -> &Set {
        &self.set
    }
}

impl<K, V> Borrow<Set> for &SetOf<K, V> {
    fn borrow(&self) -> &Set {
        &self.set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Port,
        language::matches::{Length, Ttl, VlanId},
        set::CtLabels,
    };

    fn kinds<K, V>(set: &SetOf<K, V>) -> Vec<u8> {
        userdata::entries(set.set.userdata.as_deref().unwrap()).map(|(kind, _)| kind).collect()
    }

    #[test]
    fn expressions_are_kept_where_a_name_is_missing() {
        type Named = (Port, Port);
        assert_eq!(kinds(&SetOf::<Named>::new("s")), [0]);
        assert_eq!(kinds(&SetOf::<(Port, Length)>::new("s")), [0, KEY_TYPEOF]);
        // Of a map both, whichever has none.
        assert_eq!(kinds(&MapOf::<Named, Ttl>::new("s")), [0, 1, KEY_TYPEOF, DATA_TYPEOF]);
        assert_eq!(kinds(&MapOf::<Ttl, Named>::new("s")), [0, 1, KEY_TYPEOF, DATA_TYPEOF]);
        assert_eq!(kinds(&VerdictMap::<Ttl>::new("s")), [0, 1, KEY_TYPEOF, DATA_TYPEOF]);
        // nft 1.0.6 dies where it lists labels of connections among others.
        assert_eq!(kinds(&SetOf::<(CtLabels, Length)>::new("s")), [0]);
        // In nft's order, whatever is said first.
        let runs = SetOf::<super::super::Interval<Ttl>>::new("s").comment("c").auto_merge();
        assert_eq!(kinds(&runs), [0, MERGE, KEY_TYPEOF, userdata::SET_COMMENT]);
    }

    #[test]
    fn the_kernels_room_goes_to_the_comment() {
        type Long = (VlanId, VlanId, VlanId, VlanId, VlanId, VlanId);
        let long = SetOf::<Long>::new("s");
        assert_eq!(kinds(&long), [0, KEY_TYPEOF]);
        assert_eq!(kinds(&long.clone().comment("short")), [0, KEY_TYPEOF, userdata::SET_COMMENT]);
        let told = long.comment(&"x".repeat(127));
        assert_eq!(kinds(&told), [0, userdata::SET_COMMENT]);
        assert!(told.set.userdata.unwrap().len() <= userdata::LIMIT);
    }
}
