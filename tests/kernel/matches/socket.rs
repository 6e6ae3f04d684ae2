//! The local socket that a packet is for.

use portcullis::{Chain, Family, Hook, Policy, Rule, not};
use portcullis_world::{Attempt, PATIENT, Packet, TcpFlags, World, need_namespaces};

use super::Gauge;

#[test]
fn listening_sockets_are_told_by_transparency_and_address() {
    need_namespaces!();
    let world = World::pair();
    let services = [
        world.server.tcp_service("10.0.1.2:80", "plain"),
        world.server.tcp_service("0.0.0.0:81", "wildcard"),
        world.server.tcp_service_transparent("10.0.1.2:82", "transparent"),
        world.server.tcp_service("[fd00:1::2]:80", "plain"),
        world.server.tcp_service("[::]:83", "wildcard"),
        world.server.tcp_service_transparent("[fd00:1::2]:82", "transparent"),
    ];
    let rules = [
        ("transparent", Rule::new().tcp().socket_transparent()),
        ("wildcard", Rule::new().tcp().socket_wildcard(true)),
        ("bound", Rule::new().tcp().socket_wildcard(false)),
    ];
    let chain = Chain::filter("prerouting", Hook::Prerouting).policy(Policy::Drop);
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain, rules);
    let cases: [(&str, u16, &[&str]); 8] = [
        ("10.0.1.2", 80, &["bound"]),
        ("10.0.1.2", 81, &["wildcard"]),
        ("10.0.1.2", 82, &["transparent", "bound"]),
        // Nobody listens: neither yes nor no.
        ("10.0.1.2", 84, &[]),
        ("fd00:1::2", 80, &["bound"]),
        ("fd00:1::2", 83, &["wildcard"]),
        ("fd00:1::2", 82, &["transparent", "bound"]),
        ("fd00:1::2", 84, &[]),
    ];
    for (to, port, expected) in cases {
        let from = if to.contains(':') { "fd00:1::1" } else { "10.0.1.1" };
        let packet = Packet::tcp((from, 4000), (to, port)).flags(TcpFlags::SYN);
        gauge.expect(&format!("a SYN to {to}, port {port}"), || packet.send(&world.client), expected);
    }
    assert!(services.iter().all(|service| service.visits().is_empty()));
}

#[test]
fn an_answer_is_matched_by_its_sockets_mark() {
    need_namespaces!();
    let world = World::pair();
    let _service =
        [world.server.udp_service("10.0.1.2:53", "v4"), world.server.udp_service("[fd00:1::2]:53", "v6")];
    let rules = [
        ("seven", Rule::new().udp().socket_mark(7)),
        ("not seven", Rule::new().udp().socket_mark(not(7))),
        ("five to nine", Rule::new().udp().socket_mark([5, 7, 9])),
    ];
    let mut gauge = Gauge::new(&world.client, Family::Inet, Chain::filter("input", Hook::Input), rules);
    for server in ["10.0.1.2:53", "[fd00:1::2]:53"] {
        for (mark, expected) in
            [(7, &["seven", "five to nine"][..]), (8, &["not seven"]), (9, &["not seven", "five to nine"])]
        {
            let attempt = Attempt::udp(server, "hello").mark(mark).timeout(PATIENT);
            let name = format!("an answer of {server} for mark {mark}");
            gauge.expect(&name, || assert!(attempt.from(&world.client).is_connected()), expected);
        }
    }
}
