//! Rejects, seen by those who are rejected.

use portcullis::{Chain, Family, Hook, Icmp6Code, IcmpCode, IcmpxCode, RejectWith, Rule};
use portcullis_world::{Attempt, Errno, Host, IcmpError, PATIENT, Packet, TcpFlags, World, need_namespaces};

use super::{program, try_program};
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
pub(crate) fn error_for(host: &Host, target: (&str, u16)) -> (u8, u8, String) {
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

/// A rule for a port of its own, and the code that is heard there in either version of IP, if any is.
pub(crate) struct Rejection {
    pub(crate) port: u16,
    pub(crate) name: String,
    pub(crate) rule: Rule,
    v4: Option<u8>,
    v6: Option<u8>,
}

impl Rejection {
    fn new(port: u16, name: &str, with: Option<RejectWith>, v4: Option<u8>, v6: Option<u8>) -> Self {
        let rule = Rule::new().udp().dport(port).counter();
        let rule =
            with.map_or(rule.clone().reject(), |with| rule.reject_with(with)).comment(&port.to_string());
        Self { port, name: name.to_owned(), rule, v4, v6 }
    }

    /// The address to send to, and the ICMP error that is heard then: its type, code and sender.
    pub(crate) fn expected(&self) -> impl Iterator<Item = (&'static str, (u8, u8, String))> {
        let v4 = self.v4.map(|code| ("10.0.1.2", (3, code, "10.0.1.2".to_owned())));
        let v6 = self.v6.map(|code| ("fd00:1::2", (1, code, "fd00:1::2".to_owned())));
        v4.into_iter().chain(v6)
    }
}

pub(crate) fn rejections() -> Vec<Rejection> {
    let mut all = vec![Rejection::new(999, "nothing said", None, Some(3), Some(4))];
    for (port, (code, v4)) in (1000..).zip(V4) {
        all.push(Rejection::new(port, &format!("icmp {code}"), Some(Icmp(code)), Some(v4), None));
    }
    for (port, (code, v6)) in (1100..).zip(V6) {
        all.push(Rejection::new(port, &format!("icmpv6 {code}"), Some(Icmpv6(code)), None, Some(v6)));
    }
    for (port, (code, v4, v6)) in (1200..).zip(BOTH) {
        all.push(Rejection::new(port, &format!("icmpx {code}"), Some(Icmpx(code)), Some(v4), Some(v6)));
    }
    all
}

#[test]
fn a_reject_is_seen_as_its_icmp_error() {
    need_namespaces!();
    let world = World::pair();
    let rejections = rejections();
    let rules = rejections.iter().map(|rejection| rejection.rule.clone());
    program(&world.server, Family::Inet, [Chain::filter("input", Hook::Input).rules(rules)]);
    for rejection in &rejections {
        let Rejection { port, name, .. } = rejection;
        for (server, expected) in rejection.expected() {
            assert_eq!(error_for(&world.client, (server, *port)), expected, "{name}: type, code, sender");
        }
        let counted = counted(&mut open(&world.server), (Family::Inet, "t", "input"), &port.to_string());
        let rejected = rejection.expected().count() as u64;
        assert_eq!(counted, rejected, "{name}: the rule's counter counts what is rejected");
    }
}

#[test]
fn a_reject_is_the_same_in_tables_of_one_version() {
    need_namespaces!();
    let world = World::pair();
    let rejections = rejections();
    let of = |family: Family, has: fn(&Rejection) -> bool| {
        let rules =
            rejections.iter().filter(|rejection| has(rejection)).map(|rejection| rejection.rule.clone());
        program(&world.server, family, [Chain::filter("input", Hook::Input).rules(rules)]);
    };
    of(Family::Ip, |rejection| rejection.v4.is_some());
    of(Family::Ip6, |rejection| rejection.v6.is_some());
    for rejection in &rejections {
        let Rejection { port, name, .. } = rejection;
        for (server, expected) in rejection.expected() {
            assert_eq!(error_for(&world.client, (server, *port)), expected, "{name}: type, code, sender");
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
        let errno =
            matches!(unreachable, portcullis_world::Outcome::Unreachable { errno: Errno::EHOSTUNREACH, .. });
        assert!(errno, "an error on the way to {backend}: {unreachable:?}");

        let own = Attempt::tcp((backend, 1002)).timeout(PATIENT).from(&world.router);
        assert!(own.is_reset(), "a reset for the router's own connection to {backend}: {own:?}");
        let own = Attempt::udp((backend, 1001), "hello").timeout(PATIENT).from(&world.router);
        assert!(own.is_refused() || own.is_unreachable(), "the router's own datagram to {backend}: {own:?}");
    }
}

#[test]
fn a_device_rejects_what_it_receives() {
    need_namespaces!();
    let world = World::pair();
    let ingress = Chain::filter("ingress", Hook::Ingress)
        .device("eth0")
        .rule(Rule::new().udp().dport(1000).reject_with(Icmpx(IcmpxCode::AdminProhibited)))
        .rule(Rule::new().tcp().dport(1001).reject_with(TcpReset));
    if let Err(error) = try_program(&world.server, Family::Netdev, [ingress]) {
        portcullis_world::skip!("this kernel does not reject there: {error}");
    }
    for (server, kind, code) in [("10.0.1.2", 3, 13), ("fd00:1::2", 1, 1)] {
        let seen = error_for(&world.client, (server, 1000));
        assert_eq!(seen, (kind, code, server.to_owned()), "type, code, sender");
        let _service = world.server.tcp_service((server, 1001), "web");
        let outcome = Attempt::tcp((server, 1001)).timeout(PATIENT).from(&world.client);
        assert!(outcome.is_reset(), "TCP to {server}: {outcome:?}");
    }
}

#[test]
fn a_tcp_reset_is_for_tcp_alone() {
    need_namespaces!();
    let world = World::pair();
    let _services = ["10.0.1.2:80", "[fd00:1::2]:80"].map(|at| world.server.tcp_service(at, "web"));
    let _other = ["10.0.1.2:80", "[fd00:1::2]:80"].map(|at| world.server.udp_service(at, "udp"));
    let input = Chain::filter("input", Hook::Input)
        .rule(Rule::new().counter().reject_with(TcpReset).comment("reset"));
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
