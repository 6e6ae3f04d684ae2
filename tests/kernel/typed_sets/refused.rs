//! What goes wrong with elements, and which one the error names.

use std::net::Ipv4Addr;

use portcullis::{
    Error, Netfilter, Port, Transaction,
    set::{Interval, MapOf, SetOf},
};
use portcullis_world::{Host, need_namespaces};

use super::{TABLE, edge};
use crate::support::open;

fn v4(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

/// A host whose kernel has taken this.
fn loaded(fill: impl FnOnce(&mut Transaction)) -> Netfilter {
    let host = Host::new("server");
    let mut firewall = open(&host);
    let mut transaction = edge();
    fill(&mut transaction);
    firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
    firewall
}

/// The refusal of what is said, which leaves everything as it was.
#[track_caller]
fn refusal(firewall: &mut Netfilter, say: impl FnOnce(&mut Transaction)) -> String {
    let before = firewall.table(TABLE).unwrap();
    let mut transaction = Transaction::new();
    say(&mut transaction);
    let error = firewall.commit(&transaction).unwrap_err();
    assert_eq!(firewall.table(TABLE).unwrap(), before);
    error.to_string()
}

#[track_caller]
fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
}

#[test]
fn a_refused_element_is_named() {
    need_namespaces!();
    let set = SetOf::<Ipv4Addr>::new("s").capacity(20_000);
    let mut firewall = loaded(|transaction| {
        transaction.add_set_with(TABLE, &set, (0..10_000).map(Ipv4Addr::from_bits));
    });
    let line = line!() + 2;
    let text = refusal(&mut firewall, |transaction| {
        transaction.entries(TABLE, &set).create((9_000..19_000).rev().map(Ipv4Addr::from_bits));
    });
    let place = format!("{}:{line}", file!());
    contains(&text, &["create elements inet edge s", &place, "EEXIST", "element 9000: 0.0.39.15"]);

    let text = refusal(&mut firewall, |transaction| {
        transaction.entries(TABLE, &set).delete([v4("0.0.0.7"), v4("192.0.2.1")]);
    });
    contains(&text, &["delete elements inet edge s", "ENOENT", "element 1: 192.0.2.1"]);

    let text = refusal(&mut firewall, |transaction| {
        transaction.entries(TABLE, &set).add((10_000..20_001).map(Ipv4Addr::from_bits));
    });
    contains(&text, &["ENFILE", "element 10000: 0.0.78.32", "capacity"]);
}

#[test]
fn a_refused_run_is_named() {
    need_namespaces!();
    let set = SetOf::<Interval<Port>>::new("s");
    let run = |first, last| Interval::new(Port(first), Port(last));
    let mut firewall = loaded(|transaction| {
        transaction.add_set_with(TABLE, &set, [run(10, 20), run(30, 40)]);
    });
    let text = refusal(&mut firewall, |transaction| {
        transaction.entries(TABLE, &set).add([run(50, 60), run(35, 45), run(1, 2)]);
    });
    contains(&text, &["element 1: 35-45", "overlap"]);
    let text = refusal(&mut firewall, |transaction| {
        transaction.entries(TABLE, &set).delete([run(10, 20), run(50, 60)]);
    });
    contains(&text, &["ENOENT", "element 1: 50-60"]);
    let text = refusal(&mut firewall, |transaction| {
        transaction.entries(TABLE, &set).create([run(10, 20)]);
    });
    contains(&text, &["EEXIST", "element 0: 10-20"]);
    // Far into a call of several messages, named by its place among the sorted ones.
    let text = refusal(&mut firewall, |transaction| {
        let many = (50..10_050).filter(|port| *port != 9_000).map(|port| run(port * 2, port * 2));
        transaction.entries(TABLE, &set).create(many.chain([run(35, 35)]));
    });
    contains(&text, &["element 0: 35"]);
    let text = refusal(&mut firewall, |transaction| {
        let many = (0..5).chain(50..10_050).map(|port| run(port * 2, port * 2));
        transaction.entries(TABLE, &set).delete(many.chain([run(30, 40)]).skip(5));
    });
    contains(&text, &["ENOENT", "element 1: 100"]);
    let mut more = Transaction::new();
    more.entries(TABLE, &set).add((50..10_050).map(|port| run(port * 2, port * 2)));
    firewall.commit(&more).unwrap();
    let text = refusal(&mut firewall, |transaction| {
        let many = (50..10_050).filter(|port| *port != 9_000).map(|port| run(port * 2, port * 2));
        transaction.entries(TABLE, &set).delete(many.chain([run(25_001, 25_003)]));
    });
    contains(&text, &["ENOENT", "element 9999: 25001-25003"]);

    let pairs = SetOf::<(Interval<Port>, Ipv4Addr)>::new("pairs");
    let mut firewall = loaded(|transaction| {
        transaction.add_set_with(TABLE, &pairs, [(run(10, 20), v4("10.0.0.1"))]);
    });
    let text = refusal(&mut firewall, |transaction| {
        transaction.entries(TABLE, &pairs).add([(run(15, 25), v4("10.0.0.1"))]);
    });
    contains(&text, &["element 0: 15-25 . 10.0.0.1"]);
}

#[test]
fn a_key_that_leads_elsewhere_is_named() {
    need_namespaces!();
    let map = MapOf::<Port, Ipv4Addr>::new("m");
    let mut firewall = loaded(|transaction| {
        transaction.add_set_with(TABLE, &map, [(Port(80), v4("10.0.0.1"))]);
    });
    let text = refusal(&mut firewall, |transaction| {
        transaction.entries(TABLE, &map).add([(Port(80), v4("10.0.0.2"))]);
    });
    contains(&text, &["element 0: 80", "leads elsewhere"]);
}

#[test]
fn a_set_in_use_and_a_set_of_another_type_are_refused() {
    need_namespaces!();
    let set = SetOf::<Ipv4Addr>::new("s");
    let mut firewall = loaded(|transaction| {
        transaction.add_set_with(TABLE, &set, [v4("10.0.0.1")]);
        transaction.add_chain(TABLE, portcullis::Chain::new("c"));
        let lookup = portcullis::expr::Lookup::new("s", portcullis::expr::Register::R1);
        let load = portcullis::expr::Payload::load(
            portcullis::expr::PayloadBase::Network,
            12,
            4,
            portcullis::expr::Register::R1,
        );
        let rule = portcullis::Rule::new().say(load).say(lookup);
        transaction.add_rule((TABLE.0, TABLE.1, "c"), rule);
    });
    let text = refusal(&mut firewall, |transaction| _ = transaction.delete_set((TABLE, &set)));
    contains(&text, &["delete set inet edge s", "EBUSY", "in use"]);

    let other = SetOf::<Port>::new("s");
    let text = refusal(&mut firewall, |transaction| {
        transaction.entries(TABLE, &other).add([Port(80)]);
    });
    contains(&text, &["EINVAL", "element 0: 80"]);
    let read = firewall.set((TABLE, &set)).unwrap().unwrap();
    let text = SetOf::<Port>::of(&read).unwrap_err().to_string();
    contains(&text, &["\"s\"", "inet_service", "key type 7"]);
}

#[test]
fn what_cannot_be_right_is_found_before_the_kernel_is_asked() {
    need_namespaces!();
    let set = SetOf::<Interval<Port>>::new("s");
    let run = |first, last| Interval::new(Port(first), Port(last));
    let mut firewall = loaded(|transaction| {
        transaction.add_set_with(TABLE, &set, [run(1, 2)]);
    });
    let text = refusal(&mut firewall, |transaction| {
        transaction.entries(TABLE, &set).add([run(10, 20), run(40, 30)]);
    });
    contains(
        &text,
        &["invalid, nothing was sent", "element 1 (40-30)", "the port range 40 to 30 is reversed"],
    );
    let text = refusal(&mut firewall, |transaction| {
        transaction.entries(TABLE, &set).add([run(10, 20), run(15, 30)]);
    });
    contains(&text, &["10-20 and 15-30 overlap in set \"s\"", "auto_merge"]);
    let names = SetOf::<portcullis::InterfaceName>::new("names");
    let text = refusal(&mut firewall, |transaction| {
        transaction.add_set_with(TABLE, &names, ["lo", "eth*"].map(portcullis::InterfaceName::from));
    });
    contains(&text, &["element 1 (\"eth*\")", "needs a set of intervals"]);
    let mut transaction = Transaction::new();
    transaction.entries(TABLE, &set).replace([run(3, 4)]);
    let error: Result<_, Error> = firewall.commit(&transaction);
    assert!(error.is_ok());
}
