//! What a match compares with: a value, a range, a prefix, a list of them, or the negation of any.

use smallvec::SmallVec;

use super::{Datatype, Item};
use crate::{Invalid, expr::Data};

/// The values that a match accepts.
///
/// Made from what reads naturally: `22`, `22..=25`, `[80, 443]`, `"10.0.2.0/24"`, [`not`]`("lo")`.
/// [`Matching::or`] joins what one array cannot hold.
///
/// ```
/// use portcullis::{Rule, not};
///
/// Rule::new().tcp().dport(22);
/// Rule::new().tcp().dport([80, 443]);
/// Rule::new().tcp().dport(not(1024..=65535));
/// Rule::new().saddr(["10.0.2.0/24", "192.168.7.1-192.168.7.9"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matching<T> {
    pub(crate) negated: bool,
    pub(crate) items: SmallVec<[Item<T>; 1]>,
    /// What went wrong when the values were made; reported when the rule is checked.
    pub(crate) problem: Option<Box<Invalid>>,
}

impl<T> Matching<T> {
    /// Exactly these.
    pub fn any_of(items: impl IntoIterator<Item = Item<T>>) -> Self {
        Self { negated: false, items: items.into_iter().collect(), problem: None }
    }

    /// These or those.
    #[must_use]
    pub fn or(mut self, other: impl Into<Self>) -> Self {
        let other = other.into();
        if self.negated || other.negated {
            let problem = "not(..) goes around the whole list: not(a.or(b))".to_owned();
            self.problem.get_or_insert(Box::new(Invalid::Combination { problem }));
        }
        self.problem = self.problem.or(other.problem);
        self.items.extend(other.items);
        self
    }

    /// Whether it is the negation of its items.
    pub fn is_negated(&self) -> bool {
        self.negated
    }

    /// What is accepted, or with [`Matching::is_negated`] refused.
    pub fn items(&self) -> &[Item<T>] {
        &self.items
    }

    pub(crate) fn one(item: Item<T>) -> Self {
        Self { negated: false, items: SmallVec::from_buf([item]), problem: None }
    }

    /// Each value as another type.
    pub(crate) fn map<U>(&self, make: impl Fn(&T) -> U) -> Matching<U> {
        let items = self.items.iter().map(|item| match item {
            Item::One(value) => Item::One(make(value)),
            Item::Range(from, to) => Item::Range(make(from), make(to)),
            Item::Prefix(value, bits) => Item::Prefix(make(value), *bits),
            Item::Masked(value, mask) => Item::Masked(make(value), make(mask)),
        });
        Matching { negated: self.negated, items: items.collect(), problem: self.problem.clone() }
    }

    pub(crate) fn broken(problem: Invalid) -> Self {
        Self { negated: false, items: SmallVec::new(), problem: Some(Box::new(problem)) }
    }
}

/// The negation that [`not`] makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Not<V>(pub V);

/// Everything but this: iptables' `!`.
pub fn not<V>(values: V) -> Not<V> {
    Not(values)
}

impl<T, V: Into<Matching<T>>> From<Not<V>> for Matching<T> {
    fn from(Not(values): Not<V>) -> Self {
        let mut matching = values.into();
        matching.negated = !matching.negated;
        matching
    }
}

impl<T> From<Item<T>> for Matching<T> {
    fn from(item: Item<T>) -> Self {
        Self::one(item)
    }
}

impl<T> From<Vec<Item<T>>> for Matching<T> {
    fn from(items: Vec<Item<T>>) -> Self {
        Self::any_of(items)
    }
}

impl<T, const N: usize> From<[Item<T>; N]> for Matching<T> {
    fn from(items: [Item<T>; N]) -> Self {
        Self::any_of(items)
    }
}

/// Declares from what a `Matching` of a type can be made: each source alone, as array, slice and vector.
/// A source is written `{ TYPE } => |value| MATCHING`, with its lifetime before it if it has one.
macro_rules! matching_from {
    ($type:ty: $( $($life:lifetime)? { $source:ty } => |$value:ident| $make:expr, )+) => {$(
        impl$(<$life>)? From<$source> for $crate::language::Matching<$type> {
            fn from($value: $source) -> Self {
                $make
            }
        }

        impl<$($life,)? const N: usize> From<[$source; N]> for $crate::language::Matching<$type> {
            fn from(values: [$source; N]) -> Self {
                values.into_iter().collect()
            }
        }

        impl$(<$life>)? From<Vec<$source>> for $crate::language::Matching<$type> {
            fn from(values: Vec<$source>) -> Self {
                values.into_iter().collect()
            }
        }

        impl$(<$life>)? From<&[$source]> for $crate::language::Matching<$type> {
            fn from(values: &[$source]) -> Self {
                values.iter().cloned().collect()
            }
        }

        impl$(<$life>)? FromIterator<$source> for $crate::language::Matching<$type> {
            fn from_iter<I: IntoIterator<Item = $source>>(values: I) -> Self {
                values.into_iter().fold(Self::any_of([]), |all, value| all.or(value))
            }
        }
    )+};
}
pub(crate) use matching_from;

/// A value that registers can hold: what a [`Matching`] is lowered by.
pub(crate) trait Operand: Clone {
    /// For error texts: "port".
    const WHAT: &'static str;

    /// What nft calls the type, and how registers hold it.
    const DATATYPE: Datatype;

    /// Whether ranges are usually written as prefixes, as networks are.
    const PREFIXES: bool = false;

    /// The register's content.
    fn data(&self) -> Data;

    /// The value that the register's content is of.
    fn from_data(data: &Data) -> Option<Self>;

    /// For error texts.
    fn text(&self) -> String;

    /// Whether the value can be right.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}
