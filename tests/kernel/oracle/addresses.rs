//! Addresses, ports, protocols, interfaces.

use portcullis::{CtState, Family, Item, Port, Protocol, Rule, not};

use super::{Bench, need_nft};

#[test]
fn addresses() {
    need_nft!();
    for family in [Family::Ip, Family::Inet, Family::Bridge, Family::Netdev] {
        let bench = Bench::filter(family);
        let rule = Rule::new;
        bench.hold(rule().saddr("10.0.2.1").accept(), "ip saddr 10.0.2.1 accept");
        bench.hold(rule().daddr("10.0.2.1").drop(), "ip daddr 10.0.2.1 drop");
        bench.hold(rule().saddr(not("10.0.2.1")).drop(), "ip saddr != 10.0.2.1 drop");
        bench.hold(rule().saddr("10.0.2.0/24"), "ip saddr 10.0.2.0/24");
        bench.hold(rule().saddr("10.0.2.64/26"), "ip saddr 10.0.2.64/26");
        bench.hold(rule().saddr(not("10.0.0.0/8")), "ip saddr != 10.0.0.0/8");
        bench.hold(rule().saddr("10.0.2.1-10.0.2.9"), "ip saddr 10.0.2.1-10.0.2.9");
        bench.hold(rule().saddr(not("10.0.2.1-10.0.2.9")), "ip saddr != 10.0.2.1-10.0.2.9");
        bench.hold(rule().saddr(["10.0.2.1", "10.0.2.7"]), "ip saddr { 10.0.2.1, 10.0.2.7 }");
        bench.hold(rule().saddr(not(["10.0.2.7", "10.0.2.1"])), "ip saddr != { 10.0.2.1, 10.0.2.7 }");
        bench.hold(
            rule().saddr(["10.0.2.0/24", "192.168.7.1-192.168.7.9", "1.1.1.1"]),
            "ip saddr { 10.0.2.0/24, 192.168.7.1-192.168.7.9, 1.1.1.1 }",
        );
        bench.hold(rule().saddr("10.0.2.0/255.0.255.0"), "ip saddr & 255.0.255.0 == 10.0.2.0");
        bench.hold(
            rule().saddr("10.0.2.1").daddr("10.0.2.2").accept(),
            "ip saddr 10.0.2.1 ip daddr 10.0.2.2 accept",
        );
    }
    for family in [Family::Ip6, Family::Inet] {
        let bench = Bench::filter(family);
        let rule = Rule::new;
        bench.hold(rule().saddr("fd00::1").accept(), "ip6 saddr fd00::1 accept");
        bench.hold(rule().daddr(not("fd00::1")).drop(), "ip6 daddr != fd00::1 drop");
        bench.hold(rule().saddr("fd00::/8"), "ip6 saddr fd00::/8");
        bench.hold(rule().saddr("fe80::/10"), "ip6 saddr fe80::/10");
        bench.hold(rule().saddr("fd00::1-fd00::ff"), "ip6 saddr fd00::1-fd00::ff");
        bench.hold(rule().saddr(["fd00::1", "fd00::2"]), "ip6 saddr { fd00::1, fd00::2 }");
        bench.hold(rule().saddr(["fd00::/64", "fe80::1"]), "ip6 saddr { fd00::/64, fe80::1 }");
    }
}

#[test]
fn ports_and_protocols() {
    need_nft!();
    for family in [Family::Ip, Family::Ip6, Family::Inet] {
        let bench = Bench::filter(family);
        let rule = Rule::new;
        bench.hold(rule().tcp().dport(22).accept(), "tcp dport 22 accept");
        bench.hold(rule().udp().sport(not(53)), "udp sport != 53");
        bench.hold(rule().tcp().dport(1000..=2000), "tcp dport 1000-2000");
        bench.hold(rule().tcp().dport(not(1000..=2000)), "tcp dport != 1000-2000");
        bench.hold(rule().tcp().dport([22, 80, 443]), "tcp dport { 22, 80, 443 }");
        bench.hold(rule().tcp().dport(not([22, 80])), "tcp dport != { 22, 80 }");
        let mixed = [Item::One(Port(22)), Item::Range(Port(8000), Port(8010)), Item::Range(Port(0), Port(7))];
        bench.hold(rule().tcp().dport(mixed), "tcp dport { 22, 8000-8010, 0-7 }");
        bench.hold(rule().tcp().sport(1024..=65535).dport(22), "tcp sport 1024-65535 tcp dport 22");
        bench.hold(rule().protocol(Protocol::TCP), "meta l4proto tcp");
        bench.hold(rule().protocol(not(Protocol::UDP)), "meta l4proto != udp");
        bench.hold(
            rule().protocol([Protocol::TCP, Protocol::UDP]).dport(53),
            "meta l4proto { tcp, udp } th dport 53",
        );
        bench.hold(rule().tcp().tcp().dport(22), "meta l4proto tcp tcp dport 22");
    }
}

#[test]
fn interfaces_and_states() {
    need_nft!();
    for family in [Family::Ip, Family::Ip6, Family::Inet] {
        let bench = Bench::filter(family);
        let rule = Rule::new;
        bench.hold(rule().iif("lo").accept(), "iifname \"lo\" accept");
        bench.hold(rule().oif(not("eth0")), "oifname != \"eth0\"");
        bench.hold(rule().iif("eth+"), "iifname \"eth*\"");
        bench.hold(rule().iif(not("eth*")), "iifname != \"eth*\"");
        bench.hold(rule().iif(["lo", "eth0"]), "iifname { \"lo\", \"eth0\" }");
        bench.hold(rule().iif(["lo", "eth*"]), "iifname { \"lo\", \"eth*\" }");
        bench.hold(rule().iif(1u32), "iif 1");
        bench.hold(rule().iif([1u32, 2u32]), "iif { 1, 2 }");
        bench.hold(rule().ct_state(CtState::NEW), "ct state new");
        bench.hold(rule().ct_state(CtState::ESTABLISHED | CtState::RELATED), "ct state established,related");
        bench.hold(rule().ct_state(not(CtState::INVALID)), "ct state ! invalid");
        bench.hold(rule().nth(3, 0), "numgen inc mod 3 == 0");
        bench.hold(rule().not_nth(3, 2), "numgen inc mod 3 != 2");
        bench.hold(rule().counter().accept(), "counter accept");
        bench.hold(rule().jump("other"), "jump other");
        bench.hold(rule().goto("other"), "goto other");
        bench.hold(rule().return_(), "return");
        bench.hold(rule().continue_(), "continue");
        bench.hold(rule().accept().comment("with words"), "accept comment \"with words\"");
    }
}
