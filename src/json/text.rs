//! Values that have a text of their own.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Unexpected},
};

use crate::{
    expr::ChainTarget,
    language::matches::{Interface, MacAddr, TimeOfDay},
    object::{ChainKind, Hook, InterfaceName},
};

/// Declares types whose text is that of `Display`, and is read by `FromStr`.
macro_rules! as_text {
    ($( $type:ty )+) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = Cow::<str>::deserialize(from)?;
                Self::from_str(&text).map_err(de::Error::custom)
            }
        }
    )+};
}

as_text! { MacAddr TimeOfDay }

impl Serialize for ChainKind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for ChainKind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::from_word)
    }
}

/// nft's word, or the kernel's number of a hook without a name.
impl Serialize for Hook {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Other(number) => to.serialize_u32(*number),
            named => to.collect_str(named),
        }
    }
}

impl<'de> Deserialize<'de> for Hook {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(HookWord)
    }
}

struct HookWord;

impl de::Visitor<'_> for HookWord {
    type Value = Hook;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hook::NAMED.iter().try_for_each(|hook| write!(f, "\"{hook}\", "))?;
        f.write_str("or the kernel's number of another hook")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Hook, E> {
        let found = Hook::NAMED.iter().find(|hook| hook.to_string() == text);
        found.copied().ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Hook, E> {
        let other = u32::try_from(number).map(Hook::Other);
        other.map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }
}

/// What a string cannot say.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Exactly<T> {
    Exact(T),
}

/// `eth0`, and `eth*` for every name that begins so; a name that itself ends in a wildcard is an object.
impl Serialize for InterfaceName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.text() {
            text if !self.is_prefix() && text.ends_with(['*', '+']) => Exactly::Exact(text).serialize(to),
            _ => to.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for InterfaceName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NameOrPrefix)
    }
}

struct NameOrPrefix;

impl<'de> de::Visitor<'de> for NameOrPrefix {
    type Value = InterfaceName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an interface's name")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<InterfaceName, E> {
        Ok(text.into())
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<InterfaceName, A::Error> {
        let Exactly::Exact(name) =
            Exactly::<String>::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Ok(InterfaceName::exact(name))
    }
}

/// A name as text, an index as a number.
impl Serialize for Interface {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Name(name) => name.serialize(to),
            Self::Index(index) => to.serialize_u32(*index),
        }
    }
}

impl<'de> Deserialize<'de> for Interface {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NameOrIndex)
    }
}

struct NameOrIndex;

impl<'de> de::Visitor<'de> for NameOrIndex {
    type Value = Interface;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an interface's name, or its index")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Interface, E> {
        NameOrPrefix.visit_str(text).map(Interface::Name)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Interface, E> {
        let index = u32::try_from(number).map(Interface::Index);
        index.map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Interface, A::Error> {
        NameOrPrefix.visit_map(map).map(Interface::Name)
    }
}

/// What only a chain of the same transaction has.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Numbered {
    Id(u32),
}

/// The name; `{"id": …}` for a number within a transaction.
impl Serialize for ChainTarget {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Name(name) => to.serialize_str(name),
            Self::Id(id) => Numbered::Id(*id).serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for ChainTarget {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NameOrId)
    }
}

struct NameOrId;

impl<'de> de::Visitor<'de> for NameOrId {
    type Value = ChainTarget;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a chain's name, or {\"id\": its number in the transaction}")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<ChainTarget, E> {
        Ok(ChainTarget::Name(name.to_owned()))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<ChainTarget, A::Error> {
        let Numbered::Id(id) = Numbered::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Ok(ChainTarget::Id(id))
    }
}
