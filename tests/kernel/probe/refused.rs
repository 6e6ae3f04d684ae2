//! What this kernel lacks is named where it refuses an operation for want of it.

use portcullis::{
    Chain, Error, Family, Hook, Netfilter, Rule, Table, Transaction,
    expr::{FlowOffload, IcmpxCode, Meta, MetaKey, Queue, Register, Reject},
    object::Flowtable,
    probe::{Feature, Support},
};
use portcullis_world::{Host, need_namespaces, skip};

use crate::support::open;

/// A host whose kernel lacks the feature; `None` where it does not.
fn without(feature: Feature) -> Option<(Host, Netfilter)> {
    let host = Host::new("server");
    let mut firewall = open(&host);
    (firewall.supports(feature).unwrap() == Support::Missing).then_some((host, firewall))
}

/// The text of the one refusal, which names the feature; nothing is left of the transaction.
#[track_caller]
fn refusal(firewall: &mut Netfilter, transaction: &Transaction, feature: Feature) -> String {
    let error = firewall.commit(transaction).unwrap_err();
    assert_eq!(error.missing().collect::<Vec<_>>(), [feature], "{error}");
    let Error::Unsupported { feature: name, missing, refused: Some(refused), .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!((name, *missing), (&feature.to_string(), Some(feature)));
    let [refusal] = refused.refusals.as_slice() else { panic!("{error}") };
    assert_eq!(refusal.missing, Some(feature));
    assert_eq!(firewall.tables(None).unwrap(), []);
    // A dry run says the same.
    let check = firewall.check(transaction).unwrap_err();
    assert_eq!(check.missing().collect::<Vec<_>>(), [feature], "{check}");
    refusal.to_string()
}

/// A transaction with a rule in a chain of its own.
fn rule(family: Family, rule: Rule) -> Transaction {
    let mut transaction = Transaction::new();
    transaction.add_table(Table::new(family, "edge").chain(Chain::filter("input", Hook::Input).rule(rule)));
    transaction
}

fn of(expression: impl Into<portcullis::Statement>) -> Rule {
    let mut rule = Rule::new();
    rule.body.push(expression.into());
    rule
}

#[test]
fn a_queue_that_is_not_there_is_named() {
    need_namespaces!();
    let Some((_host, mut firewall)) = without(Feature::Queue) else {
        skip!("this kernel has queues");
    };
    let transaction = rule(Family::Inet, of(Queue::to(7)));
    let text = refusal(&mut firewall, &transaction, Feature::Queue);
    let wanted = ": this kernel has no expression \"queue\" (CONFIG_NFT_QUEUE): load the module, or run a kernel \
                  that is built with it";
    assert!(text.starts_with("add rule inet edge input (operation 2, ") && text.ends_with(wanted), "{text}");
}

#[test]
fn a_reject_that_is_not_there_is_named_with_its_family() {
    need_namespaces!();
    let Some((_host, mut firewall)) = without(Feature::RejectBridge) else {
        skip!("this kernel rejects at bridges");
    };
    let transaction = rule(Family::Bridge, of(Reject::icmpx(IcmpxCode::AdminProhibited)));
    let text = refusal(&mut firewall, &transaction, Feature::RejectBridge);
    let wanted = "this kernel has no expression \"reject\" in the family bridge (CONFIG_NFT_BRIDGE_REJECT, Linux 3.18)";
    assert!(text.contains(wanted), "{text}");
    // Elsewhere it is there.
    firewall.check(&rule(Family::Inet, of(Reject::icmpx(IcmpxCode::AdminProhibited)))).unwrap();
}

#[test]
fn a_key_of_meta_that_is_not_there_is_named() {
    need_namespaces!();
    let Some((_host, mut firewall)) = without(Feature::MetaBridge) else {
        skip!("this kernel knows the bridges' names");
    };
    let transaction = rule(Family::Bridge, of(Meta::load(MetaKey::BriIifName, Register::R1)));
    let text = refusal(&mut firewall, &transaction, Feature::MetaBridge);
    let wanted = "this kernel has no meta keys \"ibrname\" and \"obrname\" (CONFIG_NFT_BRIDGE_META)";
    assert!(text.contains(wanted), "{text}");
}

#[test]
fn flowtables_that_are_not_there_are_named() {
    need_namespaces!();
    let Some((_host, mut firewall)) = without(Feature::Flowtable) else {
        skip!("this kernel has flowtables");
    };
    let mut transaction = Transaction::new();
    transaction.add_table(Table::inet("edge").flowtable(Flowtable::new("fast", ["lo"])));
    let text = refusal(&mut firewall, &transaction, Feature::Flowtable);
    let wanted = "this kernel has no flowtable (CONFIG_NF_FLOW_TABLE, Linux 4.16): load the module, or run a kernel \
                  that is built with it";
    assert!(text.contains("add flowtable inet edge fast") && text.ends_with(wanted), "{text}");

    let offload = rule(Family::Inet, of(FlowOffload::new("fast")));
    let error = firewall.commit(&offload).unwrap_err();
    assert_eq!(error.missing().collect::<Vec<_>>(), [Feature::Flowtable], "{error}");
}

/// Of everything that this kernel lacks.
#[test]
fn whatever_is_missing_is_named() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let missing: Vec<_> = firewall.probe().unwrap().missing().collect();
    println!("{} features are missing: {missing:?}", missing.len());
    let mut flush = Transaction::new();
    flush.flush_ruleset(None);
    let mut named = 0;
    for feature in &missing {
        // Resets are no part of transactions (reading::reset, reading::interrupted).
        let Some(trial) = feature.trial() else { continue };
        match (feature, open(&host).commit(&trial)) {
            // Done by other means, and a comment that is not looked at: that is no reason to refuse.
            (Feature::Destroy | Feature::ChainComment | Feature::TableComment, Ok(_)) => {
                firewall.commit(&flush).unwrap();
            }
            (_, Ok(_)) => panic!("{feature} is taken"),
            (_, Err(error)) => {
                let Error::Unsupported { feature: name, missing: Some(found), .. } = &error else {
                    panic!("{feature}: {error}")
                };
                // Where there are no flowtables, it is not their counter that is missing.
                assert!(missing.contains(found), "{feature}: {error}");
                if found != feature {
                    println!("{feature}: {found} is missing");
                }
                assert!(*name == found.to_string() && error.to_string().contains(name), "{error}");
                named += 1;
            }
        }
        assert_eq!(firewall.tables(None).unwrap(), [], "{feature}");
    }
    println!("{named} are named");
}

#[test]
fn what_is_required_beforehand_is_named() {
    need_namespaces!();
    let Some((_host, mut firewall)) = without(Feature::Queue) else {
        skip!("this kernel has queues");
    };
    firewall.require(Feature::Counter).unwrap();
    let error = firewall.require(Feature::Queue).unwrap_err();
    assert_eq!(error.missing().collect::<Vec<_>>(), [Feature::Queue]);
    assert!(matches!(&error, Error::Unsupported { feature, .. } if feature == "expression \"queue\""));
    assert_eq!(error.to_string(), "this kernel does not support expression \"queue\"");
}

#[test]
fn what_is_wrong_otherwise_is_not_blamed_on_the_kernel() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    // No such set, no such table, no such chain.
    let unknown_set = rule(Family::Inet, of(portcullis::expr::Lookup::new("nobody", Register::R1)));
    let mut no_table = Transaction::new();
    no_table.add_chain((Family::Inet, "nobody"), Chain::filter("input", Hook::Input));
    let mut no_chain = Transaction::new();
    no_chain.add_table(Table::inet("edge"));
    no_chain.add_rule((Family::Inet, "edge", "nobody"), of(Queue::to(7)));
    for transaction in [unknown_set, no_table, no_chain] {
        let error = firewall.commit(&transaction).unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{error}");
        assert_eq!(error.missing().count(), 0, "{error}");
    }
}
