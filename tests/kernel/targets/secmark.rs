//! Security marks, seen by later rules. No security module is asked about a mark: it is a number to the packet filter.

use portcullis::expr::{Cmp, Data, Immediate, Meta, MetaKey, Register};
use portcullis::object::{Object, SecMark};
use portcullis::probe::Feature;
use portcullis::{Chain, CtDirection, Error, Family, Hook, Rule, Ruleset, Table, Transaction};
use portcullis_world::{Attempt, Host, PATIENT, Packet, World, need_namespaces};

use super::program;
use crate::support::{counted, counts, missing, open};

const MARK: u32 = 7;

/// Puts a security mark on the packet: there is no word for that which needs no object.
fn put(rule: Rule, mark: u32) -> Rule {
    rule.say(Immediate::data(Register::R1, Data::host_u32(mark)))
        .say(Meta::store(MetaKey::SecMark, Register::R1))
}

/// Goes on if the packet's security mark is this one, and counts.
fn seen(rule: Rule, mark: u32, name: &str) -> Rule {
    let rule = rule.say(Meta::load(MetaKey::SecMark, Register::R1));
    rule.say(Cmp::eq(Register::R1, Data::host_u32(mark))).counter().comment(name)
}

#[test]
fn a_connections_security_mark_is_saved_in_it_and_restored_from_it() {
    need_namespaces!();
    let world = World::pair();
    let server = &world.server;
    let asked = |port| Rule::new().udp().dport(port).ct_direction(CtDirection::Original);
    let answered = |port| Rule::new().udp().sport(port).ct_direction(CtDirection::Reply);
    let input = Chain::filter("input", Hook::Input)
        .rule(put(asked(1000), MARK).save_secmark())
        // A mark of this packet alone.
        .rule(put(asked(1001), MARK))
        // The connection's mark comes over the packet's own.
        .rule(put(asked(1002), MARK).save_secmark())
        .rule(put(asked(1002), 9).restore_secmark())
        .rule(seen(asked(1002), MARK, "restored at once"));
    let output = Chain::filter("output", Hook::Output)
        .rule(seen(answered(1000), 0, "an answer has none"))
        .rule(answered(1000).restore_secmark())
        .rule(seen(answered(1000), MARK, "saved and restored"))
        .rule(answered(1001).restore_secmark())
        .rule(seen(answered(1001), 0, "nothing was saved"))
        .rule(seen(answered(1002), 0, "nothing is restored"));
    let names = ["an answer has none", "saved and restored", "nothing was saved", "nothing is restored"];
    program(server, Family::Inet, [input, output]);
    let mut firewall = open(server);
    for (count, client, address) in [(1, "10.0.1.1", "10.0.1.2"), (2, "fd00:1::1", "fd00:1::2")] {
        for port in 1000..=1002 {
            let _service = server.udp_service((address, port), "udp");
            let attempt = Attempt::udp((address, port), "hello").source((client, 4000)).timeout(PATIENT);
            let outcome = attempt.from(&world.client);
            assert!(outcome.is_connected(), "{address}, port {port}: {outcome:?}");
        }
        let at_once = counted(&mut firewall, (Family::Inet, "t", "input"), "restored at once");
        assert_eq!(at_once, count, "{address}: restored at once");
        for name in names {
            let answers = counted(&mut firewall, (Family::Inet, "t", "output"), name);
            assert_eq!(answers, count, "{address}: {name}");
        }
    }
}

#[test]
fn a_packet_gets_the_security_mark_of_an_object() {
    need_namespaces!();
    let host = Host::new("host");
    // Whether one of them means something is for the machine's security module to say: SELinux, AppArmor.
    let contexts = ["system_u:object_r:unlabeled_t:s0", "unconfined"];
    let table = (Family::Inet, "marks");
    let works = contexts.into_iter().find(|context| {
        let mut transaction = Transaction::new();
        transaction.add_table(Table::inet("marks"));
        transaction.add_object(table, Object::new("ssh", SecMark::new(*context)));
        match open(&host).check(&transaction) {
            Ok(_) => true,
            Err(Error::Refused(_) | Error::Unsupported { .. }) => false,
            Err(error) => panic!("{context}: {error}"),
        }
    });
    let Some(context) = works else {
        let why = missing(Feature::SecMarkObject);
        portcullis_world::skip!("{}", why.expect("the probe tries one of these contexts"));
    };
    let output = Chain::filter("output", Hook::Output)
        .rule(seen(Rule::new(), 0, "none before"))
        .rule(Rule::new().mark(1).set_secmark("ssh"))
        .rule(seen(Rule::new(), 0, "none behind"));
    let mut firewall = open(&host);
    let ssh = Object::new("ssh", SecMark::new(context));
    firewall.apply(Ruleset::new().table(Table::inet("marks").object(ssh).chain(output))).unwrap();
    // The hook works in the sender's own call: nothing need be waited for.
    for (loopback, error) in [("127.0.0.1", 3), ("::1", 1)] {
        for mark in [1, 2] {
            Packet::icmp(loopback, loopback, error, 1).mark(mark).send(&host);
        }
    }
    let seen = counts(&mut firewall, (Family::Inet, "marks", "output"));
    assert_eq!(seen, [("none before".to_owned(), 4), ("none behind".to_owned(), 2)]);
}
