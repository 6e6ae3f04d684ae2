//! Signals come all the time.

use std::time::Duration;

use portcullis::{Error, Position, Rule, Transaction};
use portcullis_sys::interrupt::Interruptions;
use portcullis_world::{Host, need_namespaces, patience};

use super::{EDGE, INPUT, filled};
use crate::support::open;

#[test]
fn commits_and_dumps_take_no_notice_of_signals() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    // More than one datagram of the kernel's holds.
    let rules = 500;
    let mut whole = Transaction::new();
    whole.replace_table(filled(rules, "all"));
    let mut refused = Transaction::new();
    refused.add_rule(INPUT, Rule::new().jump("missing"));
    let _interruptions = Interruptions::every(Duration::from_micros(200) * patience()).unwrap();
    // Until enough signals came; each round is long enough for many of them.
    let mut rounds = 0;
    while rounds < 20 || Interruptions::count() < 500 {
        rounds += 1;
        firewall.commit(&whole).unwrap();
        assert_eq!(firewall.rules(INPUT).unwrap().len(), rules);
        let mut one = Transaction::new().with_handles();
        let added = one.insert_rule(INPUT, Position::Head, Rule::new().counter());
        let handle = firewall.commit(&one).unwrap().handle(added).expect("the rule's handle");
        firewall.check(&whole).unwrap();
        let result = firewall.commit(&refused);
        assert!(matches!(&result, Err(Error::Refused(refused)) if refused.refusals.len() == 1), "{result:?}");
        assert_eq!(firewall.rule(INPUT, handle).unwrap().and_then(|rule| rule.handle), Some(handle));
        assert_eq!(firewall.ruleset(None).unwrap().tables[0].chains[0].rules.len(), rules + 1);
        let mut clean = Transaction::new();
        clean.delete_table(EDGE);
        firewall.commit(&clean).unwrap();
        assert_eq!(firewall.tables(None).unwrap(), []);
    }
    println!("{rounds} rounds, {} signals", Interruptions::count());
}
