//! What a kernel may lack, or a table: the refusal says what.

use portcullis::{Chain, Error, Family, Hook, Queue, Rule, Ruleset, Table};
use portcullis_world::{Host, need_namespaces};

use crate::support::open;

/// What comes of a rule in a chain `input`.
fn apply(host: &Host, rule: Rule) -> Result<(), Error> {
    let chain = Chain::filter("input", Hook::Input).rule(rule);
    open(host).apply(Ruleset::new().table(Table::new(Family::Inet, "t").chain(chain))).map(drop)
}

#[test]
fn a_kernel_without_queues_is_said_to_lack_the_expression() {
    need_namespaces!();
    let host = Host::new("host");
    for queue in [Queue::number(3), Queue::range(0..=3).bypass().fanout()] {
        let Err(error) = apply(&host, Rule::new().tcp().dport(25).queue(queue)) else {
            portcullis_world::skip!("this kernel has queues");
        };
        let text = error.to_string();
        assert!(text.contains("this kernel has no expression \"queue\""), "{text}");
        assert!(text.contains("refused.rs"), "the rule's line: {text}");
    }
    assert_eq!(open(&host).tables(None).unwrap().len(), 0, "nothing is left");
}

#[test]
fn a_missing_security_mark_is_refused_at_its_line() {
    need_namespaces!();
    let host = Host::new("host");
    let text = apply(&host, Rule::new().tcp().dport(22).set_secmark("ssh")).unwrap_err().to_string();
    for said in [
        "ENOENT",
        "objref",
        "there is no secmark object ssh in table inet t",
        "in table inet t",
        "refused.rs",
    ] {
        assert!(text.contains(said), "{said:?} in {text}");
    }
}

#[test]
fn security_marks_are_copied() {
    need_namespaces!();
    let host = Host::new("host");
    apply(&host, Rule::new().save_secmark()).unwrap();
    apply(&host, Rule::new().restore_secmark()).unwrap();
}
