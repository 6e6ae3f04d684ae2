//! What else the IP header says: lifetime, class, congestion, length, fragments, extension headers.

use portcullis::{
    Chain, Dscp, Family, Hook, Ipv6Header, Policy, Priority, Rule, language::matches::Ecn, masked, not,
};
use portcullis_world::{Packet, World, need_namespaces};

use super::Gauge;

#[test]
fn lifetime_class_congestion_and_length_are_matched() {
    need_namespaces!();
    let world = World::pair();
    let mut rules = vec![
        ("ttl 9".to_owned(), Rule::new().ttl(9)),
        ("ttl not 9".to_owned(), Rule::new().ttl(not(9))),
        ("ttl to 9".to_owned(), Rule::new().ttl(0..=9)),
        ("ttl list".to_owned(), Rule::new().ttl([1, 9])),
        ("hop limit 9".to_owned(), Rule::new().hop_limit(9)),
        ("hop limit not 9".to_owned(), Rule::new().hop_limit(not(9))),
        ("hop limit to 9".to_owned(), Rule::new().hop_limit(0..=9)),
        ("hop limit list".to_owned(), Rule::new().hop_limit([1, 9])),
        ("length 30".to_owned(), Rule::new().length(30)),
        ("length to 100".to_owned(), Rule::new().length(0..=100)),
        ("length not to 100".to_owned(), Rule::new().length(not(0..=100))),
        ("length list".to_owned(), Rule::new().length([30, 50])),
    ];
    for (version, rule) in [("4", Rule::new().ipv4()), ("6", Rule::new().ipv6())] {
        let rule = || rule.clone();
        let of_version = [
            ("EF", rule().dscp(Dscp::EF)),
            ("not EF", rule().dscp(not(Dscp::EF))),
            ("CS1 to CS2", rule().dscp(Dscp::CS1..=Dscp::CS2)),
            ("AF11 or EF", rule().dscp([Dscp::AF11, Dscp::EF])),
            ("Tos 0xb8", rule().tos(0xb8)),
            ("Tos not 0xb8", rule().tos(not(0xb8))),
            ("Tos x8", rule().tos(masked(0x08, 0x0f))),
            ("Tos not x8", rule().tos(not(masked(0x08, 0x0f)))),
            ("Tos range", rule().tos(0x28..=0x2a)),
            ("congestion", rule().ecn(Ecn::Ce)),
            ("no congestion", rule().ecn(not(Ecn::Ce))),
            ("capable", rule().ecn([Ecn::Ect0, Ecn::Ect1])),
        ];
        rules.extend(of_version.map(|(name, rule)| (format!("{version}: {name}"), rule)));
    }
    let chain = Chain::filter("input", Hook::Input).policy(Policy::Drop);
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain, rules);

    // The class in its six bits, congestion in the lower two.
    let classes: [(u8, &[&str]); 4] = [
        (0xb8, &["EF", "AF11 or EF", "Tos 0xb8", "Tos x8", "no congestion"]),
        (0xbb, &["EF", "AF11 or EF", "Tos not 0xb8", "Tos not x8", "congestion"]),
        (
            0x2a,
            &[
                "not EF",
                "CS1 to CS2",
                "AF11 or EF",
                "Tos not 0xb8",
                "Tos not x8",
                "Tos range",
                "no congestion",
                "capable",
            ],
        ),
        (0x45, &["not EF", "Tos not 0xb8", "Tos not x8", "no congestion", "capable"]),
    ];
    let lifetimes: [(u8, &[&str]); 4] =
        [(9, &["9", "to 9", "list"]), (1, &["not 9", "to 9", "list"]), (10, &["not 9"]), (64, &["not 9"])];
    let ends = [("4", "ttl", "10.0.1.1", "10.0.1.2", 28), ("6", "hop limit", "fd00:1::1", "fd00:1::2", 48)];
    for (version, lifetime, a, b, header) in ends {
        let mut expect = |name: &str, packet: Packet, expected: Vec<String>| {
            let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            gauge.expect(name, || packet.send(&world.client), &expected);
        };
        let packet = || Packet::udp((a, 4000), (b, 9)).payload([0; 100]);
        let named = |names: &[&str], kind: &str| -> Vec<String> {
            names.iter().map(|name| format!("{kind} {name}")).collect()
        };
        let classless =
            named(&["not EF", "Tos not 0xb8", "Tos not x8", "no congestion"], &format!("{version}:"));
        let long = named(&["not to 100"], "length");
        for (ttl, names) in lifetimes {
            let expected = [named(names, lifetime), long.clone(), classless.clone()].concat();
            expect(&format!("{lifetime} {ttl}"), packet().ttl(ttl), expected);
        }
        let forever = named(&["not 9"], lifetime);
        for (tos, names) in classes {
            let expected = [forever.clone(), long.clone(), named(names, &format!("{version}:"))].concat();
            expect(&format!("version {version}, class {tos:#x}"), packet().tos(tos), expected);
        }
        for (length, names) in [(50, &["to 100", "list"][..]), (100, &["to 100"]), (101, &["not to 100"])] {
            let packet = Packet::udp((a, 4000), (b, 9)).payload(vec![0; length - header]);
            let expected = [forever.clone(), named(names, "length"), classless.clone()].concat();
            expect(&format!("version {version}, {length} bytes"), packet, expected);
        }
    }
}

#[test]
fn fragments_behind_the_first_are_told_from_whole_packets() {
    need_namespaces!();
    let world = World::pair();
    let rules = [("fragment", Rule::new().fragment()), ("whole or first", Rule::new().not_fragment())];
    // No rule asks for connections, so the kernel does not put packets together first.
    let chain = Chain::filter("prerouting", Hook::Prerouting).priority(Priority::RAW).policy(Policy::Drop);
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain, rules);
    let (from, to) = (world.client.mac("eth0"), world.server.mac("eth0"));
    let whole = Packet::udp("10.0.1.1:4000", "10.0.1.2:9").payload([0; 16]).ethernet(from, to);
    // Where a fragment lies in its packet, in units of 8 bytes; the highest bits: "do not", "more follow".
    for (place, expected) in
        [(0x4000, "whole or first"), (0x2000, "whole or first"), (0x2002, "fragment"), (0x0001, "fragment")]
    {
        let frame = with_fragment_word(&whole, place);
        gauge.expect(
            &format!("flags and offset {place:#06x}"),
            || world.client.send_raw("eth0", &frame),
            &[expected],
        );
    }
}

/// The frame with other fragment flags and offset, and a checksum that holds.
fn with_fragment_word(frame: &[u8], word: u16) -> Vec<u8> {
    let mut frame = frame.to_vec();
    let header = &mut frame[14..34];
    header[6..8].copy_from_slice(&word.to_be_bytes());
    header[10..12].fill(0);
    let sum: u32 = header.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    frame
}

#[test]
fn extension_headers_of_ipv6_are_found() {
    need_namespaces!();
    let world = World::pair();
    let rules = [
        ("hop by hop", Rule::new().ipv6_header(Ipv6Header::HOP_BY_HOP)),
        ("routing", Rule::new().ipv6_header(Ipv6Header::ROUTING)),
        ("fragment", Rule::new().ipv6_header(Ipv6Header::FRAGMENT)),
        ("no fragment", Rule::new().ipv6_header(not(Ipv6Header::FRAGMENT))),
        ("destination", Rule::new().ipv6_header(Ipv6Header::DESTINATION)),
        ("no destination", Rule::new().ipv6_header(not(Ipv6Header::DESTINATION))),
        ("udp", Rule::new().udp().dport(9)),
    ];
    let chain = Chain::filter("prerouting", Hook::Prerouting).priority(Priority::RAW).policy(Policy::Drop);
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain, rules);

    let udp = [0x0f, 0xa0, 0, 9, 0, 8, 0, 0];
    // The next header is UDP, no more units of 8 bytes, padding of 4 bytes; a fragment that is the whole.
    let (options, fragment) = ([17, 0, 1, 4, 0, 0, 0, 0], [17, 0, 0, 0, 0, 0, 0, 1]);
    // Segments left: 0, so that the packet is at its goal.
    let routing = [17, 0, 4, 0, 0, 0, 0, 0];
    // Destination options, and then a fragment.
    let both = [&[44, 0, 1, 4, 0, 0, 0, 0][..], &fragment].concat();
    let cases: [(&str, u8, &[u8], &[&str]); 6] = [
        ("no header", 17, &[], &["no fragment", "no destination", "udp"]),
        ("hop by hop", 0, &options, &["hop by hop", "no fragment", "no destination", "udp"]),
        ("routing", 43, &routing, &["routing", "no fragment", "no destination", "udp"]),
        ("fragment", 44, &fragment, &["fragment", "no destination", "udp"]),
        ("destination", 60, &options, &["no fragment", "destination", "udp"]),
        ("destination and fragment", 60, &both, &["fragment", "destination", "udp"]),
    ];
    for (name, next, header, expected) in cases {
        let packet = Packet::other("fd00:1::1", "fd00:1::2", next).payload([header, &udp].concat());
        gauge.expect(name, || packet.send(&world.client), expected);
    }
    let packet = Packet::udp("10.0.1.1:4000", "10.0.1.2:9");
    gauge.expect("IPv4", || packet.send(&world.client), &["udp"]);
}
