//! One value, or one run of values, that a match accepts.

use std::ops::RangeInclusive;

/// A member of a [`Matching`](super::Matching).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Item<T> {
    /// This value.
    One(T),
    /// From the first to the last, both included.
    Range(T, T),
    /// Every value whose first bits are those of this one.
    Prefix(T, u8),
    /// Every value that equals the first under the mask given second.
    Masked(T, T),
}

impl<T> From<T> for Item<T> {
    fn from(value: T) -> Self {
        Self::One(value)
    }
}

impl<T: Clone> From<RangeInclusive<T>> for Item<T> {
    fn from(range: RangeInclusive<T>) -> Self {
        let (from, to) = range.into_inner();
        Self::Range(from, to)
    }
}
