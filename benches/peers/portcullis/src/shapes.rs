//! The rules and elements of the protocol, from plain numbers.

use std::net::{Ipv4Addr, SocketAddrV4};

use ipnet::Ipv4Net;
use portcullis::{
    Chain, CtState, Family, Hook, Mark, Port, Rule, Table, Transaction,
    set::{MapOf, SetOf},
};

/// The table of every workload.
pub(crate) const TABLE: (Family, &str) = (Family::Ip, "bench");
/// The chain of filtering rules.
pub(crate) const INPUT: (Family, &str, &str) = (Family::Ip, "bench", "input");
/// The chain of translating rules.
pub(crate) const PREROUTING: (Family, &str, &str) = (Family::Ip, "bench", "prerouting");

/// 10.h.m.l
pub(crate) fn address(index: u32) -> Ipv4Addr {
    let [_, high, middle, low] = index.to_be_bytes();
    Ipv4Addr::new(10, high, middle, low)
}

fn port(index: u32) -> u16 {
    let [_, _, middle, low] = index.to_be_bytes();
    u16::from_be_bytes([middle, low]).max(1)
}

/// Six words, 11 expressions.
pub(crate) fn facts(index: u32) -> Rule {
    Rule::new()
        .tcp()
        .saddr(address(index))
        .dport(port(index))
        .ct_state(CtState::NEW | CtState::ESTABLISHED)
        .counter()
        .accept()
}

pub(crate) fn simple(index: u32) -> Rule {
    Rule::new().tcp().dport(port(index)).accept()
}

pub(crate) fn nat(index: u32) -> Rule {
    Rule::new().tcp().dport(port(index)).nth(2, 0).dnat(SocketAddrV4::new(address(index), 8080))
}

/// A transaction that begins with the table, of which there is none yet.
pub(crate) fn start() -> Transaction {
    let mut transaction = Transaction::new();
    transaction.create_table(Table::new(TABLE.0, TABLE.1));
    transaction
}

/// The table, the chain and the rules, each rule made and added at once. The chain is created, which lets rules call it
/// by number.
pub(crate) fn rules(count: u32, shape: fn(u32) -> Rule) -> Transaction {
    let mut transaction = start();
    transaction.create_chain(TABLE, Chain::filter(INPUT.2, Hook::Input));
    for index in 0..count {
        transaction.add_rule(INPUT, shape(index));
    }
    transaction
}

/// As [`rules`], in a chain that may translate.
pub(crate) fn nat_rules(count: u32) -> Transaction {
    let mut transaction = start();
    transaction.create_chain(TABLE, Chain::nat(PREROUTING.2, Hook::Prerouting));
    for index in 0..count {
        transaction.add_rule(PREROUTING, nat(index));
    }
    transaction
}

/// The hash set; `capacity` is what it may hold, which lets the kernel take its faster hash.
pub(crate) fn hash(capacity: u32) -> SetOf<Ipv4Addr> {
    SetOf::new("s").capacity(capacity)
}

pub(crate) fn hash_set(count: u32, capacity: u32) -> Transaction {
    let mut transaction = start();
    transaction.add_set_with(TABLE, &hash(capacity), (0..count).map(address));
    transaction
}

pub(crate) fn interval_set(count: u32) -> Transaction {
    let network = |index: u32| Ipv4Net::new_assert(Ipv4Addr::from_bits(0x0A00_0000 + 8 * index), 30);
    let mut transaction = start();
    transaction.add_set_with(TABLE, &SetOf::<Ipv4Net>::new("s"), (0..count).map(network));
    transaction
}

pub(crate) fn concat_set(count: u32) -> Transaction {
    let pair = |index: u32| (address(index), Port(port(index)));
    let mut transaction = start();
    let set = SetOf::<(Ipv4Addr, Port)>::new("s").capacity(count);
    transaction.add_set_with(TABLE, &set, (0..count).map(pair));
    transaction
}

pub(crate) fn mark_map(count: u32) -> Transaction {
    let mut transaction = start();
    let map = MapOf::<Ipv4Addr, Mark>::new("s").capacity(count);
    transaction.add_set_with(TABLE, &map, (0..count).map(|index| (address(index), Mark(index))));
    transaction
}

/// The chain of filtering rules, empty, and the rules in chains of a hundred each.
pub(crate) fn spread(count: u32) -> Transaction {
    let mut transaction = start();
    transaction.add_chain(TABLE, Chain::filter(INPUT.2, Hook::Input));
    for first in (0..count).step_by(100) {
        let name = format!("c{}", first / 100);
        transaction.add_chain(TABLE, Chain::new(&name));
        for index in first..count.min(first + 100) {
            transaction.add_rule((TABLE.0, TABLE.1, name.as_str()), simple(index));
        }
    }
    transaction
}
