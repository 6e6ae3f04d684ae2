//! Elements of typed sets as bytes. A million of them are written here, so the plain ones are one copy each.

use super::{
    Entry, Key, MapValue, Span,
    field::FIELD_LIMIT,
    key::KEY_LIMIT,
    span::{bytes, limit, tail},
};
use crate::{
    expr::{NFTA_DATA_VALUE, NFTA_LIST_ELEM},
    object::{ElementFlags, NFTA_SET_ELEM_FLAGS, NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_KEY_END},
    wire::{NLA_F_NESTED, Writer, align},
};

/// nft's mark of a run without an end (`NFTNL_UDATA_SET_ELEM_FLAGS`, `NFTNL_SET_ELEM_F_INTERVAL_OPEN`).
pub(crate) const OPEN: [u8; 6] = {
    let [a, b, c, d] = 1u32.to_ne_bytes();
    [1, 4, a, b, c, d]
};

/// The headers before a key: the list's member, the key, its value.
const HEADS: usize = 12;

/// Appends an entry of a set of single keys or of a concatenation of intervals; or the one for every other key.
#[inline]
pub(crate) fn entry<K: Key, V: MapValue>(entry: &Entry<K, V>, writer: &mut Writer<'_>) {
    match &entry.key {
        Some(key) if V::NOTHING && entry.is_plain() && !K::INTERVAL => plain(key, writer),
        key => rich(key.as_ref(), entry, writer),
    }
}

/// Appends a key as what is to be deleted.
#[inline]
pub(crate) fn key<K: Key>(key: Option<&K>, writer: &mut Writer<'_>) {
    match key {
        Some(key) if !K::INTERVAL => plain(key, writer),
        key => rich(key, &Entry::<K>::catch_all(), writer),
    }
}

/// `[len, NFTA_LIST_ELEM] [len, NFTA_SET_ELEM_KEY] [len, NFTA_DATA_VALUE] key`
#[inline]
fn plain<K: Key>(key: &K, writer: &mut Writer<'_>) {
    let mut element = [0; HEADS + KEY_LIMIT];
    let length = HEADS + align(K::LEN);
    let Some(element) = element.get_mut(..length) else {
        return;
    };
    if let Some((heads, rest)) = element.split_first_chunk_mut::<HEADS>() {
        *heads = plain_heads(length, K::LEN);
        if let Some(place) = rest.get_mut(..K::LEN) {
            key.write_first(place);
        }
    }
    writer.raw(element);
}

#[inline]
const fn plain_heads(length: usize, key: usize) -> [u8; HEADS] {
    // At most 80 bytes, by KEY_LIMIT.
    let [a, b] = (length as u16).to_ne_bytes();
    let [c, d] = (NFTA_LIST_ELEM | NLA_F_NESTED).to_ne_bytes();
    let [e, f] = (length as u16 - 4).to_ne_bytes();
    let [g, h] = (NFTA_SET_ELEM_KEY | NLA_F_NESTED).to_ne_bytes();
    let [i, j] = (key as u16 + 4).to_ne_bytes();
    let [k, l] = NFTA_DATA_VALUE.to_ne_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l]
}

fn rich<K: Key, V: MapValue>(key: Option<&K>, entry: &Entry<K, V>, writer: &mut Writer<'_>) {
    writer.nest(NFTA_LIST_ELEM, |element| {
        match key {
            Some(key) => {
                let mut bytes = [0; KEY_LIMIT];
                if let Some(bytes) = bytes.get_mut(..K::LEN) {
                    key.write_first(bytes);
                    data(NFTA_SET_ELEM_KEY, bytes, element);
                    if K::INTERVAL {
                        key.write_last(bytes);
                        data(NFTA_SET_ELEM_KEY_END, bytes, element);
                    }
                }
            }
            None => element.put(NFTA_SET_ELEM_FLAGS, &ElementFlags::CATCHALL),
        }
        entry.value.encode(element);
        entry.encode_extras(&[], element);
    });
}

#[inline]
fn data(kind: u16, bytes: &[u8], writer: &mut Writer<'_>) {
    writer.nest(kind, |inner| inner.bytes(NFTA_DATA_VALUE, bytes));
}

/// Appends a run as its first key with what belongs to it, and the first key behind it, where there is one.
#[inline]
pub(crate) fn span<K: Key, V: MapValue>(span: &Span<V>, writer: &mut Writer<'_>) {
    writer.nest(NFTA_LIST_ELEM, |element| {
        data(NFTA_SET_ELEM_KEY, tail(&bytes(span.first), K::LEN), element);
        span.rest.value.encode(element);
        let open = span.last >= limit(K::PARTS);
        span.rest.encode_extras(if open { &OPEN } else { &[] }, element);
    });
    end::<K, V>(span, writer);
}

/// Appends a run as what is to be deleted.
#[inline]
pub(crate) fn span_key<K: Key, V: MapValue>(span: &Span<V>, writer: &mut Writer<'_>) {
    writer.nest(NFTA_LIST_ELEM, |element| {
        data(NFTA_SET_ELEM_KEY, tail(&bytes(span.first), K::LEN), element);
    });
    end::<K, V>(span, writer);
}

#[inline]
fn end<K: Key, V>(span: &Span<V>, writer: &mut Writer<'_>) {
    if span.last < limit(K::PARTS) {
        end_at::<K>(span.last + 1, writer);
    }
}

#[inline]
fn end_at<K: Key>(key: u128, writer: &mut Writer<'_>) {
    writer.nest(NFTA_LIST_ELEM, |element| {
        element.put(NFTA_SET_ELEM_FLAGS, &ElementFlags::INTERVAL_END);
        data(NFTA_SET_ELEM_KEY, tail(&bytes(key), K::LEN), element);
    });
}

/// Appends what nft puts before the first run of a new set: an end of what lies before it.
pub(crate) fn leading_end<K: Key>(writer: &mut Writer<'_>) {
    end_at::<K>(0, writer);
}

const _: () = assert!(FIELD_LIMIT <= KEY_LIMIT);
