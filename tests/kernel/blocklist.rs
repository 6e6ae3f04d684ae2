//! The example `blocklist`: lists as they are published, bad ones, and packets while lists are refreshed.

use std::{
    fmt::Write,
    fs,
    net::{Ipv4Addr, UdpSocket},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Duration,
};

use ipnet::Ipv4Net;
use portcullis::{
    Family, Netfilter, Rule,
    expr::{Counter, Expr},
    set::{Interval, SetOf},
};
use portcullis_world::{Host, World, need_namespaces, skip};

use crate::support::{nft_listing, open, packets};

const TABLE: (Family, &str) = (Family::Inet, "blocklist");
const INPUT: (Family, &str, &str) = (Family::Inet, "blocklist", "input");
const FROM_V4: &str = "from blocked IPv4 addresses";

/// A directory of its own for each test's lists.
struct Lists(PathBuf);

impl Lists {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("portcullis-blocklist-{}-{test}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

impl Drop for Lists {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn blocklist(host: &Host, arguments: &[&str]) -> Output {
    let own = std::env::current_exe().expect("this test's own path");
    let path = own.ancestors().nth(2).expect("target/<profile>").join("examples/blocklist");
    assert!(Path::is_file(&path), "{} is missing: run `cargo build --examples`", path.display());
    host.output(Command::new(path).args(arguments))
}

/// What it says when it succeeds; it says nothing else, for no terminal is there.
#[track_caller]
fn succeed(host: &Host, arguments: &[&str]) -> String {
    let output = blocklist(host, arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{}: {errors}", output.status);
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What it says when it does not work.
#[track_caller]
fn fail(host: &Host, arguments: &[&str]) -> String {
    let output = blocklist(host, arguments);
    assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stdout)), (Some(1), ""));
    String::from_utf8(output.stderr).expect("UTF-8")
}

fn v4() -> SetOf<Interval<Ipv4Addr>> {
    SetOf::new("v4")
}

/// Both sets' elements.
fn blocks(firewall: &mut Netfilter) -> [Vec<String>; 2] {
    let v6 = SetOf::<Interval<std::net::Ipv6Addr>>::new("v6");
    [
        firewall.contents(TABLE, &v4()).unwrap().texts().collect(),
        firewall.contents(TABLE, &v6).unwrap().texts().collect(),
    ]
}

#[test]
fn lists_as_they_are_published() {
    need_namespaces!();
    let host = Host::new("server");
    let lists = Lists::new("published");
    // A byte order mark, Windows' line ends, Latin-1, what others call a network, no line end at the end.
    let one = lists.file(
        "one",
        b"\xef\xbb\xbf10.0.0.1\r\n\r\n; Spamhaus\n1.10.16.0/20 ; SBL256894\n# \xe9t\xe9\n  10.0.0.2\t# no\n10.0.0.7/30",
    );
    let two = lists.file(
        "two",
        "10.0.0.0/30\n10.0.0.1\n10.0.0.1\n9.0.0.1 - 9.0.0.9\n9.0.0.5-9.0.0.20\n0.0.0.0\n255.255.255.255\n\
         2001:db8::/33\n2001:db8:8000::/33\nfd00::1\n::ffff:8.8.8.8\n#10.9.9.9\n",
    );
    let said = succeed(&host, &[&one, &two]);
    for part in [
        "19 lines of 2 lists: 8 addresses, 5 networks, 2 ranges",
        "IPv4: 12 entries, 6 blocks when merged",
        "IPv6: 3 entries, 2 blocks when merged",
        "put in place:\n\ntable inet blocklist",
        " s, ",
    ] {
        assert!(said.contains(part), "no {part:?} in: {said}");
    }
    let expected = [
        vec!["0.0.0.0", "1.10.16.0/20", "8.8.8.8", "9.0.0.1-9.0.0.20", "10.0.0.0/29", "255.255.255.255"],
        vec!["2001:db8::/32", "fd00::1"],
    ];
    assert_eq!(blocks(&mut open(&host)), expected);
    if let Some(listing) = nft_listing(&host) {
        // nft breaks long lines.
        let words = listing.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("auto-merge elements = { 0.0.0.0, 1.10.16.0/20, 8.8.8.8,"), "{listing}");
        assert!(words.contains("9.0.0.1-9.0.0.20, 10.0.0.0/29"), "{listing}");
    }
    // The same by standard input, in another order: the set stays, nothing else is said.
    let script = "for list in \"$2\" \"$1\"; do cat \"$list\"; echo; done | \"$0\" --quiet -";
    let own = std::env::current_exe().unwrap();
    let program = own.ancestors().nth(2).unwrap().join("examples/blocklist");
    let piped = host.output(Command::new("sh").args(["-c", script]).arg(program).args([&two, &one]));
    assert!(piped.status.success() && piped.stdout.is_empty() && piped.stderr.is_empty(), "{piped:?}");
    assert_eq!(blocks(&mut open(&host)), expected);
}

#[test]
fn a_bad_line_is_named_and_nothing_is_applied() {
    need_namespaces!();
    let host = Host::new("server");
    let lists = Lists::new("bad");
    let good = lists.file("good", "192.0.2.1\n");
    succeed(&host, &[&good]);
    let before = (open(&host).generation().unwrap(), nft_listing(&host));
    for (line, problem) in [
        ("10.0.0.300", "\"10.0.0.300\" is no address, network (10.0.2.0/24) or range (10.0.2.1-10.0.2.9)"),
        ("example.com # host", "\"example.com\" is no address"),
        ("10.0.0.0/33", "\"10.0.0.0/33\" has a prefix length above 32"),
        ("fd00::/129", "\"fd00::/129\" has a prefix length above 128"),
        ("10.0.0.0/24/8", "\"10.0.0.0/24/8\" is no address"),
        ("10.0.0.9-10.0.0.1", "\"10.0.0.9-10.0.0.1\" is reversed: 10.0.0.1-10.0.0.9 is a range"),
        ("10.0.0.1-fd00::1", "begins in one version of IP and ends in the other"),
        ("10.0.0.1 10.0.0.2", "\"10.0.0.1 10.0.0.2\" is no address"),
        ("\x1b[2J", "\"\\u{1b}[2J\" is no address"),
    ] {
        let bad = lists.file("bad", format!("# a list\n192.0.2.2\n{line}\n192.0.2.3\n"));
        for how in [&[][..], &["--update"], &["--dry-run"]] {
            let text = fail(&host, &[how, &[&good, &bad]].concat());
            assert!(text.starts_with(&format!("blocklist: {bad}:3: ")), "{text}");
            assert!(text.contains(problem) && text.ends_with("; nothing was changed\n"), "{text}");
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }
    let many = lists.file("many", "x\n10.0.0.1\n".repeat(13) + &"y".repeat(200_000));
    let text = fail(&host, &[&many]);
    assert!(text.starts_with("blocklist: 14 lines are not understood, nothing was changed:\n"), "{text}");
    assert!(text.contains(&format!("\n  {many}:19: ")) && !text.contains(&format!("{many}:21")), "{text}");
    assert!(text.ends_with("\n  and 4 more\n") && text.lines().count() == 12, "{text}");
    let binary = lists.file("binary", [0xff; 200_000]);
    let text = fail(&host, &[&binary]);
    assert!(text.contains(&format!("{binary}:1: ")) && text.len() < 600, "{text}");
    let text = fail(&host, &[&good, "/nonexistent/list"]);
    assert!(text.starts_with("blocklist: /nonexistent/list: No such file"), "{text}");
    assert_eq!((open(&host).generation().unwrap(), nft_listing(&host)), before);
}

#[test]
fn packets_of_both_families_are_blocked_and_let_through() {
    need_namespaces!();
    let world = World::pair();
    let (client, server) = (&world.client, &world.server);
    let _service = server.tcp_service("[::]:22", "ssh");
    let reached = |expected: [bool; 2]| {
        for (target, expected) in ["10.0.1.2:22", "[fd00:1::2]:22"].into_iter().zip(expected) {
            assert_eq!(client.tcp_try(target).is_connected(), expected, "{target}");
        }
    };
    let lists = Lists::new("packets");
    let both = lists.file("both", "10.0.1.0/31\nfd00:1::1 # the client\n127.0.0.0/8\n::1\n");
    let other = lists.file("other", "10.0.1.7\nfd00:1::7\n");
    succeed(server, &[&both]);
    reached([false, false]);
    let shown = succeed(server, &["--counters"]);
    let lines = shown.lines().take_while(|line| !line.contains("forward"));
    // Spare sets, where the kernel needs them, are empty now.
    let input: Vec<&str> = lines.filter(|line| !line.contains("while lists change")).collect();
    assert!(input.iter().any(|line| line.contains(FROM_V4)), "{shown}");
    assert!(!input.iter().any(|line| line.contains(" 0 packets")), "{shown}");
    // Lists of what nobody should have do not stop the machine's own programs.
    assert!(server.tcp_try("127.0.0.1:22").is_connected() && server.tcp_try("[::1]:22").is_connected());
    succeed(server, &["--family", "ipv6", &other]);
    reached([false, true]);
    succeed(server, &["--update", "--family", "ipv4", &other]);
    reached([true, true]);
    succeed(server, &["--update", &both]);
    reached([false, false]);
    // What the server sends is answered by the client, but the answers come from a blocked address.
    succeed(server, &["--hook", "output", &other]);
    reached([true, true]);
    succeed(server, &["--hook", "output", &both]);
    reached([false, false]);
    succeed(server, &["--hook", "prerouting", &both]);
    reached([false, false]);
    let error = fail(server, &["--family", "ipv4", &other]);
    assert!(error.contains("other rules") && error.contains("without --family"), "{error}");
    succeed(server, &["--remove"]);
    reached([true, true]);
}

#[test]
fn routed_packets_are_blocked_both_ways() {
    need_namespaces!();
    let world = World::routed();
    let _service = world.backend1.tcp_service("192.168.1.2:8080", "one");
    let lists = Lists::new("routed");
    let reached = || world.client.tcp_try("192.168.1.2:8080").is_connected();
    assert!(reached());
    // The client, or where it wants to go.
    for (blocked, expected) in [("10.0.1.1", false), ("192.168.1.2", false), ("192.168.1.3", true)] {
        succeed(&world.router, &[&lists.file("list", blocked)]);
        assert_eq!(reached(), expected, "{blocked}");
    }
}

#[test]
fn no_packet_gets_through_while_lists_are_refreshed() {
    refreshed("refreshed", &[]);
}

/// As is done by itself where the kernel needs it.
#[test]
fn no_packet_gets_through_where_spare_sets_cover_the_exchange() {
    refreshed("covered", &["--spare"]);
}

fn refreshed(test: &str, option: &[&str]) {
    need_namespaces!();
    let world = World::pair();
    let (client, server) = (&world.client, &world.server);
    let service = server.udp_service("0.0.0.0:53", "reached");
    let lists = Lists::new(test);
    // The blocked client is in every list: by itself, in a network, at the edge of a range; the rest is exchanged.
    let files: Vec<String> = ["10.0.1.1", "10.0.1.0/30", "9.255.0.0-10.0.1.1"]
        .iter()
        .enumerate()
        .map(|(index, blocked)| {
            let mut list = format!("{blocked}\n");
            for entry in 0..2000_usize {
                let block = 3 * entry + index;
                let _ = writeln!(list, "{}.{}.{}.0/28", 20 + index, block / 200, block % 200);
            }
            lists.file(&format!("list{index}"), list)
        })
        .collect();
    succeed(server, &[option, &[&files[0]]].concat());
    let socket = client.run(|| UdpSocket::bind("10.0.1.1:4000").unwrap());
    let (done, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                if socket.send_to(b"let me in", "10.0.1.2:53").is_ok() {
                    sent.fetch_add(1, Ordering::Relaxed);
                }
                thread::sleep(Duration::from_micros(20));
            }
        });
        for round in 0..50 {
            let file = files[round % 3].as_str();
            let update: &[&str] = if round % 4 == 3 { &["--update"] } else { &[] };
            let output = blocklist(server, &[option, update, &[file]].concat());
            if !output.status.success() {
                done.store(true, Ordering::Relaxed);
                panic!("{}", String::from_utf8_lossy(&output.stderr));
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    let sent = sent.into_inner();
    assert_eq!(service.visits(), []);
    // The rules stayed, so they have counted from the first refresh to the last; spare sets' rules what others let pass.
    let mut firewall = open(server);
    let table = firewall.table(TABLE).unwrap().expect("the table");
    let rules = table.chains.iter().flat_map(|chain| &chain.rules);
    let counted =
        rules.filter(|rule| rule.comment_text().is_some_and(|comment| comment.starts_with(FROM_V4)));
    let dropped: u64 = counted.filter_map(packets).sum();
    assert!(sent >= 500 && dropped >= sent / 2 && dropped <= sent, "{dropped} of {sent} dropped");
    if option.contains(&"--spare") {
        assert!(firewall.contents(TABLE, &SetOf::<Interval<Ipv4Addr>>::new("v4-spare")).unwrap().is_empty());
    }
    // And without the list it does get through.
    succeed(server, &["--remove"]);
    assert!(client.udp_try("10.0.1.2:53", "let me in").is_connected());
}

#[test]
fn an_update_sends_the_difference_only() {
    need_namespaces!();
    let host = Host::new("server");
    let mut firewall = open(&host);
    let lists = Lists::new("update");
    let list = |first: u32, last: u32| {
        (first..last).fold(String::new(), |list, at| list + &format!("10.0.{at}.1\n"))
    };
    let first = lists.file("first", list(0, 200));
    // There is nothing yet: everything is sent.
    assert!(succeed(&host, &["--update", "--counters", &first]).contains("put in place"));
    let said = succeed(&host, &["--update", "--counters", &lists.file("second", list(3, 201))]);
    assert!(said.contains("198 blocks when merged: 1 new, 3 gone"), "{said}");
    assert!(said.contains("brought up to date"), "{said}");
    let before = firewall.generation().unwrap();
    let said = succeed(&host, &["--update", "--counters", &lists.file("second", list(3, 201))]);
    assert!(said.contains("0 new, 0 gone"), "{said}");
    assert_eq!(firewall.generation().unwrap(), before);
    // Every entry counts.
    let elements = firewall.elements((TABLE.0, TABLE.1, "v4")).unwrap();
    let counting = |expression: &Expr| matches!(expression, Expr::Counter(Counter { packets: Some(0), .. }));
    assert_eq!(elements.iter().filter(|element| element.expressions.iter().any(counting)).count(), 198);
    // Somebody empties a chain: it is put in place again.
    let mut flush = portcullis::Transaction::new();
    flush.flush_chain(INPUT);
    firewall.commit(&flush).unwrap();
    assert!(succeed(&host, &["--update", "--counters", &first]).contains("put in place"));
    let rules = firewall.rules(INPUT).unwrap();
    let for_spare_sets =
        |rule: &&Rule| rule.comment_text().is_some_and(|text| text.contains("while lists change"));
    assert_eq!(rules.len() - rules.iter().filter(for_spare_sets).count(), 4);
}

#[test]
fn two_hundred_thousand_networks() {
    need_namespaces!();
    let host = Host::new("server");
    let lists = Lists::new("large");
    let network = |index: u32| Ipv4Net::new(Ipv4Addr::from_bits(index << 12), 21).unwrap();
    let list = (0..200_000).rev().fold(String::new(), |mut list, index| {
        let _ = writeln!(list, "{} ; number {index}", network(index));
        list
    });
    let file = lists.file("list", list);
    let output = blocklist(&host, &[&file]);
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("net.core.wmem_max") {
        skip!("not root of the initial user namespace: so much cannot be sent at once");
    }
    assert!(output.status.success(), "{errors}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("200,000 lines of 1 list: 0 addresses, 200,000 networks, 0 ranges"), "{said}");
    assert!(said.contains("IPv4: 200,000 entries, 200,000 blocks when merged"), "{said}");
    let mut firewall = open(&host);
    for index in [0, 1, 77_777, 199_999] {
        let (inside, outside) = (network(index).broadcast(), network(index).broadcast().to_bits() + 1);
        assert!(firewall.entry(TABLE, &v4(), &inside.into()).unwrap().is_some(), "{inside}");
        assert_eq!(firewall.entry(TABLE, &v4(), &Ipv4Addr::from_bits(outside).into()).unwrap(), None);
    }
    assert!(succeed(&host, &[&file]).contains("brought up to date"));
}

#[test]
fn a_wrong_command_line_is_answered_by_the_usage() {
    need_namespaces!();
    let host = Host::new("server");
    for (arguments, problem) in [
        (&[][..], "give at least one FILE"),
        (&["--hook", "postrouting", "x"], "\"postrouting\" is none of"),
        (&["--family", "arp", "x"], "\"arp\" is neither ipv4 nor ipv6"),
        (&["--remove", "x"], "--remove takes no FILE"),
        (&["--remove", "--family", "ipv4"], "--remove takes everything away"),
        (&["--counters", "--update"], "give a FILE to load"),
        (&["-", "-"], "once only"),
        (&["--updat", "x"], "--updat"),
    ] {
        let output = blocklist(&host, arguments);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.lines().next().is_some_and(|line| line.contains(problem)), "{text}");
    }
}
