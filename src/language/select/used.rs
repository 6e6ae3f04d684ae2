//! The set or map that a rule uses: one of the table by its name, or one of its own.

use super::ByName;
use crate::{
    Invalid,
    expr::ObjectKind,
    object::{Element, ElementData, MapData, Set, SetFlags, check_verdict},
    set::{Key, MapValue, SetOf},
};

/// A set or map that a rule looks up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum UsedSet {
    /// A set of the table.
    Named {
        /// Its name.
        name: String,
        /// It is one of runs ([`SetFlags::INTERVAL`]): numbers of the machine's byte order are turned before they
        /// are looked up. Of other fields, the rule does not tell.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
        runs: bool,
    },
    /// An anonymous set, which goes with the rule.
    Own(Box<Set>),
}

impl UsedSet {
    /// Whether it holds runs.
    pub(crate) fn runs(&self) -> bool {
        match self {
            Self::Named { runs, .. } => *runs,
            Self::Own(set) => set.flags.contains(SetFlags::INTERVAL),
        }
    }

    /// The kind of the objects that a map of the rule's own leads to.
    pub(crate) fn object_kind(&self) -> Option<ObjectKind> {
        match self {
            Self::Own(set) => set.object_kind(),
            Self::Named { .. } => None,
        }
    }

    /// For a listing: `@blocked`, or what the rule's own set holds in words.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Named { name, .. } => format!("@{name}"),
            Self::Own(set) => {
                let count = set.elements.iter().filter(|element| !is_end(element)).count();
                format!("{{ {count} {} }}", if count == 1 { "element" } else { "elements" })
            }
        }
    }
}

fn is_end(element: &Element) -> bool {
    element.flags.contains(crate::object::ElementFlags::INTERVAL_END)
}

/// A set or map that was given to a word, and what the program knows of it.
#[derive(Clone, Debug)]
pub struct Used {
    pub(crate) set: UsedSet,
    /// What the set can do, where the program knows.
    pub(crate) known: Option<Known>,
}

/// What the program knows of a set.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) flags: SetFlags,
    pub(crate) key_type: u32,
    pub(crate) key_len: u32,
    pub(crate) data: Option<MapData>,
    pub(crate) problem: Option<Invalid>,
}

impl Known {
    fn of(set: &Set) -> Self {
        let Set { flags, key_type, key_len, data, problem, .. } = set;
        Self {
            flags: *flags,
            key_type: *key_type,
            key_len: *key_len,
            data: data.clone(),
            problem: problem.clone(),
        }
    }
}

impl Used {
    fn named(set: &Set) -> Self {
        let runs = set.flags.contains(SetFlags::INTERVAL);
        Self { set: UsedSet::Named { name: set.name.clone(), runs }, known: Some(Known::of(set)) }
    }

    /// A set that the rule brings along.
    pub(crate) fn own(mut set: Set) -> Self {
        set.flags |= SetFlags::ANONYMOUS | SetFlags::CONSTANT;
        set.desc.size = u32::try_from(set.elements.len()).ok();
        Self { known: Some(Known::of(&set)), set: UsedSet::Own(Box::new(set)) }
    }
}

/// A set of the table, of which the program knows the name and no more.
///
/// A name alone, as text, is a set of single values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    name: String,
    runs: bool,
}

impl Named {
    /// A set of single values.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), runs: false }
    }

    /// A set of runs of values (nft's `flags interval`).
    pub fn of_runs(name: impl Into<String>) -> Self {
        Self { name: name.into(), runs: true }
    }

    fn used(self) -> Used {
        Used { set: UsedSet::Named { name: self.name, runs: self.runs }, known: None }
    }
}

/// A set that can be looked up by `Fields`: a typed set, an untyped one, a name, or for a list that belongs to the
/// rule alone, an array or vector of keys.
pub trait Keyed<Fields> {
    /// The same by value.
    fn used(self) -> Used;
}

impl<K: Key> Keyed<K::Fields> for &SetOf<K> {
    fn used(self) -> Used {
        Used::named(self.as_set())
    }
}

impl Keyed<ByName> for &Set {
    fn used(self) -> Used {
        Used::named(self)
    }
}

impl Keyed<ByName> for Named {
    fn used(self) -> Used {
        self.used()
    }
}

impl Keyed<ByName> for &str {
    fn used(self) -> Used {
        Named::new(self).used()
    }
}

impl<K: Key, const N: usize> Keyed<K::Fields> for [K; N] {
    fn used(self) -> Used {
        Used::own(SetOf::<K>::new("__set%d").with(self))
    }
}

impl<K: Key> Keyed<K::Fields> for Vec<K> {
    fn used(self) -> Used {
        Used::own(SetOf::<K>::new("__set%d").with(self))
    }
}

/// A map from `Fields` to values of type `V`: a typed map, an untyped one, a name, or for a list that belongs to the
/// rule alone, an array or vector of pairs of key and value.
pub trait Mapping<Fields, V> {
    /// The same by value.
    fn used(self) -> Used;
}

impl<K: Key, V: MapValue> Mapping<K::Fields, V> for &SetOf<K, V> {
    fn used(self) -> Used {
        Used::named(self.as_set())
    }
}

impl<V: MapValue> Mapping<ByName, V> for &Set {
    fn used(self) -> Used {
        Used::named(self)
    }
}

impl<V: MapValue> Mapping<ByName, V> for Named {
    fn used(self) -> Used {
        self.used()
    }
}

impl<V: MapValue> Mapping<ByName, V> for &str {
    fn used(self) -> Used {
        Named::new(self).used()
    }
}

impl<K: Key, V: MapValue, const N: usize> Mapping<K::Fields, V> for [(K, V); N] {
    fn used(self) -> Used {
        Used::own(own_map(self))
    }
}

impl<K: Key, V: MapValue> Mapping<K::Fields, V> for Vec<(K, V)> {
    fn used(self) -> Used {
        Used::own(own_map(self))
    }
}

/// A map that goes with a rule, called as nft calls it.
pub(super) fn own_map<K: Key, V: MapValue>(pairs: impl IntoIterator<Item = (K, V)>) -> Set {
    let mut set = SetOf::<K, V>::new("__map%d").with(pairs);
    if matches!(set.data, Some(MapData::Object(_))) {
        set.name = "__objmap%d".to_owned();
    }
    set
}

/// Whether a verdict map's verdicts can be: names of chains are names.
pub(crate) fn check_verdicts(set: &Set) -> Result<(), Invalid> {
    set.elements.iter().try_for_each(|element| match &element.data {
        Some(ElementData::Verdict(verdict)) => check_verdict(verdict),
        _ => Ok(()),
    })
}
