//! No more often than so, no more connections than so.

use std::net::UdpSocket;
use std::time::Instant;

use portcullis::{Chain, Family, Hook, Rate, Rule, Ruleset, Table};
use portcullis_world::{Host, PATIENT, Packet, World, need_namespaces};

use super::Gauge;
use crate::support::{counts, open};

#[test]
fn a_burst_passes_and_then_nothing() {
    need_namespaces!();
    let host = Host::new("host");
    // So slow that the next token is far away.
    let slow = || Rate::per_day(1);
    let cases = [
        ("all", Rule::new(), 20),
        ("burst of 5 unless said", Rule::new().limit(slow()), 5),
        ("burst of 1", Rule::new().limit(slow().burst(1)), 1),
        ("burst of 12", Rule::new().limit(Rate::per_week(1).burst(12)), 12),
        ("over a burst of 12", Rule::new().limit(slow().burst(12).over()), 8),
        // 100 bytes each.
        ("300 bytes", Rule::new().limit(Rate::bytes_per_day(300)), 3),
        ("1,000 bytes and 500 at once", Rule::new().limit(Rate::bytes_per_day(1000).burst(500)), 15),
        ("over them", Rule::new().limit(Rate::bytes_per_day(1000).burst(500).over()), 5),
        // Each rule has a bucket of its own, for what comes so far.
        ("other packets", Rule::new().tcp().limit(slow()), 0),
        ("the second limit", Rule::new().limit(slow().burst(7)).limit(slow().burst(3)), 3),
    ];
    for (family, loopback, header) in [(Family::Ip, "127.0.0.1", 28), (Family::Ip6, "::1", 48)] {
        let mut chain = Chain::filter("output", Hook::Output);
        for (name, rule, _) in &cases {
            chain = chain.rule(rule.clone().counter().comment(name));
        }
        let chain = chain.rule(Rule::new().drop());
        let mut firewall = open(&host);
        firewall.apply(Ruleset::new().table(Table::new(family, "t").chain(chain))).unwrap();
        host.run(|| {
            let socket = UdpSocket::bind((loopback, 0)).unwrap();
            for _ in 0..20 {
                socket.send_to(&vec![0; 100 - header], (loopback, 9)).expect_err("the hook drops it");
            }
        });
        let counts = counts(&mut firewall, (family, "t", "output"));
        for ((name, count), (_, _, expected)) in counts.iter().zip(&cases) {
            assert_eq!(count, expected, "{name}, {family}: packets of 20");
        }
        assert_eq!(counts.len(), cases.len());
    }
}

#[test]
fn a_rate_lets_pass_what_is_slower() {
    need_namespaces!();
    let host = Host::new("host");
    let rules = [
        ("a million", Rule::new().limit(Rate::per_second(1_000_000))),
        ("more", Rule::new().limit(Rate::per_second(1_000_000).over())),
    ];
    for (family, loopback, error) in [(Family::Ip, "127.0.0.1", 3), (Family::Ip6, "::1", 1)] {
        let mut gauge = Gauge::new(&host, family, Chain::filter("output", Hook::Output), rules.clone());
        for _ in 0..20 {
            let packet = Packet::icmp(loopback, loopback, error, 1);
            gauge.expect("a packet after another", || packet.send(&host), &["a million"]);
        }
    }
}

#[test]
fn connections_are_counted_while_they_exist() {
    need_namespaces!();
    let world = World::pair();
    let _services =
        [world.server.tcp_service("10.0.1.2:80", "v4"), world.server.tcp_service("[fd00:1::2]:80", "v6")];
    let chain = Chain::filter("input", Hook::Input).rule(Rule::new().not_tcp_syn().accept());
    let rules = [
        ("2 of 4", Rule::new().ipv4().tcp().dport(80).connlimit(2)),
        ("over 2 of 4", Rule::new().ipv4().tcp().dport(80).connlimit_over(2)),
        ("2 of 6", Rule::new().ipv6().tcp().dport(80).connlimit(2)),
        ("over 2 of 6", Rule::new().ipv6().tcp().dport(80).connlimit_over(2)),
        ("over 0 of others", Rule::new().tcp().dport(81).connlimit_over(0)),
    ];
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain, rules);
    for (server, version) in [("10.0.1.2:80", 4), ("[fd00:1::2]:80", 6)] {
        let (within, over) = (format!("2 of {version}"), format!("over 2 of {version}"));
        let mut open = Vec::new();
        for (count, expected) in [(1, &within), (2, &within), (3, &over), (4, &over)] {
            let send = || open.push(world.client.tcp_open(server));
            gauge.expect(&format!("connection {count} to {server}"), send, &[expected]);
        }
        // The kernel finds out with the next connections that the others are closed.
        drop(open);
        let deadline = Instant::now() + PATIENT;
        while gauge.matching(|| drop(world.client.tcp_open(server))) != [&*within] {
            assert!(Instant::now() < deadline, "closed connections to {server} still count");
        }
    }
}
