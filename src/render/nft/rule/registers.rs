//! The register file of the rule machine, with trees in place of bytes.

use super::value::Value;
use crate::expr::Register;

/// Bytes in one addressable register.
const WORD: u32 = 4;
/// How many there are.
const WORDS: usize = 16;

/// What each register holds, at the word where it starts.
#[derive(Debug, Default)]
pub(super) struct Registers {
    words: [Option<Value>; WORDS],
}

/// The first word of a register: the 16-byte registers 1 to 4 lie over the 4-byte ones from 8 on.
fn first_word(register: Register) -> Option<usize> {
    let word = match register.number() {
        wide @ 1..=4 => (wide - 1).saturating_mul(4),
        narrow @ 8..=23 => narrow - 8,
        _ => return None,
    };
    usize::try_from(word).ok()
}

fn words(len: u32) -> usize {
    usize::try_from(len.div_ceil(WORD)).unwrap_or(WORDS).max(1)
}

impl Registers {
    /// Puts a value of `len` bytes into a register.
    pub(super) fn set(&mut self, register: Register, value: Value, len: u32) {
        let Some(first) = first_word(register) else { return };
        self.words.iter_mut().skip(first).take(words(len)).for_each(|word| *word = None);
        if let Some(word) = self.words.get_mut(first) {
            *word = Some(value);
        }
    }

    /// The value in a register, taken `len` bytes wide: a concatenation where several lie there.
    pub(super) fn get(&self, register: Register, len: u32) -> Option<Value> {
        let first = first_word(register)?;
        let mut held = self.words.iter().skip(first).take(words(len)).flatten();
        let one = self.words.get(first)?.clone()?;
        if held.nth(1).is_none() {
            return Some(one);
        }
        let all = self.words.iter().skip(first).take(words(len)).flatten();
        Some(Value::Concat(all.cloned().collect()))
    }

    /// The one value that starts in a register.
    pub(super) fn one(&self, register: Register) -> Option<Value> {
        self.get(register, WORD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(byte: u8) -> Value {
        Value::Constant(vec![byte])
    }

    #[test]
    fn narrow_registers_lie_over_wide_ones() {
        let mut registers = Registers::default();
        registers.set(Register::R1, constant(1), 4);
        registers.set(Register::from_number(9), constant(2), 2);
        assert_eq!(registers.one(Register::from_number(8)), Some(constant(1)));
        assert_eq!(registers.get(Register::R1, 8), Some(Value::Concat(vec![constant(1), constant(2)])));
        registers.set(Register::R1, constant(3), 16);
        assert_eq!(registers.get(Register::R1, 8), Some(constant(3)));
        assert_eq!(registers.one(Register::VERDICT), None);
        assert_eq!(registers.one(Register::from_number(99)), None);
    }
}
