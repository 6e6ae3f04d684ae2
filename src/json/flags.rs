//! Sets of flags: a list of names in lower case, and a number of the bits that have no name.

use std::{fmt, marker::PhantomData};

use bitflags::{Bits, Flag, Flags};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Unexpected},
    ser::SerializeSeq,
};

pub(crate) fn serialize<F: Flags<Bits: Serialize>, S: Serializer>(
    flags: &F,
    to: S,
) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(None)?;
    let mut names = flags.iter_names();
    for (name, _) in names.by_ref() {
        list.serialize_element(&name.to_ascii_lowercase())?;
    }
    let rest = names.remaining().bits();
    if rest != F::Bits::EMPTY {
        list.serialize_element(&rest)?;
    }
    list.end()
}

pub(crate) fn deserialize<'de, F, D>(from: D) -> Result<F, D::Error>
where
    F: Flags<Bits: TryFrom<u64>>,
    D: Deserializer<'de>,
{
    from.deserialize_seq(List(PhantomData))
}

/// One member of the list: a name, or bits.
pub(crate) struct Member<F>(pub(crate) F);

impl<'de, F: Flags<Bits: TryFrom<u64>>> Deserialize<'de> for Member<F> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NameOrBits(PhantomData)).map(Self)
    }
}

impl<F: Flags<Bits: TryFrom<u64>>> Member<F> {
    /// A name.
    pub(crate) fn named<E: de::Error>(name: &str) -> Result<Self, E> {
        de::Visitor::visit_str(NameOrBits(PhantomData), name).map(Self)
    }

    /// Bits.
    pub(crate) fn numbered<E: de::Error>(bits: u64) -> Result<Self, E> {
        de::Visitor::visit_u64(NameOrBits(PhantomData), bits).map(Self)
    }
}

struct List<F>(PhantomData<F>);

impl<'de, F: Flags<Bits: TryFrom<u64>>> de::Visitor<'de> for List<F> {
    type Value = F;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of flags, each ")?;
        NameOrBits::<F>(PhantomData).expecting(f)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<F, A::Error> {
        let mut all = F::empty();
        while let Some(Member(flags)) = list.next_element::<Member<F>>()? {
            all = F::from_bits_retain(all.bits() | flags.bits());
        }
        Ok(all)
    }
}

struct NameOrBits<F>(PhantomData<F>);

/// A flag's name in JSON; none for those that only keep unknown bits.
fn name<F>(flag: &Flag<F>) -> Option<String> {
    (!flag.name().is_empty()).then(|| flag.name().to_ascii_lowercase())
}

impl<F: Flags<Bits: TryFrom<u64>>> de::Visitor<'_> for NameOrBits<F> {
    type Value = F;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        F::FLAGS.iter().filter_map(name).try_for_each(|name| write!(f, "{name:?}, "))?;
        f.write_str("or a number of other bits")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<F, E> {
        let found = F::FLAGS.iter().find(|flag| name(flag).as_deref() == Some(text));
        let bits = found.map(|flag| F::from_bits_retain(flag.value().bits()));
        bits.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<F, E> {
        let bits = F::Bits::try_from(number).map(F::from_bits_retain);
        bits.map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }
}
