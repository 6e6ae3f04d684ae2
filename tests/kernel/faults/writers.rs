//! Two that change the ruleset at once, and tables that only one may change.

use std::{
    collections::BTreeSet,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use portcullis::{
    Committed, Error, Netfilter, Position, Rule, Table, TableFlags, Transaction, probe::Feature,
};
use portcullis_world::{Host, PATIENT, need_namespaces};

use super::{EDGE, INPUT, filled};
use crate::support::{need_feature, open};

const WRITERS: [(&str, usize); 2] = [("one", 300), ("two", 500)];

fn replacing((name, rules): (&str, usize)) -> Transaction {
    let mut transaction = Transaction::new();
    transaction.replace_table(filled(rules, name));
    transaction
}

/// Who wrote the rules; panics unless they are one writer's, and all of them.
fn writer(rules: &[Rule]) -> &'static str {
    let names: BTreeSet<_> = rules.iter().filter_map(Rule::comment_text).collect();
    let found = WRITERS.iter().find(|(name, count)| names.iter().eq([*name]) && rules.len() == *count);
    found.unwrap_or_else(|| panic!("{} rules of {names:?}", rules.len())).0
}

#[test]
fn whoever_reads_while_two_write_sees_the_one_or_the_other() {
    need_namespaces!();
    let host = Host::new("server");
    open(&host).commit(&replacing(WRITERS[0])).unwrap();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers = WRITERS.map(|ruleset| {
            let mut firewall = open(&host);
            scope.spawn(move || {
                let transaction = replacing(ruleset);
                for _ in 0..40 {
                    firewall.commit(&transaction).unwrap();
                }
            })
        });
        let mut reader = open(&host);
        let over = &over;
        let reading = scope.spawn(move || {
            let mut seen = BTreeSet::new();
            while !over.load(Ordering::Relaxed) {
                match reader.rules(INPUT) {
                    Ok(rules) => drop(seen.insert(writer(&rules))),
                    Err(Error::Interrupted { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            seen
        });
        for writer in writers {
            writer.join().unwrap();
        }
        over.store(true, Ordering::Relaxed);
        println!("seen: {:?}", reading.join().unwrap());
    });
    writer(&open(&host).rules(INPUT).unwrap());
}

#[test]
fn whoever_reads_while_rules_are_put_before_others_sees_each_rule_once() {
    need_namespaces!();
    let host = Host::new("server");
    // More rules than one datagram of the kernel's holds.
    let (before, added) = (500, 300);
    open(&host).commit(&replacing(("one", before))).unwrap();
    thread::scope(|scope| {
        let mut firewall = open(&host);
        let writing = scope.spawn(move || {
            let rule = Rule::new().tcp().dport(22).counter().accept();
            for _ in 0..20 {
                let mut transaction = Transaction::new().with_handles();
                let put = |_| transaction.insert_rule(INPUT, Position::Head, &rule);
                let ids: Vec<_> = (0..added).map(put).collect();
                let committed = firewall.commit(&transaction).unwrap();
                let mut transaction = Transaction::new();
                for handle in ids.into_iter().filter_map(|id| committed.handle(id)) {
                    transaction.delete_rule(INPUT, handle);
                }
                firewall.commit(&transaction).unwrap();
            }
        });
        let mut reader = open(&host);
        while !writing.is_finished() {
            let rules = match reader.rules(INPUT) {
                Ok(rules) => rules,
                Err(Error::Interrupted { .. }) => continue,
                Err(error) => panic!("{error}"),
            };
            let handles: BTreeSet<_> = rules.iter().map(|rule| rule.handle).collect();
            assert_eq!(handles.len(), rules.len());
            assert!([before, before + added].contains(&rules.len()), "{}", rules.len());
        }
        writing.join().unwrap();
    });
}

#[test]
fn reading_leaves_the_generation_as_it_is() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    firewall.commit(&replacing(WRITERS[0])).unwrap();
    let before = firewall.generation().unwrap();
    firewall.tables(None).unwrap();
    firewall.chains(EDGE).unwrap();
    firewall.rules(INPUT).unwrap();
    firewall.check(&replacing(WRITERS[1])).unwrap();
    firewall.commit(&Transaction::new()).unwrap();
    assert_eq!(firewall.generation().unwrap(), before);
}

#[test]
fn of_two_that_commit_for_the_same_generation_one_wins() {
    need_namespaces!();
    let host = Host::new("server");
    let start = Barrier::new(WRITERS.len());
    for _ in 0..25 {
        let commit = |mut firewall: Netfilter, ruleset| -> Result<Committed, Error> {
            let transaction = replacing(ruleset);
            let generation = firewall.generation()?;
            start.wait();
            firewall.commit_if(&transaction, generation)
        };
        let results = thread::scope(|scope| {
            let commit = &commit;
            let writers = WRITERS.map(|ruleset| {
                let firewall = open(&host);
                scope.spawn(move || commit(firewall, ruleset))
            });
            writers.map(|writer| writer.join().unwrap())
        });
        let winner = match &results {
            [Ok(_), Err(Error::Changed { .. })] => "one",
            [Err(Error::Changed { .. }), Ok(_)] => "two",
            other => panic!("{other:?}"),
        };
        assert_eq!(writer(&open(&host).rules(INPUT).unwrap()), winner);
    }
}

/// Nothing of the table `edge` may be changed by this socket.
#[track_caller]
fn is_refused_as_anothers(other: &mut Netfilter) {
    let mut transaction = Transaction::new();
    transaction.add_table(Table::inet("edge"));
    transaction.add_rule(INPUT, Rule::new().accept());
    transaction.flush_chain(INPUT);
    transaction.delete_table(EDGE);
    let Err(Error::Refused(refused)) = other.commit(&transaction) else { panic!("a refusal was expected") };
    assert_eq!(refused.refusals.len(), transaction.len());
    for refusal in &refused.refusals {
        assert_eq!(refusal.errno_name(), "EPERM");
        let hint = refusal.hint.as_deref();
        assert_eq!(hint, Some("table inet edge has an owner: only the socket that created it may change it"));
    }
}

#[test]
fn a_table_with_an_owner_is_its_alone_and_goes_with_it() {
    need_namespaces!();
    need_feature!(Feature::TableOwner);
    let host = Host::new("server");
    let mut owner = open(&host);
    let mut transaction = Transaction::new();
    transaction.add_table(filled(1, "mine").flags(TableFlags::OWNER));
    owner.commit(&transaction).unwrap();

    // Nobody else may touch it, or what it holds ...
    let mut other = open(&host);
    is_refused_as_anothers(&mut other);
    // ... but everybody can see it, and its owner may.
    assert_eq!(other.rules(INPUT).unwrap().len(), 1);
    let mut transaction = Transaction::new();
    transaction.add_rule(INPUT, Rule::new().accept());
    owner.commit(&transaction).unwrap();
    assert_eq!(other.rules(INPUT).unwrap().len(), 2);

    drop(owner);
    // A child that another test is starting may hold the socket for a moment more.
    let deadline = Instant::now() + PATIENT;
    while !other.tables(None).unwrap().is_empty() {
        assert!(Instant::now() < deadline, "the table outlives its owner");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_persistent_table_outlives_its_owner_and_another_can_adopt_it() {
    need_namespaces!();
    need_feature!(Feature::TablePersist);
    let host = Host::new("server");
    let flags = TableFlags::OWNER | TableFlags::PERSIST;
    let owning = || {
        let mut transaction = Transaction::new();
        transaction.add_table(filled(1, "mine").flags(flags));
        transaction
    };
    // Without the second flag, to tell when the kernel has seen the owner go.
    let mut short_lived = Transaction::new();
    short_lived.add_table(Table::inet("gone").flags(TableFlags::OWNER));
    let mut first = open(&host);
    first.commit(&owning()).unwrap();
    first.commit(&short_lived).unwrap();
    let mut second = open(&host);
    is_refused_as_anothers(&mut second);
    let owned = second.tables(None).unwrap().remove(0);
    assert_eq!((owned.name.as_str(), owned.flags), ("edge", flags));

    drop(first);
    let await_end = |firewall: &mut Netfilter| {
        // A child that another test is starting may hold the socket for a moment more.
        let deadline = Instant::now() + PATIENT;
        while firewall.tables(None).unwrap().iter().any(|table| table.name == "gone") {
            assert!(Instant::now() < deadline, "the table outlives its owner");
            thread::sleep(Duration::from_millis(10));
        }
    };
    await_end(&mut second);
    let orphan = second.tables(None).unwrap().remove(0);
    assert_eq!((orphan.name.as_str(), orphan.handle), ("edge", owned.handle));
    assert_eq!(second.rules(INPUT).unwrap().len(), 1, "with all that it holds");

    // Whoever says that it is his has it from then on, with what he adds ...
    second.commit(&owning()).unwrap();
    second.commit(&short_lived).unwrap();
    assert_eq!(second.tables(None).unwrap()[0].handle, owned.handle, "the same table");
    assert_eq!(second.rules(INPUT).unwrap().len(), 2);
    is_refused_as_anothers(&mut open(&host));
    // ... and until he goes.
    drop(second);
    let mut third = open(&host);
    await_end(&mut third);
    assert_eq!(third.rules(INPUT).unwrap().len(), 2);
    let mut transaction = Transaction::new();
    transaction.delete_table(EDGE);
    third.commit(&transaction).unwrap();
    assert_eq!(third.tables(None).unwrap(), []);
}
