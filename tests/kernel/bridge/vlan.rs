//! VLAN tags, on a switch and where a device receives them.

use portcullis::{
    Chain, EtherType, Family, Hook, MacAddr, Policy, Rule,
    language::matches::{VlanId, VlanPcp},
    not, select,
};
use portcullis_world::{Packet, World, need_namespaces, skip};

use crate::{
    matches::Gauge,
    support::{counted, open},
    targets::program,
};

const Q: u16 = 0x8100;
const AD: u16 = 0x88a8;

/// A packet's name, the packet, its tags, and the rules that match it.
type Case<'a> = (&'a str, &'a Packet, &'a [(u16, u16)], Vec<&'a str>);

fn rules(client: MacAddr) -> Vec<(&'static str, Rule)> {
    let other = MacAddr([2, 0, 0, 0, 0, 1]);
    vec![
        ("id 5", Rule::new().vlan_id(5)),
        ("id not 5", Rule::new().vlan_id(not(5))),
        ("id 4 to 6", Rule::new().vlan_id(4..=6)),
        ("id list", Rule::new().vlan_id([5, 4094])),
        ("priority 5", Rule::new().vlan_pcp(5)),
        ("priority not 5", Rule::new().vlan_pcp(not(5))),
        ("priority to 3", Rule::new().vlan_pcp(0..=3)),
        ("to be dropped", Rule::new().vlan_dei(true)),
        ("to be kept", Rule::new().vlan_dei(false)),
        ("all of 5", Rule::new().vlan_id(5).vlan_pcp(5).vlan_dei(false)),
        ("IPv4 of 5", Rule::new().vlan_id(5).vlan_type(EtherType::IPV4)),
        ("from the client of 5", Rule::new().vlan_id(5).saddr(["10.0.1.1", "10.0.1.3"])),
        ("port of 5", Rule::new().vlan_id(5).udp().dport(9)),
        ("id in a set", Rule::new().in_set(select::VlanId, [VlanId(5), VlanId(4094)])),
        (
            "priority and id in a set",
            Rule::new().in_set(
                (select::VlanPcp, select::VlanId),
                [(VlanPcp(5), VlanId(5)), (VlanPcp(6), VlanId(6))],
            ),
        ),
        (
            "id and client in a set",
            Rule::new()
                .in_set((select::VlanId, select::EtherSaddr), [(VlanId(5), client), (VlanId(4094), other)]),
        ),
        ("provider's 5", Rule::new().ether_type(EtherType::PROVIDER_VLAN).vlan_id(5)),
    ]
}

#[test]
fn tags_are_matched() {
    need_namespaces!();
    let world = World::switched();
    let (client, server) = (world.client.mac("eth0"), world.server.mac("eth0"));
    let prerouting = Chain::filter("c", Hook::Prerouting).policy(Policy::Drop);
    let mut switch = Gauge::new(&world.switch, Family::Bridge, prerouting, rules(MacAddr(client.0)));
    let ingress = Chain::filter("c", Hook::Ingress).device("eth0").policy(Policy::Drop);
    let mut device = Gauge::new(&world.client, Family::Netdev, ingress, rules(MacAddr(client.0)));

    let v4 = Packet::udp("10.0.1.1:4000", "10.0.1.2:9");
    let v6 = Packet::udp("[fd00:1::1]:4000", "[fd00:1::2]:9");
    let five = |inner: &[&'static str]| {
        let tag = ["id 5", "id 4 to 6", "id list", "priority 5", "to be kept", "all of 5"];
        let sets = ["id in a set", "priority and id in a set", "id and client in a set"];
        [&tag[..], inner, &sets].concat()
    };
    let of_v4 = five(&["IPv4 of 5", "from the client of 5", "port of 5"]);
    let cases: [Case<'_>; 7] = [
        ("no tag, IPv4", &v4, &[], vec![]),
        ("no tag, IPv6", &v6, &[], vec![]),
        ("VLAN 5, IPv4", &v4, &[(Q, 5 << 13 | 5)], of_v4),
        ("VLAN 5, IPv6", &v6, &[(Q, 5 << 13 | 5)], five(&["port of 5"])),
        (
            "VLAN 4094",
            &v4,
            &[(Q, 1 << 12 | 4094)],
            vec!["id not 5", "id list", "priority not 5", "priority to 3", "to be dropped", "id in a set"],
        ),
        ("VLAN 6", &v6, &[(Q, 7 << 13 | 6)], vec!["id not 5", "id 4 to 6", "priority not 5", "to be kept"]),
        ("a provider's VLAN 5 with VLAN 6 in it", &v4, &[(AD, 5), (Q, 6)], vec!["provider's 5"]),
    ];
    for (name, packet, tags, expected) in cases {
        let frame = packet.tagged(client, server, tags);
        switch.expect(name, || world.client.send_raw("eth0", &frame), &expected);
        // From the port to the client's device.
        device.expect(name, || world.switch.send_raw("port1", &frame), &expected);
    }
}

/// Tags as VLAN devices make them: kept beside the packet, not in it.
#[test]
fn a_switch_lets_one_vlan_through_and_not_another() {
    need_namespaces!();
    let world = World::switched();
    for (number, id) in [(5, 5), (6, 6)] {
        for (host, end) in [(&world.client, 1), (&world.server, 2)] {
            let name = format!("vlan{id}");
            if let Err(error) = host.vlan(&name, "eth0", id) {
                skip!("this kernel has no VLAN devices: {error}");
            }
            host.address(&name, &format!("10.0.{number}.{end}/24"));
            host.address(&name, &format!("fd00:{number}::{end}/64"));
        }
    }
    let rules = [
        Rule::new().vlan_id(5).ipv4().counter().comment("4 of 5"),
        Rule::new().vlan_id(5).ipv6().counter().comment("6 of 5"),
        Rule::new().vlan_id(6).vlan_type([EtherType::IPV4, EtherType::IPV6]).counter().drop().comment("6"),
    ];
    program(&world.switch, Family::Bridge, [Chain::filter("forward", Hook::Forward).rules(rules)]);
    let mut firewall = open(&world.switch);
    let mut counted = |name: &str| counted(&mut firewall, (Family::Bridge, "t", "forward"), name);
    for (five, six, name) in [("10.0.5.2", "10.0.6.2", "4 of 5"), ("fd00:5::2", "fd00:6::2", "6 of 5")] {
        assert!(world.client.ping(five).is_connected(), "{five} is reached through the switch");
        assert!(counted(name) >= 2, "request and answer");
        let dropped = counted("6");
        let outcome = world.client.ping(six);
        assert!(!outcome.is_connected(), "{six} is not: {outcome:?}");
        assert!(counted("6") > dropped, "for the rule has dropped it");
    }
    assert!(world.client.ping("10.0.1.2").is_connected(), "what has no tag passes");
}
