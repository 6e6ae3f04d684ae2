//! The same ruleset read in one piece and in all its parts.

use nix::errno::Errno;
use portcullis::{
    Chain, DataType, Element, Error, Family, Hook, Policy, Port, Rule, Ruleset, Set, Table,
    expr::{Counter, Data, ObjectKind, Quota},
    object::{Counts, Object, ObjectRef},
    probe::Feature,
    set::SetOf,
};
use portcullis_world::{Host, Packet, need_namespaces, skip, this_function};

use crate::support::{nft_load, open, part_can_run};

const EDGE: (Family, &str) = (Family::Inet, "edge");
const INPUT: (Family, &str, &str) = (Family::Inet, "edge", "input");

/// Two tables of one name, a set that is named and one that is not, objects.
fn ruleset() -> Ruleset {
    let elements = (0..1000u32).map(|address| Element::new(Data::network_u32(address)));
    let edge = Table::inet("edge")
        .object(Object::new("hits", Counter::new().packets(7u64).bytes(700u64)))
        .object(Object::new("hits", Quota::over(1000).consumed(5u64)))
        .set(Set::new("blocked", DataType::IPV4_ADDR).size(1000).elements(elements))
        .chain(
            Chain::filter("input", Hook::Input)
                .rule(Rule::new().tcp().dport([22, 80, 443]).counter_from(3, 300).accept())
                .rule(Rule::new().comment("the last one").drop()),
        )
        .chain(Chain::new("other").rule(Rule::new().comment("elsewhere").accept()))
        .chain(Chain::new("empty"));
    let twin = Table::new(Family::Ip, "edge")
        .chain(Chain::filter("input", Hook::Input).rule(Rule::new().comment("the twin's").accept()));
    [edge, twin].into_iter().collect()
}

#[test]
fn parts_are_what_the_whole_is_made_of() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    firewall.apply(ruleset()).unwrap_or_else(|error| panic!("{error}"));
    let whole = firewall.ruleset(None).unwrap();
    assert_eq!(whole.tables.len(), 2);
    for table in &whole.tables {
        assert_eq!(firewall.table(table).unwrap().as_ref(), Some(table));
        let family = firewall.ruleset(Some(table.family)).unwrap();
        assert_eq!(family.tables, std::slice::from_ref(table));
        assert_eq!(firewall.chains(table).unwrap().len(), table.chains.len());
        for chain in &table.chains {
            assert_eq!(firewall.chain((table, chain)).unwrap().as_ref(), Some(chain));
            assert_eq!(firewall.rules((table, chain)).unwrap(), chain.rules);
            for rule in &chain.rules {
                let read = firewall.rule((table, chain), rule.handle.unwrap()).unwrap();
                assert_eq!(read.as_ref(), Some(rule));
            }
        }
        for set in &table.sets {
            assert_eq!(firewall.set((table, set)).unwrap().as_ref(), Some(set));
            assert_eq!(firewall.elements((table, set)).unwrap(), set.elements);
            let header = firewall.set_header((table, set)).unwrap().unwrap();
            assert_eq!(header.elements(set.elements.clone()), *set);
        }
        for object in &table.objects {
            assert_eq!(firewall.object((table, object)).unwrap().as_ref(), Some(object));
        }
    }
}

#[test]
fn a_terse_listing_lacks_the_elements_of_named_sets_and_nothing_else() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    firewall.apply(ruleset()).unwrap();
    let mut whole = firewall.ruleset(None).unwrap();
    let terse = firewall.ruleset_terse(None).unwrap();
    assert_ne!(terse, whole);
    for table in &mut whole.tables {
        for set in table.sets.iter_mut().filter(|set| !set.is_anonymous()) {
            assert_eq!(set.elements.len(), 1000);
            set.elements.clear();
        }
        assert_eq!(firewall.table_terse(&*table).unwrap().as_ref(), Some(&*table));
    }
    assert_eq!(terse, whole);
    let anonymous = terse.tables.iter().flat_map(|table| &table.sets).find(|set| set.is_anonymous());
    assert_eq!(anonymous.unwrap().elements.len(), 3);
}

#[test]
fn what_is_not_there_is_none_and_no_error() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    firewall.apply(ruleset()).unwrap();
    // Of rules since Linux 6.2, of elements since 6.5.
    let resets_rules = part_can_run(&host, this_function!(), Feature::ResetRules);
    let resets_elements = part_can_run(&host, this_function!(), Feature::ResetElements);
    let handle = firewall.rules(INPUT).unwrap()[0].handle.unwrap();
    let missing = (Family::Inet, "missing");
    let key = Data::network_u32(5000);
    assert_eq!(firewall.table(missing).unwrap(), None);
    assert_eq!(firewall.table_terse(missing).unwrap(), None);
    if resets_rules && resets_elements {
        assert_eq!(firewall.reset_table(missing).unwrap(), None);
    }
    assert_eq!(firewall.chains(missing).unwrap(), []);
    assert_eq!(firewall.objects(missing).unwrap(), []);
    assert_eq!(firewall.reset_objects(missing).unwrap(), []);
    assert_eq!(firewall.flowtables(missing).unwrap(), []);
    assert_eq!(firewall.sets(missing).unwrap(), []);
    for chain in [(EDGE.0, "missing", "input"), (EDGE.0, EDGE.1, "missing")] {
        assert_eq!(firewall.rules(chain).unwrap(), []);
        let error = firewall.elements(chain).unwrap_err();
        assert!(matches!(error, Error::Request { errno, .. } if errno == Errno::ENOENT as i32), "{error}");
        let set = SetOf::<Port>::new(chain.2);
        let error = firewall.contents((chain.0, chain.1), &set).unwrap_err();
        assert!(matches!(error, Error::Request { errno, .. } if errno == Errno::ENOENT as i32), "{error}");
        assert_eq!(firewall.chain(chain).unwrap(), None);
        assert_eq!(firewall.rule(chain, handle).unwrap(), None);
        if resets_rules {
            assert_eq!(firewall.reset_chain(chain).unwrap(), None);
            assert_eq!(firewall.reset_rule(chain, handle).unwrap(), None);
        }
        assert_eq!(firewall.set(chain).unwrap(), None);
        assert_eq!(firewall.set_header(chain).unwrap(), None);
        if resets_elements {
            assert_eq!(firewall.reset_set(chain).unwrap(), None);
        }
        assert_eq!(firewall.element(chain, &key).unwrap(), None);
    }
    // The rule is in another chain.
    assert_eq!(firewall.rule((EDGE, "other"), handle).unwrap(), None);
    assert_eq!(firewall.rule(INPUT, 0xffff).unwrap(), None);
    assert_eq!(firewall.element((EDGE, "blocked"), &key).unwrap(), None);
    if resets_elements {
        assert_eq!(firewall.reset_element((EDGE, "blocked"), &key).unwrap(), None);
    }
    let error = firewall.element((EDGE, "blocked"), &Data::network_u16(5000)).unwrap_err();
    assert!(matches!(error, Error::Request { errno, .. } if errno == Errno::EINVAL as i32), "{error}");
    for object in [
        ObjectRef::new(EDGE, ObjectKind::Counter, "missing"),
        ObjectRef::new(EDGE, ObjectKind::Limit, "hits"),
        ObjectRef::new(missing, ObjectKind::Counter, "hits"),
    ] {
        assert_eq!(firewall.object(&object).unwrap(), None);
        assert_eq!(firewall.reset_object(&object).unwrap(), None);
    }
}

#[test]
fn counters_are_read_wherever_they_are() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let mut policy = Chain::filter("output", Hook::Output).policy(Policy::Accept);
    policy.base.as_mut().unwrap().counters = Some((0, 0));
    let counting = Element::new(Data::network_u16(80)).expression(Counter::new().packets(2u64).bytes(200u64));
    let table = Table::inet("edge")
        .object(Object::new("hits", Counter::new().packets(7u64).bytes(700u64)))
        .object(Object::new("day", Quota::over(1000).consumed(5u64)))
        .set(Set::new("ports", DataType::INET_SERVICE).element(counting))
        .chain(policy.rule(Rule::new().mark(1).counter().accept()));
    firewall.apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
    for mark in [1, 2, 2] {
        Packet::icmp("127.0.0.1", "127.0.0.1", 3, 1).payload([0; 72]).mark(mark).send(&host);
    }
    let read = firewall.table(EDGE).unwrap().unwrap();
    let object = |name: &str| read.objects.iter().find(|object| object.name == name).unwrap();
    assert_eq!(object("hits").counted(), Some(Counts::new(7, 700)));
    assert_eq!(object("day").consumed(), Some(5));
    assert_eq!(read.sets[0].elements[0].counted(), Some(Counts::new(2, 200)));
    assert_eq!(read.chains[0].rules[0].counted(), Some(Counts::new(1, 100)));
    assert_eq!(read.chains[0].counted(), Some(Counts::new(2, 200)), "what the policy decided about");
}

#[test]
fn a_table_of_many_chains_is_read_in_order() {
    need_namespaces!();
    let host = Host::new("server");
    // nft sends all of it at once, and in a user namespace no more than 212,992 bytes.
    for part in (0..2000).step_by(200) {
        let mut text = String::from("table ip many {\n");
        for chain in part..part + 200 {
            text.push_str(&format!("chain c{chain} {{ counter comment \"{chain} first\"; accept; }}\n"));
        }
        text.push_str("}\n");
        if !nft_load(&host, &text) {
            skip!("nft is not installed");
        }
    }
    let table = open(&host).table((Family::Ip, "many")).unwrap().unwrap();
    assert_eq!(table.chains.len(), 2000);
    for (index, chain) in table.chains.iter().enumerate() {
        assert_eq!(chain.name, format!("c{index}"));
        assert_eq!(chain.rules.len(), 2, "{}", chain.name);
        assert_eq!(chain.rules[0].comment_text(), Some(format!("{index} first")));
    }
}
