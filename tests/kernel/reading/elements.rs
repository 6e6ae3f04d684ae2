//! One element, asked for by its key: in every form that the kernel gives to a set.

use std::{collections::BTreeSet, time::Duration};

use portcullis::{
    DataType, Element, Error, Family, Netfilter, Set, SetFlags, Table, Transaction,
    expr::{Data, Verdict},
    object::ElementData,
};
use portcullis_world::{Host, need_namespaces, skip};

use crate::support::{nft_load, open};

const TABLE: (Family, &str) = (Family::Inet, "edge");

fn with_set(host: &Host, set: Set) -> Netfilter {
    let mut firewall = open(host);
    let mut transaction = Transaction::new();
    transaction.add_table(Table::inet("edge").set(set));
    firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
    firewall
}

#[test]
fn hashes_and_bitmaps_say_whether_they_have_a_key() {
    need_namespaces!();
    let key = Data::network_u16;
    // Without a size the kernel takes a bitmap for 16-bit keys, with one and a timeout a hash.
    let bitmap = Set::new("ports", DataType::INET_SERVICE);
    let hash = Set::new("ports", DataType::INET_SERVICE).timeout(Duration::from_secs(3600)).size(100);
    for set in [bitmap, hash] {
        let host = Host::new("server");
        let elements = (0..20u16).map(|index| Element::new(key(index * 3)));
        let mut firewall = with_set(&host, set.elements(elements));
        for port in 0..100 {
            let found = firewall.element((TABLE, "ports"), &key(port)).unwrap();
            assert_eq!(found.is_some(), port % 3 == 0 && port < 60, "{port}");
            if let Some(found) = found {
                assert_eq!(found.key, key(port));
            }
        }
    }
}

#[test]
fn a_map_gives_what_the_key_leads_to() {
    need_namespaces!();
    let host = Host::new("server");
    let set = Set::new("ways", DataType::INET_SERVICE)
        .map_to_verdicts()
        .element(Element::new(Data::network_u16(22)).verdict(Verdict::Accept).comment("admins"))
        .element(Element::new(Data::network_u16(23)).verdict(Verdict::Drop));
    let mut firewall = with_set(&host, set);
    let found = firewall.element((TABLE, "ways"), &Data::network_u16(22)).unwrap().unwrap();
    assert_eq!(found.data, Some(ElementData::Verdict(Verdict::Accept)));
    assert_eq!(found.comment_text().as_deref(), Some("admins"));
}

#[test]
fn a_key_within_a_range_is_in_the_set() {
    need_namespaces!();
    let host = Host::new("server");
    let ranges = [(10u16, 19u16), (30, 30), (100, 999), (65_000, 65_535)];
    let key = Data::network_u16;
    let elements = ranges.iter().flat_map(|(first, last)| {
        let end = last.checked_add(1).map(|end| Element::end(key(end)));
        [Some(Element::new(key(*first))), end].into_iter().flatten()
    });
    let set = Set::new("ports", DataType::INET_SERVICE).flags(SetFlags::INTERVAL).elements(elements);
    let mut firewall = with_set(&host, set);
    for port in (0..1100).chain(64_900..=65_535) {
        let range = ranges.iter().find(|(first, last)| (first..=last).contains(&&port));
        let found = firewall.element((TABLE, "ports"), &key(port)).unwrap();
        assert_eq!(found.map(|element| element.key), range.map(|(first, _)| key(*first)), "{port}");
    }
}

#[test]
fn a_key_within_a_range_of_a_concatenation_is_in_the_set() {
    need_namespaces!();
    let host = Host::new("server");
    let ruleset = "table inet edge { set both { type ipv4_addr . inet_service; flags interval; \
                   elements = { 10.0.0.0/8 . 80-90 comment \"web\", 192.0.2.1 . 443 }; }; }";
    if !nft_load(&host, ruleset) {
        skip!("nft is not installed");
    }
    let mut firewall = open(&host);
    let key = |address: &str, port: u16| {
        let mut key = Data::address(address.parse().unwrap());
        key.extend(&[port.to_be_bytes(), [0; 2]].concat());
        key
    };
    for (address, port, comment) in [
        ("10.1.2.3", 80, Some(Some("web"))),
        ("10.255.255.255", 90, Some(Some("web"))),
        ("192.0.2.1", 443, Some(None)),
        ("10.1.2.3", 91, None),
        ("11.0.0.0", 80, None),
        ("192.0.2.1", 80, None),
    ] {
        let found = firewall.element((TABLE, "both"), &key(address, port)).unwrap();
        assert_eq!(found.is_some(), comment.is_some(), "{address} {port}");
        if let Some(found) = found {
            assert_eq!(found.comment_text().as_deref(), comment.flatten());
            assert!(found.key_end.is_some(), "{found:?}");
        }
    }
}

#[test]
fn a_key_of_the_wrong_length_is_an_error() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = with_set(&host, Set::new("ports", DataType::INET_SERVICE));
    let key = Data::network_u32(80);
    let error = firewall.element((TABLE, "ports"), &key).unwrap_err();
    assert_eq!(error.to_string(), "read an element: EINVAL (Invalid argument)");
    // And not one of a kernel that is too old.
    let error = firewall.reset_element((TABLE, "ports"), &key).unwrap_err();
    assert!(matches!(error, Error::Request { .. }), "{error}");
}

/// A set without a size is a hash table that the kernel makes larger behind everybody's back, and what it dumps
/// meanwhile has elements twice, and others not at all.
#[test]
fn a_set_that_still_grows_is_read_whole() {
    need_namespaces!();
    for size in [2600u32, 20_000, 100_000].repeat(5) {
        let host = Host::new("server");
        let elements = (0..size).map(|address| Element::new(Data::network_u32(address)));
        let mut firewall = with_set(&host, Set::new("blocked", DataType::IPV4_ADDR).elements(elements));
        let found = firewall.elements((TABLE, "blocked")).unwrap();
        let keys: BTreeSet<_> = found.iter().map(|element| element.key.clone()).collect();
        assert_eq!((found.len(), keys.len()), (size as usize, size as usize));
    }
}
