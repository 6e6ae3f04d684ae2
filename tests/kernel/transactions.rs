//! Transactions: what is committed is there, what is refused leaves nothing.

use portcullis::{
    Chain, CtState, Error, Family, Hook, Policy, Position, Rule, RuleAnchor, Ruleset, Table, Transaction,
};
use portcullis_world::{Host, need_namespaces};

use crate::support::{edge, nft_listing, open};

/// The comments of a chain's rules, in order.
fn comments(host: &Host) -> Vec<String> {
    let rules = open(host).rules((Family::Inet, "edge", "input")).unwrap();
    rules.iter().map(|rule| rule.comment_text().unwrap_or_default()).collect()
}

#[test]
fn the_first_program_is_listed_as_it_was_said() {
    need_namespaces!();
    let host = Host::new("server");
    let ruleset = Ruleset::new().table(
        Table::new(Family::Inet, "edge").comment("by hand").chain(
            Chain::filter("input", Hook::Input)
                .policy(Policy::Drop)
                .rule(Rule::new().iif("lo").accept())
                .rule(Rule::new().ct_state(CtState::ESTABLISHED | CtState::RELATED).accept())
                .rule(Rule::new().tcp().dport([22, 80]).counter().accept().comment("services"))
                .rule(Rule::new().saddr("10.0.2.0/24").accept()),
        ),
    );
    // Twice is as once.
    for _ in 0..2 {
        open(&host).apply(&ruleset).unwrap();
    }
    let Some(listing) = nft_listing(&host) else {
        portcullis_world::skip!("nft is not installed");
    };
    assert_eq!(
        listing,
        "table inet edge {\n\
         \tcomment \"by hand\"\n\
         \tchain input {\n\
         \t\ttype filter hook input priority filter; policy drop;\n\
         \t\tiifname \"lo\" accept\n\
         \t\tct state established,related accept\n\
         \t\ttcp dport { 22, 80 } counter packets 0 bytes 0 accept comment \"services\"\n\
         \t\tip saddr 10.0.2.0/24 accept\n\
         \t}\n\
         }\n"
    );
}

#[test]
fn rules_go_where_they_are_put() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let chain = (Family::Inet, "edge", "input");
    let rule = |name: &str| Rule::new().counter().comment(name);

    let mut transaction = Transaction::new().with_handles();
    transaction.add_table(edge());
    let a = transaction.add_rule(chain, rule("a"));
    let b = transaction.add_rule(chain, rule("b"));
    transaction.insert_rule(chain, Position::After(a.into()), rule("behind a"));
    transaction.insert_rule(chain, Position::Before(b.into()), rule("before b"));
    transaction.insert_rule(chain, Position::Head, rule("head"));
    let committed = firewall.commit(&transaction).unwrap();
    assert_eq!(comments(&host), ["head", "a", "behind a", "before b", "b"]);

    let (a, b) = (committed.handle(a).unwrap(), committed.handle(b).unwrap());
    let mut transaction = Transaction::new();
    transaction.insert_rule(chain, Position::After(RuleAnchor::Handle(b)), rule("behind b"));
    transaction.insert_rule(chain, Position::Index(1), rule("second"));
    transaction.insert_rule(chain, Position::Index(5), rule("last"));
    transaction.replace_rule(chain, a, rule("A"));
    transaction.delete_rule(chain, b);
    firewall.commit(&transaction).unwrap();
    assert_eq!(comments(&host), ["head", "second", "A", "behind a", "before b", "last", "behind b"]);

    let mut transaction = Transaction::new();
    transaction.flush_chain(chain);
    firewall.commit(&transaction).unwrap();
    assert_eq!(comments(&host), [""; 0]);
    let mut transaction = Transaction::new();
    transaction.insert_rule(chain, Position::Index(0), rule("only"));
    firewall.commit(&transaction).unwrap();
    assert_eq!(comments(&host), ["only"]);
}

#[test]
fn every_refusal_is_named_and_nothing_is_changed() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let mut transaction = Transaction::new();
    transaction.add_table(edge());
    firewall.commit(&transaction).unwrap();

    let mut transaction = Transaction::new();
    for index in 0..10_000u32 {
        let rule = Rule::new().tcp().dport(22).counter().accept();
        match index {
            5_000 => transaction
                .add_rule((Family::Inet, "edge", "input"), rule.jump("nowhere").label("the odd one")),
            7_000 => transaction.add_rule((Family::Inet, "edge", "missing"), rule),
            _ => transaction.add_rule((Family::Inet, "edge", "input"), rule),
        };
    }
    let Err(Error::Refused(refused)) = firewall.commit(&transaction) else {
        panic!("a refusal was expected");
    };
    assert_eq!(refused.refusals.len(), 2);
    let [first, second] = &refused.refusals[..] else { unreachable!() };
    assert_eq!((first.operation.index(), first.errno_name().as_str()), (5_000, "ENOENT"));
    assert_eq!(first.label.as_deref(), Some("the odd one"));
    assert!(first.origin.location().file().ends_with("transactions.rs"));
    assert_eq!(second.operation.index(), 7_000);
    println!("{}", Error::Refused(refused.clone()));
    assert_eq!(firewall.rules((Family::Inet, "edge", "input")).unwrap().len(), 0);
}

#[test]
fn a_dry_run_validates_and_changes_nothing() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let mut transaction = Transaction::new();
    transaction.add_table(edge());
    firewall.check(&transaction).unwrap();
    assert_eq!(firewall.tables(None).unwrap().len(), 0);
    transaction.add_rule((Family::Inet, "edge", "missing"), Rule::new().accept());
    assert!(matches!(firewall.check(&transaction), Err(Error::Refused(_))));
}

#[test]
fn a_commit_for_another_generation_is_refused() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let generation = firewall.generation().unwrap();
    let mut transaction = Transaction::new();
    transaction.add_table(edge());
    open(&host).commit(&transaction).unwrap();
    let result = firewall.commit_if(&transaction, generation);
    assert!(matches!(result, Err(Error::Changed { .. })), "{result:?}");
    let generation = firewall.generation().unwrap();
    firewall.commit_if(&transaction, generation).unwrap();
}
