//! A match that compares with flags: `["established", "related"]` is one value of two flags. Several values, and
//! one without any flag, are lists in a list: `[["syn"], ["syn", "ack"]]`.

use std::{fmt, marker::PhantomData, vec};

use bitflags::Flags;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{
    flags::Member,
    matching::{Members, write},
};
use crate::language::{Item, Matching};

pub(crate) fn serialize<F, S>(matching: &Matching<F>, to: S) -> Result<S::Ok, S::Error>
where
    F: Flags + Serialize,
    S: Serializer,
{
    match matching.items() {
        [Item::One(flags)] if !flags.is_empty() => write(matching, flags, to),
        items => write(matching, items, to),
    }
}

pub(crate) fn deserialize<'de, F, D>(from: D) -> Result<Matching<F>, D::Error>
where
    F: Flags<Bits: TryFrom<u64>> + Deserialize<'de>,
    D: Deserializer<'de>,
{
    from.deserialize_any(Members::<F, Values<F>>::new())
}

/// The values of a match, whichever way they are written.
struct Values<F>(Vec<Item<F>>);

impl<F> IntoIterator for Values<F> {
    type Item = Item<F>;
    type IntoIter = vec::IntoIter<Item<F>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, F: Flags<Bits: TryFrom<u64>> + Deserialize<'de>> Deserialize<'de> for Values<F> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Either(PhantomData))
    }
}

struct Either<F>(PhantomData<F>);

/// A member of the list: of the only value, or a value.
enum Part<F> {
    Flag(F),
    Value(Item<F>),
}

impl<'de, F: Flags<Bits: TryFrom<u64>> + Deserialize<'de>> de::Visitor<'de> for Either<F> {
    type Value = Values<F>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of flags, or a list of such lists")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Values<F>, A::Error> {
        let (mut only, mut values) = (None, Vec::new());
        while let Some(part) = list.next_element::<Part<F>>()? {
            match part {
                Part::Flag(flag) => {
                    let so_far = only.unwrap_or(F::empty()).bits();
                    only = Some(F::from_bits_retain(so_far | flag.bits()));
                }
                Part::Value(value) => values.push(value),
            }
        }
        match only {
            None => Ok(Values(values)),
            Some(flags) if values.is_empty() => Ok(Values(vec![Item::One(flags)])),
            Some(_) => Err(de::Error::custom("flags beside lists of flags: write each flag as a list")),
        }
    }
}

impl<'de, F: Flags<Bits: TryFrom<u64>> + Deserialize<'de>> Deserialize<'de> for Part<F> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(OnePart(PhantomData))
    }
}

struct OnePart<F>(PhantomData<F>);

impl<'de, F: Flags<Bits: TryFrom<u64>> + Deserialize<'de>> de::Visitor<'de> for OnePart<F> {
    type Value = Part<F>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a flag, or a list of flags")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Part<F>, E> {
        Member::named(name).map(|Member(flag)| Part::Flag(flag))
    }

    fn visit_u64<E: de::Error>(self, bits: u64) -> Result<Part<F>, E> {
        Member::numbered(bits).map(|Member(flag)| Part::Flag(flag))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Part<F>, A::Error> {
        Item::deserialize(de::value::SeqAccessDeserializer::new(list)).map(Part::Value)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Part<F>, A::Error> {
        Item::deserialize(de::value::MapAccessDeserializer::new(map)).map(Part::Value)
    }
}
