//! Translating addresses and ports.

use portcullis::{
    CtState, Family, Hook, Protocol,
    language::targets::{Masquerade, NatTo, Redirect},
    not,
};

use super::{Bench, IP, need_nft, rule};

/// Each place to translate to, with nft's words for it behind `dnat to` and `snat to`, and whether it has a port.
fn v4() -> Vec<(NatTo, &'static str, bool)> {
    vec![
        ("192.168.1.2".into(), "192.168.1.2", false),
        ("192.168.1.2-192.168.1.9".into(), "192.168.1.2-192.168.1.9", false),
        (NatTo::from("192.168.1.2").random(), "192.168.1.2 random", false),
        (NatTo::from("192.168.1.2").fully_random(), "192.168.1.2 fully-random", false),
        (
            NatTo::from("192.168.1.2").fully_random().persistent(),
            "192.168.1.2 fully-random,persistent",
            false,
        ),
        (NatTo::from("192.168.1.2-192.168.1.9").persistent(), "192.168.1.2-192.168.1.9 persistent", false),
        ("192.168.1.2:8080".into(), "192.168.1.2:8080", true),
        ("192.168.1.2:8000-8010".into(), "192.168.1.2:8000-8010", true),
        ("192.168.1.2-192.168.1.9:8080".into(), "192.168.1.2-192.168.1.9:8080", true),
        ("192.168.1.2-192.168.1.9:8000-8010".into(), "192.168.1.2-192.168.1.9:8000-8010", true),
        (NatTo::from("192.168.1.2:8000-8010").random(), "192.168.1.2:8000-8010 random", true),
    ]
}

fn v6() -> Vec<(NatTo, &'static str, bool)> {
    vec![
        ("fd00::2".into(), "fd00::2", false),
        ("fd00::2-fd00::9".into(), "fd00::2-fd00::9", false),
        (NatTo::from("fd00::2").persistent(), "fd00::2 persistent", false),
        ("[fd00::2]:8080".into(), "[fd00::2]:8080", true),
        ("[fd00::2]-[fd00::9]:8000-8010".into(), "[fd00::2]-[fd00::9]:8000-8010", true),
    ]
}

#[test]
fn addresses() {
    need_nft!();
    for (family, version, places) in [
        (Family::Ip, "", v4()),
        (Family::Ip6, "", v6()),
        (Family::Inet, "ip ", v4()),
        (Family::Inet, "ip6 ", v6()),
    ] {
        let destination = Bench::nat(family, Hook::Prerouting);
        let source = Bench::nat(family, Hook::Postrouting);
        for (to, words, port) in places {
            let (start, protocol) = if port { (rule().tcp(), "meta l4proto tcp ") } else { (rule(), "") };
            destination.hold(start.clone().dnat(to.clone()), &format!("{protocol}dnat {version}to {words}"));
            source.hold(start.snat(to), &format!("{protocol}snat {version}to {words}"));
        }
    }
}

#[test]
fn networks() {
    need_nft!();
    for (family, version) in [(Family::Ip, ""), (Family::Inet, "ip ")] {
        let bench = Bench::nat(family, Hook::Prerouting);
        bench.hold(rule().dnat("10.1.0.0/24"), &format!("dnat {version}to 10.1.0.0/24"));
        let bench = Bench::nat(family, Hook::Postrouting);
        bench.hold(rule().snat("10.1.0.0/24"), &format!("snat {version}to 10.1.0.0/24"));
    }
    for family in [Family::Ip, Family::Inet] {
        let to = || NatTo::from("10.1.0.0/24").prefix();
        let bench = Bench::nat(family, Hook::Prerouting);
        bench.hold(rule().dnat(to()), "dnat ip prefix to 10.1.0.0/24");
        bench.hold(
            rule().daddr("10.2.0.0/24").dnat(to()),
            "ip daddr 10.2.0.0/24 dnat ip prefix to 10.1.0.0/24",
        );
        let bench = Bench::nat(family, Hook::Postrouting);
        bench.hold(rule().snat(to()), "snat ip prefix to 10.1.0.0/24");
    }
}

#[test]
fn ports_alone() {
    need_nft!();
    for family in IP {
        let bench = Bench::nat(family, Hook::Prerouting);
        bench.hold_all([
            (rule().tcp().dnat(":8080"), "meta l4proto tcp dnat to :8080"),
            (rule().udp().dport(53).dnat(NatTo::new().port(5353)), "udp dport 53 dnat to :5353"),
            (rule().tcp().dnat(NatTo::new().ports(8000..=8010)), "meta l4proto tcp dnat to :8000-8010"),
            (
                rule().protocol([Protocol::TCP, Protocol::UDP]).dnat(":53"),
                "meta l4proto { tcp, udp } dnat to :53",
            ),
        ]);
        let bench = Bench::nat(family, Hook::Postrouting);
        bench.hold(rule().tcp().snat(":1024-65535"), "meta l4proto tcp snat to :1024-65535");
    }
}

#[test]
fn beside_others() {
    need_nft!();
    for (family, version) in [(Family::Ip, ""), (Family::Inet, "ip ")] {
        let bench = Bench::nat(family, Hook::Prerouting);
        bench.hold_all([
            (
                rule().iif("wan0").tcp().dport(80).dnat("192.168.1.2:8080"),
                &format!("iifname \"wan0\" tcp dport 80 dnat {version}to 192.168.1.2:8080"),
            ),
            (
                rule().daddr("10.0.0.1").tcp().dport([80, 443]).counter().dnat("192.168.1.2"),
                &format!("ip daddr 10.0.0.1 tcp dport {{ 80, 443 }} counter dnat {version}to 192.168.1.2"),
            ),
            (
                rule().daddr("10.0.0.1").ct_state(CtState::NEW).nth(2, 0).dnat("192.168.1.2"),
                &format!("ip daddr 10.0.0.1 ct state new numgen inc mod 2 0 dnat {version}to 192.168.1.2"),
            ),
        ]);
        let bench = Bench::nat(family, Hook::Postrouting);
        bench.hold(
            rule().saddr("10.0.0.0/8").daddr(not("10.0.0.0/8")).oif("wan0").snat("192.0.2.1"),
            &format!(
                "ip saddr 10.0.0.0/8 ip daddr != 10.0.0.0/8 oifname \"wan0\" snat {version}to 192.0.2.1"
            ),
        );
    }
    let bench = Bench::nat(Family::Inet, Hook::Output);
    bench.hold(rule().daddr("10.0.0.1").dnat("127.0.0.1"), "ip daddr 10.0.0.1 dnat ip to 127.0.0.1");
    let bench = Bench::nat(Family::Inet, Hook::Input);
    bench.hold(rule().saddr("10.0.0.1").snat("127.0.0.1"), "ip saddr 10.0.0.1 snat ip to 127.0.0.1");
}

#[test]
fn masquerading() {
    need_nft!();
    let with = |masquerade| rule().masquerade_with(masquerade);
    let new = Masquerade::new;
    for family in IP {
        let bench = Bench::nat(family, Hook::Postrouting);
        bench.hold_all([
            (rule().masquerade(), "masquerade"),
            (rule().oif("wan0").masquerade(), "oifname \"wan0\" masquerade"),
            (with(new().random()), "masquerade random"),
            (with(new().fully_random()), "masquerade fully-random"),
            (with(new().persistent()), "masquerade persistent"),
            (with(new().fully_random().persistent()), "masquerade fully-random,persistent"),
            (rule().tcp().masquerade_with(new().ports(1024)), "meta l4proto tcp masquerade to :1024"),
            (
                rule().udp().masquerade_with(new().ports(1024..=2048)),
                "meta l4proto udp masquerade to :1024-2048",
            ),
            (
                rule().tcp().masquerade_with(new().ports(1024..=2048).random()),
                "meta l4proto tcp masquerade to :1024-2048 random",
            ),
        ]);
    }
}

#[test]
fn redirecting() {
    need_nft!();
    for family in IP {
        for hook in [Hook::Prerouting, Hook::Output] {
            let bench = Bench::nat(family, hook);
            bench.hold_all([
                (rule().redirect(), "redirect"),
                (rule().redirect_to(Redirect::new().random()), "redirect random"),
                (rule().redirect_to(Redirect::new().fully_random()), "redirect fully-random"),
                (rule().redirect_to(Redirect::new().persistent()), "redirect persistent"),
                (rule().tcp().redirect_to(8080), "meta l4proto tcp redirect to :8080"),
                (rule().udp().dport(53).redirect_to(5353), "udp dport 53 redirect to :5353"),
                (rule().tcp().redirect_to(8080..=8090), "meta l4proto tcp redirect to :8080-8090"),
                (
                    rule().tcp().redirect_to(Redirect::to(8080..=8090).random()),
                    "meta l4proto tcp redirect to :8080-8090 random",
                ),
            ]);
        }
    }
}
