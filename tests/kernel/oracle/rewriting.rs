//! Changing packets.

use portcullis::{Family, Hook, language::matches::Dscp};

use super::{Bench, IP, need_nft, rule};

#[test]
fn class_of_service() {
    need_nft!();
    for (family, words) in
        [(Family::Ip, ""), (Family::Inet, "meta nfproto ipv4 "), (Family::Bridge, "meta protocol ip ")]
    {
        let bench = Bench::mangle(family, Hook::Prerouting);
        let start = || rule().ipv4();
        bench.hold(start().set_dscp(10), &format!("{words}ip dscp set 10"));
        bench.hold(start().set_dscp(Dscp::EF), &format!("{words}ip dscp set ef"));
        bench.hold(start().set_dscp(0), &format!("{words}ip dscp set 0"));
        // The byte's other two bits are nft's `ecn`.
        bench.hold(start().set_tos(3, 3), &format!("{words}ip ecn set ce"));
        bench.hold(start().set_tos(0x28, 0xfc), &format!("{words}ip dscp set 10"));
        bench.hold(rule().saddr("10.0.0.1").set_dscp(10), "ip saddr 10.0.0.1 ip dscp set 10");
    }
    for (family, words) in
        [(Family::Ip6, ""), (Family::Inet, "meta nfproto ipv6 "), (Family::Bridge, "meta protocol ip6 ")]
    {
        let bench = Bench::mangle(family, Hook::Prerouting);
        let start = || rule().ipv6();
        bench.hold(start().set_dscp(10), &format!("{words}ip6 dscp set 10"));
        bench.hold(start().set_dscp(Dscp::EF), &format!("{words}ip6 dscp set ef"));
        bench.hold(start().set_dscp(0), &format!("{words}ip6 dscp set 0"));
        // The byte's other two bits have no word in nft 1.0.6, nor have more than six at once.
        bench.hold(start().set_tos(0x28, 0xfc), &format!("{words}ip6 dscp set 10"));
        bench.hold(rule().saddr("fd00::1").set_dscp(10), "ip6 saddr fd00::1 ip6 dscp set 10");
        bench.hold(rule().saddr("fd00::1").set_tos(0, 0xfc), "ip6 saddr fd00::1 ip6 dscp set cs0");
    }
}

/// iptables' `--set-tos VALUE/MASK`, `--and-tos`, `--or-tos` and `--xor-tos`: nft has no word for them. What they do to
/// packets is in `targets/rewrite.rs`.
#[test]
fn type_of_service() {
    need_nft!();
    for family in IP.into_iter().chain([Family::Bridge]) {
        let bench = Bench::mangle(family, Hook::Prerouting);
        let mut versions = vec![rule().ipv4(), rule().ipv6()];
        match family {
            Family::Ip => versions.truncate(1),
            Family::Ip6 => _ = versions.remove(0),
            _ => {}
        }
        for version in versions {
            let start = || version.clone();
            bench.kernel_and_libnftnl(start().set_tos(0x10, 0xff));
            bench.kernel_and_libnftnl(start().set_tos(0x10, 0x3f));
            bench.kernel_and_libnftnl(start().set_tos(0, !0x1c));
            bench.kernel_and_libnftnl(start().set_tos(0x0f, 0x0f));
            bench.kernel_and_libnftnl(start().set_tos(0xff, 0));
            bench.kernel_and_libnftnl(start().tcp().dport(22).set_tos(0x10, 0x3f).counter().accept());
        }
    }
}

#[test]
fn hops() {
    need_nft!();
    for family in [Family::Ip, Family::Inet, Family::Bridge] {
        let bench = Bench::mangle(family, Hook::Prerouting);
        bench.hold(rule().set_ttl(64), "ip ttl set 64");
        bench.hold(rule().saddr("10.0.0.1").set_ttl(1), "ip saddr 10.0.0.1 ip ttl set 1");
        bench.hold(rule().counter().set_ttl(64), "counter ip ttl set 64");
    }
    for family in [Family::Ip6, Family::Inet, Family::Bridge] {
        let bench = Bench::mangle(family, Hook::Prerouting);
        bench.hold(rule().set_hop_limit(64), "ip6 hoplimit set 64");
        bench.hold(rule().saddr("fd00::1").set_hop_limit(1), "ip6 saddr fd00::1 ip6 hoplimit set 1");
    }
}

#[test]
fn segment_sizes() {
    need_nft!();
    for family in IP {
        for hook in [Hook::Forward, Hook::Output, Hook::Postrouting] {
            let bench = Bench::mangle(family, hook);
            bench.hold_all([
                (rule().clamp_mss(1400), "tcp option maxseg size set 1400"),
                (rule().clamp_mss_to_pmtu(), "tcp option maxseg size set rt mtu"),
                (rule().tcp().clamp_mss_to_pmtu(), "meta l4proto tcp tcp option maxseg size set rt mtu"),
                (
                    rule().oif("ppp0").tcp_syn().clamp_mss_to_pmtu(),
                    "oifname \"ppp0\" tcp flags syn / fin,syn,rst,ack tcp option maxseg size set rt mtu",
                ),
            ]);
        }
    }
}

#[test]
fn priorities() {
    need_nft!();
    for family in [Family::Ip, Family::Ip6, Family::Inet, Family::Bridge] {
        let bench = Bench::mangle(family, Hook::Postrouting);
        bench.hold(rule().set_priority(1, 2), "meta priority set 1:2");
        bench.hold(rule().set_priority(0xffff, 0xfffe), "meta priority set ffff:fffe");
        bench.hold(rule().set_priority(0, 5), "meta priority set 0:5");
        bench.hold(rule().tcp().dport(22).set_priority(1, 0x10), "tcp dport 22 meta priority set 1:10");
    }
}
