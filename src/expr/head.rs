//! What every expression of one kind begins with on the wire, made when this library is compiled.

use super::NFTA_EXPR_NAME;
use crate::wire::{align, header_of};

/// Room for the longest name, `flow_offload`.
const ROOM: usize = 24;

/// Four bytes for the header of the expression, which is written when its length is known, and the attribute
/// of its name.
pub(super) struct ExpressionHead {
    bytes: [u8; ROOM],
    length: usize,
}

impl ExpressionHead {
    pub(super) const fn new(name: &str) -> Self {
        let attribute = 4 + name.len() + 1;
        let length = 4 + align(attribute);
        assert!(length <= ROOM, "an expression's name is longer than any before");
        let mut bytes = [0; ROOM];
        #[expect(clippy::cast_possible_truncation, reason = "less than ROOM")]
        let header = header_of(attribute as u16, NFTA_EXPR_NAME);
        let mut at = 0;
        while at < header.len() {
            bytes[4 + at] = header[at];
            at += 1;
        }
        let mut at = 0;
        while at < name.len() {
            bytes[8 + at] = name.as_bytes()[at];
            at += 1;
        }
        Self { bytes, length }
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Writer;

    #[test]
    fn it_is_what_the_writer_would_write() {
        for (name, _) in super::super::KNOWN {
            let mut bytes = Vec::new();
            let mut writer = Writer::new(&mut bytes);
            writer.raw(&[0; 4]);
            writer.name(NFTA_EXPR_NAME, name);
            assert_eq!(ExpressionHead::new(name).as_slice(), bytes);
        }
    }
}
