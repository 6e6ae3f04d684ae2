//! Rulesets that others wrote: read, sent into another namespace, and compared there with what was read, attribute by
//! attribute. `tests/rulesets/README.md` says what is in them.

mod compare;
mod corpus;
mod coverage;
mod dump;
mod lenient;
mod nft_text;
mod own_listing;
mod seeds;
mod tree;

use portcullis::{Set, TableRef};
use portcullis_world::{need_namespaces, report_skip};

use self::{
    compare::differences,
    corpus::{Ruleset, host, rulesets},
    dump::Dump,
};
use crate::support::{nft_load, open};

/// Loads every ruleset, calls `work` with its namespace and what the kernel says, and fails with all problems.
fn for_every_ruleset(work: impl Fn(&portcullis_world::Host, &Dump) -> Vec<String>) {
    let (mut loaded, mut rules, mut problems) = (0, 0, Vec::new());
    for ruleset in rulesets() {
        let from = host("from");
        if let Err(complaint) = ruleset.load(&from) {
            report_skip(&format!("kernel::fidelity::{}", ruleset.name), &complaint);
            continue;
        }
        let dump = Dump::of(&from);
        assert!(!dump.messages.is_empty(), "{} is empty", ruleset.name);
        (loaded, rules) = (loaded + 1, rules + dump.count(portcullis::wire::nft::NEWRULE));
        let found = work(&from, &dump);
        problems.extend(report(&ruleset, &found));
    }
    println!("{loaded} rulesets with {rules} rules, {} with problems", problems.len());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn report(ruleset: &Ruleset, found: &[String]) -> Option<String> {
    let (first, rest) = found.split_first()?;
    Some(format!(
        "{}: {first}{}\n    PORTCULLIS_RULESET={} cargo test --test kernel -- fidelity",
        ruleset.name,
        rest.iter().take(5).map(|each| format!("\n    {each}")).collect::<String>(),
        ruleset.name,
    ))
}

#[test]
fn every_ruleset_is_restored_byte_for_byte() {
    need_namespaces!();
    for_every_ruleset(|from, before| {
        let ruleset = match open(from).ruleset(None) {
            Ok(ruleset) => ruleset,
            Err(error) => return vec![format!("cannot be read: {error}")],
        };
        let to = host("to");
        match open(&to).apply(&ruleset) {
            Ok(_) => differences(before, &Dump::of(&to)),
            Err(error) => vec![format!("cannot be sent: {error}")],
        }
    });
}

#[test]
fn what_is_read_alone_is_what_is_read_with_everything() {
    need_namespaces!();
    for_every_ruleset(|from, _| {
        let mut firewall = open(from);
        let mut problems = Vec::new();
        for table in firewall.ruleset(None).expect("the ruleset").tables {
            let place = TableRef::from(&table);
            for chain in &table.chains {
                if firewall.rules(place.chain(&chain.name)).expect("rules") != chain.rules {
                    problems.push(format!("the rules of {} {}", place.name, chain.name));
                }
            }
            let mut sets = firewall.sets(&table).expect("sets");
            for (alone, set) in sets.iter_mut().zip(&table.sets) {
                alone.elements = firewall.elements(place.set(&set.name)).expect("elements");
                let found = firewall.set(place.set(&set.name)).expect("a set").expect("the set");
                for read in [&*alone, &found] {
                    if without_expiration(read) != without_expiration(set) {
                        problems.push(format!("the set {}", set.name));
                    }
                }
            }
            if sets.len() != table.sets.len() {
                problems.push(format!("the sets of {}", table.name));
            }
        }
        problems
    });
}

/// The time left passes between two readings.
fn without_expiration(set: &Set) -> Set {
    let mut set = set.clone();
    set.elements.iter_mut().for_each(|element| element.expiration = None);
    set
}

#[test]
fn a_difference_is_seen() {
    need_namespaces!();
    let table = |text: &str| format!("table inet t {{\n{text}\n}}\n");
    let chain = |text: &str| table(&format!("chain c {{ type filter hook input priority 0; {text}; }}"));
    let pairs = [
        (table(""), table("flags dormant;")),
        (chain("policy accept"), chain("policy drop")),
        (chain("counter packets 1 bytes 2"), chain("counter packets 1 bytes 3")),
        (chain("accept; drop"), chain("drop; accept")),
        (chain("accept"), chain("accept; accept")),
        (chain("accept comment \"a\""), chain("accept comment \"b\"")),
        (table("set s { type mark; elements = { 1 } }"), table("set s { type mark; elements = { 1, 2 } }")),
        (table("set s { type mark; elements = { 1 } }"), table("set s { type mark; }")),
        (
            table("set s { type mark; timeout 9h; elements = { 1 } }"),
            table("set s { type mark; timeout 9h; elements = { 1 expires 1h } }"),
        ),
        (table("counter n { packets 5 bytes 5; }"), table("counter n { packets 6 bytes 5; }")),
        (table("set s { type mark; size 5; }"), table("set s { type mark; size 6; }")),
    ];
    for (one, other) in pairs {
        let load = |text: &str| {
            let host = host("any");
            nft_load(&host, text).then(|| Dump::of(&host))
        };
        let (Some(a), Some(again), Some(b)) = (load(&one), load(&one), load(&other)) else {
            portcullis_world::skip!("nft is not installed");
        };
        // Either may have been read later after it was loaded, and have less time left.
        let same = [differences(&a, &again), differences(&again, &a)];
        assert!(same.iter().any(Vec::is_empty), "{one}: {same:?}");
        assert_ne!(differences(&a, &b), [""; 0], "{one}{other}");
    }
}
