//! The kernel's enumerations: nft's word for a number that has one, else the number.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Unexpected},
};

use crate::language::matches::Protocol;

/// What `kernel_enum!` declares.
pub(crate) trait KernelEnum: Copy + 'static {
    /// The kernel's type.
    type Number: Serialize + TryFrom<u64>;
    /// The type's name, for error texts.
    const NAME: &'static str;
    /// Every value that has a word.
    const ALL: &'static [Self];

    fn word(self) -> Option<&'static str>;
    fn number(self) -> Self::Number;
    fn from_number(number: Self::Number) -> Self;
}

pub(crate) fn serialize<E: KernelEnum, S: Serializer>(value: E, to: S) -> Result<S::Ok, S::Error> {
    match value.word() {
        Some(word) => to.serialize_str(word),
        None => value.number().serialize(to),
    }
}

pub(crate) fn deserialize<'de, E: KernelEnum, D: Deserializer<'de>>(from: D) -> Result<E, D::Error> {
    from.deserialize_any(Word(PhantomData))
}

struct Word<E>(PhantomData<E>);

impl<E: KernelEnum> de::Visitor<'_> for Word<E> {
    type Value = E;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (", E::NAME)?;
        E::ALL.iter().filter_map(|value| value.word()).try_for_each(|word| write!(f, "{word:?}, "))?;
        f.write_str("or the kernel's number)")
    }

    fn visit_str<R: de::Error>(self, text: &str) -> Result<E, R> {
        let found = E::ALL.iter().find(|value| value.word() == Some(text));
        found.copied().ok_or_else(|| R::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_u64<R: de::Error>(self, number: u64) -> Result<E, R> {
        let fitting = E::Number::try_from(number).map(E::from_number);
        fitting.map_err(|_| R::invalid_value(Unexpected::Unsigned(number), &self))
    }
}

/// A transport protocol: nft's word, or the number.
impl KernelEnum for Protocol {
    type Number = u8;
    const NAME: &'static str = "Protocol";
    const ALL: &'static [Self] = Self::NAMED;

    fn word(self) -> Option<&'static str> {
        self.word()
    }

    fn number(self) -> u8 {
        self.0
    }

    fn from_number(number: u8) -> Self {
        Self(number)
    }
}

impl Serialize for Protocol {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize(*self, to)
    }
}

impl<'de> Deserialize<'de> for Protocol {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        deserialize(from)
    }
}
