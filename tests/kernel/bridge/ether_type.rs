//! What frames carry, with a tag before it or without.

use portcullis::{Chain, EtherType, Family, Hook, Policy, Rule, not};
use portcullis_world::{Packet, World, need_namespaces};

use crate::matches::Gauge;

/// For experiments in one's own network (IEEE 802).
const LOCAL: u16 = 0x88b5;

fn rules() -> [(&'static str, Rule); 7] {
    [
        ("IPv4", Rule::new().ether_type(EtherType::IPV4)),
        ("not IPv4", Rule::new().ether_type(not(EtherType::IPV4))),
        ("ARP or local", Rule::new().ether_type([EtherType::ARP, EtherType(LOCAL)])),
        ("a range", Rule::new().ether_type(0x88b0..=0x88bf)),
        ("tagged", Rule::new().ether_type(EtherType::VLAN)),
        ("tagged IPv6", Rule::new().vlan_type(EtherType::IPV6)),
        ("tagged, not IPv6", Rule::new().vlan_type(not(EtherType::IPV6))),
    ]
}

#[test]
fn types_of_frames_are_matched() {
    need_namespaces!();
    let world = World::switched();
    let chain = || Chain::filter("c", Hook::Prerouting).policy(Policy::Drop);
    let mut switch = Gauge::new(&world.switch, Family::Bridge, chain(), rules());
    let ingress = Chain::filter("c", Hook::Ingress).device("eth0").policy(Policy::Drop);
    let mut device = Gauge::new(&world.client, Family::Netdev, ingress, rules());

    let (client, server) = (world.client.mac("eth0"), world.server.mac("eth0"));
    let v4 = Packet::udp("10.0.1.1:4000", "10.0.1.2:9");
    let v6 = Packet::udp("[fd00:1::1]:4000", "[fd00:1::2]:9");
    let raw = |number: u16| {
        let mut frame = [server.0, client.0].concat();
        frame.extend(number.to_be_bytes());
        frame.resize(60, 0);
        frame
    };
    let cases: [(&str, Vec<u8>, &[&str]); 6] = [
        ("IPv4", v4.ethernet(client, server), &["IPv4"]),
        ("IPv6", v6.ethernet(client, server), &["not IPv4"]),
        ("ARP", raw(EtherType::ARP.0), &["not IPv4", "ARP or local"]),
        ("local", raw(LOCAL), &["not IPv4", "ARP or local", "a range"]),
        (
            "tagged IPv4",
            v4.tagged(client, server, &[(0x8100, 5)]),
            &["not IPv4", "tagged", "tagged, not IPv6"],
        ),
        ("tagged IPv6", v6.tagged(client, server, &[(0x8100, 5)]), &["not IPv4", "tagged", "tagged IPv6"]),
    ];
    for (name, frame, expected) in cases {
        switch.expect(name, || world.client.send_raw("eth0", &frame), expected);
        // From the port to the client's device.
        device.expect(name, || world.switch.send_raw("port1", &frame), expected);
    }
}
