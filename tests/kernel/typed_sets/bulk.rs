//! Elements by the hundred thousand, in one transaction each.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use portcullis::{
    Error, Mark, Netfilter, Port, Transaction,
    set::{Entry, Interval, Key, MapOf, MapValue, SetOf},
};
use portcullis_world::{Host, need_namespaces, skip};

use super::{TABLE, edge};
use crate::support::open;

/// A host's packet filter; a skip where so much cannot be sent at once.
fn commit(host: &Host, transaction: &Transaction) -> Option<Netfilter> {
    let mut firewall = open(host);
    match firewall.commit(transaction) {
        Ok(_) => Some(firewall),
        Err(Error::TooLarge { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

/// How many elements the kernel counts.
fn count<K: Key, V: MapValue>(firewall: &mut Netfilter, set: &SetOf<K, V>) -> usize {
    firewall.contents(TABLE, set).unwrap().len()
}

/// Spread over the address space, each once.
fn address(index: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(index.wrapping_mul(0x9e37_79b1))
}

#[test]
fn a_million_addresses() {
    need_namespaces!();
    let host = Host::new("server");
    let set = SetOf::<Ipv4Addr>::new("s").constant();
    let mut transaction = edge();
    let sent = transaction.add_set_with(TABLE, &set, (0..1_000_000).map(address));
    assert_eq!(sent.elements, 1_000_000);
    let Some(mut firewall) = commit(&host, &transaction) else {
        skip!("not root of the initial user namespace: so much cannot be sent at once");
    };
    for index in [0, 1, 4_094, 4_095, 777_777, 999_999] {
        let found = firewall.entry(TABLE, &set, &address(index)).unwrap();
        assert_eq!(found, Some(Entry::new(address(index))), "{index}");
    }
    assert_eq!(firewall.entry(TABLE, &set, &address(1_000_000)).unwrap(), None);
    // The set is declared to hold as many as there are: it is full, so they are all there.
    let mut more = Transaction::new();
    more.entries(TABLE, &set).add([address(1_000_000)]);
    let error = firewall.commit(&more).unwrap_err().to_string();
    assert!(error.contains("ENFILE") && error.contains("the set is full"), "{error}");
    // And those that are there fit.
    let mut again = Transaction::new();
    again.entries(TABLE, &set).add((0..1_000_000).step_by(1000).map(address));
    firewall.commit(&again).unwrap();
    // All of them at once in the place of all of them.
    let mut replaced = Transaction::new();
    replaced.entries(TABLE, &set).replace((1_000_000..2_000_000).map(address));
    firewall.commit(&replaced).unwrap();
    assert_eq!(firewall.entry(TABLE, &set, &address(999_999)).unwrap(), None);
    assert!(firewall.entry(TABLE, &set, &address(1_999_999)).unwrap().is_some());
}

#[test]
fn two_hundred_thousand_networks() {
    need_namespaces!();
    let host = Host::new("server");
    let network = |index: u32| Ipv4Net::new(Ipv4Addr::from_bits(index << 12), 21).unwrap();
    let set = SetOf::<Ipv4Net>::new("s");
    let mut transaction = edge();
    let sent = transaction.add_set_with(TABLE, &set, (0..200_000).rev().map(network));
    assert_eq!(sent.elements, 200_000);
    let Some(mut firewall) = commit(&host, &transaction) else {
        skip!("not root of the initial user namespace: so much cannot be sent at once");
    };
    let found = firewall.contents(TABLE, &set).unwrap();
    assert_eq!(found, set.contents((0..200_000).map(network)).unwrap());
}

#[test]
fn two_hundred_thousand_addresses_with_ports() {
    need_namespaces!();
    let host = Host::new("server");
    let pair = |index: u32| (address(index / 2), Port(if index % 2 == 0 { 80 } else { 443 }));
    let set = SetOf::<(Ipv4Addr, Port)>::new("s").capacity(200_000);
    let mut transaction = edge();
    transaction.add_set_with(TABLE, &set, (0..200_000).map(pair));
    let Some(mut firewall) = commit(&host, &transaction) else {
        skip!("not root of the initial user namespace: so much cannot be sent at once");
    };
    assert_eq!(count(&mut firewall, &set), 200_000);
    assert_eq!(firewall.entry(TABLE, &set, &pair(7)).unwrap(), Some(Entry::new(pair(7))));
}

#[test]
fn a_hundred_thousand_entries_of_a_map() {
    need_namespaces!();
    let host = Host::new("server");
    let map = MapOf::<Ipv4Addr, Mark>::new("m").capacity(100_000);
    let mut transaction = edge();
    transaction.add_set_with(TABLE, &map, (0..100_000).map(|index| (address(index), Mark(index))));
    let Some(mut firewall) = commit(&host, &transaction) else {
        skip!("not root of the initial user namespace: so much cannot be sent at once");
    };
    assert_eq!(count(&mut firewall, &map), 100_000);
    let found = firewall.entry(TABLE, &map, &address(70_000)).unwrap().unwrap();
    assert_eq!(found.value, Mark(70_000));
}

type Ports<'t> = portcullis::Entries<'t, Interval<Port>, ()>;

#[test]
fn entries_come_go_and_are_replaced() {
    need_namespaces!();
    let host = Host::new("server");
    let set = SetOf::<Interval<Port>>::new("s").auto_merge();
    let run = |first, last| Interval::new(Port(first), Port(last));
    let mut transaction = edge();
    transaction.add_set_with(TABLE, &set, [run(10, 20), run(15, 30), run(65_000, 65_535)]);
    let mut firewall = commit(&host, &transaction).unwrap();
    let mut after = |change: &dyn Fn(&mut Ports<'_>)| {
        let mut transaction = Transaction::new();
        change(&mut transaction.entries(TABLE, &set));
        firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
        firewall.contents(TABLE, &set).unwrap().texts().collect::<Vec<_>>()
    };
    assert_eq!(after(&|entries| _ = entries.add([run(1, 2)])), ["1-2", "10-30", "65000-65535"]);
    assert_eq!(after(&|entries| _ = entries.delete([run(10, 30)])), ["1-2", "65000-65535"]);
    assert_eq!(after(&|entries| _ = entries.destroy([run(5, 6), run(65_000, 65_535)])), ["1-2"]);
    assert_eq!(after(&|entries| _ = entries.replace([run(0, 7), run(8, 9)])), ["0-9"]);
    assert_eq!(after(&|entries| _ = entries.flush()), [""; 0]);
    assert_eq!(after(&|entries| _ = entries.replace([run(3, 3)])), ["3"]);
    assert_eq!(firewall.entry(TABLE, &set, &run(4, 4)).unwrap(), None);
}

#[test]
fn the_run_that_has_a_key_is_found() {
    need_namespaces!();
    let host = Host::new("server");
    let map = MapOf::<Interval<Ipv4Addr>, Mark>::new("m");
    let network = |text: &str| Interval::from(text.parse::<Ipv4Net>().unwrap());
    let mut transaction = edge();
    let entries = [
        Entry::mapping(network("10.0.0.0/8"), Mark(1)).comment("ten"),
        Entry::mapping(network("11.0.0.0/8"), Mark(2)),
        Entry::mapping(network("255.0.0.0/8"), Mark(3)),
    ];
    transaction.add_set_with(TABLE, &map, &entries);
    let mut firewall = commit(&host, &transaction).unwrap();
    let mut find = |text: &str| {
        let address: Ipv4Addr = text.parse().unwrap();
        firewall.entry(TABLE, &map, &address.into()).unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    assert_eq!(find("10.1.2.3").as_ref(), Some(&entries[0]));
    assert_eq!(find("11.255.255.255").as_ref(), Some(&entries[1]));
    assert_eq!(find("255.255.255.255").as_ref(), Some(&entries[2]));
    assert_eq!(find("12.0.0.0"), None);
}
