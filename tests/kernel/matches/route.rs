//! What the routing table knows: kinds of addresses, the way back.

use portcullis::language::matches::{AddressTypeMatch, ReversePath, Side, Way};
use portcullis::{AddressType, Chain, Family, Hook, Policy, Priority, Rule, not};
use portcullis_world::{Mac, Packet, World, need_namespaces};

use super::Gauge;

#[test]
fn kinds_of_addresses_are_told_apart() {
    use AddressType::{Broadcast, Local, Multicast, Unicast};

    need_namespaces!();
    let world = World::routed();
    let on_interface =
        AddressTypeMatch { side: Side::Destination, interface: Some(Way::In), types: Local.into() };
    let rules = [
        ("to itself", Rule::new().daddr_type(Local)),
        ("not to itself", Rule::new().daddr_type(not(Local))),
        ("to itself, by that interface", Rule::new().say(on_interface)),
        ("to others", Rule::new().daddr_type(Unicast)),
        ("to all", Rule::new().daddr_type(Broadcast)),
        ("to a group", Rule::new().daddr_type(Multicast)),
        ("to all or a group", Rule::new().daddr_type([Broadcast, Multicast])),
        ("from itself", Rule::new().saddr_type(Local)),
        ("from others", Rule::new().saddr_type(not(Local))),
    ];
    let chain = Chain::filter("prerouting", Hook::Prerouting).policy(Policy::Drop);
    let mut gauge = Gauge::new(&world.router, Family::Inet, chain, rules);
    let itself = ["to itself", "to itself, by that interface", "from others"];
    let cases: [(&str, &str, &[&str]); 9] = [
        ("10.0.1.1", "10.0.1.254", &itself),
        // Its own, but of another interface.
        ("10.0.1.1", "10.0.2.254", &["to itself", "from others"]),
        ("10.0.1.1", "192.168.1.2", &["not to itself", "to others", "from others"]),
        ("10.0.1.1", "10.0.1.255", &["not to itself", "to all", "to all or a group", "from others"]),
        ("10.0.1.1", "224.0.0.9", &["not to itself", "to a group", "to all or a group", "from others"]),
        // Forged.
        ("10.0.2.254", "192.168.1.2", &["not to itself", "to others", "from itself"]),
        ("fd00:1::1", "fd00:1::fe", &itself),
        ("fd00:1::1", "fd00:192::2", &["not to itself", "to others", "from others"]),
        ("fd00:1::1", "ff02::1:9", &["not to itself", "to a group", "to all or a group", "from others"]),
    ];
    let (from_mac, to_mac) = (world.client.mac("eth0"), world.router.mac("eth0"));
    for (from, to, expected) in cases {
        let to_mac = match to {
            "10.0.1.255" => Mac::BROADCAST,
            "224.0.0.9" => Mac([1, 0, 0x5e, 0, 0, 9]),
            "ff02::1:9" => Mac([0x33, 0x33, 0, 1, 0, 9]),
            _ => to_mac,
        };
        let frame = Packet::udp((from, 4000), (to, 9)).ethernet(from_mac, to_mac);
        gauge.expect(&format!("{from} > {to}"), || world.client.send_raw("eth0", &frame), expected);
    }
}

#[test]
fn the_way_back_tells_forged_sources() {
    need_namespaces!();
    let world = World::routed();
    // The router knows no way to what it has no network of.
    let loose = ReversePath::new().loose();
    let rules = [
        ("strict", Rule::new().reverse_path()),
        ("not strict", Rule::new().not_reverse_path()),
        ("loose", Rule::new().say(loose.clone())),
        ("not loose", Rule::new().say(loose.negated())),
        ("strict, by mark", Rule::new().say(ReversePath::new().by_mark())),
    ];
    let chain = Chain::filter("prerouting", Hook::Prerouting).priority(Priority::RAW).policy(Policy::Drop);
    let mut gauge = Gauge::new(&world.router, Family::Inet, chain, rules);
    let cases: [(&str, &str, &[&str]); 6] = [
        ("10.0.1.1", "192.168.1.2", &["strict", "loose", "strict, by mark"]),
        ("10.0.2.1", "192.168.1.2", &["not strict", "loose"]),
        ("203.0.113.1", "192.168.1.2", &["not strict", "not loose"]),
        ("fd00:1::1", "fd00:192::2", &["strict", "loose", "strict, by mark"]),
        ("fd00:2::1", "fd00:192::2", &["not strict", "loose"]),
        ("2001:db8::1", "fd00:192::2", &["not strict", "not loose"]),
    ];
    for (from, to, expected) in cases {
        let packet = Packet::udp((from, 4000), (to, 9));
        gauge.expect(&format!("from {from}"), || packet.send(&world.client), expected);
    }
}
