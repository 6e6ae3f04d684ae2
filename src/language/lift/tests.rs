//! Lowering and lifting are inverses.

mod generated;
mod once;

use super::*;
use crate::expr::{ObjectChoice, Objref};
use crate::{CtState, DateTime, MarkOp, NatTo, RejectWith, language::Lowered, not, object::ElementFlags};

/// The rule as one read from the kernel is: expressions alone.
pub(crate) fn as_expressions(lowered: &Lowered) -> Rule {
    Rule { body: lowered.expressions.iter().cloned().map(Statement::Expr).collect(), ..Rule::new() }
}

/// The same as the kernel gives it back: sets have names, and are in its own order.
pub(super) fn as_the_kernel_says(lowered: &Lowered) -> (Rule, Vec<Set>) {
    let (mut lowered, mut number) = (lowered.clone(), 0);
    for expression in &mut lowered.expressions {
        let (name, id) = match expression {
            Expr::Lookup(lookup) => (&mut lookup.set, &mut lookup.set_id),
            Expr::Objref(Objref { object: ObjectChoice::Map { set, set_id, .. }, .. }) => (set, set_id),
            _ => {
                *expression = filled::filled(expression);
                continue;
            }
        };
        // Sets of the table keep theirs.
        if id.take().is_some() {
            *name = name.replace("%d", &number.to_string());
            number += 1;
        }
        *expression = filled::filled(expression);
    }
    for (number, set) in lowered.sets.iter_mut().enumerate() {
        set.name = set.name.replace("%d", &number.to_string());
        set.elements.reverse();
    }
    lowered.sets.reverse();
    (as_expressions(&lowered), lowered.sets)
}

/// Holds a rule of words against what is lifted from its expressions; gives that.
#[track_caller]
pub(crate) fn faithful(rule: &Rule, family: Family) -> Rule {
    let lowered = rule.lower(family).unwrap();
    let lifted = as_expressions(&lowered).lift(family, &lowered.sets);
    let again = lifted.lower(family).unwrap();
    assert!(Sets { left: &again.sets, right: &lowered.sets }.same(&again.expressions, &lowered.expressions));
    // That a log's level is a warning need not be said.
    let exactly = again == lowered || lowered.expressions.iter().any(|one| matches!(one, Expr::Log(_)));
    assert!(exactly, "{family}: {:?} became {:?}", rule.body, lifted.body);
    // What was lifted is in the shortest words already.
    let twice = as_expressions(&again).lift(family, &again.sets);
    assert_eq!(twice, lifted, "{family}");
    let (read, sets) = as_the_kernel_says(&lowered);
    assert_eq!(read.lift(family, &sets), lifted, "{family}: as the kernel says it");
    lifted
}

/// Nothing of the rule stays an expression.
#[track_caller]
pub(crate) fn all_words(rule: &Rule, family: Family) -> Rule {
    let lifted = faithful(rule, family);
    let said = rule.expressions().count();
    assert!(lifted.expressions().count() <= said, "{family}: {:?} became {:?}", rule.body, lifted.body);
    lifted
}

/// Lifts to exactly what was said.
#[track_caller]
fn the_same(family: Family, rules: impl IntoIterator<Item = Rule>) {
    for rule in rules {
        assert_eq!(all_words(&rule, family).body, rule.body, "{family}");
    }
}

fn rule() -> Rule {
    Rule::new()
}

#[test]
fn what_is_said_is_read() {
    let established = CtState::ESTABLISHED | CtState::RELATED;
    the_same(
        Family::Inet,
        [
            rule().iif("lo").accept(),
            rule().ct_state(established).counter().accept(),
            rule().tcp().dport(22).counter_from(5, 600).accept(),
            rule().tcp().dport([80, 443]).saddr("10.0.2.0/24").accept(),
            rule().saddr(not(["fd00::/8", "fe80::/10"])).drop(),
            rule().saddr(["10.0.2.0/24", "192.168.7.1-192.168.7.9", "192.168.9.1"]).jump("other"),
            rule().iif(not(["ppp+", "wan0"])).udp().sport(1024..=65535).goto("other"),
            rule().mark([1..=2, 5..=9]).ct_mark(not(16..=32)).set_mark(MarkOp::Or(7)),
            rule().protocol([6, 17]).dport(53).log("dns: "),
            rule().udp().dport(1194).dnat("10.8.0.2:1194"),
            rule().tcp().snat(NatTo::from("10.0.0.2-10.0.0.9").ports(1024..=2048).random()),
            rule().ipv4().snat("10.0.0.0/24"),
            rule().date(DateTime(5)..).accept(),
        ],
    );
}

#[test]
fn a_test_that_a_word_implies_is_not_said() {
    let said = rule().ipv4().saddr("10.0.2.1").icmp().accept();
    assert_eq!(all_words(&said, Family::Inet).body, rule().saddr("10.0.2.1").icmp().accept().body);
    let said = rule().tcp().tcp_syn().dport(22);
    assert_eq!(all_words(&said, Family::Ip).body, rule().tcp_syn().dport(22).body);
}

#[test]
fn fields_that_are_loaded_together_are_two_words() {
    the_same(
        Family::Inet,
        [
            rule().tcp().sport(1).dport(2).accept(),
            rule().tcp().sport(1).dport(2).sport(3).counter().dport(4),
            rule().ct_mark(1).icmp_type(3).icmp_code(1),
            rule().icmpv6_type(1).icmpv6_code(4).saddr("fd00::1"),
            rule().ether_daddr("2:0:0:0:0:1").ether_saddr("2:0:0:0:0:2").udp().sport(1).dport(2),
            rule().tcp().dport(2).dport(3).sport(1),
        ],
    );
    // In the header's order, together.
    let said = rule().tcp().dport(2).mark(1).sport(1);
    assert_eq!(all_words(&said, Family::Ip).body, rule().tcp().mark(1).sport(1).dport(2).body);
}

#[test]
fn fields_that_are_loaded_one_by_one_are_not_joined() {
    let [first, second] =
        [rule().tcp().sport(1), rule().tcp().dport(2)].map(|rule| rule.lower(Family::Ip).unwrap());
    let mut lowered = first;
    lowered.expressions.extend(second.expressions.into_iter().skip(2));
    let lifted = as_expressions(&lowered).lift(Family::Ip, &[]);
    assert_eq!(lifted.body.get(..2), Some(&*rule().tcp().sport(1).body));
    assert_eq!(lifted.expressions().count(), 2);
    assert_eq!(lifted.lower(Family::Ip).unwrap(), lowered);
}

#[test]
fn what_reject_needs_is_at_the_beginning() {
    the_same(
        Family::Inet,
        [
            rule().reject(),
            rule().iif("lo").reject_with(RejectWith::TcpReset),
            rule().iif("lo").counter().reject_with(RejectWith::Icmp(crate::expr::IcmpCode::HostUnreachable)),
            rule().tcp().dport(22).reject_with(RejectWith::TcpReset),
            rule().saddr("10.0.2.1").reject(),
        ],
    );
}

#[test]
fn what_has_no_word_stays() {
    let odd = Expr::from(Meta::load(MetaKey::Cpu, crate::expr::Register::R2));
    let mixed = rule().iif("lo").say(odd.clone()).tcp().say(odd).dport(22);
    assert_eq!(faithful(&mixed, Family::Inet).body, mixed.body);
    // Words stay words.
    assert_eq!(mixed.lift(Family::Inet, &[]).body, mixed.body);
}

#[test]
fn a_set_that_is_not_known_stays_looked_up() {
    let lowered = rule().tcp().dport([80, 443]).accept().lower(Family::Inet).unwrap();
    let read = as_expressions(&lowered);
    let lifted = read.lift(Family::Inet, &[]);
    assert_eq!(lifted.expressions().count(), 2);
    assert_eq!(lifted.lower(Family::Inet).unwrap().expressions, lowered.expressions);
    // One that says more than its keys is no list of ports, but it is a set.
    let mut sets = lowered.sets.clone();
    sets[0].elements[0].flags |= ElementFlags::CATCHALL;
    let lifted = read.lift(Family::Inet, &sets);
    assert_eq!(lifted.expressions().count(), 0);
    assert_eq!(lifted.lower(Family::Inet).unwrap().sets[0].elements, sets[0].elements);
}

#[test]
fn numbers_of_sets_are_not_taken_from_expressions() {
    let mut lowered = rule().tcp().dport([80, 443]).sport([1, 2]).lower(Family::Inet).unwrap();
    lowered.sets.pop();
    let lifted = as_expressions(&lowered).lift(Family::Inet, &lowered.sets);
    assert_eq!(lifted.expressions().count(), 4);
}

#[test]
fn the_rest_of_the_rule_is_kept() {
    let mut read = as_expressions(&rule().accept().lower(Family::Ip).unwrap()).comment("hello").label("x");
    read.handle = Some(7);
    let lifted = read.lift(Family::Ip, &[]);
    assert_eq!(lifted, Rule { handle: Some(7), ..rule().accept().comment("hello").label("x") });
}
