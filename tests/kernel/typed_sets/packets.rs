//! Members pass, others do not.

use std::net::{Ipv4Addr, Ipv6Addr};

use portcullis::{
    Chain, Family, Hook, Mark, Netfilter, Port, Rule, Table, Transaction,
    expr::{
        Byteorder, ByteorderOp, Cmp, CmpOp, Counter, Data, Expr, Lookup, Meta, MetaKey, Payload, PayloadBase,
        Register,
    },
    set::{Interval, Key, SetOf},
};
use portcullis_world::{Host, Packet, need_namespaces};

use crate::support::{counted, open};

const PLACE: (Family, &str) = (Family::Inet, "edge");
const OUTPUT: (Family, &str, &str) = (Family::Inet, "edge", "output");

/// A host that counts what leaves it and is in the set, by what `load` loads.
fn counting<K: Key>(host: &Host, set: &SetOf<K>, keys: Vec<K>, load: Vec<Expr>) -> Netfilter {
    let mut firewall = open(host);
    let mut transaction = Transaction::new();
    transaction.add_table(Table::inet("edge"));
    transaction.add_chain(PLACE, Chain::filter("output", Hook::Output));
    transaction.add_set_with(PLACE, set, keys);
    let rule = load.into_iter().fold(Rule::new(), |rule, expression| rule.say(expression));
    let rule = rule.say(Lookup::new(set.name(), Register::R1)).say(Counter::new()).comment("in the set");
    transaction.add_rule(OUTPUT, rule);
    firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
    firewall
}

/// How many of the packets the set has.
fn members(host: &Host, firewall: &mut Netfilter, packets: Vec<Packet>) -> u64 {
    let before = counted(firewall, OUTPUT, "in the set");
    packets.iter().for_each(|packet| packet.send(host));
    counted(firewall, OUTPUT, "in the set") - before
}

fn to(address: &str) -> Packet {
    let from = if address.contains(':') { "[::1]:4000" } else { "127.0.0.1:4000" };
    let to = if address.contains(':') { format!("[{address}]:53") } else { format!("{address}:53") };
    Packet::udp(from, to.as_str())
}

/// UDP only: the kernel answers with ICMP errors, which leave the host, too.
fn destination(version: u8, offset: u32, len: u32) -> Vec<Expr> {
    let is = |number| Cmp::new(Register::R1, CmpOp::Eq, Data::byte(number)).into();
    vec![
        Meta::load(MetaKey::NfProto, Register::R1).into(),
        is(version),
        Meta::load(MetaKey::L4Proto, Register::R1).into(),
        is(17),
        Payload::load(PayloadBase::Network, offset, len, Register::R1).into(),
    ]
}

#[test]
fn ipv4_addresses_and_networks() {
    need_namespaces!();
    let host = Host::new("server");
    let v4 = |text: &str| text.parse::<Ipv4Addr>().unwrap();
    let set = SetOf::<Ipv4Addr>::new("s").constant();
    let keys = vec![v4("127.0.0.2"), v4("127.0.0.3")];
    let mut firewall = counting(&host, &set, keys, destination(2, 16, 4));
    let packets = ["127.0.0.2", "127.0.0.3", "127.0.0.4"].map(to).to_vec();
    assert_eq!(members(&host, &mut firewall, packets), 2);

    let host = Host::new("server");
    let set = SetOf::<Interval<Ipv4Addr>>::new("s").auto_merge();
    let keys = vec![
        (v4("127.0.0.2")..=v4("127.0.0.5")).into(),
        "127.0.1.0/24".parse::<ipnet::Ipv4Net>().unwrap().into(),
        v4("127.0.0.6").into(),
    ];
    let mut firewall = counting(&host, &set, keys, destination(2, 16, 4));
    let inside = ["127.0.0.2", "127.0.0.5", "127.0.0.6", "127.0.1.0", "127.0.1.255"].map(to);
    let outside = ["127.0.0.1", "127.0.0.7", "127.0.0.255", "127.0.2.0"].map(to);
    assert_eq!(members(&host, &mut firewall, inside.to_vec()), 5);
    assert_eq!(members(&host, &mut firewall, outside.to_vec()), 0);
}

#[test]
fn ipv6_addresses_and_networks() {
    need_namespaces!();
    let host = Host::new("server");
    let set = SetOf::<Ipv6Addr>::new("s");
    let mut firewall = counting(&host, &set, vec![Ipv6Addr::LOCALHOST], destination(10, 24, 16));
    assert_eq!(members(&host, &mut firewall, vec![to("::1"), to("127.0.0.1")]), 1);
    let host = Host::new("server");
    let set = SetOf::<ipnet::Ipv6Net>::new("s");
    let network = |text: &str| text.parse::<ipnet::Ipv6Net>().unwrap();
    let mut firewall = counting(&host, &set, vec![network("::/64")], destination(10, 24, 16));
    assert_eq!(members(&host, &mut firewall, vec![to("::1")]), 1);
    let host = Host::new("server");
    let mut firewall = counting(&host, &set, vec![network("::2/127")], destination(10, 24, 16));
    assert_eq!(members(&host, &mut firewall, vec![to("::1")]), 0);
}

#[test]
fn marks_and_runs_of_marks() {
    need_namespaces!();
    let host = Host::new("server");
    let mark = || vec![Expr::from(Meta::load(MetaKey::Mark, Register::R1))];
    let set = SetOf::<Mark>::new("s");
    let mut firewall = counting(&host, &set, vec![Mark(0x100)], mark());
    let packets = [0x100, 0x101, 1].map(|mark| to("127.0.0.1").mark(mark));
    assert_eq!(members(&host, &mut firewall, packets.to_vec()), 1);
    let host = Host::new("server");
    let set = SetOf::<std::ops::RangeInclusive<Mark>>::new("s");
    let mut load = mark();
    load.push(Byteorder::new(Register::R1, Register::R1, ByteorderOp::Hton, 4u32, 4u32).into());
    let mut firewall = counting(&host, &set, vec![Mark(0xff)..=Mark(0x201)], load);
    let packets = [0xfe, 0xff, 0x100, 0x201, 0x202, 0x1000_0000].map(|mark| to("127.0.0.1").mark(mark));
    assert_eq!(members(&host, &mut firewall, packets.to_vec()), 3);
}

#[test]
fn concatenations_and_runs_of_concatenations() {
    need_namespaces!();
    let v4 = |text: &str| text.parse::<Ipv4Addr>().unwrap();
    let load = || {
        // The address to the first four bytes of the registers, the port to the next.
        let mut load = destination(2, 16, 4);
        load.push(Payload::load(PayloadBase::Transport, 2, 2, Register::word(1).unwrap()).into());
        load
    };
    let udp = |to: &str| Packet::udp("127.0.0.1:4000", to);
    let packets = || ["127.0.0.2:53", "127.0.0.2:54", "127.0.0.3:53", "127.0.0.3:99"].map(udp).to_vec();
    let host = Host::new("server");
    let set = SetOf::<(Ipv4Addr, Port)>::new("s");
    let mut firewall = counting(&host, &set, vec![(v4("127.0.0.2"), Port(53))], load());
    assert_eq!(members(&host, &mut firewall, packets()), 1);
    let host = Host::new("server");
    let set = SetOf::<(Interval<Ipv4Addr>, Interval<Port>)>::new("s");
    let keys = vec![((v4("127.0.0.2")..=v4("127.0.0.9")).into(), (Port(50)..=Port(60)).into())];
    let mut firewall = counting(&host, &set, keys, load());
    assert_eq!(members(&host, &mut firewall, packets()), 3);
}
