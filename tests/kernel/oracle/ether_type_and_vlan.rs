//! What frames carry, and their VLAN tags.

use portcullis::{EtherType, Family, not};

use super::{Bench, need_nft, rule};

/// The families whose chains see frames with their tags.
const FRAMES: [Family; 2] = [Family::Bridge, Family::Netdev];

#[test]
fn ether_types() {
    need_nft!();
    for bench in Bench::filters(FRAMES.into_iter().chain([Family::Inet, Family::Ip])) {
        bench.hold_all([
            (rule().ether_type(EtherType::ARP), "ether type arp"),
            (rule().ether_type(not(0x88b5)), "ether type != 0x88b5"),
            (rule().ether_type(0x88b5..=0x88b6), "ether type 0x88b5-0x88b6"),
            (rule().ether_type([0x88b5, 0x88b6]), "ether type { 0x88b5, 0x88b6 }"),
            (rule().ether_type(not([EtherType::IPV6, EtherType::ARP])), "ether type != { arp, ip6 }"),
        ]);
    }
}

#[test]
fn vlan_tags() {
    need_nft!();
    for bench in Bench::filters(FRAMES) {
        bench.hold_all([
            (rule().vlan_id(5), "vlan id 5"),
            (rule().vlan_id(not(4094)), "vlan id != 4094"),
            (rule().vlan_id(5..=9), "vlan id 5-9"),
            (rule().vlan_id(not(5..=9)), "vlan id != 5-9"),
            (rule().vlan_pcp(3), "vlan pcp 3"),
            (rule().vlan_pcp(not(7)), "vlan pcp != 7"),
            (rule().vlan_dei(true), "vlan dei 1"),
            (rule().vlan_dei(false), "vlan dei 0"),
            (rule().vlan_type(EtherType::ARP), "vlan type arp"),
            (rule().vlan_type(not(0x88b5)), "vlan type != 0x88b5"),
            (rule().vlan_id(5).vlan_pcp(3), "vlan id 5 vlan pcp 3"),
            (rule().ether_type(EtherType::PROVIDER_VLAN).vlan_id(5), "ether type 8021ad vlan id 5"),
            (rule().vlan_id([5, 600]), "vlan id { 5, 600 }"),
            (rule().vlan_pcp(1..=3), "vlan pcp 1-3"),
        ]);
    }
}
