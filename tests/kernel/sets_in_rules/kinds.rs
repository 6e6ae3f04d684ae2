//! Every kind of set and map that the other tests here send no packets to: a table of declarations, rules, packets, and
//! how many packets are found.

use std::{
    fmt::Display,
    net::{Ipv4Addr, Ipv6Addr},
    time::{Duration, Instant},
};

use portcullis::{
    Chain, CtState, Family, IcmpType, Icmpv6Type, InterfaceName, MacAddr, Mark, Netfilter, Port, Protocol,
    Quota, Rate, Rule, Ruleset, Set, Transaction,
    expr::{Expr, Verdict},
    language::targets::ChangeSet,
    probe::Feature,
    select::{self, Daddr, Dport, EtherSaddr, L4Proto, OifName, Saddr, Select, SelectOne, mapped},
    set::{Details, Entry, Field, Interval, MapOf, SetOf, VerdictMap},
};
use portcullis_world::{Attempt, Host, PATIENT, Packet, World, need_namespaces, this_function};

use super::{OUTPUT, found, programmed, send, table, v4};
use crate::support::{counted, need_feature, open, part_can_run};

const TABLE: (Family, &str) = (Family::Inet, "t");
const HOUR: Duration = Duration::from_secs(3600);

/// A row of the table: what is declared, what the rules say, what is sent, and how often the rule that is called
/// "found" was reached. The chain `left` is there to jump to.
struct Row {
    name: &'static str,
    sets: Vec<Set>,
    rules: Vec<Rule>,
    packets: Vec<Packet>,
    found: u64,
    needs: Option<Feature>,
}

fn row<const S: usize, const R: usize>(
    name: &'static str,
    sets: [Set; S],
    rules: [Rule; R],
    packets: &[Packet],
    found: u64,
) -> Row {
    Row { name, sets: sets.into(), rules: rules.into(), packets: packets.to_vec(), found, needs: None }
}

impl Row {
    fn needs(self, feature: Feature) -> Self {
        Self { needs: Some(feature), ..self }
    }

    fn run(self, about: &str) {
        let host = Host::new("host");
        if self.needs.is_some_and(|feature| !part_can_run(&host, this_function!(), feature)) {
            return;
        }
        host.route_local("fd00:7::/64");
        let table = self.sets.into_iter().fold(table(), portcullis::Table::set);
        let mut firewall = programmed(&host, table.chain(Chain::new("left")), self.rules);
        self.packets.iter().for_each(|packet| packet.send(&host));
        assert_eq!(counted(&mut firewall, OUTPUT, "found"), self.found, "{about}: {}", self.name);
    }
}

fn udp() -> Rule {
    Rule::new().udp()
}

/// A packet of UDP between two addresses of one IP version.
fn between(source: impl Display, destination: impl Display, port: u16) -> Packet {
    let socket = |address: String, port: u16| {
        if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
    };
    let (source, destination) = (socket(source.to_string(), 4000), socket(destination.to_string(), port));
    Packet::udp(source.as_str(), destination.as_str())
}

/// The rows whose keys are addresses, of one IP version. `host` makes an address of a number.
fn of_addresses<A>(host: impl Fn(u8) -> A) -> Vec<Row>
where
    A: Field + Copy + Display,
    Daddr: SelectOne<A> + Select<A>,
    Saddr: SelectOne<A> + Select<A>,
{
    let to = |last: u8, port: u16| between(host(1), host(last), port);
    let [two, three, five] = [2, 3, 5].map(&host);
    let run = || Interval::new(two, five);
    let low = || Interval::new(Port(50), Port(60));
    let three_hosts = [to(2, 53), to(3, 53), to(9, 53)];
    let run_of_hosts = [to(2, 53), to(4, 53), to(5, 99), to(9, 53)];
    let accept = Verdict::Accept;

    let set = SetOf::<A>::new("set");
    let runs = SetOf::<Interval<A>>::new("runs");
    let marks = MapOf::<A, Mark>::new("marks");
    let run_marks = MapOf::<Interval<A>, Mark>::new("marks");
    let ways = VerdictMap::<A>::new("ways");
    let run_ways = VerdictMap::<Interval<A>>::new("ways");
    let pairs = SetOf::<(A, Port)>::new("pairs");
    let run_pairs = SetOf::<(Interval<A>, Interval<Port>)>::new("pairs");
    let triples = SetOf::<(A, A, Port)>::new("triples");
    let pair_marks = MapOf::<(A, Port), Mark>::new("marks");
    let run_pair_marks = MapOf::<(Interval<A>, Interval<Port>), Mark>::new("marks");
    let pair_ways = VerdictMap::<(A, Port)>::new("ways");
    let run_pair_ways = VerdictMap::<(Interval<A>, Interval<Port>)>::new("ways");

    let marked = |mark: u32| found(udp().mark(mark));
    let by_daddr = udp().set_mark_by(mapped(Daddr, &marks));
    let by_run = udp().set_mark_by(mapped(Daddr, &run_marks));
    let catches = |row: Row| row.needs(Feature::SetCatchAll);
    vec![
        row("members", [set.with([two])], [found(udp().in_set(Daddr, &set))], &three_hosts, 1),
        catches(row(
            "every key, by a catch-all",
            [set.with([Entry::new(two), Entry::catch_all()])],
            [found(udp().in_set(Daddr, &set))],
            &three_hosts,
            3,
        )),
        catches(row(
            "every key, by a catch-all beside runs",
            [runs.with([Entry::new(run()), Entry::catch_all()])],
            [found(udp().in_set(Daddr, &runs))],
            &three_hosts,
            3,
        )),
        row(
            "a map to marks",
            [marks.with([(two, Mark(1)), (three, Mark(7))])],
            [by_daddr.clone(), marked(7)],
            &three_hosts,
            1,
        ),
        catches(row(
            "a map's catch-all",
            [marks.with([Entry::mapping(two, Mark(1)), Entry::otherwise(Mark(7))])],
            [by_daddr.clone(), marked(7)],
            &three_hosts,
            2,
        )),
        row(
            "a map to marks of connections",
            [marks.with([(two, Mark(1)), (three, Mark(7))])],
            [udp().set_ct_mark_by(mapped(Daddr, &marks)), found(udp().ct_mark(7))],
            &three_hosts,
            1,
        ),
        row(
            "a map of runs",
            [run_marks.with([(run(), Mark(7))])],
            [by_run.clone(), marked(7)],
            &run_of_hosts,
            3,
        ),
        catches(row(
            "the catch-all of a map of runs",
            [run_marks.with([Entry::mapping(run(), Mark(1)), Entry::otherwise(Mark(7))])],
            [by_run, marked(7)],
            &run_of_hosts,
            1,
        )),
        row(
            "a verdict map",
            [ways.with([(two, accept.clone()), (three, Verdict::jump("left"))])],
            [udp().verdict_map(Daddr, &ways), found(udp())],
            &three_hosts,
            2,
        ),
        catches(row(
            "a verdict map's catch-all",
            [ways.with([Entry::mapping(two, Verdict::jump("left")), Entry::otherwise(accept.clone())])],
            [udp().verdict_map(Daddr, &ways), found(udp())],
            &three_hosts,
            1,
        )),
        row(
            "a verdict map of runs",
            [run_ways.with([(run(), accept.clone())])],
            [udp().verdict_map(Daddr, &run_ways), found(udp())],
            &run_of_hosts,
            1,
        ),
        catches(row(
            "the catch-all of a verdict map of runs",
            [run_ways.with([Entry::mapping(run(), Verdict::jump("left")), Entry::otherwise(accept.clone())])],
            [udp().verdict_map(Daddr, &run_ways), found(udp())],
            &run_of_hosts,
            3,
        )),
        row(
            "a concatenation",
            [pairs.with([(two, Port(53)), (five, Port(53))])],
            [found(udp().in_set((Daddr, Dport), &pairs))],
            &run_of_hosts,
            1,
        ),
        row(
            "a concatenation of runs",
            [run_pairs.with([(run(), low())])],
            [found(udp().in_set((Daddr, Dport), &run_pairs))],
            &run_of_hosts,
            2,
        ),
        row(
            "a concatenation of three",
            [triples.with([(host(1), two, Port(53)), (two, host(1), Port(53))])],
            [found(udp().in_set((Saddr, Daddr, Dport), &triples))],
            &three_hosts,
            1,
        ),
        row(
            "a map of concatenations",
            [pair_marks.with([((two, Port(53)), Mark(7)), ((five, Port(53)), Mark(7))])],
            [udp().set_mark_by(mapped((Daddr, Dport), &pair_marks)), marked(7)],
            &run_of_hosts,
            1,
        ),
        row(
            "a map of concatenated runs",
            [run_pair_marks.with([((run(), low()), Mark(7))])],
            [udp().set_mark_by(mapped((Daddr, Dport), &run_pair_marks)), marked(7)],
            &run_of_hosts,
            2,
        ),
        row(
            "a verdict map of concatenations",
            [pair_ways.with([((two, Port(53)), accept.clone())])],
            [udp().verdict_map((Daddr, Dport), &pair_ways), found(udp())],
            &run_of_hosts,
            3,
        ),
        row(
            "a verdict map of concatenated runs",
            [run_pair_ways.with([((run(), low()), accept)])],
            [udp().verdict_map((Daddr, Dport), &run_pair_ways), found(udp())],
            &run_of_hosts,
            2,
        ),
        row(
            "a value that packets put into a map",
            [marks.clone().dynamic().into()],
            [
                by_daddr.clone(),
                marked(7),
                udp().dport(53).change_set(ChangeSet::add_value(Daddr, Mark(7), &marks.clone().dynamic())),
            ],
            &[to(2, 53), to(2, 53), to(3, 54), to(3, 54)],
            1,
        ),
        row(
            "a mapping that packets make",
            [marks.clone().dynamic().into()],
            [
                udp().mark(7).change_set(ChangeSet::add_mapping(
                    Daddr,
                    select::Mark,
                    &marks.clone().dynamic(),
                )),
                udp().mark(0).set_mark_by(mapped(Daddr, &marks)).counter().comment("found"),
                udp().mark(0).drop(),
            ],
            &[to(2, 53).mark(7), to(2, 54), to(2, 55)],
            2,
        ),
    ]
}

#[test]
fn of_ipv4_addresses() {
    need_namespaces!();
    for row in of_addresses(|last| Ipv4Addr::new(127, 0, 0, last)) {
        row.run("IPv4");
    }
}

#[test]
fn of_ipv6_addresses() {
    need_namespaces!();
    for row in of_addresses(|last| Ipv6Addr::new(0xfd00, 7, 0, 0, 0, 0, 0, last.into())) {
        row.run("IPv6");
    }
}

#[test]
fn of_protocols_messages_and_connections() {
    need_namespaces!();
    let (near, far) = (["127.0.0.1", "fd00:7::1"], ["127.0.0.9", "fd00:7::9"]);
    let protocols = SetOf::<Protocol>::new("protocols");
    let types = SetOf::<IcmpType>::new("types");
    let types6 = SetOf::<Icmpv6Type>::new("types");
    let states = SetOf::<CtState>::new("states");
    let ways = VerdictMap::<CtState>::new("ways");
    // The kernel's answers go the other way.
    let there = |version: usize| {
        if version == 0 { Rule::new().daddr("127.0.0.9") } else { Rule::new().daddr("fd00:7::9") }
    };
    for version in [0, 1] {
        let (near, far) = (near[version], far[version]);
        let socket = |address: &str, port: u16| {
            if version == 0 { format!("{address}:{port}") } else { format!("[{address}]:{port}") }
        };
        let (from, to) = (socket(near, 4000), socket(far, 53));
        let tcp = Packet::tcp(from.as_str(), to.as_str());
        let message = |kind: u8| Packet::icmp(near, far, kind, 0);
        let mixed = [between(near, far, 53), tcp, message(8), Packet::other(near, far, 253)];
        let back = Packet::udp(to.as_str(), from.as_str());
        let connection = [between(near, far, 53), back, between(near, far, 53), between(near, far, 53)];
        let rows = [
            row(
                "protocols",
                [protocols.with([Protocol::UDP, Protocol(253)])],
                [found(there(version).in_set(L4Proto, &protocols))],
                &mixed,
                2,
            ),
            row(
                "not these protocols",
                [protocols.with([Protocol::UDP, Protocol(253)])],
                [found(there(version).not_in_set(L4Proto, &protocols))],
                &mixed,
                2,
            ),
            row(
                "states",
                [states.with([CtState::ESTABLISHED, CtState::RELATED])],
                [found(there(version).udp().in_set(select::CtState, &states))],
                &connection,
                2,
            ),
            row(
                "other states",
                [states.with([CtState::NEW, CtState::INVALID])],
                [found(there(version).udp().in_set(select::CtState, &states))],
                &connection,
                1,
            ),
            row(
                "a verdict map of states",
                [ways.with([(CtState::ESTABLISHED, Verdict::Accept), (CtState::NEW, Verdict::jump("left"))])],
                [there(version).udp().verdict_map(select::CtState, &ways), found(there(version).udp())],
                &connection,
                1,
            ),
        ];
        for row in rows {
            row.run(near);
        }
    }
    let messages = |near: &str, far: &str, kinds: [u8; 3]| kinds.map(|kind| Packet::icmp(near, far, kind, 0));
    row(
        "ICMP types",
        [types.with([IcmpType::ECHO_REQUEST, IcmpType(13)])],
        [found(there(0).in_set(select::IcmpType, &types))],
        &messages(near[0], far[0], [8, 13, 15]),
        2,
    )
    .run("IPv4");
    row(
        "ICMPv6 types",
        [types6.with([Icmpv6Type::ECHO_REQUEST])],
        [found(there(1).in_set(select::Icmpv6Type, &types6))],
        &messages(near[1], far[1], [128, 200, 129]),
        1,
    )
    .run("IPv6");
}

#[test]
fn of_interfaces() {
    need_namespaces!();
    let names = SetOf::<InterfaceName>::new("names");
    let beginnings = SetOf::<Interval<InterfaceName>>::new("names");
    let ways = MapOf::<Interval<InterfaceName>, Mark>::new("names");
    let exact = |name: &str| names.with([InterfaceName::exact(name), InterfaceName::exact("none")]);
    let beginning = |name: &str| beginnings.with([Interval::from(InterfaceName::from(name))]);
    let in_set = || found(udp().in_set(OifName, &names));
    let in_run = || found(udp().in_set(OifName, &beginnings));
    let to_mark = [(Interval::from(InterfaceName::from("eth*")), Mark(7))];
    for (name, set, rules, expected) in [
        ("an exact name", exact("eth0"), vec![in_set()], 2),
        ("another name", exact("eth"), vec![in_set()], 0),
        ("a beginning", beginning("eth*"), vec![in_run()], 2),
        ("another beginning", beginning("l*"), vec![in_run()], 1),
        ("a beginning of nothing", beginning("eth1*"), vec![in_run()], 0),
        (
            "a map of beginnings",
            ways.with(to_mark),
            vec![udp().set_mark_by(mapped(OifName, &ways)), found(udp().mark(7))],
            2,
        ),
    ] {
        let world = World::pair();
        let client = &world.client;
        let mut firewall = programmed(client, table().set(set), rules);
        for (from, to) in [("10.0.1.1", "10.0.1.2"), ("fd00:1::1", "fd00:1::2"), ("127.0.0.1", "127.0.0.2")] {
            between(from, to, 53).send(client);
        }
        assert_eq!(counted(&mut firewall, OUTPUT, "found"), expected, "{name}");
    }
}

#[test]
fn of_ethernet_addresses() {
    need_namespaces!();
    let set = SetOf::<MacAddr>::new("set");
    let pairs = SetOf::<(MacAddr, Ipv4Addr)>::new("pairs");
    for known in [true, false] {
        let world = World::pair();
        let mac = MacAddr(world.client.mac("eth0").0);
        let mac = if known { mac } else { MacAddr([2, 0, 0, 0, 0, 1]) };
        let rules = [
            udp().in_set(EtherSaddr, &set).counter().comment("address"),
            udp().in_set((EtherSaddr, Saddr), &pairs).counter().comment("pair"),
        ];
        let input = Chain::filter("input", portcullis::Hook::Input).rules(rules);
        let table = table().set(set.with([mac])).set(pairs.with([(mac, v4("10.0.1.1"))])).chain(input);
        let mut firewall = open(&world.server);
        firewall.apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
        let _services =
            ["10.0.1.2:53", "[fd00:1::2]:53"].map(|address| world.server.udp_service(address, "heard"));
        for address in ["10.0.1.2:53", "[fd00:1::2]:53"] {
            let outcome = Attempt::udp(address, "").timeout(PATIENT).from(&world.client);
            assert_eq!(outcome.banner(), "heard");
        }
        let mut at = |comment: &str| counted(&mut firewall, (Family::Inet, "t", "input"), comment);
        assert_eq!([at("address"), at("pair")], if known { [2, 1] } else { [0, 0] });
    }
}

/// The entry of a key, which is there.
fn entry(firewall: &mut Netfilter, set: &SetOf<Ipv4Addr>, key: &str) -> Entry<Ipv4Addr> {
    let entry = firewall.entry(TABLE, set, &v4(key)).unwrap_or_else(|error| panic!("{error}"));
    entry.unwrap_or_else(|| panic!("{key} is not in the set"))
}

/// What a set says alone does not make the kernel track connections (seen on 6.18): then none is counted for long.
fn tracked() -> Rule {
    Rule::new().ct_state(CtState::INVALID).drop()
}

#[test]
fn entries_of_the_program_count_limit_and_run_out() {
    need_namespaces!();
    let set = SetOf::<Ipv4Addr>::new("set");
    let two = || Entry::new(v4("127.0.0.2"));
    let rate = || Rate::per_hour(2).burst(2);
    // Packets of 28 bytes each: the fourth is beyond 100.
    for (name, does, expected) in [
        ("a counter", two().counter(), 6),
        ("a limit", two().limit(rate()), 2),
        ("over a limit", two().limit(rate().over()), 4),
        ("a quota", two().quota(Quota::until(100)), 3),
        ("over a quota", two().quota(Quota::over(100)), 3),
        ("connections", two().connlimit(2), 2),
        ("over connections", two().connlimit_over(2), 4),
    ] {
        let host = Host::new("host");
        // The other entry does nothing of the kind.
        let table = table().set(set.with([does, Entry::new(v4("127.0.0.3"))]));
        let mut firewall = programmed(&host, table, [tracked(), found(udp().in_set(Daddr, &set))]);
        for port in 1..=6 {
            Packet::udp(format!("127.0.0.1:{port}").as_str(), "127.0.0.2:53").send(&host);
        }
        assert_eq!(counted(&mut firewall, OUTPUT, "found"), expected, "{name}");
        send(&host, ["127.0.0.3:53"; 6]);
        assert_eq!(counted(&mut firewall, OUTPUT, "found"), expected + 6, "{name}");
        match entry(&mut firewall, &set, "127.0.0.2").expressions() {
            [Expr::Counter(counter)] => assert_eq!((counter.packets, counter.bytes), (Some(6), Some(6 * 28))),
            [Expr::Quota(quota)] => assert_eq!(quota.consumed, Some(100), "{name}"),
            [Expr::Limit(_) | Expr::Connlimit(_)] => {}
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(entry(&mut firewall, &set, "127.0.0.3").expressions(), [], "{name}");
    }
}

#[test]
fn entries_do_what_their_set_says_each_for_itself() {
    need_namespaces!();
    let rate = || Rate::per_hour(2).burst(2);
    let set = || SetOf::<Ipv4Addr>::new("set");
    let keys = ["127.0.0.2", "127.0.0.3"];
    for (name, set, expected) in [
        ("a counter", set().counter(), 12),
        ("a limit", set().limit(rate()), 4),
        ("over a limit", set().limit(rate().over()), 8),
        ("a quota", set().quota(Quota::until(100)), 6),
        ("over a quota", set().quota(Quota::over(100)), 6),
        ("connections", set().connlimit(2), 4),
        ("over connections", set().connlimit_over(2), 8),
    ] {
        let host = Host::new("host");
        let table = table().set(set.with(keys.map(v4)));
        let mut firewall = programmed(&host, table, [tracked(), found(udp().in_set(Daddr, &set))]);
        // Each is a connection of its own: kernels of 2025 count those again that come within one tick of the clock.
        for (key, port) in keys.iter().flat_map(|key| (1..=6).map(move |port| (key, port))) {
            Packet::udp(format!("127.0.0.1:{port}").as_str(), format!("{key}:53").as_str()).send(&host);
        }
        assert_eq!(counted(&mut firewall, OUTPUT, "found"), expected, "{name}");
        for key in keys {
            assert_eq!(entry(&mut firewall, &set, key).expressions().len(), 1, "{name}");
        }
    }
}

#[test]
fn a_catch_all_goes_and_members_stay() {
    need_namespaces!();
    need_feature!(Feature::SetCatchAll);
    let host = Host::new("host");
    let marks = MapOf::<Ipv4Addr, Mark>::new("marks");
    let runs = SetOf::<Interval<Ipv4Addr>>::new("runs");
    let tables = table()
        .set(marks.with([Entry::mapping(v4("127.0.0.2"), Mark(1)), Entry::otherwise(Mark(7))]))
        .set(runs.with([Entry::new(Interval::from(v4("127.0.0.2"))), Entry::catch_all()]));
    let rules = [
        udp().set_mark_by(mapped(Daddr, &marks)).counter().comment("marked"),
        found(udp().in_set(Daddr, &runs)),
    ];
    let mut firewall = programmed(&host, tables, rules);
    let reached = |firewall: &mut Netfilter| {
        send(&host, ["127.0.0.2:53", "127.0.0.3:53"]);
        ["marked", "found"].map(|comment| counted(firewall, OUTPUT, comment))
    };
    assert_eq!(reached(&mut firewall), [2, 2]);
    let mut transaction = Transaction::new();
    assert_eq!(transaction.entries(TABLE, &marks).delete_catch_all().elements, 1);
    transaction.entries(TABLE, &runs).delete_catch_all();
    firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(reached(&mut firewall), [3, 3], "the member alone");
    let left = firewall.contents(TABLE, &marks).unwrap().texts().collect::<Vec<_>>();
    assert_eq!(left, ["127.0.0.2 : 0x1"]);
    let error = firewall.commit(&transaction).unwrap_err().to_string();
    for part in ["delete elements inet t marks", "kinds.rs", "ENOENT", "it is not in set marks"] {
        assert!(error.contains(part), "no {part:?} in: {error}");
    }
    // The same as a difference, and back.
    let wanted = [Entry::mapping(v4("127.0.0.2"), Mark(1)), Entry::otherwise(Mark(9))];
    let mut update = |wanted: &[Entry<Ipv4Addr, Mark>]| {
        let updated = firewall.update_entries(TABLE, &marks, wanted, Details::Keep).unwrap();
        (updated.deleted, updated.added)
    };
    assert_eq!([update(&wanted), update(&wanted), update(&wanted[..1])], [(0, 1), (0, 0), (1, 0)]);
}

#[test]
fn an_entry_of_the_program_goes_when_its_time_is_over() {
    need_namespaces!();
    let host = Host::new("host");
    let set = SetOf::<Ipv4Addr>::new("set").with_timeouts();
    let timed = |key: &str, time| Entry::new(v4(key)).timeout(time);
    let entries = [
        timed("127.0.0.2", HOUR),
        timed("127.0.0.3", Duration::from_millis(50)),
        Entry::new(v4("127.0.0.4")),
    ];
    let mut firewall = programmed(&host, table().set(set.with(entries)), [found(udp().in_set(Daddr, &set))]);
    let end = Instant::now() + PATIENT;
    while firewall.entry(TABLE, &set, &v4("127.0.0.3")).unwrap().is_some() {
        assert!(Instant::now() < end, "its time is not over");
    }
    send(&host, ["127.0.0.2:53", "127.0.0.3:53", "127.0.0.4:53"]);
    assert_eq!(counted(&mut firewall, OUTPUT, "found"), 2, "those whose time is not over");
    // The same, added while the set is in use.
    let mut transaction = Transaction::new();
    transaction.entries(TABLE, &set).add([timed("127.0.0.3", HOUR)]);
    firewall.commit(&transaction).unwrap_or_else(|error| panic!("{error}"));
    send(&host, ["127.0.0.3:53"]);
    assert_eq!(counted(&mut firewall, OUTPUT, "found"), 3);
}

#[test]
fn an_update_of_a_map_starts_the_time_anew_and_an_addition_does_not() {
    need_namespaces!();
    let host = Host::new("host");
    let minute = Duration::from_secs(60);
    let values = MapOf::<Ipv4Addr, Mark>::new("values").dynamic().with_timeouts().capacity(100);
    let mappings = MapOf::<Ipv4Addr, Port>::new("mappings").dynamic().with_timeouts().capacity(100);
    let at = |port: u16, change: ChangeSet| udp().dport(port).change_set(change);
    let rules = [
        at(1, ChangeSet::add_value(Daddr, Mark(1), &values).timeout(minute)),
        at(1, ChangeSet::add_mapping(Daddr, Dport, &mappings).timeout(minute)),
        at(2, ChangeSet::add_value(Daddr, Mark(2), &values).timeout(HOUR)),
        at(2, ChangeSet::add_mapping(Daddr, Dport, &mappings).timeout(HOUR)),
        at(3, ChangeSet::update_value(Daddr, Mark(3), &values).timeout(HOUR)),
        at(3, ChangeSet::update_mapping(Daddr, Dport, &mappings).timeout(HOUR)),
    ];
    let tables = table().set(values.clone().into()).set(mappings.clone().into());
    let mut firewall = programmed(&host, tables, rules);
    let mut there = |key: &str| {
        let value = firewall.entry(TABLE, &values, &v4(key)).unwrap().unwrap_or_else(|| panic!("no {key}"));
        let mapping = firewall.entry(TABLE, &mappings, &v4(key)).unwrap().unwrap();
        let long =
            [value.time_left(), mapping.time_left()].map(|left| left.is_some_and(|left| left > minute));
        (value.value.0, mapping.value.0, long)
    };
    send(&host, ["127.0.0.2:1"]);
    assert_eq!(there("127.0.0.2"), (1, 1, [false, false]));
    send(&host, ["127.0.0.2:2"]);
    assert_eq!(there("127.0.0.2"), (1, 1, [false, false]), "what is there stays");
    send(&host, ["127.0.0.2:3"]);
    assert_eq!(there("127.0.0.2"), (1, 1, [true, true]), "its time begins anew, and it leads where it did");
    send(&host, ["127.0.0.3:3"]);
    assert_eq!(there("127.0.0.3"), (3, 3, [true, true]), "what is not there is added");
}
