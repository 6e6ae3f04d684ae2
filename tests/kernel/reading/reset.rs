//! Reading what was counted, and letting it start anew, in one step.

use portcullis::{
    Chain, DataType, Element, Error, Family, Hook, Netfilter, Rule, Ruleset, Set, Table,
    expr::{Counter, Data, ObjectKind, Quota},
    object::{Counts, Object, ObjectRef},
};
use portcullis_world::{Host, Packet, need_namespaces, skip};

use crate::support::open;

const EDGE: (Family, &str) = (Family::Inet, "edge");
const OUTPUT: (Family, &str, &str) = (Family::Inet, "edge", "output");
const PORTS: (Family, &str, &str) = (Family::Inet, "edge", "ports");
const ZERO: Option<Counts> = Some(Counts::new(0, 0));

/// One of everything that counts. Rule 0 has counted 5, rule 1 nothing, rule 2 has no counter.
fn counting(host: &Host) -> Netfilter {
    let element = |port, packets: u64| {
        Element::new(Data::network_u16(port)).expression(Counter::new().packets(packets).bytes(packets * 100))
    };
    let table = Table::inet("edge")
        .object(Object::new("hits", Counter::new().packets(7u64).bytes(700u64)))
        .object(Object::new("day", Quota::over(1000).consumed(5u64)))
        .set(Set::new("ports", DataType::INET_SERVICE).elements([element(80, 2), element(443, 3)]))
        .chain(
            Chain::filter("output", Hook::Output)
                .rule(Rule::new().mark(1).counter_from(5, 500).quota(portcullis::Quota::until(9).used(1)))
                .rule(Rule::new().mark(2).counter())
                .rule(Rule::new().mark(3).accept()),
        )
        .chain(Chain::new("other").rule(Rule::new().counter_from(9, 900)));
    let mut firewall = open(host);
    firewall.apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
    firewall
}

fn of_rules(rules: &[Rule]) -> Vec<Option<Counts>> {
    rules.iter().map(Rule::counted).collect()
}

/// The result, or `None` where the kernel is too old.
fn supported<R>(result: Result<R, Error>) -> Option<R> {
    match result {
        Err(Error::Unsupported { feature, .. }) => {
            assert!(feature.starts_with("resetting the counters of "), "{feature}");
            None
        }
        result => Some(result.unwrap_or_else(|error| panic!("{error}"))),
    }
}

#[test]
fn a_rule_starts_anew_and_its_neighbours_do_not() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = counting(&host);
    let before = firewall.rules(OUTPUT).unwrap();
    let handle = before[0].handle.unwrap();
    let Some(read) = supported(firewall.reset_rule(OUTPUT, handle)) else {
        skip!("the kernel cannot reset rules");
    };
    assert_eq!(read.as_ref(), Some(&before[0]), "as it was");
    let after = firewall.rules(OUTPUT).unwrap();
    assert_eq!(of_rules(&after), [ZERO, ZERO, None]);
    assert_eq!(after[1..], before[1..]);
    Packet::icmp("127.0.0.1", "127.0.0.1", 3, 1).payload([0; 72]).mark(1).send(&host);
    let read = firewall.reset_rule(OUTPUT, handle).unwrap().unwrap();
    assert_eq!(read.counted(), Some(Counts::new(1, 100)));
    let other = firewall.rules((EDGE, "other")).unwrap();
    assert_eq!(of_rules(&other), [Some(Counts::new(9, 900))]);
}

#[test]
fn a_chain_starts_anew_and_others_do_not() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = counting(&host);
    let before = firewall.chain(OUTPUT).unwrap();
    let Some(read) = supported(firewall.reset_chain(OUTPUT)) else {
        skip!("the kernel cannot reset rules");
    };
    assert_eq!(read, before, "as it was");
    assert_eq!(of_rules(&firewall.reset_rules(OUTPUT).unwrap()), [ZERO, ZERO, None]);
    let other = firewall.reset_rules((EDGE, "other")).unwrap();
    assert_eq!(of_rules(&other), [Some(Counts::new(9, 900))]);
}

#[test]
fn an_object_starts_anew_and_others_do_not() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = counting(&host);
    let hits = ObjectRef::new(EDGE, ObjectKind::Counter, "hits");
    let day = ObjectRef::new(EDGE, ObjectKind::Quota, "day");
    let read = firewall.reset_object(&hits).unwrap().unwrap();
    assert_eq!(read.counted(), Some(Counts::new(7, 700)));
    assert_eq!(firewall.object(&hits).unwrap().unwrap().counted(), ZERO);
    assert_eq!(firewall.object(&day).unwrap().unwrap().consumed(), Some(5));
    let read = firewall.reset_objects(EDGE).unwrap();
    assert_eq!(read.iter().filter_map(Object::consumed).collect::<Vec<_>>(), [5]);
    assert_eq!(firewall.object(&day).unwrap().unwrap().consumed(), Some(0));
}

#[test]
fn an_element_and_then_a_set_start_anew() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = counting(&host);
    let (web, secure) = (Data::network_u16(80), Data::network_u16(443));
    let Some(read) = supported(firewall.reset_element(PORTS, &web)) else {
        skip!("the kernel cannot reset elements");
    };
    assert_eq!(read.unwrap().counted(), Some(Counts::new(2, 200)));
    assert_eq!(firewall.element(PORTS, &web).unwrap().unwrap().counted(), ZERO);
    let untouched = firewall.element(PORTS, &secure).unwrap().unwrap();
    assert_eq!(untouched.counted(), Some(Counts::new(3, 300)));

    let read = firewall.reset_set(PORTS).unwrap().unwrap();
    let sum: Counts = read.elements.iter().filter_map(Element::counted).sum();
    assert_eq!(sum, Counts::new(3, 300));
    let after = firewall.elements(PORTS).unwrap();
    assert!(after.len() == 2 && after.iter().all(|element| element.counted() == ZERO), "{after:?}");
}

#[test]
fn a_whole_table_starts_anew_and_is_given_as_it_was() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = counting(&host);
    let before = firewall.table(EDGE).unwrap();
    let Some(read) = supported(firewall.reset_table(EDGE)) else {
        skip!("the kernel cannot reset elements");
    };
    assert_eq!(read, before, "as it was");
    let after = firewall.table(EDGE).unwrap().unwrap();
    let rules = after.chains.iter().flat_map(|chain| of_rules(&chain.rules));
    let elements = after.sets.iter().flat_map(|set| &set.elements).map(Element::counted);
    let objects = after.objects.iter().map(Object::counted);
    let all: Vec<_> = rules.chain(elements).chain(objects).flatten().collect();
    assert_eq!(all, [Counts::default(); 6]);
    assert_eq!(after.objects.iter().find_map(Object::consumed), Some(0));
}

/// Many packets while somebody resets again and again: each is counted once.
#[test]
fn no_packet_is_lost_or_counted_twice() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = counting(&host);
    if supported(firewall.reset_rules(OUTPUT)).is_none() {
        skip!("the kernel cannot reset rules");
    }
    let sent = 400;
    let mut sum = Counts::default();
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            for _ in 0..sent {
                Packet::icmp("127.0.0.1", "127.0.0.1", 3, 1).payload([0; 72]).mark(2).send(&host);
            }
        });
        while !sender.is_finished() {
            sum += firewall.reset_rules(OUTPUT).unwrap()[1].counted().unwrap();
        }
    });
    sum += firewall.reset_rules(OUTPUT).unwrap()[1].counted().unwrap();
    assert_eq!(sum, Counts::new(sent, sent * 100));
}
