//! Proxies: connections taken without changing them, handshakes answered in the server's place.

use portcullis::{Chain, CtState, Family, Hook, Priority, Rule, Synproxy, TproxyTo};
use portcullis_world::{Attempt, Frame, PATIENT, Packet, SHORT, TcpFlags, World, need_namespaces};

use super::program;

#[test]
fn a_transparent_proxy_takes_what_is_for_others() {
    need_namespaces!();
    let world = World::routed();
    let prerouting = Chain::filter("prerouting", Hook::Prerouting).priority(Priority::MANGLE).rules([
        Rule::new().tcp().dport(80).tproxy(50080).accept(),
        Rule::new().tcp().dport(81).tproxy(TproxyTo::from(std::net::Ipv4Addr::new(10, 0, 1, 254))).accept(),
        Rule::new().tcp().dport(82).tproxy("10.0.1.254:50080".parse::<std::net::SocketAddr>().unwrap()).accept(),
        Rule::new().tcp().dport(82).tproxy("[fd00:1::fe]:50080".parse::<std::net::SocketAddr>().unwrap()).accept(),
    ]);
    program(&world.router, Family::Inet, [prerouting]);
    // In place of a mark and a route for it.
    world.router.route_local("192.168.1.2/32");
    world.router.route_local("fd00:192::2/128");
    let proxies = [("0.0.0.0", 50080), ("10.0.1.254", 81), ("::", 50081)];
    let _ = proxies;
    let v4 = world.router.tcp_service_transparent("0.0.0.0:50080", "proxy");
    let own_port = world.router.tcp_service_transparent("10.0.1.254:81", "own");
    let v6 = world.router.tcp_service_transparent("[fd00:1::fe]:50080", "proxy");
    let any6 = &v6;
    let cases = [
        ("192.168.1.2:80", "proxy", &v4),
        ("192.168.1.2:81", "own", &own_port),
        ("192.168.1.2:82", "proxy", &v4),
        ("[fd00:192::2]:82", "proxy", any6),
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
    let answer = Synproxy::new().mss(1234).wscale(7).timestamp().sack_perm();
    let raw = Chain::filter("raw", Hook::Prerouting)
        .priority(Priority::RAW)
        .rule(Rule::new().iif("eth0").tcp().dport(80).tcp_syn().notrack());
    let unproven = || Rule::new().ct_state(CtState::INVALID | CtState::UNTRACKED);
    let forward = Chain::filter("forward", Hook::Forward)
        .rule(unproven().tcp().dport(80).synproxy(answer))
        .rule(Rule::new().ct_state(CtState::INVALID).drop());
    program(&world.router, Family::Inet, [raw, forward]);
    for (client, backend) in [("10.0.1.1", "192.168.1.2"), ("fd00:1::1", "fd00:192::2")] {
        let service = world.backend1.tcp_service((backend, 80), "web");
        let (near, far) = (world.client.sniff("eth0"), world.backend1.sniff("eth0"));
        // From another address on the client's link, which proves nothing.
        let (forged, port) = (if client.contains(':') { "fd00:1::77" } else { "10.0.1.77" }, 4000);
        world.router.neighbour("eth0", forged, world.client.mac("eth0"));
        Packet::tcp((forged, port), (backend, 80)).flags(TcpFlags::SYN).mss(1460).send(&world.client);
        let of_handshake = |frame: &Frame| frame.source_port() == Some(80) && frame.destination_port() == Some(port);
        let answer = near.until(of_handshake, PATIENT).unwrap_or_else(|| panic!("no answer for {backend}"));
        assert_eq!(answer.tcp_flags(), Some(TcpFlags::SYN | TcpFlags::ACK), "{answer:?}");
        assert_eq!(answer.tcp_mss(), Some(1234), "the proxy's own segment size, to {backend}");
        let reached = far.until(|frame| frame.destination_port() == Some(80), SHORT);
        assert_eq!(reached, None, "{backend} hears nothing of a client that has proved nothing");

        let outcome = Attempt::tcp((backend, 80)).timeout(PATIENT).from(&world.client);
        assert_eq!(outcome.banner(), "web", "a client that answers the proxy reaches {backend}");
        assert_eq!(outcome.seen(), outcome.local().unwrap(), "and is seen as itself");
        assert_eq!(service.visits().len(), 1);
    }
}
