//! As much as the kernel takes, and more; as many answers as the socket holds, and more.

use std::fs;

use portcullis::{Chain, Error, Family, Hook, Netfilter, Rule, Table, Transaction, netlink::KernelSocket};
use portcullis_world::{Host, need_namespaces, skip};

use super::{Cramped, EDGE, INPUT, again, is_child, tell, told, usual_transaction};
use crate::support::open;

const MANY: usize = 50_000;

fn rule_count(firewall: &mut Netfilter) -> usize {
    firewall.rules(INPUT).unwrap().len()
}

/// Whether this process may exceed the limits of the system's administrator.
fn is_root_of_the_system() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let root = status.lines().any(|line| line.starts_with("Uid:\t0\t"));
    root && map.split_whitespace().eq(["0", "0", "4294967295"])
}

#[test]
fn fifty_thousand_rules_go_in_one_transaction_as_root() {
    need_namespaces!();
    if !is_root_of_the_system() {
        skip!("not root of the initial user namespace");
    }
    let host = Host::new("server");
    let mut firewall = open(&host);
    firewall.commit(&usual_transaction(MANY, Transaction::new())).unwrap();
    assert_eq!(rule_count(&mut firewall), MANY);
}

/// A transaction that takes exactly so many bytes on the wire, beginning and end included. A multiple of four.
fn of_exactly(bytes: usize) -> Transaction {
    let mut transaction = Transaction::new();
    transaction.add_table(Table::inet("edge").chain(Chain::filter("input", Hook::Input)));
    let before = transaction.byte_len();
    let with = |length: usize| Rule::new().userdata(vec![7; length]);
    transaction.add_rule(INPUT, with(4));
    // What a rule takes without its user data, which can be 4 to 256 bytes.
    let bare = transaction.byte_len() - before - 4;
    loop {
        match (bytes - 40).checked_sub(transaction.byte_len()) {
            Some(0) => return transaction,
            Some(left) if left > 2 * (bare + 256) => transaction.add_rule(INPUT, with(256)),
            Some(left) if left > bare + 256 => transaction.add_rule(INPUT, with(left / 8 * 4 - bare)),
            Some(left) => transaction.add_rule(INPUT, with(left - bare)),
            None => panic!("{bytes} bytes are too few"),
        };
    }
}

/// Whatever the limit of this process is, an error that tells it tells the truth.
fn the_limit_is_true(firewall: &mut Netfilter) -> Result<(), String> {
    let transaction = usual_transaction(MANY, Transaction::new());
    let (needed, limit) = match firewall.commit(&transaction) {
        Ok(_) => {
            assert_eq!(rule_count(firewall), MANY);
            return Ok(());
        }
        Err(error @ Error::TooLarge { needed, limit }) => {
            let text = error.to_string();
            assert!(text.contains("net.core.wmem_max"), "{text}");
            assert_eq!(firewall.tables(None).unwrap(), []);
            (needed, limit)
        }
        Err(error) => panic!("{error}"),
    };
    assert_eq!(needed, transaction.byte_len() + 40);
    assert!(limit < needed);
    let fitting = limit / 4 * 4;
    firewall.commit(&of_exactly(fitting)).unwrap();
    let mut clean = Transaction::new();
    clean.delete_table(EDGE);
    firewall.commit(&clean).unwrap();
    let result = firewall.commit(&of_exactly(fitting + 4));
    assert!(
        matches!(result, Err(Error::TooLarge { needed, limit: same }) if needed == fitting + 4 && same == limit),
        "{result:?}"
    );
    assert_eq!(firewall.tables(None).unwrap(), []);
    Err(format!("{needed} {limit}"))
}

#[test]
fn fifty_thousand_rules_without_privilege_are_loaded_or_the_limit_is_told() {
    if is_child() {
        let mut firewall = Netfilter::open().unwrap();
        return tell(&match the_limit_is_true(&mut firewall) {
            Ok(()) => "loaded".to_owned(),
            Err(numbers) => format!("too large {numbers}"),
        });
    }
    need_namespaces!();
    let name = "faults::size::fifty_thousand_rules_without_privilege_are_loaded_or_the_limit_is_told";
    match told(again(&["unshare", "-Urn"], name).output()) {
        Ok(result) => println!("{result}"),
        Err(text) if !text.contains("panicked") => skip!("no user namespace: {text}"),
        Err(text) => panic!("{text}"),
    }
}

#[test]
fn all_of_five_thousand_refusals_are_reported() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let mut transaction = Transaction::new();
    transaction.add_table(Table::inet("edge").chain(Chain::filter("input", Hook::Input)));
    for index in 0..10_000 {
        let chain = if index % 2 == 0 { "input" } else { "missing" };
        transaction.add_rule((Family::Inet, "edge", chain), Rule::new().counter());
    }
    for result in [firewall.commit(&transaction).map(drop), firewall.check(&transaction)] {
        let Err(Error::Refused(refused)) = result else { panic!("{result:?}") };
        // The table and the chain are the operations 0 and 1.
        let named = refused.refusals.iter().map(|refusal| refusal.operation.index());
        assert!(named.eq((3..10_002).step_by(2).take(refused.refusals.len())));
        assert!(refused.refusals.iter().all(|refusal| refusal.errno_name() == "ENOENT"));
        if is_root_of_the_system() {
            assert_eq!((refused.refusals.len(), refused.incomplete), (5_000, false));
        } else {
            assert!(refused.incomplete || refused.refusals.len() == 5_000);
        }
    }
    assert_eq!(firewall.tables(None).unwrap(), []);
}

#[test]
fn refusals_that_the_socket_cannot_hold_are_admitted() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = Netfilter::with_transport(Cramped(host.run(KernelSocket::open).unwrap()));
    let mut transaction = Transaction::new();
    for _ in 0..10_000 {
        transaction.add_rule(INPUT, Rule::new().counter());
    }
    let result = firewall.commit(&transaction);
    let Err(Error::Refused(refused)) = result else { panic!("{result:?}") };
    assert!(refused.incomplete);
    let count = refused.refusals.len();
    assert!((1..10_000).contains(&count), "{count}");
    // Those reported are the first ones.
    assert!(refused.refusals.iter().map(|refusal| refusal.operation.index()).eq(0..count));
    // And the socket is fit for the next.
    let mut transaction = Transaction::new();
    transaction.add_table(Table::inet("edge"));
    firewall.commit(&transaction).unwrap();
}

#[test]
fn fifty_thousand_handles_are_those_of_the_listing() {
    need_namespaces!();
    if !is_root_of_the_system() {
        skip!("not root of the initial user namespace");
    }
    let host = Host::new("server");
    let mut firewall = open(&host);
    let mut transaction = Transaction::new().with_handles();
    transaction.add_table(Table::inet("edge").chain(Chain::filter("input", Hook::Input)));
    let ids: Vec<_> =
        (0..MANY).map(|_| transaction.add_rule(INPUT, Rule::new().counter().accept())).collect();
    let committed = firewall.commit(&transaction).unwrap();
    let reported: Vec<_> = ids.iter().map(|id| committed.handle(*id)).collect();
    let listed: Vec<_> = firewall.rules(INPUT).unwrap().iter().map(|rule| rule.handle).collect();
    assert!(reported == listed, "{} of {MANY} reported", reported.iter().flatten().count());
}

#[test]
fn handles_that_the_socket_cannot_hold_are_missing_and_the_commit_is_one() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = Netfilter::with_transport(Cramped(host.run(KernelSocket::open).unwrap()));
    let mut transaction = Transaction::new().with_handles();
    transaction.add_table(Table::inet("edge").chain(Chain::filter("input", Hook::Input)));
    let ids: Vec<_> =
        (0..10_000).map(|_| transaction.add_rule(INPUT, Rule::new().counter().accept())).collect();
    let committed = firewall.commit(&transaction).unwrap();
    let listed: Vec<_> = firewall.rules(INPUT).unwrap().iter().map(|rule| rule.handle).collect();
    assert_eq!(listed.len(), ids.len());
    let reported: Vec<_> = ids.iter().map_while(|id| committed.handle(*id)).map(Some).collect();
    assert!((1..10_000).contains(&reported.len()), "{}", reported.len());
    // From the first that is missing on all are missing, and none is another's.
    assert_eq!(reported, listed[..reported.len()]);
    assert!(ids[reported.len()..].iter().all(|id| committed.handle(*id).is_none()));
}
