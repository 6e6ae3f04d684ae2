//! Header fields that rules change, seen by the receiver.

use portcullis::expr::{Cmp, Data, Meta, MetaKey, Register};
use portcullis::{Chain, Dscp, Family, Hook, Priority, Rule};
use portcullis_world::{Attempt, Frame, Host, PATIENT, Packet, TcpFlags, World, need_namespaces};

use super::program;
use crate::matches::Gauge;

/// The end-around sum of 16 bits: 0xffff where a checksum holds.
fn sum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let sum: u32 =
        words.map(|word| u32::from(u16::from_be_bytes([word[0], *word.get(1).unwrap_or(&0)]))).sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    ((sum & 0xffff) + (sum >> 16)) as u16
}

fn header_checksum_holds(frame: &Frame) -> bool {
    frame.ip_version() == Some(6) || sum(&[&frame.bytes()[14..34]]) == 0xffff
}

fn tcp_checksum_holds(frame: &Frame) -> bool {
    let (addresses, tcp) = match frame.ip_version() {
        Some(4) => (26..34, 34),
        _ => (22..54, 54),
    };
    let bytes = frame.bytes();
    let length = ((bytes.len() - tcp) as u32).to_be_bytes();
    sum(&[&bytes[addresses], &length, &[0, 6], &bytes[tcp..]]) == 0xffff
}

#[test]
fn lifetime_and_class_are_seen_by_the_receiver() {
    need_namespaces!();
    let world = World::pair();
    // Each rule is for a port of its own; what is sent has the lifetime 64 and the class 0x6d.
    let udp = |port| Rule::new().udp().dport(port);
    let cases = [
        ("TTL", udp(1).set_ttl(9), udp(1).set_hop_limit(9), 9, 0x6d),
        ("TTL 255", udp(2).set_ttl(255), udp(2).set_hop_limit(255), 255, 0x6d),
        ("class EF", udp(3).ipv4().set_dscp(Dscp::EF), udp(3).ipv6().set_dscp(Dscp::EF), 64, 46 << 2 | 1),
        ("class 0", udp(4).ipv4().set_dscp(0), udp(4).ipv6().set_dscp(0), 64, 1),
        ("type of service", udp(5).ipv4().set_tos(0x10, 0xff), udp(5).ipv6().set_tos(0x10, 0xff), 64, 0x10),
        ("under a mask", udp(6).ipv4().set_tos(0x10, 0x3c), udp(6).ipv6().set_tos(0x10, 0x3c), 64, 0x51),
        ("bits set", udp(7).ipv4().set_tos(0x82, 0x82), udp(7).ipv6().set_tos(0x82, 0x82), 64, 0xef),
        ("bits flipped", udp(8).ipv4().set_tos(0xff, 0), udp(8).ipv6().set_tos(0xff, 0), 64, 0x92),
        ("nothing", udp(9), udp(9), 64, 0x6d),
    ];
    let rules = cases.iter().flat_map(|(_, v4, v6, ..)| [v4.clone(), v6.clone()]);
    program(&world.client, Family::Inet, [Chain::filter("output", Hook::Output).rules(rules)]);
    for (port, (name, _, _, ttl, tos)) in (1..).zip(&cases) {
        for server in ["10.0.1.2", "fd00:1::2"] {
            let _service = world.server.udp_service((server, port), "udp");
            let sniffer = world.server.sniff("eth0");
            let attempt = Attempt::udp((server, port), "hello").ttl(64).tos(0x6d).timeout(PATIENT);
            let outcome = attempt.from(&world.client);
            // Who answers has found the checksum right.
            assert!(outcome.is_connected(), "{name}, {server}: {outcome:?}");
            let seen = sniffer.until(|frame| frame.destination_port() == Some(port), PATIENT);
            let seen = seen.unwrap_or_else(|| panic!("{name}, {server}: no frame"));
            assert_eq!(seen.ttl(), Some(*ttl), "{name}, {server}: lifetime");
            assert_eq!(seen.tos(), Some(*tos), "{name}, {server}: class");
            assert!(header_checksum_holds(&seen), "{name}, {server}: the header's checksum");
        }
    }
}

#[test]
fn a_segment_size_is_lowered_in_the_handshake() {
    need_namespaces!();
    let world = World::routed();
    let tcp = |port| Rule::new().tcp().dport(port);
    let forward = Chain::filter("forward", Hook::Forward).priority(Priority::MANGLE).rules([
        tcp(1).clamp_mss(1300),
        tcp(2).clamp_mss_to_pmtu(),
        tcp(3).tcp_syn().clamp_mss(536),
    ]);
    program(&world.router, Family::Inet, [forward]);
    let ends = [("10.0.1.1", "192.168.1.2", 1460), ("fd00:1::1", "fd00:192::2", 1440)];
    for (client, backend, of_route) in ends {
        let cases = [
            (1, TcpFlags::SYN, Some(8960), Some(1300)),
            (1, TcpFlags::SYN | TcpFlags::ACK, Some(1301), Some(1300)),
            // What is smaller, or absent, stays so.
            (1, TcpFlags::SYN, Some(1299), Some(1299)),
            (1, TcpFlags::SYN, None, None),
            (2, TcpFlags::SYN, Some(8960), Some(of_route)),
            (2, TcpFlags::SYN, Some(1000), Some(1000)),
            (3, TcpFlags::SYN, Some(1460), Some(536)),
            (3, TcpFlags::ACK, Some(1460), Some(1460)),
            (4, TcpFlags::SYN, Some(8960), Some(8960)),
        ];
        let sniffer = world.backend1.sniff("eth0");
        for (index, (port, flags, before, after)) in cases.into_iter().enumerate() {
            let source = 4000 + index as u16;
            let packet = Packet::tcp((client, source), (backend, port)).flags(flags);
            let packet = before.map_or(packet.clone(), |size| packet.mss(size));
            packet.send(&world.client);
            let name = format!("{flags:?} with {before:?} to {backend}, port {port}");
            let seen =
                sniffer.until(|frame| !frame.is_outgoing() && frame.source_port() == Some(source), PATIENT);
            let seen = seen.unwrap_or_else(|| panic!("{name}: no frame"));
            assert_eq!(seen.tcp_mss(), after, "{name}: the segment size (seen, expected)");
            assert!(tcp_checksum_holds(&seen), "{name}: TCP's checksum");
        }
        // A real connection, whose checksums the receiver computes.
        let _service = world.backend1.tcp_service((backend, 1), "web");
        assert!(Attempt::tcp((backend, 1)).timeout(PATIENT).from(&world.client).is_connected());
    }
}

#[test]
fn a_priority_is_seen_by_a_later_rule() {
    need_namespaces!();
    let host = Host::new("host");
    program(
        &host,
        Family::Inet,
        [Chain::filter("mangle", Hook::Output)
            .priority(Priority::MANGLE)
            .rule(Rule::new().mark(1).set_priority(1, 0x10))
            .rule(Rule::new().mark(2).set_priority(0xffff, 0))],
    );
    // There is no word for it.
    let has = |class: u32| {
        Rule::new()
            .say(Meta::load(MetaKey::Priority, Register::R1))
            .say(Cmp::eq(Register::R1, Data::host_u32(class)))
    };
    let rules = [("1:10", has(0x1_0010)), ("ffff:0", has(0xffff_0000)), ("none", has(0))];
    let mut gauge = Gauge::new(&host, Family::Inet, Chain::filter("output", Hook::Output), rules);
    for (loopback, error) in [("127.0.0.1", 3), ("::1", 1)] {
        for (mark, expected) in [(1, "1:10"), (2, "ffff:0"), (3, "none")] {
            let packet = Packet::icmp(loopback, loopback, error, 1).mark(mark);
            gauge.expect(&format!("mark {mark}, {loopback}"), || packet.send(&host), &[expected]);
        }
    }
}
