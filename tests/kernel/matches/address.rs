//! Addresses and versions of IP.

use std::net::{Ipv4Addr, Ipv6Addr};

use portcullis::{Chain, Family, Hook, Policy, Rule, not};
use portcullis_world::{Packet, World, need_namespaces};

use super::Gauge;

#[test]
fn addresses_are_matched_singly_in_networks_ranges_masks_and_lists() {
    need_namespaces!();
    let world = World::pair();
    let rules = [
        ("from one", Rule::new().saddr(Ipv4Addr::new(10, 0, 1, 1))),
        ("not from one", Rule::new().saddr(not("10.0.1.1"))),
        ("from network", Rule::new().saddr("10.0.1.0/24")),
        ("not from network", Rule::new().saddr(not("10.0.1.0/24"))),
        ("from range", Rule::new().saddr("10.0.1.1-10.0.1.9")),
        ("not from range", Rule::new().saddr(not("10.0.1.1-10.0.1.9"))),
        // Any address that ends in 9.
        ("from mask", Rule::new().saddr("0.0.0.9/0.0.0.255")),
        ("not from mask", Rule::new().saddr(not("0.0.0.9/0.0.0.255"))),
        ("from list", Rule::new().saddr(["10.0.1.9", "10.9.0.0/16", "172.16.0.1-172.16.0.3"])),
        ("not from list", Rule::new().saddr(not(["10.0.1.9", "10.9.0.0/16", "172.16.0.1-172.16.0.3"]))),
        ("to one", Rule::new().daddr("10.0.1.2")),
        ("not to one", Rule::new().daddr(not("10.0.1.2"))),
        ("to network", Rule::new().daddr("10.0.0.0/15")),
        ("to another", Rule::new().daddr("10.0.1.3")),
        ("of IPv4", Rule::new().ipv4()),
        ("of IPv6", Rule::new().ipv6()),
        ("6: from one", Rule::new().saddr(Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 1))),
        ("6: not from one", Rule::new().saddr(not("fd00:1::1"))),
        ("6: from network", Rule::new().saddr("fd00:1::/64")),
        ("6: from odd network", Rule::new().saddr("fd00:9::/29")),
        ("6: from range", Rule::new().saddr("fd00:1::1-fd00:1::9")),
        ("6: from list", Rule::new().saddr(["fd00:9::/48", "fd00:1::9"])),
        ("6: not from list", Rule::new().saddr(not(["fd00:9::/48", "fd00:1::9"]))),
        ("6: to one", Rule::new().daddr("fd00:1::2")),
        ("6: not to one", Rule::new().daddr(not("fd00:1::2"))),
    ];
    let chain = Chain::filter("input", Hook::Input).policy(Policy::Drop);
    let mut gauge = Gauge::new(&world.server, Family::Inet, chain, rules);

    let v4: [(&str, &[&str]); 6] = [
        ("10.0.1.1", &["from one", "from network", "from range", "not from mask", "not from list"]),
        ("10.0.1.9", &["not from one", "from network", "from range", "from mask", "from list"]),
        ("10.0.1.10", &["not from one", "from network", "not from range", "not from mask", "not from list"]),
        ("10.9.3.9", &["not from one", "not from network", "not from range", "from mask", "from list"]),
        ("172.16.0.3", &["not from one", "not from network", "not from range", "not from mask", "from list"]),
        (
            "172.16.0.4",
            &["not from one", "not from network", "not from range", "not from mask", "not from list"],
        ),
    ];
    for (source, from) in v4 {
        let expected = [from, &["to one", "to network", "of IPv4"]].concat();
        let packet = Packet::udp((source, 4000), "10.0.1.2:9");
        gauge.expect(&format!("a packet from {source}"), || packet.send(&world.client), &expected);
    }

    let v6: [(&str, &[&str]); 4] = [
        ("fd00:1::1", &["6: from one", "6: from network", "6: from range", "6: not from list"]),
        ("fd00:1::9", &["6: not from one", "6: from network", "6: from range", "6: from list"]),
        ("fd00:9::1", &["6: not from one", "6: from odd network", "6: from list"]),
        ("fd00:10::1", &["6: not from one", "6: not from list"]),
    ];
    for (source, from) in v6 {
        let expected = [&["of IPv6"], from, &["6: to one"]].concat();
        let packet = Packet::udp((source, 4000), "[fd00:1::2]:9");
        gauge.expect(&format!("a packet from {source}"), || packet.send(&world.client), &expected);
    }
}
