//! Fields that rules look up more seldom, and networks of addresses, seen on packets.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use portcullis::{
    Chain, Family, Hook, Mark, Netfilter, Port, Protocol, Rule, Ruleset, Table,
    expr::{Bitwise, Data, Meta, MetaKey, Register, Verdict},
    language::targets::ChangeSet,
    select::{self, Daddr, Dport, Saddr, Select, Selector, mapped},
    set::{
        ArpOperation, DccpPacketType, Field, IgmpType, IpLength, Key, MapOf, MobilityType, SegmentSize,
        SetOf, Spi, VerdictMap,
    },
};
use portcullis_world::{Host, Packet, World, need_namespaces};

use super::{OUTPUT, found, programmed, table, v4};
use crate::support::{counted, open};

fn v6(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

/// How many of the packets are found by fields whose set holds these keys.
fn counts<K: Key>(rule: Rule, by: impl Select<K::Fields>, keys: Vec<K>, packets: &[Packet]) -> u64 {
    let host = Host::new("host");
    host.route_local("fd00:7::/32");
    let set = SetOf::<K>::new("s");
    let rule = found(rule.in_set(by, &set));
    let mut firewall = programmed(&host, table().set(set.with(keys)), [rule]);
    packets.iter().for_each(|packet| packet.send(&host));
    counted(&mut firewall, OUTPUT, "found")
}

#[test]
fn headers_of_other_protocols_are_looked_up() {
    need_namespaces!();
    let rule = Rule::new;
    let of = |protocol: u8, bytes: &[u8]| Packet::other("127.0.0.1", "127.0.0.1", protocol).payload(bytes);
    // Membership reports of versions 2 and 1.
    let igmp = [of(2, &[0x16, 0, 0, 0, 0, 0, 0, 0]), of(2, &[0x12, 0, 0, 0, 0, 0, 0, 0])];
    assert_eq!(counts(rule(), select::IgmpType, vec![IgmpType(0x16)], &igmp), 1);
    // The four bits between others, of which some are 1.
    let dccp = |kind: u8| of(33, &[0, 1, 0, 2, 4, 0, 0, 0, kind << 1 | 0xe1, 0, 0, 0, 0, 0, 0, 0]);
    let kinds = vec![DccpPacketType(0), DccpPacketType(5)];
    assert_eq!(counts(rule(), select::DccpType, kinds, &[dccp(0), dccp(5), dccp(5), dccp(4)]), 3);
    let esp = [of(50, &[0, 0, 1, 0, 0, 0, 0, 1]), of(50, &[0, 0, 0, 1, 0, 0, 1, 0])];
    assert_eq!(counts(rule(), select::EspSpi, vec![Spi(0x100)], &esp), 1);
    let ah = [of(51, &[17, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0]), of(51, &[0; 16])];
    assert_eq!(counts(rule(), select::AhSpi, vec![Spi(0x100)], &ah), 1);
    let mobile = |kind| Packet::other("::1", "::1", 135).payload([59, 0, kind, 0, 0, 0, 0, 0]);
    assert_eq!(
        counts(rule(), select::MobilityType, vec![MobilityType(5)], &[mobile(5), mobile(6), mobile(5)]),
        2
    );
    let syn = |size| Packet::tcp("127.0.0.1:4000", "127.0.0.1:80").mss(size);
    assert_eq!(counts(rule(), select::TcpMss, vec![SegmentSize(1400)], &[syn(1400), syn(1399)]), 1);
}

#[test]
fn what_ip_headers_say_is_looked_up() {
    need_namespaces!();
    let packets = [
        Packet::udp("127.0.0.1:4000", "127.0.0.1:53"),
        Packet::tcp("127.0.0.1:4000", "127.0.0.1:53"),
        Packet::udp("[::1]:4000", "[::1]:53"),
        Packet::udp("[::1]:4000", "[::1]:53").payload([0; 100]),
    ];
    let length = |packet: &Packet| u16::try_from(packet.bytes().len()).unwrap();
    let rule = Rule::new;
    assert_eq!(counts(rule(), select::IpProtocol, vec![Protocol::UDP], &packets), 1);
    assert_eq!(counts(rule(), select::Ip6NextHeader, vec![Protocol::UDP], &packets), 2);
    assert_eq!(counts(rule(), select::IpLength, vec![IpLength(length(&packets[0]))], &packets), 1);
    // Without the header.
    let keys = packets[2..].iter().map(|packet| IpLength(length(packet) - 40)).collect();
    assert_eq!(counts(rule(), select::Ip6Length, keys, &packets), 2);
    let key = vec![(Protocol::UDP, IpLength(length(&packets[0])))];
    assert_eq!(counts(rule(), (select::IpProtocol, select::IpLength), key, &packets), 1);
}

#[test]
fn arp_is_looked_up() {
    need_namespaces!();
    let world = World::pair();
    let (client, server) = (&world.client, &world.server);
    let asks = SetOf::<(ArpOperation, Ipv4Addr)>::new("asks");
    let by = (select::ArpOperation, select::ArpDaddr);
    let rule = |by: (select::ArpOperation, select::ArpDaddr)| found(Rule::new().in_set(by, &asks));
    let table = Table::new(Family::Arp, "t")
        .set(asks.with([(ArpOperation(1), v4("10.0.1.2"))]))
        .chain(Chain::filter("input", Hook::Input).rule(rule(by)));
    let mut firewall = open(server);
    firewall.apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
    let mut seen = || counted(&mut firewall, (Family::Arp, "t", "input"), "found");
    assert_eq!(seen(), 0);
    assert!(client.ping("10.0.1.2").is_connected());
    // Whoever asked first: the client asks for the server's address, or has its own asked for.
    let before = seen();
    assert!(before > 0);
    assert!(server.ping("10.0.1.1").is_connected());
    assert_eq!(seen(), before);
}

/// Networks of both versions: the same words, with sets of one and of the other.
fn networks_of<A>(
    by: impl Fn(u8) -> Selector,
    network: A,
    len: u8,
    packets: &[Packet],
    within: u64,
) -> (u64, u64)
where
    A: Field + Key<Fields = A>,
    Saddr: select::SelectOne<A>,
{
    let whole = counts(Rule::new().udp(), Saddr.prefix(len), vec![network.clone()], packets);
    assert_eq!(whole, within);
    // By name, and what is not in it.
    let host = Host::new("host");
    host.route_local("fd00:7::/32");
    let rule = found(Rule::new().udp().not_in_set(by(len), "s"));
    let set = SetOf::<A>::new("s").with([network]);
    let mut firewall = programmed(&host, table().set(set), [rule]);
    packets.iter().for_each(|packet| packet.send(&host));
    (whole, counted(&mut firewall, OUTPUT, "found"))
}

#[test]
fn networks_are_looked_up_by_their_first_address() {
    need_namespaces!();
    let from = |source: &str| Packet::udp(format!("{source}:4000").as_str(), "127.0.0.1:53");
    let packets = [from("127.5.0.1"), from("127.5.7.255"), from("127.5.8.0"), from("127.6.0.1")];
    let by = |len| Selector::IpSaddr.prefix(len);
    assert_eq!(networks_of(by, v4("127.5.0.0"), 21, &packets, 2), (2, 2));
    assert_eq!(networks_of(by, v4("127.5.0.0"), 16, &packets, 3), (3, 1));
    assert_eq!(networks_of(by, v4("127.5.0.1"), 32, &packets, 1), (1, 3));
    assert_eq!(networks_of(by, v4("0.0.0.0"), 0, &packets, 4), (4, 0));
    // An address within the network is not the network.
    assert_eq!(networks_of(by, v4("127.5.0.1"), 16, &packets, 0), (0, 4));
    let from = |source: &str| Packet::udp(format!("[{source}]:4000").as_str(), "[::1]:53");
    let packets =
        [from("fd00:7:0:1::1"), from("fd00:7:0:1:ffff::2"), from("fd00:7:0:2::1"), from("fd00:7:1::1")];
    let by = |len| Selector::Ip6Saddr.prefix(len);
    assert_eq!(networks_of(by, v6("fd00:7:0:1::"), 64, &packets, 2), (2, 2));
    assert_eq!(networks_of(by, v6("fd00:7::"), 62, &packets, 3), (3, 1));
    assert_eq!(networks_of(by, v6("fd00:7::"), 32, &packets, 4), (4, 0));
}

#[test]
fn networks_are_parts_of_keys_and_lead_to_values() {
    need_namespaces!();
    let packets = [
        Packet::udp("127.0.0.1:4000", "127.5.0.1:53"),
        Packet::udp("127.0.0.1:4000", "127.5.9.9:53"),
        Packet::udp("127.0.0.1:4000", "127.5.0.1:54"),
        Packet::udp("127.0.0.1:4000", "127.6.0.1:53"),
    ];
    let key = vec![(v4("127.5.0.0"), Port(53))];
    assert_eq!(counts(Rule::new().udp(), (Daddr.prefix(16), Dport), key, &packets), 2);
    let host = Host::new("host");
    let marks = MapOf::<Ipv4Addr, Mark>::new("marks");
    let ways = VerdictMap::<Ipv4Addr>::new("ways");
    let rules = [
        Rule::new().udp().set_mark_by(mapped(Daddr.prefix(16), &marks)),
        found(Rule::new().mark(7)),
        Rule::new().udp().verdict_map(Daddr.prefix(8), &ways),
    ];
    let table = table()
        .set(marks.with([(v4("127.5.0.0"), Mark(7))]))
        .chain(Chain::new("left").rule(Rule::new().counter().comment("left")))
        .set(ways.with([(v4("127.0.0.0"), Verdict::jump("left"))]));
    let mut firewall = programmed(&host, table, rules);
    packets.iter().for_each(|packet| packet.send(&host));
    assert_eq!(counted(&mut firewall, OUTPUT, "found"), 3);
    assert_eq!(counted(&mut firewall, (Family::Inet, "t", "left"), "left"), 4);
}

/// One limit for a network: whoever has many addresses has no more than others.
#[test]
fn a_network_shares_its_element() {
    need_namespaces!();
    let host = Host::new("host");
    host.route_local("fd00:7::/32");
    let seen = SetOf::<Ipv6Addr>::new("seen").dynamic().timeout(Duration::from_secs(600)).capacity(100);
    let rate = portcullis::Rate::per_hour(2).burst(2).over();
    let rule = Rule::new().udp().change_set(ChangeSet::update(Saddr.prefix(64), &seen).limit(rate));
    let mut firewall = programmed(&host, table().set(seen.clone().into()), [found(rule)]);
    for source in ["fd00:7::1", "fd00:7::2", "fd00:7::3", "fd00:7:0:1::1", "fd00:7::4"] {
        Packet::udp(format!("[{source}]:4000").as_str(), "[::1]:53").send(&host);
    }
    assert_eq!(counted(&mut firewall, OUTPUT, "found"), 2);
    assert_eq!(keys(&mut firewall, &seen), [v6("fd00:7::"), v6("fd00:7:0:1::")]);
}

fn keys(firewall: &mut Netfilter, set: &SetOf<Ipv6Addr>) -> Vec<Ipv6Addr> {
    let contents: portcullis::set::Contents<Ipv6Addr> = firewall.contents((Family::Inet, "t"), set).unwrap();
    let mut keys: Vec<_> = contents.entries().unwrap().into_iter().filter_map(|entry| entry.key).collect();
    keys.sort_unstable();
    keys
}

/// What no word says: some bits of the mark.
#[test]
fn expressions_of_the_programs_are_looked_up() {
    need_namespaces!();
    let host = Host::new("host");
    let load = || Meta::load(MetaKey::Mark, Register::R1).into();
    let low = || Selector::raw([load(), Bitwise::and(Register::R1, Data::host_u32(0xff)).into()], Mark::TYPE);
    let rules = [
        found(Rule::new().udp().in_set(low(), "marks")),
        Rule::new().udp().in_set([Selector::Dport, low()], "pairs").counter().comment("pairs"),
    ];
    let table = table()
        .set(SetOf::<Mark>::new("marks").with([Mark(7)]))
        .set(SetOf::<(Port, Mark)>::new("pairs").with([(Port(53), Mark(7))]));
    let mut firewall = programmed(&host, table, rules);
    for (mark, port) in [(7, 53), (0x107, 53), (0x107, 54), (8, 53), (0x700, 53)] {
        Packet::udp("127.0.0.1:4000", ("127.0.0.1", port)).mark(mark).send(&host);
    }
    assert_eq!(counted(&mut firewall, OUTPUT, "found"), 3);
    assert_eq!(counted(&mut firewall, OUTPUT, "pairs"), 2);
}
