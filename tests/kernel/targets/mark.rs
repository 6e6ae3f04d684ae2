//! Marks, seen by later rules, by listeners, and in the connections.

use portcullis::language::targets::{MarkOf, MergeMark};
use portcullis::{Chain, CtDirection, Error, Family, Hook, MarkOp, Priority, Rule};
use portcullis_world::{Attempt, Host, PATIENT, Packet, World, need_namespaces};

use super::{program, try_program};
use crate::matches::Gauge;
use crate::support::{counted, open};

#[test]
fn a_mark_is_seen_by_a_later_rule() {
    need_namespaces!();
    let host = Host::new("host");
    // Each with the mark before and behind it.
    let cases = [
        ("set", Rule::new().set_mark(0x2a), 0x1ff, 0x2a),
        ("set 0", Rule::new().set_mark(0), 0x1ff, 0),
        ("set under a mask", Rule::new().set_mark_masked(0x12, 0xff), 0x1ff, 0x112),
        // As iptables' --set-mark, which clears the value's bits as well; --set-xmark flips them.
        ("set beyond the mask", Rule::new().set_mark_masked(0x10f, 0xf0), 0x1ff, 0x10f),
        ("and", Rule::new().mark_and(0x0f0), 0x1ff, 0x0f0),
        ("or", Rule::new().mark_or(0xf000_0001), 0x1f0, 0xf000_01f1),
        ("or, set before", Rule::new().mark_or(0x10), 0x10, 0x10),
        ("xor", Rule::new().mark_xor(0x0ff), 0x1f0, 0x10f),
        ("flip under a mask", Rule::new().set_mark(MarkOp::Xmark { value: 0x12f, mask: 0xf0 }), 0x1ff, 0x020),
        ("two of them", Rule::new().mark_and(0xf0).mark_or(1), 0x1ff, 0xf1),
    ];
    let mut group = host.nflog(900);
    for (name, rule, before, after) in cases {
        let chain = Chain::filter("output", Hook::Output)
            .rule(Rule::new().mark(before).counter().comment("before"))
            .rule(rule)
            .rule(Rule::new().mark(after).counter().comment("after"))
            .rule(Rule::new().nflog(900));
        let mut firewall = open(&host);
        let mut transaction = portcullis::Transaction::new();
        transaction.replace_table(portcullis::Table::new(Family::Inet, "t").chain(chain));
        firewall.commit(&transaction).unwrap();
        for (packets, loopback) in [(1, "127.0.0.1"), (2, "::1")] {
            let error = if loopback == "::1" { 1 } else { 3 };
            Packet::icmp(loopback, loopback, error, 1).mark(before).send(&host);
            let seen =
                ["before", "after"].map(|name| counted(&mut firewall, (Family::Inet, "t", "output"), name));
            let logged = group.next(PATIENT).expect("the last rule logs").mark;
            assert_eq!(logged, after, "{name}: {before:#x} becomes (logged, expected)");
            assert_eq!(seen, [packets; 2], "{name}: packets with {before:#x} before, {after:#x} behind");
        }
    }
}

/// For connections to a port: its name, what the first packet does, whose own mark is 0x1234, and what the connection's
/// mark is then; perhaps what the answers do, and what mark they have then.
type Case = (&'static str, Rule, u32, Option<(Rule, u32)>);

#[track_caller]
fn saved_and_restored(cases: &[Case]) -> Result<(), Error> {
    let world = World::pair();
    let server = &world.server;
    let mut mangle = Chain::filter("mangle", Hook::Input).priority(Priority::MANGLE);
    // The answers have their socket's mark, 0, until they get that of their connection.
    let mut answers = Chain::filter("answers", Hook::Output);
    let joined = |start: Rule, rule: &Rule| rule.body.iter().cloned().fold(start, Rule::say);
    for (port, (name, save, _, restore)) in (1000..).zip(cases) {
        let first = Rule::new().udp().dport(port).ct_direction(CtDirection::Original);
        mangle = mangle.rule(joined(first.set_mark(0x1234), save));
        if let Some((restore, mark)) = restore {
            let reply = Rule::new().udp().sport(port).ct_direction(CtDirection::Reply);
            answers =
                answers.rule(joined(reply.clone(), restore)).rule(reply.mark(*mark).counter().comment(name));
        }
    }
    try_program(server, Family::Inet, [mangle, answers])?;

    for (client, server_address) in [("10.0.1.1", "10.0.1.2"), ("fd00:1::1", "fd00:1::2")] {
        for (port, (name, _, mark, _)) in (1000..).zip(cases) {
            let _service = server.udp_service((server_address, port), "udp");
            let attempt =
                Attempt::udp((server_address, port), "hello").source((client, 4000)).timeout(PATIENT);
            assert!(attempt.from(&world.client).is_connected(), "{name}: no answer of {server_address}");
            let entries = server.conntrack();
            let entry = entries.iter().find(|entry| {
                entry.original.destination.to_string() == server_address
                    && entry.original.destination_port == port
            });
            let entry = entry.unwrap_or_else(|| panic!("{name}: no connection to port {port}: {entries:?}"));
            assert_eq!(entry.mark, *mark, "{name}: the connection's mark (seen, expected)");
        }
    }
    for (name, _, _, restore) in cases {
        let Some((_, mark)) = restore else { continue };
        let answers = counted(&mut open(server), (Family::Inet, "t", "answers"), name);
        assert_eq!(answers, 2, "{name}: answers with the mark {mark:#x}, one of each version");
    }
    Ok(())
}

#[test]
fn a_connections_mark_is_saved_in_it_and_restored_from_it() {
    need_namespaces!();
    let set = |mark: u32| Rule::new().set_ct_mark(mark);
    let restore = Rule::new().restore_mark();
    let cases = [
        ("save", Rule::new().save_mark(), 0x1234, Some((restore.clone(), 0x1234))),
        ("save under a mask", Rule::new().save_mark_masked(0xff), 0x34, None),
        ("restore under a mask", set(0x34), 0x34, Some((Rule::new().restore_mark_masked(0x30), 0x30))),
        ("restore over another", set(0x77), 0x77, Some((Rule::new().set_mark(0x10).restore_mark(), 0x77))),
        ("nothing to restore", Rule::new(), 0, Some((Rule::new().set_mark(0x10).restore_mark(), 0))),
        ("set under a mask", set(0xabcd).set_ct_mark_masked(0x12, 0xff), 0xab12, None),
        ("or", set(0xf0).set_ct_mark(MarkOp::Or(0x0f)), 0xff, None),
        ("and", set(0xff).set_ct_mark(MarkOp::And(0x3c)), 0x3c, None),
        ("xor", set(0xff).set_ct_mark(MarkOp::Xor(0x3c)), 0xc3, None),
    ];
    saved_and_restored(&cases).unwrap();
}

#[test]
fn some_bits_of_a_mark_are_saved_and_restored_beside_others() {
    need_namespaces!();
    let set = |mark: u32| Rule::new().set_ct_mark(mark);
    let restored = Rule::new().set_mark(0xff00_0000).restore_mark_bits(0xff00);
    let two_masks = MergeMark { of: MarkOf::Connection, clear: 0xff00, take: 0x00f0 };
    let back = MergeMark { of: MarkOf::Packet, clear: 0x000f, take: 0xff00 };
    let cases = [
        ("bits", set(0xabcd).save_mark_bits(0xff), 0xab34, Some((restored, 0xff00_ab00))),
        ("two masks", set(0xabcd).say(two_masks), 0xcd ^ 0x30, None),
        ("back with two masks", set(0xabcd), 0xabcd, Some((Rule::new().set_mark(0xff).say(back), 0xabf0))),
    ];
    if let Err(error) = saved_and_restored(&cases) {
        portcullis_world::skip!("this kernel cannot combine two registers (6.13): {error}");
    }
}

#[test]
fn a_restored_mark_is_there_for_the_next_packet() {
    need_namespaces!();
    let world = World::pair();
    let _services = ["10.0.1.2:53", "[fd00:1::2]:53"].map(|at| world.server.udp_service(at, "udp"));
    let first = Rule::new().udp().mark(0).set_mark(5).save_mark().counter().comment("first");
    let early = Chain::filter("early", Hook::Prerouting)
        .priority(Priority::MANGLE)
        .rule(Rule::new().restore_mark())
        .rule(first);
    program(&world.server, Family::Inet, [early]);
    let rules = [("marked", Rule::new().udp().mark(5)), ("connection too", Rule::new().udp().ct_mark(5))];
    let mut gauge = Gauge::new(&world.server, Family::Inet, Chain::filter("input", Hook::Input), rules);
    for (connections, client, server) in [(1, "10.0.1.1", "10.0.1.2"), (2, "fd00:1::1", "fd00:1::2")] {
        for time in ["first", "second", "third"] {
            let attempt = Attempt::udp((server, 53), "hello").source((client, 4000)).timeout(PATIENT);
            let ask = || assert!(attempt.from(&world.client).is_connected());
            gauge.expect(&format!("the {time} packet to {server}"), ask, &["marked", "connection too"]);
        }
        let first = counted(&mut open(&world.server), (Family::Inet, "t", "early"), "first");
        assert_eq!(first, connections, "only a connection's first packet comes without a mark");
    }
}
