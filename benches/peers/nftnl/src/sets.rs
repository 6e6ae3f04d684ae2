//! Sets and elements, in `nftnl`'s values. A capacity cannot be declared.

use std::net::Ipv4Addr;

use nftnl::set::{Set, SetKey};
use nftnl::{Batch, MsgType, ProtoFamily, Table};
use portcullis_peers_common::{REPLACEMENT, SET, port};

use crate::c_string;
use crate::pair::Pair;

fn set<'a, K: SetKey>(table: &'a Table) -> Set<'a, K> {
    Set::new_named(&c_string(SET), 1, table, ProtoFamily::Ipv4)
}

pub(crate) fn address(index: u32) -> Ipv4Addr {
    portcullis_peers_common::address(index)
}

pub(crate) fn pair(index: u32) -> Pair {
    Pair(address(index), port(index))
}

/// The set and all its elements.
pub(crate) fn fill<K: SetKey>(batch: &mut Batch, table: &Table, count: u32, key: impl Fn(u32) -> K) {
    let mut set = set(table);
    for index in 0..count {
        set.add(&key(index));
    }
    batch.add(&set, MsgType::Add);
    batch.add_iter(set.elems_iter(), MsgType::Add);
}

/// The first element goes, another one comes.
pub(crate) fn replace(batch: &mut Batch, table: &Table) {
    let mut leaving = set(table);
    leaving.add(&address(0));
    batch.add_iter(leaving.elems_iter(), MsgType::Del);
    let mut coming = set(table);
    coming.add(&REPLACEMENT);
    batch.add_iter(coming.elems_iter(), MsgType::Add);
}
