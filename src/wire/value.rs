//! What an attribute's payload can be.

use super::{Attribute, Buffer, Writer};

/// Why bytes are not what their place says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A length points behind the end of its surroundings.
    #[error("truncated: {needed} bytes are announced, {available} are there")]
    Truncated {
        /// The bytes that the length announces.
        needed: usize,
        /// The bytes that there are.
        available: usize,
    },
    /// A number or structure of the wrong size.
    #[error("attribute {kind} is {actual} bytes long in place of {expected}")]
    Length {
        /// The attribute's number.
        kind: u16,
        /// The length that its type has.
        expected: usize,
        /// The length that it came with.
        actual: usize,
    },
    /// An attribute that must be there is not.
    #[error("attribute {name} is missing")]
    Missing {
        /// The kernel's name of the attribute.
        name: &'static str,
    },
    /// A text is not UTF-8.
    #[error("attribute {kind} is not UTF-8 text")]
    Text {
        /// The attribute's number.
        kind: u16,
    },
    /// Something else is wrong with the attribute.
    #[error("attribute {kind}: {problem}")]
    Content {
        /// The attribute's number.
        kind: u16,
        /// What is wrong.
        problem: &'static str,
    },
}

/// A type that an attribute's payload is encoded from and decoded to.
///
/// nf_tables sends numbers big-endian (`nla_put_be32` and its like), so `u16`, `u32`, `u64` and `i32` are
/// big-endian here. What a packet register compares with is [`crate::expr::Data`], whose constructors name
/// their byte order.
pub trait Value: Sized {
    /// Appends an attribute of the number `kind` with this value.
    fn put(&self, kind: u16, writer: &mut Writer<'_, impl Buffer>);

    /// Reads the value from an attribute.
    ///
    /// # Errors
    /// A payload of another length than the type has, or content that it cannot hold.
    fn get(attribute: Attribute<'_>) -> Result<Self, DecodeError>;
}

/// The payload as an array, or the error that names both lengths.
#[inline]
pub(super) fn array<const N: usize>(attribute: Attribute<'_>) -> Result<[u8; N], DecodeError> {
    attribute.payload.try_into().map_err(|_| wrong_length(attribute, N))
}

#[cold]
fn wrong_length(attribute: Attribute<'_>, expected: usize) -> DecodeError {
    DecodeError::Length { kind: attribute.kind(), expected, actual: attribute.payload.len() }
}

macro_rules! big_endian {
    ($($number:ty)*) => {$(
        impl Value for $number {
            #[inline]
            fn put(&self, kind: u16, writer: &mut Writer<'_, impl Buffer>) {
                writer.number(kind, self.to_be_bytes());
            }

            #[inline]
            fn get(attribute: Attribute<'_>) -> Result<Self, DecodeError> {
                Ok(Self::from_be_bytes(array(attribute)?))
            }
        }
    )*};
}

big_endian!(u8 i8 u16 u32 i32 u64);

/// Text with a NUL at its end on the wire.
impl Value for String {
    fn put(&self, kind: u16, writer: &mut Writer<'_, impl Buffer>) {
        writer.text(kind, self);
    }

    fn get(attribute: Attribute<'_>) -> Result<Self, DecodeError> {
        attribute.text().map(str::to_owned)
    }
}

/// Bytes as they are.
impl Value for Vec<u8> {
    fn put(&self, kind: u16, writer: &mut Writer<'_, impl Buffer>) {
        writer.bytes(kind, self);
    }

    fn get(attribute: Attribute<'_>) -> Result<Self, DecodeError> {
        Ok(attribute.payload.to_vec())
    }
}

/// A flag: the attribute is there, and empty.
impl Value for () {
    fn put(&self, kind: u16, writer: &mut Writer<'_, impl Buffer>) {
        writer.bytes(kind, &[]);
    }

    fn get(attribute: Attribute<'_>) -> Result<Self, DecodeError> {
        array::<0>(attribute).map(|_| ())
    }
}

/// A value made of attributes of its own: the inside of a nested attribute.
///
/// Implementing this gives [`Value`].
pub trait Nested: Sized {
    /// Appends the attributes inside.
    fn encode(&self, writer: &mut Writer<'_, impl Buffer>);

    /// Reads them.
    ///
    /// # Errors
    /// An attribute that is missing, cut off, or cannot be read as what it should be.
    fn decode(attributes: super::Attributes<'_>) -> Result<Self, DecodeError>;
}

impl<T: Nested> Value for T {
    #[inline]
    fn put(&self, kind: u16, writer: &mut Writer<'_, impl Buffer>) {
        writer.nest(kind, |inner| self.encode(inner));
    }

    fn get(attribute: Attribute<'_>) -> Result<Self, DecodeError> {
        Self::decode(attribute.attributes())
    }
}

/// Declares an enumeration that the kernel may extend: known numbers have names, others survive as `Other`.
///
/// A row is `Name = number "the word that nft uses"`; the number type is the attribute's.
macro_rules! kernel_enum {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident: $number:ty {
            $( $(#[$row_meta:meta])* $row:ident = $value:literal $word:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $visibility enum $name {
            $( $(#[$row_meta])* $row, )+
            /// A number that this library has no name for; kept and sent back as it is.
            Other($number),
        }

        impl $name {
            /// Every value that has a name.
            pub const ALL: &[Self] = &[$(Self::$row),+];

            /// The value for the kernel's number.
            pub const fn from_number(number: $number) -> Self {
                match number {
                    $( $value => Self::$row, )+
                    other => Self::Other(other),
                }
            }

            /// The kernel's number.
            pub const fn number(self) -> $number {
                match self {
                    $( Self::$row => $value, )+
                    Self::Other(other) => other,
                }
            }

            /// The word that nft uses, where the value has a name.
            pub const fn word(self) -> Option<&'static str> {
                match self {
                    $( Self::$row => Some($word), )+
                    Self::Other(_) => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.word() {
                    Some(word) => f.write_str(word),
                    None => write!(f, "{}", self.number()),
                }
            }
        }

        impl $crate::wire::Value for $name {
            #[inline]
            fn put(&self, kind: u16, writer: &mut $crate::wire::Writer<'_, impl $crate::wire::Buffer>) {
                self.number().put(kind, writer);
            }

            #[inline]
            fn get(attribute: $crate::wire::Attribute<'_>) -> Result<Self, $crate::wire::DecodeError> {
                <$number as $crate::wire::Value>::get(attribute).map(Self::from_number)
            }
        }

        #[cfg(feature = "serde")]
        impl $crate::json::word::KernelEnum for $name {
            type Number = $number;
            const NAME: &'static str = stringify!($name);
            const ALL: &'static [Self] = Self::ALL;

            fn word(self) -> Option<&'static str> {
                self.word()
            }

            fn number(self) -> $number {
                self.number()
            }

            fn from_number(number: $number) -> Self {
                Self::from_number(number)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                $crate::json::word::serialize(*self, to)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::json::word::deserialize(from)
            }
        }
    };
}
pub(crate) use kernel_enum;

/// Declares a set of flags that the kernel may extend: unknown bits survive.
macro_rules! flag_set {
    (
        $(#[$($meta:tt)*])*
        $visibility:vis struct $name:ident: $number:ty {
            $( $(#[$($row_meta:tt)*])* $row:ident = $value:expr, )+
        }
    ) => {
        bitflags::bitflags! {
            $(#[$($meta)*])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            $visibility struct $name: $number {
                $( $(#[$($row_meta)*])* const $row = $value; )+
                // Bits that this library has no name for are kept. So `all()` has bits that the kernel may
                // refuse: `KNOWN` has not.
                const _ = !0;
            }
        }

        impl $name {
            /// Every flag that has a name.
            pub const KNOWN: Self = Self::from_bits_retain(0 $( | $value )+);
        }

        impl $crate::wire::Value for $name {
            #[inline]
            fn put(&self, kind: u16, writer: &mut $crate::wire::Writer<'_, impl $crate::wire::Buffer>) {
                self.bits().put(kind, writer);
            }

            #[inline]
            fn get(attribute: $crate::wire::Attribute<'_>) -> Result<Self, $crate::wire::DecodeError> {
                <$number as $crate::wire::Value>::get(attribute).map(Self::from_bits_retain)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                $crate::json::flags::serialize(self, to)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::json::flags::deserialize(from)
            }
        }
    };
}
pub(crate) use flag_set;

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro's methods are public, the test's enumeration is not")]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_big_endian_and_their_length_is_checked() {
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).put(3, &0x0102_0304u32);
        assert_eq!(bytes[4..], [1, 2, 3, 4]);
        assert_eq!(Attribute::new(3, &[1, 2, 3, 4]).get::<u32>(), Ok(0x0102_0304));
        assert_eq!(
            Attribute::new(3, &[1, 2]).get::<u32>(),
            Err(DecodeError::Length { kind: 3, expected: 4, actual: 2 })
        );
    }

    #[test]
    fn text_with_or_without_its_nul_is_read_and_other_bytes_are_errors() {
        assert_eq!(Attribute::new(1, b"lo\0").get::<String>().unwrap(), "lo");
        assert_eq!(Attribute::new(1, b"lo").get::<String>().unwrap(), "lo");
        assert!(Attribute::new(1, b"l\0o\0").get::<String>().is_err());
        assert!(Attribute::new(1, b"\xff").get::<String>().is_err());
    }

    kernel_enum! {
        /// For the test.
        pub enum Colour: u32 {
            /// Red.
            Red = 0 "red",
            /// Blue.
            Blue = 5 "blue",
        }
    }

    #[test]
    fn an_unknown_number_survives() {
        for number in 0..8 {
            assert_eq!(Colour::from_number(number).number(), number);
        }
        assert_eq!(Colour::from_number(7), Colour::Other(7));
        assert_eq!(Colour::Blue.to_string(), "blue");
        assert_eq!(Colour::Other(7).to_string(), "7");
        assert_eq!(Colour::ALL.len(), 2);
    }
}
