//! The packet's mark.

use portcullis::{Chain, Family, Hook, Rule, masked, not};
use portcullis_world::{Host, Packet, need_namespaces};

use super::Gauge;

#[test]
fn marks_are_matched_whole_under_a_mask_in_ranges_and_lists() {
    need_namespaces!();
    let host = Host::new("host");
    let rules = [
        ("0x10", Rule::new().mark(0x10)),
        ("not 0x10", Rule::new().mark(not(0x10))),
        ("0x10 of 0xff", Rule::new().mark(masked(0x10, 0xff))),
        ("not 0x10 of 0xff", Rule::new().mark(not(masked(0x10, 0xff)))),
        ("1 to 0x10", Rule::new().mark(1..=0x10)),
        ("0x110 or 0x20", Rule::new().mark([0x110, 0x20])),
        ("neither", Rule::new().mark(not([0x110, 0x20]))),
        ("all bits", Rule::new().mark(u32::MAX)),
    ];
    let mut gauge = Gauge::new(&host, Family::Inet, Chain::filter("output", Hook::Output), rules);
    let cases: [(u32, &[&str]); 5] = [
        (0, &["not 0x10", "not 0x10 of 0xff", "neither"]),
        (0x10, &["0x10", "0x10 of 0xff", "1 to 0x10", "neither"]),
        (0x110, &["not 0x10", "0x10 of 0xff", "0x110 or 0x20"]),
        (0x20, &["not 0x10", "not 0x10 of 0xff", "0x110 or 0x20"]),
        (u32::MAX, &["not 0x10", "not 0x10 of 0xff", "neither", "all bits"]),
    ];
    for (loopback, version) in [("127.0.0.1", 4), ("::1", 6)] {
        for (mark, expected) in cases {
            // Nobody answers an error.
            let packet = Packet::icmp(loopback, loopback, if version == 4 { 3 } else { 1 }, 1).mark(mark);
            gauge.expect(&format!("mark {mark:#x}, IPv{version}"), || packet.send(&host), expected);
        }
    }
}
