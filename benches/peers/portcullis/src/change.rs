//! Changing the kernel's ruleset: bulk loads, small changes to large rulesets, many small transactions.

use std::net::Ipv4Addr;

use portcullis::{Chain, Hook, Netfilter, Transaction};

use crate::{
    Outcome, Result,
    shapes::{self, INPUT, TABLE},
    timed,
};

/// Elements that a set may hold beside those that are there: a transaction that replaces one holds both for a while.
const SPARE: u32 = 1024;

/// What a workload commits that commits once.
pub(crate) fn transaction_of(workload: &str) -> Option<fn(u32) -> Transaction> {
    Some(match workload {
        "rules-facts" => |size| shapes::rules(size, shapes::facts),
        "rules-port" => |size| shapes::rules(size, shapes::simple),
        "rules-nat" => shapes::nat_rules,
        "set-hash" => |size| shapes::hash_set(size, size),
        "set-interval" => shapes::interval_set,
        "set-concat" => shapes::concat_set,
        "set-map" => shapes::mark_map,
        "add-one" | "add-one-spread" => add_one,
        "replace-element" => replace_element,
        _ => return None,
    })
}

/// One rule behind all others.
pub(crate) fn add_one(there: u32) -> Transaction {
    let mut transaction = Transaction::new();
    transaction.add_rule(INPUT, shapes::simple(there));
    transaction
}

/// The first element goes, another comes.
fn replace_element(there: u32) -> Transaction {
    let set = shapes::hash(there + SPARE);
    let mut transaction = Transaction::new();
    let mut entries = transaction.entries(TABLE, &set);
    entries.delete([shapes::address(0)]);
    entries.add([Ipv4Addr::new(11, 0, 0, 1)]);
    transaction
}

/// Builds the transaction and commits it.
pub(crate) fn load(size: u32, build: fn(u32) -> Transaction) -> Result<Outcome> {
    let mut firewall = Netfilter::open()?;
    Ok(Outcome::Whole(timed(|| {
        let transaction = build(size);
        firewall.commit(&transaction)?;
        Ok(transaction)
    })?))
}

/// Transactions of one rule each, one after another.
pub(crate) fn small_transactions(count: u32) -> Result<Outcome> {
    let mut firewall = Netfilter::open()?;
    let samples = (0..count).map(|index| {
        timed(|| {
            let transaction = add_one(index);
            firewall.commit(&transaction)?;
            Ok(transaction)
        })
    });
    samples.collect::<Result<_>>().map(Outcome::Samples)
}

/// Makes what a workload begins with.
pub(crate) fn prepare(workload: &str, size: u32) -> Result<()> {
    let transaction = match workload {
        "add-one" => shapes::rules(size, shapes::simple),
        "add-one-spread" => shapes::spread(size),
        "replace-element" => shapes::hash_set(size, size + SPARE),
        "small-transactions" => {
            let mut transaction = shapes::start();
            transaction.add_chain(TABLE, Chain::filter(INPUT.2, Hook::Input));
            transaction
        }
        "list" | "snapshot" => shapes::rules(size, shapes::facts),
        _ => return Ok(()),
    };
    Netfilter::open()?.commit(&transaction)?;
    Ok(())
}
