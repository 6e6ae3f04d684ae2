//! Fields of a few bits, looked up.

use std::net::Ipv6Addr;

use portcullis::{
    Chain, Dscp, Family, Mark, Port, Rule,
    expr::Verdict,
    language::matches::Length,
    select::{Daddr, Dport, Ip6Dscp, IpDscp, Saddr, Select, mapped},
    set::{Interval, Key, MapOf, SetOf, VerdictMap},
};
use portcullis_world::{Host, Packet, need_namespaces};

use super::{OUTPUT, found, programmed, table};
use crate::support::counted;

/// The traffic class of a packet: its class of service, and what routers say of their queues.
fn class(dscp: Dscp, ecn: u8) -> u8 {
    dscp.0 << 2 | ecn
}

fn v6(dscp: Dscp, ecn: u8, port: u16) -> Packet {
    Packet::udp("[::1]:4000", format!("[::1]:{port}")).tos(class(dscp, ecn))
}

/// How many of the packets are found.
fn counts<K: Key>(set: &SetOf<K>, keys: Vec<K>, by: impl Select<K::Fields>, packets: &[Packet]) -> u64 {
    let host = Host::new("host");
    let rule = found(Rule::new().udp().in_set(by, set));
    let mut firewall = programmed(&host, table().set(set.with(keys)), [rule]);
    packets.iter().for_each(|packet| packet.send(&host));
    counted(&mut firewall, OUTPUT, "found")
}

/// Each class is found by its own number and by no other, whatever stands beside its bits.
#[test]
fn every_class_of_ipv6_is_its_own_number() {
    need_namespaces!();
    let host = Host::new("host");
    let map = VerdictMap::<Dscp>::new("map");
    let jump = |class: u8| (Dscp(class), Verdict::jump(format!("class{class}").as_str()));
    let mut table = table().set(map.with((0..64).map(jump)));
    for class in 0..64 {
        let chain = Chain::new(format!("class{class}").as_str());
        table = table.chain(chain.rule(Rule::new().counter().comment("here")));
    }
    let rule = Rule::new().udp().verdict_map(Ip6Dscp, &map);
    let mut firewall = programmed(&host, table, [rule]);
    for number in 0..64u8 {
        for ecn in 0..=number % 4 {
            v6(Dscp(number), ecn, 53).send(&host);
        }
    }
    for number in 0..64u8 {
        let chain = format!("class{number}");
        let here = counted(&mut firewall, (Family::Inet, "t", chain.as_str()), "here");
        assert_eq!(here, u64::from(number % 4) + 1, "{chain}");
    }
}

#[test]
fn classes_are_found_alone_and_among_others() {
    need_namespaces!();
    let localhost = Ipv6Addr::LOCALHOST;
    let (af43, ef) = (Dscp::AF43, Dscp::EF);
    // The last one is of IPv4, of the same class.
    let packets = [
        v6(ef, 3, 53),
        v6(ef, 0, 54),
        v6(af43, 0, 53),
        v6(Dscp(0), 0, 53),
        Packet::udp("127.0.0.1:4000", "127.0.0.1:53").tos(class(ef, 0)),
    ];
    let classes = SetOf::<Dscp>::new("s");
    assert_eq!(counts(&classes, vec![ef], Ip6Dscp, &packets), 2);
    assert_eq!(counts(&classes, vec![ef], IpDscp, &packets), 1);
    assert_eq!(counts(&classes, vec![Dscp::AF42, Dscp(63)], Ip6Dscp, &packets), 0);
    let runs = SetOf::<Interval<Dscp>>::new("s");
    assert_eq!(counts(&runs, vec![Interval::new(Dscp::AF42, af43)], Ip6Dscp, &packets), 1);
    let pairs = SetOf::<(Dscp, Port)>::new("s");
    assert_eq!(counts(&pairs, vec![(ef, Port(54)), (af43, Port(54))], (Ip6Dscp, Dport), &packets), 1);
    let sources = SetOf::<(Ipv6Addr, Dscp)>::new("s");
    assert_eq!(counts(&sources, vec![(localhost, ef)], (Saddr, Ip6Dscp), &packets), 2);
    let runs = SetOf::<(Ipv6Addr, Interval<Dscp>, Port)>::new("s");
    let keys = vec![(localhost, Interval::new(af43, ef), Port(53))];
    assert_eq!(counts(&runs, keys, (Daddr, Ip6Dscp, Dport), &packets), 2);
    // A number of the machine's order beside it.
    let sizes = SetOf::<(Length, Dscp)>::new("s");
    let size = u32::try_from(packets[0].bytes().len()).unwrap();
    let by = (portcullis::select::Length, Ip6Dscp);
    assert_eq!(counts(&sizes, vec![(Length(size), ef), (Length(size + 1), af43)], by, &packets), 2);
}

#[test]
fn classes_lead_to_marks_and_are_remembered() {
    need_namespaces!();
    let host = Host::new("host");
    let marks = MapOf::<Dscp, Mark>::new("marks");
    let seen = SetOf::<Dscp>::new("seen").dynamic().capacity(100);
    let rules = [
        Rule::new().udp().dport(53).set_mark_by(mapped(Ip6Dscp, &marks)),
        found(Rule::new().udp().mark(7)),
        Rule::new().udp().dport(54).add_to_set(Ip6Dscp, &seen),
    ];
    let table = table().set(marks.with([(Dscp::EF, Mark(7)), (Dscp::CS1, Mark(8))])).set(seen.into());
    let mut firewall = programmed(&host, table, rules);
    [
        v6(Dscp::EF, 1, 53),
        v6(Dscp::CS1, 0, 53),
        v6(Dscp::CS2, 0, 53),
        v6(Dscp::AF11, 0, 54),
        v6(Dscp::AF11, 2, 54),
    ]
    .iter()
    .for_each(|packet| packet.send(&host));
    assert_eq!(counted(&mut firewall, OUTPUT, "found"), 1);
    let seen: portcullis::set::Contents<Dscp> =
        firewall.contents((Family::Inet, "t"), &SetOf::<Dscp>::new("seen").dynamic()).unwrap();
    let keys: Vec<_> = seen.entries().unwrap().into_iter().filter_map(|entry| entry.key).collect();
    assert_eq!(keys, [Dscp::AF11]);
}
