//! Packets without connection tracking.

use portcullis::{Chain, CtState, Family, Hook, Priority, Rule};
use portcullis_world::{Attempt, PATIENT, World, need_namespaces};

use super::program;
use crate::support::{counted, open};

#[test]
fn what_is_not_tracked_has_no_connection() {
    need_namespaces!();
    let world = World::pair();
    let not_tracked = |chain: Chain, rule: Rule| chain.priority(Priority::RAW).rule(rule.notrack());
    let server = &world.server;
    program(
        server,
        Family::Inet,
        [
            not_tracked(Chain::filter("in", Hook::Prerouting), Rule::new().udp().dport(53)),
            not_tracked(Chain::filter("out", Hook::Output), Rule::new().udp().sport(53)),
            Chain::filter("input", Hook::Input)
                .rule(Rule::new().udp().ct_state(CtState::UNTRACKED).counter().comment("untracked"))
                .rule(Rule::new().udp().ct_state(CtState::NEW).counter().comment("new")),
        ],
    );
    for (times, address) in [(1, "10.0.1.2"), (2, "fd00:1::2")] {
        let _services = [53, 54].map(|port| server.udp_service((address, port), "udp"));
        for port in [53, 54] {
            let outcome = Attempt::udp((address, port), "hello").timeout(PATIENT).from(&world.client);
            assert!(outcome.is_connected(), "{address}, port {port}: {outcome:?}");
        }
        let ports: Vec<_> = server
            .conntrack()
            .iter()
            .map(|entry| entry.original)
            .filter(|tuple| tuple.destination.to_string() == address)
            .map(|tuple| tuple.destination_port)
            .collect();
        assert_eq!(ports, [54], "connections to {address}, by port");
        for name in ["untracked", "new"] {
            let count = counted(&mut open(server), (Family::Inet, "t", "input"), name);
            assert_eq!(count, times, "packets that are {name}");
        }
    }
}
