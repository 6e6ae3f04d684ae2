//! Transport protocols, ports, ICMP, and what TCP's header says.

use portcullis::{
    Chain, Family, Hook, Icmp6Code, IcmpCode, IcmpType, Icmpv6Type, Policy, Protocol, Rule, not,
};
use portcullis::{Matching, Port, TcpFlags as Flags, TcpOption};
use portcullis_world::{Packet, TcpFlags, World, need_namespaces};

use super::Gauge;

const CLIENT: &str = "10.0.1.1";
const SERVER: &str = "10.0.1.2";
const CLIENT6: &str = "fd00:1::1";
const SERVER6: &str = "fd00:1::2";

fn chain() -> Chain {
    Chain::filter("input", Hook::Input).policy(Policy::Drop)
}

#[test]
fn protocols_are_told_apart_in_both_versions_of_ip() {
    need_namespaces!();
    let world = World::pair();
    let rules = [
        ("tcp", Rule::new().tcp()),
        ("udp", Rule::new().udp()),
        ("icmp", Rule::new().icmp()),
        ("icmpv6", Rule::new().icmpv6()),
        ("gre", Rule::new().protocol(Protocol::GRE)),
        ("tcp or udp", Rule::new().protocol([Protocol::TCP, Protocol::UDP])),
        ("not tcp", Rule::new().protocol(not(Protocol::TCP))),
        ("neither tcp nor udp", Rule::new().protocol(not([Protocol::TCP, Protocol::UDP]))),
        ("number 200", Rule::new().protocol(Protocol(200))),
    ];
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain(), rules);
    let neither: &[&str] = &["not tcp", "neither tcp nor udp"];
    for (a, b) in [(CLIENT, SERVER), (CLIENT6, SERVER6)] {
        let (icmp, echo) = if a == CLIENT { ("icmp", 8) } else { ("icmpv6", 128) };
        let cases = [
            (Packet::tcp((a, 4000), (b, 80)), vec!["tcp", "tcp or udp"]),
            (Packet::udp((a, 4000), (b, 80)), vec!["udp", "tcp or udp", "not tcp"]),
            (Packet::icmp(a, b, echo, 0), [&[icmp], neither].concat()),
            (Packet::other(a, b, 47).payload([0; 8]), [&["gre"], neither].concat()),
            (Packet::other(a, b, 200).payload([0; 8]), [neither, &["number 200"]].concat()),
        ];
        for (packet, expected) in cases {
            gauge.expect(&format!("{packet:?}"), || packet.send(&world.client), &expected);
        }
    }
}

#[test]
fn ports_are_matched_singly_in_ranges_and_lists() {
    need_namespaces!();
    let world = World::pair();
    let mixed = || Matching::<Port>::from([22, 80]).or(8000..=8010);
    let both = || Rule::new().protocol([Protocol::TCP, Protocol::UDP]);
    let rules = [
        ("to 80", Rule::new().tcp().dport(80)),
        ("not to 80", Rule::new().tcp().dport(not(80))),
        ("to a range", Rule::new().tcp().dport(80..=90)),
        ("not to a range", Rule::new().tcp().dport(not(80..=90))),
        ("to a list", Rule::new().tcp().dport(mixed())),
        ("not to a list", Rule::new().tcp().dport(not(mixed()))),
        ("from 4000", Rule::new().tcp().sport(4000)),
        ("not from 4000", Rule::new().tcp().sport(not(4000))),
        ("udp to 80", Rule::new().udp().dport(80)),
        ("either to 80", both().dport(80)),
        ("other to 80", Rule::new().protocol(Protocol::SCTP).dport(80)),
    ];
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain(), rules);
    let cases: [(u16, u16, &[&str]); 5] = [
        (4000, 80, &["to 80", "to a range", "to a list", "from 4000", "either to 80"]),
        (4001, 90, &["not to 80", "to a range", "not to a list", "not from 4000"]),
        (4001, 91, &["not to 80", "not to a range", "not to a list", "not from 4000"]),
        (4000, 8010, &["not to 80", "not to a range", "to a list", "from 4000"]),
        (4000, 8011, &["not to 80", "not to a range", "not to a list", "from 4000"]),
    ];
    for (a, b) in [(CLIENT, SERVER), (CLIENT6, SERVER6)] {
        for (sport, dport, expected) in cases {
            let packet = Packet::tcp((a, sport), (b, dport));
            gauge.expect(&format!("TCP {sport} > {dport}"), || packet.send(&world.client), expected);
        }
        let packet = Packet::udp((a, 4000), (b, 80));
        gauge.expect("UDP to 80", || packet.send(&world.client), &["udp to 80", "either to 80"]);
        let sctp = Packet::other(a, b, 132).payload([0x0f, 0xa0, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0]);
        gauge.expect("SCTP to 80", || sctp.send(&world.client), &["other to 80"]);
    }
}

#[test]
fn icmp_messages_are_matched_by_type_and_code() {
    need_namespaces!();
    let world = World::pair();
    let unreachable = IcmpType::DESTINATION_UNREACHABLE;
    let unreachable6 = Icmpv6Type::DESTINATION_UNREACHABLE;
    let rules = [
        ("ping", Rule::new().icmp_type(IcmpType::ECHO_REQUEST)),
        ("no ping", Rule::new().icmp_type(not(IcmpType::ECHO_REQUEST))),
        ("ping or time", Rule::new().icmp_type([IcmpType::ECHO_REQUEST, IcmpType::TIMESTAMP_REQUEST])),
        ("3 to 5", Rule::new().icmp_type(3..=5)),
        ("port", Rule::new().icmp_type(unreachable).icmp_code(IcmpCode::PortUnreachable)),
        ("other than port", Rule::new().icmp_type(unreachable).icmp_code(not(IcmpCode::PortUnreachable))),
        ("code of a range", Rule::new().icmp_type(unreachable).icmp_code(9..=13)),
        ("ping 6", Rule::new().icmpv6_type(Icmpv6Type::ECHO_REQUEST)),
        ("no ping 6", Rule::new().icmpv6_type(not(Icmpv6Type::ECHO_REQUEST))),
        ("1 to 4, version 6", Rule::new().icmpv6_type(1..=4)),
        ("port 6", Rule::new().icmpv6_type(unreachable6).icmpv6_code(Icmp6Code::PortUnreachable)),
        (
            "other than port 6",
            Rule::new().icmpv6_type(unreachable6).icmpv6_code(not(Icmp6Code::PortUnreachable)),
        ),
    ];
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain(), rules);
    let cases: [(u8, u8, &[&str]); 6] = [
        (8, 0, &["ping", "ping or time"]),
        (13, 0, &["no ping", "ping or time"]),
        (3, 3, &["no ping", "3 to 5", "port"]),
        (3, 10, &["no ping", "3 to 5", "other than port", "code of a range"]),
        (5, 3, &["no ping", "3 to 5"]),
        (200, 0, &["no ping"]),
    ];
    for (kind, code, expected) in cases {
        let packet = Packet::icmp(CLIENT, SERVER, kind, code);
        gauge.expect(&format!("ICMP {kind}/{code}"), || packet.send(&world.client), expected);
    }
    let cases: [(u8, u8, &[&str]); 4] = [
        (128, 0, &["ping 6"]),
        (1, 4, &["no ping 6", "1 to 4, version 6", "port 6"]),
        (1, 1, &["no ping 6", "1 to 4, version 6", "other than port 6"]),
        (200, 4, &["no ping 6"]),
    ];
    for (kind, code, expected) in cases {
        let packet = Packet::icmp(CLIENT6, SERVER6, kind, code);
        gauge.expect(&format!("ICMPv6 {kind}/{code}"), || packet.send(&world.client), expected);
    }
}

#[test]
fn tcp_flags_are_matched_under_their_mask() {
    need_namespaces!();
    let world = World::pair();
    let opening = Flags::SYN | Flags::ACK;
    let rules = [
        ("opens", Rule::new().tcp_syn()),
        ("does not open", Rule::new().not_tcp_syn()),
        ("SYN, ACK/SYN, ACK", Rule::new().tcp_flags(opening, opening)),
        ("SYN, ACK/not SYN", Rule::new().tcp_flags(opening, not(Flags::SYN))),
        ("all/none", Rule::new().tcp_flags(Flags::SIX, Flags::empty())),
        ("xmas", Rule::new().tcp_flags(Flags::SIX, Flags::FIN | Flags::PSH | Flags::URG)),
        ("SYN, RST/any one", Rule::new().tcp_flags(Flags::SYN | Flags::RST, [Flags::SYN, Flags::RST])),
        ("ECE", Rule::new().tcp_flags(Flags::ECE, Flags::ECE)),
    ];
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain(), rules);
    let (syn, ack, rst) = (TcpFlags::SYN, TcpFlags::ACK, TcpFlags::RST);
    let cases: [(TcpFlags, &[&str]); 7] = [
        (syn, &["opens", "SYN, RST/any one"]),
        (syn | ack, &["does not open", "SYN, ACK/SYN, ACK", "SYN, ACK/not SYN", "SYN, RST/any one"]),
        (ack, &["does not open", "SYN, ACK/not SYN"]),
        (TcpFlags(0), &["does not open", "SYN, ACK/not SYN", "all/none"]),
        (TcpFlags::FIN | TcpFlags::PSH | TcpFlags::URG, &["does not open", "SYN, ACK/not SYN", "xmas"]),
        (rst, &["does not open", "SYN, ACK/not SYN", "SYN, RST/any one"]),
        (syn | TcpFlags::ECE | TcpFlags::CWR, &["opens", "SYN, RST/any one", "ECE"]),
    ];
    for (a, b) in [(CLIENT, SERVER), (CLIENT6, SERVER6)] {
        for (flags, expected) in cases {
            let packet = Packet::tcp((a, 4000), (b, 80)).flags(flags);
            gauge.expect(&format!("TCP flags {flags:?} to {b}"), || packet.send(&world.client), expected);
        }
    }
}

#[test]
fn tcp_options_are_matched_by_presence_and_segment_size() {
    need_namespaces!();
    let world = World::pair();
    let rules = [
        ("announces", Rule::new().tcp_option(TcpOption::MAXSEG)),
        ("does not announce", Rule::new().tcp_option(not(TcpOption::MAXSEG))),
        ("window", Rule::new().tcp_option(TcpOption::WINDOW)),
        ("number 3", Rule::new().tcp_option(3)),
        ("1460", Rule::new().tcp_option_mss(1460)),
        ("not 1460", Rule::new().tcp_option_mss(not(1460))),
        ("1 to 500", Rule::new().tcp_option_mss(1..=500)),
        ("500 or 1460", Rule::new().tcp_option_mss([500, 1460])),
    ];
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain(), rules);
    for (a, b) in [(CLIENT, SERVER), (CLIENT6, SERVER6)] {
        let syn = || Packet::tcp((a, 4000), (b, 80)).flags(TcpFlags::SYN);
        // Header, then: no operation, window scale 7.
        let scaled = [
            &[0x0f, 0xa0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 0xff, 0xff, 0, 0, 0, 0][..],
            &[1, 3, 3, 7],
        ];
        let scaled = Packet::other(a, b, 6).payload(scaled.concat());
        let cases: [(&str, Packet, &[&str]); 6] = [
            ("no option", syn(), &["does not announce"]),
            ("a segment of 1460", syn().mss(1460), &["announces", "1460", "500 or 1460"]),
            ("a segment of 500", syn().mss(500), &["announces", "not 1460", "1 to 500", "500 or 1460"]),
            ("a segment of 501", syn().mss(501), &["announces", "not 1460"]),
            ("a window scale", scaled, &["does not announce", "window", "number 3"]),
            // Not even the protocol that could have it.
            ("UDP", Packet::udp((a, 4000), (b, 80)), &["does not announce"]),
        ];
        for (name, packet, expected) in cases {
            gauge.expect(&format!("{name} to {b}"), || packet.send(&world.client), expected);
        }
    }
}
