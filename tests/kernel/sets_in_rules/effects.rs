//! What maps' values do beside marks, translations and verdicts, seen on packets.

use std::net::Ipv4Addr;

use portcullis::{
    Chain, Dscp, Family, Hook, Port, Priority, Rule, Ruleset,
    language::matches::Zone,
    probe::Feature,
    select::{self, Balance, Daddr, Dport, Sport, mapped},
    set::{MapOf, SegmentSize, TcClass},
};
use portcullis_world::{Attempt, Host, PATIENT, Packet, World, need_namespaces};

use super::{OUTPUT, found, programmed, send, table, v4};
use crate::support::{counted, need_feature, open};

#[test]
fn connections_are_led_to_the_port_that_a_map_says() {
    need_namespaces!();
    let world = World::pair();
    let (client, server) = (&world.client, &world.server);
    let _services = [
        server.tcp_service("[::]:80", "unled"),
        server.tcp_service("[::]:8080", "one"),
        server.tcp_service("[::]:8081", "two"),
    ];
    let ports = MapOf::<Port, Port>::new("ports");
    let tcp = || Rule::new().tcp();
    let prerouting = Chain::nat("prerouting", Hook::Prerouting).rules([
        tcp().redirect_by(mapped(Dport, &ports)),
        tcp().dport(83).redirect_by(Balance::round_robin([Port(8080), Port(8081)])),
    ]);
    let table = table().set(ports.with([(Port(81), Port(8080)), (Port(82), Port(8081))])).chain(prerouting);
    open(server).apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
    for address in ["10.0.1.2", "[fd00:1::2]"] {
        let ask = |port: u16| {
            let to = format!("{address}:{port}");
            Attempt::tcp(to.as_str()).timeout(PATIENT).from(client).banner().to_owned()
        };
        assert_eq!([80, 81, 82, 81].map(ask), ["unled", "one", "two", "one"]);
        let mut both = [ask(83), ask(83)];
        both.sort_unstable();
        assert_eq!(both, ["one", "two"]);
    }
}

/// Every class, in both versions' headers; the bits for congestion beside it stay, and so does the version. Who hears
/// an answer sent a packet whose checksum was right.
#[test]
fn packets_get_the_class_of_service_that_a_map_says() {
    need_namespaces!();
    need_feature!(Feature::BitwiseRegisters);
    let world = World::pair();
    let (client, server) = (&world.client, &world.server);
    let _service = server.udp_service("[::]:53", "here");
    let classes = MapOf::<Port, Dscp>::new("classes");
    let port = |class: u8| 1000 + u16::from(class);
    let entries = (0..64).map(|class| (Port(port(class)), Dscp(class)));
    let versions = [Rule::new().ipv4(), Rule::new().ipv6()];
    let rules = versions.map(|rule| rule.udp().dport(53).set_dscp_by(mapped(Sport, &classes)));
    let chain = Chain::filter("output", Hook::Output).priority(Priority::MANGLE).rules(rules);
    let table = table().chain(chain).set(classes.with(entries));
    open(client).apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
    let ecn = |class: u8| class % 3;
    let arrived = |ip: fn(Rule) -> Rule, name: &str| {
        let rule = |class: u8| {
            let rule = ip(Rule::new()).udp().sport(port(class)).dport(53);
            rule.tos(class << 2 | ecn(class)).counter().comment(&format!("{name}{class}"))
        };
        (0..64).map(rule).collect::<Vec<_>>()
    };
    let input = Chain::filter("input", Hook::Input)
        .rules(arrived(Rule::ipv4, "v4 "))
        .rules(arrived(Rule::ipv6, "v6 "));
    let mut firewall = open(server);
    firewall
        .apply(Ruleset::new().table(portcullis::Table::inet("t").chain(input)))
        .unwrap_or_else(|error| panic!("{error}"));
    for (name, address) in [("v4 ", "10.0.1.2:53"), ("v6 ", "[fd00:1::2]:53")] {
        for class in 0..64 {
            // Another class before.
            let tos = (63 - class) << 2 | ecn(class);
            let attempt = Attempt::udp(address, "x").source_port(port(class)).tos(tos).timeout(PATIENT);
            let outcome = attempt.from(client);
            assert!(outcome.is_connected(), "{name}{class}: {outcome:?}");
            let seen = counted(&mut firewall, (Family::Inet, "t", "input"), &format!("{name}{class}"));
            assert_eq!(seen, 1, "{name}{class}");
        }
    }
}

#[test]
fn packets_get_classes_zones_and_sizes_that_maps_say() {
    need_namespaces!();
    let classes = MapOf::<Ipv4Addr, TcClass>::new("classes");
    let host = Host::new("host");
    let rules = [
        Rule::new().udp().set_priority_by(mapped(Daddr, &classes)),
        found(Rule::new().in_set(select::Priority, [TcClass(0x1_0002)])),
    ];
    let mut firewall = programmed(
        &host,
        table().set(classes.with([(v4("127.0.0.2"), TcClass(0x1_0002)), (v4("127.0.0.3"), TcClass(1))])),
        rules,
    );
    send(&host, ["127.0.0.2:53", "127.0.0.3:53", "127.0.0.4:53", "127.0.0.2:54"]);
    assert_eq!(counted(&mut firewall, OUTPUT, "found"), 2);

    let host = Host::new("host");
    let zones = [(v4("127.0.0.2"), Zone(7)), (v4("127.0.0.3"), Zone(8))];
    let raw = Chain::filter("raw", Hook::Output).priority(Priority::RAW);
    let table = table().chain(raw.rule(Rule::new().udp().set_zone_by(mapped(Daddr, zones))));
    let rule = found(Rule::new().udp().in_set(select::CtZone, [Zone(7)]));
    let mut firewall = programmed(&host, table, [rule]);
    send(&host, ["127.0.0.2:53", "127.0.0.3:53", "127.0.0.4:53"]);
    assert_eq!(counted(&mut firewall, OUTPUT, "found"), 1);

    let host = Host::new("host");
    let sizes = [(Port(80), SegmentSize(1200)), (Port(81), SegmentSize(1000))];
    let rules =
        [Rule::new().tcp().set_mss_by(mapped(Dport, sizes)), found(Rule::new().tcp().tcp_option_mss(1200))];
    let mut firewall = programmed(&host, super::table(), rules);
    for (port, size) in [(80, 1400), (81, 1400), (82, 1400), (82, 1200)] {
        Packet::tcp("127.0.0.1:4000", ("127.0.0.1", port)).mss(size).send(&host);
    }
    assert_eq!(counted(&mut firewall, OUTPUT, "found"), 2);
}
