//! Objects and messages for the tests of this module.

use std::net::Ipv4Addr;

use nftnl::expr::Counter;
use nftnl::set::Set;
use nftnl::{Chain, ChainType, Hook, MsgType, ProtoFamily, Rule, Table, nft_expr};

use super::encode;

/// One attribute, padded.
pub(crate) fn attribute(id: u16, payload: &[u8]) -> Vec<u8> {
    let mut attribute = Vec::new();
    attribute.extend((4 + payload.len() as u16).to_ne_bytes());
    attribute.extend(id.to_ne_bytes());
    attribute.extend(payload);
    attribute.resize(attribute.len().next_multiple_of(4), 0);
    attribute
}

pub(crate) fn table() -> Table {
    Table::new(c"edge", ProtoFamily::Inet)
}

pub(crate) fn chain(table: &Table) -> Chain<'_> {
    let mut chain = Chain::new(c"input", table);
    chain.set_hook(Hook::In, -5);
    chain.set_type(ChainType::Filter);
    chain
}

pub(crate) fn set(table: &Table) -> Set<'_, Ipv4Addr> {
    let mut set = Set::new_named(c"blocked", 1, table, ProtoFamily::Inet);
    set.add(&Ipv4Addr::LOCALHOST);
    set
}

/// The message of all elements of a small set.
pub(crate) fn elements(set: &Set<'_, Ipv4Addr>, kind: MsgType) -> Vec<u8> {
    // The iterator must outlive its message, which points into it (`encode`).
    let mut messages = set.elems_iter();
    encode(&messages.next().unwrap(), kind, 6)
}

/// `meta l4proto tcp counter jump other`, in the table and chain of this module.
pub(crate) fn rule() -> Vec<u8> {
    let table = table();
    let chain = chain(&table);
    let mut rule = Rule::new(&chain);
    rule.add_expr(&nft_expr!(meta l4proto));
    rule.add_expr(&nft_expr!(cmp == libc::IPPROTO_TCP as u8));
    rule.add_expr(&Counter);
    rule.add_expr(&nft_expr!(verdict jump c"other".to_owned()));
    encode(&rule, MsgType::Add, 42)
}

/// So many counters.
pub(crate) fn long_rule(counters: usize) -> Vec<u8> {
    let table = table();
    let chain = chain(&table);
    let mut rule = Rule::new(&chain);
    for _ in 0..counters {
        rule.add_expr(&Counter);
    }
    encode(&rule, MsgType::Add, 42)
}
