//! The local socket that a packet is for, and handing packets to one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use portcullis::{Family, Hook, Protocol, language::matches::masked, not};

use super::{Bench, IP, need_nft, rule};

#[test]
fn sockets() {
    need_nft!();
    for hook in [Hook::Prerouting, Hook::Input] {
        for family in IP {
            let bench = Bench::filter_at(family, hook);
            bench.hold_all([
                (rule().socket_transparent(), "socket transparent 1"),
                (rule().socket_wildcard(false), "socket wildcard 0"),
                (rule().socket_wildcard(true), "socket wildcard 1"),
                (rule().socket_mark(5), "socket mark 0x5"),
                (rule().socket_mark(not(5)), "socket mark != 0x5"),
                (rule().socket_mark(1..=5), "socket mark 1-5"),
                (rule().socket_mark([1, 5]), "socket mark { 1, 5 }"),
                (rule().socket_mark(masked(5, 0xff)), "socket mark & 0xff == 0x5"),
                (rule().socket_mark(not(masked(5, 0xff))), "socket mark & 0xff != 0x5"),
                (
                    rule().tcp().socket_transparent().set_mark(1).accept(),
                    "meta l4proto tcp socket transparent 1 meta mark set 1 accept",
                ),
            ]);
        }
    }
}

#[test]
fn transparent_proxies() {
    need_nft!();
    let v4: SocketAddr = "127.0.0.1:8080".parse().expect("an address");
    let v6: SocketAddr = "[::1]:8080".parse().expect("an address");
    for family in IP {
        let bench = Bench::mangle(family, Hook::Prerouting);
        bench.hold_all([
            (rule().tcp().tproxy(8080), "meta l4proto tcp tproxy to :8080"),
            (rule().udp().dport(53).tproxy(5353), "udp dport 53 tproxy to :5353"),
            (
                rule().protocol([Protocol::TCP, Protocol::UDP]).tproxy(8080),
                "meta l4proto { tcp, udp } tproxy to :8080",
            ),
            (
                rule().tcp().dport(80).tproxy(50080).set_mark(1).accept(),
                "tcp dport 80 tproxy to :50080 meta mark set 1 accept",
            ),
        ]);
    }
    let bench = Bench::mangle(Family::Ip, Hook::Prerouting);
    bench.hold(rule().tcp().tproxy(v4), "meta l4proto tcp tproxy to 127.0.0.1:8080");
    bench.hold(rule().tcp().tproxy(Ipv4Addr::LOCALHOST), "meta l4proto tcp tproxy to 127.0.0.1");
    let bench = Bench::mangle(Family::Ip6, Hook::Prerouting);
    bench.hold(rule().tcp().tproxy(v6), "meta l4proto tcp tproxy to [::1]:8080");
    bench.hold(rule().tcp().tproxy(IpAddr::from(Ipv6Addr::LOCALHOST)), "meta l4proto tcp tproxy to [::1]");
    let bench = Bench::mangle(Family::Inet, Hook::Prerouting);
    bench.hold_all([
        (rule().tcp().tproxy(v4), "meta l4proto tcp tproxy ip to 127.0.0.1:8080"),
        (rule().tcp().tproxy(v6), "meta l4proto tcp tproxy ip6 to [::1]:8080"),
        (rule().udp().tproxy(Ipv4Addr::LOCALHOST), "meta l4proto udp tproxy ip to 127.0.0.1"),
        (rule().ipv4().tcp().tproxy(8080), "meta nfproto ipv4 meta l4proto tcp tproxy ip to :8080"),
    ]);
}
