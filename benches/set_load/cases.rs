//! The lists of elements that are loaded.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use portcullis::{
    Family, Mark, Port, Table, Transaction,
    set::{MapOf, SetOf},
};

pub(crate) const TABLE: (Family, &str) = (Family::Ip, "bench");

/// One list of elements.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) count: u32,
    pub(crate) hash: bool,
    pub(crate) encode: fn(u32) -> Transaction,
    /// The set in nft's words, and one element.
    pub(crate) nft: (&'static str, fn(u32) -> String),
}

pub(crate) const CASES: [Case; 6] = [
    Case { name: "addresses", count: 10_000, hash: true, encode: addresses, nft: ADDRESSES },
    Case { name: "addresses", count: 100_000, hash: true, encode: addresses, nft: ADDRESSES },
    Case { name: "addresses", count: 1_000_000, hash: true, encode: addresses, nft: ADDRESSES },
    Case { name: "networks", count: 200_000, hash: false, encode: networks, nft: NETWORKS },
    Case { name: "pairs", count: 200_000, hash: true, encode: pairs, nft: PAIRS },
    Case { name: "map", count: 100_000, hash: true, encode: map, nft: MAP },
];

/// Spread over the address space, each once.
pub(crate) fn address(index: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(index.wrapping_mul(0x9e37_79b1))
}

fn network(index: u32) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::from_bits(index << 12), 21)
}

fn pair(index: u32) -> (Ipv4Addr, Port) {
    (address(index / 2), Port(if index % 2 == 0 { 80 } else { 443 }))
}

const ADDRESSES: (&str, fn(u32) -> String) =
    ("set s { type ipv4_addr; size 1000000;", |index| address(index).to_string());
const NETWORKS: (&str, fn(u32) -> String) =
    ("set s { type ipv4_addr; flags interval;", |index| network(index).to_string());
const PAIRS: (&str, fn(u32) -> String) = ("set s { type ipv4_addr . inet_service; size 200000;", |index| {
    let (address, Port(port)) = pair(index);
    format!("{address} . {port}")
});
const MAP: (&str, fn(u32) -> String) =
    ("map s { type ipv4_addr : mark; size 100000;", |index| format!("{} : {index}", address(index)));

pub(crate) fn start() -> Transaction {
    let mut transaction = Transaction::new();
    transaction.add_table(Table::new(Family::Ip, "bench"));
    transaction
}

fn addresses(count: u32) -> Transaction {
    let mut transaction = start();
    transaction.add_set_with(
        TABLE,
        &SetOf::<Ipv4Addr>::new("s").capacity(1_000_000),
        (0..count).map(address),
    );
    transaction
}

fn networks(count: u32) -> Transaction {
    let mut transaction = start();
    transaction.add_set_with(TABLE, &SetOf::<Ipv4Net>::new("s"), (0..count).map(network));
    transaction
}

fn pairs(count: u32) -> Transaction {
    let mut transaction = start();
    let set = SetOf::<(Ipv4Addr, Port)>::new("s").capacity(count);
    transaction.add_set_with(TABLE, &set, (0..count).map(pair));
    transaction
}

fn map(count: u32) -> Transaction {
    let mut transaction = start();
    let map = MapOf::<Ipv4Addr, Mark>::new("s").capacity(count);
    transaction.add_set_with(TABLE, &map, (0..count).map(|index| (address(index), Mark(index))));
    transaction
}
