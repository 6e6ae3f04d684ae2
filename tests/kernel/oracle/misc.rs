//! Words that stand alone.

use std::net::{Ipv4Addr, Ipv6Addr};

use portcullis::{
    Family, Hook,
    language::targets::{Duplicate, Synproxy},
    probe::Feature,
};

use super::{Bench, IP, need_nft, rule};
use crate::support::need_feature;

#[test]
fn untracked() {
    need_nft!();
    for family in IP {
        for hook in [Hook::Prerouting, Hook::Output] {
            let bench = Bench::raw(family, hook);
            bench.hold(rule().notrack(), "notrack");
            bench.hold(rule().udp().dport(53).notrack(), "udp dport 53 notrack");
        }
    }
}

#[test]
fn copies() {
    need_nft!();
    let (v4, v6) = (Ipv4Addr::new(10, 0, 0, 1), Ipv6Addr::LOCALHOST);
    for hook in [Hook::Prerouting, Hook::Output, Hook::Postrouting] {
        let bench = Bench::mangle(Family::Ip, hook);
        bench.hold(rule().duplicate(v4), "dup to 10.0.0.1");
        bench.hold(rule().duplicate(Duplicate::to(v4).device(1)), "dup to 10.0.0.1 device \"lo\"");
        bench.hold(rule().tcp().dport(80).duplicate(v4), "tcp dport 80 dup to 10.0.0.1");
        let bench = Bench::mangle(Family::Ip6, hook);
        bench.hold(rule().duplicate(v6), "dup to ::1");
        bench.hold(rule().duplicate(Duplicate::to(v6).device(1)), "dup to ::1 device \"lo\"");
    }
    let bench = Bench::filter(Family::Netdev);
    bench.hold(rule().duplicate(Duplicate::to_device(1)), "dup to \"lo\"");
    bench
        .hold(rule().saddr("10.0.0.1").duplicate(Duplicate::to_device(1)), "ip saddr 10.0.0.1 dup to \"lo\"");
}

#[test]
fn synproxies() {
    need_nft!();
    let new = Synproxy::new;
    for hook in [Hook::Input, Hook::Forward] {
        for family in IP {
            let bench = Bench::filter_at(family, hook);
            bench.hold_all([
                (rule().synproxy(new()), "synproxy"),
                (rule().synproxy(new().mss(1460)), "synproxy mss 1460"),
                (rule().synproxy(new().wscale(7)), "synproxy wscale 7"),
                (rule().synproxy(new().timestamp()), "synproxy timestamp"),
                (rule().synproxy(new().sack_perm()), "synproxy sack-perm"),
                (
                    rule().tcp().dport(80).synproxy(new().mss(1460).wscale(7).timestamp().sack_perm()),
                    "tcp dport 80 synproxy mss 1460 wscale 7 timestamp sack-perm",
                ),
            ]);
        }
    }
}

#[test]
fn last_use() {
    need_nft!();
    need_feature!(Feature::Last);
    for bench in Bench::filters(IP) {
        // nft 1.0.6 can neither say nor list it.
        bench.kernel_and_libnftnl(rule().last_used());
        bench.kernel_and_libnftnl(rule().tcp().dport(22).last_used().accept());
    }
}
