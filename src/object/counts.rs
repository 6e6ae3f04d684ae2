//! What the kernel has counted.

use std::{
    fmt,
    ops::{Add, AddAssign},
};

use super::{Chain, Element, Object, ObjectData, Rule};
use crate::{
    expr::{Counter, Expr},
    language::Statement,
};

/// Packets, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counts {
    /// How many packets.
    pub packets: u64,
    /// How many bytes they had, from the network header on.
    pub bytes: u64,
}

impl Counts {
    /// So many packets, with so many bytes in all.
    pub const fn new(packets: u64, bytes: u64) -> Self {
        Self { packets, bytes }
    }

    fn of(counter: &Counter) -> Self {
        Self::new(counter.packets.unwrap_or_default(), counter.bytes.unwrap_or_default())
    }

    /// What the first counter among expressions says.
    fn first<'a>(expressions: impl IntoIterator<Item = &'a Expr>) -> Option<Self> {
        expressions.into_iter().find_map(|expression| match expression {
            Expr::Counter(counter) => Some(Self::of(counter)),
            _ => None,
        })
    }
}

/// Wraps around, as the kernel's counters do.
impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.packets.wrapping_add(other.packets), self.bytes.wrapping_add(other.bytes))
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Self::add)
    }
}

/// As nft writes it: `packets 7 bytes 700`.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "packets {} bytes {}", self.packets, self.bytes)
    }
}

impl Rule {
    /// What the rule's counter says; of several, the first. `None` where it has none.
    ///
    /// ```
    /// use portcullis::{Rule, object::Counts};
    ///
    /// assert_eq!(Rule::new().counter_from(7, 700).accept().counted(), Some(Counts::new(7, 700)));
    /// assert_eq!(Rule::new().accept().counted(), None);
    /// ```
    pub fn counted(&self) -> Option<Counts> {
        self.body.iter().find_map(|statement| match statement {
            Statement::Count(count) => Some(Counts::new(count.packets, count.bytes)),
            Statement::Expr(expression) => Counts::first([expression]),
            _ => None,
        })
    }
}

impl Chain {
    /// What the chain's policy has decided about. The kernel counts it for base chains that were given counters to
    /// start from, and cannot reset it; `None` for all others.
    pub fn counted(&self) -> Option<Counts> {
        let (packets, bytes) = self.base.as_ref()?.counters?;
        Some(Counts::new(packets, bytes))
    }
}

impl Object {
    /// What a counter has counted; `None` for other kinds of objects.
    pub fn counted(&self) -> Option<Counts> {
        match &self.data {
            ObjectData::Counter(counter) => Some(Counts::of(counter)),
            _ => None,
        }
    }

    /// How many bytes of a quota are used up; `None` for other kinds of objects.
    pub fn consumed(&self) -> Option<u64> {
        match &self.data {
            ObjectData::Quota(quota) => Some(quota.consumed.unwrap_or_default()),
            _ => None,
        }
    }
}

impl Element {
    /// What the element's own counter says; `None` where it has none.
    pub fn counted(&self) -> Option<Counts> {
        Counts::first(&self.expressions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Hook,
        expr::{Data, Quota},
    };

    #[test]
    fn what_was_counted_is_found_wherever_it_is() {
        let counter = || Counter::new().packets(7u64).bytes(700u64);
        let counts = Some(Counts::new(7, 700));
        assert_eq!(Rule::new().tcp().say(counter()).accept().counted(), counts);
        assert_eq!(Rule::new().counter_from(7, 700).counter().counted(), counts);
        assert_eq!(Object::new("hits", counter()).counted(), counts);
        assert_eq!(Object::new("day", Quota::over(9).consumed(5u64)).consumed(), Some(5));
        assert_eq!(Object::new("day", Quota::over(9)).counted(), None);
        assert_eq!(Object::new("hits", counter()).consumed(), None);
        assert_eq!(Element::new(Data::byte(1)).expression(counter()).counted(), counts);
        let mut chain = Chain::filter("input", Hook::Input);
        assert_eq!(chain.counted(), None);
        chain.base.as_mut().unwrap().counters = Some((7, 700));
        assert_eq!(chain.counted(), counts);
    }

    #[test]
    fn counts_add_up_and_wrap() {
        let sum: Counts = [Counts::new(1, 2), Counts::new(u64::MAX, 3)].into_iter().sum();
        assert_eq!(sum, Counts::new(0, 5));
        assert_eq!(sum.to_string(), "packets 0 bytes 5");
    }
}
