//! User data: bytes, and the comment behind them, so that a person can read and write it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::hex;
use crate::object::userdata::{COMMENT, SET_COMMENT, comment, entries};

/// User data as it stands in JSON: the bytes, then the comment.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    #[serde(default, with = "hex", skip_serializing_if = "Vec::is_empty")]
    bytes: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

/// Splits user data into what joins to the same bytes again.
fn split(kind: u8, bytes: &[u8]) -> Parts {
    let last = entries(bytes).last().filter(|(found, _)| *found == kind);
    let text = last.and_then(|(_, value)| std::str::from_utf8(value.strip_suffix(&[0])?).ok());
    // What is too long or has a NUL inside would not be read back, and what follows it would be lost.
    let entry = text.and_then(|text| comment(kind, text).ok());
    match entry.and_then(|entry| bytes.strip_suffix(entry.as_slice())) {
        Some(rest) => Parts { bytes: rest.to_vec(), comment: text.map(str::to_owned) },
        None => Parts { bytes: bytes.to_vec(), comment: None },
    }
}

fn write<S: Serializer>(kind: u8, userdata: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
    userdata.as_deref().map(|bytes| split(kind, bytes)).serialize(to)
}

fn read<'de, D: Deserializer<'de>>(kind: u8, from: D) -> Result<Option<Vec<u8>>, D::Error> {
    let Some(Parts { mut bytes, comment: text }) = Option::<Parts>::deserialize(from)? else {
        return Ok(None);
    };
    if let Some(text) = text {
        bytes.extend(comment(kind, &text).map_err(de::Error::custom)?);
    }
    Ok(Some(bytes))
}

pub(crate) fn serialize<S: Serializer>(userdata: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
    write(COMMENT, userdata, to)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
    read(COMMENT, from)
}

/// That of sets, whose comment has another number.
pub(crate) mod of_set {
    use super::{Deserializer, SET_COMMENT, Serializer, read, write};

    pub(crate) fn serialize<S: Serializer>(userdata: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
        write(SET_COMMENT, userdata, to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
        read(SET_COMMENT, from)
    }
}
