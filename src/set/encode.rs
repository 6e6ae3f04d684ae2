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
    wire::{NLA_F_NESTED, Writer, align, header_of},
};

/// nft's mark of a run without an end (`NFTNL_UDATA_SET_ELEM_FLAGS`, `NFTNL_SET_ELEM_F_INTERVAL_OPEN`).
pub(crate) const OPEN: [u8; 6] = {
    let [a, b, c, d] = 1u32.to_ne_bytes();
    [1, 4, a, b, c, d]
};

/// Whether nft's mark says that a run has no end.
pub(crate) fn is_marked_open(userdata: Option<&[u8]>) -> bool {
    userdata.is_some_and(|bytes| bytes.ends_with(&OPEN))
}

/// The headers before a key: the list's member, the key, its value.
const HEADS: usize = 12;
/// Those before a value: the attribute, its value.
const VALUE_HEADS: usize = 8;

/// Appends an entry of a set of single keys or of a concatenation of intervals; or the one for every other key.
// Always, and `rich` never: see `contents::check`.
#[inline(always)]
pub(crate) fn entry<K: Key, V: MapValue>(entry: &Entry<K, V>, writer: &mut Writer<'_>) {
    match &entry.key {
        Some(key) if entry.is_plain() && !K::INTERVAL => {
            let start = writer.position();
            plain(key, writer);
            if !V::NOTHING {
                entry.value.encode(writer);
                writer.close(start, NFTA_LIST_ELEM);
            }
        }
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
    let [a, b, c, d] = header_of(length as u16, NFTA_LIST_ELEM | NLA_F_NESTED);
    let [e, f, g, h] = header_of(length as u16 - 4, NFTA_SET_ELEM_KEY | NLA_F_NESTED);
    let [i, j, k, l] = header_of(key as u16 + 4, NFTA_DATA_VALUE);
    [a, b, c, d, e, f, g, h, i, j, k, l]
}

#[inline(never)]
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
    value(kind, bytes.len(), |to| to.copy_from_slice(bytes), writer);
}

/// `[len, kind] [len, NFTA_DATA_VALUE] value`, of a value of so many bytes that `write` fills in.
#[inline]
pub(super) fn value(kind: u16, len: usize, write: impl FnOnce(&mut [u8]), writer: &mut Writer<'_>) {
    let mut attribute = [0; VALUE_HEADS + KEY_LIMIT];
    let length = VALUE_HEADS + align(len);
    let Some(attribute) = attribute.get_mut(..length) else {
        return;
    };
    if let Some((heads, rest)) = attribute.split_first_chunk_mut::<VALUE_HEADS>() {
        // At most 72 bytes, by KEY_LIMIT.
        let ([a, b, c, d], [e, f, g, h]) =
            (header_of(length as u16, kind | NLA_F_NESTED), header_of(len as u16 + 4, NFTA_DATA_VALUE));
        *heads = [a, b, c, d, e, f, g, h];
        if let Some(place) = rest.get_mut(..len) {
            write(place);
        }
    }
    writer.raw(attribute);
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

#[cfg(test)]
mod tests {
    use std::{fmt::Write as _, net::Ipv4Addr, ops::RangeInclusive, time::Duration};

    use ipnet::Ipv4Net;

    use super::*;
    use crate::{
        Port,
        expr::Verdict,
        language::matches::Mark,
        set::{Contents, Interval, IntoEntry, Overlaps},
        wire::Attributes,
    };

    /// Attributes as a tree: `number: ` before what is inside, or the payload in hexadecimal.
    fn tree(bytes: &[u8]) -> String {
        let mut text = String::new();
        for attribute in Attributes::new(bytes).map(Result::unwrap) {
            let inside = if attribute.is_nested() {
                format!("({})", tree(attribute.payload))
            } else {
                attribute.payload.iter().map(|byte| format!("{byte:02x}")).collect()
            };
            write!(text, "{}{}={inside}", if text.is_empty() { "" } else { " " }, attribute.kind()).unwrap();
        }
        text
    }

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        write(&mut writer);
        writer.finish().unwrap();
        tree(&bytes)
    }

    fn one<K: Key, V: MapValue>(key: impl IntoEntry<K, V>) -> String {
        let key = key.into_entry();
        written(|writer| entry(&key, writer))
    }

    fn runs<K: Key, const N: usize>(keys: [impl IntoEntry<K, ()>; N]) -> Vec<String> {
        let entries = keys.into_iter().map(IntoEntry::into_entry);
        let spans = crate::set::Runs::<K, ()>::collect("s", Overlaps::Refuse, entries).unwrap().into_spans();
        let mut texts = vec![written(|writer| leading_end::<K>(writer))];
        texts.extend(spans.map(|found| written(|writer| span::<K, ()>(&found, writer))));
        texts
    }

    fn host(number: u32) -> String {
        number.to_ne_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn single_keys_are_nfts() {
        // nft --debug=mnl add element inet t s { 1 }, of type mark; the list's members have nft's running number.
        assert_eq!(one(Mark(1)), format!("1=(1=(1={}))", host(1)));
        // … { 192.0.2.1 . 80 }
        assert_eq!(
            one::<(Ipv4Addr, Port), ()>((Ipv4Addr::new(192, 0, 2, 1), Port(80))),
            "1=(1=(1=c000020100500000))"
        );
        // add map inet t s { type ipv4_addr . mark : mark . inet_service; elements = { 1.1.1.1 . 5 : 7 . 80 }; }
        let expected = format!("1=(1=(1=01010101{}) 2=(1={}00500000))", host(5), host(7));
        assert_eq!(
            one::<(Ipv4Addr, Mark), (Mark, Port)>((
                (Ipv4Addr::new(1, 1, 1, 1), Mark(5)),
                (Mark(7), Port(80))
            )),
            expected
        );
        assert_eq!(one::<Port, Verdict>((Port(22), Verdict::Accept)), "1=(1=(1=0016) 2=(2=(1=00000001)))");
        assert_eq!(one::<Port, ()>(Entry::catch_all()), "1=(3=00000002)");
    }

    #[test]
    fn runs_are_nfts() {
        // nft --debug=mnl add set inet t s { type mark; flags interval; elements = { 1-5, 9 }; }
        let marks = [Interval::new(Mark(1), Mark(5)), Mark(9).into()];
        assert_eq!(
            runs(marks),
            [
                "1=(3=00000001 1=(1=00000000))",
                "1=(1=(1=00000001)) 1=(3=00000001 1=(1=00000006))",
                "1=(1=(1=00000009)) 1=(3=00000001 1=(1=0000000a))",
            ]
        );
        // … { type ipv4_addr; flags interval, timeout; timeout 1h;
        //     elements = { 10.0.0.0/8 timeout 5m comment "a", 255.0.0.0/8 }; }
        let network = |text: &str| Entry::new(text.parse::<Ipv4Net>().unwrap());
        let ten = network("10.0.0.0/8").timeout(Duration::from_secs(300)).comment("a");
        assert_eq!(
            runs([network("255.0.0.0/8"), ten])[1..],
            [
                "1=(1=(1=0a000000) 4=00000000000493e0 6=00026100) 1=(3=00000001 1=(1=0b000000))".to_owned(),
                format!("1=(1=(1=ff000000) 6=0104{})", host(1)),
            ]
        );
    }

    #[test]
    fn concatenated_runs_are_nfts() {
        // … { type ipv4_addr . mark; flags interval; elements = { 10.0.0.0/8 . 1-5, 1.2.3.4 . 7 }; }
        let network = |text: &str| text.parse::<Ipv4Net>().unwrap();
        assert_eq!(
            one::<(Ipv4Net, RangeInclusive<Mark>), ()>((network("10.0.0.0/8"), Mark(1)..=Mark(5))),
            "1=(1=(1=0a00000000000001) 10=(1=0affffff00000005))"
        );
        assert_eq!(
            one::<(Ipv4Net, RangeInclusive<Mark>), ()>((network("1.2.3.4/32"), Mark(7)..=Mark(7))),
            "1=(1=(1=0102030400000007) 10=(1=0102030400000007))"
        );
    }

    #[test]
    fn elements_by_value_are_the_same_elements() {
        let set = crate::set::SetOf::<Interval<Port>>::new("s").auto_merge();
        let runs = [Interval::new(Port(1), Port(5)), Interval::new(Port(3), Port(u16::MAX))];
        let contents: Contents<_, ()> = set.contents(runs).unwrap();
        let elements = contents.elements();
        assert_eq!(elements, set.with(runs).elements);
        // The end before the first, and the first, which has no end.
        assert_eq!(elements.len(), 2);
    }
}
