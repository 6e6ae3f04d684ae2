//! Stateful objects that count, limit and run out, used by name and by map, seen on packets; and begun anew.

use portcullis::{
    Family, Netfilter, Port, Rule,
    expr::{Connlimit, Counter, Limit, LimitUnit, Quota},
    object::{Object, ObjectData},
    probe::Feature,
    select::{Dport, mapped},
    set::{ConnlimitName, CounterName, LimitName, MapOf, QuotaName},
};
use portcullis_world::{Host, Packet, need_namespaces};

use super::{OUTPUT, found, programmed, send, table};
use crate::support::{counted, need_feature};

const TABLE: (Family, &str) = (Family::Inet, "t");

fn udp() -> Rule {
    Rule::new().udp()
}

/// The object as the kernel has it now.
fn object(firewall: &mut Netfilter, name: &str) -> ObjectData {
    let objects = firewall.objects(TABLE).unwrap_or_else(|error| panic!("{error}"));
    let found = objects.into_iter().find(|object| object.name == name);
    found.unwrap_or_else(|| panic!("no object is called {name}")).data
}

fn counter(packets: u64, bytes: u64) -> ObjectData {
    Counter::new().packets(packets).bytes(bytes).into()
}

#[test]
fn objects_count_and_run_out() {
    need_namespaces!();
    let counters = MapOf::<Port, CounterName>::new("counters");
    let quotas = MapOf::<Port, QuotaName>::new("quotas");
    let limits = MapOf::<Port, LimitName>::new("limits");
    let own = [(Port(53), CounterName::from("dns")), (Port(123), CounterName::from("time"))];
    // Packets of 28 bytes each: the fourth is beyond 100. Of the limits, three pass at once, and then one in 20 minutes.
    for (name, rule, expected) in [
        ("a counter", udp().dport(53).use_counter("dns"), 6),
        ("a counter by map", udp().use_counter(mapped(Dport, &counters)), 6),
        ("a counter by a map of the rule's own", udp().use_counter(mapped(Dport, own)), 6),
        ("a quota", udp().dport(53).use_quota("few"), 3),
        ("a quota by map", udp().use_quota(mapped(Dport, &quotas)), 3),
        ("a limit", udp().dport(53).use_limit("slow"), 3),
        ("a limit by map", udp().use_limit(mapped(Dport, &limits)), 3),
        (
            "a limit by a map of the rule's own",
            udp().use_limit(mapped(Dport, [(Port(53), LimitName::from("slow"))])),
            3,
        ),
    ] {
        let host = Host::new("host");
        let table = table()
            .object(Object::new("dns", Counter::new()))
            .object(Object::new("time", Counter::new()))
            .object(Object::new("few", Quota::over(100)))
            .object(Object::new("slow", Limit::packets(3, LimitUnit::Hour).burst(3u32)))
            .set(counters.with([(Port(53), CounterName::from("dns"))]))
            .set(quotas.with([(Port(53), QuotaName::from("few"))]))
            .set(limits.with([(Port(53), LimitName::from("slow"))]));
        let mut firewall = programmed(&host, table, [found(rule)]);
        // What no object is for leaves the rule.
        send(&host, ["127.0.0.1:54"; 6]);
        assert_eq!(counted(&mut firewall, OUTPUT, "found"), 0, "{name}");
        send(&host, ["127.0.0.1:53"; 6]);
        assert_eq!(counted(&mut firewall, OUTPUT, "found"), expected, "{name}");
        let dns = if name.contains("counter") { counter(6, 6 * 28) } else { counter(0, 0) };
        assert_eq!(object(&mut firewall, "dns"), dns, "{name}");
        assert_eq!(object(&mut firewall, "time"), counter(0, 0), "{name}");
    }
}

#[test]
fn rules_share_an_object() {
    need_namespaces!();
    let host = Host::new("host");
    let quotas = MapOf::<Port, QuotaName>::new("quotas");
    let table = table()
        .object(Object::new("few", Quota::over(100)))
        .object(Object::new("hits", Counter::new()))
        .set(quotas.with([(Port(54), QuotaName::from("few"))]));
    let hits = [(Port(54), CounterName::from("hits"))];
    let rules = [
        udp().dport(53).use_quota("few").counter().comment("by name"),
        udp().use_quota(mapped(Dport, &quotas)).counter().comment("by map"),
        udp().dport(53).use_counter("hits"),
        udp().use_counter(mapped(Dport, hits)),
    ];
    let mut firewall = programmed(&host, table, rules);
    send(&host, ["127.0.0.1:53", "127.0.0.1:53", "127.0.0.1:54", "127.0.0.1:54", "127.0.0.1:53"]);
    let over = ["by name", "by map"].map(|comment| counted(&mut firewall, OUTPUT, comment));
    assert_eq!(over, [1, 1], "the fourth packet and the fifth, whichever rule they come to");
    assert_eq!(object(&mut firewall, "hits"), counter(5, 5 * 28));
}

#[test]
fn connections_are_counted_by_an_object() {
    need_namespaces!();
    need_feature!(Feature::ConnlimitObject);
    let crowds = MapOf::<Port, ConnlimitName>::new("crowds");
    let own = [(Port(53), ConnlimitName::from("crowd"))];
    for (name, rule) in [
        ("by name", udp().dport(53).use_connlimit("crowd")),
        ("by map", udp().use_connlimit(mapped(Dport, &crowds))),
        ("by a map of the rule's own", udp().use_connlimit(mapped(Dport, own))),
    ] {
        let host = Host::new("host");
        let table = table()
            .object(Object::new("crowd", Connlimit::over(2)))
            .object(Object::new("pair", Connlimit::until(2)))
            .set(crowds.with([(Port(53), ConnlimitName::from("crowd"))]));
        let within = udp().dport(99).use_connlimit("pair").counter().comment("within");
        let mut firewall = programmed(&host, table, [found(rule), within]);
        let connect = |source: &str, port: u16| {
            Packet::udp(source, format!("127.0.0.1:{port}").as_str()).send(&host);
        };
        for source in ["127.0.0.2:1", "127.0.0.3:1"] {
            connect(source, 53);
            connect(source, 54);
        }
        assert_eq!(counted(&mut firewall, OUTPUT, "found"), 0, "{name}: two connections");
        connect("127.0.0.4:1", 53);
        connect("127.0.0.5:1", 53);
        assert_eq!(counted(&mut firewall, OUTPUT, "found"), 2, "{name}: the third and the fourth");
        (1..=4).for_each(|port| connect(&format!("127.0.0.2:{port}"), 99));
        assert_eq!(counted(&mut firewall, OUTPUT, "within"), 2, "{name}: no more than two");
        let ObjectData::Connlimit(crowd) = object(&mut firewall, "crowd") else { panic!("no connlimit") };
        assert_eq!(crowd.count, 2);
    }
}

/// The kernel counts anew for counters and quotas alone: of the others it tells their configuration, and a limit that is
/// used up stays so.
#[test]
fn what_counts_begins_anew_and_what_limits_does_not() {
    need_namespaces!();
    need_feature!(Feature::ConnlimitObject);
    let host = Host::new("host");
    let table = table()
        .object(Object::new("hits", Counter::new()))
        .object(Object::new("few", Quota::over(100)))
        .object(Object::new("slow", Limit::packets(3, LimitUnit::Hour).burst(3u32)))
        .object(Object::new("crowd", Connlimit::over(2)));
    let rules = [
        udp().use_counter("hits"),
        udp().use_quota("few").counter().comment("quota"),
        udp().use_limit("slow").counter().comment("limit"),
        udp().use_connlimit("crowd").counter().comment("connections"),
    ];
    let mut firewall = programmed(&host, table, rules);
    let go = |firewall: &mut Netfilter| {
        (1..=5)
            .for_each(|port| Packet::udp(format!("127.0.0.1:{port}").as_str(), "127.0.0.1:53").send(&host));
        ["quota", "limit", "connections"].map(|comment| counted(firewall, OUTPUT, comment))
    };
    assert_eq!(go(&mut firewall), [2, 3, 3]);
    let told = firewall.reset_objects(TABLE).unwrap_or_else(|error| panic!("{error}"));
    let told = |name: &str| told.iter().find(|object| object.name == name).unwrap().data.clone();
    assert_eq!(told("hits"), counter(5, 5 * 28));
    // What is used beyond the quota, the kernel does not tell.
    assert_eq!(told("few"), Quota::over(100).consumed(100u64).into());
    assert_eq!(object(&mut firewall, "hits"), counter(0, 0));
    let ObjectData::Quota(few) = object(&mut firewall, "few") else { panic!("no quota") };
    assert!(few.consumed < Some(100), "{few:?}");
    for name in ["slow", "crowd"] {
        assert_eq!(told(name), object(&mut firewall, name), "{name}");
    }
    // The same five connections once more.
    let [quota, limit, connections] = go(&mut firewall);
    assert_eq!([limit, connections], [3, 8], "what limits does not begin anew");
    assert!((4..7).contains(&quota), "some pass again: {quota}");
    assert_eq!(object(&mut firewall, "hits"), counter(5, 5 * 28));
}
