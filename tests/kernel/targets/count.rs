//! What rules keep: counters, quotas, when they were reached.

use std::net::UdpSocket;

use portcullis::expr::Expr;
use portcullis::{Chain, Family, Hook, Quota, Rule};
use portcullis_world::{Host, Packet, need_namespaces};

use super::{program, try_program};
use crate::support::{counts, open};

const CHAIN: (Family, &str, &str) = (Family::Inet, "t", "output");

#[test]
fn a_counter_counts_on_from_where_it_was() {
    need_namespaces!();
    let host = Host::new("host");
    let chain = Chain::filter("output", Hook::Output)
        .rule(Rule::new().counter())
        .rule(Rule::new().counter_from(1_000_000, 1 << 40))
        .rule(Rule::new().mark(1).counter_from(5, 500))
        .rule(Rule::new().counter().mark(1));
    program(&host, Family::Inet, [chain]);
    for mark in [1, 2] {
        Packet::icmp("127.0.0.1", "127.0.0.1", 3, 1).payload([0; 72]).mark(mark).send(&host);
    }
    let rules = open(&host).rules(CHAIN).unwrap();
    let counters = rules.iter().map(|rule| {
        rule.expressions().find_map(|expression| match expression {
            Expr::Counter(counter) => Some((counter.packets.unwrap(), counter.bytes.unwrap())),
            _ => None,
        })
    });
    let counters: Vec<_> = counters.map(Option::unwrap).collect();
    assert_eq!(counters, [(2, 200), (1_000_002, (1 << 40) + 200), (6, 600), (2, 200)], "packets and bytes");
}

#[test]
fn a_quota_runs_out() {
    need_namespaces!();
    let host = Host::new("host");
    // Ten datagrams of 100 bytes each. A quota is not said to the byte: kernels differ about the packet that uses up
    // the last one.
    let cases = [
        ("until 350", Rule::new().quota(Quota::until(350)), 3),
        ("over 350", Rule::new().quota(Quota::over(350)), 7),
        ("until 350, 160 used", Rule::new().quota(Quota::until(350).used(160)), 1),
        ("over 350, 340 used", Rule::new().quota(Quota::over(350).used(340)), 10),
        ("until more", Rule::new().quota(Quota::until(1_000_000_000)), 10),
        ("of nothing", Rule::new().tcp().quota(Quota::until(350)), 0),
    ];
    for (loopback, header) in [("127.0.0.1", 28), ("::1", 48)] {
        let mut chain = Chain::filter("output", Hook::Output);
        for (name, rule, _) in &cases {
            chain = chain.rule(rule.clone().counter().comment(name));
        }
        program(&host, Family::Inet, [chain.rule(Rule::new().drop())]);
        // The hook works in the sender's own call: nothing need be waited for.
        host.run(|| {
            let socket = UdpSocket::bind((loopback, 0)).unwrap();
            for _ in 0..10 {
                socket.send_to(&vec![0; 100 - header], (loopback, 9)).expect_err("the last rule drops it");
            }
        });
        let mut firewall = open(&host);
        let counts = counts(&mut firewall, CHAIN);
        for ((name, count), (_, _, expected)) in counts.iter().zip(&cases) {
            assert_eq!(count, expected, "{name}, {loopback}: packets of 10");
        }
        assert_eq!(counts.len(), cases.len());
        // What is used up is told.
        let rules = firewall.rules(CHAIN).unwrap();
        let used = rules.iter().find_map(|rule| {
            rule.expressions().find_map(|expression| match expression {
                Expr::Quota(quota) => quota.consumed,
                _ => None,
            })
        });
        assert!(used.is_some_and(|used| used >= 350), "{loopback}: the first quota is used up: {used:?}");
    }
}

#[test]
fn a_rule_remembers_that_it_was_reached() {
    need_namespaces!();
    let host = Host::new("host");
    let chain = Chain::filter("output", Hook::Output).rule(Rule::new().mark(1).last_used());
    if let Err(error) = try_program(&host, Family::Inet, [chain]) {
        portcullis_world::skip!("this kernel does not remember it (5.14): {error}");
    }
    let last = || {
        let rules = open(&host).rules(CHAIN).unwrap();
        let last = rules[0].expressions().find_map(|expression| match expression {
            Expr::Last(last) => Some((last.set, last.msecs.is_some())),
            _ => None,
        });
        last.expect("the rule's last")
    };
    let packet = |mark| Packet::icmp("127.0.0.1", "127.0.0.1", 3, 1).mark(mark).send(&host);
    packet(2);
    assert!(matches!(last(), (None | Some(0), _)), "not reached yet: {:?}", last());
    packet(1);
    assert_eq!(last(), (Some(1), true), "reached, and since when");
}
