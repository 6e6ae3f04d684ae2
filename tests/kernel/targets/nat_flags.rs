//! How a translation chooses where it may: at random, or one address for each client. Each flag is held against the
//! same rule without it.
//!
//! What nobody can see: random beside fully random, which differ in the generator alone; persistence of masquerade and
//! redirect, which have one address to choose from.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use portcullis::select::{Dport, mapped};
use portcullis::set::Interval;
use portcullis::{Chain, Family, Hook, Masquerade, NatTo, Port, Priority, Redirect, Rule, Ruleset, Table};
use portcullis_world::{Host, NflogListener, PATIENT, Packet, Routed, World, need_namespaces};

use super::program;
use crate::support::open;

const GROUP: u16 = 7;
/// As many datagrams as show the choice: that none of six gets another of 1,024 ports has a chance of 1 in 10^18.
const DATAGRAMS: u16 = 6;

/// Hears of datagrams behind the translation: at the backend, which forwards nothing, or where the router's own come in.
fn ears(host: &Host, hook: Hook) -> NflogListener {
    let chain = Chain::filter("ears", hook).priority(Priority::RAW).rule(Rule::new().udp().nflog(GROUP));
    open(host).apply(Ruleset::new().table(Table::inet("ears").chain(chain))).unwrap();
    host.nflog(GROUP)
}

/// Who sent the next datagram, and to whom, as its headers say.
#[track_caller]
fn hear(ears: &mut NflogListener) -> (SocketAddr, SocketAddr) {
    let bytes = ears.next(PATIENT).expect("a datagram behind the translation").payload;
    let address = |at: usize| -> IpAddr {
        match bytes[0] >> 4 {
            4 => <[u8; 4]>::try_from(&bytes[12 + 4 * at..][..4]).unwrap().into(),
            _ => <[u8; 16]>::try_from(&bytes[8 + 16 * at..][..16]).unwrap().into(),
        }
    };
    let ports = if bytes[0] >> 4 == 4 { 20 } else { 40 };
    let port = |at: usize| u16::from_be_bytes([bytes[ports + 2 * at], bytes[ports + 2 * at + 1]]);
    (SocketAddr::new(address(0), port(0)), SocketAddr::new(address(1), port(1)))
}

/// A translation with another way to choose.
type Flag<T> = (&'static str, fn(T) -> T);

/// The addresses of one version.
struct Ends {
    client: &'static str,
    backend: &'static str,
    other: &'static str,
    pool: &'static str,
}

const ENDS: [Ends; 2] = [
    Ends { client: "10.0.1.1", backend: "192.168.1.2", other: "192.168.1.3", pool: "203.0.113.7" },
    Ends { client: "fd00:1::1", backend: "fd00:192::2", other: "fd00:192::3", pool: "2001:db8::7" },
];

/// The router that translates, who hears behind it, and the next port that nobody has used.
struct Bench {
    world: Routed,
    backend: NflogListener,
    router: NflogListener,
    next: u16,
}

impl Bench {
    /// The ports of `DATAGRAMS` datagrams that the client sends to `to`, as sent and as they came out: of the source
    /// or of the destination.
    fn ports(&mut self, name: &str, hook: Hook, rule: Rule, way: (&str, &str)) -> Vec<(u16, u16)> {
        let own = name.contains("redirect");
        program(&self.world.router, Family::Inet, [Chain::nat("nat", hook).rule(rule)]);
        let (client, to) = way;
        let mut ports = Vec::new();
        for _ in 0..DATAGRAMS {
            let [from, port] = [4000 + self.next, 8000 + self.next];
            self.next += 1;
            Packet::udp((client, from), (to, port)).send(&self.world.client);
            let (source, destination) = hear(if own { &mut self.router } else { &mut self.backend });
            let (kept, changed) = match hook {
                Hook::Postrouting => ((port, destination.port()), (from, source.port())),
                _ => ((from, source.port()), (port, destination.port())),
            };
            assert_eq!(kept.0, kept.1, "{name}: the port that is not translated");
            ports.push(changed);
        }
        ports
    }

    /// Without a flag the ports stay as they are, with any of the flags they do not.
    fn compare<T: Clone>(
        &mut self,
        name: &str,
        (hook, way): (Hook, (&str, &str)),
        (first, last): (u16, u16),
        (to, flags): (T, &[Flag<T>]),
        rule: impl Fn(T) -> Rule,
    ) {
        let plain = self.ports(name, hook, rule(to.clone()), way);
        assert!(plain.iter().all(|(sent, seen)| sent == seen), "{name}: ports that are free stay: {plain:?}");
        for (flag, with) in flags {
            let ports = self.ports(name, hook, rule(with(to.clone())), way);
            assert!(ports.iter().any(|(sent, seen)| sent != seen), "{name}, {flag}: {ports:?}");
            let inside = ports.iter().all(|(_, seen)| (first..=last).contains(seen));
            assert!(inside, "{name}, {flag}: not of {first} to {last}: {ports:?}");
        }
    }
}

#[test]
fn random_ports_are_others_than_those_that_would_have_done() {
    need_namespaces!();
    let world = World::routed();
    let (backend, router) = (ears(&world.backend1, Hook::Prerouting), ears(&world.router, Hook::Input));
    let mut bench = Bench { world, backend, router, next: 0 };
    let nat: [Flag<NatTo>; 3] = [
        ("random", NatTo::random),
        ("fully random", NatTo::fully_random),
        ("both", |to| to.random().fully_random()),
    ];
    let masquerade: [Flag<Masquerade>; 2] =
        [("random", Masquerade::random), ("fully random", Masquerade::fully_random)];
    let redirect: [Flag<Redirect>; 2] =
        [("random", Redirect::random), ("fully random", Redirect::fully_random)];
    // What the client uses is free and in the range, so that nothing but the flag is a reason to change it.
    let (all, from, to) = ((1024, 65535), (4000, 5023), (8000, 9023));
    for Ends { client, backend, other, pool } in ENDS {
        bench.next = 0;
        let out = (Hook::Postrouting, (client, backend));
        let udp = || Rule::new().udp();
        let snat = |to| udp().snat(to);
        bench.compare("snat", out, all, (NatTo::from(pool), &nat), snat);
        bench.compare("snat to ports", out, from, (NatTo::from(pool).ports(from.0..=from.1), &nat), snat);
        let masq = |to| udp().masquerade_with(to);
        bench.compare("masquerade", out, all, (Masquerade::new(), &masquerade), masq);
        let ports = Masquerade::new().ports(from.0..=from.1);
        bench.compare("masquerade to ports", out, from, (ports, &masquerade), masq);
        let inward = (Hook::Prerouting, (client, other));
        let ports = NatTo::from(backend).ports(to.0..=to.1);
        bench.compare("dnat to ports", inward, to, (ports, &nat), |to| udp().dnat(to));
        let ports = Redirect::to(to.0..=to.1);
        bench.compare("redirect", inward, to, (ports, &redirect), |to| udp().redirect_to(to));
    }
}

/// Ends a rule with a translation, which is persistent or not.
type Translate<'a> = &'a dyn Fn(Rule, bool) -> Rule;

/// What the translation that a rule makes of one client's connections to many addresses is seen to be.
fn addresses(
    world: &Routed,
    ears: &mut NflogListener,
    rule: impl FnOnce(Rule) -> Rule,
    (hook, client, network): (Hook, &str, &str),
    first: u16,
) -> BTreeSet<IpAddr> {
    program(&world.router, Family::Inet, [Chain::nat("nat", hook).rule(rule(Rule::new().udp()))]);
    let mut seen = BTreeSet::new();
    // The kernel gives a connection the address of an earlier one from the same port.
    for (port, host) in (first..).zip(1..=32) {
        Packet::udp((client, port), (&*format!("{network}{host}"), 53)).send(&world.client);
        let (source, destination) = hear(ears);
        seen.insert(if hook == Hook::Postrouting { source.ip() } else { destination.ip() });
    }
    seen
}

#[test]
fn a_persistent_client_gets_one_address_wherever_it_goes() {
    need_namespaces!();
    let world = World::routed();
    for (network, gateway) in [("192.168.7.0/24", "192.168.1.2"), ("fd00:7::/64", "fd00:192::2")] {
        world.router.route(network, gateway);
    }
    let mut ears = ears(&world.backend1, Hook::Prerouting);
    let v4 = |a, b| Interval::new(Ipv4Addr::from(a), Ipv4Addr::from(b));
    let v6 = |a: &str, b: &str| Interval::new(a.parse::<Ipv6Addr>().unwrap(), b.parse().unwrap());
    // Behind the router, before it, and what each is translated to.
    let versions = [
        ("10.0.1.1", ["192.168.7.", "10.99.0."], ["203.0.113.1-203.0.113.62", "192.168.7.1-192.168.7.62"]),
        ("fd00:1::1", ["fd00:7::", "fd00:99::"], ["2001:db8::1-2001:db8::3e", "fd00:7::1-fd00:7::3e"]),
    ];
    for (client, [behind, before], [pool, backends]) in versions {
        let ipv4 = client.contains('.');
        let source = |rule: Rule, persistent: bool| {
            let to = NatTo::from(pool);
            rule.snat(if persistent { to.persistent() } else { to })
        };
        let destination = |rule: Rule, persistent: bool| {
            let to = NatTo::from(backends);
            rule.dnat(if persistent { to.persistent() } else { to })
        };
        let by_a_map = |rule: Rule, persistent: bool| {
            if ipv4 {
                let map = mapped(Dport, [(Port(53), v4([203, 0, 113, 1], [203, 0, 113, 62]))]);
                rule.snat_by(if persistent { map.persistent() } else { map })
            } else {
                let map = mapped(Dport, [(Port(53), v6("2001:db8::1", "2001:db8::3e"))]);
                rule.snat_by(if persistent { map.persistent() } else { map })
            }
        };
        let cases: [(&str, Translate<'_>, Hook, &str); 3] = [
            ("snat", &source, Hook::Postrouting, behind),
            ("dnat", &destination, Hook::Prerouting, before),
            ("snat by a map", &by_a_map, Hook::Postrouting, behind),
        ];
        let mut first = 4000;
        for (name, rule, hook, network) in cases {
            let mut seen = |persistent| {
                first += 100;
                addresses(&world, &mut ears, |start| rule(start, persistent), (hook, client, network), first)
            };
            // Whom the client talks to decides as well, unless it is said that it does not.
            let several = seen(false);
            assert!(several.len() > 1, "{name}, {client}: without the flag: {several:?}");
            let one = seen(true);
            assert_eq!(one.len(), 1, "{name}, {client}: persistent: {one:?}");
        }
    }
}
