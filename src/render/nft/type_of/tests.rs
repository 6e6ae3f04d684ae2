use super::*;
use crate::object::{DataType, userdata::push};

/// An entry of entries.
fn nest(kind: u8, inner: &[(u8, Vec<u8>)]) -> (u8, Vec<u8>) {
    let mut bytes = Vec::new();
    inner.iter().for_each(|(kind, value)| assert!(push(&mut bytes, *kind, value)));
    (kind, bytes)
}

fn number(kind: u8, value: u32) -> (u8, Vec<u8>) {
    (kind, value.to_ne_bytes().to_vec())
}

fn declared(expression: u32, data: &[(u8, Vec<u8>)]) -> Set {
    let (_, bytes) = nest(0, &[nest(KEY_TYPEOF, &[number(0, expression), nest(1, data)])]);
    let mut set = Set::new("s", DataType::new(4, 4, KeyOrder::Network));
    set.userdata = Some(bytes);
    set
}

fn words(set: &Set) -> Option<String> {
    Some(key(set)?.into_iter().map(|part| part.words).collect::<Vec<_>>().join(" . "))
}

#[test]
fn expressions_are_said() {
    let said = |expression, data: &[(u8, u32)]| {
        let data: Vec<_> = data.iter().map(|(kind, value)| number(*kind, *value)).collect();
        words(&declared(expression, &data))
    };
    for (expression, data, expected) in [
        (PAYLOAD, &[(0, 12), (1, 11)][..], "ip saddr"),
        (PAYLOAD, &[(0, 0), (1, 0), (2, 2), (3, 32), (4, 16)], "@nh,32,16"),
        (EXTHDR, &[(1, 2), (2, 1), (0, 2)], "tcp option maxseg size"),
        (EXTHDR, &[(1, 7), (2, 1), (0, 5)], "tcp option sack2 right"),
        (EXTHDR, &[(1, 3), (0, 6)], "frag frag-off"),
        (META, &[(0, 3)], "meta mark"),
        (META, &[(0, 6)], "iifname"),
        (CT, &[(0, 3), (1, u32::MAX)], "ct mark"),
        (CT, &[(0, 19), (1, 0)], "ct original ip saddr"),
        (FIB, &[(0, 1), (1, 9)], "fib saddr . iif oif"),
        (XFRM, &[(0, 5), (1, 0), (2, 0)], "ipsec in reqid"),
        (NUMGEN, &[(0, 0), (1, 4), (2, 2)], "numgen inc mod 4 offset 2"),
        (HASH, &[(0, 1), (1, 0), (2, 4), (3, 0), (4, 0)], "symhash mod 4"),
    ] {
        assert_eq!(said(expression, data).as_deref(), Some(expected));
    }
    assert_eq!(said(99, &[(0, 0)]), None);
    assert_eq!(said(PAYLOAD, &[(0, 12), (1, 99)]), None);
    assert_eq!(said(META, &[]), None);
}

#[test]
fn concatenations_are_said_part_by_part() {
    let part = |at, expression, data: &[(u8, Vec<u8>)]| nest(at, &[number(0, expression), nest(1, data)]);
    let set = declared(
        CONCAT,
        &[part(0, PAYLOAD, &[number(0, 12), number(1, 11)]), part(1, META, &[number(0, 3)])],
    );
    assert_eq!(words(&set).as_deref(), Some("ip saddr . meta mark"));
    assert_eq!(key(&set).unwrap_or_default().iter().map(Part::bytes).sum::<usize>(), 8);
}

/// What a set is declared after where nobody said it: nft reads the type back that it stands for.
#[test]
fn usual_expressions_have_the_type_and_the_length() {
    use crate::render::nft::datatype::numbers;

    let mut found = 0;
    for number in (1..=46).filter(|number| *number != 4) {
        let Some(part) = usual(number, 0, KeyOrder::Network) else { continue };
        found += 1;
        assert_eq!(numbers(number), [number]);
        assert_eq!(part.kind, Datatype::by_number(number), "{number}: {part:?}");
        // Of types whose name does not say how long they are, a helper's name and a verdict.
        let bits = part.kind.bits().unwrap_or(128);
        assert_eq!(part.bits, bits, "{number}: {part:?}");
    }
    // Not bits, link-layer addresses, labels, codes of both ICMPs, booleans, events.
    assert_eq!(found, 45 - 6);
    for (len, order, words) in [
        (1, KeyOrder::Network, "ip ttl"),
        (2, KeyOrder::Network, "ip length"),
        (4, KeyOrder::Network, "tcp sequence"),
        (2, KeyOrder::Host, "ct zone"),
        (4, KeyOrder::Host, "meta length"),
        (8, KeyOrder::Host, "ct bytes"),
    ] {
        let part = usual(4, len, order).unwrap();
        assert_eq!((part.words.as_str(), part.bytes()), (words, usize::try_from(len).unwrap()));
    }
    assert_eq!(usual(4, 3, KeyOrder::Network), None);
}

#[test]
fn foreign_bytes_are_nothing() {
    let mut set = Set::new("s", DataType::MARK);
    for bytes in [&[][..], &[3], &[3, 0], &[3, 2, 0, 0], &[3, 7, 0, 4, 1, 2, 3, 4, 9]] {
        set.userdata = Some(bytes.to_vec());
        assert_eq!(key(&set), None, "{bytes:?}");
    }
}
