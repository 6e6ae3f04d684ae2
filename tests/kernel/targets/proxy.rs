//! Proxies: connections taken without changing them, handshakes answered in the server's place.

use std::net::{Ipv4Addr, SocketAddr};

use portcullis::{Chain, CtState, Family, Hook, Priority, Rule, Synproxy, TproxyTo};
use portcullis_world::{Attempt, Frame, PATIENT, SHORT, TcpFlags, World, need_namespaces};

use super::program;

#[test]
fn a_transparent_proxy_takes_what_is_for_others() {
    need_namespaces!();
    let world = World::routed();
    let socket = |text: &str| TproxyTo::from(text.parse::<SocketAddr>().unwrap());
    let prerouting = Chain::filter("prerouting", Hook::Prerouting).priority(Priority::MANGLE).rules([
        Rule::new().tcp().dport(80).tproxy(50080).accept(),
        Rule::new().tcp().dport(81).tproxy(Ipv4Addr::new(10, 0, 1, 254)).accept(),
        Rule::new().tcp().dport(82).tproxy(socket("10.0.1.254:50080")).accept(),
        // The rule before is for the other version, so it does not accept these.
        Rule::new().tcp().dport(82).tproxy(socket("[fd00:1::fe]:50081")).accept(),
        Rule::new().tcp().dport(83).tproxy(50081).accept(),
    ]);
    program(&world.router, Family::Inet, [prerouting]);
    // In place of a mark and a route for it.
    world.router.route_local("192.168.1.2/32");
    world.router.route_local("fd00:192::2/128");
    let v4 = world.router.tcp_service_transparent("0.0.0.0:50080", "proxy");
    let own_port = world.router.tcp_service_transparent("10.0.1.254:81", "own");
    let v6 = world.router.tcp_service_transparent("[::]:50081", "proxy6");
    let cases = [
        ("192.168.1.2:80", "proxy", &v4),
        ("192.168.1.2:81", "own", &own_port),
        ("192.168.1.2:82", "proxy", &v4),
        ("[fd00:192::2]:82", "proxy6", &v6),
        ("[fd00:192::2]:83", "proxy6", &v6),
    ];
    for (target, banner, service) in cases {
        let outcome = Attempt::tcp(target).timeout(PATIENT).from(&world.client);
        assert!(outcome.is_connected(), "{target}: {outcome:?}");
        assert_eq!(outcome.banner(), banner, "{target}: who answers");
        let visit = *service.visits().last().unwrap();
        assert_eq!(visit.local.to_string(), target, "{target}: the proxy sees whom it was meant for");
        assert_eq!(Some(visit.peer), outcome.local(), "{target}: the proxy sees who comes");
    }
}

#[test]
fn a_handshake_is_answered_in_the_servers_place() {
    need_namespaces!();
    let world = World::routed();
    world.router.sysctl("net/netfilter/nf_conntrack_tcp_loose", "0");
    let raw = Chain::filter("raw", Hook::Prerouting)
        .priority(Priority::RAW)
        .rule(Rule::new().iif("eth0").tcp().dport(80..=81).tcp_syn().notrack());
    let unproven = || Rule::new().ct_state(CtState::INVALID | CtState::UNTRACKED).tcp();
    let all = Synproxy::new().mss(1234).wscale(7).timestamp().sack_perm();
    let forward = Chain::filter("forward", Hook::Forward)
        .rule(unproven().dport(80).synproxy(all))
        .rule(unproven().dport(81).synproxy(Synproxy::new().mss(1235)))
        .rule(Rule::new().ct_state(CtState::INVALID).drop());
    program(&world.router, Family::Inet, [raw, forward]);
    // From this port the client proves nothing: it does not hear the answer. (Not a packet made by hand: of those of
    // IPv6 the kernel, at least until 6.18, computes the checksum as if they were of IPv4, and drops them.)
    let deaf = Chain::filter("input", Hook::Input).rule(Rule::new().tcp().dport(4000).drop());
    program(&world.client, Family::Inet, [deaf]);
    for backend in ["192.168.1.2", "fd00:192::2"] {
        let service = world.backend1.tcp_service((backend, 81), "web");
        let (near, far) = (world.client.sniff("eth0"), world.backend1.sniff("eth0"));
        // Segment size; whether window scale, selective acknowledgements and timestamps are offered.
        for (port, size, options) in [(80, 1234, true), (81, 1235, false)] {
            let outcome =
                Attempt::tcp((backend, port)).source_port(4000).timeout(SHORT / 4).from(&world.client);
            assert!(outcome.is_timed_out(), "{outcome:?}");
            let from_proxy = |frame: &Frame| frame.source_port() == Some(port) && !frame.is_outgoing();
            let answer = near.until(from_proxy, PATIENT);
            let answer = answer.unwrap_or_else(|| panic!("no answer in place of {backend}, port {port}"));
            assert_eq!(answer.tcp_flags(), Some(TcpFlags::SYN | TcpFlags::ACK), "{answer:?}");
            assert_eq!(answer.tcp_mss(), Some(size), "the segment size that the proxy says for {backend}");
            let offered = option_numbers(&answer);
            let expected = if options { vec![2, 3, 4, 8] } else { vec![2] };
            assert_eq!(offered, expected, "the options that the proxy says for {backend}, port {port}");
        }
        let reached = far.pending().into_iter().find(|frame| frame.protocol() == Some(6));
        assert_eq!(reached, None, "{backend} hears nothing of a client that has proved nothing");

        let outcome = Attempt::tcp((backend, 81)).timeout(PATIENT).from(&world.client);
        assert_eq!(outcome.banner(), "web", "a client that answers the proxy reaches {backend}");
        assert_eq!(outcome.seen(), outcome.local().unwrap(), "and is seen as itself");
        assert_eq!(service.visits().len(), 1);
    }
}

/// The numbers of a segment's TCP options, sorted, without padding.
fn option_numbers(frame: &Frame) -> Vec<u8> {
    let mut options = frame.tcp_options().unwrap_or_default();
    let mut numbers = Vec::new();
    while let [number, rest @ ..] = options {
        match (number, rest) {
            (0 | 1, _) => options = rest,
            (_, [length, ..]) => {
                numbers.push(*number);
                options = options.get(usize::from((*length).max(2))..).unwrap_or_default();
            }
            (_, []) => break,
        }
    }
    numbers.sort_unstable();
    numbers
}
