//! The interfaces by which a packet comes and goes.

use portcullis::{Chain, Family, Hook, Interface, Rule, not};
use portcullis_world::{Packet, World, need_namespaces};

use super::Gauge;

#[test]
fn interfaces_are_matched_by_name_beginning_number_and_list() {
    need_namespaces!();
    let world = World::routed();
    let router = &world.router;
    let rules = [
        ("in by eth0", Rule::new().iif("eth0")),
        ("not in by eth0", Rule::new().iif(not("eth0"))),
        ("in by eth*", Rule::new().iif("eth*")),
        ("in by eth+", Rule::new().iif("eth+")),
        ("in by a longer beginning", Rule::new().iif("eth1*")),
        ("not in by eth*", Rule::new().iif(not("eth*"))),
        ("in by eth1 or l*", Rule::new().iif(["eth1", "l*"])),
        ("in by none of them", Rule::new().iif(not(["eth1", "l*"]))),
        ("in by eth0's number", Rule::new().iif(Interface::Index(router.ifindex("eth0")))),
        ("in by any", Rule::new().iif("+")),
        ("out by lan", Rule::new().oif("lan")),
        ("not out by lan", Rule::new().oif(not("lan"))),
        ("out by la*", Rule::new().oif("la*")),
        ("out by a list", Rule::new().oif(["eth0", "eth1"])),
        ("out by lan's number", Rule::new().oif(Interface::Index(router.ifindex("lan")))),
    ];
    let mut gauge = Gauge::new(router, Family::Inet, Chain::filter("forward", Hook::Forward), rules);
    let by_eth0 =
        ["in by eth0", "in by eth*", "in by eth+", "in by none of them", "in by eth0's number", "in by any"];
    let by_eth1 = [
        "not in by eth0",
        "in by eth*",
        "in by eth+",
        "in by a longer beginning",
        "in by eth1 or l*",
        "in by any",
    ];
    let by_lan = ["not in by eth0", "not in by eth*", "in by eth1 or l*", "in by any"];
    let to_lan = ["out by lan", "out by la*", "out by lan's number"];
    let to_eth = ["not out by lan", "out by a list"];
    let v4 = [
        (&world.client, "10.0.1.1", "192.168.1.2", [&by_eth0[..], &to_lan].concat()),
        (&world.stranger, "10.0.2.1", "192.168.1.2", [&by_eth1[..], &to_lan].concat()),
        (&world.client, "10.0.1.1", "10.0.2.1", [&by_eth0[..], &to_eth].concat()),
        (&world.backend1, "192.168.1.2", "10.0.1.1", [&by_lan[..], &to_eth].concat()),
    ];
    let v6 = [
        (&world.client, "fd00:1::1", "fd00:192::2", [&by_eth0[..], &to_lan].concat()),
        (&world.backend1, "fd00:192::2", "fd00:1::1", [&by_lan[..], &to_eth].concat()),
    ];
    for (host, from, to, expected) in v4.into_iter().chain(v6) {
        // An error about an error is never sent.
        let kind = if from.contains(':') { 1 } else { 3 };
        let packet = Packet::icmp(from, to, kind, 1).payload([0; 8]);
        gauge.expect(&format!("{from} > {to}"), || packet.send(host), &expected);
    }
}
