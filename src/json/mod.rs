//! The JSON form of every value: what `derive` does not say by itself. `docs/json.md` describes the format.
//!
//! Most types derive their form beside their definition; the macros that declare expressions, enumerations and
//! flags do so for all of theirs. Here is how kernel words, flags, bytes, times and lists are written, and the
//! document around a whole ruleset.

mod document;
mod kept;
mod matching;
mod priority;
mod text;

pub(crate) mod counters;
pub(crate) mod flag_matching;
pub(crate) mod flags;
pub(crate) mod hex;
pub(crate) mod time;
pub(crate) mod timeouts;
pub(crate) mod userdata;
pub(crate) mod word;

#[cfg(test)]
pub(crate) mod tests;

use std::fmt;

use serde::{Serializer, ser::Error};

use crate::Origin;
pub(crate) use kept::data_attribute;

/// Where a value that was read comes from. A document has no line of the caller's: this one tells that it was a
/// document. (A rule's label tells which rule.)
pub(crate) fn origin() -> Origin {
    Origin::here()
}

/// Whether a value need not be written.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What is written of a value that could not be made right: an error with the reason. The others have no such
/// problem, and are not asked.
pub(crate) fn broken<P: fmt::Display, S: Serializer>(problem: &Option<P>, _: S) -> Result<S::Ok, S::Error> {
    Err(S::Error::custom(problem.as_ref().map(P::to_string).unwrap_or_default()))
}
