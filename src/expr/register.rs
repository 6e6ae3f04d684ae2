//! The registers of the kernel's rule machine.

use std::fmt;

use crate::wire::{Attribute, Buffer, DecodeError, Value, Writer};

/// A register (`enum nft_registers`): one verdict, and 64 bytes of data that can be addressed as four
/// registers of 16 bytes or sixteen of 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Register(u32);

impl Register {
    /// Where a verdict goes.
    #[doc(alias = "NFT_REG_VERDICT")]
    pub const VERDICT: Self = Self(0);
    /// The first 16 bytes.
    #[doc(alias = "NFT_REG_1")]
    pub const R1: Self = Self(1);
    /// The second 16 bytes.
    #[doc(alias = "NFT_REG_2")]
    pub const R2: Self = Self(2);
    /// The third 16 bytes.
    #[doc(alias = "NFT_REG_3")]
    pub const R3: Self = Self(3);
    /// The last 16 bytes.
    #[doc(alias = "NFT_REG_4")]
    pub const R4: Self = Self(4);

    /// The `index`th 4 bytes of the data, 0 to 15; `None` beyond.
    #[doc(alias = "NFT_REG32_00")]
    pub const fn word(index: u32) -> Option<Self> {
        if index < 16 { Some(Self(8 + index)) } else { None }
    }

    /// A register by the kernel's number, whether it exists or not.
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// The kernel's number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// As `nft --debug=netlink` prints it: `reg 1`.
impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reg {}", self.0)
    }
}

impl Value for Register {
    #[inline]
    fn put(&self, kind: u16, writer: &mut Writer<'_, impl Buffer>) {
        self.0.put(kind, writer);
    }

    #[inline]
    fn get(attribute: Attribute<'_>) -> Result<Self, DecodeError> {
        attribute.get().map(Self)
    }
}
