//! Copies and detours, seen by a third host.

use std::net::{Ipv4Addr, Ipv6Addr};

use portcullis::expr::{Data, Fwd, Immediate, Register};
use portcullis::{Chain, Duplicate, Family, Hook, Priority, Rule};
use portcullis_world::{Attempt, PATIENT, Packet, SHORT, World, need_namespaces};

use super::program;
use crate::support::arrived;

#[test]
fn a_copy_is_seen_by_the_third_host_and_the_packet_goes_on() {
    need_namespaces!();
    let world = World::routed();
    let eth1 = world.router.ifindex("eth1");
    let chain = || Chain::filter("mirror", Hook::Prerouting).priority(Priority::MANGLE);
    program(
        &world.router,
        Family::Ip,
        [chain().rule(Rule::new().udp().dport(53).duplicate(Ipv4Addr::new(10, 0, 2, 1))).rule(
            Rule::new().udp().dport(54).duplicate(Duplicate::to(Ipv4Addr::new(10, 0, 2, 1)).device(eth1)),
        )],
    );
    let stranger = Ipv6Addr::new(0xfd00, 2, 0, 0, 0, 0, 0, 1);
    program(
        &world.router,
        Family::Ip6,
        [chain()
            .rule(Rule::new().udp().dport(53).duplicate(stranger))
            .rule(Rule::new().udp().dport(54).duplicate(Duplicate::to(stranger).device(eth1)))],
    );
    for backend in ["192.168.1.2", "fd00:192::2"] {
        for port in [53, 54] {
            let _service = world.backend1.udp_service((backend, port), "dns");
            let sniffer = world.stranger.sniff("eth0");
            let outcome = Attempt::udp((backend, port), "hello").timeout(PATIENT).from(&world.client);
            assert!(outcome.is_connected(), "the packet itself reaches {backend}, port {port}: {outcome:?}");
            let copy = sniffer.until(arrived(backend, [port]), PATIENT);
            let copy = copy.unwrap_or_else(|| panic!("no copy for the stranger of what went to {backend}"));
            assert_eq!(
                copy.payload(),
                Some(&b"hello"[..]),
                "the copy of what went to {backend}, port {port}"
            );
        }
        // What no rule is for is not copied: it would have come before the copy that follows it.
        let _services = [53, 55].map(|port| world.backend1.udp_service((backend, port), "dns"));
        let sniffer = world.stranger.sniff("eth0");
        for port in [55, 53] {
            assert!(
                Attempt::udp((backend, port), "hello").timeout(PATIENT).from(&world.client).is_connected()
            );
        }
        let first = sniffer.until(arrived(backend, [53, 55]), PATIENT);
        assert_eq!(first.and_then(|frame| frame.destination_port()), Some(53), "the first copy to {backend}");
    }
}

#[test]
fn a_device_copies_and_diverts_what_it_receives() {
    need_namespaces!();
    let world = World::routed();
    let eth1 = world.router.ifindex("eth1");
    // There is no word for the detour.
    let divert = Rule::new()
        .udp()
        .dport(54)
        .say(Immediate::data(Register::R1, Data::host_u32(eth1)))
        .say(Fwd::to_device(Register::R1));
    let ingress = Chain::filter("ingress", Hook::Ingress)
        .device("eth0")
        .rule(Rule::new().udp().dport(53).duplicate(Duplicate::to_device(eth1)))
        .rule(divert);
    program(&world.router, Family::Netdev, [ingress]);
    for (client, backend) in [("10.0.1.1", "192.168.1.2"), ("fd00:1::1", "fd00:192::2")] {
        let (stranger, receiver) = (world.stranger.sniff("eth0"), world.backend1.sniff("eth0"));
        Packet::udp((client, 4000), (backend, 53)).payload("copied").send(&world.client);
        for (host, sniffer) in [("stranger", &stranger), ("receiver", &receiver)] {
            let seen = sniffer.until(arrived(backend, [53]), PATIENT);
            let seen = seen.unwrap_or_else(|| panic!("the {host} sees nothing of what goes to {backend}"));
            assert_eq!(seen.payload(), Some(&b"copied"[..]), "what the {host} sees");
        }
        Packet::udp((client, 4000), (backend, 54)).payload("diverted").send(&world.client);
        let seen =
            stranger.until(arrived(backend, [54]), PATIENT).expect("the stranger sees what is diverted");
        assert_eq!(seen.payload(), Some(&b"diverted"[..]));
        assert_eq!(receiver.until(arrived(backend, [54]), SHORT), None, "the receiver sees nothing of it");
    }
}
