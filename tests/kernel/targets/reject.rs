//! Rejects, seen by those who are rejected.

use portcullis::{Chain, Family, Hook, Icmp6Code, IcmpCode, IcmpxCode, RejectWith, Rule};
use portcullis_world::{Attempt, Errno, Host, IcmpError, PATIENT, Packet, TcpFlags, World, need_namespaces};

use super::program;
use crate::support::{counted, open};

use RejectWith::{Icmp, Icmpv6, Icmpx, TcpReset};

const V4: [(IcmpCode, u8); 7] = [
    (IcmpCode::NetUnreachable, 0),
    (IcmpCode::HostUnreachable, 1),
    (IcmpCode::ProtUnreachable, 2),
    (IcmpCode::PortUnreachable, 3),
    (IcmpCode::NetProhibited, 9),
    (IcmpCode::HostProhibited, 10),
    (IcmpCode::AdminProhibited, 13),
];
const V6: [(Icmp6Code, u8); 6] = [
    (Icmp6Code::NoRoute, 0),
    (Icmp6Code::AdminProhibited, 1),
    (Icmp6Code::AddrUnreachable, 3),
    (Icmp6Code::PortUnreachable, 4),
    (Icmp6Code::PolicyFail, 5),
    (Icmp6Code::RejectRoute, 6),
];
/// With the codes of either version.
const BOTH: [(IcmpxCode, u8, u8); 4] = [
    (IcmpxCode::NoRoute, 0, 0),
    (IcmpxCode::PortUnreachable, 3, 4),
    (IcmpxCode::HostUnreachable, 1, 3),
    (IcmpxCode::AdminProhibited, 13, 1),
];

/// What the sender of a datagram hears: type and code of the ICMP error, and who sent it.
#[track_caller]
fn error_for(host: &Host, target: (&str, u16)) -> (u8, u8, String) {
    let heard = host.icmp_errors();
    // Into the void: the answer is what the raw socket hears, whatever a datagram's socket makes of it.
    let source = if target.0.contains(':') { "[::]:0" } else { "0.0.0.0:0" };
    host.run(|| {
        let socket = std::net::UdpSocket::bind(source).expect("a socket");
        socket.send_to(b"hello", target).expect("send");
    });
    let error = heard.next(PATIENT).unwrap_or_else(|| panic!("no ICMP error for a datagram to {target:?}"));
    let IcmpError { kind, code, from } = error;
    (kind, code, from.to_string())
}

/// The rules for the three tables of error codes, each for a port of its own, and what is to be heard there.
fn rejections() -> Vec<(u16, Rule, String, Option<u8>, Option<u8>)> {
    let mut all = Vec::new();
    let rule = |port: u16, with| Rule::new().udp().dport(port).counter().reject_with(with).comment(&port.to_string());
    for (index, (code, number)) in V4.into_iter().enumerate() {
        let port = 1000 + index as u16;
        all.push((port, rule(port, Icmp(code)), format!("icmp {code}"), Some(number), None));
    }
    for (index, (code, number)) in V6.into_iter().enumerate() {
        let port = 1100 + index as u16;
        all.push((port, rule(port, Icmpv6(code)), format!("icmpv6 {code}"), None, Some(number)));
    }
    for (index, (code, v4, v6)) in BOTH.into_iter().enumerate() {
        let port = 1200 + index as u16;
        all.push((port, rule(port, Icmpx(code)), format!("icmpx {code}"), Some(v4), Some(v6)));
    }
    let default = Rule::new().udp().dport(1300).counter().reject().comment("1300");
    all.push((1300, default, "nothing said".to_owned(), Some(3), Some(4)));
    all
}

#[test]
fn a_reject_is_seen_as_its_icmp_error() {
    need_namespaces!();
    let world = World::pair();
    let rejections = rejections();
    let input = rejections.iter().fold(Chain::filter("input", Hook::Input), |chain, (_, rule, ..)| chain.rule(rule.clone()));
    program(&world.server, Family::Inet, [input]);
    for (port, _, name, v4, v6) in &rejections {
        let mut expected = 0;
        for (server, kind, code) in [("10.0.1.2", 3, v4), ("fd00:1::2", 1, v6)] {
            let Some(code) = *code else { continue };
            let seen = error_for(&world.client, (server, *port));
            assert_eq!(seen, (kind, code, server.to_owned()), "rejected with {name}: type, code, sender");
            expected += 1;
        }
        let counted = counted(&mut open(&world.server), (Family::Inet, "t", "input"), &port.to_string());
        assert_eq!(counted, expected, "a counter before {name} counts what is rejected");
    }
}

#[test]
fn a_reject_is_the_same_in_tables_of_one_version() {
    need_namespaces!();
    let world = World::pair();
    let rejections = rejections();
    let of = |v4: bool| {
        let chosen = rejections.iter().filter(move |(_, _, _, code4, code6)| if v4 { code4.is_some() } else { code6.is_some() });
        chosen.fold(Chain::filter("input", Hook::Input), |chain, (_, rule, ..)| chain.rule(rule.clone()))
    };
    program(&world.server, Family::Ip, [of(true)]);
    program(&world.server, Family::Ip6, [of(false)]);
    for (port, _, name, v4, v6) in &rejections {
        for (server, kind, code) in [("10.0.1.2", 3, v4), ("fd00:1::2", 1, v6)] {
            let Some(code) = *code else { continue };
            let seen = error_for(&world.client, (server, *port));
            assert_eq!(seen, (kind, code, server.to_owned()), "rejected with {name}: type, code, sender");
        }
    }
}

#[test]
fn a_reject_on_the_way_comes_from_the_router_and_one_of_its_own_from_itself() {
    need_namespaces!();
    let world = World::routed();
    let rules = || {
        [
            Rule::new().udp().dport(1000).reject_with(Icmpx(IcmpxCode::AdminProhibited)),
            Rule::new().udp().dport(1001).reject(),
            Rule::new().tcp().dport(1002).reject_with(TcpReset),
            Rule::new().tcp().dport(1003).reject_with(Icmpx(IcmpxCode::HostUnreachable)),
        ]
    };
    let forward = Chain::filter("forward", Hook::Forward).rules(rules());
    let output = Chain::filter("output", Hook::Output).rules(rules());
    program(&world.router, Family::Inet, [forward, output]);
    let cases = [("192.168.1.2", "10.0.1.254", 3, 13, 3), ("fd00:192::2", "fd00:1::fe", 1, 1, 4)];
    for (backend, router, kind, prohibited, port) in cases {
        let from = router.to_owned();
        assert_eq!(error_for(&world.client, (backend, 1000)), (kind, prohibited, from.clone()), "on the way");
        assert_eq!(error_for(&world.client, (backend, 1001)), (kind, port, from), "on the way, nothing said");
        let reset = Attempt::tcp((backend, 1002)).timeout(PATIENT).from(&world.client);
        assert!(reset.is_reset(), "a reset on the way to {backend}: {reset:?}");
        let unreachable = Attempt::tcp((backend, 1003)).timeout(PATIENT).from(&world.client);
        let errno = matches!(unreachable, portcullis_world::Outcome::Unreachable { errno: Errno::EHOSTUNREACH, .. });
        assert!(errno, "an error on the way to {backend}: {unreachable:?}");

        let own = Attempt::tcp((backend, 1002)).timeout(PATIENT).from(&world.router);
        assert!(own.is_reset(), "a reset for the router's own connection to {backend}: {own:?}");
        let own = Attempt::udp((backend, 1001), "hello").timeout(PATIENT).from(&world.router);
        assert!(own.is_refused() || own.is_unreachable(), "the router's own datagram to {backend}: {own:?}");
    }
}

#[test]
fn a_tcp_reset_is_for_tcp_alone() {
    need_namespaces!();
    let world = World::pair();
    let _services = ["10.0.1.2:80", "[fd00:1::2]:80"].map(|at| world.server.tcp_service(at, "web"));
    let _other = ["10.0.1.2:80", "[fd00:1::2]:80"].map(|at| world.server.udp_service(at, "udp"));
    let input = Chain::filter("input", Hook::Input).rule(Rule::new().counter().reject_with(TcpReset).comment("reset"));
    program(&world.server, Family::Inet, [input]);
    for (client, server) in [("10.0.1.1", "10.0.1.2"), ("fd00:1::1", "fd00:1::2")] {
        let outcome = Attempt::tcp((server, 80)).timeout(PATIENT).from(&world.client);
        assert!(outcome.is_reset(), "TCP to {server}: {outcome:?}");
        let outcome = Attempt::udp((server, 80), "hello").timeout(PATIENT).from(&world.client);
        assert!(outcome.is_connected(), "UDP to {server} is left alone: {outcome:?}");

        // As it lies on the wire: it answers the SYN's number.
        let sniffer = world.client.sniff("eth0");
        Packet::tcp((client, 4000), (server, 80)).flags(TcpFlags::SYN).numbers(77, 0).send(&world.client);
        let reset = sniffer.until(|frame| !frame.is_outgoing() && frame.source_port() == Some(80), PATIENT);
        let reset = reset.unwrap_or_else(|| panic!("no answer of {server}"));
        assert_eq!(reset.tcp_flags(), Some(TcpFlags::RST | TcpFlags::ACK), "{reset:?}");
        assert_eq!(reset.destination_port(), Some(4000));
    }
    // The SYNs of both attempts, and no datagram.
    assert_eq!(counted(&mut open(&world.server), (Family::Inet, "t", "input"), "reset"), 4);
}
