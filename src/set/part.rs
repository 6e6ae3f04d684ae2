//! What one part of a key can be: a value, or a run of values.

use std::{fmt, ops::RangeInclusive};

use ipnet::{Ipv4Net, Ipv6Net};

use super::{Field, bounds::Bounds};
use crate::Invalid;

/// A key that is not a concatenation, or one part of a concatenation.
///
/// A [`Field`] is one value. Runs of values, for sets of intervals, are [`Interval`], `RangeInclusive`,
/// [`Ipv4Net`] and [`Ipv6Net`].
pub trait Part: Clone + PartialEq + fmt::Debug {
    /// What packets are compared by.
    type Field: Field;

    /// Whether it needs a set of intervals.
    const INTERVAL: bool;

    /// Fills `to` with the first value, as a register holds it.
    fn write_first(&self, to: &mut [u8]);

    /// Fills `to` with the last value, as a register holds it.
    fn write_last(&self, to: &mut [u8]);

    /// What stands for the values from `first` to `last`; `None` where nothing of this type does.
    fn read(first: &[u8], last: &[u8]) -> Option<Self>;

    /// As nft writes it, for error texts.
    fn text(&self) -> String;

    /// Whether it can be right, in a set of `intervals` or of single values.
    ///
    /// # Errors
    /// As [`Field::check`]; [`Invalid::RangeReversed`] for a run whose end is before its start.
    fn check(&self, intervals: bool) -> Result<(), Invalid>;
}

impl<F: Field> Part for F {
    type Field = F;
    const INTERVAL: bool = false;

    #[inline]
    fn write_first(&self, to: &mut [u8]) {
        self.write(to);
    }

    #[inline]
    fn write_last(&self, to: &mut [u8]) {
        Field::write_last(self, to);
    }

    fn read(first: &[u8], last: &[u8]) -> Option<Self> {
        F::read_run(first, last)
    }

    fn text(&self) -> String {
        Field::text(self)
    }

    #[inline]
    fn check(&self, intervals: bool) -> Result<(), Invalid> {
        Field::check(self, intervals)
    }
}

/// Every value from the first to the last, both included; both may be the same.
///
/// ```
/// use std::net::Ipv4Addr;
///
/// use portcullis::set::Interval;
///
/// let one: Interval<Ipv4Addr> = Ipv4Addr::new(192, 0, 2, 7).into();
/// let network: Interval<Ipv4Addr> = "10.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap().into();
/// let run: Interval<Ipv4Addr> = (Ipv4Addr::new(192, 0, 2, 1)..=Ipv4Addr::new(192, 0, 2, 9)).into();
/// assert_eq!(network.to_string(), "10.0.0.0/8");
/// assert_eq!(run.to_string(), "192.0.2.1-192.0.2.9");
/// # let _ = one;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interval<F> {
    /// The first value.
    pub first: F,
    /// The last value, not less than the first.
    pub last: F,
}

impl<F> Interval<F> {
    /// From the first to the last, both included. A reversed one is reported when it is used.
    pub const fn new(first: F, last: F) -> Self {
        Self { first, last }
    }
}

impl<F: Field> From<F> for Interval<F> {
    fn from(value: F) -> Self {
        Self { first: value.clone(), last: value }
    }
}

impl<F> From<RangeInclusive<F>> for Interval<F> {
    fn from(range: RangeInclusive<F>) -> Self {
        let (first, last) = range.into_inner();
        Self { first, last }
    }
}

impl From<Ipv4Net> for Interval<std::net::Ipv4Addr> {
    fn from(network: Ipv4Net) -> Self {
        Self { first: network.network(), last: network.broadcast() }
    }
}

impl From<Ipv6Net> for Interval<std::net::Ipv6Addr> {
    fn from(network: Ipv6Net) -> Self {
        Self { first: network.network(), last: network.broadcast() }
    }
}

/// As nft writes it: `22`, `22-25`, `10.0.0.0/8`.
impl<F: Field> fmt::Display for Interval<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bounds = Bounds::of(self);
        if F::read_run(bounds.first(), bounds.last()).is_some_and(|_| self.first == self.last) {
            return f.write_str(&self.first.text());
        }
        match bounds.prefix().filter(|_| F::TYPE.prefixes) {
            Some(length) => write!(f, "{}/{length}", self.first.text()),
            None => write!(f, "{}-{}", self.first.text(), self.last.text()),
        }
    }
}

impl<F: Field> Part for Interval<F> {
    type Field = F;
    const INTERVAL: bool = true;

    #[inline]
    fn write_first(&self, to: &mut [u8]) {
        self.first.write(to);
    }

    #[inline]
    fn write_last(&self, to: &mut [u8]) {
        self.last.write_last(to);
    }

    fn read(first: &[u8], last: &[u8]) -> Option<Self> {
        if let Some(value) = F::read_run(first, last) {
            return Some(value.into());
        }
        Some(Self { first: F::read(first)?, last: F::read(last)? })
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn check(&self, intervals: bool) -> Result<(), Invalid> {
        check_run(&self.first, &self.last, intervals)
    }
}

fn check_run<F: Field>(first: &F, last: &F, intervals: bool) -> Result<(), Invalid> {
    first.check(intervals)?;
    last.check(intervals)?;
    if Bounds::of_run(first, last).is_reversed() {
        return Err(Invalid::RangeReversed { what: F::WHAT, from: first.text(), to: last.text() });
    }
    Ok(())
}

impl<F: Field> Part for RangeInclusive<F> {
    type Field = F;
    const INTERVAL: bool = true;

    #[inline]
    fn write_first(&self, to: &mut [u8]) {
        self.start().write(to);
    }

    #[inline]
    fn write_last(&self, to: &mut [u8]) {
        self.end().write_last(to);
    }

    fn read(first: &[u8], last: &[u8]) -> Option<Self> {
        Interval::read(first, last).map(|Interval { first, last }| first..=last)
    }

    fn text(&self) -> String {
        Interval::new(self.start().clone(), self.end().clone()).to_string()
    }

    fn check(&self, intervals: bool) -> Result<(), Invalid> {
        check_run(self.start(), self.end(), intervals)
    }
}

/// Declares that a network is a run of addresses.
macro_rules! networks {
    ($( $network:ty, $address:ty; )+) => {$(
        impl Part for $network {
            type Field = $address;
            const INTERVAL: bool = true;

            #[inline]
            fn write_first(&self, to: &mut [u8]) {
                self.network().write(to);
            }

            #[inline]
            fn write_last(&self, to: &mut [u8]) {
                self.broadcast().write(to);
            }

            /// `None` for a run that is no network: [`Interval`] takes it.
            fn read(first: &[u8], last: &[u8]) -> Option<Self> {
                let address = <$address as Field>::read(first)?;
                let bounds = Bounds::of(&Interval::new(address, <$address as Field>::read(last)?));
                Self::new(address, bounds.prefix()?).ok()
            }

            fn text(&self) -> String {
                Interval::from(*self).to_string()
            }

            fn check(&self, _: bool) -> Result<(), Invalid> {
                Ok(())
            }
        }
    )+};
}

networks! {
    Ipv4Net, std::net::Ipv4Addr;
    Ipv6Net, std::net::Ipv6Addr;
}
