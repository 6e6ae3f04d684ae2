//! Bytes as text: two hexadecimal digits each, as Python's `bytes.hex()` writes and `bytes.fromhex()` reads them.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::expr::Data;

/// Writes bytes.
pub(crate) fn serialize<B: AsRef<[u8]>, S: Serializer>(bytes: &B, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&Digits(bytes.as_ref()))
}

/// Reads bytes.
pub(crate) fn deserialize<'de, B: From<Vec<u8>>, D: Deserializer<'de>>(from: D) -> Result<B, D::Error> {
    let text = Cow::<str>::deserialize(from)?;
    let bytes = read(&text).ok_or_else(|| {
        de::Error::invalid_value(de::Unexpected::Str(&text), &"bytes as pairs of hexadecimal digits")
    })?;
    Ok(bytes.into())
}

struct Digits<'a>(&'a [u8]);

impl fmt::Display for Digits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn read(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

/// The register's bytes, in its order.
impl Serialize for Data {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize(&self.as_bytes(), to)
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        deserialize::<Vec<u8>, D>(from).map(|bytes| Self::new(&bytes))
    }
}
