//! Port knocking: three sets, of which each is the way to the next one.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use portcullis::{
    Chain, Hook, Netfilter, Rule, Ruleset, language::targets::ChangeSet, select::Saddr, set::SetOf,
};
use portcullis_world::{Attempt, PATIENT, Pair, Service, World, need_namespaces};

use super::table;
use crate::support::open;

const LONG: Duration = Duration::from_secs(600);

/// A server whose port 22 opens for those that knock in order; the first two knocks count so long.
struct Guarded {
    world: Pair,
    firewall: Netfilter,
    stages: [SetOf<Ipv4Addr>; 3],
    _services: Vec<Service>,
}

impl Guarded {
    fn new(stage: Duration) -> Self {
        let world = World::pair();
        let set = |name: &str| SetOf::<Ipv4Addr>::new(name).dynamic().timeout(stage).capacity(100);
        let stages = [set("once"), set("twice"), set("welcome").timeout(LONG)];
        let [once, twice, welcome] = &stages;
        let at = |port: u16| Rule::new().udp().dport(port);
        let input = Chain::filter("input", Hook::Input).rules([
            at(7001).change_set(ChangeSet::update(Saddr, once)).accept(),
            at(8002).in_set(Saddr, once).change_set(ChangeSet::update(Saddr, twice)).accept(),
            at(9003).in_set(Saddr, twice).change_set(ChangeSet::update(Saddr, welcome)).accept(),
            Rule::new().udp().dport(7000..=9999).delete_from_set(Saddr, once),
            Rule::new().udp().dport(7000..=9999).delete_from_set(Saddr, twice),
            Rule::new().tcp().dport(22).not_in_set(Saddr, welcome).reject(),
        ]);
        let table = stages.iter().fold(table(), |table, set| table.set(set.as_set().clone())).chain(input);
        let mut firewall = open(&world.server);
        firewall.apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
        // What answers a knock tells that it has come.
        let answering = [7001, 8002, 9003, 7500].map(|port| format!("10.0.1.2:{port}"));
        let mut services: Vec<_> =
            answering.iter().map(|address| world.server.udp_service(address.as_str(), "heard")).collect();
        services.push(world.server.tcp_service("10.0.1.2:22", "shell"));
        Self { world, firewall, stages, _services: services }
    }

    fn knock<const N: usize>(&self, ports: [u16; N]) {
        for port in ports {
            let address = format!("10.0.1.2:{port}");
            let outcome = Attempt::udp(address.as_str(), "knock").timeout(PATIENT).from(&self.world.client);
            assert_eq!(outcome.banner(), "heard", "port {port}");
        }
    }

    /// Whether the client may come in.
    fn opens(&self) -> bool {
        let outcome = Attempt::tcp("10.0.1.2:22").timeout(PATIENT).from(&self.world.client);
        assert!(outcome.is_connected() || outcome.is_refused(), "{outcome:?}");
        outcome.is_connected()
    }

    /// How many hosts are at each stage.
    fn there(&mut self) -> [usize; 3] {
        let Self { firewall, stages, .. } = self;
        stages.each_ref().map(|set| firewall.contents((portcullis::Family::Inet, "t"), set).unwrap().len())
    }
}

#[test]
fn three_knocks_in_order_open_the_door() {
    need_namespaces!();
    let mut guarded = Guarded::new(LONG);
    assert!(!guarded.opens(), "nobody has knocked");
    guarded.knock([7001]);
    assert_eq!((guarded.there(), guarded.opens()), ([1, 0, 0], false));
    guarded.knock([8002]);
    assert_eq!((guarded.there(), guarded.opens()), ([1, 1, 0], false));
    guarded.knock([9003]);
    assert_eq!((guarded.there(), guarded.opens()), ([1, 1, 1], true));
    // It stays open, for who came in and nobody else.
    guarded.knock([7500]);
    assert!(guarded.opens());
    let other = guarded.world.server.tcp_try("10.0.1.2:22");
    assert!(other.is_refused(), "the server itself has not knocked: {other:?}");
}

#[test]
fn knocks_in_another_order_open_nothing() {
    need_namespaces!();
    let mut guarded = Guarded::new(LONG);
    for wrong in [[8002, 7001, 9003], [9003, 8002, 7001], [7001, 9003, 8002], [7001, 7001, 9003]] {
        guarded.knock(wrong);
        assert!(!guarded.opens(), "{wrong:?}");
    }
    // Who comes to another port in between begins anew.
    guarded.knock([7001, 8002, 7500, 9003]);
    assert_eq!((guarded.there(), guarded.opens()), ([0, 0, 0], false));
    guarded.knock([7001, 8002, 9003]);
    assert!(guarded.opens());
}

#[test]
fn who_waits_too_long_begins_anew() {
    need_namespaces!();
    let mut guarded = Guarded::new(Duration::from_millis(50));
    guarded.knock([7001]);
    let deadline = Instant::now() + PATIENT;
    while guarded.there() != [0, 0, 0] {
        assert!(Instant::now() < deadline, "the first knock counts for ever");
    }
    guarded.knock([8002, 9003]);
    assert_eq!((guarded.there(), guarded.opens()), ([0, 0, 0], false));
}
