//! The worlds themselves: who reaches whom, and whether the instruments see it.

use std::process::Command;
use std::time::Duration;

use portcullis_world::{
    Attempt, Errno, Host, IcmpError, Outcome, PATIENT, Packet, TcpFlags, World, link, need_namespaces, skip,
};

#[test]
fn a_pair_pings_in_both_families() {
    need_namespaces!();
    let world = World::pair();
    for target in ["10.0.1.2", "fd00:1::2"] {
        let outcome = world.client.ping(target);
        assert_eq!(outcome.reply(), target);
        assert!(outcome.local().is_some());
    }
}

#[test]
fn a_service_tells_who_came_over_tcp() {
    need_namespaces!();
    let world = World::pair();
    for (at, source) in [("10.0.1.2:80", "10.0.1.1:4000"), ("[fd00:1::2]:80", "[fd00:1::1]:4000")] {
        let service = world.server.tcp_service(at, "web");
        for _ in 0..2 {
            let outcome = Attempt::tcp(at).source(source).mark(7).tos(0x10).ttl(9).from(&world.client);
            assert_eq!(outcome.banner(), "web");
            assert_eq!(outcome.seen(), source.parse().unwrap());
            assert_eq!(outcome.local(), Some(source.parse().unwrap()));
        }
        let visits = service.visits();
        assert_eq!(visits.len(), 2);
        assert_eq!(visits[0].local, at.parse().unwrap());
    }
}

#[test]
fn a_connection_that_stays_open_echoes() {
    need_namespaces!();
    let world = World::pair();
    let service = world.server.tcp_service("[::]:0", "any");
    let mut connection = world.client.tcp_open(("10.0.1.2", service.address().port()));
    connection.echo("hello", PATIENT).unwrap();
    connection.echo("again", PATIENT).unwrap();
    drop(service);
    assert!(connection.echo("more", PATIENT).is_err());
}

#[test]
fn a_service_tells_who_came_over_udp() {
    need_namespaces!();
    let world = World::pair();
    for at in ["10.0.1.2:53", "[fd00:1::2]:53"] {
        let service = world.server.udp_service(at, "dns");
        let outcome = world.client.udp_try(at, "question");
        let local = outcome.local().unwrap();
        assert_eq!(outcome.reply(), format!("dns {local} question"));
        assert_eq!(service.visits()[0].peer, local);
    }
}

#[test]
fn refusals_are_told_apart() {
    need_namespaces!();
    let world = World::pair();
    assert_eq!(world.client.tcp_try("10.0.1.2:81"), Outcome::Refused { icmp: None });
    assert_eq!(world.client.tcp_try("[fd00:1::2]:81"), Outcome::Refused { icmp: None });
    let port_unreachable = IcmpError { kind: 3, code: 3, from: "10.0.1.2".parse().unwrap() };
    assert_eq!(world.client.udp_try("10.0.1.2:54", "x"), Outcome::Refused { icmp: Some(port_unreachable) });
    let port_unreachable = IcmpError { kind: 1, code: 4, from: "fd00:1::2".parse().unwrap() };
    assert_eq!(
        world.client.udp_try("[fd00:1::2]:54", "x"),
        Outcome::Refused { icmp: Some(port_unreachable) }
    );
    let nowhere = Outcome::Unreachable { errno: Errno::ENETUNREACH, icmp: None };
    assert_eq!(world.client.tcp_try("10.9.9.9:80"), nowhere);
    assert_eq!(world.client.udp_try("10.9.9.9:80", "x"), nowhere);
    assert_eq!(world.client.ping("10.9.9.9"), nowhere);
}

#[test]
fn a_router_forwards_in_both_families() {
    need_namespaces!();
    let world = World::routed();
    let _web1 = world.backend1.tcp_service("[::]:8080", "one");
    let _web2 = world.backend2.tcp_service("[::]:8080", "two");
    for (target, banner) in [("192.168.1.2:8080", "one"), ("[fd00:192::3]:8080", "two")] {
        for host in [&world.client, &world.stranger, &world.router] {
            let outcome = Attempt::tcp(target).timeout(PATIENT).from(host);
            assert_eq!(outcome.banner(), banner, "from {host}");
            assert_eq!(outcome.seen(), outcome.local().unwrap(), "from {host}");
        }
    }
    assert!(world.backend1.ping("192.168.1.3").is_connected());
    assert!(world.backend1.ping("fd00:2::1").is_connected());
}

#[test]
fn a_routers_icmp_errors_come_at_once_with_their_sender() {
    need_namespaces!();
    let world = World::routed();
    for (target, from) in [("10.7.7.7:80", "10.0.1.254"), ("[fd00:7::7]:80", "fd00:1::fe")] {
        let from: std::net::IpAddr = from.parse().unwrap();
        let errors = world.client.icmp_errors();
        let kind = if from.is_ipv4() { 3 } else { 1 };
        for attempt in [
            Attempt::tcp(target),
            Attempt::udp(target, "x"),
            Attempt::ping(target.parse::<std::net::SocketAddr>().unwrap().ip()),
        ] {
            let outcome = attempt.from(&world.client);
            assert_eq!(outcome.icmp(), Some(IcmpError { kind, code: 0, from }), "{attempt:?}: {outcome:?}");
            assert!(outcome.is_unreachable());
            assert_eq!(errors.next(PATIENT), outcome.icmp());
        }
        // The time to live runs out at the router.
        let far = if from.is_ipv4() { "192.168.1.2" } else { "fd00:192::2" };
        let outcome = Attempt::ping(far).ttl(1).from(&world.client);
        assert_eq!(
            outcome.icmp().map(|icmp| icmp.kind),
            Some(if from.is_ipv4() { 11 } else { 3 }),
            "{outcome:?}"
        );
    }
}

#[test]
fn nobody_there_times_out() {
    need_namespaces!();
    let world = World::pair();
    world.client.neighbour("eth0", "10.0.1.77", world.server.mac("eth0"));
    assert_eq!(world.client.tcp_try("10.0.1.77:80"), Outcome::TimedOut);
}

#[test]
fn a_sniffer_sees_every_field() {
    need_namespaces!();
    let world = World::pair();
    for (source, destination) in [("10.0.1.1:4000", "10.0.1.2:80"), ("[fd00:1::1]:4000", "[fd00:1::2]:80")] {
        let sniffer = world.server.sniff("eth0");
        let syn =
            Packet::tcp(source, destination).flags(TcpFlags::SYN | TcpFlags::ECE).mss(1234).ttl(9).tos(0xb8);
        syn.send(&world.client);
        let frame = sniffer.until(|frame| frame.tcp_flags().is_some(), PATIENT).unwrap();
        assert!(!frame.is_outgoing());
        assert_eq!(frame.source_mac(), Some(world.client.mac("eth0")));
        assert_eq!(frame.destination_mac(), Some(world.server.mac("eth0")));
        assert_eq!(
            frame.source().unwrap().to_string(),
            source.rsplit_once(':').unwrap().0.trim_matches(['[', ']'])
        );
        assert_eq!((frame.source_port(), frame.destination_port()), (Some(4000), Some(80)));
        assert_eq!((frame.ttl(), frame.tos(), frame.dscp()), (Some(9), Some(0xb8), Some(0x2e)));
        assert_eq!(frame.tcp_flags(), Some(TcpFlags::SYN | TcpFlags::ECE));
        assert_eq!(frame.tcp_mss(), Some(1234));
        // Nobody listens; that the answer comes shows that the checksums were right.
        let reset =
            sniffer.until(|frame| frame.is_outgoing() && frame.tcp_flags().is_some(), PATIENT).unwrap();
        assert_eq!(reset.tcp_flags(), Some(TcpFlags::RST | TcpFlags::ACK));
    }
}

#[test]
fn packets_by_hand_are_answered() {
    need_namespaces!();
    let world = World::pair();
    let service = world.server.udp_service("10.0.1.2:53", "dns");
    let sniffer = world.client.sniff("eth0");
    let question = Packet::udp("10.0.1.99:1000", "10.0.1.2:53").payload("by hand");
    world.client.send_raw("eth0", &question.ethernet(world.client.mac("eth0"), world.server.mac("eth0")));
    let captured = sniffer.until(|frame| frame.destination_port() == Some(53), PATIENT).unwrap();
    assert!(captured.is_outgoing());
    assert_eq!(captured.payload(), Some(&b"by hand"[..]));
    // The server wants to answer, and asks who has 10.0.1.99.
    assert!(sniffer.until(|frame| frame.ethertype() == Some(0x0806), PATIENT).is_some());
    assert_eq!(service.visits()[0].peer, "10.0.1.99:1000".parse().unwrap());

    Packet::icmp("fd00:1::1", "fd00:1::2", 128, 0).send(&world.client);
    let echo = sniffer.until(|frame| frame.icmp_kind() == Some(129), PATIENT).unwrap();
    assert_eq!((echo.protocol(), echo.icmp_code()), (Some(58), Some(0)));
    Packet::other("10.0.1.1", "10.0.1.2", 47).payload([0; 4]).send(&world.client);
    assert!(sniffer.until(|frame| frame.protocol() == Some(47), PATIENT).is_some());
}

#[test]
fn hosts_run_closures_and_programs() {
    need_namespaces!();
    let host = Host::new("alone");
    let mut borrowed = vec![1];
    host.run(|| borrowed.push(2));
    assert_eq!(borrowed, [1, 2]);

    let caught = std::panic::catch_unwind(|| host.run(|| panic!("out of {}", borrowed.len()))).unwrap_err();
    assert_eq!(caught.downcast_ref::<String>().unwrap(), "out of 2");

    let inside = host.output(Command::new("readlink").arg("/proc/self/ns/net")).stdout;
    let outside = Command::new("readlink").arg("/proc/self/ns/net").output().unwrap().stdout;
    assert_ne!(inside, outside);
    let listener = host.run(|| std::net::TcpListener::bind("127.0.0.1:80").unwrap());
    assert!(host.tcp_try_for(listener.local_addr().unwrap(), Duration::from_millis(50)).local().is_some());
}

#[test]
fn a_thread_may_enter_and_leave() {
    need_namespaces!();
    let own = || std::fs::read_link("/proc/thread-self/ns/net").unwrap();
    let before = own();
    let host = Host::new("entered");
    {
        let _inside = host.enter();
        assert_ne!(own(), before);
    }
    assert_eq!(own(), before);
}

#[test]
fn settings_are_each_hosts_own() {
    need_namespaces!();
    let (a, b) = (Host::new("a"), Host::new("b"));
    a.forward();
    assert_eq!(a.read_sysctl("net/ipv4/ip_forward"), "1");
    assert_eq!(b.read_sysctl("net/ipv4/ip_forward"), "0");
    assert_eq!(a.read_sysctl("net/ipv4/icmp_ratemask"), "0");
}

#[test]
fn links_can_be_taken_down_and_removed() {
    need_namespaces!();
    let (a, b) = (Host::new("a"), Host::new("b"));
    link(&a, "left", &b, "right");
    a.address("left", "10.0.0.1/24");
    b.address("right", "10.0.0.2/24");
    assert!(a.ping("10.0.0.2").is_connected());
    b.down("right");
    assert!(!a.ping("10.0.0.2").is_connected());
    b.remove("right");
    let gone = std::panic::catch_unwind(|| a.ifindex("left")).unwrap_err();
    assert!(gone.downcast_ref::<String>().unwrap().contains("host a has no interface left"));
}

#[test]
fn many_worlds_at_once() {
    need_namespaces!();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let world = World::pair();
                let _service = world.server.tcp_service("10.0.1.2:80", "web");
                assert_eq!(Attempt::tcp("10.0.1.2:80").timeout(PATIENT).from(&world.client).banner(), "web");
            });
        }
    });
}

#[test]
fn logs_and_connections_are_read() {
    need_namespaces!();
    let world = World::pair();
    let rules = "ct mark set 5; meta mark set 9; ct state new log prefix \"seen: \" group 3";
    if let Err(reason) = filter_input(&world.server, rules) {
        skip!("{reason}");
    }
    let mut log = world.server.nflog(3);
    let sources = [("10.0.1.2:80", "10.0.1.1:4000"), ("[fd00:1::2]:80", "[fd00:1::1]:4000")];
    for (at, source) in sources {
        let _service = world.server.tcp_service(at, "web");
        assert!(Attempt::tcp(at).source(source).from(&world.client).is_connected());
        let packet =
            log.until(|packet| packet.payload.len() >= 40 && packet.payload[6] != 58, PATIENT).unwrap();
        assert_eq!((packet.prefix.as_str(), packet.mark, packet.hook), ("seen: ", 9, 1));
        assert_eq!((packet.indev, packet.outdev), (Some(world.server.ifindex("eth0")), None));

        let source: std::net::SocketAddr = source.parse().unwrap();
        let connections = world.server.conntrack();
        let found = connections
            .iter()
            .find(|found| found.original.source == source.ip() && found.original.protocol == 6);
        let found = found.unwrap_or_else(|| panic!("{connections:#?}"));
        assert_eq!((found.original.source_port, found.original.destination_port), (4000, 80));
        assert_eq!(found.reply.destination, source.ip());
        assert_eq!((found.mark, found.zone), (5, 0));
        assert!(found.is_replied() && found.tcp_state.is_some() && !found.is_source_nat());
    }
    assert_eq!(log.next(Duration::from_millis(20)), None);
}

#[test]
fn an_icmp_rejection_of_a_connection_comes_at_once() {
    need_namespaces!();
    let world = World::pair();
    let rules = "tcp dport 80 reject with icmpx type admin-prohibited; meta l4proto tcp reject with icmpx type no-route";
    if let Err(reason) = filter_input(&world.server, rules) {
        skip!("{reason}");
    }
    for (target, kind, code) in [("10.0.1.2", 3, 13), ("fd00:1::2", 1, 1)] {
        let from = target.parse().unwrap();
        for _ in 0..20 {
            let outcome = world.client.tcp_try((target, 80));
            assert_eq!(outcome.icmp(), Some(IcmpError { kind, code, from }), "{outcome:?}");
            let outcome = world.client.tcp_try((target, 81));
            assert!(outcome.icmp().is_some(), "{target}: {outcome:?}");
        }
    }
}

#[test]
fn a_skip_says_its_name() {
    if std::env::var_os("PORTCULLIS_WORLD_SHOWS_A_SKIP").is_some() {
        skip!("as {}", "asked");
    }
    let list = std::env::temp_dir().join(format!("portcullis-skips-{}", std::process::id()));
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_skip_says_its_name"])
        .env("PORTCULLIS_WORLD_SHOWS_A_SKIP", "1")
        .env("PORTCULLIS_SKIPS", &list)
        .output()
        .unwrap();
    let listed = std::fs::read_to_string(&list).unwrap();
    std::fs::remove_file(&list).unwrap();
    assert!(output.status.success());
    assert_eq!(listed, "world::a_skip_says_its_name: as asked\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains("SKIP world::a_skip_says_its_name: as asked"));
}

/// These tests know nothing of `portcullis`, so that it can build on them: rules come from the nft program.
fn filter_input(host: &Host, rules: &str) -> Result<(), String> {
    Command::new("nft").arg("--version").output().map_err(|error| format!("no nft program: {error}"))?;
    let table = format!("table inet t {{ chain c {{ type filter hook input priority 0; {rules}; }}; }}");
    let output = host.output(Command::new("nft").arg(table));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
