//! The packet's mark: iptables' `-m mark`, nft's `meta mark`.

use std::ops::RangeInclusive;

use super::number::comparison;
use crate::{
    Invalid, Rule,
    expr::{Data, Meta, MetaKey, Register},
    language::{Datatype, Item, Matching, Operand, lift::host_u32, matching_from},
};

/// A mark that packets, connections and sockets carry inside this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Mark(pub u32);

impl Operand for Mark {
    const WHAT: &'static str = "mark";
    const DATATYPE: Datatype = Datatype::MARK;

    fn data(&self) -> Data {
        Data::host_u32(self.0)
    }

    fn from_data(data: &Data) -> Option<Self> {
        host_u32(data).map(Self)
    }

    fn text(&self) -> String {
        format!("{:#x}", self.0)
    }
}

/// A value under a mask, as [`masked`] makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Masked<V> {
    /// What the bits of the mask are compared with.
    pub value: V,
    /// Which bits are compared.
    pub mask: V,
}

/// Only the bits of `mask` are compared with `value`: iptables' `VALUE/MASK`, nft's `& MASK == VALUE`.
///
/// ```
/// use portcullis::{Rule, not};
/// use portcullis::language::matches::masked;
///
/// Rule::new().mark(masked(0x10, 0xff));
/// Rule::new().ct_mark(not(masked(0x10, 0xff)));
/// ```
pub fn masked<V>(value: V, mask: V) -> Masked<V> {
    Masked { value, mask }
}

impl<V: Copy> Masked<V> {
    /// As an item, unless the value has a bit that the mask lacks: it would never match.
    pub(super) fn item<T>(
        self,
        what: &'static str,
        bits: impl Fn(V) -> u64,
        full: u64,
        make: impl Fn(V) -> T,
    ) -> Result<Item<T>, Invalid> {
        let (value, mask) = (bits(self.value), bits(self.mask));
        if value & !mask != 0 {
            let problem = format!(
                "{what} {value:#x} can never be found under the mask {mask:#x}: it has bits that the mask lacks"
            );
            return Err(Invalid::Combination { problem });
        }
        if mask == full {
            return Ok(Item::One(make(self.value)));
        }
        Ok(Item::Masked(make(self.value), make(self.mask)))
    }
}

matching_from! {
    Mark:
    { Mark } => |mark| Self::one(Item::One(mark)),
    { u32 } => |mark| Self::one(Item::One(Mark(mark))),
    { RangeInclusive<u32> } => |range| Self::one(Item::Range(Mark(*range.start()), Mark(*range.end()))),
    { Masked<u32> } => |masked| {
        masked.item("mark", u64::from, u32::MAX.into(), Mark).map_or_else(Self::broken, Self::one)
    },
}

comparison! {
    /// The packet carries one of these marks.
    MarkMatch(Mark) = Meta::load(MetaKey::Mark, Register::R1);
}

impl Rule {
    /// Only packets that carry one of these marks.
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::masked;
    ///
    /// Rule::new().mark(0x10).accept();
    /// Rule::new().mark(masked(0x100, 0xff00)).drop();
    /// ```
    #[doc(alias = "fwmark")]
    #[must_use]
    pub fn mark(self, marks: impl Into<Matching<Mark>>) -> Self {
        self.word(|| MarkMatch(marks.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    #[test]
    fn as_nft_says_it() {
        use crate::{
            language::matches::golden::{IP, same_as_nft},
            not,
        };

        same_as_nft([
            (IP, "meta mark 0x10", Rule::new().mark(0x10)),
            (IP, "meta mark != 0x10", Rule::new().mark(not(0x10))),
            (IP, "meta mark 0x10-0x20", Rule::new().mark(0x10..=0x20)),
            (IP, "meta mark != 0x10-0x20", Rule::new().mark(not(0x10..=0x20))),
            (IP, "meta mark { 1, 2 }", Rule::new().mark([1, 2])),
            (IP, "meta mark != { 1, 5-9 }", Rule::new().mark(not(Matching::from(1).or(5..=9)))),
            (IP, "meta mark & 0xff == 0x10", Rule::new().mark(masked(0x10, 0xff))),
            (IP, "meta mark & 0xff != 0x10", Rule::new().mark(not(masked(0x10, 0xff)))),
            (IP, "meta mark 5", Rule::new().mark(masked(5, u32::MAX))),
        ]);
    }

    #[test]
    fn what_cannot_match_is_refused() {
        let problem = Rule::new().mark(masked(0x110, 0xff)).check(Family::Ip).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "mark 0x110 can never be found under the mask 0xff: it has bits that the mask lacks"
        );
        let problem = Rule::new().mark(Item::Range(Mark(9), Mark(3))).check(Family::Ip).unwrap_err();
        assert_eq!(problem.to_string(), "the mark range 0x9 to 0x3 is reversed");
        let problem = Rule::new().mark([masked(1, 3), masked(4, 12)]).check(Family::Ip).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "the mark 0x1 under mask 0x3 cannot be one of a list; make a rule of its own for it"
        );
    }
}
