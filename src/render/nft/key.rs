//! What the bytes of a set's keys and a map's values are, and their text.

use super::{
    datatype::{Datatype, Order, numbers, parts},
    names::Names,
    type_of::{self, Part},
};
use crate::object::{KeyOrder, MapData, Set, SetFlags, userdata::entries};

/// One part of a key or value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    kind: Datatype,
    /// How many bytes are its value, before what fills them up.
    len: usize,
}

/// The parts of a key or value; one where it is not a concatenation.
#[derive(Clone, Debug)]
pub(super) struct Layout<'a> {
    fields: Vec<Field>,
    /// Keys of intervals lie so that they are in order byte by byte, whatever their type.
    sorted: bool,
    /// Values that are ranges: all first ones, then all last ones.
    ranges: bool,
    names: Names<'a>,
}

/// nft's user data of a set: the byte order of keys and of values.
const KEY_BYTE_ORDER: u8 = 0;
const DATA_BYTE_ORDER: u8 = 1;

/// nft's number of the type of verdicts.
const VERDICT: u32 = 1;
/// Bytes of one.
const VERDICT_LEN: u32 = 16;

impl<'a> Layout<'a> {
    /// Of a set's keys.
    pub(super) fn of_key(set: &Set, names: Names<'a>) -> Self {
        let sorted = set.flags.contains(SetFlags::INTERVAL);
        let order = byte_order(set, KEY_BYTE_ORDER);
        let fields = fields(key_parts(set), set.key_type, order, &set.desc.fields, set.key_len);
        Self { fields, sorted, ranges: false, names }
    }

    /// Of a map's values, where these are bytes.
    pub(super) fn of_data(set: &Set, names: Names<'a>) -> Option<Self> {
        let Some(MapData::Value { kind, len }) = set.data else {
            return None;
        };
        let order = byte_order(set, DATA_BYTE_ORDER);
        let ranges = has_ranges_as_values(set);
        let len = if ranges { len / 2 } else { len };
        let fields = fields(declared_data(set), kind, order, &[], len);
        Some(Self { fields, sorted: false, ranges, names })
    }

    /// Whether it is a concatenation.
    pub(super) fn is_concatenation(&self) -> bool {
        self.fields.len() > 1
    }

    /// The type, where there is one part only.
    pub(super) fn single(&self) -> Option<Datatype> {
        match self.fields.as_slice() {
            [field] => Some(field.kind),
            _ => None,
        }
    }

    /// A key or value.
    pub(super) fn value(&self, bytes: &[u8]) -> String {
        if self.ranges {
            let (first, last) = bytes.split_at_checked(bytes.len() / 2).unwrap_or((bytes, &[]));
            return self.range(first, last);
        }
        let said = self
            .split(bytes)
            .map(|(field, bytes)| field.kind.value(&self.in_order(field, bytes), self.names));
        said.collect::<Vec<_>>().join(" . ")
    }

    /// All keys from the first to the last, each part a range of its own.
    pub(super) fn range(&self, first: &[u8], last: &[u8]) -> String {
        let pairs = self.split(first).zip(self.split(last));
        let said = pairs.map(|((field, first), (_, last))| self.field_range(field, first, last));
        said.collect::<Vec<_>>().join(" . ")
    }

    fn field_range(&self, field: Field, first: &[u8], last: &[u8]) -> String {
        if is_text(field.kind) {
            if let Some(beginning) = beginning(first, last) {
                return field.kind.value(beginning, self.names);
            }
        }
        field.kind.range(&self.in_order(field, first), &self.in_order(field, last), self.names)
    }

    /// What nft sorts keys by: the number that the bytes are to it.
    pub(super) fn sort_key(&self, bytes: &[u8]) -> Vec<u8> {
        match self.single() {
            // Of several bits, the lowest.
            Some(kind) if kind.is_bitmask() => {
                let mut number = self.most_significant_first(kind, bytes);
                let lowest = number.iter().rposition(|byte| *byte != 0);
                for (at, byte) in number.iter_mut().enumerate() {
                    *byte = if Some(at) == lowest { *byte & byte.wrapping_neg() } else { 0 };
                }
                number
            }
            Some(kind) => self.most_significant_first(kind, bytes),
            None => {
                // All values, one behind the other, are one number of the machine's.
                let mut all: Vec<u8> = self.split(bytes).flat_map(|(_, bytes)| bytes.to_vec()).collect();
                if cfg!(target_endian = "little") {
                    all.reverse();
                }
                all
            }
        }
    }

    fn most_significant_first(&self, kind: Datatype, bytes: &[u8]) -> Vec<u8> {
        let mut number = bytes.to_vec();
        if kind.order() == Order::Host && !self.sorted && cfg!(target_endian = "little") {
            number.reverse();
        }
        number
    }

    /// The parts' bytes.
    fn split<'b>(&self, bytes: &'b [u8]) -> impl Iterator<Item = (Field, &'b [u8])> {
        let mut rest = bytes;
        let several = self.is_concatenation();
        self.fields.iter().map(move |field| {
            if !several {
                return (*field, rest);
            }
            let (padded, behind) =
                rest.split_at_checked(field.len.next_multiple_of(4)).unwrap_or((rest, &[]));
            rest = behind;
            (*field, padded.get(..field.len).unwrap_or(padded))
        })
    }

    /// The bytes as the type has them.
    fn in_order(&self, field: Field, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let host = field.kind.order() == Order::Host && cfg!(target_endian = "little");
        if self.sorted && host && !is_text(field.kind) {
            bytes.reverse();
        }
        bytes
    }
}

/// Text lies as it is read, whatever nft calls its byte order.
fn is_text(kind: Datatype) -> bool {
    matches!(kind, Datatype::IfName | Datatype::String)
}

/// What all texts from the first to the last begin with, where these are all that do.
fn beginning<'b>(first: &'b [u8], last: &[u8]) -> Option<&'b [u8]> {
    let end = first.iter().position(|byte| *byte == 0)?;
    let (beginning, rest) = first.split_at_checked(end)?;
    let (same, full) = last.split_at_checked(end)?;
    let all = rest.iter().all(|byte| *byte == 0) && full.iter().all(|byte| *byte == 0xff);
    (!beginning.is_empty() && beginning == same && all).then_some(beginning)
}

/// What the keys were declared after, where that still fits them: nft compares the length.
pub(super) fn key_parts(set: &Set) -> Option<Vec<Part>> {
    type_of::key(set).filter(|parts| fits(parts, set.key_len))
}

/// What the values were declared after, where that still fits them.
pub(super) fn data_parts(set: &Set) -> Option<Vec<Part>> {
    let len = match set.data {
        Some(MapData::Value { len, .. }) => len,
        Some(MapData::Verdict) => VERDICT_LEN,
        _ => return None,
    };
    type_of::data(set).filter(|parts| fits(parts, len))
}

/// Expressions of the types that keys have: what they were declared after, or some that nobody said.
pub(super) fn expressions_of_key(set: &Set) -> Option<Vec<Part>> {
    let order = || number_order(set, KEY_BYTE_ORDER);
    key_parts(set).or_else(|| usual(set.key_type, order(), &set.desc.fields, set.key_len))
}

/// Expressions of the types that values have.
pub(super) fn expressions_of_data(set: &Set) -> Option<Vec<Part>> {
    declared_data(set).or_else(|| match set.data {
        Some(MapData::Value { kind, len }) => {
            let len = if has_ranges_as_values(set) { len / 2 } else { len };
            usual(kind, number_order(set, DATA_BYTE_ORDER), &[], len)
        }
        Some(MapData::Verdict) => usual(VERDICT, KeyOrder::Mixed, &[], VERDICT_LEN),
        _ => None,
    })
}

/// What the values were declared after, also where they are ranges: nft itself forgets it there.
fn declared_data(set: &Set) -> Option<Vec<Part>> {
    match set.data {
        Some(MapData::Value { len, .. }) if has_ranges_as_values(set) => type_of::data(set).filter(|parts| {
            let end: usize = parts.iter().map(|part| part.bytes().next_multiple_of(4)).sum();
            !parts.is_empty() && usize::try_from(len / 2) == Ok(end)
        }),
        _ => data_parts(set),
    }
}

fn usual(number: u32, order: KeyOrder, lens: &[u32], len: u32) -> Option<Vec<Part>> {
    let kinds = numbers(number);
    let said: Vec<_> = match kinds.as_slice() {
        [kind] => vec![type_of::usual(*kind, len, order)?],
        kinds => {
            let lens = lens.iter().copied().chain(std::iter::repeat(0));
            let said = kinds.iter().zip(lens).map(|(kind, len)| type_of::usual(*kind, len, order));
            said.collect::<Option<_>>()?
        }
    };
    fits(&said, len).then_some(said)
}

fn fits(parts: &[Part], len: u32) -> bool {
    let all = match parts {
        [part] => part.bytes(),
        parts => parts.iter().map(|part| part.bytes().next_multiple_of(4)).sum(),
    };
    usize::try_from(len).is_ok_and(|len| len == all)
}

/// Whether the values of a map are ranges (`NFTNL_UDATA_SET_DATA_INTERVAL`).
pub(super) fn has_ranges_as_values(set: &Set) -> bool {
    const DATA_INTERVAL: u8 = 6;

    entries(set.userdata.as_deref().unwrap_or_default())
        .any(|(kind, value)| kind == DATA_INTERVAL && value.iter().any(|byte| *byte != 0))
}

/// How the bytes of numbers of no particular type lie. (Concatenations do not say it: of those, only what lies in the
/// order of intervals, the network's, can be told.)
fn number_order(set: &Set, kind: u8) -> KeyOrder {
    match byte_order(set, kind) {
        Order::Host => KeyOrder::Host,
        Order::Network => KeyOrder::Network,
    }
}

/// Whether numbers of no particular type are in the machine's order.
fn byte_order(set: &Set, kind: u8) -> Order {
    const HOST: u32 = 1;

    let mut entries = entries(set.userdata.as_deref().unwrap_or_default());
    let said = entries.find(|(found, _)| *found == kind).and_then(|(_, value)| value.try_into().ok());
    if said.map(u32::from_ne_bytes) == Some(HOST) { Order::Host } else { Order::Network }
}

fn fields(declared: Option<Vec<Part>>, kind: u32, order: Order, lens: &[u32], len: u32) -> Vec<Field> {
    if let Some(parts) = declared {
        return parts.iter().map(|part| Field { kind: part.kind, len: part.bytes() }).collect();
    }
    let kinds = parts(kind);
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    match kinds.as_slice() {
        [] => vec![Field { kind: Datatype::Hex, len }],
        [Datatype::Integer] if order == Order::Host => vec![Field { kind: Datatype::HostInteger, len }],
        [kind] => vec![Field { kind: *kind, len }],
        kinds => {
            let lens = lens.iter().map(|len| usize::try_from(*len).ok()).chain(std::iter::repeat(None));
            let field = |(kind, said): (&Datatype, Option<usize>)| Field {
                kind: *kind,
                len: said.or_else(|| kind.bits().map(|bits| bits.div_ceil(8))).unwrap_or(4),
            };
            kinds.iter().zip(lens).map(field).collect()
        }
    }
}
