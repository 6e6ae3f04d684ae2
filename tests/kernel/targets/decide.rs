//! Verdicts, and the order in which rules are gone through.

use portcullis::{Chain, Family, Hook, Policy, Rule};
use portcullis_world::{Errno, Host, Packet, World, need_namespaces};

use super::program;
use crate::support::{counts, open};

/// A rule that only counts.
fn passes(name: &str) -> Rule {
    Rule::new().counter().comment(name)
}

#[test]
fn jump_returns_goto_does_not_and_return_ends_a_chain() {
    need_namespaces!();
    let host = Host::new("host");
    // Of each packet the mark says which way it takes.
    let output = Chain::filter("output", Hook::Output)
        .policy(Policy::Drop)
        .rule(passes("begin"))
        .rule(Rule::new().mark(1).counter().continue_().comment("continue"))
        .rule(passes("behind continue"))
        .rule(Rule::new().mark(2).jump("subroutine"))
        .rule(passes("behind jump"))
        .rule(Rule::new().mark(3).goto("subroutine"))
        .rule(passes("behind goto"))
        .rule(Rule::new().mark(4).jump("outer"))
        .rule(passes("behind nested"))
        .rule(Rule::new().mark(5).jump("accepting"))
        .rule(Rule::new().mark(6).return_())
        .rule(Rule::new().mark(7).drop())
        .rule(passes("end"))
        .rule(Rule::new().accept());
    let subroutine = Chain::new("subroutine")
        .rule(passes("subroutine"))
        .rule(Rule::new().mark([2, 4]).return_())
        .rule(passes("behind return"));
    // A goto returns to where the chain would have returned.
    let outer = Chain::new("outer").rule(Rule::new().goto("subroutine")).rule(passes("behind inner goto"));
    let accepting = Chain::new("accepting").rule(Rule::new().accept()).rule(passes("behind accept"));
    // Accepting is for one base chain only; dropping is for good.
    let later = Chain::filter("later", Hook::Output).priority(10).rule(passes("later"));
    // What is jumped to exists before the rule that jumps: the order in the table does not matter.
    program(&host, Family::Inet, [output, outer, subroutine, accepting, later]);

    let all = ["begin", "behind continue", "behind jump", "behind goto", "behind nested", "end"];
    let cases: [(u32, bool, Vec<&str>); 8] = [
        (0, true, [&all[..], &["later"]].concat()),
        (1, true, [&all[..1], &["continue"], &all[1..], &["later"]].concat()),
        (2, true, [&all[..], &["subroutine", "later"]].concat()),
        // Of a base chain it returns to the policy.
        (3, false, [&all[..3], &["subroutine", "behind return"]].concat()),
        (4, true, [&all[..], &["subroutine", "later"]].concat()),
        (5, true, [&all[..5], &["later"]].concat()),
        (6, false, all[..5].to_vec()),
        (7, false, all[..5].to_vec()),
    ];
    let mut firewall = open(&host);
    let mut seen = move || -> Vec<(String, u64)> {
        let chains = ["output", "outer", "subroutine", "accepting", "later"];
        chains.into_iter().flat_map(|chain| counts(&mut firewall, (Family::Inet, "t", chain))).collect()
    };
    for (loopback, error) in [("127.0.0.1", 3), ("::1", 1)] {
        for (mark, passes, expected) in &cases {
            let before = seen();
            // Nobody answers an error.
            let sent = Packet::icmp(loopback, loopback, error, 1).mark(*mark).try_send(&host);
            let result = if *passes { Ok(()) } else { Err(Errno::EPERM) };
            assert_eq!(sent, result, "mark {mark}, {loopback}: what the sender hears");
            let after = seen();
            let changed = after.iter().zip(&before).filter(|(after, before)| after.1 != before.1);
            let changed: Vec<_> = changed.map(|((name, _), _)| name.as_str()).collect();
            assert_eq!(&changed, expected, "mark {mark}, {loopback}: the rules that it came to");
        }
    }
}

#[test]
fn what_is_dropped_is_silent_and_what_is_accepted_arrives() {
    need_namespaces!();
    let world = World::pair();
    let _services = ["10.0.1.2:80", "[fd00:1::2]:80"].map(|at| world.server.tcp_service(at, "web"));
    let _more = ["10.0.1.2:81", "[fd00:1::2]:81"].map(|at| world.server.tcp_service(at, "more"));
    let input = Chain::filter("input", Hook::Input)
        .rule(Rule::new().tcp().dport(81).drop())
        .rule(Rule::new().tcp().dport(80).accept())
        .rule(Rule::new().tcp().drop());
    program(&world.server, Family::Inet, [input]);
    for server in ["10.0.1.2", "fd00:1::2"] {
        let open = world.client.tcp_try_for((server, 80), portcullis_world::PATIENT);
        assert!(open.is_connected(), "port 80 of {server} is accepted: {open:?}");
        let closed = world.client.tcp_try((server, 81));
        assert!(closed.is_timed_out(), "port 81 of {server} is dropped: {closed:?}");
    }
}
