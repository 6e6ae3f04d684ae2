//! Fields that are loaded together match what they match one by one.

use portcullis::{Chain, Family, Hook, MacAddr, Policy, Priority, Protocol, Rule, language::Statement, not};
use portcullis_world::{Mac, Packet, World, need_namespaces};

use super::Gauge;

/// Two words, of which the second is one load and one comparison behind what it shares with the first: joined, in the
/// other order, with a test between, and as expressions that nothing joins.
fn ways(
    name: &str,
    base: &Rule,
    first: impl Fn(Rule) -> Rule,
    second: impl Fn(Rule) -> Rule,
) -> [(String, Rule); 4] {
    let joined = second(first(base.clone()));
    let turned = first(second(base.clone()));
    let between = first(second(base.clone()).mark(0));
    let [one, other] = [first(base.clone()), second(base.clone())]
        .map(|rule| rule.lower(Family::Inet).expect("a rule").expressions);
    let test = other.len() - 2;
    let apart: Vec<_> = one.into_iter().chain(other.into_iter().skip(test)).collect();
    assert_eq!(joined.lower(Family::Inet).expect("a rule").expressions.len() + 2, apart.len(), "{name}");
    let apart = apart.into_iter().map(Statement::Expr).fold(Rule::new(), Rule::say);
    [("joined", joined), ("turned", turned), ("between", between), ("apart", apart)]
        .map(|(way, rule)| (format!("{name}, {way}"), rule))
}

/// All four ways of these.
fn all(names: &[&str]) -> Vec<String> {
    let ways = ["joined", "turned", "between", "apart"];
    names.iter().flat_map(|name| ways.map(|way| format!("{name}, {way}"))).collect()
}

fn chain() -> Chain {
    Chain::filter("prerouting", Hook::Prerouting).priority(Priority::RAW).policy(Policy::Drop)
}

#[test]
fn both_ports() {
    need_namespaces!();
    let world = World::pair();
    let of = |name, protocol: Protocol| {
        ways(name, &Rule::new().protocol(protocol), |rule| rule.sport(4000), |rule| rule.dport(80))
    };
    let mut rules: Vec<_> = [of("tcp", Protocol::TCP), of("udp", Protocol::UDP), of("sctp", Protocol::SCTP)]
        .into_iter()
        .flatten()
        .collect();
    // Neither port, which is no negation of both.
    rules.push(("neither".to_owned(), Rule::new().tcp().sport(not(4000)).dport(not(80))));
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain(), rules);
    for (a, b) in [("10.0.1.1", "10.0.1.2"), ("fd00:1::1", "fd00:1::2")] {
        for (sport, dport, right) in [
            (4000, 80, true),
            (4000, 81, false),
            (4001, 80, false),
            (4001, 81, false),
            (80, 4000, false),
            // One bit away, at each end of the four bytes.
            (4000 ^ 0x8000, 80, false),
            (4000, 80 ^ 1, false),
        ] {
            let mut expect = |kind: &str, packet: Packet, also: &[&str]| {
                let names = if right { all(&[kind]) } else { Vec::new() };
                let expected: Vec<_> = names.iter().map(String::as_str).chain(also.iter().copied()).collect();
                gauge.expect(
                    &format!("{kind} {sport} > {dport} to {b}"),
                    || packet.send(&world.client),
                    &expected,
                );
            };
            let neither: &[&str] = if sport != 4000 && dport != 80 { &["neither"] } else { &[] };
            expect("tcp", Packet::tcp((a, sport), (b, dport)), neither);
            expect("udp", Packet::udp((a, sport), (b, dport)), &[]);
            let ports = [sport.to_be_bytes(), dport.to_be_bytes(), [0; 2], [0; 2]].concat();
            expect("sctp", Packet::other(a, b, 132).payload([ports, vec![0; 4]].concat()), &[]);
        }
        // A header that ends behind the first port has no second.
        let short = Packet::other(a, b, 132).payload(4000u16.to_be_bytes());
        gauge.expect("a header cut short", || short.send(&world.client), &[]);
    }
}

#[test]
fn type_and_code() {
    need_namespaces!();
    let world = World::pair();
    let v4 = ways("4", &Rule::new(), |rule| rule.icmp_type(3), |rule| rule.icmp_code(10));
    let v6 = ways("6", &Rule::new(), |rule| rule.icmpv6_type(3), |rule| rule.icmpv6_code(10));
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain(), v4.into_iter().chain(v6));
    for (version, a, b) in [("4", "10.0.1.1", "10.0.1.2"), ("6", "fd00:1::1", "fd00:1::2")] {
        for (kind, code, right) in
            [(3, 10, true), (3, 9, false), (4, 10, false), (10, 3, false), (4, 9, false), (0x43, 10, false)]
        {
            let names = if right { all(&[version]) } else { Vec::new() };
            let expected: Vec<_> = names.iter().map(String::as_str).collect();
            let packet = Packet::icmp(a, b, kind, code);
            gauge.expect(&format!("ICMP {kind}/{code} to {b}"), || packet.send(&world.client), &expected);
        }
    }
}

#[test]
fn both_ethernet_addresses() {
    need_namespaces!();
    let world = World::pair();
    let (client, server) = (world.client.mac("eth0"), world.server.mac("eth0"));
    let forged = |mac: Mac, byte: usize| {
        let mut other = mac;
        other.0[byte] ^= 2;
        other
    };
    let rules = ways(
        "mac",
        &Rule::new(),
        |rule| rule.ether_daddr(MacAddr(server.0)),
        |rule| rule.ether_saddr(MacAddr(client.0)),
    );
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain(), rules);
    for (a, b) in [("10.0.1.1", "10.0.1.2"), ("fd00:1::1", "fd00:1::2")] {
        for (name, from, to, right) in [
            ("right", client, server, true),
            ("from another, the first byte", forged(client, 0), server, false),
            ("from another, the last byte", forged(client, 5), server, false),
            ("to another, the first byte", client, forged(server, 0), false),
            ("to another, the last byte", client, forged(server, 5), false),
            ("to all", client, Mac::BROADCAST, false),
        ] {
            let names = if right { all(&["mac"]) } else { Vec::new() };
            let expected: Vec<_> = names.iter().map(String::as_str).collect();
            let frame = Packet::udp((a, 4000), (b, 9)).ethernet(from, to);
            let send = || world.client.send_raw("eth0", &frame);
            // What is for others does not come so far.
            match name.starts_with("to another") {
                true => gauge.expect_silence(name, send),
                false => gauge.expect(name, send, &expected),
            }
        }
    }
}
