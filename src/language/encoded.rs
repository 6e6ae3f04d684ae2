//! Expressions as bytes, one behind the other.

use crate::{
    expr::{Expr, Expression, NFTA_LIST_ELEM, write_expression},
    wire::{Buffer, EncodeError, Slot, Value, Writer},
};

/// Room for an expression; most take a third of it.
const ROOM: usize = 192;

/// How much the memory grows at least.
const GROWTH: usize = 4 << 10;

/// The expressions of a rule, encoded.
///
/// There is always memory ready behind them, so that an expression is written at one go: see [`Slot`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Encoded {
    memory: Vec<u8>,
    length: usize,
    /// The first problem.
    error: Option<EncodeError>,
}

/// An expression, of a kind that is known when this library is compiled or not.
pub(super) trait Written {
    /// Writes it as it is in a list.
    fn write(&self, writer: &mut Writer<'_, impl Buffer>);

    /// False for one with attributes that this library does not know, which is seldom: it goes the long way, and the
    /// compiler leaves it out of the usual one.
    fn is_known(&self) -> bool;
}

impl<E: Expression> Written for E {
    #[inline]
    fn write(&self, writer: &mut Writer<'_, impl Buffer>) {
        write_expression(NFTA_LIST_ELEM, self, writer);
    }

    #[inline]
    fn is_known(&self) -> bool {
        self.unknown().is_empty()
    }
}

impl Written for Expr {
    fn write(&self, writer: &mut Writer<'_, impl Buffer>) {
        self.put(NFTA_LIST_ELEM, writer);
    }

    // Whatever it is, its writing is the same function.
    fn is_known(&self) -> bool {
        true
    }
}

impl Encoded {
    /// Appends an expression. One that cannot be written leaves nothing, but a problem.
    #[inline]
    pub(super) fn push(&mut self, expression: &impl Written) {
        let rest = self.memory.get_mut(self.length..).unwrap_or_default();
        if let (true, Some(place)) = (expression.is_known(), rest.first_chunk_mut::<ROOM>()) {
            let mut slot = Slot::new(place);
            let mut writer = Writer::new(&mut slot);
            expression.write(&mut writer);
            if let (false, Some(written)) = (writer.has_failed(), slot.written()) {
                self.length += written;
                return;
            }
        }
        self.push_long(expression);
    }

    /// Appends what may need more room than there is.
    #[cold]
    fn push_long(&mut self, expression: &impl Written) {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        expression.write(&mut writer);
        if let Err(error) = writer.finish() {
            self.error.get_or_insert(error);
            return;
        }
        let end = self.length + bytes.len();
        if self.memory.len() < end + ROOM {
            self.memory.resize(end + GROWTH, 0);
        }
        if let Some(place) = self.memory.get_mut(self.length..end) {
            place.copy_from_slice(&bytes);
        }
        self.length = end;
    }

    /// The first problem since it was asked for.
    #[inline]
    pub(super) fn take_problem(&mut self) -> Option<EncodeError> {
        self.error.take()
    }

    /// How many bytes there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The expressions.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.memory.get(..self.length).unwrap_or_default()
    }

    /// As [`Encoded::bytes`], to be changed.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        self.memory.get_mut(..self.length).unwrap_or_default()
    }

    /// Forgets what is behind the first `length` bytes, and keeps the memory.
    pub(super) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Forgets everything, and keeps the memory.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.length = 0;
        self.error = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Cmp, Counter, Data, Log, Register};

    #[test]
    fn an_expression_is_the_same_whatever_room_it_needs() {
        let (mut ours, mut expected) = (Encoded::default(), Vec::new());
        let mut push = |expression: Expr| {
            ours.push(&expression);
            Writer::new(&mut expected).put(NFTA_LIST_ELEM, &expression);
            assert_eq!(ours.bytes(), expected, "{expression:?}");
            assert_eq!(ours.len(), expected.len());
        };
        for length in 0..300 {
            push(Cmp::eq(Register::R1, Data::new(&vec![7; length])).into());
            push(Counter::new().into());
            push(Log::new().prefix("p".repeat(length)).into());
        }
        assert_eq!(ours.take_problem(), None);
        ours.truncate(5);
        assert_eq!(ours.bytes(), &expected[..5]);
        ours.clear();
        assert_eq!(ours.len(), 0);
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let mut encoded = Encoded::default();
        encoded.push(&Cmp::eq(Register::R1, Data::byte(1)));
        assert_eq!(encoded.take_problem(), None);
        let before = encoded.bytes().to_vec();
        for length in [70_000, 80_000] {
            encoded.push(&Cmp::eq(Register::R1, Data::new(&vec![0; length])));
        }
        assert_eq!(
            encoded.take_problem().unwrap().to_string(),
            "attribute 1 would be 70004 bytes long; netlink's limit is 65535: send it in several parts"
        );
        assert_eq!(encoded.bytes(), before);
    }
}
