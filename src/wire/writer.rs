//! Writing attributes into a buffer, lengths checked.

use super::{ALIGN, Buffer, NLA_F_NESTED, Value, align};

/// Why a value cannot be put on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Netlink counts an attribute's length in 16 bits.
    #[error(
        "attribute {kind} would be {length} bytes long; netlink's limit is 65535: send it in several parts"
    )]
    TooLong {
        /// The attribute's number.
        kind: u16,
        /// The length that it would have, header included.
        length: usize,
    },
    /// The kernel reads names up to the first NUL byte.
    #[error("the text {text:?} holds a NUL byte, which the kernel would take for its end")]
    Nul {
        /// The text.
        text: String,
    },
}

/// Appends attributes to a buffer.
///
/// The first problem is remembered, so that encoders read straight through; [`Writer::finish`] gives it.
#[derive(Debug)]
pub struct Writer<'b, B = Vec<u8>> {
    buffer: &'b mut B,
    error: Option<EncodeError>,
}

impl<'b, B: Buffer> Writer<'b, B> {
    /// Appends to `buffer`, whose length must be a multiple of four.
    #[inline]
    pub fn new(buffer: &'b mut B) -> Self {
        debug_assert_eq!(buffer.length(), align(buffer.length()));
        Self { buffer, error: None }
    }

    /// An attribute with this payload. `kind` may carry the flag [`NLA_F_NESTED`].
    #[inline]
    pub fn bytes(&mut self, kind: u16, payload: &[u8]) {
        let length = 4 + payload.len();
        let Ok(short) = u16::try_from(length) else {
            return self.fail(EncodeError::TooLong { kind, length });
        };
        self.head(short, kind);
        self.buffer.append(payload);
        self.pad(length);
    }

    /// As [`Writer::bytes`] for a few bytes, header and all at one go: most attributes are numbers.
    #[inline]
    pub(crate) fn number<const N: usize>(&mut self, kind: u16, payload: [u8; N]) {
        let mut attribute = [0; 12];
        let length = 4 + N;
        let (Ok(short), Some(place)) = (u16::try_from(length), attribute.get_mut(4..length)) else {
            return self.bytes(kind, &payload);
        };
        place.copy_from_slice(&payload);
        attribute[..2].copy_from_slice(&short.to_ne_bytes());
        attribute[2..4].copy_from_slice(&kind.to_ne_bytes());
        self.buffer.append(&attribute[..align(length)]);
    }

    /// A text attribute, with the NUL at its end that the kernel expects.
    pub fn text(&mut self, kind: u16, text: &str) {
        if text.as_bytes().contains(&0) {
            return self.fail(EncodeError::Nul { text: text.to_owned() });
        }
        self.name(kind, text);
    }

    /// A text attribute of a text that is known to hold no NUL, such as the kernel's own names.
    #[inline]
    pub(crate) fn name(&mut self, kind: u16, text: &str) {
        let length = 5 + text.len();
        let Ok(short) = u16::try_from(length) else {
            return self.fail(EncodeError::TooLong { kind, length });
        };
        self.head(short, kind);
        self.buffer.append(text.as_bytes());
        // One NUL at the end of the text, the others to fill up.
        self.buffer.append(&[0]);
        self.pad(length);
    }

    /// A value, encoded as its type says.
    #[inline]
    pub fn put<T: Value>(&mut self, kind: u16, value: &T) {
        value.put(kind, self);
    }

    /// A value where there is one.
    #[inline]
    pub fn put_option<T: Value>(&mut self, kind: u16, value: &Option<T>) {
        if let Some(value) = value {
            value.put(kind, self);
        }
    }

    /// An attribute that holds what `inner` writes.
    // Always, for `inner` is of one place only.
    #[inline(always)]
    pub fn nest(&mut self, kind: u16, inner: impl FnOnce(&mut Self)) {
        let start = self.buffer.length();
        self.head(0, kind);
        inner(self);
        self.close(start, kind);
    }

    /// Writes the header of a nested attribute whose content goes from `start`, four bytes of header included,
    /// to here.
    #[inline]
    pub(crate) fn close(&mut self, start: usize, kind: u16) {
        let length = self.buffer.length() - start;
        match u16::try_from(length) {
            Ok(short) if self.buffer.set_header(start, header_of(short, kind | NLA_F_NESTED)) => {}
            _ => self.fail(EncodeError::TooLong { kind, length }),
        }
    }

    /// Bytes that are not an attribute, such as a header. The caller keeps the alignment.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.buffer.append(bytes);
    }

    /// As [`Writer::raw`], of the first `count` of the bytes.
    #[inline]
    pub(crate) fn first_of<const N: usize>(&mut self, bytes: &[u8; N], count: usize) {
        self.buffer.append_first(bytes, count);
    }

    /// Remembers a problem; the first one counts.
    // Inlined, so that the compiler need not have the writer in memory wherever something may fail.
    #[inline]
    pub fn fail(&mut self, error: EncodeError) {
        if self.error.is_none() {
            self.error = Some(error);
        }
    }

    /// Whether there was a problem.
    #[inline]
    pub(crate) fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// How many bytes the buffer holds.
    #[inline]
    pub fn position(&self) -> usize {
        self.buffer.length()
    }

    /// The first problem, if there was one. What was written is then of no use.
    ///
    /// # Errors
    /// [`EncodeError`] of the first attribute that does not fit, or whatever [`Writer::fail`] was told first.
    #[inline]
    pub fn finish(self) -> Result<(), EncodeError> {
        self.error.map_or(Ok(()), Err)
    }

    #[inline]
    fn head(&mut self, length: u16, kind: u16) {
        self.buffer.append(&header_of(length, kind));
    }

    /// Fills up behind an attribute of this length.
    #[inline]
    fn pad(&mut self, length: usize) {
        // Written so that nothing remains of it where the length is known to the compiler.
        let missing = align(length) - length;
        self.buffer.append(&[0; ALIGN][..missing]);
    }
}

/// `struct nlattr`.
#[inline]
pub(crate) const fn header_of(length: u16, kind: u16) -> [u8; 4] {
    let ([a, b], [c, d]) = (length.to_ne_bytes(), kind.to_ne_bytes());
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_padded_and_its_length_is_not() {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.text(1, "lo");
        writer.finish().unwrap();
        let mut expected = 7u16.to_ne_bytes().to_vec();
        expected.extend(1u16.to_ne_bytes());
        expected.extend(b"lo\0\0");
        assert_eq!(bytes, expected);
    }

    #[test]
    fn the_length_limit_is_an_error_never_a_wrap() {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.bytes(9, &vec![0; 65_532]);
        assert_eq!(writer.finish(), Err(EncodeError::TooLong { kind: 9, length: 65_536 }));

        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.nest(7, |inner| {
            for _ in 0..2 {
                inner.bytes(1, &vec![0; 40_000]);
            }
        });
        assert_eq!(writer.finish(), Err(EncodeError::TooLong { kind: 7, length: 80_012 }));

        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.bytes(9, &vec![0; 65_531]);
        assert_eq!(writer.finish(), Ok(()));
    }

    #[test]
    fn a_name_with_nul_is_refused() {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.text(1, "in\0put");
        let error = writer.finish().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the text \"in\\0put\" holds a NUL byte, which the kernel would take for its end"
        );
    }
}
