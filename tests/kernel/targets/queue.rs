//! Queues: a packet waits until a program has decided what becomes of it.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use portcullis::{Chain, Family, Hook, Priority, Queue, Rule, not, probe::Feature};
use portcullis_world::{
    Attempt, Host, Outcome, PATIENT, Pair, QueueListener, QueuedPacket, SHORT, Verdict, World,
    need_namespaces, on_processor, processors,
};

use super::program;
use crate::support::{counted, need_feature, open};

/// The server's address, and the number of its version's family.
const SERVERS: [(&str, u8); 2] = [("10.0.1.2", 2), ("fd00:1::2", 10)];

/// What comes of a datagram to the server's port 9, about which a program is asked once.
#[track_caller]
fn judged(
    world: &Pair,
    server: &str,
    listener: &mut QueueListener,
    verdict: Verdict,
) -> (Outcome, QueuedPacket) {
    let patience = if verdict == Verdict::Drop { SHORT } else { PATIENT };
    // From one port, so that a packet may stand for another.
    let attempt = Attempt::udp((server, 9), "head, tail").source_port(4000).timeout(patience);
    thread::scope(|scope| {
        let attempt = scope.spawn(|| attempt.from(&world.client));
        let packet =
            listener.next(PATIENT).unwrap_or_else(|| panic!("nothing for {server} waits in the queue"));
        listener.decide(&packet, verdict);
        (attempt.join().expect("the attempt's thread"), packet)
    })
}

#[test]
fn a_program_decides_what_becomes_of_a_packet() {
    need_namespaces!();
    need_feature!(Feature::Queue);
    let world = World::pair();
    let chains = [
        Chain::filter("input", Hook::Input).rules([
            Rule::new().udp().dport(9).mark(not(7)).queue(3),
            Rule::new().udp().dport(9).mark(not(7)).counter().comment("behind"),
            Rule::new().udp().dport(9).mark(7).counter().comment("again"),
        ]),
        Chain::filter("later", Hook::Input).priority(Priority::FILTER + 1).rules(
            [8, 0].map(|mark| Rule::new().udp().dport(9).mark(mark).counter().comment(&mark.to_string())),
        ),
    ];
    program(&world.server, Family::Inet, chains);
    let mut firewall = open(&world.server);
    let mut counted = move |chain: &str, name: &str| counted(&mut firewall, (Family::Inet, "t", chain), name);
    let mut listener = world.server.nfqueue(3);
    for (round, (server, family)) in (1..).zip(SERVERS) {
        let service = world.server.udp_service((server, 9), "echo");
        let passed = counted("later", "0");
        let (outcome, packet) = judged(&world, server, &mut listener, Verdict::Accept);
        assert_eq!(outcome.banner(), "echo", "what the program accepts arrives at {server}");
        assert_eq!((packet.family, packet.hook), (family, 1), "the program is told the hook");
        assert_eq!(packet.indev, Some(world.server.ifindex("eth0")), "and the device");
        assert!(packet.payload.ends_with(b"head, tail"), "and has the packet: {packet:?}");
        assert_eq!(counted("later", "0"), passed + 1, "an accepted packet goes on in the next chain");

        let (outcome, packet) = judged(&world, server, &mut listener, Verdict::Drop);
        assert!(outcome.is_timed_out(), "what the program drops does not arrive at {server}: {outcome:?}");
        assert!(packet.payload.ends_with(b"head, tail"), "{packet:?}");

        let (outcome, _) = judged(&world, server, &mut listener, Verdict::Mark(8));
        assert_eq!(outcome.banner(), "echo", "{server}");
        assert_eq!(counted("later", "8"), round, "the next chain sees the program's mark");

        // Words that change places leave the checksum as it is.
        let mut changed = packet.payload.clone();
        let text = changed.len() - 10;
        changed[text..].copy_from_slice(b"tail, head");
        let (outcome, _) = judged(&world, server, &mut listener, Verdict::Replace(changed));
        assert!(outcome.reply().ends_with("tail, head"), "the program's bytes arrive: {outcome:?}");

        let (outcome, _) = judged(&world, server, &mut listener, Verdict::Repeat(7));
        assert_eq!(outcome.banner(), "echo", "{server}");
        assert_eq!(counted("input", "again"), round, "a repeated packet sees the chain from its beginning");
        assert_eq!(counted("input", "behind"), 0, "no verdict leads to the rule behind the queue");
        assert_eq!(service.visits().len(), 4, "all but the dropped one");
    }
}

#[test]
fn without_a_program_packets_are_dropped_or_pass_by_the_chain() {
    need_namespaces!();
    need_feature!(Feature::Queue);
    let world = World::pair();
    let input = Chain::filter("input", Hook::Input).rules([
        Rule::new().udp().dport(9).queue(3),
        Rule::new().udp().dport(10).queue(Queue::number(4).bypass()),
        Rule::new().udp().dport(10).counter().drop().comment("behind"),
    ]);
    let later = Chain::filter("later", Hook::Input)
        .priority(Priority::FILTER + 1)
        .rule(Rule::new().udp().counter().comment("later"));
    program(&world.server, Family::Inet, [input, later]);
    let mut firewall = open(&world.server);
    for (round, (server, _)) in (1..).zip(SERVERS) {
        let (_asked, _passed) = (
            world.server.udp_service((server, 9), "asked"),
            world.server.udp_service((server, 10), "passed"),
        );
        let outcome = world.client.udp_try((server, 9), "hello");
        assert!(outcome.is_timed_out(), "nobody listens, so nothing arrives at {server}: {outcome:?}");
        let outcome = Attempt::udp((server, 10), "hello").timeout(PATIENT).from(&world.client);
        assert_eq!(outcome.banner(), "passed", "{server}");
        let behind = counted(&mut firewall, (Family::Inet, "t", "input"), "behind");
        assert_eq!(behind, 0, "what passes by passes the rest of the chain by, too");
        assert_eq!(
            counted(&mut firewall, (Family::Inet, "t", "later"), "later"),
            round,
            "but no other chain"
        );
    }
}

/// Raised when it is dropped, so that others end where a test fails.
struct Flag<'a>(&'a AtomicBool);

impl Drop for Flag<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What comes to some queues while `work` runs, in no order: each has a program of its own, which accepts all.
fn attended(host: &Host, queues: RangeInclusive<u16>, work: impl FnOnce()) -> Vec<(u16, QueuedPacket)> {
    let over = &AtomicBool::new(false);
    thread::scope(|scope| {
        let programs: Vec<_> = queues
            .map(|queue| {
                let mut listener = host.nfqueue(queue);
                scope.spawn(move || {
                    let mut seen = Vec::new();
                    while !over.load(Ordering::Relaxed) {
                        if let Some(packet) = listener.next(SHORT / 8) {
                            listener.decide(&packet, Verdict::Accept);
                            seen.push((queue, packet));
                        }
                    }
                    seen
                })
            })
            .collect();
        let flag = Flag(over);
        work();
        drop(flag);
        programs.into_iter().flat_map(|program| program.join().expect("a program")).collect()
    })
}

#[test]
fn packets_spread_among_programs_by_who_talks_to_whom() {
    need_namespaces!();
    need_feature!(Feature::Queue);
    let world = World::pair();
    let input = Chain::filter("input", Hook::Input).rule(Rule::new().udp().dport(9).queue(10..=11));
    program(&world.server, Family::Inet, [input]);
    let addresses = |server: &str| -> Vec<String> {
        let prefix = if server.contains(':') { "fd00:1::1:" } else { "10.0.1.1" };
        (10..34).map(|number| format!("{prefix}{number}")).collect()
    };
    for (server, _) in SERVERS {
        let length = if server.contains(':') { 64 } else { 24 };
        let addresses = addresses(server);
        for address in &addresses {
            world.client.address("eth0", &format!("{address}/{length}"));
        }
        let _service = world.server.udp_service((server, 9), "echo");
        let seen = attended(&world.server, 10..=11, || {
            // Of each address two datagrams, from ports of their own.
            for address in addresses.iter().chain(&addresses) {
                let attempt = Attempt::udp((server, 9), address).source((address.as_str(), 0));
                assert_eq!(attempt.timeout(PATIENT).from(&world.client).banner(), "echo", "{address}");
            }
        });
        assert_eq!(seen.len(), 2 * addresses.len(), "both datagrams of each address were asked about");
        let mut queues_of: HashMap<&str, HashSet<u16>> = HashMap::new();
        for (queue, packet) in &seen {
            let address = addresses.iter().find(|address| packet.payload.ends_with(address.as_bytes()));
            queues_of.entry(address.expect("an address in the datagram")).or_default().insert(*queue);
        }
        let torn: Vec<_> = queues_of.iter().filter(|(_, queues)| queues.len() > 1).collect();
        assert!(torn.is_empty(), "the same two hosts always talk in the same queue: {torn:?}");
        // By chance all in one: 1 of 2 to the power of 23.
        let used: HashSet<u16> = seen.iter().map(|(queue, _)| *queue).collect();
        assert_eq!(used.len(), 2, "both programs have work for {server}");
    }
}

#[test]
fn packets_fan_out_among_programs_by_the_processor() {
    need_namespaces!();
    need_feature!(Feature::Queue);
    let world = World::pair();
    let queue = Queue::range(20..=21).fanout();
    let input = Chain::filter("input", Hook::Input).rule(Rule::new().udp().dport(9).queue(queue));
    program(&world.server, Family::Inet, [input]);
    for (server, _) in SERVERS {
        let _service = world.server.udp_service((server, 9), "echo");
        for processor in processors() {
            let attempt = Attempt::udp((server, 9), "hello").timeout(PATIENT);
            let seen = attended(&world.server, 20..=21, || {
                for _ in 0..4 {
                    let outcome = on_processor(processor, || attempt.from(&world.client));
                    assert_eq!(outcome.banner(), "echo", "{server} from processor {processor}");
                }
            });
            let queues: Vec<u16> = seen.iter().map(|(queue, _)| *queue).collect();
            let expected = 20 + (processor % 2) as u16;
            assert_eq!(queues, [expected; 4], "the queues of what processor {processor} sent to {server}");
        }
    }
}

#[test]
fn packets_on_the_way_and_those_of_the_host_itself_wait_too() {
    need_namespaces!();
    need_feature!(Feature::Queue);
    let world = World::routed();
    let forward =
        Chain::filter("forward", Hook::Forward).rule(Rule::new().tcp().dport(80).tcp_syn().queue(3));
    let output = Chain::filter("output", Hook::Output).rule(Rule::new().udp().dport(9).queue(4));
    program(&world.router, Family::Inet, [forward, output]);
    for server in ["10.0.2.1", "fd00:2::1"] {
        let _web = world.stranger.tcp_service((server, 80), "web");
        let _echo = world.stranger.udp_service((server, 9), "echo");
        let mut seen = attended(&world.router, 3..=4, || {
            let outcome = Attempt::tcp((server, 80)).timeout(PATIENT).from(&world.client);
            assert_eq!(outcome.banner(), "web", "a connection to {server} waits for its first packet");
            let outcome = Attempt::udp((server, 9), "hello").timeout(PATIENT).from(&world.router);
            assert_eq!(outcome.banner(), "echo", "the router's own datagram to {server}");
        });
        seen.sort_by_key(|(queue, _)| *queue);
        let (eth0, eth1) = (world.router.ifindex("eth0"), world.router.ifindex("eth1"));
        let ways: Vec<_> =
            seen.iter().map(|(_, packet)| (packet.hook, packet.indev, packet.outdev)).collect();
        assert_eq!(
            ways,
            [(2, Some(eth0), Some(eth1)), (3, None, Some(eth1))],
            "hook and devices for {server}"
        );
    }
}
