//! What a bridge knows of a frame: its own name, its ports' VLANs, its address; to whom the frame was addressed.

use portcullis::{
    Chain, Family, Hook, PacketType, Policy, Protocol, Rule,
    expr::{Cmp, Data, Immediate, Meta, MetaKey, Register},
    not,
    probe::Feature,
};
use portcullis_world::{Host, Mac, Packet, World, need_namespaces, skip};

use crate::{matches::Gauge, support::need_feature, targets::program};

const R1: Register = Register::R1;
/// Source and destination of either version.
const ENDS: [(&str, &str); 2] = [("10.0.1.1", "10.0.1.2"), ("fd00:1::1", "fd00:1::2")];

fn is(key: MetaKey, data: Data) -> Rule {
    Rule::new().say(Meta::load(key, R1)).say(Cmp::eq(R1, data))
}

fn name(name: &str) -> Data {
    Data::padded(name.as_bytes(), 16)
}

/// A chain that lets only datagrams come to its further rules, and nothing through.
fn datagrams(hook: Hook) -> Chain {
    let chain = Chain::filter(hook.to_string(), hook).policy(Policy::Drop);
    chain.rule(Rule::new().protocol(not(Protocol::UDP)).accept())
}

fn send(from: &Host, to: &Host, (a, b): (&str, &str)) {
    from.send_raw("eth0", &Packet::udp((a, 4000), (b, 9)).ethernet(from.mac("eth0"), to.mac("eth0")));
}

#[test]
fn the_bridges_of_a_frame_are_known_by_name() {
    need_namespaces!();
    need_feature!(Feature::MetaBridge);
    let world = World::switched();
    let rules = || {
        [
            ("in by br0", is(MetaKey::BriIifName, name("br0"))),
            ("in by br1", is(MetaKey::BriIifName, name("br1"))),
            ("out by br0", is(MetaKey::BriOifName, name("br0"))),
            ("out by port2", Rule::new().oif("port2")),
            ("in by port1", Rule::new().iif("port1")),
        ]
    };
    let mut forward = Gauge::new(&world.switch, Family::Bridge, datagrams(Hook::Forward), rules());
    for ends in ENDS {
        let expected = ["in by br0", "out by br0", "out by port2", "in by port1"];
        forward.expect("what is forwarded", || send(&world.client, &world.server, ends), &expected);
        let back = || send(&world.server, &world.client, (ends.1, ends.0));
        forward.expect("what is forwarded back", back, &["in by br0", "out by br0"]);
    }
    // Where it goes out is not known yet.
    let mut entrance = Gauge::new(&world.switch, Family::Bridge, datagrams(Hook::Prerouting), rules());
    for ends in ENDS {
        let frame = || send(&world.client, &world.server, ends);
        entrance.expect("what comes", frame, &["in by br0", "in by port1"]);
    }
}

#[test]
fn a_ports_vlan_and_the_bridges_kind_of_tags_are_known() {
    need_namespaces!();
    need_feature!(Feature::MetaBridgeVlan);
    let world = World::unswitched();
    if let Err(error) = world.switch.vlan_bridge("br0", &["port1", "port2"], 7) {
        skip!("this kernel's bridges keep no VLANs apart: {error}");
    }
    let rules = [
        ("port of VLAN 7", is(MetaKey::BriIifPvid, Data::host_u16(7))),
        ("port of VLAN 1", is(MetaKey::BriIifPvid, Data::host_u16(1))),
        ("802.1Q", is(MetaKey::BriIifVproto, Data::network_u16(0x8100))),
        ("802.1ad", is(MetaKey::BriIifVproto, Data::network_u16(0x88a8))),
    ];
    let mut gauge = Gauge::new(&world.switch, Family::Bridge, datagrams(Hook::Prerouting), rules);
    for ends in ENDS {
        let frame = || send(&world.client, &world.server, ends);
        gauge.expect("a frame without a tag", frame, &["port of VLAN 7", "802.1Q"]);
    }
}

#[test]
fn the_bridges_address_is_known() {
    need_namespaces!();
    need_feature!(Feature::MetaBridgeHwAddr);
    let world = World::switched();
    let rules = [
        ("the bridge's", is(MetaKey::BriIifHwAddr, Data::new(&world.switch.mac("br0").0))),
        ("another", is(MetaKey::BriIifHwAddr, Data::new(&world.client.mac("eth0").0))),
    ];
    let mut gauge = Gauge::new(&world.switch, Family::Bridge, datagrams(Hook::Prerouting), rules);
    for ends in ENDS {
        gauge.expect("a frame", || send(&world.client, &world.server, ends), &["the bridge's"]);
    }
}

/// `broute`: the port keeps the frame from the bridge, so that it comes in by the port itself.
#[test]
fn a_frame_is_kept_from_the_bridge() {
    need_namespaces!();
    need_feature!(Feature::MetaBroute);
    let world = World::switched();
    world.switch.address("port1", "10.0.1.254/24");
    world.switch.address("port1", "fd00:1::fe/64");
    let broute = Rule::new()
        .udp()
        .dport(10)
        .say(Immediate::data(R1, Data::byte(1)))
        .say(Meta::store(MetaKey::BriBroute, R1));
    program(&world.switch, Family::Bridge, [Chain::filter("prerouting", Hook::Prerouting).rule(broute)]);
    let rules = [("by the bridge", Rule::new().iif("br0")), ("by the port", Rule::new().iif("port1"))];
    let chain = Chain::filter("input", Hook::Input).policy(Policy::Drop);
    let mut gauge = Gauge::new(&world.switch, Family::Inet, chain, rules);
    let (client, port) = (world.client.mac("eth0"), world.switch.mac("port1"));
    for (a, b) in [("10.0.1.1", "10.0.1.254"), ("fd00:1::1", "fd00:1::fe")] {
        for (number, expected) in [(9, "by the bridge"), (10, "by the port")] {
            let frame = Packet::udp((a, 4000), (b, number)).ethernet(client, port);
            gauge.expect(&format!("{b}, {number}"), || world.client.send_raw("eth0", &frame), &[expected]);
        }
    }
}

#[test]
fn frames_for_the_switch_and_for_others_are_told_apart() {
    const GROUP: Mac = Mac([0x01, 0, 0x5e, 0, 0, 1]);

    need_namespaces!();
    let world = World::switched();
    let rules = [
        ("host", Rule::new().pkttype(PacketType::Host)),
        ("not host", Rule::new().pkttype(not(PacketType::Host))),
        ("broadcast", Rule::new().pkttype(PacketType::Broadcast)),
        ("multicast", Rule::new().pkttype(PacketType::Multicast)),
        ("other", Rule::new().pkttype(PacketType::OtherHost)),
        ("all or some", Rule::new().pkttype([PacketType::Broadcast, PacketType::Multicast])),
    ];
    let mut gauge = Gauge::new(&world.switch, Family::Bridge, datagrams(Hook::Prerouting), rules);
    let client = world.client.mac("eth0");
    let cases: [(&str, Mac, &[&str]); 4] = [
        ("to the switch", world.switch.mac("br0"), &["host"]),
        ("to the server", world.server.mac("eth0"), &["not host", "other"]),
        ("to all", Mac::BROADCAST, &["not host", "broadcast", "all or some"]),
        ("to a group", GROUP, &["not host", "multicast", "all or some"]),
    ];
    for (a, b) in ENDS {
        for (name, to, expected) in cases {
            let frame = Packet::udp((a, 4000), (b, 9)).ethernet(client, to);
            gauge.expect(&format!("{name}, {b}"), || world.client.send_raw("eth0", &frame), expected);
        }
    }
}
