//! One value of a packet: what a set's key, or a part of one, is made of.

use std::fmt;

use super::type_of::TypeOf;
use crate::{
    Invalid,
    object::{DataType, KeyOrder},
};

/// The longest field: an IPv6 address, an interface's name.
pub(crate) const FIELD_LIMIT: usize = 16;

/// What nft calls a field's type, and how registers hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldType {
    /// nft's word, as in `type ipv4_addr`.
    pub name: &'static str,
    /// nft's number (`enum datatypes`); the kernel keeps it and ignores it.
    pub number: u32,
    /// Bytes in a register, 1 to 16.
    pub len: usize,
    /// How the bytes lie, as nft writes it beside a set.
    pub order: KeyOrder,
    /// Text, which stands as it is though nft calls it the host's.
    pub(crate) text: bool,
    /// Whether runs are usually written as prefixes, as networks are.
    pub(crate) prefixes: bool,
    /// What nft has in the place of a name.
    pub(crate) type_of: Option<TypeOf>,
}

impl FieldType {
    /// A type whose bytes lie as in the packet.
    pub const fn network(name: &'static str, number: u32, len: usize) -> Self {
        Self { name, number, len, order: KeyOrder::Network, text: false, prefixes: false, type_of: None }
    }

    /// A number that the kernel computes, in the machine's byte order.
    pub const fn host(name: &'static str, number: u32, len: usize) -> Self {
        Self { order: KeyOrder::Host, ..Self::network(name, number, len) }
    }

    /// A single byte of which nft does not say how it lies.
    pub const fn byte(name: &'static str, number: u32) -> Self {
        Self { order: KeyOrder::Mixed, ..Self::network(name, number, 1) }
    }

    /// A text, filled up with NUL.
    pub const fn text(name: &'static str, number: u32, len: usize) -> Self {
        Self { text: true, ..Self::host(name, number, len) }
    }

    /// The same, but usually written as prefixes.
    pub(crate) const fn with_prefixes(self) -> Self {
        Self { prefixes: true, ..self }
    }

    /// The same, but without a name in nft: its type is that of an expression.
    pub const fn type_of(self, expression: TypeOf) -> Self {
        Self { type_of: Some(expression), ..self }
    }

    /// The bytes that it takes in a concatenation.
    pub const fn padded(self) -> usize {
        self.len.next_multiple_of(4)
    }

    /// Whether sets of intervals hold it in the other byte order: they compare byte by byte, and a rule turns
    /// the register first.
    pub(crate) const fn is_turned(self) -> bool {
        matches!(self.order, KeyOrder::Host) && !self.text && cfg!(target_endian = "little")
    }

    /// For [`Set::new`](crate::object::Set::new).
    pub(crate) fn data_type(self) -> DataType {
        DataType::new(self.number, u32::try_from(self.len).unwrap_or(u32::MAX), self.order)
    }
}

/// A value that a register can hold and a set can be keyed by, or a map can lead to.
///
/// Implemented for every type of nft's that has a name in its `type …`; implement it for your own type where
/// you want to say more than a number (a department's mark, say).
///
/// ```
/// use portcullis::set::{Field, FieldType, SetOf};
///
/// #[derive(Clone, Debug, PartialEq)]
/// enum Department {
///     Sales,
///     Research,
/// }
///
/// impl Field for Department {
///     const WHAT: &'static str = "department";
///     // A packet's mark.
///     const TYPE: FieldType = FieldType::host("mark", 19, 4);
///
///     fn write(&self, to: &mut [u8]) {
///         let mark = match self {
///             Self::Sales => 1u32,
///             Self::Research => 2,
///         };
///         to.copy_from_slice(&mark.to_ne_bytes());
///     }
///
///     fn read(bytes: &[u8]) -> Option<Self> {
///         match u32::from_ne_bytes(bytes.try_into().ok()?) {
///             1 => Some(Self::Sales),
///             2 => Some(Self::Research),
///             _ => None,
///         }
///     }
///
///     fn text(&self) -> String {
///         format!("{self:?}")
///     }
/// }
///
/// let online = SetOf::<Department>::new("online").with([Department::Sales]);
/// assert_eq!(online.elements.len(), 1);
/// ```
pub trait Field: Clone + PartialEq + fmt::Debug {
    /// For error texts: "port".
    const WHAT: &'static str;

    /// How registers hold it.
    const TYPE: FieldType;

    /// Fills `to`, which has [`FieldType::len`] bytes, as a register holds the value.
    fn write(&self, to: &mut [u8]);

    /// Fills `to` with the last of the values that this one stands for: of an interface name that is only a
    /// beginning, the last name that begins so.
    fn write_last(&self, to: &mut [u8]) {
        self.write(to);
    }

    /// The value of a register of [`FieldType::len`] bytes; `None` where there is no such value.
    fn read(bytes: &[u8]) -> Option<Self>;

    /// The value of a run of registers, where one value stands for it.
    fn read_run(first: &[u8], last: &[u8]) -> Option<Self> {
        if first == last { Self::read(first) } else { None }
    }

    /// As nft writes it, for error texts.
    fn text(&self) -> String;

    /// Whether the value can be right, in a set of `intervals` or of single values.
    ///
    /// # Errors
    /// What is wrong with it: an interface's name that is too long, say, or the beginning of names (`eth*`) in a set of
    /// single values. The types of numbers and addresses have none.
    fn check(&self, intervals: bool) -> Result<(), Invalid> {
        let _ = intervals;
        Ok(())
    }
}

/// Copies a number's bytes.
#[inline]
pub(crate) fn put<const N: usize>(to: &mut [u8], bytes: [u8; N]) {
    if let Some(place) = to.first_chunk_mut() {
        *place = bytes;
    }
}

/// Declares fields that are numbers: the number of a value, the value of a number, its text; and the largest one, where
/// the packet has fewer bits for it than the type.
macro_rules! fields {
    ($( $type:ty: $what:literal = $field_type:expr, $order:ident $number:ty,
        |$value:ident| $get:expr, |$raw:ident| $make:expr, |$shown:ident| $text:expr
        $(, at most $limit:literal)?; )+) => {$(
        impl $crate::set::Field for $type {
            const WHAT: &'static str = $what;
            const TYPE: $crate::set::FieldType = $field_type;

            #[inline]
            fn write(&self, to: &mut [u8]) {
                let $value = self;
                let number: $number = $get;
                $crate::set::field::put(to, $crate::set::field::fields!(@to $order number));
            }

            #[inline]
            fn read(bytes: &[u8]) -> Option<Self> {
                let $raw = $crate::set::field::fields!(@from $order $number, bytes.try_into().ok()?);
                $make
            }

            fn text(&self) -> String {
                let $shown = self;
                $text
            }

            $(
                fn check(&self, _: bool) -> Result<(), $crate::Invalid> {
                    let $value = self;
                    if $get <= $limit {
                        return Ok(());
                    }
                    let range = concat!("0 to ", stringify!($limit)).to_owned();
                    Err($crate::Invalid::OutOfRange { what: Self::WHAT, value: self.text(), range })
                }
            )?
        }
    )+};
    (@to network $number:ident) => { $number.to_be_bytes() };
    (@to host $number:ident) => { $number.to_ne_bytes() };
    (@from network $number:ty, $bytes:expr) => { <$number>::from_be_bytes($bytes) };
    (@from host $number:ty, $bytes:expr) => { <$number>::from_ne_bytes($bytes) };
}
pub(crate) use fields;

/// Declares numbers that no word of a rule has yet.
macro_rules! numbers {
    ($( $(#[$meta:meta])* $name:ident($number:ty): $what:literal = $field_type:expr, $order:ident; )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $number);

        impl From<$number> for $name {
            fn from(number: $number) -> Self {
                Self(number)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        $crate::set::field::fields! {
            $name: $what = $field_type, $order $number,
                |value| value.0, |number| Some(Self(number)), |value| value.to_string();
        }
    )+};
}
pub(crate) use numbers;
