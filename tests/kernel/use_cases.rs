//! The use cases of the reference documents, end to end: the examples are run, and traffic is sent.

#[path = "../../examples/common/names.rs"]
mod names;

use std::{
    net::IpAddr,
    process::{Command, Output},
};

use portcullis::{
    Chain, Family, Forwarding, Hook, Policy, Rule, Ruleset, Statement, Table, TableRef, expr::Expr,
};
use portcullis_world::{Attempt, Host, PATIENT, World, need_namespaces, skip};

use crate::support::{edge, example, nft_listing, open};

fn run(host: &Host, name: &str, arguments: &[&str]) -> Output {
    host.output(example(name).args(arguments))
}

/// Runs an example that is to succeed, and gives what it prints.
#[track_caller]
fn succeed(host: &Host, name: &str, arguments: &[&str]) -> String {
    succeeded(&run(host, name, arguments))
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// The one sentence that an example which fails says.
#[track_caller]
fn sentence(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

/// The ruleset without handles and counters.
fn ruleset(host: &Host) -> Vec<Table> {
    let mut netfilter = open(host);
    let mut tables = netfilter.tables(None).unwrap();
    for table in &mut tables {
        table.handle = None;
        table.chains = netfilter.chains(TableRef::from(&*table)).unwrap();
        for chain in &mut table.chains {
            chain.handle = None;
            chain.rules = netfilter.rules((table.family, table.name.as_str(), chain.name.as_str())).unwrap();
            for rule in &mut chain.rules {
                rule.handle = None;
                for statement in &mut rule.body {
                    if let Statement::Expr(Expr::Counter(counter)) = statement {
                        (counter.packets, counter.bytes) = (None, None);
                    }
                }
            }
        }
    }
    tables
}

/// Somebody else's table.
fn others() -> Ruleset {
    let chain = Chain::filter("input", Hook::Input).priority(-7).rule(Rule::new().tcp().dport([1, 2]).drop());
    Ruleset::new()
        .table(Table::new(Family::Inet, "others").chain(chain))
        .table(Table::new(Family::Ip, "lockdown"))
}

/// Every example that acts, with a command line that it accepts.
const COMMANDS: [(&str, &[&str]); 8] = [
    ("ssh_guard", &["--limit", "3", "--block", "30m"]),
    (
        "load_balancer",
        &["--listen", "80", "--backend", "192.168.1.2:8080", "--backend", "[fd00::2]:80", "--map"],
    ),
    ("service_firewall", &["--port", "22", "--port", "80", "--reject"]),
    ("ip_firewall", &["--trust", "10.0.2.0/24", "--trust", "10.0.2.1-10.0.4.7", "--trust", "fd00:2::/64"]),
    (
        "load_balancer",
        &[
            "--listen",
            "80",
            "--backend",
            "192.168.1.2:8080",
            "--backend",
            "192.168.1.3:8080",
            "--backend",
            "[fd00::2]:80",
        ],
    ),
    ("lockdown", &["--allow", "localhost", "--allow", "10.0.1.0/24", "--allow", "fd00:1::1"]),
    ("blocklist", &["examples/blocklist/sample.txt", "--hook", "output"]),
    ("minimal", &[]),
];

#[test]
fn only_the_service_is_reached() {
    need_namespaces!();
    let world = World::pair();
    let (client, server) = (&world.client, &world.server);
    let _services = [
        server.tcp_service("[::]:22", "ssh"),
        server.tcp_service("[::]:2222", "other"),
        client.tcp_service("[::]:80", "web"),
    ];
    succeed(server, "service_firewall", &["--port", "22"]);
    for (own, theirs, loopback) in [("10.0.1.2", "10.0.1.1", "127.0.0.1"), ("fd00:1::2", "fd00:1::1", "::1")]
    {
        let [own, theirs, loopback]: [IpAddr; 3] = [own, theirs, loopback].map(|ip| ip.parse().unwrap());
        assert_eq!(client.tcp_try((own, 22)).banner(), "ssh");
        assert!(client.tcp_try((own, 2222)).is_timed_out());
        assert!(client.udp_try((own, 22), "x").is_timed_out());
        assert!(client.ping(own).is_timed_out());
        // Issue 1: what the server itself begins, ICMP errors included.
        assert_eq!(server.tcp_try((theirs, 80)).banner(), "web");
        assert!(server.ping(theirs).is_connected());
        assert!(server.udp_try((theirs, 9), "x").is_refused());
        // Issue 2: the loopback, by whichever of its addresses.
        assert_eq!(server.tcp_try((loopback, 2222)).banner(), "other");
        assert_eq!(server.tcp_try((own, 2222)).banner(), "other");
    }
}

#[test]
fn with_reject_others_hear_of_it() {
    need_namespaces!();
    let world = World::pair();
    let (client, server) = (&world.client, &world.server);
    let _services = [server.tcp_service("[::]:22", "ssh"), server.tcp_service("[::]:2222", "other")];
    succeed(server, "service_firewall", &["--port", "22", "--reject"]);
    for own in ["10.0.1.2", "fd00:1::2"] {
        let own: IpAddr = own.parse().unwrap();
        assert_eq!(client.tcp_try((own, 22)).banner(), "ssh");
        assert!(client.tcp_try((own, 2222)).is_reset());
        let outcome = client.udp_try((own, 53), "x");
        assert!(outcome.is_refused() && outcome.icmp().is_some(), "{outcome:?}");
    }
}

#[test]
fn connections_survive_the_firewall_and_its_successor() {
    need_namespaces!();
    let world = World::pair();
    let (client, server) = (&world.client, &world.server);
    let _services = [server.tcp_service("[::]:22", "ssh"), server.tcp_service("[::]:2222", "other")];
    // The administrator's own session, from before there was any connection tracking.
    let mut session = client.tcp_open("10.0.1.2:22");
    succeed(server, "service_firewall", &["--port", "22", "--port", "2222"]);
    session.echo("still there", PATIENT).unwrap();
    // A connection that only tracking lets through, once the port is closed by replacing the table.
    let mut other = client.tcp_open("[fd00:1::2]:2222");
    succeed(server, "service_firewall", &["--port", "22"]);
    session.echo("still there", PATIENT).unwrap();
    other.echo("still there", PATIENT).unwrap();
    assert!(client.tcp_try("[fd00:1::2]:2222").is_timed_out());
}

#[test]
fn only_trusted_sources_get_in() {
    need_namespaces!();
    let world = World::routed();
    let (client, stranger, router) = (&world.client, &world.stranger, &world.router);
    let _services = [
        router.tcp_service("[::]:22", "ssh"),
        stranger.tcp_service("[::]:80", "web"),
        world.backend1.tcp_service("[::]:8080", "one"),
    ];
    assert!(client.tcp_try("192.168.1.2:8080").is_connected());
    succeed(router, "ip_firewall", &["--trust", "10.0.1.0/24", "--trust", "fd00:1::/64"]);
    for (inside, outside, stranger_at) in
        [("10.0.1.254", "10.0.2.254", "10.0.2.1"), ("fd00:1::fe", "fd00:2::fe", "fd00:2::1")]
    {
        let [inside, outside, stranger_at]: [IpAddr; 3] =
            [inside, outside, stranger_at].map(|ip| ip.parse().unwrap());
        assert_eq!(client.tcp_try((inside, 22)).banner(), "ssh");
        assert!(client.ping(inside).is_connected());
        assert!(stranger.tcp_try((outside, 22)).is_timed_out());
        assert!(stranger.ping(outside).is_timed_out());
        assert_eq!(router.tcp_try((stranger_at, 80)).banner(), "web");
        assert_eq!(router.tcp_try((outside, 22)).banner(), "ssh");
    }
    assert_eq!(router.tcp_try("127.0.0.1:22").banner(), "ssh");
    // As in the document, nothing is routed.
    assert!(client.tcp_try("192.168.1.2:8080").is_timed_out());
    // Trust replaced, not added to; any kind of source.
    succeed(router, "ip_firewall", &["--trust", "10.0.2.1-10.0.2.9"]);
    assert!(stranger.tcp_try("10.0.2.254:22").is_connected());
    assert!(client.tcp_try("10.0.1.254:22").is_timed_out());
    succeed(router, "ip_firewall", &["--revert"]);
    assert!(client.tcp_try("192.168.1.2:8080").is_connected());
}

/// Who answers `count` connections to `target`.
fn answers(host: &Host, target: &str, count: usize) -> Vec<String> {
    let attempt = Attempt::tcp(target).timeout(PATIENT);
    (0..count).map(|_| attempt.from(host).banner().to_owned()).collect()
}

#[test]
fn two_backends_answer_in_turn() {
    need_namespaces!();
    let world = World::routed();
    let (client, router) = (&world.client, &world.router);
    router.run(|| Forwarding::ALL.map(|version| version.turn_off().unwrap()));
    let (one, two) =
        (world.backend1.tcp_service("[::]:8080", "one"), world.backend2.tcp_service("[::]:8080", "two"));
    let backends = ["192.168.1.2:8080", "192.168.1.3:8080", "[fd00:192::2]:8080", "[fd00:192::3]:8080"];
    let arguments =
        [["--listen", "80"].as_slice(), &backends.map(|backend| ["--backend", backend]).concat()].concat();
    succeed(router, "load_balancer", &arguments);
    let in_turn: Vec<_> = ["one", "two"].repeat(50);
    assert_eq!(answers(client, "10.0.1.254:80", 100), in_turn);
    assert_eq!(answers(client, "[fd00:1::fe]:80", 100), in_turn);
    for service in [&one, &two] {
        let peers: Vec<IpAddr> = service.visits().iter().map(|visit| visit.peer.ip()).collect();
        let of = |ip: &str| peers.iter().filter(|peer| **peer == ip.parse::<IpAddr>().unwrap()).count();
        assert_eq!((of("192.168.1.1"), of("fd00:192::1"), peers.len()), (50, 50, 100));
    }
    // The document's remark: what the balancer itself sends is not balanced.
    assert!(router.tcp_try("127.0.0.1:80").is_refused());
    assert!(client.tcp_try("10.0.1.254:81").is_refused());
    assert!(router.run(|| Forwarding::ALL.map(|version| version.is_on().unwrap())) == [true; 2]);
}

#[test]
fn three_backends_answer_exactly_evenly() {
    need_namespaces!();
    let world = World::routed();
    let _services = [
        world.backend1.tcp_service("192.168.1.2:8080", "one"),
        world.backend2.tcp_service("192.168.1.3:8080", "two"),
        world.backend2.tcp_service("192.168.1.3:8081", "three"),
    ];
    let backends = ["192.168.1.2:8080", "192.168.1.3:8080", "192.168.1.3:8081"];
    let arguments =
        [["--listen", "80"].as_slice(), &backends.map(|backend| ["--backend", backend]).concat()].concat();
    succeed(&world.router, "load_balancer", &arguments);
    assert_eq!(answers(&world.client, "10.0.1.254:80", 99), ["one", "two", "three"].repeat(33));
    // Nobody answers IPv6: there is no backend for it.
    assert!(world.client.tcp_try("[fd00:1::fe]:80").is_refused());
}

#[test]
fn one_rule_with_a_map_is_as_even() {
    need_namespaces!();
    let world = World::routed();
    let _services = [
        world.backend1.tcp_service("[::]:8080", "one"),
        world.backend2.tcp_service("[::]:8080", "two"),
        world.backend2.tcp_service("[::]:8081", "three"),
    ];
    let backends = [
        "192.168.1.2:8080",
        "192.168.1.3:8080",
        "192.168.1.3:8081",
        "[fd00:192::2]:8080",
        "[fd00:192::3]:8080",
        "[fd00:192::3]:8081",
    ];
    let arguments =
        [["--map", "--listen", "80"].as_slice(), &backends.map(|backend| ["--backend", backend]).concat()]
            .concat();
    succeed(&world.router, "load_balancer", &arguments);
    let in_turn = ["one", "two", "three"].repeat(11);
    assert_eq!(answers(&world.client, "10.0.1.254:80", 33), in_turn);
    assert_eq!(answers(&world.client, "[fd00:1::fe]:80", 33), in_turn);
}

#[test]
fn who_connects_too_often_is_blocked() {
    need_namespaces!();
    let world = World::pair();
    let (client, server) = (&world.client, &world.server);
    let _service = server.tcp_service("[::]:22", "ssh");
    let _other = server.tcp_service("[::]:80", "web");
    succeed(server, "ssh_guard", &["--limit", "3", "--block", "2s"]);
    for own in ["10.0.1.2", "fd00:1::2"] {
        let own: IpAddr = own.parse().unwrap();
        for _ in 0..3 {
            assert_eq!(client.tcp_try((own, 22)).banner(), "ssh");
        }
        assert!(client.tcp_try((own, 22)).is_timed_out());
        // Blocked for that port and no other.
        assert_eq!(client.tcp_try((own, 80)).banner(), "web");
        // Until the time is over; the next of the minute's three comes after 20 seconds, and blocks anew.
        let listed =
            || nft_listing(server).is_none_or(|text| text.contains("expires") && text.contains("timeout 2s"));
        let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while listed() && std::time::Instant::now() < end {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        assert_eq!(ssh_blocked(server), [], "{own}");
    }
    succeed(server, "ssh_guard", &["--revert"]);
    assert_eq!(ruleset(server), []);
    assert_eq!(client.tcp_try("10.0.1.2:22").banner(), "ssh");
}

/// Whom the guard blocks.
fn ssh_blocked(server: &Host) -> Vec<portcullis::expr::Data> {
    let table = open(server).table((Family::Inet, "ssh_guard")).unwrap().expect("the guard's table");
    let sets: Vec<_> = table.sets.into_iter().filter(|set| set.name.starts_with("blocked")).collect();
    assert_eq!(sets.len(), 2);
    sets.into_iter().flat_map(|set| set.elements).map(|element| element.key).collect()
}

/// A customer has a network of IPv6, and so as many addresses as connections.
#[test]
fn who_has_many_addresses_is_one_source() {
    need_namespaces!();
    for (prefix, blocked) in [(None, true), (Some("128"), false)] {
        let world = World::pair();
        let (client, server) = (&world.client, &world.server);
        let _service = server.tcp_service("[::]:22", "ssh");
        let limit = ["--limit", "3"].into_iter();
        let arguments: Vec<_> =
            limit.chain(prefix.iter().flat_map(|prefix| ["--prefix6", *prefix])).collect();
        succeed(server, "ssh_guard", &arguments);
        let from = |source: &str| Attempt::tcp("[fd00:1::2]:22").source(format!("[{source}]:0")).from(client);
        for host in 1..=4 {
            let own = format!("fd00:1::1:{host}");
            client.address("eth0", &format!("{own}/64"));
            let outcome = from(&own);
            assert_eq!(outcome.is_timed_out(), blocked && host == 4, "{own}: {outcome:?}");
        }
        let network = portcullis::expr::Data::address("fd00:1::".parse().unwrap());
        assert_eq!(ssh_blocked(server), Vec::from_iter(blocked.then_some(network)));
    }
}

#[test]
fn a_lockdown_holds_both_ways_and_is_reverted() {
    need_namespaces!();
    let world = World::routed();
    let (client, stranger, router) = (&world.client, &world.stranger, &world.router);
    let _services = [
        router.tcp_service("[::]:22", "ssh"),
        client.tcp_service("[::]:80", "friend"),
        stranger.tcp_service("[::]:80", "stranger"),
    ];
    let check = |locked: bool| {
        for (friend, friend_side, other, other_side) in [
            ("10.0.1.1", "10.0.1.254", "10.0.2.1", "10.0.2.254"),
            ("fd00:1::1", "fd00:1::fe", "fd00:2::1", "fd00:2::fe"),
        ] {
            let [friend, friend_side, other, other_side]: [IpAddr; 4] =
                [friend, friend_side, other, other_side].map(|ip| ip.parse().unwrap());
            assert_eq!(router.tcp_try((friend, 80)).banner(), "friend");
            assert!(router.ping(friend).is_connected());
            assert!(client.tcp_try((friend_side, 22)).is_connected());
            assert_eq!(router.tcp_try((other, 80)).is_connected(), !locked);
            assert_eq!(router.ping(other).is_connected(), !locked);
            assert_eq!(stranger.tcp_try((other_side, 22)).is_connected(), !locked);
            assert_eq!(stranger.ping(other_side).is_connected(), !locked);
        }
        for loopback in ["127.0.0.1:22", "[::1]:22", "10.0.2.254:22"] {
            assert_eq!(router.tcp_try(loopback).banner(), "ssh");
        }
    };
    check(false);
    succeed(router, "lockdown", &["--allow", "10.0.1.1", "--allow", "fd00:1::/64"]);
    check(true);
    assert!(client.tcp_try("10.0.2.1:80").is_timed_out());
    // It is not only the answers that are stopped.
    let (out, back) = (stranger.udp_service("[::]:53", "out"), router.udp_service("[::]:53", "back"));
    for (other, other_side) in [("10.0.2.1", "10.0.2.254"), ("fd00:2::1", "fd00:2::fe")] {
        let [other, other_side]: [IpAddr; 2] = [other, other_side].map(|ip| ip.parse().unwrap());
        assert!(!router.udp_try((other, 53), "x").is_connected());
        assert!(!stranger.udp_try((other_side, 53), "x").is_connected());
    }
    assert_eq!((out.visits(), back.visits()), (Vec::new(), Vec::new()));
    succeed(router, "lockdown", &["--revert"]);
    check(false);
    assert_eq!(ruleset(router), []);
}

#[test]
fn a_host_name_stands_for_all_its_addresses() {
    need_namespaces!();
    let world = World::pair();
    let (client, server) = (&world.client, &world.server);
    if !server.run(names::can_be_given) {
        skip!("host names of a test's own need unshare and mount, and the permission for them");
    }
    let hosts =
        "10.0.1.7 friend.example\n10.0.1.1 friend.example\nfd00:1::1 friend.example\n10.0.1.8 v4.example";
    let service = server.tcp_service("[::]:22", "ssh");
    let lockdown = |names: &[&str]| {
        let mut command = example("lockdown");
        command.args(names.iter().flat_map(|name| ["--allow", name]));
        server.output(&mut names::given(hosts, &command))
    };
    succeeded(&lockdown(&["friend.example"]));
    client.address("eth0", "10.0.1.7/24");
    client.address("eth0", "10.0.1.8/24");
    let from = |source: &str| Attempt::tcp(service_at(source)).source((source, 0)).from(client);
    for friend in ["10.0.1.1", "10.0.1.7", "fd00:1::1"] {
        assert!(from(friend).is_connected(), "{friend}");
    }
    assert!(from("10.0.1.8").is_timed_out());
    // The name is named, and what was there stays.
    let before = ruleset(server);
    let error = sentence(&lockdown(&["v4.example", "no-such-host.invalid"]));
    assert!(
        error.starts_with("lockdown: the host name \"no-such-host.invalid\" does not resolve: "),
        "{error}"
    );
    assert_eq!(ruleset(server), before);
    succeeded(&lockdown(&["v4.example"]));
    assert!(from("10.0.1.8").is_connected());
    assert!(from("10.0.1.1").is_timed_out());
    drop(service);
}

/// The server's service, in the family of the client's address.
fn service_at(source: &str) -> &'static str {
    if source.contains(':') { "[fd00:1::2]:22" } else { "10.0.1.2:22" }
}

#[test]
fn the_minimal_program_does_what_it_says() {
    need_namespaces!();
    let world = World::pair();
    let (client, server) = (&world.client, &world.server);
    let _services = [
        server.tcp_service("[::]:22", "ssh"),
        server.tcp_service("[::]:23", "telnet"),
        client.tcp_service("[::]:80", "web"),
    ];
    succeed(server, "minimal", &[]);
    for (own, theirs) in [("10.0.1.2", "10.0.1.1"), ("fd00:1::2", "fd00:1::1")] {
        let [own, theirs]: [IpAddr; 2] = [own, theirs].map(|ip| ip.parse().unwrap());
        assert_eq!(client.tcp_try((own, 22)).banner(), "ssh");
        assert!(client.tcp_try((own, 23)).is_timed_out());
        assert_eq!(server.tcp_try((theirs, 80)).banner(), "web");
        assert_eq!(server.tcp_try((own, 23)).banner(), "telnet");
    }
}

#[test]
fn twice_is_as_once_and_other_tables_are_untouched() {
    need_namespaces!();
    for (name, arguments) in COMMANDS {
        let host = Host::new("host");
        open(&host).apply(others()).unwrap();
        let without = (ruleset(&host), nft_listing(&host));
        succeed(&host, name, arguments);
        let once = (ruleset(&host), nft_listing(&host));
        let own = |table: &Table| table.family == Family::Inet && table.name == name;
        let [own, rest] = [true, false].map(|which| {
            let tables = once.0.iter().filter(|table| own(table) == which).cloned();
            tables.collect::<Vec<_>>()
        });
        assert_eq!((own.len(), rest), (1, without.0.clone()), "{name}");
        succeed(&host, name, arguments);
        assert_eq!((ruleset(&host), nft_listing(&host)), once, "{name}");
        if name == "minimal" {
            continue;
        }
        for _ in 0..2 {
            succeed(&host, name, &["--revert"]);
            assert_eq!((ruleset(&host), nft_listing(&host)), without, "{name}");
        }
    }
}

#[test]
fn what_a_program_says_is_what_the_kernel_has() {
    need_namespaces!();
    for (name, arguments) in COMMANDS {
        let host = Host::new("host");
        let said = succeed(&host, name, arguments);
        let tables = ruleset(&host);
        let [table] = &tables[..] else { panic!("{name}: {tables:?}") };
        for rule in table.chains.iter().flat_map(|chain| &chain.rules).filter(|_| name != "minimal") {
            let comment = rule.comment_text().expect("a comment");
            assert!(said.contains(&comment), "{name} does not say {comment:?}: {said}");
        }
        let policy = |chain: &Chain| chain.base.as_ref().and_then(|base| base.policy);
        let drops = table.chains.iter().filter(|chain| policy(chain) == Some(Policy::Drop)).count();
        let expected = match name {
            "load_balancer" | "blocklist" | "ssh_guard" => 0,
            "minimal" => 1,
            "lockdown" => 3,
            _ => 2,
        };
        assert_eq!(drops, expected, "{name}");
    }
}

#[test]
fn a_dry_run_touches_nothing() {
    need_namespaces!();
    let host = Host::new("host");
    host.run(|| Forwarding::ALL.map(|version| version.turn_off().unwrap()));
    open(&host).apply(others()).unwrap();
    open(&host).apply(Ruleset::new().table(edge())).unwrap();
    let before = (open(&host).generation().unwrap(), nft_listing(&host));
    for (name, arguments) in COMMANDS {
        let said = succeed(&host, name, &[arguments, &["--dry-run"]].concat());
        assert!(said.starts_with("would "), "{said}");
        if name != "minimal" {
            assert!(said.contains(&format!("table inet {name}")), "{said}");
            assert!(said.contains("the kernel would accept this"), "{said}");
            succeed(&host, name, &["--revert", "--dry-run"]);
        }
    }
    // Of one line of arguments, this program knows none: whoever asks for help must not be locked out.
    for argument in ["--help", "--dryrun", "--revert"] {
        assert!(succeed(&host, "minimal", &[argument]).starts_with("would drop "), "{argument}");
    }
    assert_eq!((open(&host).generation().unwrap(), nft_listing(&host)), before);
    assert_eq!(host.run(|| Forwarding::ALL.map(|version| version.is_on().unwrap())), [false; 2]);
}

#[test]
fn a_missing_privilege_is_explained() {
    need_namespaces!();
    let host = Host::new("host");
    host.run(|| Forwarding::ALL.map(|version| version.turn_off().unwrap()));
    // Nobody, in a user namespace that does not own the host's network.
    let unprivileged = |command: &Command| {
        let mut nobody = Command::new("unshare");
        nobody.arg("--user").arg(command.get_program()).args(command.get_args());
        host.run(|| nobody.output())
    };
    if !unprivileged(&Command::new("true")).is_ok_and(|output| output.status.success()) {
        skip!("a program without privileges needs unshare, and the permission for user namespaces");
    }
    for (name, arguments) in COMMANDS {
        let error = sentence(&unprivileged(example(name).args(arguments)).unwrap());
        assert!(error.starts_with(&format!("{name}: ")), "{error}");
        assert!(error.contains("permission denied") && error.contains("CAP_NET_ADMIN"), "{error}");
        succeeded(&unprivileged(example(name).args(arguments).arg("--dry-run")).unwrap());
    }
    assert_eq!(ruleset(&host), []);
    assert_eq!(host.run(|| Forwarding::ALL.map(|version| version.is_on().unwrap())), [false; 2]);
}

#[test]
fn a_wrong_command_line_is_answered_by_the_usage() {
    need_namespaces!();
    let host = Host::new("host");
    for (name, arguments, problem) in [
        ("service_firewall", &["--port", "99999"] as &[&str], "99999"),
        ("service_firewall", &["--port", "0"], "\"0\""),
        ("service_firewall", &["--reject"], "at least one --port"),
        ("service_firewall", &["--prot", "22"], "'--prot'"),
        ("ip_firewall", &[], "at least one --trust"),
        ("load_balancer", &["--listen", "80"], "at least one --backend"),
        ("load_balancer", &["--listen", "80", "--backend", "somewhere"], "somewhere"),
        ("ssh_guard", &["--block", "1x"], "\"1x\" is not a duration"),
        ("ssh_guard", &["--limit", "0"], "\"0\""),
        ("lockdown", &["example.com"], "example.com"),
        ("lockdown", &["--dry-run"], "--allow"),
    ] {
        let output = run(&host, name, arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.lines().next().unwrap_or_default().contains(problem), "{text}");
        assert!(text.contains("Usage: "), "{text}");
        assert!(succeed(&host, name, &["--help"]).contains("--dry-run"));
    }
    for (name, arguments, problem) in [
        ("ip_firewall", &["--trust", "10.0.0.0/33"], "10.0.0.0"),
        ("ip_firewall", &["--trust", "10.0.2"], "\"10.0.2\" is not an address"),
        ("lockdown", &["--allow", "no-such-host.invalid"], "no-such-host.invalid"),
    ] {
        let error = sentence(&run(&host, name, arguments));
        assert!(error.contains(problem), "{error}");
    }
    assert_eq!(ruleset(&host), []);
}

#[test]
fn forwarding_is_turned_on_and_off() {
    need_namespaces!();
    let (host, other) = (Host::new("host"), Host::new("other"));
    portcullis_world::link(&host, "eth0", &other, "eth0");
    for (forwarding, key, interface) in [
        (Forwarding::V4, "net/ipv4/ip_forward", "net/ipv4/conf/eth0/forwarding"),
        (Forwarding::V6, "net/ipv6/conf/all/forwarding", "net/ipv6/conf/eth0/forwarding"),
    ] {
        other.run(|| forwarding.turn_off().unwrap());
        host.sysctl(key, "0");
        assert!(!host.run(|| forwarding.is_on()).unwrap());
        assert!(!host.run(|| forwarding.turn_on()).unwrap());
        assert!(host.run(|| forwarding.turn_on()).unwrap());
        assert!(host.run(|| forwarding.is_on()).unwrap());
        assert_eq!((host.read_sysctl(key), host.read_sysctl(interface)), ("1".into(), "1".into()));
        // It is the calling thread's namespace that is meant.
        assert!(!other.run(|| forwarding.is_on()).unwrap());
        assert!(host.run(|| forwarding.turn_off()).unwrap());
        assert_eq!((host.read_sysctl(key), host.read_sysctl(interface)), ("0".into(), "0".into()));
    }
}

#[test]
fn a_switch_that_cannot_be_turned_is_explained_before_anything_is_done() {
    need_namespaces!();
    let host = Host::new("host");
    let read_only = |command: &Command| {
        let script = "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec \"$@\"";
        let mut confined = Command::new("unshare");
        confined.args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"]);
        host.run(|| confined.arg(command.get_program()).args(command.get_args()).output())
    };
    if !read_only(&Command::new("true")).is_ok_and(|output| output.status.success()) {
        skip!("a read-only /proc/sys needs unshare and mount, and the permission for them");
    }
    host.run(|| Forwarding::V4.turn_off().unwrap());
    let mut balancer = example("load_balancer");
    balancer.args(["--listen", "80", "--backend", "192.168.1.2:8080"]);
    let error = sentence(&read_only(&balancer).unwrap());
    assert!(error.contains("cannot turn on IPv4 forwarding (/proc/sys/net/ipv4/ip_forward)"), "{error}");
    assert!(error.contains("--sysctl net.ipv4.ip_forward=1"), "{error}");
    assert_eq!(ruleset(&host), []);
    // Where it is on already, nothing need be written.
    host.run(|| Forwarding::V4.turn_on().unwrap());
    succeeded(&read_only(&balancer).unwrap());
    assert_eq!(ruleset(&host).len(), 1);
}

#[test]
fn the_demo_goes_as_it_expects() {
    need_namespaces!();
    let host = Host::new("host");
    let before = std::fs::read_to_string("/proc/mounts").unwrap();
    let output = run(&host, "demo", &[]);
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("went as expected") && !text.contains('✗') && !text.contains('\x1b'), "{text}");
    for line in text.lines() {
        assert!(line.chars().count() < 100, "{line}");
    }
    assert_eq!(std::fs::read_to_string("/proc/mounts").unwrap(), before);
    assert_eq!(ruleset(&host), []);
}
