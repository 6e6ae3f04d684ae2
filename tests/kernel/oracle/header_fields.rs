//! Fields of IP's headers.

use portcullis::{
    Family,
    language::matches::{Dscp, Ecn, Ipv6Header, masked},
    not,
};

use super::{Bench, IP, need_nft, rule};

const V4: [Family; 4] = [Family::Ip, Family::Inet, Family::Bridge, Family::Netdev];
const V6: [Family; 4] = [Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev];

#[test]
fn versions() {
    need_nft!();
    let bench = Bench::filter(Family::Inet);
    bench.hold_all([
        (rule().ipv4().accept(), "meta nfproto ipv4 accept"),
        (rule().ipv6().drop(), "meta nfproto ipv6 drop"),
        (rule().ipv4().saddr("10.0.0.1"), "meta nfproto ipv4 ip saddr 10.0.0.1"),
        (rule().saddr("10.0.0.1").ipv4().daddr("10.0.0.2"), "ip saddr 10.0.0.1 ip daddr 10.0.0.2"),
        (rule().ipv6().tcp().dport(22), "meta nfproto ipv6 tcp dport 22"),
        (rule().tcp().dport(22).ipv6(), "tcp dport 22 meta nfproto ipv6"),
        (rule().ipv4().ttl(1), "meta nfproto ipv4 ip ttl 1"),
    ]);
    for bench in Bench::filters([Family::Bridge, Family::Netdev]) {
        bench.hold(rule().ipv4().accept(), "meta protocol ip accept");
        bench.hold(rule().ipv6().accept(), "meta protocol ip6 accept");
        bench.hold(rule().ipv4().saddr("10.0.0.1"), "meta protocol ip ip saddr 10.0.0.1");
    }
}

#[test]
fn dscp() {
    need_nft!();
    for bench in Bench::filters(V4) {
        bench.hold_all([
            (rule().ipv4().dscp(Dscp::CS1), "ip dscp cs1"),
            (rule().ipv4().dscp(0), "ip dscp 0"),
            (rule().ipv4().dscp(not(Dscp::EF)), "ip dscp != ef"),
            (rule().ipv4().dscp([Dscp::CS1, Dscp::AF11]), "ip dscp { cs1, af11 }"),
            (rule().ipv4().dscp(not([Dscp::CS1, Dscp::AF11])), "ip dscp != { cs1, af11 }"),
            (rule().ipv4().dscp(8..=16), "ip dscp 8-16"),
            (rule().ipv4().dscp(not(8..=16)), "ip dscp != 8-16"),
            (rule().ipv4().dscp([8..=16, 32..=32]), "ip dscp { 8-16, 32 }"),
            (rule().saddr("10.0.0.1").dscp(Dscp::EF), "ip saddr 10.0.0.1 ip dscp ef"),
            (rule().ipv4().dscp(Dscp::EF).udp().dport(5060), "ip dscp ef udp dport 5060"),
        ]);
    }
    for bench in Bench::filters(V6) {
        bench.hold_all([
            (rule().ipv6().dscp(Dscp::CS1), "ip6 dscp cs1"),
            (rule().ipv6().dscp(not(Dscp::EF)), "ip6 dscp != ef"),
            (rule().ipv6().dscp([Dscp::CS1, Dscp::AF11]), "ip6 dscp { cs1, af11 }"),
            (rule().ipv6().dscp(8..=16), "ip6 dscp 8-16"),
            (rule().ipv6().dscp(not(8..=16)), "ip6 dscp != 8-16"),
            (rule().ipv6().dscp([8..=16, 32..=32]), "ip6 dscp { 8-16, 32 }"),
            (rule().saddr("fd00::1").dscp(Dscp::EF), "ip6 saddr fd00::1 ip6 dscp ef"),
        ]);
    }
    let (v4, v6) = (Bench::filter(Family::Ip), Bench::filter(Family::Ip6));
    for (class, word) in [
        (Dscp::CS0, "cs0"),
        (Dscp::CS2, "cs2"),
        (Dscp::CS3, "cs3"),
        (Dscp::CS4, "cs4"),
        (Dscp::CS5, "cs5"),
        (Dscp::CS6, "cs6"),
        (Dscp::CS7, "cs7"),
        (Dscp::AF11, "af11"),
        (Dscp::AF12, "af12"),
        (Dscp::AF13, "af13"),
        (Dscp::AF21, "af21"),
        (Dscp::AF22, "af22"),
        (Dscp::AF23, "af23"),
        (Dscp::AF31, "af31"),
        (Dscp::AF32, "af32"),
        (Dscp::AF33, "af33"),
        (Dscp::AF41, "af41"),
        (Dscp::AF42, "af42"),
        (Dscp::AF43, "af43"),
        (Dscp::EF, "ef"),
    ] {
        v4.hold(rule().dscp(class), &format!("ip dscp {word}"));
        v6.hold(rule().dscp(class), &format!("ip6 dscp {word}"));
    }
}

#[test]
fn ecn() {
    need_nft!();
    for bench in Bench::filters(V4) {
        for mark in Ecn::ALL {
            bench.hold(rule().ipv4().ecn(*mark), &format!("ip ecn {mark}"));
        }
        bench.hold(rule().ipv4().ecn(not(Ecn::Ce)), "ip ecn != ce");
        bench.hold(rule().ipv4().ecn([Ecn::Ect0, Ecn::Ce]), "ip ecn { ect0, ce }");
        bench.hold(rule().ipv4().ecn(not([Ecn::Ect0, Ecn::Ce])), "ip ecn != { ect0, ce }");
    }
    for bench in Bench::filters(V6) {
        for mark in Ecn::ALL {
            bench.hold(rule().ipv6().ecn(*mark), &format!("ip6 ecn {mark}"));
        }
        bench.hold(rule().ipv6().ecn(not(Ecn::Ce)), "ip6 ecn != ce");
        bench.hold(rule().ipv6().ecn([Ecn::Ect0, Ecn::Ce]), "ip6 ecn { ect0, ce }");
    }
}

#[test]
fn tos() {
    need_nft!();
    let bench = Bench::filter(Family::Ip);
    bench.hold_all([
        (rule().tos(0x10), "@nh,8,8 0x10"),
        (rule().tos(not(0x10)), "@nh,8,8 != 0x10"),
        (rule().tos(0x10..=0x20), "@nh,8,8 0x10-0x20"),
        (rule().tos(not(0x10..=0x20)), "@nh,8,8 != 0x10-0x20"),
        (rule().tos(masked(0x10, 0x3f)), "@nh,8,8 & 0x3f == 0x10"),
        (rule().tos(not(masked(0x10, 0x3f))), "@nh,8,8 & 0x3f != 0x10"),
    ]);
    let bench = Bench::filter(Family::Ip6);
    bench.hold(rule().tos(0x10), "@nh,4,8 0x10");
    bench.hold(rule().tos(not(0x10)), "@nh,4,8 != 0x10");
    let bench = Bench::filter(Family::Inet);
    bench.hold(rule().ipv4().tos(0x10), "meta nfproto ipv4 @nh,8,8 0x10");
    bench.hold(rule().ipv6().tos(0x10), "meta nfproto ipv6 @nh,4,8 0x10");
}

#[test]
fn ttl_and_hop_limit() {
    need_nft!();
    for bench in Bench::filters(V4) {
        bench.hold_all([
            (rule().ttl(1).drop(), "ip ttl 1 drop"),
            (rule().ttl(not(1)), "ip ttl != 1"),
            (rule().ttl(0..=4), "ip ttl 0-4"),
            (rule().ttl(not(1..=5)), "ip ttl != 1-5"),
            (rule().ttl([1, 64]), "ip ttl { 1, 64 }"),
            (rule().ttl(not([1..=5, 64..=64])), "ip ttl != { 1-5, 64 }"),
            (rule().ttl(not(1)).saddr("10.0.0.1"), "ip ttl != 1 ip saddr 10.0.0.1"),
        ]);
    }
    for bench in Bench::filters(V6) {
        bench.hold_all([
            (rule().hop_limit(255), "ip6 hoplimit 255"),
            (rule().hop_limit(not(255)), "ip6 hoplimit != 255"),
            (rule().hop_limit(1..=5), "ip6 hoplimit 1-5"),
            (rule().hop_limit(not(1..=5)), "ip6 hoplimit != 1-5"),
            (rule().hop_limit([1, 64]), "ip6 hoplimit { 1, 64 }"),
        ]);
    }
}

#[test]
fn lengths() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold_all([
            (rule().length(100), "meta length 100"),
            (rule().length(not(100)), "meta length != 100"),
            (rule().length(100..=200), "meta length 100-200"),
            (rule().length(not(100..=200)), "meta length != 100-200"),
            (rule().length([100, 200]), "meta length { 100, 200 }"),
            (rule().length(not([100, 200])), "meta length != { 100, 200 }"),
            (rule().length([100..=100, 200..=300]), "meta length { 100, 200-300 }"),
            (rule().udp().length(0..=27).drop(), "meta l4proto udp meta length 0-27 drop"),
        ]);
    }
}

#[test]
fn fragments() {
    need_nft!();
    for bench in Bench::filters(V4) {
        bench.hold(rule().fragment().accept(), "ip frag-off & 0x1fff != 0 accept");
        bench.hold(rule().not_fragment(), "ip frag-off & 0x1fff == 0");
        bench.hold(rule().saddr("10.0.0.1").fragment(), "ip saddr 10.0.0.1 ip frag-off & 0x1fff != 0");
    }
}

#[test]
fn extension_headers() {
    need_nft!();
    // In a bridge table nft tests the type in the Ethernet header, which is not IPv6's behind a VLAN tag, except for
    // addresses; ours is always the packet's protocol.
    for family in V6 {
        let bench = Bench::filter(family);
        let version = if family == Family::Bridge { "meta protocol ip6 " } else { "" };
        for (header, word) in [
            (Ipv6Header::HOP_BY_HOP, "hbh"),
            (Ipv6Header::ROUTING, "rt"),
            (Ipv6Header::FRAGMENT, "frag"),
            (Ipv6Header::DESTINATION, "dst"),
            (Ipv6Header::MOBILITY, "mh"),
        ] {
            bench.hold(rule().ipv6_header(header), &format!("{version}exthdr {word} exists"));
            bench.hold(
                rule().ipv6_header(not(header)).accept(),
                &format!("{version}exthdr {word} missing accept"),
            );
        }
        bench.hold(
            rule().ipv6_header(Ipv6Header::FRAGMENT).udp().dport(53).drop(),
            &format!("{version}exthdr frag exists udp dport 53 drop"),
        );
        bench.hold(
            rule().saddr("fd00::1").ipv6_header(Ipv6Header::ROUTING).drop(),
            "ip6 saddr fd00::1 exthdr rt exists drop",
        );
    }
}

#[test]
fn nothing_is_tested_twice() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Inet]) {
        bench.hold_all([
            (
                rule().saddr("10.0.0.1").daddr(not("10.0.0.2")).ttl(not(1)).fragment().dscp(Dscp::EF),
                "ip saddr 10.0.0.1 ip daddr != 10.0.0.2 ip ttl != 1 ip frag-off & 0x1fff != 0 ip dscp ef",
            ),
            (
                rule().tcp_syn().dport(22).saddr("10.0.0.1").daddr("10.0.0.2").sport(1024..=65535),
                "tcp flags syn / fin,syn,rst,ack tcp dport 22 ip saddr 10.0.0.1 ip daddr 10.0.0.2 \
                 tcp sport 1024-65535",
            ),
        ]);
    }
    for bench in Bench::filters(IP) {
        bench.hold(
            rule().udp().udp().dport(53).udp().sport(not(53)),
            "meta l4proto udp udp dport 53 udp sport != 53",
        );
    }
}
