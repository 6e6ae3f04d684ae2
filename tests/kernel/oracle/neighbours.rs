//! Fields side by side in a header, which nft and the words load at once.

use portcullis::{
    Family, Protocol, Rule,
    expr::{Icmp6Code, IcmpCode},
    language::{
        Statement,
        matches::{IcmpType, Icmpv6Type, Rate},
    },
    not,
};

use super::{Bench, IP, need_nft, rule};

const ALL: [Family; 5] = [Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev];
const A: &str = "aa:bb:cc:dd:ee:ff";
const B: &str = "01:02:03:04:05:06";

fn tcp() -> Rule {
    rule().tcp()
}

/// Both tests of a rule, each as if the other were not there.
fn apart(family: Family, first: Rule, second: Rule) -> Rule {
    let [first, second] = [first, second].map(|rule| rule.lower(family).expect("a rule").expressions);
    let test = second.len() - 2;
    first.into_iter().chain(second.into_iter().skip(test)).map(Statement::Expr).fold(rule(), Rule::say)
}

#[test]
fn ports() {
    need_nft!();
    for bench in Bench::filters(ALL) {
        bench.hold_all([
            (tcp().sport(1).dport(2), "tcp sport 1 tcp dport 2"),
            (tcp().dport(2).sport(1), "tcp dport 2 tcp sport 1"),
            (rule().udp().sport(67).dport(68).accept(), "udp sport 67 udp dport 68 accept"),
            (rule().protocol(Protocol::SCTP).sport(1).dport(2), "sctp sport 1 sctp dport 2"),
            (rule().protocol(Protocol::DCCP).sport(1).dport(2), "dccp sport 1 dccp dport 2"),
            (rule().protocol(Protocol::UDPLITE).sport(1).dport(2), "udplite sport 1 udplite dport 2"),
            // What is looked at between stays between, or comes after.
            (tcp().sport(1).mark(5).dport(2), "tcp sport 1 meta mark 5 tcp dport 2"),
            (tcp().dport(2).mark(5).sport(1), "tcp dport 2 meta mark 5 tcp sport 1"),
            (
                tcp().sport(1).iif(["lo", "eth0"]).dport(2),
                "tcp sport 1 iifname { \"lo\", \"eth0\" } tcp dport 2",
            ),
            (tcp().sport(1).dport(2).counter().accept(), "tcp sport 1 tcp dport 2 counter accept"),
            // One value of each, or nothing.
            (tcp().sport(1).dport(2..=3), "tcp sport 1 tcp dport 2-3"),
            (tcp().sport(1..=3).dport(2), "tcp sport 1-3 tcp dport 2"),
            (tcp().sport(1).dport([2, 3]), "tcp sport 1 tcp dport { 2, 3 }"),
            (tcp().sport(1).dport(not(2)), "tcp sport 1 tcp dport != 2"),
            (tcp().sport(not(1)).dport(2), "tcp sport != 1 tcp dport 2"),
            (tcp().sport(1).dport(2).tcp_syn(), "tcp sport 1 tcp dport 2 tcp flags syn / fin,syn,rst,ack"),
        ]);
    }
    for (families, address, nft) in [
        ([IP[0], Family::Inet], "10.0.0.1", "ip saddr 10.0.0.1"),
        ([IP[1], Family::Inet], "fd00::1", "ip6 saddr fd00::1"),
    ] {
        for bench in Bench::filters(families) {
            bench.hold_all([
                (tcp().sport(1).saddr(address).dport(2), &*format!("tcp sport 1 {nft} tcp dport 2")),
                (tcp().dport(2).saddr(address).sport(1), &*format!("tcp dport 2 {nft} tcp sport 1")),
            ]);
        }
    }
}

#[test]
fn two_that_are_not_stay_two() {
    need_nft!();
    for bench in Bench::filters(ALL) {
        // nft 1.0.6 joins these too, so that what has one of the two ports matches: not what it says, nor lists.
        bench.hold_listing(tcp().sport(not(1)).dport(not(2)), "tcp sport != 1 tcp dport != 2");
        // It joins over what is done, if there is one test before: other packets would be counted.
        bench
            .shown_as(tcp().sport(1).counter().dport(2), "tcp sport 1 counter packets 0 bytes 0 tcp dport 2");
        bench.shown_as(
            tcp().dport(2).limit(Rate::per_second(1)).sport(1),
            "tcp dport 2 limit rate 1/second tcp sport 1",
        );
        // It does not see that the first and the last of these are neighbours, sorted with one between.
        bench.shown_as(tcp().dport(not(2)).sport(1).dport(3), "tcp dport != 2 tcp sport 1 tcp dport 3");
        // It lists these, joined, as `@th,0,32 0x350035`.
        bench.shown_as(
            rule().protocol([Protocol::TCP, Protocol::UDP]).sport(53).dport(53),
            "meta l4proto { tcp, udp } th sport 53 th dport 53",
        );
        // Loaded one by one, they are listed no otherwise.
        let family = bench.family;
        bench.shown_as(apart(family, tcp().sport(1), tcp().dport(2)), "tcp sport 1 tcp dport 2");
        bench.shown_as(tcp().sport(1).dport(2), "tcp sport 1 tcp dport 2");
    }
    for bench in Bench::filters([Family::Ip, Family::Inet]) {
        bench.hold(rule().saddr("10.0.0.1").daddr("10.0.0.2"), "ip saddr 10.0.0.1 ip daddr 10.0.0.2");
        bench.hold(rule().ttl(1).saddr("10.0.0.1"), "ip ttl 1 ip saddr 10.0.0.1");
    }
    for bench in Bench::filters([Family::Ip6, Family::Inet]) {
        bench.hold(rule().saddr("fd00::1").daddr("fd00::2"), "ip6 saddr fd00::1 ip6 daddr fd00::2");
        bench.hold(rule().hop_limit(1).saddr("fd00::1"), "ip6 hoplimit 1 ip6 saddr fd00::1");
        bench.hold(rule().hop_limit(1).saddr("fd00::/16"), "ip6 hoplimit 1 ip6 saddr fd00::/16");
    }
}

#[test]
fn type_and_code() {
    need_nft!();
    let (kind, code) = (IcmpType::DESTINATION_UNREACHABLE, IcmpCode::PortUnreachable);
    let nft = ("icmp type destination-unreachable", "icmp code port-unreachable");
    for bench in Bench::filters([Family::Ip, Family::Inet, Family::Netdev]) {
        bench.hold_all([
            (rule().icmp_type(kind).icmp_code(code), &*format!("{} {}", nft.0, nft.1)),
            (rule().icmp_code(code).icmp_type(kind), &*format!("{} {}", nft.1, nft.0)),
            (rule().icmp_code(code).mark(1).icmp_type(kind), &*format!("{} meta mark 1 {}", nft.1, nft.0)),
            (rule().icmp_type(kind).icmp_code(not(code)), "icmp type 3 icmp code != 3"),
            (rule().icmp_type(kind).icmp_code([1, 3]), "icmp type 3 icmp code { 1, 3 }"),
        ]);
        let family = bench.family;
        let listed = format!("{} {}", nft.0, nft.1);
        bench.shown_as(apart(family, rule().icmp_type(kind), rule().icmp_code(code)), &listed);
        bench.shown_as(rule().icmp_type(kind).icmp_code(code), &listed);
    }
    let bridge = Bench::filter(Family::Bridge);
    bridge.hold(rule().icmp_type(kind).icmp_code(code), &format!("meta protocol ip {} {}", nft.0, nft.1));
    let (kind, code) = (Icmpv6Type::DESTINATION_UNREACHABLE, Icmp6Code::PortUnreachable);
    let nft = ("icmpv6 type destination-unreachable", "icmpv6 code port-unreachable");
    for bench in Bench::filters([Family::Ip6, Family::Inet, Family::Netdev]) {
        bench.hold_all([
            (rule().icmpv6_type(kind).icmpv6_code(code), &*format!("{} {}", nft.0, nft.1)),
            (rule().icmpv6_code(code).icmpv6_type(kind), &*format!("{} {}", nft.1, nft.0)),
        ]);
        let family = bench.family;
        let listed = format!("{} {}", nft.0, nft.1);
        bench.shown_as(apart(family, rule().icmpv6_type(kind), rule().icmpv6_code(code)), &listed);
        bench.shown_as(rule().icmpv6_type(kind).icmpv6_code(code), &listed);
    }
    bridge
        .hold(rule().icmpv6_type(kind).icmpv6_code(code), &format!("meta protocol ip6 {} {}", nft.0, nft.1));
}

#[test]
fn ethernet_addresses() {
    need_nft!();
    let (from, to) = (format!("ether saddr {A}"), format!("ether daddr {B}"));
    for bench in
        Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev, Family::Arp])
    {
        bench.hold_all([
            (rule().ether_saddr(A).ether_daddr(B), &*format!("{from} {to}")),
            (rule().ether_daddr(B).ether_saddr(A).accept(), &*format!("{to} {from} accept")),
            (rule().ether_daddr(B).mark(1).ether_saddr(A), &*format!("{to} meta mark 1 {from}")),
            (rule().ether_daddr(B).ether_saddr(not(A)), &*format!("{to} ether saddr != {A}")),
            (rule().ether_daddr([A, B]).ether_saddr(A), &*format!("ether daddr {{ {A}, {B} }} {from}")),
        ]);
        let family = bench.family;
        let listed = format!("{to} {from}");
        bench.shown_as(apart(family, rule().ether_daddr(B), rule().ether_saddr(A)), &listed);
        bench.shown_as(rule().ether_saddr(A).ether_daddr(B), &listed);
        if family != Family::Bridge {
            // nft's own test, behind the mark's, has left that of the interface alone at the beginning.
            bench.shown_as(
                rule().ether_saddr(A).mark(1).ether_daddr(B),
                &format!("{listed} meta mark 0x00000001"),
            );
        }
    }
    let bench = Bench::filter(Family::Bridge);
    bench.hold(
        rule().ether_saddr(A).tcp().dport(22).ether_daddr(B).sport(1),
        &format!("{from} meta l4proto tcp tcp dport 22 {to} tcp sport 1"),
    );
}
