//! Rejects by a switch, which answers in the name of the host that was meant.

use portcullis::{
    Chain, Error, Family, Hook, IcmpxCode, Netfilter, RejectWith, Rule, Table, Transaction, probe::Feature,
};
use portcullis_world::{Attempt, PATIENT, World, need_namespaces};

use crate::{
    support::{counted, need_feature, open},
    targets::{
        program,
        reject::{error_for, rejections},
    },
};

#[test]
fn a_switch_rejects_in_the_name_of_the_host_behind_it() {
    need_namespaces!();
    need_feature!(Feature::RejectBridge);
    let world = World::switched();
    let rejections = rejections();
    let resets = [
        Rule::new().tcp().dport(2000).reject_with(RejectWith::TcpReset),
        Rule::new().tcp().dport(2001).reject_with(RejectWith::Icmpx(IcmpxCode::PortUnreachable)),
    ];
    let rules = rejections.iter().map(|rejection| rejection.rule.clone()).chain(resets);
    program(&world.switch, Family::Bridge, [Chain::filter("prerouting", Hook::Prerouting).rules(rules)]);
    for rejection in &rejections {
        for (server, expected) in rejection.expected() {
            let seen = error_for(&world.client, (server, rejection.port));
            assert_eq!(seen, expected, "{}: type, code, sender", rejection.name);
        }
        let port = rejection.port.to_string();
        let counted = counted(&mut open(&world.switch), (Family::Bridge, "t", "prerouting"), &port);
        assert_eq!(
            counted,
            rejection.expected().count() as u64,
            "{}: what the counter counts",
            rejection.name
        );
    }
    for server in ["10.0.1.2", "fd00:1::2"] {
        let services = [2000, 2001, 2002].map(|port| world.server.tcp_service((server, port), "web"));
        let reset = Attempt::tcp((server, 2000)).timeout(PATIENT).from(&world.client);
        assert!(reset.is_reset(), "a reset in the name of {server}: {reset:?}");
        let refused = Attempt::tcp((server, 2001)).timeout(PATIENT).from(&world.client);
        assert!(refused.is_refused() && !refused.is_reset(), "an error for {server}: {refused:?}");
        let passed = Attempt::tcp((server, 2002)).timeout(PATIENT).from(&world.client);
        assert_eq!(passed.banner(), "web", "what no rule rejects passes the switch");
        let visits = services.each_ref().map(|service| service.visits().len());
        assert_eq!(visits, [0, 0, 1], "who reached {server}");
    }
}

/// A switch rejects at its entrance and what is for itself; where it forwards, the kernel refuses the rule.
#[test]
fn a_reject_where_a_switch_forwards_is_refused_at_its_line() {
    need_namespaces!();
    need_feature!(Feature::RejectBridge);
    let world = World::switched();
    let mut firewall: Netfilter = open(&world.switch);
    let forward = Chain::filter("forward", Hook::Forward).rule(Rule::new().udp().dport(9).reject());
    let mut transaction = Transaction::new();
    transaction.add_table(Table::new(Family::Bridge, "t").chain(forward));
    let error = firewall.commit(&transaction).expect_err("no reject where a bridge forwards");
    assert_eq!(error.missing().next(), None, "the kernel has the expression: {error}");
    let Error::Refused(refused) = &error else { panic!("{error}") };
    let [refusal] = refused.refusals.as_slice() else { panic!("{error}") };
    let text = refusal.to_string();
    for said in ["add rule bridge t forward", "bridge/reject.rs", "EOPNOTSUPP"] {
        assert!(text.contains(said), "{said:?} in {text}");
    }
    assert!(firewall.tables(None).expect("the tables").is_empty(), "nothing is left");
}
