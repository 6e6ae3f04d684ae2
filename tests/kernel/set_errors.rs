//! What goes wrong with sets, as somebody reads it who has not slept: what, where, and the way out.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use ipnet::Ipv4Net;
use portcullis::{
    Chain, Error, Family, Netfilter, Port, Rule, Table, Transaction,
    expr::{ChainTarget, Data, Lookup, Payload, PayloadBase, Register, Verdict},
    object::Element,
    probe::{Feature, Support},
    set::{Entry, Interval, MapOf, SetOf, VerdictMap},
};
use portcullis_world::{Host, need_namespaces, skip};

use crate::support::open;

const TABLE: (Family, &str) = (Family::Inet, "edge");

fn v4(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

/// A host whose table `edge` holds this.
fn loaded(fill: impl FnOnce(&mut Transaction)) -> Netfilter {
    let mut firewall = open(&Host::new("server"));
    let mut transaction = Transaction::new();
    transaction.add_table(Table::inet("edge"));
    fill(&mut transaction);
    firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
    firewall
}

/// A call that is to be refused.
type Say<'s> = &'s dyn Fn(&mut Transaction);

/// Commits each call between things that are right, none of which is there afterwards; the error names `key` as
/// the call's element at fault, where there is one, and says `parts`.
#[track_caller]
fn refused(firewall: &mut Netfilter, key: Option<&str>, parts: &[&str], say: Say<'_>) {
    let before = firewall.table(TABLE).unwrap();
    let mut transaction = Transaction::new();
    transaction.add_set_with(TABLE, &SetOf::<Port>::new("before"), [Port(1)]);
    say(&mut transaction);
    transaction.add_set_with(TABLE, &SetOf::<Port>::new("after"), [Port(2)]);
    let error = firewall.commit(&transaction).unwrap_err();
    let text = error.to_string();
    let element = match &error {
        Error::Refused(refused) => refused.refusals.iter().find_map(|refusal| refusal.element.as_ref()),
        Error::Invalid(_) => None,
        _ => panic!("{text}"),
    };
    assert_eq!(element.map(|element| element.key.as_str()), key, "{text}");
    for part in parts.iter().chain(&["tests/kernel/set_errors.rs:", "nothing was "]) {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
    assert_eq!(firewall.table(TABLE).unwrap(), before);
}

#[test]
fn elements_that_the_set_cannot_take() {
    need_namespaces!();
    let set = SetOf::<Ipv4Addr>::new("s").capacity(2);
    let runs = SetOf::<Ipv4Net>::new("runs");
    let mut firewall = loaded(|transaction| {
        transaction.add_set_with(TABLE, &set, [v4("10.0.0.1"), v4("10.0.0.2")]);
        transaction.add_set_with(TABLE, &runs, [net("10.0.0.0/8")]);
    });
    let firewall = &mut firewall;
    refused(
        firewall,
        Some("10.0.0.3"),
        &["add elements inet edge s", "ENFILE", "the set is full", "SetOf::capacity"],
        &|to| _ = to.entries(TABLE, &set).add([v4("10.0.0.1"), v4("10.0.0.3")]),
    );
    refused(
        firewall,
        Some("10.0.0.1"),
        &["create elements inet edge s", "EEXIST", "element 0", "in set s already", "add keeps what exists"],
        &|to| _ = to.entries(TABLE, &set).create([v4("10.0.0.1")]),
    );
    refused(
        firewall,
        Some("10.0.0.9"),
        &[
            "delete elements inet edge s",
            "ENOENT",
            "element 1",
            "is not in set s",
            "destroy deletes what exists",
        ],
        &|to| _ = to.entries(TABLE, &set).delete([v4("10.0.0.1"), v4("10.0.0.9")]),
    );
    // What is deleted is no part of a run.
    refused(
        firewall,
        Some("10.1.0.0/16"),
        &["ENOENT", "is not in set runs (a run of keys only as it was added"],
        &|to| _ = to.entries(TABLE, &runs).delete([net("10.1.0.0/16")]),
    );
    refused(
        firewall,
        Some("10.1.0.0/16"),
        &["element 1", "overlaps a run of keys that set runs has", "Entries::replace"],
        &|to| _ = to.entries(TABLE, &runs).add([net("9.0.0.0/8"), net("10.1.0.0/16")]),
    );
    refused(
        firewall,
        None,
        &["invalid, nothing was sent", "11.0.0.0/8 and 11.1.0.0/16 overlap in set \"runs\"", "auto_merge"],
        &|to| _ = to.entries(TABLE, &runs).add([net("11.0.0.0/8"), net("11.1.0.0/16")]),
    );
    let reversed = SetOf::<Interval<Ipv4Addr>>::new("runs");
    refused(
        firewall,
        None,
        &["nothing was sent", "element 0 (12.0.0.9-12.0.0.1)", "range 12.0.0.9 to 12.0.0.1 is reversed"],
        &|to| _ = to.entries(TABLE, &reversed).add([Interval::new(v4("12.0.0.9"), v4("12.0.0.1"))]),
    );
    let briefly = Entry::new(net("12.0.0.0/8")).timeout(Duration::from_secs(1));
    refused(
        firewall,
        None,
        &[
            "nothing was sent",
            "element 0 (12.0.0.0/8)",
            "\"runs\" is declared without timeouts",
            "with_timeouts()",
        ],
        &|to| _ = to.entries(TABLE, &runs).add([briefly.clone()]),
    );
    // Said to take them, and does not.
    let said = runs.clone().with_timeouts();
    refused(firewall, Some("12.0.0.0/8"), &["EINVAL", "takes no timeouts", "SetOf::with_timeouts"], &|to| {
        to.entries(TABLE, &said).add([briefly.clone()]);
    });
    refused(
        firewall,
        None,
        &["nothing was sent", "element 0 (10.0.0.1)", "comment is 200 bytes long", "127"],
        &|to| _ = to.entries(TABLE, &set).add([Entry::new(v4("10.0.0.1")).comment(&"x".repeat(200))]),
    );
}

#[test]
fn keys_of_another_type_and_length() {
    need_namespaces!();
    let set = SetOf::<Ipv4Addr>::new("s");
    let map = VerdictMap::<Port>::new("m");
    let mut firewall = loaded(|transaction| {
        transaction.add_set_with(TABLE, &set, [v4("10.0.0.1")]);
        transaction.add_set_with(TABLE, &map, [(Port(1), Verdict::Accept)]);
    });
    let firewall = &mut firewall;
    let other = "has keys or values of another type, or none that can be so (Netfilter::set_header";
    let v6 = SetOf::<Ipv6Addr>::new("s");
    refused(firewall, Some("::1"), &["EINVAL", "set s", other], &|to| {
        to.entries(TABLE, &v6).add([Ipv6Addr::LOCALHOST]);
    });
    refused(firewall, Some("::1"), &["delete", "EINVAL", "set s", other], &|to| {
        to.entries(TABLE, &v6).delete([Ipv6Addr::LOCALHOST]);
    });
    refused(firewall, Some("10.0.0.9"), &["EINVAL", "set s", other], &|to| {
        to.entries(TABLE, &MapOf::<Ipv4Addr, Port>::new("s")).add([(v4("10.0.0.9"), Port(1))]);
    });
    refused(firewall, Some("7"), &["EINVAL", "set m", other], &|to| {
        to.entries(TABLE, &SetOf::<Port>::new("m")).add([Port(7)]);
    });
    let by_value = |bytes: &'static [u8]| {
        move |to: &mut Transaction| {
            to.add_elements((TABLE.0, TABLE.1, "s"), [Element::new(Data::new(bytes))]);
        }
    };
    refused(firewall, Some("0x010101010101"), &["EINVAL", "set s", other], &by_value(&[1; 6]));
    let long = format!("0x{}", "01".repeat(70));
    refused(firewall, Some(&long), &["EOVERFLOW", "those of set s", "64 bytes"], &by_value(&[1; 70]));
    refused(firewall, None, &["nothing was sent", "an element has a key"], &by_value(&[]));
}

#[test]
fn what_is_not_there() {
    need_namespaces!();
    let map = VerdictMap::<Port>::new("m");
    let mut firewall =
        loaded(|transaction| _ = transaction.add_set_with(TABLE, &map, [(Port(1), Verdict::Accept)]));
    let firewall = &mut firewall;
    let missing = SetOf::<Port>::new("nosuch");
    let no_set = ["ENOENT", "there is no set nosuch in table inet edge: add it first"];
    refused(firewall, None, &no_set, &|to| _ = to.entries(TABLE, &missing).add([Port(1)]));
    refused(firewall, None, &no_set, &|to| _ = to.entries(TABLE, &missing).delete([Port(1)]));
    // Linux 5.10 and 6.1 do not say that it is the set which is missing. No dry run tells; what knows no destroy (before
    // 6.3) is taken to be as old.
    let is_said = firewall.supports(Feature::Destroy).unwrap() == Support::Works;
    let to_flush = if is_said { no_set } else { ["ENOENT", "there is no set nosuch in table inet edge"] };
    refused(firewall, None, &to_flush, &|to| _ = to.entries(TABLE, &missing).flush());
    let no_set = ["delete set inet edge nosuch", "ENOENT", "there is no set nosuch in table inet edge"];
    refused(firewall, None, &no_set, &|to| _ = to.delete_set((TABLE, &missing)));
    let elsewhere = (Family::Inet, "nosuch");
    let no_table = ["ENOENT", "there is no table inet nosuch: add it first, in the same transaction"];
    refused(firewall, None, &no_table, &|to| _ = to.entries(elsewhere, &map).flush());
    refused(firewall, None, &no_table, &|to| _ = to.add_set(elsewhere, &missing));
    let no_chain = ["ENOENT", "element 0: 2", "table inet edge has no chain or object of the name"];
    refused(firewall, Some("2"), &no_chain, &|to| {
        to.entries(TABLE, &map).add([(Port(2), Verdict::Jump(ChainTarget::Name("nosuch".to_owned())))]);
    });
}

#[test]
fn a_set_that_is_there_with_other_keys() {
    need_namespaces!();
    let (ports, addresses) = (SetOf::<Port>::new("s"), SetOf::<Ipv4Addr>::new("s"));
    let mut firewall = loaded(|transaction| _ = transaction.add_set(TABLE, &ports));
    let mut transaction = Transaction::new();
    transaction.add_set(TABLE, &addresses);
    if firewall.check(&transaction).is_ok() {
        skip!("this kernel keeps a set of another kind under the same name, and says nothing");
    }
    let another = ["add set inet edge s", "EEXIST", "exists already, and is another one", "SetOf::of"];
    refused(&mut firewall, None, &another, &|to| _ = to.add_set(TABLE, &addresses));
}

#[test]
fn sets_that_are_there_and_in_use() {
    need_namespaces!();
    let set = SetOf::<Port>::new("s").constant();
    let mut firewall = loaded(|transaction| {
        transaction.add_chain(TABLE, Chain::new("a"));
        transaction.add_set_with(TABLE, &set, [Port(1)]);
        let load = Payload::load(PayloadBase::Transport, 2, 2, Register::R1);
        let rule = Rule::new().say(load).say(Lookup::new("s", Register::R1));
        transaction.add_rule((TABLE.0, TABLE.1, "a"), rule);
    });
    let firewall = &mut firewall;
    let used = ["delete set inet edge s", "EBUSY", "set s is still in use", "delete the rules that use it"];
    refused(firewall, None, &used, &|to| _ = to.delete_set((TABLE, &set)));
    let constant = ["EBUSY", "set s is constant and in use", "without SetOf::constant"];
    refused(firewall, None, &constant, &|to| _ = to.entries(TABLE, &set).add([Port(5)]));
    refused(firewall, None, &constant, &|to| _ = to.entries(TABLE, &set).delete([Port(1)]));
    refused(firewall, None, &constant, &|to| _ = to.entries(TABLE, &set).flush());
    let again = ["create set inet edge s", "EEXIST", "it exists already; add_… keeps what exists"];
    refused(firewall, None, &again, &|to| _ = to.create_set(TABLE, &set));
}
