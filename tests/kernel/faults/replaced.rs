//! A table that is replaced while packets come in: none is treated as neither the old nor the new one would.
//!
//! Deleted and added anew, as `nft -f` does it with `flush ruleset` or `delete table`, a table lets packets through
//! that both drop, between the moment at which the kernel takes the old chain from its hook and that at which it
//! gives the new one its policy. (Seen on 6.18: 58 of 197,000 packets in 125 replacements by `remove_table` and
//! `add_table`, on a busy machine; 3 of 400,000 in 40 replacements by nft.)

use std::{
    net::UdpSocket,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use portcullis::{
    Chain, Family, Hook, Netfilter, Policy, Restore, Rule, Scope, Table, TableRef, Transaction,
    expr::Counter, object::Object,
};
use portcullis_world::{Host, need_namespaces};

use super::{EDGE, INPUT};
use crate::support::{counted, open};

const BEFORE: (Family, &str, &str) = (Family::Inet, "watch", "before");
const BEHIND: (Family, &str, &str) = (Family::Inet, "watch", "behind");
/// In the table that is replaced, allowed by it before and after.
const ALLOWED: u16 = 5000;
/// Dropped by it before and after.
const DROPPED: u16 = 6000;
const REPLACEMENTS: usize = 25;

/// The table that is replaced. Its objects keep the kernel busy between what it does to the old chain and to the
/// new one.
fn guard(comment: &str) -> Table {
    let objects = (0..2000).map(|index| Object::new(format!("c{index}"), Counter::new()));
    let chain = Chain::filter("input", Hook::Input)
        .policy(Policy::Drop)
        .rule(Rule::new().udp().dport(ALLOWED).accept().comment(comment));
    objects.fold(Table::inet("edge"), Table::object).chain(chain)
}

/// Counts what comes in, and what is left behind the table that is replaced.
fn watch() -> Table {
    let count = |name: &str| Rule::new().udp().dport([ALLOWED, DROPPED]).counter().comment(name);
    Table::inet("watch")
        .chain(Chain::filter("before", Hook::Input).priority(-10).rule(count("before")))
        .chain(Chain::filter("behind", Hook::Input).priority(10).rule(count("behind")))
}

/// How many packets to a port came in, and how many were let through, while `replace` was called again and again.
fn flooded(port: u16, mut replace: impl FnMut(&mut Netfilter, usize)) -> (u64, u64) {
    let host = Host::new("server");
    let mut firewall = open(&host);
    let mut transaction = Transaction::new();
    transaction.add_table(watch());
    transaction.add_table(guard("first"));
    firewall.commit(&transaction).unwrap();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let flood = || {
            let _entered = host.enter();
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            while !over.load(Ordering::Relaxed) {
                // That nobody listens is an error of the socket's, and of no interest.
                socket.send_to(b"x", ("127.0.0.1", port)).unwrap_or_default();
            }
        };
        let flooding = scope.spawn(flood);
        for round in 0..REPLACEMENTS {
            replace(&mut firewall, round);
            let come = counted(&mut firewall, BEFORE, "before");
            while counted(&mut firewall, BEFORE, "before") < come + 10 {
                assert!(!flooding.is_finished(), "nobody sends");
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    (counted(&mut firewall, BEFORE, "before"), counted(&mut firewall, BEHIND, "behind"))
}

fn replace(firewall: &mut Netfilter, round: usize) {
    let mut transaction = Transaction::new();
    transaction.replace_table(guard(&format!("round {round}")));
    firewall.commit(&transaction).unwrap();
    let rules = firewall.rules(INPUT).unwrap();
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0].comment_text(), Some(format!("round {round}")));
}

#[test]
fn what_both_drop_never_comes_through() {
    need_namespaces!();
    let (before, behind) = flooded(DROPPED, replace);
    println!("{before} packets");
    assert_eq!(behind, 0, "of {before}");
}

#[test]
fn what_both_allow_is_never_dropped() {
    need_namespaces!();
    let (before, behind) = flooded(ALLOWED, replace);
    println!("{before} packets");
    assert_eq!(before, behind);
}

#[test]
fn a_restored_snapshot_lets_nothing_through_either() {
    need_namespaces!();
    for scope in [Scope::Ruleset, Scope::Table(TableRef::from(EDGE))] {
        let mut snapshot = None;
        let (before, behind) = flooded(DROPPED, |firewall, _| {
            // Restoring the whole ruleset sets this counter back.
            assert_eq!(counted(firewall, BEHIND, "behind"), 0);
            let snapshot = snapshot.get_or_insert_with(|| firewall.snapshot(scope.clone()).unwrap());
            firewall.restore(snapshot, Restore::Replace).unwrap();
        });
        println!("{before} packets since the last restore");
        assert_eq!(behind, 0);
    }
}
