//! What `typeof` says of a set: nft keeps the expression that the set was declared after beside the set, for itself.
//!
//! A number has no name of a type that fixes its length; such a set can be declared by an expression only. The format
//! is nft's own (`expr_ops.build_udata` and `parse_udata`): entries in entries, numbers in the machine's byte order.

mod extension;
mod header;
mod state;

use super::datatype::Datatype;
use crate::set::type_of_kind::{
    CONCAT, CT, EXTHDR, FIB, HASH, META, NUMGEN, OSF, PAYLOAD, RT, SOCKET, VERDICT, XFRM,
};
use crate::{
    object::{KeyOrder, Set, userdata::entries},
    set::TypeOf,
};

/// One part of what a set's keys or values are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The expression, as a rule says it.
    pub(super) words: String,
    /// The type of its value.
    pub(super) kind: Datatype,
    /// How many bits a value has.
    pub(super) bits: usize,
}

impl Part {
    fn new(words: impl Into<String>, kind: Datatype, bits: usize) -> Self {
        Self { words: words.into(), kind, bits }
    }

    /// Bytes of a value, without what fills it up in a concatenation.
    pub(super) fn bytes(&self) -> usize {
        self.bits.div_ceil(8)
    }
}

/// `NFTNL_UDATA_SET_KEY_TYPEOF`
const KEY_TYPEOF: u8 = 3;
/// `NFTNL_UDATA_SET_DATA_TYPEOF`
const DATA_TYPEOF: u8 = 4;

/// What the keys of a set were declared after.
pub(super) fn key(set: &Set) -> Option<Vec<Part>> {
    of(set, KEY_TYPEOF)
}

/// What the values of a map were declared after.
pub(super) fn data(set: &Set) -> Option<Vec<Part>> {
    of(set, DATA_TYPEOF)
}

/// An expression that a value of a type could have been declared after, where nobody did.
pub(super) fn usual(number: u32, len: u32, order: KeyOrder) -> Option<Part> {
    let (kind, data) = TypeOf::usual(number, len, order)?.encode();
    expression(kind, &data)
}

fn of(set: &Set, kind: u8) -> Option<Vec<Part>> {
    const EXPRESSION: u8 = 0;
    const DATA: u8 = 1;

    let declared = entry(set.userdata.as_deref()?, kind)?;
    let data = entry(declared, DATA)?;
    match number(declared, EXPRESSION)? {
        CONCAT => {
            entries(data).map(|(_, part)| expression(number(part, EXPRESSION)?, entry(part, DATA)?)).collect()
        }
        kind => Some(vec![expression(kind, data)?]),
    }
}

fn expression(kind: u32, data: &[u8]) -> Option<Part> {
    match kind {
        VERDICT => Some(Part::new("verdict", Datatype::Verdict, 128)),
        PAYLOAD => header::part(data),
        EXTHDR => extension::part(data),
        META => state::meta(data),
        SOCKET => state::socket(data),
        OSF => Some(Part::new("osf name", Datatype::String, 128)),
        CT => state::ct(data),
        NUMGEN => state::numgen(data),
        HASH => state::hash(data),
        RT => state::rt(data),
        FIB => state::fib(data),
        XFRM => state::xfrm(data),
        _ => None,
    }
}

/// The entry of a kind.
fn entry(data: &[u8], kind: u8) -> Option<&[u8]> {
    entries(data).find(|(found, _)| *found == kind).map(|(_, value)| value)
}

/// The number in the entry of a kind.
fn number(data: &[u8], kind: u8) -> Option<u32> {
    entry(data, kind)?.try_into().ok().map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests;
