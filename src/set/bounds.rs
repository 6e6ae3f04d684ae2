//! The first and the last value of a part, as bytes whose order is that of the values.

use super::{Field, Part, field::FIELD_LIMIT};

/// Bytes compare as the values do: numbers of the host's byte order are turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    first: [u8; FIELD_LIMIT],
    last: [u8; FIELD_LIMIT],
    len: usize,
}

impl Bounds {
    /// Of what a part stands for.
    pub(crate) fn of<P: Part>(part: &P) -> Self {
        Self::fill(P::Field::TYPE, |to| part.write_first(to), |to| part.write_last(to))
    }

    /// From one value to another.
    pub(crate) fn of_run<F: Field>(first: &F, last: &F) -> Self {
        Self::fill(F::TYPE, |to| first.write(to), |to| last.write_last(to))
    }

    fn fill(kind: super::FieldType, first: impl FnOnce(&mut [u8]), last: impl FnOnce(&mut [u8])) -> Self {
        let len = kind.len.min(FIELD_LIMIT);
        let mut bounds = Self { first: [0; FIELD_LIMIT], last: [0; FIELD_LIMIT], len };
        if let Some(to) = bounds.first.get_mut(..len) {
            first(to);
            turn(kind, to);
        }
        if let Some(to) = bounds.last.get_mut(..len) {
            last(to);
            turn(kind, to);
        }
        bounds
    }

    pub(crate) fn first(&self) -> &[u8] {
        self.first.get(..self.len).unwrap_or_default()
    }

    pub(crate) fn last(&self) -> &[u8] {
        self.last.get(..self.len).unwrap_or_default()
    }

    /// Whether the last comes before the first.
    pub(crate) fn is_reversed(&self) -> bool {
        self.first > self.last
    }

    /// How many bits all values share, where they are all the values that share these.
    pub(crate) fn prefix(&self) -> Option<u8> {
        let (first, last) = (u128::from_be_bytes(self.first), u128::from_be_bytes(self.last));
        let unused = 8 * u32::try_from(FIELD_LIMIT - self.len).ok()?;
        // Behind the field all bits are zero.
        let (first, last) = (first >> unused.min(127), last >> unused.min(127));
        let free = first ^ last;
        let run = free.checked_add(1).is_none_or(u128::is_power_of_two);
        let bits = u128::BITS - free.leading_zeros();
        let whole = run && first & free == 0;
        whole.then(|| u8::try_from(u128::BITS - unused - bits).ok()).flatten()
    }
}

/// From a register's order to that of the values, and back.
#[inline]
pub(crate) fn turn(kind: super::FieldType, bytes: &mut [u8]) {
    if kind.is_turned() {
        bytes.reverse();
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::{language::matches::Mark, set::Interval};

    #[test]
    fn prefixes_are_found() {
        let v4 = |first: [u8; 4], last: [u8; 4]| {
            Bounds::of(&Interval::new(Ipv4Addr::from(first), Ipv4Addr::from(last))).prefix()
        };
        assert_eq!(v4([10, 0, 0, 0], [10, 255, 255, 255]), Some(8));
        assert_eq!(v4([0; 4], [255; 4]), Some(0));
        assert_eq!(v4([1, 2, 3, 4], [1, 2, 3, 4]), Some(32));
        assert_eq!(v4([10, 0, 0, 1], [10, 0, 0, 2]), None);
        assert_eq!(v4([10, 0, 0, 1], [10, 0, 0, 4]), None);
        let all = Interval::new(Ipv6Addr::from(0), Ipv6Addr::from(u128::MAX));
        assert_eq!(Bounds::of(&all).prefix(), Some(0));
        assert_eq!(Bounds::of(&Interval::from(Ipv6Addr::LOCALHOST)).prefix(), Some(128));
    }

    #[test]
    fn numbers_of_the_hosts_order_compare_as_numbers() {
        assert!(!Bounds::of_run(&Mark(0x1ff), &Mark(0x200)).is_reversed());
        assert!(Bounds::of_run(&Mark(0x200), &Mark(0x1ff)).is_reversed());
        assert_eq!(Bounds::of_run(&Mark(1), &Mark(2)).first(), [0, 0, 0, 1]);
    }
}
