//! Where packets go by what a map says: copies, detours, proxies, queues.

use std::net::{Ipv4Addr, Ipv6Addr};

use portcullis::{
    Chain, Family, Hook, Port, Priority, Rule,
    expr::QueueFlags,
    probe::Feature,
    select::{Dport, mapped},
    set::{InterfaceIndex, QueueNumber},
};
use portcullis_world::{Attempt, PATIENT, Packet, SHORT, World, need_namespaces};

use crate::{
    support::{arrived, need_feature},
    targets::program,
};

const CLIENTS: [(&str, &str); 2] = [("10.0.1.1", "192.168.1.2"), ("fd00:1::1", "fd00:192::2")];

#[test]
fn copies_go_to_the_host_that_a_map_says() {
    need_namespaces!();
    let world = World::routed();
    let chain = || Chain::filter("mirror", Hook::Prerouting).priority(Priority::MANGLE);
    let udp = || Rule::new().udp();
    let stranger = (Ipv4Addr::new(10, 0, 2, 1), Ipv6Addr::new(0xfd00, 2, 0, 0, 0, 0, 0, 1));
    let copies = udp().duplicate_by(mapped(Dport, [(Port(53), stranger.0)]));
    program(&world.router, Family::Ip, [chain().rule(copies)]);
    let copies = udp().duplicate_by(mapped(Dport, [(Port(53), stranger.1)]));
    program(&world.router, Family::Ip6, [chain().rule(copies)]);
    for (client, backend) in CLIENTS {
        let (stranger, receiver) = (world.stranger.sniff("eth0"), world.backend1.sniff("eth0"));
        // What the map has no host for is not copied: it would come before the copy that follows it.
        for port in [55, 53] {
            Packet::udp((client, 4000), (backend, port)).payload("hello").send(&world.client);
        }
        let first = stranger.until(arrived(backend, [53, 55]), PATIENT).expect("the stranger sees a copy");
        assert_eq!((first.destination_port(), first.payload()), (Some(53), Some(&b"hello"[..])), "{backend}");
        for port in [55, 53] {
            assert!(receiver.until(arrived(backend, [port]), PATIENT).is_some(), "{backend}, port {port}");
        }
    }
}

#[test]
fn frames_are_copied_and_diverted_to_the_device_that_a_map_says() {
    need_namespaces!();
    let world = World::routed();
    let eth1 = InterfaceIndex(world.router.ifindex("eth1"));
    let ingress = Chain::filter("ingress", Hook::Ingress).device("eth0").rules([
        Rule::new().udp().duplicate_by(mapped(Dport, [(Port(53), eth1)])),
        Rule::new().udp().forward_by(mapped(Dport, [(Port(54), eth1)])),
    ]);
    program(&world.router, Family::Netdev, [ingress]);
    for (client, backend) in CLIENTS {
        let (stranger, receiver) = (world.stranger.sniff("eth0"), world.backend1.sniff("eth0"));
        for port in [54, 55, 53] {
            Packet::udp((client, 4000), (backend, port)).payload("hello").send(&world.client);
        }
        for port in [54, 53] {
            assert!(stranger.until(arrived(backend, [port]), PATIENT).is_some(), "the stranger, port {port}");
        }
        for port in [55, 53] {
            assert!(receiver.until(arrived(backend, [port]), PATIENT).is_some(), "the receiver, port {port}");
        }
        assert_eq!(stranger.until(arrived(backend, [55]), SHORT), None, "the map says nothing of it");
        assert_eq!(receiver.until(arrived(backend, [54]), SHORT), None, "what is diverted does not go on");
    }
}

#[test]
fn a_proxy_takes_what_a_map_says() {
    need_namespaces!();
    let world = World::routed();
    let ports = [(Port(80), Port(50080)), (Port(81), Port(50081))];
    let prerouting = Chain::filter("prerouting", Hook::Prerouting)
        .priority(Priority::MANGLE)
        .rule(Rule::new().tcp().tproxy_by(mapped(Dport, ports)).accept());
    program(&world.router, Family::Inet, [prerouting]);
    world.router.route_local("192.168.1.2/32");
    world.router.route_local("fd00:192::2/128");
    // Of both versions.
    let _proxies = [(50080, "one"), (50081, "two")]
        .map(|(port, name)| world.router.tcp_service_transparent(format!("[::]:{port}"), name));
    for target in ["192.168.1.2", "[fd00:192::2]"] {
        let ask = |port: u16| {
            let to = format!("{target}:{port}");
            Attempt::tcp(to.as_str()).timeout(PATIENT).from(&world.client)
        };
        assert_eq!([80, 81].map(|port| ask(port).banner().to_owned()), ["one", "two"], "{target}");
        assert!(ask(82).is_refused(), "nobody is at port 82 of {target}, and the map says nothing of it");
    }
}

#[test]
fn packets_wait_in_the_queue_that_a_map_says() {
    need_namespaces!();
    need_feature!(Feature::Queue);
    let world = World::pair();
    let queues = [(Port(9), QueueNumber(3)), (Port(10), QueueNumber(4))];
    let input = Chain::filter("input", Hook::Input)
        .rule(Rule::new().udp().queue_by(mapped(Dport, queues), QueueFlags::empty()));
    program(&world.server, Family::Inet, [input]);
    let mut listeners = [3, 4].map(|queue| world.server.nfqueue(queue));
    for (client, server) in [("10.0.1.1", "10.0.1.2"), ("fd00:1::1", "fd00:1::2")] {
        let sniffer = world.server.sniff("eth0");
        for (port, payload) in [(11, "neither"), (10, "fourth"), (9, "third")] {
            Packet::udp((client, 4000), (server, port)).payload(payload).send(&world.client);
        }
        assert!(sniffer.until(arrived(server, [9]), PATIENT).is_some());
        for (listener, payload) in listeners.iter_mut().zip(["third", "fourth"]) {
            let packet = listener.next(PATIENT).expect("a packet waits");
            assert!(packet.payload.ends_with(payload.as_bytes()), "{server}: {packet:?}");
            assert_eq!(listener.next(SHORT / 4), None, "{server}: nothing else waits in this queue");
        }
    }
}
