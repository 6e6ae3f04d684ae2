//! Bytes of which there are seldom many, kept without an allocation.

use std::hash::{Hash, Hasher};

use crate::wire::{Buffer, EncodeError, NLA_F_NESTED, Writer, align, header_of};

/// How many are kept in place. With a length and what tells the two forms apart, 24 bytes, as many as the
/// pointer and length of the other form take; an `Option` of it is no larger.
const IN_PLACE: usize = 22;

/// Bytes: an address, a port, a name in place, longer ones on the heap.
#[derive(Clone)]
pub(super) enum ShortBytes {
    InPlace { length: u8, bytes: [u8; IN_PLACE] },
    Heap(Box<[u8]>),
}

impl ShortBytes {
    #[inline]
    pub(super) fn new(content: &[u8]) -> Self {
        let mut bytes = [0; IN_PLACE];
        match (bytes.get_mut(..content.len()), u8::try_from(content.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(content);
                Self::InPlace { length, bytes }
            }
            _ => Self::Heap(content.into()),
        }
    }

    /// Filled up with zero to `size`, unless there are more.
    #[inline]
    pub(super) fn padded(content: &[u8], size: usize) -> Self {
        match Self::new(content) {
            Self::InPlace { bytes, .. } if (content.len()..=IN_PLACE).contains(&size) => {
                Self::InPlace { length: u8::try_from(size).unwrap_or_default(), bytes }
            }
            short if content.len() >= size => short,
            _ => {
                let mut bytes = content.to_vec();
                bytes.resize(size, 0);
                Self::Heap(bytes.into())
            }
        }
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Self::InPlace { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Heap(bytes) => bytes,
        }
    }

    /// As an attribute of the number `inner` inside one of the number `kind`.
    // Always, as a comparison is then written with its length known, in half the instructions.
    #[inline(always)]
    pub(super) fn put_nested(&self, kind: u16, inner: u16, writer: &mut Writer<'_, impl Buffer>) {
        let Self::InPlace { length, bytes } = self else {
            return match nested(kind, inner, self.as_slice()) {
                Ok(attribute) => writer.raw(&attribute),
                Err(error) => writer.fail(error),
            };
        };
        // At one go: with every comparison of every rule it is this.
        let padded = (u16::from(*length) + 3) & !3;
        let mut both = [0; 8 + align(IN_PLACE)];
        let outer_header = header_of(padded + 8, kind | NLA_F_NESTED);
        both[..4].copy_from_slice(&outer_header);
        both[4..8].copy_from_slice(&header_of(4 + u16::from(*length), inner));
        both[8..8 + IN_PLACE].copy_from_slice(bytes);
        writer.first_of(&both, usize::from(padded) + 8);
    }
}

/// Bytes as an attribute inside an attribute. Not written where they belong, so that the writer's place need not be
/// known to a function that is seldom called.
#[cold]
fn nested(kind: u16, inner: u16, bytes: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let mut both = Vec::new();
    let mut writer = Writer::new(&mut both);
    writer.nest(kind, |nest| nest.bytes(inner, bytes));
    writer.finish().map(|()| both)
}

impl Default for ShortBytes {
    fn default() -> Self {
        Self::InPlace { length: 0, bytes: [0; IN_PLACE] }
    }
}

impl PartialEq for ShortBytes {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for ShortBytes {}

impl Hash for ShortBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl PartialOrd for ShortBytes {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ShortBytes {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_kept_and_a_value_stays_small() {
        let content: Vec<u8> = (0..=255).collect();
        for length in 0..=content.len() {
            assert_eq!(ShortBytes::new(&content[..length]).as_slice(), &content[..length]);
            let padded = ShortBytes::padded(&content[..length], 30);
            assert_eq!(padded.as_slice().len(), length.max(30));
            assert!(padded.as_slice().starts_with(&content[..length]));
        }
        assert_eq!(size_of::<Option<ShortBytes>>(), 24);
        assert!(ShortBytes::new(&content[..23]) > ShortBytes::new(&content[..22]));
    }
}
