//! Translation of addresses and ports, seen by the peer.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

use portcullis::{Chain, Family, Hook, Masquerade, NatTo, Redirect, Rule};
use portcullis_world::{Attempt, Host, Outcome, PATIENT, World, need_namespaces};

use super::program;

/// Addresses and ports, first and last, that a translation may give.
struct Expected(&'static str, &'static str, RangeInclusive<u16>);

impl Expected {
    #[track_caller]
    fn check(&self, seen: SocketAddr, name: &str) {
        let Self(first, last, ports) = self;
        let [first, last] = [first, last].map(|ip| ip.parse::<IpAddr>().unwrap());
        assert!((first..=last).contains(&seen.ip()), "{name}: {seen} is not of {first} to {last}");
        assert!(ports.contains(&seen.port()), "{name}: the port of {seen} is not of {ports:?}");
    }
}

fn one(ip: &'static str, ports: RangeInclusive<u16>) -> Expected {
    Expected(ip, ip, ports)
}

fn tcp(host: &Host, from: u16, to: (&str, u16)) -> Outcome {
    Attempt::tcp(to).source_port(from).timeout(PATIENT).from(host)
}

#[test]
fn a_translated_source_is_what_the_peer_sees() {
    need_namespaces!();
    let world = World::routed();
    let to = |text: &str| NatTo::from(text);
    // The client's port says which rule it is for.
    let any = 1024..=65535;
    let v4 = [
        ("an address", to("203.0.113.7"), one("203.0.113.7", 4000..=4000)),
        ("an address as value", Ipv4Addr::new(203, 0, 113, 8).into(), one("203.0.113.8", 4001..=4001)),
        ("address and port", to("203.0.113.7:7000"), one("203.0.113.7", 7000..=7000)),
        ("a range", to("203.0.113.10-203.0.113.13"), Expected("203.0.113.10", "203.0.113.13", 4003..=4003)),
        ("a network", to("203.0.113.32/30"), Expected("203.0.113.32", "203.0.113.35", 4004..=4004)),
        ("a port alone", NatTo::new().port(7001), one("10.0.1.1", 7001..=7001)),
        ("ports", to("203.0.113.7").ports(7100..=7110), one("203.0.113.7", 7100..=7110)),
        ("random", to("203.0.113.7:7200-7210").random(), one("203.0.113.7", 7200..=7210)),
        ("fully random", to("203.0.113.7").fully_random(), one("203.0.113.7", any.clone())),
        (
            "persistent",
            to("203.0.113.20-203.0.113.29").persistent(),
            Expected("203.0.113.20", "203.0.113.29", any.clone()),
        ),
        ("network for network", to("203.0.113.0/24").prefix(), one("203.0.113.1", 4010..=4010)),
    ];
    let v6 = [
        ("an address", to("2001:db8::7"), one("2001:db8::7", 4100..=4100)),
        ("address and port", to("[2001:db8::7]:7000"), one("2001:db8::7", 7000..=7000)),
        ("a range", to("2001:db8::10-2001:db8::13"), Expected("2001:db8::10", "2001:db8::13", 4102..=4102)),
        ("a port alone", NatTo::new().port(7001), one("fd00:1::1", 7001..=7001)),
        ("ports", to("[2001:db8::7]:7100-7110"), one("2001:db8::7", 7100..=7110)),
        ("random", to("[2001:db8::7]:7200-7210").fully_random(), one("2001:db8::7", 7200..=7210)),
        ("network for network", to("2001:db8::/64").prefix(), one("2001:db8::1", 4106..=4106)),
    ];
    let rule =
        |first: u16, index: usize, to: &NatTo| Rule::new().tcp().sport(first + index as u16).snat(to.clone());
    let rules4 = v4.iter().enumerate().map(|(index, (_, to, _))| rule(4000, index, to));
    let rules6 = v6.iter().enumerate().map(|(index, (_, to, _))| rule(4100, index, to));
    let chain = Chain::nat("postrouting", Hook::Postrouting).rules(rules4).rules(rules6);
    program(&world.router, Family::Inet, [chain]);
    let ends = [("192.168.1.2", 4000, &v4[..]), ("fd00:192::2", 4100, &v6[..])];
    for (backend, first, cases) in ends {
        let service = world.backend1.tcp_service((backend, 80), "web");
        for (index, (name, _, expected)) in cases.iter().enumerate() {
            let outcome = tcp(&world.client, first + index as u16, (backend, 80));
            expected.check(outcome.seen(), &format!("snat to {name}, {backend}"));
        }
        // What no rule translates.
        let outcome = tcp(&world.client, 4999, (backend, 80));
        assert_eq!(outcome.seen(), outcome.local().unwrap(), "no rule is for this connection");
        assert_eq!(service.visits().len(), cases.len() + 1);
    }
}

#[test]
fn a_translated_destination_is_who_answers() {
    need_namespaces!();
    let world = World::routed();
    let to = |text: &str| NatTo::from(text);
    let socket = |text: &str| NatTo::from(text.parse::<SocketAddr>().unwrap());
    // The port that the client asks for says which rule it is for: who answers, and where it is reached.
    let v4 = [
        ("an address", to("192.168.1.2"), "one", one("192.168.1.2", 1000..=1000)),
        ("address and port", to("192.168.1.3:8080"), "two", one("192.168.1.3", 8080..=8080)),
        ("a socket's address", socket("192.168.1.2:8080"), "one", one("192.168.1.2", 8080..=8080)),
        (
            "a range",
            to("192.168.1.2-192.168.1.3:8080"),
            "",
            Expected("192.168.1.2", "192.168.1.3", 8080..=8080),
        ),
        ("a port alone", to(":8080"), "router", one("10.0.1.254", 8080..=8080)),
        ("ports", to("192.168.1.2:8080-8081"), "one", one("192.168.1.2", 8080..=8081)),
        ("random", to("192.168.1.2:8080-8081").random(), "one", one("192.168.1.2", 8080..=8081)),
        (
            "persistent",
            to("192.168.1.2-192.168.1.3:8080").persistent(),
            "",
            Expected("192.168.1.2", "192.168.1.3", 8080..=8080),
        ),
    ];
    let v6 = [
        ("an address", to("fd00:192::2"), "one", one("fd00:192::2", 1000..=1000)),
        ("address and port", to("[fd00:192::3]:8080"), "two", one("fd00:192::3", 8080..=8080)),
        ("a socket's address", socket("[fd00:192::2]:8080"), "one", one("fd00:192::2", 8080..=8080)),
        (
            "a range",
            to("[fd00:192::2]-[fd00:192::3]:8080"),
            "",
            Expected("fd00:192::2", "fd00:192::3", 8080..=8080),
        ),
        ("a port alone", to(":8080"), "router", one("fd00:1::fe", 8080..=8080)),
        ("ports", to("[fd00:192::2]:8080-8081"), "one", one("fd00:192::2", 8080..=8081)),
        ("random", to("[fd00:192::2]:8080-8081").fully_random(), "one", one("fd00:192::2", 8080..=8081)),
    ];
    let chain = |name, hook| {
        let rule = |targets, index: usize, to: &NatTo| {
            Rule::new().daddr(targets).tcp().dport(1000 + index as u16).dnat(to.clone())
        };
        let (targets4, targets6) = (["10.0.1.254", "10.66.0.1"], ["fd00:1::fe", "fd00:66::1"]);
        Chain::nat(name, hook)
            .rules(v4.iter().enumerate().map(|(index, (_, to, ..))| rule(targets4, index, to)))
            .rules(v6.iter().enumerate().map(|(index, (_, to, ..))| rule(targets6, index, to)))
            .rule(Rule::new().tcp().daddr("10.99.0.0/24").dnat(to("192.168.1.0/24").prefix()))
            .rule(Rule::new().tcp().daddr("fd00:99::/64").dnat(to("fd00:192::/64").prefix()))
    };
    program(
        &world.router,
        Family::Inet,
        [chain("prerouting", Hook::Prerouting), chain("output", Hook::Output)],
    );

    world.router.route("10.66.0.0/24", "10.0.1.1");
    world.router.route("fd00:66::/64", "fd00:1::1");
    let hosts = [(&world.backend1, "one"), (&world.backend2, "two"), (&world.router, "router")];
    let services: Vec<_> = hosts
        .iter()
        .flat_map(|(host, banner)| {
            [1000, 8080, 8081].map(|port| (*banner, host.tcp_service(("::", port), banner)))
        })
        .collect();
    // Where the latest connection has come to.
    let mut seen = vec![0; services.len()];
    let mut latest = || {
        let changed = services.iter().zip(&mut seen).find_map(|((banner, service), seen)| {
            let visits = service.visits();
            let new = (visits.len() > *seen).then(|| (*banner, visits.last().unwrap().local));
            *seen = visits.len();
            new
        });
        changed.expect("a visit")
    };
    for (target, own, cases) in [("10.0.1.254", "10.66.0.1", &v4[..]), ("fd00:1::fe", "fd00:66::1", &v6[..])]
    {
        for (index, (name, _, banner, expected)) in cases.iter().enumerate() {
            let port = 1000 + index as u16;
            // From the client, and the router's own, to an address that nobody has.
            let attempts = [(&world.client, target), (&world.router, own)];
            for (host, target) in attempts {
                if *banner == "router" && target == own {
                    continue;
                }
                let name = format!("{host}'s connection to {target}, dnat to {name}");
                let outcome = Attempt::tcp((target, port)).timeout(PATIENT).from(host);
                assert!(outcome.is_connected(), "{name}: {outcome:?}");
                let (answering, local) = latest();
                assert_eq!(outcome.banner(), answering, "{name}: who answers");
                assert!(
                    banner.is_empty() || *banner == answering,
                    "{name}: {answering} answers, not {banner}"
                );
                expected.check(local, &name);
            }
        }
    }
    for (target, banner) in
        [("10.99.0.2", "one"), ("10.99.0.3", "two"), ("fd00:99::2", "one"), ("fd00:99::3", "two")]
    {
        let outcome = Attempt::tcp((target, 8080)).timeout(PATIENT).from(&world.client);
        assert!(outcome.is_connected(), "network for network, {target}: {outcome:?}");
        assert_eq!(outcome.banner(), banner, "network for network, {target}: who answers");
    }
}

#[test]
fn a_masqueraded_source_is_the_outgoing_interfaces_address() {
    need_namespaces!();
    let world = World::routed();
    let lan = || Rule::new().oif("lan");
    let chain = || {
        Chain::nat("postrouting", Hook::Postrouting).rules([
            lan().tcp().sport(4001).masquerade_with(Masquerade::new().ports(7000..=7010)),
            lan().tcp().sport(4002).masquerade_with(Masquerade::new().ports(7020)),
            lan().tcp().sport(4003).masquerade_with(Masquerade::new().random()),
            lan()
                .tcp()
                .sport(4004)
                .masquerade_with(Masquerade::new().ports(7100..=7110).fully_random().persistent()),
            lan().masquerade(),
        ])
    };
    // In tables of one version; the other tests have one for both.
    program(&world.router, Family::Ip, [chain()]);
    program(&world.router, Family::Ip6, [chain()]);
    let cases = [
        (4000, 4000..=4000),
        (4001, 7000..=7010),
        (4002, 7020..=7020),
        (4003, 1024..=65535),
        (4004, 7100..=7110),
    ];
    for (backend, router) in [("192.168.1.2", "192.168.1.1"), ("fd00:192::2", "fd00:192::1")] {
        let _tcp = world.backend1.tcp_service((backend, 80), "web");
        let _udp = world.backend1.udp_service((backend, 53), "dns");
        for (port, ports) in &cases {
            let outcome = tcp(&world.client, *port, (backend, 80));
            one(router, ports.clone()).check(outcome.seen(), &format!("{backend}, from port {port}"));
        }
        let outcome =
            Attempt::udp((backend, 53), "hello").source_port(4000).timeout(PATIENT).from(&world.client);
        one(router, 4000..=4000).check(outcome.seen(), &format!("{backend}, UDP"));
        let outcome = Attempt::ping(backend).timeout(PATIENT).from(&world.client);
        assert!(outcome.is_connected(), "a ping of {backend}: {outcome:?}");
    }
}

#[test]
fn a_redirected_connection_comes_to_this_machine() {
    need_namespaces!();
    let world = World::routed();
    let rules = || {
        [
            Rule::new().tcp().dport(80).redirect_to(8080),
            Rule::new().tcp().dport(81).redirect_to(8080..=8081),
            Rule::new().tcp().dport(82).redirect_to(Redirect::to(8080..=8081).random()),
            Rule::new().tcp().dport(83).redirect_to(Redirect::to(8080..=8081).fully_random().persistent()),
            Rule::new().tcp().dport(8081).redirect(),
        ]
    };
    let prerouting = Chain::nat("prerouting", Hook::Prerouting).rules(rules());
    let output = Chain::nat("output", Hook::Output).rules(rules());
    program(&world.router, Family::Inet, [prerouting, output]);
    let services = [8080, 8081].map(|port| world.router.tcp_service(("::", port), "router"));
    let cases =
        [(80, 8080..=8080), (81, 8080..=8081), (82, 8080..=8081), (83, 8080..=8081), (8081, 8081..=8081)];
    let ends = [("192.168.1.2", "10.0.1.254", "127.0.0.1"), ("fd00:192::2", "fd00:1::fe", "::1")];
    for (backend, by_client, by_itself) in ends {
        for (host, address) in [(&world.client, by_client), (&world.router, by_itself)] {
            for (port, ports) in &cases {
                let name = format!("{host}'s connection to {backend}, port {port}");
                let before = services.each_ref().map(|service| service.visits().len());
                let outcome = Attempt::tcp((backend, *port)).timeout(PATIENT).from(host);
                assert!(outcome.is_connected(), "{name}: {outcome:?}");
                assert_eq!(outcome.banner(), "router", "{name}: who answers");
                let visits = services
                    .iter()
                    .zip(before)
                    .flat_map(|(service, before)| service.visits().split_off(before));
                let visits: Vec<_> = visits.map(|visit| visit.local).collect();
                let [local] = visits[..] else { panic!("{name}: one visit was expected: {visits:?}") };
                assert_eq!(local.ip().to_string(), address, "{name}: the address");
                assert!(ports.contains(&local.port()), "{name}: {local} is not of {ports:?}");
            }
        }
    }
}
