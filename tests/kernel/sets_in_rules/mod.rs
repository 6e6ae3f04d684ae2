//! Sets and maps as rules use them, seen on packets.

mod bits;
mod choice;
mod effects;
mod fields;
mod gauges;
mod kinds;
mod knocking;
mod objects;
mod per_element;
mod ways;

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use portcullis::{
    Chain, Family, Hook, Mark, Netfilter, Port, Rate, Rule, Ruleset, Table, Transaction,
    expr::Verdict,
    language::targets::ChangeSet,
    select::{self, Balance, Daddr, Dport, Selector, mapped},
    set::{Interval, MapOf, SetOf, VerdictMap},
};
use portcullis_world::{Host, Packet, World, need_namespaces};

use crate::support::{counted, open};

const OUTPUT: (Family, &str, &str) = (Family::Inet, "t", "output");

/// A host with these rules at its output, and these sets.
fn programmed(host: &Host, table: Table, rules: impl IntoIterator<Item = Rule>) -> Netfilter {
    let mut firewall = open(host);
    let table = table.chain(Chain::filter("output", Hook::Output).rules(rules));
    firewall.apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
    firewall
}

fn table() -> Table {
    Table::inet("t")
}

fn v4(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

/// UDP packets to addresses of the loopback.
fn send<const N: usize>(host: &Host, to: [&str; N]) {
    for to in to {
        Packet::udp("127.0.0.1:4000", to).send(host);
    }
}

fn found(rule: Rule) -> Rule {
    rule.counter().comment("found")
}

#[test]
fn members_pass_and_others_do_not() {
    need_namespaces!();
    let packets = ["127.0.0.2:53", "127.0.0.2:54", "127.0.0.3:53", "127.0.0.3:99"];
    let udp = || Rule::new().udp();
    let addresses = SetOf::<Ipv4Addr>::new("addresses");
    let flows = SetOf::<(Ipv4Addr, Port)>::new("flows");
    let runs = SetOf::<(Interval<Ipv4Addr>, Interval<Port>)>::new("runs");
    let tables = || {
        table().set(addresses.with([v4("127.0.0.2")])).set(flows.with([(v4("127.0.0.3"), Port(99))])).set(
            runs.with([(Interval::new(v4("127.0.0.2"), v4("127.0.0.9")), Interval::new(Port(50), Port(60)))]),
        )
    };
    for (name, rule, expected) in [
        ("a set", udp().in_set(Daddr, &addresses), 2),
        ("not a set", udp().not_in_set(Daddr, &addresses), 2),
        ("a name", udp().in_set(Selector::IpDaddr, "addresses"), 2),
        ("a concatenation", udp().in_set((Daddr, Dport), &flows), 1),
        ("runs", udp().in_set((Daddr, Dport), &runs), 3),
        ("a list", udp().in_set((Daddr, Dport), [(v4("127.0.0.2"), Port(54))]), 1),
    ] {
        let host = Host::new("host");
        let mut firewall = programmed(&host, tables(), [found(rule)]);
        send(&host, packets);
        assert_eq!(counted(&mut firewall, OUTPUT, "found"), expected, "{name}");
    }
}

#[test]
fn marks_are_turned_for_runs() {
    need_namespaces!();
    let host = Host::new("host");
    let runs = SetOf::<Interval<Mark>>::new("runs");
    let rule = found(Rule::new().in_set(select::Mark, &runs));
    let mut firewall =
        programmed(&host, table().set(runs.with([Interval::new(Mark(0xff), Mark(0x201))])), [rule]);
    for mark in [0xfe, 0xff, 0x100, 0x201, 0x202, 0x1000_0000] {
        Packet::udp("127.0.0.1:4000", "127.0.0.1:53").mark(mark).send(&host);
    }
    assert_eq!(counted(&mut firewall, OUTPUT, "found"), 3);
}

#[test]
fn verdict_maps_jump_and_decide() {
    need_namespaces!();
    let host = Host::new("host");
    let map = VerdictMap::<Port>::new("map");
    let own = [(Port(55), Verdict::jump("third"))];
    let counting = |name: &str| Chain::new(name).rule(Rule::new().counter().comment("here"));
    let table = table()
        .set(map.with([(Port(53), Verdict::jump("first")), (Port(54), Verdict::goto("second"))]))
        .chain(counting("first"))
        .chain(counting("second"))
        .chain(counting("third"));
    let udp = || Rule::new().udp();
    let rules = [udp().verdict_map(Dport, &map), found(udp()), udp().verdict_map(Dport, own)];
    let mut firewall = programmed(&host, table, rules);
    send(&host, ["127.0.0.1:53", "127.0.0.1:53", "127.0.0.1:54", "127.0.0.1:55"]);
    let mut at = |chain: &str| counted(&mut firewall, (Family::Inet, "t", chain), "here");
    assert_eq!([at("first"), at("second"), at("third")], [2, 1, 1]);
    // What goes to another chain does not come back.
    assert_eq!(counted(&mut firewall, OUTPUT, "found"), 3);
}

#[test]
fn packets_fill_sets_and_time_empties_them() {
    need_namespaces!();
    let host = Host::new("host");
    let seen = SetOf::<Ipv4Addr>::new("seen").dynamic().with_timeouts().capacity(100);
    let meter = SetOf::<Ipv4Addr>::new("meter").dynamic().timeout(Duration::from_secs(60)).capacity(100);
    let second = Duration::from_secs(1);
    let udp = || Rule::new().udp();
    let rules = [
        found(udp().in_set(Daddr, &seen)),
        udp().dport(53).change_set(ChangeSet::add(Daddr, &seen).timeout(second)),
        udp()
            .dport(54)
            .change_set(ChangeSet::update(Daddr, &meter).limit(Rate::per_hour(2).burst(2).over()))
            .counter()
            .comment("over"),
        udp().dport(55).delete_from_set(Daddr, &seen),
    ];
    let mut firewall = programmed(&host, table().set(seen.into()).set(meter.into()), rules);
    let elements = |firewall: &mut Netfilter| {
        let table = firewall.table((Family::Inet, "t")).unwrap().unwrap();
        table.sets.iter().find(|set| set.name == "seen").unwrap().elements.len()
    };
    send(&host, ["127.0.0.2:53", "127.0.0.2:53", "127.0.0.3:53", "127.0.0.3:55"]);
    assert_eq!(counted(&mut firewall, OUTPUT, "found"), 2, "the second of each");
    let end = Instant::now() + Duration::from_secs(20);
    while elements(&mut firewall) > 0 {
        assert!(Instant::now() < end, "the element's second is not over");
        std::thread::sleep(Duration::from_millis(50));
    }
    send(&host, ["127.0.0.2:99"]);
    assert_eq!(counted(&mut firewall, OUTPUT, "found"), 2);
    // Each key has a rate of its own.
    send(&host, ["127.0.0.2:54", "127.0.0.2:54", "127.0.0.2:54", "127.0.0.3:54"]);
    assert_eq!(counted(&mut firewall, OUTPUT, "over"), 1);
}

#[test]
fn backends_are_found_in_maps() {
    need_namespaces!();
    let world = World::routed();
    let _services = [
        world.backend1.tcp_service("192.168.1.2:8080", "one"),
        world.backend2.tcp_service("192.168.1.3:8080", "two"),
        world.backend2.tcp_service("192.168.1.3:8081", "three"),
    ];
    let hosts =
        [(v4("192.168.1.2"), Port(8080)), (v4("192.168.1.3"), Port(8080)), (v4("192.168.1.3"), Port(8081))];
    let ports = MapOf::<Port, (Ipv4Addr, Port)>::new("ports");
    let router = &world.router;
    let mut transaction = Transaction::new();
    let chain = Chain::nat("prerouting", Hook::Prerouting).rules([
        Rule::new().ipv4().tcp().dport(80).dnat_by(Balance::round_robin(hosts)),
        Rule::new().ipv4().tcp().dnat_by(mapped(Dport, &ports)),
    ]);
    let back = Chain::nat("postrouting", Hook::Postrouting).rule(Rule::new().ipv4().masquerade());
    let table =
        table().set(ports.with([(Port(81), hosts[0]), (Port(82), hosts[2])])).chain(chain).chain(back);
    transaction.add_table(&table);
    open(router).commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
    let answer = |port: u16| world.client.tcp_try(("10.0.1.254".parse::<std::net::IpAddr>().unwrap(), port));
    let answers: Vec<_> = (0..9).map(|_| answer(80).banner().to_owned()).collect();
    assert_eq!(answers, ["one", "two", "three"].repeat(3));
    assert_eq!([answer(81).banner(), answer(82).banner()], ["one", "three"]);
    assert!(answer(83).is_refused());
}
