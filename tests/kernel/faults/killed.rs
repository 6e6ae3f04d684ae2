//! The process that commits is killed.

use std::{
    io::{BufRead, BufReader, Write, stdout},
    process::Stdio,
    thread,
    time::Duration,
};

use portcullis::{Netfilter, Rule, Transaction};
use portcullis_world::{Host, need_namespaces};

use super::{INPUT, again, filled, is_child};
use crate::support::open;

const TEST: &str = "faults::killed::a_process_killed_while_committing_leaves_one_ruleset_or_the_other";
/// Rulesets of different sizes, so that a part of the larger is not taken for the smaller.
const OLD: (usize, &str) = (2_000, "old");
const NEW: (usize, &str) = (3_000, "new");
const ROUNDS: u64 = 24;

/// What a packet meets: the rules without handles, which every commit gives anew.
fn meaning(rules: Vec<Rule>) -> Vec<Rule> {
    rules
        .into_iter()
        .map(|mut rule| {
            rule.handle = None;
            rule
        })
        .collect()
}

fn replacing((rules, comment): (usize, &str)) -> Transaction {
    let mut transaction = Transaction::new();
    transaction.replace_table(filled(rules, comment));
    transaction
}

/// Commits the new and the old ruleset by turns until it is killed.
fn commit_for_ever() -> ! {
    let (old, new) = (replacing(OLD), replacing(NEW));
    let mut firewall = Netfilter::open().unwrap();
    println!("\nREADY");
    stdout().flush().unwrap();
    loop {
        firewall.commit(&new).unwrap();
        firewall.commit(&old).unwrap();
    }
}

#[test]
fn a_process_killed_while_committing_leaves_one_ruleset_or_the_other() {
    if is_child() {
        commit_for_ever();
    }
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let mut expect = |ruleset| {
        firewall.commit(&replacing(ruleset)).unwrap();
        meaning(firewall.rules(INPUT).unwrap())
    };
    let (new, old) = (expect(NEW), expect(OLD));
    assert_eq!((new.len(), old.len()), (NEW.0, OLD.0));

    let mut left_new = 0;
    for round in 0..ROUNDS {
        let mut child = host.spawn(again(&[], TEST).stdout(Stdio::piped()).stderr(Stdio::null()));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line == "READY"), "the child says READY");
        // A commit takes some 50 ms, its validation nearly all of it: spread over three of them.
        thread::sleep(Duration::from_micros(round * 7_919 % 150_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let left = meaning(firewall.rules(INPUT).unwrap());
        assert!(left == old || left == new, "round {round}: {} rules, neither old nor new", left.len());
        assert_eq!(firewall.tables(None).unwrap().len(), 1);
        left_new += u64::from(left == new);
    }
    println!("{left_new} of {ROUNDS} rounds left the new ruleset");
}
