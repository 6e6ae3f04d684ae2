//! Values at the edges of what is possible.

use portcullis::{Family, Item, Matching, Port, not};

use super::{Bench, IP, need_nft, rule};

#[test]
fn addresses() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Inet, Family::Bridge, Family::Netdev]) {
        for (text, nft) in [
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("0.0.0.0", "0.0.0.0"),
            ("255.255.255.255", "255.255.255.255"),
            ("10.0.0.1/32", "10.0.0.1/32"),
            ("10.0.0.1/255.255.255.255", "10.0.0.1"),
            ("10.0.2.5/24", "10.0.2.5/24"),
            ("10.0.2.5/255.255.255.0", "10.0.2.0/24"),
            ("128.0.0.0/1", "128.0.0.0/1"),
            ("10.0.0.0/31", "10.0.0.0/31"),
            ("10.0.0.0/25", "10.0.0.0/25"),
            ("172.16.0.0/12", "172.16.0.0/12"),
            ("10.0.0.0-10.0.0.255", "10.0.0.0-10.0.0.255"),
            ("0.0.0.0-255.255.255.255", "0.0.0.0-255.255.255.255"),
            ("255.255.255.250-255.255.255.255", "255.255.255.250-255.255.255.255"),
        ] {
            bench.hold(rule().saddr(text), &format!("ip saddr {nft}"));
            bench.hold(rule().saddr(not(text)), &format!("ip saddr != {nft}"));
        }
        bench.hold(rule().saddr("10.0.2.1/0.0.255.255"), "ip saddr & 0.0.255.255 == 0.0.2.1");
        bench.hold(rule().saddr(not("10.0.2.1/0.0.255.255")), "ip saddr & 0.0.255.255 != 0.0.2.1");
    }
    for bench in Bench::filters([Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]) {
        for text in [
            "::/0",
            "::",
            "::1/128",
            "fd00::5/64",
            "2000::/3",
            "fd00::/127",
            "fd00::-fd00::ffff",
            "::ffff:10.0.0.1",
        ] {
            bench.hold(rule().saddr(text), &format!("ip6 saddr {text}"));
            bench.hold(rule().daddr(not(text)), &format!("ip6 daddr != {text}"));
        }
    }
}

#[test]
fn lists_of_addresses() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Inet, Family::Bridge, Family::Netdev]) {
        for (list, nft) in [
            (vec!["10.0.0.1"], "10.0.0.1"),
            (vec!["10.0.0.1", "10.0.0.1", "10.0.0.2"], "{ 10.0.0.1, 10.0.0.1, 10.0.0.2 }"),
            (vec!["10.0.0.0/24", "10.0.1.0/24"], "{ 10.0.0.0/24, 10.0.1.0/24 }"),
            (vec!["10.0.0.0/8", "10.1.0.0/16"], "{ 10.0.0.0/8, 10.1.0.0/16 }"),
            (vec!["10.0.0.0-10.0.0.9", "10.0.0.10-10.0.0.20"], "{ 10.0.0.0-10.0.0.9, 10.0.0.10-10.0.0.20 }"),
            (vec!["10.0.0.0-10.0.0.9", "10.0.0.5-10.0.0.20"], "{ 10.0.0.0-10.0.0.9, 10.0.0.5-10.0.0.20 }"),
            (vec!["10.0.0.1", "10.0.0.0/24"], "{ 10.0.0.1, 10.0.0.0/24 }"),
            (vec!["0.0.0.0/1", "192.168.0.0/16"], "{ 0.0.0.0/1, 192.168.0.0/16 }"),
            (vec!["0.0.0.0/0", "10.0.0.1"], "{ 0.0.0.0/0, 10.0.0.1 }"),
            (vec!["255.255.255.0/24", "10.0.0.1"], "{ 255.255.255.0/24, 10.0.0.1 }"),
            (vec!["224.0.0.0/4", "240.0.0.0/4"], "{ 224.0.0.0/4, 240.0.0.0/4 }"),
        ] {
            bench.hold(rule().saddr(list.clone()), &format!("ip saddr {nft}"));
            bench.hold(rule().daddr(not(list)), &format!("ip daddr != {nft}"));
        }
    }
    for bench in Bench::filters([Family::Ip6, Family::Inet]) {
        bench.hold(rule().saddr(["::/0", "fd00::1"]), "ip6 saddr { ::/0, fd00::1 }");
        bench.hold(rule().saddr(["ff00::/8", "fd00::1"]), "ip6 saddr { ff00::/8, fd00::1 }");
        bench
            .hold(rule().saddr(["fd00::/64", "fd00:0:0:1::/64"]), "ip6 saddr { fd00::/64, fd00:0:0:1::/64 }");
    }
}

#[test]
fn ports() {
    need_nft!();
    for bench in Bench::filters(IP) {
        let ports = |ports: Matching<Port>| rule().tcp().dport(ports);
        for (values, nft) in [
            (Matching::from(65535), "65535"),
            (Matching::from(0..=65535), "0-65535"),
            (Matching::from(0..=1023), "0-1023"),
            (Matching::from(1024..=65535), "1024-65535"),
            (Matching::from([22]), "22"),
            (Matching::from([22, 22, 80]), "{ 22, 22, 80 }"),
            (Matching::from([22, 23, 24]), "{ 22, 23, 24 }"),
            (Matching::from([1..=10, 11..=20]), "{ 1-10, 11-20 }"),
            (Matching::from([1..=10, 5..=20]), "{ 1-10, 5-20 }"),
            (Matching::from([1..=10, 10..=20]), "{ 1-10, 10-20 }"),
            (Matching::from([0..=10, 65000..=65535]), "{ 0-10, 65000-65535 }"),
            (Matching::from([Item::One(Port(65535)), Item::Range(Port(1), Port(2))]), "{ 65535, 1-2 }"),
        ] {
            bench.hold(ports(values.clone()), &format!("tcp dport {nft}"));
            bench.hold(ports(not(values).into()), &format!("tcp dport != {nft}"));
        }
        let many: Vec<u16> = (1..=500).map(|n| n * 2).collect();
        let words: Vec<_> = many.iter().map(u16::to_string).collect();
        bench.hold(rule().tcp().dport(many), &format!("tcp dport {{ {} }}", words.join(", ")));
    }
}

#[test]
fn numbers_of_the_hosts_order() {
    need_nft!();
    for bench in Bench::filters(IP) {
        bench.hold_all([
            (rule().mark(0..=u32::MAX), "meta mark 0-0xffffffff"),
            (rule().mark(0xffff_fff0..=u32::MAX), "meta mark 0xfffffff0-0xffffffff"),
            (rule().mark([0..=1, 0xffff_fff0..=u32::MAX]), "meta mark { 0-1, 0xfffffff0-0xffffffff }"),
            (rule().mark([0x100..=0x1ff, 0x200..=0x2ff]), "meta mark { 0x100-0x1ff, 0x200-0x2ff }"),
            (rule().mark([256, 1, 65536]), "meta mark { 256, 1, 65536 }"),
            (rule().skuid([0x0100_0000, 1]), "meta skuid { 16777216, 1 }"),
            (rule().length([256..=511, 1..=2]), "meta length { 256-511, 1-2 }"),
            (rule().ct_mark([0x100..=0x1ff, 1..=2]), "ct mark { 0x100-0x1ff, 1-2 }"),
        ]);
    }
}

#[test]
fn interfaces() {
    need_nft!();
    for bench in Bench::filters([Family::Ip, Family::Inet, Family::Bridge]) {
        bench.hold_all([
            (rule().iif("abcdefghijklmno"), "iifname \"abcdefghijklmno\""),
            (rule().iif("abcdefghijklmn*"), "iifname \"abcdefghijklmn*\""),
            (rule().iif("e*"), "iifname \"e*\""),
            (rule().iif("br-1a2b.100"), "iifname \"br-1a2b.100\""),
            (rule().iif("veth@x"), "iifname \"veth@x\""),
            (rule().iif(["eth*", "eth0"]), "iifname { \"eth*\", \"eth0\" }"),
            (rule().iif(["eth*", "ppp*", "lo"]), "iifname { \"eth*\", \"ppp*\", \"lo\" }"),
            (rule().iif(not(["eth*", "lo"])), "iifname != { \"eth*\", \"lo\" }"),
            (rule().iif(["lo"]), "iifname \"lo\""),
            (rule().iif(["lo", "lo"]), "iifname { \"lo\", \"lo\" }"),
            (rule().iif("+").accept(), "accept"),
        ]);
    }
}
