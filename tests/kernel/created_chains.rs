//! Rules of chains that the same transaction creates: on the wire they call their chain by number.

use portcullis::{Chain, CtState, Family, Hook, Policy, Port, Rule, Set, Table, Transaction};
use portcullis_world::{Host, need_namespaces};

use crate::support::{nft_listing, open, refusals};

const EDGE: (Family, &str) = (Family::Inet, "edge");
const SAME: (Family, &str) = (Family::Ip, "edge");

/// Two tables of one name, with a set, a jump, and chains of equal names.
fn tables() -> [Table; 2] {
    let input = |policy| Chain::filter("input", Hook::Input).policy(policy);
    let inet = Table::inet("edge")
        .set(Set::new("ports", portcullis::DataType::INET_SERVICE))
        .chain(
            input(Policy::Drop)
                .rule(Rule::new().ct_state(CtState::ESTABLISHED | CtState::RELATED).accept())
                .rule(Rule::new().tcp().dport([Port(80), Port(443)]).accept())
                .rule(Rule::new().jump("services")),
        )
        .chain(Chain::new("services").rule(Rule::new().tcp().dport(22).counter().accept()));
    let ip = Table::new(Family::Ip, "edge").chain(input(Policy::Accept).rule(Rule::new().udp().drop()));
    [inet, ip]
}

#[test]
fn what_is_created_is_what_would_be_added() {
    need_namespaces!();
    let (added, created) = (Host::new("added"), Host::new("created"));
    let fill = |host: &Host, fill: &dyn Fn(&mut Transaction)| {
        let mut firewall = open(host);
        let mut transaction = Transaction::new();
        fill(&mut transaction);
        firewall.check(&transaction).unwrap();
        firewall.commit(&transaction).unwrap();
        let mut ruleset = firewall.ruleset(None).unwrap().nft().to_string();
        ruleset.push_str(&nft_listing(host).unwrap_or_default());
        ruleset
    };
    let by_name = fill(&added, &|t| tables().iter().for_each(|table| _ = t.add_table(table)));
    let by_number = fill(&created, &|t| tables().iter().for_each(|table| _ = t.create_table(table)));
    assert!(by_name.contains("tcp dport 22 counter"), "{by_name}");
    assert_eq!(by_number, by_name);

    // One by one, with rules for several chains in turn, at both ends of each.
    let again = Host::new("again");
    let one_by_one = fill(&again, &|t| {
        for table in tables() {
            let place = (table.family, table.name.as_str());
            let sets = table.sets.iter().cloned();
            t.create_table(sets.fold(Table::new(table.family, table.name.as_str()), Table::set));
            for chain in &table.chains {
                let mut alone = chain.clone();
                alone.rules.clear();
                t.create_chain(place, alone);
            }
        }
        let of = |table: &Table, chain: usize, rule: usize| table.chains[chain].rules[rule].clone();
        let [inet, ip] = tables();
        t.add_rule((EDGE, "input"), of(&inet, 0, 1));
        t.add_rule((SAME, "input"), of(&ip, 0, 0));
        t.insert_rule((EDGE, "input"), portcullis::Position::Head, of(&inet, 0, 0));
        t.add_rule((EDGE, "services"), of(&inet, 1, 0));
        t.add_rule((EDGE, "input"), of(&inet, 0, 2));
    });
    assert_eq!(one_by_one, by_name);
}

#[test]
fn a_chain_made_anew_takes_the_rules_that_come_behind() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let mut transaction = Transaction::new();
    transaction.create_table(Table::inet("edge"));
    transaction.create_chain(EDGE, Chain::new("calls"));
    transaction.delete_chain((EDGE, "calls"));
    transaction.add_chain(EDGE, Chain::new("calls"));
    transaction.add_rule((EDGE, "calls"), Rule::new().accept());
    firewall.commit(&transaction).unwrap();
    assert_eq!(firewall.rules((EDGE, "calls")).unwrap().len(), 1);
}

#[test]
fn a_refused_rule_is_named_with_its_chain() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let mut transaction = Transaction::new();
    transaction.create_table(Table::inet("edge"));
    transaction.create_chain(EDGE, Chain::new("calls"));
    transaction.add_rule((EDGE, "calls"), Rule::new().accept());
    transaction.add_rule((EDGE, "calls"), Rule::new().jump("missing"));
    let refusals = refusals(&mut firewall, &transaction);
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    let text = refusals[0].to_string();
    assert!(text.starts_with("add rule inet edge calls (operation 3, "), "{text}");
    assert!(text.ends_with("there is no chain missing in table inet edge"), "{text}");

    let mut transaction = Transaction::new();
    transaction.create_chain(EDGE, Chain::new("calls"));
    transaction.add_rule((EDGE, "calls"), Rule::new().dport(22).accept());
    let text = firewall.commit(&transaction).unwrap_err().to_string();
    assert!(text.contains("add rule inet edge calls (operation 1, "), "{text}");
}

/// The rules would have found the chain that is there, had they called it by name.
#[test]
fn where_a_chain_cannot_be_created_its_rules_are_not_blamed() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let mut transaction = Transaction::new();
    transaction.create_table(Table::inet("edge").chain(Chain::new("calls")));
    firewall.commit(&transaction).unwrap();

    let mut transaction = Transaction::new();
    transaction.create_chain(EDGE, Chain::new("calls"));
    for _ in 0..20 {
        transaction.add_rule((EDGE, "calls"), Rule::new().accept());
    }
    transaction.add_rule((EDGE, "calls"), Rule::new().jump("missing"));
    transaction.add_rule((EDGE, "none"), Rule::new().accept());
    let refusals = refusals(&mut firewall, &transaction);
    let named: Vec<_> =
        refusals.iter().map(|refusal| (refusal.operation.index(), refusal.errno_name())).collect();
    assert_eq!(named, [(0, "EEXIST".into()), (22, "ENOENT".into())]);
    assert!(firewall.rules((EDGE, "calls")).unwrap().is_empty());
}
