//! What the kernel itself says of what it refuses, and that nothing has come of it.

use portcullis::expr::{Counter, Data};
use portcullis::object::Object;
use portcullis::{
    Chain, DataType, Element, Error, Family, Hook, Policy, Rule, Ruleset, Set, Table, Transaction,
};
use portcullis_world::{Host, Packet, need_namespaces};

use crate::support::{edge, nft_listing, open, refusals};

const EDGE: (Family, &str) = (Family::Inet, "edge");
const INPUT: (Family, &str, &str) = (Family::Inet, "edge", "input");

#[test]
fn the_attribute_that_the_kernel_points_at_is_named() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let mut transaction = Transaction::new();
    transaction.add_table(edge());
    firewall.commit(&transaction).unwrap();

    let mut transaction = Transaction::new();
    transaction.add_rule((Family::Inet, "edge", "missing"), Rule::new().accept());
    transaction.add_rule((Family::Inet, "none", "input"), Rule::new().accept());
    transaction.add_rule(INPUT, Rule::new().counter().jump("missing"));
    transaction.add_rule(INPUT, Rule::new().use_counter("missing"));
    transaction.delete_rule(INPUT, 77);
    transaction.create_table(Table::inet("edge"));
    transaction.create_chain(EDGE, Chain::filter("input", Hook::Input));
    transaction.add_chain((Family::Inet, "none"), Chain::new("services"));
    transaction.delete_table((Family::Inet, "none"));
    let expected = [
        ("ENOENT", "NFTA_RULE_CHAIN = \"missing\""),
        ("ENOENT", "NFTA_RULE_TABLE = \"none\""),
        ("ENOENT", "NFTA_RULE_EXPRESSIONS[1].immediate"),
        ("ENOENT", "NFTA_RULE_EXPRESSIONS[0].objref"),
        ("ENOENT", "NFTA_RULE_HANDLE = 77"),
        ("EEXIST", "NFTA_TABLE_NAME = \"edge\""),
        ("EEXIST", "NFTA_CHAIN_NAME = \"input\""),
        ("ENOENT", "NFTA_CHAIN_TABLE = \"none\""),
        ("ENOENT", "NFTA_TABLE_NAME = \"none\""),
    ];
    let refusals = refusals(&mut firewall, &transaction);
    let named = refusals.iter().map(|refusal| (refusal.errno_name(), refusal.attribute.clone()));
    let expected = expected.map(|(errno, attribute)| (errno.to_owned(), Some(attribute.to_owned())));
    assert_eq!(named.collect::<Vec<_>>(), expected);
}

#[test]
fn the_kernels_own_words_are_handed_on() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    // More than the kernel keeps beside an object. nf_tables itself has few words; these are of its attributes' parser.
    let too_long = Some(vec![0; 257]);
    let mut table = Table::inet("long");
    table.userdata = too_long.clone();
    let mut chain = Chain::new("long");
    chain.userdata = too_long;
    let mut transaction = Transaction::new();
    transaction.add_table(edge());
    transaction.add_table(table);
    transaction.add_chain(EDGE, chain);
    let refusals = refusals(&mut firewall, &transaction);
    // The table and its chain are the operations 0 and 1.
    assert_eq!(refusals.iter().map(|refusal| refusal.operation.index()).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(firewall.tables(None).unwrap(), []);
    if refusals.iter().all(|refusal| refusal.message.is_none() && refusal.attribute.is_none()) {
        portcullis_world::skip!(
            "this kernel says nothing of an attribute in a batch that its parser refuses"
        );
    }
    let attributes: Vec<_> = refusals.iter().map(|refusal| refusal.attribute.as_deref()).collect();
    assert_eq!(attributes, [Some("NFTA_TABLE_USERDATA"), Some("NFTA_CHAIN_USERDATA")]);
    for refusal in &refusals {
        assert_eq!(refusal.message.as_deref(), Some("Attribute failed policy validation"), "{refusal}");
        let text = refusal.to_string();
        assert!(text.contains(", kernel says \"Attribute failed policy validation\" at NFTA_"), "{text}");
    }
}

/// Tables of others, with packets counted.
fn foreign(host: &Host) {
    let address = |last| Data::new(&[192, 0, 2, last]);
    let blocked =
        Set::new("blocked", DataType::IPV4_ADDR).size(64).elements([1, 2, 3].map(address).map(Element::new));
    let ports = Set::new("ports", DataType::INET_SERVICE)
        .map_to(DataType::MARK)
        .element(Element::new(Data::network_u16(22)).value(Data::host_u32(7)));
    let output = Chain::filter("output", Hook::Output)
        .rule(Rule::new().counter().comment("all"))
        .rule(Rule::new().udp().dport([53, 5353]).counter().jump("services"))
        .rule(Rule::new().use_counter("total"));
    let filter = Table::new(Family::Ip, "filter")
        .comment("somebody's")
        .object(Object::new("total", Counter::new()))
        .set(blocked)
        .set(ports)
        .chain(Chain::new("services").rule(Rule::new().counter().return_()))
        .chain(output);
    let others = [
        filter,
        Table::new(Family::Ip6, "filter")
            .chain(Chain::filter("output", Hook::Output).rule(Rule::new().counter())),
        Table::new(Family::Arp, "arp").chain(Chain::filter("input", Hook::Input).policy(Policy::Drop)),
        Table::new(Family::Bridge, "nat").chain(Chain::new("empty")),
        edge(),
    ];
    open(host).apply(others.into_iter().fold(Ruleset::new(), Ruleset::table)).unwrap();
    for port in [53, 54] {
        Packet::udp("127.0.0.1:4000", ("127.0.0.1", port)).send(host);
        Packet::udp("[::1]:4000", ("::1", port)).send(host);
    }
}

/// Everything that is there, in an order that a set's growth does not change.
fn everything(host: &Host) -> (Ruleset, Option<String>) {
    let mut ruleset = open(host).ruleset(None).unwrap();
    for set in ruleset.tables.iter_mut().flat_map(|table| &mut table.sets) {
        set.elements.sort_by(|a, b| a.key.cmp(&b.key));
    }
    (ruleset, nft_listing(host))
}

/// Changes everything that is there, and adds ten thousand rules; one of the operations, `odd`, is wrong.
fn changes(before: &Ruleset, odd: usize) -> Transaction {
    let filter = before.tables.iter().find(|table| table.family == Family::Ip).expect("the table");
    let output = filter.chains.iter().find(|chain| chain.name == "output").expect("the chain");
    let first = output.rules[0].handle.expect("the rule's handle");
    let (filter, filter6) = ((Family::Ip, "filter"), (Family::Ip6, "filter"));
    let output = (Family::Ip, "filter", "output");
    let address = |last| [Element::new(Data::new(&[192, 0, 2, last]))];
    let mut transaction = Transaction::new();
    for index in 0..10_000 {
        if index == odd {
            transaction.add_rule(INPUT, Rule::new().counter().jump("nowhere").label("the odd one"));
            continue;
        }
        match index {
            1000 => _ = transaction.delete_rule(output, first),
            1001 => _ = transaction.add_elements((filter, "blocked"), address(9)),
            1002 => _ = transaction.delete_elements((filter, "blocked"), address(2)),
            1003 => _ = transaction.flush_set((filter, "ports")),
            1004 => _ = transaction.set_policy(output, Policy::Drop),
            1005 => _ = transaction.delete_table((Family::Arp, "arp")),
            1006 => _ = transaction.add_table(Table::new(Family::Netdev, "new").chain(Chain::new("new"))),
            9000 => _ = transaction.flush_table(filter6),
            9001 => {
                _ = transaction.replace_table(Table::new(Family::Bridge, "nat").chain(Chain::new("other")));
            }
            9002 => _ = transaction.delete_table(filter),
            _ => _ = transaction.add_rule(INPUT, Rule::new().tcp().dport(22).counter().accept()),
        }
    }
    transaction
}

#[test]
fn a_refusal_among_ten_thousand_operations_leaves_everything_as_it_was() {
    need_namespaces!();
    let host = Host::new("server");
    foreign(&host);
    let (before, listed) = everything(&host);
    assert_eq!(before.tables.len(), 5);
    let mut firewall = open(&host);
    for odd in [0, 5_000, 9_999] {
        let transaction = changes(&before, odd);
        for result in [firewall.commit(&transaction).map(drop), firewall.check(&transaction)] {
            let Err(Error::Refused(refused)) = result else { panic!("a refusal was expected: {result:?}") };
            let [refusal] = &refused.refusals[..] else { panic!("one refusal was expected: {refused:?}") };
            assert_eq!(refusal.label.as_deref(), Some("the odd one"));
            assert_eq!(refusal.attribute.as_deref(), Some("NFTA_RULE_EXPRESSIONS[1].immediate"));
            let (after, listed_after) = everything(&host);
            assert_eq!(after, before, "operation {odd} was refused");
            assert_eq!(listed_after, listed, "operation {odd} was refused");
        }
    }
    // The others are right: without the odd one, all of them are done.
    firewall.commit(&changes(&before, usize::MAX)).unwrap();
    let tables = firewall.tables(None).unwrap();
    let mut names: Vec<_> = tables.iter().map(|table| (table.family, &*table.name)).collect();
    names.sort_by_key(|(family, _)| family.number());
    let expected = [EDGE, (Family::Netdev, "new"), (Family::Bridge, "nat"), (Family::Ip6, "filter")];
    assert_eq!(names, expected);
    assert_eq!(firewall.rules(INPUT).unwrap().len(), 10_000 - 10);
}
