//! The document around a whole ruleset: which format it is in, and whose byte order its registers have.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Unexpected},
};

use crate::{Ruleset, object::Table};

/// The format that this version writes, and the only one that it reads.
const FORMAT: u64 = 1;

#[derive(Serialize)]
struct Written<'a> {
    portcullis: u64,
    byte_order: ByteOrder,
    tables: &'a [Table],
}

// The order of the fields is that of the keys, sorted or not: a foreign document is refused before its tables are read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    #[serde(rename = "portcullis")]
    _format: Format,
    #[serde(rename = "byte_order")]
    _order: SameOrder,
    tables: Vec<Table>,
}

/// How numbers lie in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ByteOrder {
    Little,
    Big,
}

/// This machine's.
pub(super) const HERE: ByteOrder =
    if cfg!(target_endian = "little") { ByteOrder::Little } else { ByteOrder::Big };

impl Serialize for Ruleset {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Written { portcullis: FORMAT, byte_order: HERE, tables: &self.tables }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Ruleset {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read: Result<Read, _> = serde_path_to_error::deserialize(from);
        read.map(|read| read.tables.into_iter().collect()).map_err(|error| match error.path().to_string() {
            top if top == "." => error.into_inner(),
            place => de::Error::custom(format_args!("{place}: {}", error.into_inner())),
        })
    }
}

struct Format;

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match u64::deserialize(from)? {
            FORMAT => Ok(Self),
            other => Err(de::Error::invalid_value(
                Unexpected::Unsigned(other),
                &"1: this version of portcullis reads no other format",
            )),
        }
    }
}

struct SameOrder;

impl<'de> Deserialize<'de> for SameOrder {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let order = ByteOrder::deserialize(from)?;
        if order == HERE {
            return Ok(Self);
        }
        Err(de::Error::custom(format_args!(
            "the document was written on a {order}-endian machine, this one is {HERE}-endian: the bytes of its \
             registers would mean other numbers"
        )))
    }
}

impl fmt::Display for ByteOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Little => "little",
            Self::Big => "big",
        })
    }
}
