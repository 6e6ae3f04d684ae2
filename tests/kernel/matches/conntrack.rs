//! What the kernel knows about a packet's connection.

use std::process::Command;
use std::time::Duration;

use portcullis::expr::{Ct, CtKey, Data, Immediate, Register};
use portcullis::language::matches::{CtTrafficMatch, TrafficKind};
use portcullis::{
    Chain, CtDirection, CtState, CtStatus, Family, Hook, Policy, Priority, Rule, Ruleset, Table,
};
use portcullis::{masked, not};
use portcullis_world::{Attempt, Host, PATIENT, Packet, TcpFlags, World, need_namespaces};

use super::Gauge;
use crate::support::open;

const ENDS: [(&str, &str); 2] = [("10.0.1.1", "10.0.1.2"), ("fd00:1::1", "fd00:1::2")];

/// A chain in a table of its own.
fn add(host: &Host, table: &str, chain: Chain) {
    open(host).apply(Ruleset::new().table(Table::new(Family::Inet, table).chain(chain))).unwrap();
}

fn states() -> [(&'static str, Rule); 7] {
    [
        ("new", Rule::new().ct_state(CtState::NEW)),
        ("established", Rule::new().ct_state(CtState::ESTABLISHED)),
        ("related", Rule::new().ct_state(CtState::RELATED)),
        ("invalid", Rule::new().ct_state(CtState::INVALID)),
        ("untracked", Rule::new().ct_state(CtState::UNTRACKED)),
        ("not new", Rule::new().ct_state(not(CtState::NEW))),
        ("known", Rule::new().ct_state(CtState::ESTABLISHED | CtState::RELATED)),
    ]
}

#[test]
fn states_follow_the_connection() {
    need_namespaces!();
    let world = World::pair();
    let raw = Chain::filter("raw", Hook::Prerouting).priority(Priority::RAW);
    let raw = raw.rule(Rule::new().udp().dport(54).notrack());
    add(&world.server, "untrack", raw);
    let mut server = Gauge::new(&world.server, Family::Inet, Chain::filter("input", Hook::Input), states());
    let mut client = Gauge::new(&world.client, Family::Inet, Chain::filter("input", Hook::Input), states());
    let services =
        ENDS.map(|(_, server)| [53, 54].map(|port| world.server.udp_service((server, port), "udp")));

    for (a, b) in ENDS {
        let ask = |port| {
            let attempt = Attempt::udp((b, port), "hello").source((a, 4000)).timeout(PATIENT);
            assert!(attempt.from(&world.client).is_connected(), "no answer from {b}, port {port}");
        };
        let known = ["established", "not new", "known"];
        let answered = |client: &mut Gauge| {
            client.expect("an answer", || {}, &known);
        };
        server.expect(&format!("the first question to {b}"), || ask(53), &["new"]);
        answered(&mut client);
        server.expect(&format!("the second question to {b}"), || ask(53), &known);
        answered(&mut client);
        server.expect("what is not tracked", || ask(54), &["untracked", "not new"]);
        answered(&mut client);
        server.expect("what is not tracked, again", || ask(54), &["untracked", "not new"]);
        answered(&mut client);

        // Nobody listens there; the error belongs to the question.
        let lost = || {
            let attempt = Attempt::udp((b, 55), "hello").timeout(PATIENT);
            assert!(attempt.from(&world.client).is_refused());
        };
        server.expect("a question to nobody", lost, &["new"]);
        client.expect("the error that answers it", || {}, &["related", "not new", "known"]);

        // Not the beginning of anything. The client's own filter is no obstacle.
        for flags in
            [TcpFlags::SYN | TcpFlags::ACK, TcpFlags::RST, TcpFlags::FIN | TcpFlags::PSH | TcpFlags::URG]
        {
            let packet = Packet::tcp((a, 5000), (b, 80)).flags(flags);
            let invalid = || packet.send(&world.client);
            server.expect(&format!("{flags:?} out of nowhere"), invalid, &["invalid", "not new"]);
            // A reset is not answered; the others are, by a reset that the client has not asked for.
            if flags != TcpFlags::RST {
                client.matching(|| {});
            }
        }
    }
    drop(services);
}

/// Each state by both words, and by their negations.
fn one_state_by_both_words() -> impl Iterator<Item = (String, Rule)> {
    let states = [
        ("new", CtState::NEW),
        ("established", CtState::ESTABLISHED),
        ("related", CtState::RELATED),
        ("invalid", CtState::INVALID),
        ("untracked", CtState::UNTRACKED),
    ];
    states.into_iter().flat_map(|(name, state)| {
        [
            (format!("{name}, masked"), Rule::new().ct_state(state)),
            (format!("{name}, bare"), Rule::new().ct_state_is(state)),
            (format!("not {name}, masked"), Rule::new().ct_state(not(state))),
            (format!("not {name}, bare"), Rule::new().ct_state_is(not(state))),
        ]
    })
}

/// The names of the rules above that match a packet in this state.
fn by_both_words(state: &str) -> Vec<String> {
    ["new", "established", "related", "invalid", "untracked"]
        .into_iter()
        .flat_map(|name| {
            let not = if name == state { "" } else { "not " };
            ["masked", "bare"].map(|word| format!("{not}{name}, {word}"))
        })
        .collect()
}

#[test]
fn a_state_without_a_mask_is_that_of_the_same_packets() {
    need_namespaces!();
    let world = World::pair();
    let raw = Chain::filter("raw", Hook::Prerouting).priority(Priority::RAW);
    add(&world.server, "untrack", raw.rule(Rule::new().udp().dport(54).notrack()));
    let input = || Chain::filter("input", Hook::Input);
    let mut server = Gauge::new(&world.server, Family::Inet, input(), one_state_by_both_words());
    let mut client = Gauge::new(&world.client, Family::Inet, input(), one_state_by_both_words());
    // The kernel has them as they were said: otherwise this would compare a word with itself.
    for (name, rule) in one_state_by_both_words() {
        let tests = rule.lower(Family::Inet).unwrap().expressions.len();
        assert_eq!(tests, if name.ends_with("bare") { 2 } else { 3 }, "{name}");
    }

    for (a, b) in ENDS {
        let is = |gauge: &mut Gauge, packet: &str, send: &dyn Fn(), state| {
            assert_eq!(gauge.matching(send), by_both_words(state), "{packet} of {a} and {b} is {state}");
        };
        let _services = [53, 54].map(|port| world.server.udp_service((b, port), "udp"));
        let ask = |port| {
            let attempt = Attempt::udp((b, port), "hello").source((a, 4000)).timeout(PATIENT);
            assert!(attempt.from(&world.client).is_connected(), "no answer from {b}, port {port}");
        };
        is(&mut server, "a question", &|| ask(53), "new");
        is(&mut client, "its answer", &|| {}, "established");
        is(&mut server, "the next question", &|| ask(53), "established");
        is(&mut client, "its answer", &|| {}, "established");
        is(&mut server, "what is not tracked", &|| ask(54), "untracked");
        client.matching(|| {});
        let lost = || {
            let attempt = Attempt::udp((b, 55), "hello").timeout(PATIENT);
            assert!(attempt.from(&world.client).is_refused());
        };
        is(&mut server, "a question to nobody", &lost, "new");
        is(&mut client, "the error that answers it", &|| {}, "related");
        let reset = || Packet::tcp((a, 5000), (b, 80)).flags(TcpFlags::RST).send(&world.client);
        is(&mut server, "a reset out of nowhere", &reset, "invalid");
    }
}

#[test]
fn directions_statuses_and_what_has_passed_are_those_of_the_connection() {
    need_namespaces!();
    let world = World::pair();
    for host in [&world.client, &world.server] {
        host.sysctl("net/netfilter/nf_conntrack_acct", "1");
        host.sysctl("net/netfilter/nf_conntrack_udp_timeout", "1000");
        host.sysctl("net/netfilter/nf_conntrack_udp_timeout_stream", "1000");
    }
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let traffic = |kind, direction, traffic: std::ops::RangeInclusive<u64>| {
        Rule::new().say(CtTrafficMatch { kind, direction: Some(direction), traffic: traffic.into() })
    };
    let rules = || {
        [
            ("original", Rule::new().ct_direction(CtDirection::Original)),
            ("reply", Rule::new().ct_direction(CtDirection::Reply)),
            ("not reply", Rule::new().ct_direction(not(CtDirection::Reply))),
            ("seen reply", Rule::new().ct_status(CtStatus::SEEN_REPLY)),
            ("no reply seen", Rule::new().ct_status(not(CtStatus::SEEN_REPLY))),
            ("confirmed", Rule::new().ct_status(CtStatus::CONFIRMED)),
            ("not confirmed", Rule::new().ct_status(not(CtStatus::CONFIRMED))),
            ("translated", Rule::new().ct_status(CtStatus::SNAT | CtStatus::DNAT)),
            (
                "expires in 10 to 20 minutes",
                Rule::new().ct_status(CtStatus::CONFIRMED).ct_expiration(minutes(10)..=minutes(20)),
            ),
            (
                "expires later",
                Rule::new().ct_status(CtStatus::CONFIRMED).ct_expiration(not(Duration::ZERO..=minutes(20))),
            ),
            (
                "expires soon",
                Rule::new().ct_status(CtStatus::CONFIRMED).ct_expiration(Duration::ZERO..=minutes(9)),
            ),
            ("1 packet", Rule::new().ct_packets(1)),
            ("2 packets", Rule::new().ct_packets(2)),
            ("3 packets and more", Rule::new().ct_packets(3..=u64::MAX)),
            ("2 asked", traffic(TrafficKind::Packets, CtDirection::Original, 2..=9)),
            ("1 answered", traffic(TrafficKind::Packets, CtDirection::Reply, 1..=1)),
            ("some 100 bytes", Rule::new().ct_bytes(101..=199)),
            ("no bytes answered", traffic(TrafficKind::Bytes, CtDirection::Reply, 0..=0)),
            (
                "large packets",
                Rule::new().say(CtTrafficMatch {
                    kind: TrafficKind::AveragePacket,
                    direction: None,
                    traffic: (90..=u64::MAX).into(),
                }),
            ),
            ("zone 0", Rule::new().ct_zone(0)),
            ("zone 7", Rule::new().ct_zone(7)),
            ("not zone 7", Rule::new().ct_zone(not([7, 8]))),
        ]
    };
    let chain = || Chain::filter("input", Hook::Input);
    let mut server = Gauge::new(&world.server, Family::Inet, chain(), rules());
    let mut client = Gauge::new(&world.client, Family::Inet, chain(), rules());
    for (a, b) in ENDS {
        let _service = world.server.udp_service((b, 53), "udp");
        // With headers 101 bytes; the answer is a little longer.
        let payload = "x".repeat(if a.contains(':') { 53 } else { 73 });
        let ask = || {
            let attempt = Attempt::udp((b, 53), &payload).source((a, 4000)).timeout(PATIENT);
            assert!(attempt.from(&world.client).is_connected(), "no answer from {b}");
        };
        let zone = ["zone 0", "not zone 7"];
        let first = [
            &["original", "not reply", "no reply seen", "not confirmed", "1 packet", "some 100 bytes"][..],
            &["no bytes answered", "large packets"],
            &zone,
        ];
        server.expect(&format!("the first question to {b}"), ask, &first.concat());
        let expires = "expires in 10 to 20 minutes";
        let answer =
            ["reply", "seen reply", "confirmed", expires, "2 packets", "1 answered", "large packets"];
        client.expect("the answer", || {}, &[&answer[..], &zone].concat());
        let second = [
            &["original", "not reply", "seen reply", "confirmed", expires, "3 packets and more", "2 asked"][..],
            &["1 answered", "large packets"],
            &zone,
        ];
        server.expect(&format!("the second question to {b}"), ask, &second.concat());
        client.matching(|| {});
    }
}

#[test]
fn a_zone_is_the_one_that_a_rule_gave() {
    need_namespaces!();
    let world = World::pair();
    let raw = Chain::filter("raw", Hook::Prerouting).priority(Priority::RAW);
    let zone = Rule::new()
        .udp()
        .dport(7)
        .say(Immediate::data(Register::R1, Data::host_u16(7)))
        .say(Ct::store(CtKey::Zone, Register::R1));
    add(&world.server, "zones", raw.rule(zone));
    let rules = [
        ("0", Rule::new().ct_zone(0)),
        ("7", Rule::new().ct_zone(7)),
        ("not 7", Rule::new().ct_zone(not(7))),
        ("5 to 9", Rule::new().ct_zone(5..=9)),
    ];
    let chain = Chain::filter("input", Hook::Input).policy(Policy::Drop);
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain, rules);
    for (a, b) in ENDS {
        let packet = |port| Packet::udp((a, 4000), (b, port));
        gauge.expect(&format!("zone 7, {b}"), || packet(7).send(&world.client), &["7", "5 to 9"]);
        gauge.expect(&format!("no zone, {b}"), || packet(8).send(&world.client), &["0", "not 7"]);
    }
}

#[test]
fn a_connections_mark_outlives_its_packet() {
    need_namespaces!();
    let world = World::pair();
    let raw = Chain::filter("mangle", Hook::Prerouting).priority(Priority::MANGLE);
    let raw = raw.rule(Rule::new().ct_state(CtState::NEW).udp().dport(53).set_ct_mark(0x110));
    add(&world.server, "marks", raw);
    let rules = [
        ("0x110", Rule::new().ct_mark(0x110)),
        ("not 0x110", Rule::new().ct_mark(not(0x110))),
        ("0x10 of 0xff", Rule::new().ct_mark(masked(0x10, 0xff))),
        ("not 0x10 of 0xff", Rule::new().ct_mark(not(masked(0x10, 0xff)))),
        ("0 to 0xff", Rule::new().ct_mark(0..=0xff)),
        ("list", Rule::new().ct_mark([0x110, 0x111])),
        ("packet's", Rule::new().mark(0x110)),
    ];
    let mut gauge = Gauge::new(&world.server, Family::Inet, Chain::filter("input", Hook::Input), rules);
    for (a, b) in ENDS {
        let _services = [53, 54].map(|port| world.server.udp_service((b, port), "udp"));
        for time in ["first", "second"] {
            let ask = |port| {
                let attempt = Attempt::udp((b, port), "hello").source((a, 4000)).timeout(PATIENT);
                assert!(attempt.from(&world.client).is_connected());
            };
            let marked = ["0x110", "0x10 of 0xff", "list"];
            gauge.expect(&format!("the {time} packet to {b} of a marked connection"), || ask(53), &marked);
            let unmarked = ["not 0x110", "not 0x10 of 0xff", "0 to 0xff"];
            gauge.expect(&format!("the {time} packet to {b} of another"), || ask(54), &unmarked);
        }
    }
}

#[test]
fn original_and_reply_addresses_are_those_before_and_behind_translation() {
    need_namespaces!();
    let world = World::pair();
    let nat = Chain::nat("prerouting", Hook::Prerouting)
        .rule(Rule::new().udp().daddr("10.0.1.3").dport(7000).dnat("10.0.1.2:53"))
        .rule(Rule::new().udp().daddr("fd00:1::3").dport(7000).dnat("[fd00:1::2]:53"));
    add(&world.server, "nat", nat);
    let rules = [
        ("translated", Rule::new().ct_status(CtStatus::DNAT)),
        ("not translated", Rule::new().ct_status(not(CtStatus::DNAT))),
        ("meant for 7000", Rule::new().udp().ct_original_dport(7000)),
        ("not meant for 7000", Rule::new().udp().ct_original_dport(not(7000))),
        ("answered from 53", Rule::new().udp().ct_reply_sport(53)),
        ("asked from 4000 to 4009", Rule::new().udp().ct_original_sport(4000..=4009)),
        ("answered to 4000 or 4001", Rule::new().udp().ct_reply_dport([4000, 4001])),
        ("meant for .3", Rule::new().ct_original_daddr("10.0.1.3")),
        ("not meant for .3", Rule::new().ct_original_daddr(not("10.0.1.3"))),
        ("meant for the network", Rule::new().ct_original_daddr("10.0.1.0/24")),
        ("meant for an odd network", Rule::new().ct_original_daddr("10.0.1.2/31")),
        ("not meant for another network", Rule::new().ct_original_daddr(not("10.0.2.0/24"))),
        ("asked by .1", Rule::new().ct_original_saddr("10.0.1.1")),
        ("answered by .2", Rule::new().ct_reply_saddr("10.0.1.2")),
        ("answered to .1", Rule::new().ct_reply_daddr("10.0.1.1-10.0.1.9")),
        ("meant for ::3", Rule::new().ct_original_daddr("fd00:1::3")),
        ("not meant for ::3", Rule::new().ct_original_daddr(not("fd00:1::3"))),
        ("meant for the network 6", Rule::new().ct_original_daddr("fd00:1::/32")),
        ("asked by ::1", Rule::new().ct_original_saddr("fd00:1::1")),
        ("answered by ::2", Rule::new().ct_reply_saddr("fd00:1::2")),
        ("answered to ::1", Rule::new().ct_reply_daddr(["fd00:1::1", "fd00:9::/64"])),
    ];
    let mut gauge = Gauge::new(&world.server, Family::Inet, Chain::filter("input", Hook::Input), rules);
    let cases = [
        ("10.0.1.3:7000", "10.0.1.2:53", true),
        ("10.0.1.2:53", "10.0.1.2:53", false),
        ("[fd00:1::3]:7000", "[fd00:1::2]:53", true),
        ("[fd00:1::2]:53", "[fd00:1::2]:53", false),
    ];
    world.server.address("eth0", "10.0.1.3/24");
    world.server.address("eth0", "fd00:1::3/64");
    for (target, server, translated) in cases {
        let v6 = target.starts_with('[');
        let service = world.server.udp_service(server, "udp");
        // Two ports: the answers of the two connections come from the same.
        let source = (if v6 { "fd00:1::1" } else { "10.0.1.1" }, if translated { 4000 } else { 4001 });
        let attempt = Attempt::udp(target, "hello").source(source).timeout(PATIENT);
        let mut expected = match translated {
            true => vec!["translated", "meant for 7000"],
            false => vec!["not translated", "not meant for 7000"],
        };
        expected.extend(["answered from 53", "asked from 4000 to 4009", "answered to 4000 or 4001"]);
        expected.extend(match (v6, translated) {
            (false, true) => &["meant for .3"][..],
            (false, false) => &["not meant for .3"],
            (true, true) => &["meant for ::3"],
            (true, false) => &["not meant for ::3"],
        });
        expected.extend(match v6 {
            false => {
                &["meant for the network", "meant for an odd network", "not meant for another network"][..]
            }
            true => &["meant for the network 6"],
        });
        expected.extend(match v6 {
            false => ["asked by .1", "answered by .2", "answered to .1"],
            true => ["asked by ::1", "answered by ::2", "answered to ::1"],
        });
        let ask = || assert!(attempt.from(&world.client).is_connected(), "no answer from {target}");
        gauge.expect(&format!("a packet to {target}"), ask, &expected);
        drop(service);
    }
}

#[test]
fn a_connection_that_a_helper_expected_is_told_by_its_name() {
    need_namespaces!();
    let world = World::pair();
    // Helper objects come later: nft gives the connection its helper.
    let text = "table ip helpers {\n\
                ct helper standard { type \"ftp\" protocol tcp; }\n\
                chain helpers { type filter hook prerouting priority mangle; tcp dport 21 ct helper set \"standard\"; }\n\
                }";
    let nft = world.server.run(|| Command::new("nft").arg(text).output());
    match nft {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            portcullis_world::skip!("no helper for FTP here: {}", String::from_utf8_lossy(&output.stderr))
        }
        Err(error) => portcullis_world::skip!("nft is not installed: {error}"),
    }
    let rules = [
        ("expected by ftp", Rule::new().ct_helper("ftp")),
        ("not by sip", Rule::new().ct_helper(not("sip"))),
        ("by one of two", Rule::new().ct_helper(["ftp", "tftp"])),
        ("related", Rule::new().ct_state(CtState::RELATED)),
    ];
    let chain = Chain::filter("output", Hook::Output).rule(Rule::new().not_tcp_syn().accept());
    let chain = chain.rule(Rule::new().tcp().sport([21, 2020]).dport(not(1026..=1027)).accept());
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain, rules);
    let _control = world.server.tcp_service("10.0.1.2:21", "220");
    let _data = [1026, 1027].map(|port| world.client.tcp_service(("10.0.1.1", port), "data"));

    let mut control = world.client.tcp_open("10.0.1.2:21");
    // The helper reads a line only behind another.
    control.echo("USER anonymous\r\n", PATIENT).unwrap();
    control.echo("PORT 10,0,1,1,4,2\r\n", PATIENT).unwrap();
    let call = |port: u16| {
        assert!(
            Attempt::tcp(("10.0.1.1", port))
                .source_port(2020)
                .timeout(PATIENT)
                .from(&world.server)
                .is_connected()
        );
    };
    let expected = ["expected by ftp", "not by sip", "by one of two", "related"];
    gauge.expect("the data connection, to port 1026", || call(1026), &expected);
    gauge.expect("a connection that nobody expected", || call(1027), &[]);
}
