//! A part of the packets: every nth, a random one.

use std::net::UdpSocket;

use portcullis::{Chain, CtState, Family, Hook, Rule, Ruleset, Table, not};
use portcullis_world::{Attempt, Host, PATIENT, Packet, World, need_namespaces};

use super::Gauge;
use crate::support::{counts, open};

#[test]
fn every_nth_packet_is_exactly_that() {
    need_namespaces!();
    let host = Host::new("host");
    // A rule counts packets of both versions together.
    let marked = |index, mark| {
        let (loopback, error) = if index / 3 % 2 == 0 { ("127.0.0.1", 3) } else { ("::1", 1) };
        Packet::icmp(loopback, loopback, error, 1).mark(mark)
    };
    let rules = [
        ("1st of 3", Rule::new().nth(3, 0)),
        ("3rd of 3", Rule::new().nth(3, 2)),
        ("not 2nd of 4", Rule::new().not_nth(4, 1)),
        ("each", Rule::new().nth(1, 0)),
        // What comes before decides what is counted.
        ("2nd of 2 with mark 7", Rule::new().mark(7).nth(2, 1)),
    ];
    let mut gauge = Gauge::new(&host, Family::Inet, Chain::filter("output", Hook::Output), rules);
    let mut with_mark = 0;
    for index in 0..24 {
        // Two with the mark, one without.
        let mark = if index % 3 == 2 { 0 } else { 7 };
        with_mark += u32::from(mark == 7);
        let expected = [
            ("1st of 3", index % 3 == 0),
            ("3rd of 3", index % 3 == 2),
            ("not 2nd of 4", index % 4 != 1),
            ("each", true),
            ("2nd of 2 with mark 7", mark == 7 && with_mark % 2 == 0),
        ];
        let expected: Vec<_> = expected.iter().filter(|(_, counts)| *counts).map(|(name, _)| *name).collect();
        gauge.expect(&format!("packet {index}"), || marked(index, mark).send(&host), &expected);
    }
}

#[test]
fn every_nth_connection_is_exactly_that() {
    need_namespaces!();
    let world = World::pair();
    let new = || Rule::new().ct_state(CtState::NEW).udp();
    let rules =
        [("2nd of 2", new().nth(2, 1)), ("1st of 3", new().nth(3, 0)), ("not 1st of 3", new().not_nth(3, 0))];
    let mut gauge = Gauge::new(&world.server, Family::Inet, Chain::filter("input", Hook::Input), rules);
    let mut connection = 0;
    for server in ["10.0.1.2:53", "[fd00:1::2]:53"] {
        let _service = world.server.udp_service(server, "udp");
        for port in 4000..4006 {
            let attempt = Attempt::udp(server, "hello").source_port(port).timeout(PATIENT);
            let ask = || assert!(attempt.from(&world.client).is_connected(), "no answer of {server}");
            let second = (connection % 2 == 1).then_some("2nd of 2");
            let first = if connection % 3 == 0 { "1st of 3" } else { "not 1st of 3" };
            let expected: Vec<_> = second.into_iter().chain([first]).collect();
            gauge.expect(&format!("connection {connection}"), ask, &expected);
            gauge.expect(&format!("the second packet of connection {connection}"), ask, &[]);
            connection += 1;
        }
    }
}

#[test]
fn a_random_part_of_the_packets_is_about_as_large_as_said() {
    need_namespaces!();
    let host = Host::new("host");
    let rules = [
        ("all", Rule::new(), 1000..=1000),
        ("0.0", Rule::new().random(0.0), 0..=0),
        ("1.0", Rule::new().random(1.0), 1000..=1000),
        ("0.5", Rule::new().random(0.5), 300..=700),
        ("0.1", Rule::new().random(0.1), 20..=250),
        ("not 0.0", Rule::new().random(not(0.0)), 1000..=1000),
        ("not 1.0", Rule::new().random(not(1.0)), 0..=0),
        ("not 0.25", Rule::new().random(not(0.25)), 550..=930),
    ];
    for (family, loopback) in [(Family::Ip, "127.0.0.1"), (Family::Ip6, "::1")] {
        let mut chain = Chain::filter("output", Hook::Output);
        for (name, rule, _) in &rules {
            chain = chain.rule(rule.clone().counter().comment(name));
        }
        // The hook works in the sender's own call: nothing need be waited for. No answers: nothing is delivered.
        let chain = chain.rule(Rule::new().drop());
        let mut firewall = open(&host);
        firewall.apply(Ruleset::new().table(Table::new(family, "t").chain(chain))).unwrap();
        host.run(|| {
            let socket = UdpSocket::bind((loopback, 0)).unwrap();
            for _ in 0..1000 {
                let refusal = socket.send_to(b"", (loopback, 9)).unwrap_err();
                assert_eq!(refusal.kind(), std::io::ErrorKind::PermissionDenied);
            }
        });
        let counts = counts(&mut firewall, (family, "t", "output"));
        for ((name, count), (_, _, bounds)) in counts.iter().zip(&rules) {
            assert!(bounds.contains(count), "{name}, {family}: {count} of 1000 packets, expected {bounds:?}");
        }
        assert_eq!(counts.len(), rules.len());
    }
}
