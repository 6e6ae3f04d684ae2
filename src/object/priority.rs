//! The order of base chains at one hook.

use std::ops::{Add, Sub};

use super::Family;

/// A base chain's priority: chains at the same hook run in ascending order.
///
/// The named ones are nft's; some have another number in `bridge` tables (`nft(8)`, "Standard priority
/// names"). `Priority::FILTER - 5` is nft's `filter - 5`, and any `i32` is a priority too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Priority {
    base: Base,
    offset: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Base {
    Zero,
    Raw,
    Mangle,
    DstNat,
    Filter,
    Security,
    Out,
    SrcNat,
}

impl Priority {
    /// Before connection tracking: -300.
    #[doc(alias = "NF_IP_PRI_RAW")]
    pub const RAW: Self = Self::named(Base::Raw);
    /// Changing packets: -150.
    #[doc(alias = "NF_IP_PRI_MANGLE")]
    pub const MANGLE: Self = Self::named(Base::Mangle);
    /// Destination NAT: -100, in `bridge` tables -300.
    #[doc(alias = "NF_IP_PRI_NAT_DST")]
    pub const DSTNAT: Self = Self::named(Base::DstNat);
    /// Filtering: 0, in `bridge` tables -200.
    #[doc(alias = "NF_IP_PRI_FILTER")]
    pub const FILTER: Self = Self::named(Base::Filter);
    /// SELinux marks: 50.
    #[doc(alias = "NF_IP_PRI_SECURITY")]
    pub const SECURITY: Self = Self::named(Base::Security);
    /// Only in `bridge` tables: 100.
    #[doc(alias = "NF_BR_PRI_NAT_DST_OTHER")]
    pub const OUT: Self = Self::named(Base::Out);
    /// Source NAT: 100, in `bridge` tables 300.
    #[doc(alias = "NF_IP_PRI_NAT_SRC")]
    pub const SRCNAT: Self = Self::named(Base::SrcNat);

    /// nft's names.
    #[cfg(feature = "serde")]
    pub(crate) const NAMED: [(&'static str, Self); 7] = [
        ("raw", Self::RAW),
        ("mangle", Self::MANGLE),
        ("dstnat", Self::DSTNAT),
        ("filter", Self::FILTER),
        ("security", Self::SECURITY),
        ("out", Self::OUT),
        ("srcnat", Self::SRCNAT),
    ];

    /// nft's name, if it is said by name, and what is added to it.
    #[cfg(feature = "serde")]
    pub(crate) fn said(self) -> (Option<&'static str>, i32) {
        let named = Self::NAMED.iter().find(|(_, named)| named.base == self.base);
        (named.map(|(name, _)| *name), self.offset)
    }

    const fn named(base: Base) -> Self {
        Self { base, offset: 0 }
    }

    /// The kernel's number in a family.
    pub const fn number(self, family: Family) -> i32 {
        let bridge = matches!(family, Family::Bridge);
        let base = match self.base {
            Base::Zero => 0,
            Base::Raw => -300,
            Base::Mangle => -150,
            Base::DstNat if bridge => -300,
            Base::DstNat => -100,
            Base::Filter if bridge => -200,
            Base::Filter => 0,
            Base::Security => 50,
            Base::Out => 100,
            Base::SrcNat if bridge => 300,
            Base::SrcNat => 100,
        };
        self.offset.saturating_add(base)
    }
}

impl From<i32> for Priority {
    fn from(number: i32) -> Self {
        Self { base: Base::Zero, offset: number }
    }
}

impl Add<i32> for Priority {
    type Output = Self;

    fn add(self, offset: i32) -> Self {
        Self { offset: self.offset.saturating_add(offset), ..self }
    }
}

impl Sub<i32> for Priority {
    type Output = Self;

    fn sub(self, offset: i32) -> Self {
        Self { offset: self.offset.saturating_sub(offset), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_offsets_and_families() {
        assert_eq!((Priority::FILTER - 5).number(Family::Inet), -5);
        assert_eq!(Priority::FILTER.number(Family::Bridge), -200);
        assert_eq!((Priority::SRCNAT + 1).number(Family::Ip), 101);
        assert_eq!(Priority::from(-7).number(Family::Ip6), -7);
        assert_eq!((Priority::SRCNAT + i32::MAX).number(Family::Ip), i32::MAX);
    }
}
