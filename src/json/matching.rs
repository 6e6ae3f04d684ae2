//! What a match compares with: a list of values, ranges, prefixes and masked values, or `{"not": [...]}`.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{
        self, IntoDeserializer,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
    ser::Error,
};

use crate::language::{Item, Matching};

const ITEMS: &[&str] = &["range", "prefix", "masked"];

impl<T: Serialize> Serialize for Item<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(value) => value.serialize(to),
            Self::Range(from, until) => to.collect_map([("range", (from, until))]),
            Self::Prefix(value, bits) => to.collect_map([("prefix", (value, bits))]),
            Self::Masked(value, mask) => to.collect_map([("masked", (value, mask))]),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(OneItem(PhantomData))
    }
}

/// Looks for the words of [`ITEMS`], and leaves all else to the value's type.
struct OneItem<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> de::Visitor<'de> for OneItem<T> {
    type Value = Item<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a value, or an object with one of {ITEMS:?}")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Item<T>, E> {
        T::deserialize(value.into_deserializer()).map(Item::One)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Item<T>, E> {
        T::deserialize(value.into_deserializer()).map(Item::One)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Item<T>, E> {
        T::deserialize(value.into_deserializer()).map(Item::One)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Item<T>, A::Error> {
        T::deserialize(SeqAccessDeserializer::new(list)).map(Item::One)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Item<T>, A::Error> {
        let Some(key) = map.next_key::<String>()? else {
            return Err(de::Error::invalid_value(de::Unexpected::Map, &self));
        };
        let item = match key.as_str() {
            "range" => map.next_value().map(|(from, until)| Item::Range(from, until))?,
            "prefix" => map.next_value().map(|(value, bits)| Item::Prefix(value, bits))?,
            "masked" => map.next_value().map(|(value, mask)| Item::Masked(value, mask))?,
            _ => {
                let whole = Begun { key: Some(key), rest: map };
                return T::deserialize(MapAccessDeserializer::new(whole)).map(Item::One);
            }
        };
        only_key(map).map(|()| item)
    }
}

/// Refuses a second key.
fn only_key<'de, A: de::MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    match map.next_key::<String>()? {
        None => Ok(()),
        Some(key) => Err(de::Error::custom(format_args!("unexpected field `{key}` beside the only one"))),
    }
}

/// An object whose first key is read already.
struct Begun<A> {
    key: Option<String>,
    rest: A,
}

impl<'de, A: de::MapAccess<'de>> de::MapAccess<'de> for Begun<A> {
    type Error = A::Error;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.key.take() {
            Some(key) => seed.deserialize(key.into_deserializer()).map(Some),
            None => self.rest.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.rest.next_value_seed(seed)
    }
}

impl<T: Serialize> Serialize for Matching<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        write(self, self.items(), to)
    }
}

/// Writes the members of a match, negated as it is.
pub(super) fn write<T, M: Serialize + ?Sized, S: Serializer>(
    matching: &Matching<T>,
    members: &M,
    to: S,
) -> Result<S::Ok, S::Error> {
    match &matching.problem {
        Some(problem) => Err(S::Error::custom(problem)),
        None if matching.is_negated() => to.collect_map([("not", members)]),
        None => members.serialize(to),
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Matching<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Members::<T, Vec<Item<T>>>::new())
    }
}

/// Reads the members of a match, in a list or in `{"not": [...]}`.
pub(super) struct Members<T, M>(PhantomData<(T, M)>);

impl<T, M> Members<T, M> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T, M> de::Visitor<'de> for Members<T, M>
where
    M: Deserialize<'de> + IntoIterator<Item = Item<T>>,
{
    type Value = Matching<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of values, or {\"not\": a list of values}")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Matching<T>, A::Error> {
        M::deserialize(SeqAccessDeserializer::new(list)).map(Matching::any_of)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Matching<T>, A::Error> {
        match map.next_key::<String>()? {
            Some(key) if key == "not" => {}
            Some(key) => return Err(de::Error::unknown_field(&key, &["not"])),
            None => return Err(de::Error::missing_field("not")),
        }
        let members: M = map.next_value()?;
        only_key(map)?;
        Ok(Matching { negated: true, ..Matching::any_of(members) })
    }
}
