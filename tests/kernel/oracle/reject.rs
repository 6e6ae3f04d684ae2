//! Refusing packets.

use portcullis::{
    CtState, Family, Hook,
    expr::{Icmp6Code, IcmpCode, IcmpxCode},
    language::targets::RejectWith,
};

use super::{Bench, IP, need_nft, rule};

#[test]
fn without_a_reason() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold(rule().reject(), "reject");
        bench.hold(rule().counter().reject(), "counter reject");
        bench.hold(rule().tcp().dport(22).reject(), "tcp dport 22 reject");
    }
    for bench in Bench::filters([Family::Ip, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold(rule().saddr("10.0.0.1").reject(), "ip saddr 10.0.0.1 reject");
    }
    for bench in Bench::filters([Family::Ip, Family::Inet, Family::Netdev]) {
        bench.hold(rule().icmp_type(8).reject(), "icmp type echo-request reject");
    }
    for bench in Bench::filters([Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold(rule().saddr("fd00::1").reject(), "ip6 saddr fd00::1 reject");
    }
}

#[test]
fn with_icmp() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Inet, Family::Bridge, Family::Netdev]) {
        for code in IcmpCode::ALL {
            bench.hold(rule().reject_with(RejectWith::Icmp(*code)), &format!("reject with icmp {code}"));
        }
        bench.hold(
            rule().saddr("10.0.0.1").counter().reject_with(RejectWith::Icmp(IcmpCode::HostUnreachable)),
            "ip saddr 10.0.0.1 counter reject with icmp host-unreachable",
        );
    }
    for bench in Bench::filters([Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        for code in Icmp6Code::ALL {
            bench.hold(rule().reject_with(RejectWith::Icmpv6(*code)), &format!("reject with icmpv6 {code}"));
        }
    }
    for bench in Bench::filters([Family::Inet, Family::Bridge, Family::Netdev]) {
        for code in IcmpxCode::ALL {
            bench.hold(rule().reject_with(RejectWith::Icmpx(*code)), &format!("reject with icmpx {code}"));
        }
        bench.hold(
            rule().ct_state(CtState::NEW).reject_with(RejectWith::Icmpx(IcmpxCode::NoRoute)),
            "ct state new reject with icmpx no-route",
        );
    }
}

#[test]
fn with_a_reset() {
    need_nft!();
    let reset = RejectWith::TcpReset;
    for bench in Bench::filters([Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold_all([
            (rule().reject_with(reset), "reject with tcp reset"),
            (rule().tcp().reject_with(reset), "meta l4proto tcp reject with tcp reset"),
            (rule().tcp().dport(80).reject_with(reset), "tcp dport 80 reject with tcp reset"),
            (rule().counter().reject_with(reset), "counter reject with tcp reset"),
            (rule().tcp_syn().reject_with(reset), "tcp flags syn / fin,syn,rst,ack reject with tcp reset"),
        ]);
    }
    for bench in Bench::filters([Family::Ip, Family::Inet, Family::Bridge, Family::Netdev]) {
        bench.hold(rule().saddr("10.0.0.1").reject_with(reset), "ip saddr 10.0.0.1 reject with tcp reset");
    }
}

/// What a rejection depends on is tested before everything else.
#[test]
fn dependencies_come_first() {
    need_nft!();
    let bench = Bench::filter(Family::Inet);
    bench.hold_all([
        (
            rule().ct_state(CtState::NEW).counter().reject_with(RejectWith::Icmpv6(Icmp6Code::NoRoute)),
            "ct state new counter reject with icmpv6 no-route",
        ),
        (
            rule().iif("lo").tcp().dport(22).reject_with(RejectWith::Icmp(IcmpCode::AdminProhibited)),
            "iifname \"lo\" tcp dport 22 reject with icmp admin-prohibited",
        ),
        (
            rule().tcp().dport(22).counter().reject_with(RejectWith::Icmp(IcmpCode::AdminProhibited)),
            "tcp dport 22 counter reject with icmp admin-prohibited",
        ),
    ]);
}

#[test]
fn at_other_hooks() {
    need_nft!();
    for hook in [Hook::Prerouting, Hook::Forward, Hook::Output] {
        for family in IP {
            let bench = Bench::filter_at(family, hook);
            bench.hold(rule().reject(), "reject");
            bench.hold(rule().reject_with(RejectWith::TcpReset), "reject with tcp reset");
        }
    }
}
