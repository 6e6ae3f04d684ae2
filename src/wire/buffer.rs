//! What a [`Writer`](super::Writer) writes to.

/// What a [`Writer`](super::Writer) writes to: a `Vec<u8>`, which grows; or, inside this library, a place of fixed
/// size, in which the compiler knows where everything goes.
pub trait Buffer: sealed::Sealed {
    /// How many bytes were written.
    fn length(&self) -> usize;

    /// Appends bytes.
    fn append(&mut self, bytes: &[u8]);

    /// Appends the first `count` of the bytes, of which there must be so many.
    fn append_first<const N: usize>(&mut self, bytes: &[u8; N], count: usize);

    /// Writes the header of an attribute that begins at `at`. False if there is nothing there.
    fn set_header(&mut self, at: usize, header: [u8; 4]) -> bool;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for Vec<u8> {}
    impl<const N: usize> Sealed for super::Slot<'_, N> {}
}

impl Buffer for Vec<u8> {
    #[inline]
    fn length(&self) -> usize {
        self.len()
    }

    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    #[inline]
    fn append_first<const N: usize>(&mut self, bytes: &[u8; N], count: usize) {
        self.extend_from_slice(bytes.get(..count).unwrap_or_default());
    }

    #[inline]
    fn set_header(&mut self, at: usize, header: [u8; 4]) -> bool {
        set_header(self, at, header)
    }
}

/// A place of fixed size. What no longer fits is counted, and not written.
///
/// Most of what a rule is made of is a few numbers behind headers that never change. Here they become constants in the
/// program, as the compiler can follow the length: half the instructions of a vector that may have to grow at each.
#[derive(Debug)]
pub(crate) struct Slot<'a, const N: usize> {
    place: &'a mut [u8; N],
    length: usize,
}

impl<'a, const N: usize> Slot<'a, N> {
    /// An empty one; what is in `place` does not matter.
    #[inline]
    pub(crate) fn new(place: &'a mut [u8; N]) -> Self {
        Self { place, length: 0 }
    }

    /// How many bytes were written; `None` if some were not, as they did not fit.
    #[inline]
    pub(crate) fn written(&self) -> Option<usize> {
        (self.length <= N).then_some(self.length)
    }
}

impl<const N: usize> Buffer for Slot<'_, N> {
    #[inline]
    fn length(&self) -> usize {
        self.length
    }

    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if let Some(place) = self.place.get_mut(self.length..end) {
            place.copy_from_slice(bytes);
        }
        self.length = end;
    }

    /// All of the bytes where they fit, as so many are moved at once; what comes next is written over those too many.
    #[inline]
    fn append_first<const M: usize>(&mut self, bytes: &[u8; M], count: usize) {
        debug_assert!(count <= M);
        match self.place.get_mut(self.length..self.length + M) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.length += count;
            }
            None => self.append(bytes.get(..count).unwrap_or_default()),
        }
    }

    #[inline]
    fn set_header(&mut self, at: usize, header: [u8; 4]) -> bool {
        // Of what was not written, nothing is read.
        set_header(self.place, at, header) || self.length > N
    }
}

#[inline]
fn set_header(bytes: &mut [u8], at: usize, header: [u8; 4]) -> bool {
    match bytes.get_mut(at..at + 4) {
        Some(place) => {
            place.copy_from_slice(&header);
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Writer;

    fn write(writer: &mut Writer<'_, impl Buffer>, payload: &[u8]) {
        writer.nest(1, |inner| {
            inner.put(2, &7u32);
            inner.bytes(3, payload);
            inner.first_of(b"abcdefgh", 4);
            inner.name(4, "name");
        });
    }

    #[test]
    fn a_place_of_fixed_size_holds_what_a_vector_would_or_says_that_it_does_not() {
        let payload: Vec<u8> = (0..64).collect();
        for length in 0..=payload.len() {
            let (mut grown, mut place) = (Vec::new(), [0xff; 64]);
            let mut writer = Writer::new(&mut grown);
            write(&mut writer, &payload[..length]);
            writer.finish().unwrap();
            let mut slot = Slot::new(&mut place);
            let mut writer = Writer::new(&mut slot);
            write(&mut writer, &payload[..length]);
            writer.finish().unwrap();
            match slot.written() {
                Some(written) => assert_eq!(place[..written], grown),
                None => assert!(grown.len() > place.len(), "{length}"),
            }
            assert_eq!(grown.len() > place.len(), length > 32, "{length}");
        }
    }
}
