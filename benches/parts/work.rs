//! The parts of the library that need no kernel, as work to be done again and again.

#[path = "usual.rs"]
mod usual;

use std::{hint::black_box, net::Ipv4Addr};

use usual::rule;

use portcullis::{
    Chain, DataType, Element, Family, Hook, Mark, Netfilter, Rule, Set, Table, Transaction,
    expr::Data,
    netlink::Recorder,
    object::Report,
    set::{MapOf, SetOf},
    wire::Messages,
};

/// One part.
pub(crate) struct Work {
    /// What is worked on, and what is done with it.
    pub(crate) name: &'static str,
    /// Makes what so many pieces need that are not measured, and gives what is.
    pub(crate) prepare: fn(u32) -> Box<dyn FnMut()>,
}

pub(crate) const WORKS: [Work; 9] = [
    Work { name: "rule/say", prepare: |count| again(move || rules(count)) },
    Work { name: "rule/encode", prepare: encode_rules },
    Work { name: "rule/decode", prepare: decode_rules },
    Work { name: "rule/lower", prepare: lower_rules },
    Work { name: "rule/lift", prepare: lift_rules },
    Work { name: "address/encode", prepare: |count| again(move || addresses(count)) },
    Work { name: "mapping/encode", prepare: |count| again(move || mappings(count)) },
    Work { name: "element/encode", prepare: encode_elements },
    Work { name: "element/decode", prepare: decode_elements },
];

const PLACE: (Family, &str) = (Family::Ip, "bench");

/// What comes out is dropped, and that is part of the work.
fn again<R>(mut work: impl FnMut() -> R + 'static) -> Box<dyn FnMut()> {
    Box::new(move || drop(black_box(work())))
}

fn rules(count: u32) -> Vec<Rule> {
    (0..black_box(count)).map(rule).collect()
}

fn add_rules(rules: &[Rule]) -> Transaction {
    let mut transaction = Transaction::new();
    transaction.add_table(Table::new(PLACE.0, PLACE.1).chain(Chain::filter("input", Hook::Input)));
    for rule in rules {
        transaction.add_rule((PLACE, "input"), rule);
    }
    transaction
}

/// A set's elements as values.
fn elements(count: u32) -> Set {
    let elements = (0..count).map(|index| Element::new(Data::network_u32(index)));
    Set::new("set", DataType::IPV4_ADDR).size(count).elements(elements)
}

fn add_set(set: &Set) -> Transaction {
    let mut transaction = Transaction::new();
    transaction.add_set(PLACE, set);
    transaction
}

/// A set's elements from an iterator over what the compiler knows.
fn addresses(count: u32) -> Transaction {
    let mut transaction = Transaction::new();
    let addresses = (0..black_box(count)).map(|index| Ipv4Addr::from_bits(index.wrapping_mul(0x9e37_79b1)));
    transaction.add_set_with(PLACE, &SetOf::<Ipv4Addr>::new("set").capacity(count), addresses);
    transaction
}

/// The same of a map to marks.
fn mappings(count: u32) -> Transaction {
    let mut transaction = Transaction::new();
    let mapping = |index: u32| (Ipv4Addr::from_bits(index.wrapping_mul(0x9e37_79b1)), Mark(index));
    let map = MapOf::<Ipv4Addr, Mark>::new("map").capacity(count);
    transaction.add_set_with(PLACE, &map, (0..black_box(count)).map(mapping));
    transaction
}

/// What a kernel would be sent.
fn sent(transaction: &Transaction) -> Vec<u8> {
    let mut firewall = Netfilter::with_transport(Recorder::new());
    firewall.commit(transaction).expect("everything is accepted");
    firewall.into_transport().into_sent().concat()
}

fn decode(bytes: &[u8]) -> Vec<Report> {
    let message = |message| Report::decode(message).expect("what was encoded can be decoded");
    Messages::new(black_box(bytes)).filter_map(|found| message(found.expect("a message"))).collect()
}

fn encode_rules(count: u32) -> Box<dyn FnMut()> {
    let rules = rules(count);
    again(move || add_rules(black_box(&rules)))
}

fn decode_rules(count: u32) -> Box<dyn FnMut()> {
    let bytes = sent(&add_rules(&rules(count)));
    assert_eq!(decode(&bytes).len(), count as usize + 2, "a table, a chain and the rules");
    again(move || decode(&bytes))
}

fn lower_rules(count: u32) -> Box<dyn FnMut()> {
    let rules = rules(count);
    again(move || black_box(&rules).iter().map(|rule| rule.lower(PLACE.0)).collect::<Vec<_>>())
}

fn lift_rules(count: u32) -> Box<dyn FnMut()> {
    let read = decode(&sent(&add_rules(&rules(count)))).into_iter().filter_map(|report| match report {
        Report::Rule(_, rule) => Some(rule),
        _ => None,
    });
    let read: Vec<Rule> = read.collect();
    again(move || black_box(&read).iter().map(|rule| rule.lift(PLACE.0, &[])).collect::<Vec<_>>())
}

fn encode_elements(count: u32) -> Box<dyn FnMut()> {
    let set = elements(count);
    again(move || add_set(black_box(&set)))
}

fn decode_elements(count: u32) -> Box<dyn FnMut()> {
    let bytes = sent(&add_set(&elements(count)));
    let found: usize = decode(&bytes)
        .iter()
        .map(|report| if let Report::Elements(_, elements) = report { elements.len() } else { 0 })
        .sum();
    assert_eq!(found, count as usize);
    again(move || decode(&bytes))
}
