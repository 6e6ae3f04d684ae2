//! Ethernet addresses, and to whom a frame was addressed.

use portcullis::{Chain, Family, Hook, MacAddr, PacketType, Policy, Priority, Rule, masked, not};
use portcullis_world::{Mac, Packet, World, need_namespaces};

use super::Gauge;

const FORGED: Mac = Mac([0x02, 0, 0, 0, 0, 0x99]);
/// That of 224.0.0.1.
const GROUP: Mac = Mac([0x01, 0, 0x5e, 0, 0, 1]);

#[test]
fn ethernet_addresses_are_matched() {
    need_namespaces!();
    let world = World::pair();
    let (client, server) = (world.client.mac("eth0"), world.server.mac("eth0"));
    let group = MacAddr([1, 0, 0, 0, 0, 0]);
    let rules = [
        ("from the client", Rule::new().ether_saddr(client.0)),
        ("not from the client", Rule::new().ether_saddr(not(client.0))),
        ("from a text", Rule::new().ether_saddr("02:00:00:00:00:99")),
        ("from a list", Rule::new().ether_saddr([MacAddr(FORGED.0), MacAddr([2, 0, 0, 0, 0, 1])])),
        (
            "from a range",
            Rule::new().ether_saddr(MacAddr([2, 0, 0, 0, 0, 0x90])..=MacAddr([2, 0, 0, 0, 0, 0xff])),
        ),
        ("to the server", Rule::new().ether_daddr(server.0)),
        ("to all", Rule::new().ether_daddr(Mac::BROADCAST.0)),
        ("to a group", Rule::new().ether_daddr(masked(group, group))),
        ("to nobody else", Rule::new().ether_daddr(not(masked(group, group)))),
    ];
    let chain = Chain::filter("prerouting", Hook::Prerouting).priority(Priority::RAW).policy(Policy::Drop);
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain, rules);
    let forged = ["not from the client", "from a text", "from a list", "from a range"];
    let cases: [(&str, Mac, Mac, Vec<&str>); 4] = [
        ("from the client", client, server, vec!["from the client", "to the server", "to nobody else"]),
        ("forged", FORGED, server, [&forged[..], &["to the server", "to nobody else"]].concat()),
        ("forged, to all", FORGED, Mac::BROADCAST, [&forged[..], &["to all", "to a group"]].concat()),
        ("to a group", client, GROUP, vec!["from the client", "to a group"]),
    ];
    for (a, b) in [("10.0.1.1", "10.0.1.2"), ("fd00:1::1", "fd00:1::2")] {
        for (name, from, to, expected) in &cases {
            let frame = Packet::udp((a, 4000), (b, 9)).ethernet(*from, *to);
            gauge.expect(&format!("{name}, {a}"), || world.client.send_raw("eth0", &frame), expected);
        }
    }
}

fn kinds() -> [(&'static str, Rule); 6] {
    [
        ("host", Rule::new().udp().pkttype(PacketType::Host)),
        ("not host", Rule::new().udp().pkttype(not(PacketType::Host))),
        ("broadcast", Rule::new().udp().pkttype(PacketType::Broadcast)),
        ("multicast", Rule::new().udp().pkttype(PacketType::Multicast)),
        ("other", Rule::new().udp().pkttype(PacketType::OtherHost)),
        ("all or some", Rule::new().udp().pkttype([PacketType::Broadcast, PacketType::Multicast])),
    ]
}

#[test]
fn packets_for_one_for_all_and_for_a_group_are_told_apart() {
    need_namespaces!();
    let world = World::pair();
    let (client, server) = (world.client.mac("eth0"), world.server.mac("eth0"));
    let chain = Chain::filter("prerouting", Hook::Prerouting).policy(Policy::Drop);
    let mut routed = Gauge::new(&world.server, Family::Inet, chain, kinds());
    // What is for others does not get past the device.
    let chain = Chain::filter("ingress", Hook::Ingress).device("eth0");
    let chain = chain.rule(Rule::new().protocol(not(portcullis::Protocol::UDP)).accept());
    let mut device = Gauge::new(&world.server, Family::Netdev, chain, kinds());
    let cases: [(&str, &str, Mac, &[&str]); 4] = [
        ("to the server", "10.0.1.2", server, &["host"]),
        ("to all", "10.0.1.255", Mac::BROADCAST, &["not host", "broadcast", "all or some"]),
        ("to a group", "224.0.0.1", GROUP, &["not host", "multicast", "all or some"]),
        ("to somebody else", "10.0.1.3", FORGED, &["not host", "other"]),
    ];
    for (name, to, mac, expected) in cases {
        let frame = Packet::udp("10.0.1.1:4000", (to, 9)).ethernet(client, mac);
        let mut send = || device.expect(name, || world.client.send_raw("eth0", &frame), expected);
        match mac {
            FORGED => routed.expect_silence(name, send),
            _ => routed.expect(name, &mut send, expected),
        }
    }
}
