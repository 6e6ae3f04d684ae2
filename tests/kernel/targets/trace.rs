//! Traces: the kernel tells of each rule that a packet comes through.

use portcullis::{Chain, Family, Hook, Policy, Priority, Rule, not};
use portcullis_world::{Attempt, PATIENT, Packet, TraceListener, TraceStep, World, need_namespaces};

use super::program;
use crate::support::{counted, open};

/// `NFT_TRACETYPE_POLICY`, `NFT_TRACETYPE_RULE`.
const POLICY: u32 = 1;
const RULE: u32 = 3;
/// `NFT_CONTINUE`, `NFT_JUMP`, `NF_DROP`, `NF_ACCEPT`.
const CONTINUE: i32 = -1;
const JUMP: i32 = -3;
const DROP: i32 = 0;
const ACCEPT: i32 = 1;

/// The steps that are there: rules and policies. How the end of a chain is told differs from kernel to kernel.
fn steps(listener: &mut TraceListener) -> Vec<TraceStep> {
    let steps = listener.queued();
    steps.into_iter().filter(|step| step.rule.is_some() || step.policy.is_some()).collect()
}

#[test]
fn a_traced_packet_is_told_of_rule_by_rule_and_no_other_is() {
    need_namespaces!();
    let world = World::pair();
    let server = &world.server;
    let raw = Chain::filter("raw", Hook::Prerouting).priority(Priority::RAW).rules([
        Rule::new().udp().dport(54).accept(),
        Rule::new().udp().dport(53).trace().counter().comment("traced"),
        Rule::new().udp().jump("services"),
    ]);
    let services = Chain::new("services").rule(Rule::new().udp().dport(not(53)).drop());
    let input = Chain::filter("input", Hook::Input).policy(Policy::Drop).rules([
        Rule::new().udp().dport(53).accept(),
        Rule::new().udp().dport(54).accept(),
        Rule::new().icmpv6().accept(),
    ]);
    program(server, Family::Inet, [services, raw, input]);
    let mut firewall = open(server);
    let mut handles = |chain| {
        let rules = firewall.rules((Family::Inet, "t", chain)).unwrap();
        rules.iter().map(|rule| rule.handle.unwrap()).collect::<Vec<_>>()
    };
    let (raw, input) = (handles("raw"), handles("input"));
    let expected = [
        ("raw", Some(raw[1]), RULE, Some(CONTINUE)),
        ("raw", Some(raw[2]), RULE, Some(JUMP)),
        ("raw", None, POLICY, None),
        ("input", Some(input[0]), RULE, Some(ACCEPT)),
    ];
    let mut listener = server.nftrace();
    let eth0 = server.ifindex("eth0");
    let mut ids = Vec::new();
    for address in ["10.0.1.2", "fd00:1::2"] {
        // The kernel tells before the service has the packet, so all is there when the answer is.
        let mut ask = |port| {
            let _service = server.udp_service((address, port), "udp");
            let outcome = Attempt::udp((address, port), "hello").timeout(PATIENT).from(&world.client);
            assert!(outcome.is_connected(), "{address}, port {port}: {outcome:?}");
            steps(&mut listener)
        };
        assert_eq!(ask(54), [], "{address}: nobody traces this port");
        let steps = ask(53);
        let told = steps.iter().map(|step| (&*step.chain, step.rule, step.kind, step.verdict));
        assert_eq!(told.collect::<Vec<_>>(), expected, "{address}: the packet's way, and not its answer's");
        for step in &steps {
            assert_eq!((step.family, &*step.table), (1, "t"), "{address}: {step:?}");
            assert_eq!(step.id, steps[0].id, "{address}: one packet");
        }
        assert_eq!(steps[2].policy, Some(ACCEPT as u32), "{address}: {:?}", steps[2]);
        // The headers come with a packet's first step in a chain.
        assert_eq!(steps[0].indev, Some(eth0), "{address}: {:?}", steps[0]);
        assert_eq!(steps[0].transport.get(2..4), Some(&53u16.to_be_bytes()[..]), "{address}: {:?}", steps[0]);
        ids.push(steps[0].id);
    }
    assert_ne!(ids[0], ids[1], "two packets");
    assert_eq!(counted(&mut firewall, (Family::Inet, "t", "raw"), "traced"), 2);
}

#[test]
fn a_trace_ends_where_the_packet_does() {
    need_namespaces!();
    let world = World::pair();
    let input = Chain::filter("input", Hook::Input)
        .policy(Policy::Drop)
        .rules([Rule::new().udp().nflog(1), Rule::new().udp().dport(53..=54).trace()])
        .rules([Rule::new().icmpv6().accept(), Rule::new().udp().dport(54).drop()]);
    program(&world.server, Family::Inet, [input]);
    let rules = open(&world.server).rules((Family::Inet, "t", "input")).unwrap();
    let handle = |index: usize| rules[index].handle;
    let mut listener = world.server.nftrace();
    let mut logged = world.server.nflog(1);
    for (client, server) in [("10.0.1.1", "10.0.1.2"), ("fd00:1::1", "fd00:1::2")] {
        for (port, end, policy) in [(53, None, Some(DROP as u32)), (54, handle(3), None)] {
            Packet::udp((client, 4000), (server, port)).send(&world.client);
            assert!(logged.next(PATIENT).is_some(), "{server}, port {port}: it arrives");
            // The rest of the way was gone when the next packet is logged.
            Packet::udp((client, 4000), (server, 55)).send(&world.client);
            assert!(logged.next(PATIENT).is_some(), "{server}: a packet that nobody traces arrives");
            let steps = steps(&mut listener);
            let told = steps.iter().map(|step| (step.rule, step.policy)).collect::<Vec<_>>();
            assert_eq!(told, [(handle(1), None), (end, policy)], "{server}, port {port}: {steps:?}");
            assert_eq!(steps[0].verdict, Some(CONTINUE), "{server}, port {port}: {:?}", steps[0]);
            assert!(end.is_none() || steps[1].verdict == Some(DROP), "{server}, port {port}: {:?}", steps[1]);
        }
    }
}
