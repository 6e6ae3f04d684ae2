//! Targets whose values come out of maps, and objects.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv4Net;
use portcullis::{
    Dscp, Family, Hook, InterfaceName, Mark, Port,
    expr::QueueFlags,
    language::matches::Zone,
    probe::Feature,
    select::{self, Balance, Daddr, Dport, IifName, Saddr, Sport, mapped},
    set::{
        CounterName, CtExpectName, CtHelperName, CtTimeoutName, InterfaceIndex, Interval, LimitName, MapOf,
        QueueNumber, QuotaName, SecMarkName, SegmentSize, SynproxyName, TcClass,
    },
};

use super::{Bench, need_nft, rule};
use crate::support::need_feature;

const HOSTS: [Ipv4Addr; 3] =
    [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 3)];

#[test]
fn translations() {
    need_nft!();
    let bench = Bench::nat(Family::Inet, Hook::Prerouting);
    bench.declare([
        "map % homes { type ipv4_addr : ipv4_addr; }",
        "map % backends { type ipv4_addr . inet_service : ipv4_addr . inet_service; }",
    ]);
    let homes = MapOf::<Ipv4Addr, Ipv4Addr>::new("homes");
    let backends = MapOf::<(Ipv4Addr, Port), (Ipv4Addr, Port)>::new("backends");
    let [first, second] = [1, 2].map(|host| Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, host));
    bench.hold_all([
        (rule().dnat_by(mapped(Daddr, &homes)), "dnat ip to ip daddr map @homes"),
        (
            rule().tcp().dnat_by(mapped((Daddr, Dport), &backends)),
            "meta l4proto tcp dnat ip to ip daddr . tcp dport map @backends",
        ),
        (
            rule().tcp().dnat_by(mapped(Dport, [(Port(80), HOSTS[0]), (Port(443), HOSTS[1])])),
            "meta l4proto tcp dnat ip to tcp dport map { 80 : 10.0.0.1, 443 : 10.0.0.2 }",
        ),
        (
            rule().dnat_by(Balance::round_robin(HOSTS)),
            "dnat ip to numgen inc mod 3 map { 0 : 10.0.0.1, 1 : 10.0.0.2, 2 : 10.0.0.3 }",
        ),
        (
            rule().tcp().dnat_by(Balance::round_robin([(HOSTS[0], Port(80)), (HOSTS[1], Port(81))])),
            "meta l4proto tcp dnat ip to numgen inc mod 2 map { 0 : 10.0.0.1 . 80, 1 : 10.0.0.2 . 81 }",
        ),
        (
            rule().tcp().dnat_by(Balance::random([(first, Port(80)), (second, Port(81))])),
            "meta l4proto tcp dnat ip6 to numgen random mod 2 map { 0 : fd00::1 . 80, 1 : fd00::2 . 81 }",
        ),
        (
            rule().tcp().dnat_by(Balance::hash::<(Ipv4Addr, Port), _>((Saddr, Sport), Some(0xabc), HOSTS)),
            "meta l4proto tcp dnat ip to jhash ip saddr . tcp sport mod 3 seed 0xabc \
             map { 0 : 10.0.0.1, 1 : 10.0.0.2, 2 : 10.0.0.3 }",
        ),
        (
            rule().dnat_by(Balance::symmetric(HOSTS)),
            "dnat ip to symhash mod 3 map { 0 : 10.0.0.1, 1 : 10.0.0.2, 2 : 10.0.0.3 }",
        ),
    ]);
    let bench = Bench::nat(Family::Ip, Hook::Postrouting);
    bench.declare(["map % homes { type ipv4_addr : ipv4_addr; }"]);
    bench.hold(rule().snat_by(mapped(Saddr, &homes)), "snat to ip saddr map @homes");
}

#[test]
fn translations_to_runs_and_to_ports() {
    need_nft!();
    type Runs = (Interval<Ipv4Addr>, Interval<Port>);
    let bench = Bench::nat(Family::Ip, Hook::Prerouting);
    bench.declare([
        "map % spread { type ipv4_addr : interval ipv4_addr; }",
        "map % networks { type ipv4_addr : interval ipv4_addr; flags interval; }",
        "map % services { type ipv4_addr : interval ipv4_addr . inet_service; flags interval; }",
    ]);
    let spread = MapOf::<Ipv4Addr, Interval<Ipv4Addr>>::new("spread");
    let networks = MapOf::<Ipv4Net, Interval<Ipv4Addr>>::new("networks");
    let services = MapOf::<Ipv4Net, Runs>::new("services");
    let run = Interval::new(HOSTS[0], HOSTS[2]);
    let source = Ipv4Addr::new(10, 1, 0, 1);
    bench.hold_all([
        (rule().dnat_by(mapped(Saddr, &spread)), "dnat to ip saddr map @spread"),
        (rule().dnat_by(mapped(Saddr, &spread).persistent()), "dnat to ip saddr map @spread persistent"),
        (
            rule().dnat_by(mapped(Saddr, [(source, run)]).random()),
            "dnat to ip saddr map { 10.1.0.1 : 10.0.0.1-10.0.0.3 } random",
        ),
        (
            rule().dnat_by(mapped(Saddr, [(source, HOSTS[0])]).fully_random().persistent()),
            "dnat to ip saddr map { 10.1.0.1 : 10.0.0.1 } fully-random,persistent",
        ),
        (rule().dnat_by(mapped(Saddr, &networks).prefix()), "dnat ip prefix to ip saddr map @networks"),
        (
            rule().tcp().dnat_by(mapped(Saddr, &services)),
            "meta l4proto tcp dnat ip to ip saddr map @services",
        ),
        (
            rule().tcp().dnat_by(mapped(Dport, [(Port(22), Port(4040)), (Port(80), Port(8080))])),
            "meta l4proto tcp dnat to :tcp dport map { 22 : 4040, 80 : 8080 }",
        ),
    ]);
    let bench = Bench::nat(Family::Inet, Hook::Prerouting);
    let hosts = [1, 5].map(|host| Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, host));
    bench.hold_all([
        (
            rule().dnat_by(mapped(Saddr, [(hosts[0], Interval::new(hosts[0], hosts[1]))])),
            "dnat ip6 to ip6 saddr map { fd00::1 : fd00::1-fd00::5 }",
        ),
        (
            rule().udp().dnat_by(mapped(Dport, [(Port(53), Port(5353))])),
            "meta l4proto udp dnat to :udp dport map { 53 : 5353 }",
        ),
    ]);
    let bench = Bench::nat(Family::Ip, Hook::Postrouting);
    bench.hold(
        rule().snat_by(mapped(Saddr, [(source, run)]).persistent()),
        "snat to ip saddr map { 10.1.0.1 : 10.0.0.1-10.0.0.3 } persistent",
    );
}

#[test]
fn marks() {
    need_nft!();
    let bench = Bench::mangle(Family::Inet, Hook::Prerouting);
    bench.declare(["map % marks { type ipv4_addr : mark; }"]);
    let marks = MapOf::<Ipv4Addr, Mark>::new("marks");
    bench.hold_all([
        (rule().set_mark_by(mapped(Saddr, &marks)), "meta mark set ip saddr map @marks"),
        (rule().set_ct_mark_by(mapped(Saddr, &marks)), "ct mark set ip saddr map @marks"),
        (
            rule().set_mark_by(Balance::round_robin([Mark(1), Mark(2)])),
            "meta mark set numgen inc mod 2 map { 0 : 1, 1 : 2 }",
        ),
    ]);
}

#[test]
fn ports_of_this_machine() {
    need_nft!();
    let ports = MapOf::<Port, Port>::new("ports");
    for family in [Family::Ip, Family::Ip6, Family::Inet] {
        let bench = Bench::nat(family, Hook::Prerouting);
        bench.declare(["map % ports { type inet_service : inet_service; }"]);
        bench.hold_all([
            (
                rule().tcp().redirect_by(mapped(Dport, &ports)),
                "meta l4proto tcp redirect to :tcp dport map @ports",
            ),
            (
                rule().udp().redirect_by(mapped(Dport, [(Port(53), Port(5353)), (Port(54), Port(5354))])),
                "meta l4proto udp redirect to :udp dport map { 53 : 5353, 54 : 5354 }",
            ),
            (
                rule().tcp().redirect_by(mapped(Dport, &ports).random().persistent()),
                "meta l4proto tcp redirect to :tcp dport map @ports random,persistent",
            ),
            (
                rule().tcp().redirect_by(Balance::round_robin([Port(8080), Port(8081)])),
                "meta l4proto tcp redirect to :numgen inc mod 2 map { 0 : 8080, 1 : 8081 }",
            ),
        ]);
        let bench = Bench::mangle(family, Hook::Prerouting);
        bench.declare(["map % ports { type inet_service : inet_service; }"]);
        bench.hold(
            rule().tcp().tproxy_by(mapped(Dport, &ports)),
            "meta l4proto tcp tproxy to :tcp dport map @ports",
        );
    }
    let bench = Bench::mangle(Family::Inet, Hook::Prerouting);
    bench.declare(["map % ports { type inet_service : inet_service; }"]);
    bench.hold(
        rule().ipv4().udp().tproxy_by(mapped(Dport, &ports)),
        "meta nfproto ipv4 meta l4proto udp tproxy ip to :udp dport map @ports",
    );
}

#[test]
fn classes_zones_and_sizes() {
    need_nft!();
    let bench = Bench::raw(Family::Inet, Hook::Prerouting);
    bench.declare([
        "map % classes { type ipv4_addr : classid; }",
        "map % zones { typeof iifname : ct zone; }",
        "map % sizes { typeof tcp dport : tcp option maxseg size; }",
    ]);
    let classes = MapOf::<Ipv4Addr, TcClass>::new("classes");
    let zones = MapOf::<InterfaceName, Zone>::new("zones");
    let sizes = MapOf::<Port, SegmentSize>::new("sizes");
    bench.hold_all([
        (rule().set_priority_by(mapped(Daddr, &classes)), "meta priority set ip daddr map @classes"),
        (
            rule().set_priority_by(Balance::round_robin([TcClass(0x1_0001), TcClass(0x1_0002)])),
            "meta priority set numgen inc mod 2 map { 0 : 1:1, 1 : 1:2 }",
        ),
        (rule().set_zone_by(mapped(IifName, &zones)), "ct zone set iifname map @zones"),
        (
            rule().tcp().set_mss_by(mapped(Dport, &sizes)),
            "meta l4proto tcp tcp option maxseg size set tcp dport map @sizes",
        ),
    ]);
}

/// nft 1.0.6 has no class of service out of a map, and libnftnl 1.2.4 knows no operation on two registers.
#[test]
fn classes_of_service() {
    need_nft!();
    need_feature!(Feature::BitwiseRegisters);
    let class = || mapped(select::Mark, [(Mark(1), Dscp::CS1), (Mark(2), Dscp::EF)]);
    for family in [Family::Ip, Family::Ip6] {
        Bench::mangle(family, Hook::Output).kernel_only(rule().set_dscp_by(class()));
    }
    for family in [Family::Inet, Family::Bridge] {
        let bench = Bench::filter(family);
        bench.kernel_only(rule().ipv4().set_dscp_by(class()));
        bench.kernel_only(rule().ipv6().set_dscp_by(class()));
    }
}

#[test]
fn copies_and_ways_out() {
    need_nft!();
    let bench = Bench::mangle(Family::Ip, Hook::Prerouting);
    bench.declare(["map % watchers { type ipv4_addr : ipv4_addr; }"]);
    let watchers = MapOf::<Ipv4Addr, Ipv4Addr>::new("watchers");
    bench.hold(rule().duplicate_by(mapped(Saddr, &watchers)), "dup to ip saddr map @watchers");
    let bench = Bench::mangle(Family::Ip6, Hook::Prerouting);
    bench.hold(
        rule().duplicate_by(mapped(Saddr, [(Ipv6Addr::LOCALHOST, Ipv6Addr::LOCALHOST)])),
        "dup to ip6 saddr map { ::1 : ::1 }",
    );
    let bench = Bench::filter(Family::Netdev);
    bench.declare(["map % ways { type mark : iface_index; }"]);
    let ways = MapOf::<Mark, InterfaceIndex>::new("ways");
    bench.hold_all([
        (rule().duplicate_by(mapped(select::Mark, &ways)), "dup to meta mark map @ways"),
        (rule().forward_by(mapped(select::Mark, &ways)), "fwd to meta mark map @ways"),
        (
            rule().forward_by(Balance::random([InterfaceIndex(1), InterfaceIndex(1)])),
            "fwd to numgen random mod 2 map { 0 : \"lo\", 1 : \"lo\" }",
        ),
    ]);
}

#[test]
fn queues() {
    need_nft!();
    need_feature!(Feature::Queue);
    let bench = Bench::filter(Family::Inet);
    // Of a map that nft makes, values have two bytes, of which the kernel reads four.
    let queues = [(Mark(1), QueueNumber(1)), (Mark(2), QueueNumber(2))];
    bench.kernel_only(rule().queue_by(mapped(select::Mark, queues), QueueFlags::BYPASS));
}

#[test]
fn objects() {
    need_nft!();
    let bench = Bench::filter_at(Family::Inet, Hook::Forward);
    bench.declare([
        "counter % web",
        "quota % month { over 100 mbytes }",
        "limit % slow { rate 5/second }",
        "map % counters { type ipv4_addr : counter; }",
        "map % quotas { type ipv4_addr : quota; }",
        "map % limits { type ipv4_addr : limit; }",
        "map % proxies { type ipv4_addr : synproxy; }",
        "map % secmarks { type ipv4_addr : secmark; }",
    ]);
    bench.hold_all([
        (rule().use_counter("web"), "counter name \"web\""),
        (rule().use_quota("month".to_owned()).drop(), "quota name \"month\" drop"),
        (rule().use_limit("slow"), "limit name \"slow\""),
        (
            rule().use_counter(mapped(Saddr, &MapOf::<Ipv4Addr, CounterName>::new("counters"))),
            "counter name ip saddr map @counters",
        ),
        (
            rule().use_quota(mapped(Saddr, &MapOf::<Ipv4Addr, QuotaName>::new("quotas"))),
            "quota name ip saddr map @quotas",
        ),
        (
            rule().set_secmark(mapped(Saddr, &MapOf::<Ipv4Addr, SecMarkName>::new("secmarks"))),
            "meta secmark set ip saddr map @secmarks",
        ),
        (
            rule().tcp().use_counter(mapped(Dport, [(Port(80), CounterName::from("web"))])),
            "meta l4proto tcp counter name tcp dport map { 80 : \"web\" }",
        ),
        (
            rule().use_limit(mapped(Saddr, &MapOf::<Ipv4Addr, LimitName>::new("limits"))),
            "limit name ip saddr map @limits",
        ),
        (
            rule().tcp().use_limit(mapped(Dport, [(Port(80), LimitName::from("slow"))])),
            "meta l4proto tcp limit name tcp dport map { 80 : \"slow\" }",
        ),
        (
            rule().tcp().use_synproxy(mapped(Saddr, &MapOf::<Ipv4Addr, SynproxyName>::new("proxies"))),
            "meta l4proto tcp synproxy name ip saddr map @proxies",
        ),
        // There are none of these: both are refused for it. nft cannot declare maps to the first three.
        (
            rule().tcp().use_ct_helper(mapped(Dport, [(Port(21), CtHelperName::from("ftp"))])),
            "meta l4proto tcp ct helper set tcp dport map { 21 : \"ftp\" }",
        ),
        (
            rule().tcp().use_ct_timeout(mapped(Dport, [(Port(80), CtTimeoutName::from("quick"))])),
            "meta l4proto tcp ct timeout set tcp dport map { 80 : \"quick\" }",
        ),
        (
            rule().tcp().use_ct_expectation(mapped(Dport, [(Port(80), CtExpectName::from("second"))])),
            "meta l4proto tcp ct expectation set tcp dport map { 80 : \"second\" }",
        ),
        (
            rule().tcp().use_synproxy(mapped(Dport, [(Port(80), SynproxyName::from("guard"))])),
            "meta l4proto tcp synproxy name tcp dport map { 80 : \"guard\" }",
        ),
        (rule().tcp().use_ct_helper("ftp"), "meta l4proto tcp ct helper set \"ftp\""),
        (rule().use_ct_timeout("quick"), "ct timeout set \"quick\""),
        (rule().use_ct_expectation("second"), "ct expectation set \"second\""),
        (rule().tcp().use_synproxy("guard"), "meta l4proto tcp synproxy name \"guard\""),
        (rule().offload("fast"), "flow add @fast"),
    ]);
}
