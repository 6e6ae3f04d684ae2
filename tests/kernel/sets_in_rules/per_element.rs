//! What an element does for the packets that it is for: its quota runs out, its connections are counted, its rate is
//! its own.

use std::net::Ipv4Addr;

use portcullis::{
    Family, Netfilter, Quota, Rate, Rule,
    expr::Expr,
    language::targets::ChangeSet,
    probe::Feature,
    select::{Daddr, Saddr},
    set::SetOf,
};
use portcullis_world::{Host, Packet, need_namespaces};

use super::{OUTPUT, programmed, send, table, v4};
use crate::support::{counted, need_feature};

/// A host that counts, for comment "over", what the change of a set lets through.
fn changing(host: &Host, set: SetOf<Ipv4Addr>, change: ChangeSet) -> Netfilter {
    let rule = Rule::new().udp().change_set(change).counter().comment("over");
    programmed(host, table().set(set.into()), [rule])
}

/// The statement of an element of the set.
fn statement(firewall: &mut Netfilter, set: &SetOf<Ipv4Addr>, key: &str) -> Expr {
    let entry = firewall.entry((Family::Inet, "t"), set, &v4(key)).unwrap();
    let entry = entry.unwrap_or_else(|| panic!("{key} is not in the set"));
    entry.expressions().first().cloned().unwrap_or_else(|| panic!("{key} has no statement"))
}

#[test]
fn a_quota_of_each_element_runs_out() {
    need_namespaces!();
    let host = Host::new("host");
    let metered = SetOf::<Ipv4Addr>::new("metered").dynamic().capacity(100);
    let quota = ChangeSet::add(Daddr, &metered).quota(Quota::over(100));
    let mut firewall = changing(&host, metered.clone(), quota);
    // 28 bytes each: the fourth is beyond 100.
    send(&host, ["127.0.0.2:53"; 6]);
    assert_eq!(counted(&mut firewall, OUTPUT, "over"), 3);
    send(&host, ["127.0.0.3:53"; 3]);
    assert_eq!(counted(&mut firewall, OUTPUT, "over"), 3, "the other element has a quota of its own");
    send(&host, ["127.0.0.3:53"; 2]);
    assert_eq!(counted(&mut firewall, OUTPUT, "over"), 5);
    send(&host, ["127.0.0.4:53"]);
    // What is used beyond the quota, the kernel does not tell.
    for (key, used) in [("127.0.0.2", 100), ("127.0.0.3", 100), ("127.0.0.4", 28)] {
        let Expr::Quota(quota) = statement(&mut firewall, &metered, key) else { panic!("no quota of {key}") };
        assert_eq!((quota.bytes, quota.consumed), (100, Some(used)), "{key}");
    }
}

#[test]
fn a_full_set_ends_the_rule() {
    need_namespaces!();
    let host = Host::new("host");
    let few = SetOf::<Ipv4Addr>::new("few").dynamic().capacity(2);
    let mut firewall = changing(&host, few.clone(), ChangeSet::add(Daddr, &few));
    send(&host, ["127.0.0.2:53", "127.0.0.3:53", "127.0.0.4:53", "127.0.0.5:53", "127.0.0.2:53"]);
    assert_eq!(counted(&mut firewall, OUTPUT, "over"), 3, "what is in the set, and nothing else");
}

#[test]
fn connections_are_counted_for_each_source() {
    need_namespaces!();
    let host = Host::new("host");
    let busy = SetOf::<Ipv4Addr>::new("busy").dynamic().capacity(100);
    let count = ChangeSet::add(Saddr, &busy).connlimit_over(2);
    let mut firewall = changing(&host, busy.clone(), count);
    let connect = |source: &str| Packet::udp(source, "127.0.0.1:53").send(&host);
    for source in ["127.0.0.2:1", "127.0.0.2:2", "127.0.0.3:1", "127.0.0.3:2"] {
        connect(source);
    }
    assert_eq!(counted(&mut firewall, OUTPUT, "over"), 0);
    connect("127.0.0.2:3");
    assert_eq!(counted(&mut firewall, OUTPUT, "over"), 1, "the third connection of this source");
    connect("127.0.0.4:1");
    assert_eq!(counted(&mut firewall, OUTPUT, "over"), 1);
    let Expr::Connlimit(limit) = statement(&mut firewall, &busy, "127.0.0.2") else { panic!("no connlimit") };
    assert_eq!(limit.count, 2);
}

#[test]
fn each_key_has_a_rate_and_a_counter_of_its_own() {
    need_namespaces!();
    need_feature!(Feature::DynsetExpressions);
    let host = Host::new("host");
    let meter = SetOf::<Ipv4Addr>::new("meter").dynamic().capacity(100);
    let change = ChangeSet::add(Daddr, &meter).counter().limit(Rate::per_hour(1).burst(3).over());
    let mut firewall = changing(&host, meter.clone(), change);
    send(&host, ["127.0.0.2:53"; 5]);
    send(&host, ["127.0.0.3:53"; 4]);
    assert_eq!(counted(&mut firewall, OUTPUT, "over"), 2 + 1);
    let Expr::Counter(counter) = statement(&mut firewall, &meter, "127.0.0.2") else { panic!("no counter") };
    assert_eq!(counter.packets, Some(5));
}
