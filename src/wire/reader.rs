//! Reading attributes out of bytes that somebody else wrote: nothing is trusted, nothing is dropped.

use std::fmt;

use super::{Buffer, DecodeError, NLA_F_NESTED, NLA_TYPE_MASK, Value, Writer, align};

/// One attribute, borrowed from a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// The type as sent, with the flags [`NLA_F_NESTED`] and [`super::NLA_F_NET_BYTEORDER`].
    raw_kind: u16,
    /// The bytes after the header, without padding.
    pub payload: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// An attribute that stands for `payload`, as if it had been read from a message.
    pub const fn new(kind: u16, payload: &'a [u8]) -> Self {
        Self { raw_kind: kind, payload }
    }

    /// The attribute's number (`NFTA_…`), without the two flag bits.
    #[inline]
    pub const fn kind(&self) -> u16 {
        self.raw_kind & NLA_TYPE_MASK
    }

    /// The type field as it came, flags included.
    pub const fn raw_kind(&self) -> u16 {
        self.raw_kind
    }

    /// Whether the sender marked the payload as a run of attributes.
    pub const fn is_nested(&self) -> bool {
        self.raw_kind & NLA_F_NESTED != 0
    }

    /// The payload read as attributes, whether marked so or not (the kernel does not always mark).
    pub const fn attributes(&self) -> Attributes<'a> {
        Attributes::new(self.payload)
    }

    /// The payload without the NUL that may be at its end: the bytes of what should be text.
    #[inline]
    pub(crate) fn bare(&self) -> &'a [u8] {
        self.payload.strip_suffix(&[0]).unwrap_or(self.payload)
    }

    /// The payload as text, with or without a NUL at its end.
    ///
    /// # Errors
    /// [`DecodeError::Content`] for text with a NUL inside, [`DecodeError::Text`] for what is not UTF-8.
    pub fn text(&self) -> Result<&'a str, DecodeError> {
        let bytes = self.bare();
        // A NUL inside would not survive the way back.
        if bytes.contains(&0) {
            return Err(DecodeError::Content { kind: self.kind(), problem: "text with a NUL inside" });
        }
        std::str::from_utf8(bytes).map_err(|_| DecodeError::Text { kind: self.kind() })
    }

    /// The payload as a value of the given type.
    ///
    /// # Errors
    /// What [`Value::get`] of the type finds: a payload of the wrong length, no text where there should be one, or nested
    /// attributes that are cut off or missing.
    #[inline]
    pub fn get<T: Value>(&self) -> Result<T, DecodeError> {
        T::get(*self)
    }
}

impl fmt::Debug for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attribute({:#06x}: {:02x?})", self.raw_kind, self.payload)
    }
}

/// Iterates over a run of attributes. A broken length ends the run with one error.
#[derive(Clone, Copy)]
pub struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Attributes<'a> {
    /// Reads attributes from the start of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What is said of an attribute of which not everything is there. Nothing comes behind it.
    #[cold]
    fn broken(&mut self, needed: usize) -> DecodeError {
        let available = std::mem::take(&mut self.rest).len();
        DecodeError::Truncated { needed: needed.max(4), available }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest;
        let Some(([a, b, c, d], _)) = rest.split_first_chunk::<4>() else {
            return if rest.is_empty() { None } else { Some(Err(self.broken(4))) };
        };
        let length = usize::from(u16::from_ne_bytes([*a, *b]));
        let raw_kind = u16::from_ne_bytes([*c, *d]);
        let Some(payload) = rest.get(4..length) else {
            return Some(Err(self.broken(length)));
        };
        // The padding of the last attribute may be missing.
        self.rest = rest.get(align(length)..).unwrap_or_default();
        Some(Ok(Attribute { raw_kind, payload }))
    }
}

/// Attributes that this library does not know, kept byte for byte and sent back unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Unknown {
    // Almost always empty: one word in every expression.
    attributes: Option<Box<Kept>>,
}

/// Types, flags included, and payloads.
type Kept = Vec<(u16, Box<[u8]>)>;

impl Unknown {
    /// Nothing unknown.
    pub const fn new() -> Self {
        Self { attributes: None }
    }

    /// Whether everything was understood.
    pub fn is_empty(&self) -> bool {
        self.attributes.is_none()
    }

    /// Keeps an attribute.
    #[cold]
    pub fn keep(&mut self, attribute: Attribute<'_>) {
        self.attributes
            .get_or_insert_default()
            .push((attribute.raw_kind, attribute.payload.to_vec().into_boxed_slice()));
    }

    /// The attributes kept, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = Attribute<'_>> {
        self.attributes
            .iter()
            .flat_map(|kept| kept.iter())
            .map(|(kind, payload)| Attribute { raw_kind: *kind, payload })
    }

    /// Writes them back.
    #[inline]
    pub fn encode(&self, writer: &mut Writer<'_, impl Buffer>) {
        if !self.is_empty() {
            self.iter().for_each(|attribute| writer.bytes(attribute.raw_kind, attribute.payload));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_attributes_is_read_with_its_padding() {
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).bytes(1, b"abc");
        Writer::new(&mut bytes).bytes(2, b"");
        let read: Vec<_> = Attributes::new(&bytes).map(Result::unwrap).collect();
        assert_eq!(read, [Attribute::new(1, b"abc"), Attribute::new(2, b"")]);
    }

    #[test]
    fn a_length_that_lies_is_one_error_and_then_the_end() {
        for length in [0u16, 3, 9, 0xffff] {
            let mut bytes = vec![0; 8];
            bytes[..2].copy_from_slice(&length.to_ne_bytes());
            let mut attributes = Attributes::new(&bytes);
            assert!(matches!(attributes.next(), Some(Err(DecodeError::Truncated { .. }))), "{length}");
            assert!(attributes.next().is_none());
        }
    }

    #[test]
    fn fewer_than_four_bytes_are_an_error() {
        assert!(Attributes::new(&[1, 0, 0]).next().is_some_and(|first| first.is_err()));
    }

    #[test]
    fn unknown_attributes_come_back_as_they_were() {
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).bytes(0x8007, b"abcde");
        let mut unknown = Unknown::new();
        for attribute in Attributes::new(&bytes) {
            unknown.keep(attribute.unwrap());
        }
        let mut again = Vec::new();
        unknown.encode(&mut Writer::new(&mut again));
        assert_eq!(bytes, again);
    }
}
