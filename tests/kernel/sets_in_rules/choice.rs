//! What maps and hashes choose, seen on packets: who answers, who asks, which chain.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use portcullis::{
    Chain, Hook, Port, Rule, Ruleset,
    expr::Verdict,
    language::targets::ChangeSet,
    probe::Feature,
    select::{Balance, Daddr, Dport, Saddr, mapped},
    set::{Interval, MapOf},
};
use portcullis_world::{Attempt, Host, PATIENT, Packet, World, need_namespaces};

use super::{OUTPUT, programmed, send, table, v4};
use crate::support::{counted, need_feature, open};

#[test]
fn maps_choose_addresses_runs_and_ports() {
    need_namespaces!();
    let world = World::routed();
    let _services = [
        world.backend1.tcp_service("192.168.1.2:8080", "one"),
        world.backend2.tcp_service("192.168.1.3:8080", "two"),
    ];
    let run = |first: &str, last: &str| Interval::new(v4(first), v4(last));
    type Runs = (Interval<Ipv4Addr>, Interval<Port>);
    let backends = MapOf::<Port, Runs>::new("backends");
    let ports = |first, last| Interval::new(Port(first), Port(last));
    let sources = MapOf::<Ipv4Addr, Interval<Ipv4Addr>>::new("sources");
    let table = table()
        .set(backends.with([
            (Port(83), (run("192.168.1.2", "192.168.1.2"), ports(8080, 8080))),
            (Port(84), (run("192.168.1.2", "192.168.1.3"), ports(8080, 8080))),
        ]))
        .set(sources.with([(v4("192.168.1.2"), run("203.0.113.10", "203.0.113.13"))]));
    let tcp = || Rule::new().ipv4().tcp();
    let prerouting = Chain::nat("prerouting", Hook::Prerouting).rules([
        // A port alone: the address stays.
        tcp().daddr("192.168.1.2").dnat_by(mapped(Dport, [(Port(80), Port(8080))])),
        tcp().dport(81).dnat_by(mapped(Daddr, [(v4("10.0.1.254"), run("192.168.1.2", "192.168.1.3"))])),
        tcp().dnat_by(mapped(Dport, &backends).persistent()),
    ]);
    let postrouting = Chain::nat("postrouting", Hook::Postrouting).rules([
        Rule::new().snat_by(mapped(Daddr, &sources).persistent()),
        Rule::new().snat_by(mapped(Saddr, [(v4("10.0.1.1"), v4("203.0.113.7"))])),
    ]);
    let table = table.chain(prerouting).chain(postrouting);
    open(&world.router).apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
    let ask = |to: &str| Attempt::tcp(to).timeout(PATIENT).from(&world.client);

    let port = ask("192.168.1.2:80");
    assert_eq!(port.banner(), "one", "a port alone: {port:?}");
    let seen = |outcome: &portcullis_world::Outcome| match outcome.seen().ip() {
        std::net::IpAddr::V4(address) => address,
        other => panic!("{other}"),
    };
    let inside = (v4("203.0.113.10")..=v4("203.0.113.13")).contains(&seen(&port));
    assert!(inside, "the source is of the run: {}", seen(&port));
    let fixed = ask("10.0.1.254:83");
    assert_eq!((fixed.banner(), seen(&fixed)), ("one", seen(&port)), "persistent: the same source again");
    // Of a run of backends, a client keeps one; each of them has its way back.
    let spread: Vec<_> = (0..6).map(|_| ask("10.0.1.254:84")).collect();
    let who = spread[0].banner();
    assert!(spread.iter().all(|answer| answer.banner() == who), "persistent: {who}");
    if who == "two" {
        assert_eq!(seen(&spread[0]), v4("203.0.113.7"), "a single address by map");
    }
    assert!(ask("10.0.1.254:85").is_refused(), "the map holds nothing for it");
}

#[test]
fn maps_choose_networks_and_the_host_stays() {
    need_namespaces!();
    let world = World::routed();
    let _services = [
        world.backend1.tcp_service("192.168.1.2:80", "one"),
        world.backend2.tcp_service("192.168.1.3:80", "two"),
        world.backend1.tcp_service("[fd00:192::2]:80", "one"),
        world.backend2.tcp_service("[fd00:192::3]:80", "two"),
    ];
    let networks = MapOf::<Ipv4Net, Interval<Ipv4Addr>>::new("networks");
    let networks6 = MapOf::<Ipv6Net, Interval<Ipv6Addr>>::new("networks6");
    let net = |text: &str| text.parse::<Ipv4Net>().unwrap();
    let net6 = |text: &str| text.parse::<Ipv6Net>().unwrap();
    let table = table()
        .set(networks.with([
            (net("10.9.0.0/24"), Interval::from(net("192.168.1.0/24"))),
            (net("10.8.0.0/24"), Interval::from(net("192.168.7.0/24"))),
        ]))
        .set(networks6.with([(net6("fd00:9::/64"), Interval::from(net6("fd00:192::/64")))]));
    let prerouting = Chain::nat("prerouting", Hook::Prerouting).rules([
        Rule::new().dnat_by(mapped(Daddr, &networks).prefix()),
        Rule::new().dnat_by(mapped(Daddr, &networks6).prefix()),
    ]);
    let table = table.chain(prerouting);
    open(&world.router).apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
    for (to, who) in
        [("10.9.0.2:80", "one"), ("10.9.0.3:80", "two"), ("[fd00:9::2]:80", "one"), ("[fd00:9::3]:80", "two")]
    {
        assert_eq!(Attempt::tcp(to).timeout(PATIENT).from(&world.client).banner(), who, "{to}");
    }
}

/// A packet puts its sender's backends into a map, and from then on the sender is led to one of them.
#[test]
fn packets_put_runs_of_backends_into_maps() {
    need_namespaces!();
    type Runs = (Interval<Ipv4Addr>, Interval<Port>);
    let world = World::routed();
    let _services = [
        world.backend1.tcp_service("192.168.1.2:8080", "one"),
        world.backend2.tcp_service("192.168.1.3:8080", "two"),
        world.backend2.tcp_service("192.168.1.3:8081", "three"),
        world.router.udp_service("10.0.1.254:1000", "heard"),
        world.router.udp_service("10.0.1.254:1001", "heard"),
    ];
    let run = |first: &str, last: &str| Interval::new(v4(first), v4(last));
    let homes = MapOf::<Ipv4Addr, Interval<Ipv4Addr>>::new("homes").dynamic().capacity(100);
    let places = MapOf::<Ipv4Addr, Runs>::new("places").dynamic().capacity(100);
    let both = run("192.168.1.2", "192.168.1.3");
    let second = (run("192.168.1.3", "192.168.1.3"), Interval::new(Port(8081), Port(8081)));
    let fill = Chain::filter("fill", Hook::Prerouting).rules([
        Rule::new().udp().dport(1000).change_set(ChangeSet::add_value(Saddr, both, &homes)),
        Rule::new().udp().dport(1001).change_set(ChangeSet::add_value(Saddr, second, &places)),
    ]);
    let lead = Chain::nat("lead", Hook::Prerouting).rules([
        Rule::new().ipv4().tcp().dport(8080).dnat_by(mapped(Saddr, &homes).persistent()),
        Rule::new().ipv4().tcp().dport(80).dnat_by(mapped(Saddr, &places)),
    ]);
    let table = table().set(homes.clone().into()).set(places.clone().into()).chain(fill).chain(lead);
    let mut firewall = open(&world.router);
    firewall.apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
    let ask =
        |port: u16| Attempt::tcp(format!("10.0.1.254:{port}").as_str()).timeout(PATIENT).from(&world.client);
    assert!([80, 8080].iter().all(|port| ask(*port).is_refused()), "the maps are empty");
    for port in [1000, 1001] {
        let knock = format!("10.0.1.254:{port}");
        assert_eq!(Attempt::udp(knock.as_str(), "").timeout(PATIENT).from(&world.client).banner(), "heard");
    }
    let place = (portcullis::Family::Inet, "t");
    let client = v4("10.0.1.1");
    assert_eq!(firewall.entry(place, &homes, &client).unwrap().unwrap().value, both);
    assert_eq!(firewall.entry(place, &places, &client).unwrap().unwrap().value, second);
    let who = ask(8080).banner().to_owned();
    assert!(["one", "two"].contains(&who.as_str()), "{who}");
    assert_eq!([ask(8080).banner(), ask(80).banner()], [who.as_str(), "three"]);
}

/// A host whose packets go to two chains, as the rule says; and how many went to each.
fn chosen(rule: Rule, send: impl FnOnce(&Host)) -> [u64; 2] {
    let host = Host::new("host");
    let counting = |name: &str| Chain::new(name).rule(Rule::new().counter().comment("here"));
    let mut firewall = programmed(&host, table().chain(counting("left")).chain(counting("right")), [rule]);
    send(&host);
    let _ = OUTPUT;
    ["left", "right"].map(|chain| counted(&mut firewall, (portcullis::Family::Inet, "t", chain), "here"))
}

fn verdicts() -> [Verdict; 2] {
    [Verdict::jump("left"), Verdict::jump("right")]
}

#[test]
fn a_hash_chooses_the_same_for_the_same_fields() {
    need_namespaces!();
    // Each address three times, from other ports: always to the chain of the first time.
    let hash = || Balance::hash::<Ipv4Addr, _>(Daddr, Some(7), verdicts());
    let to = |host: &Host, last: u8| send(host, [format!("127.0.1.{last}:53").as_str()]);
    let once = chosen(Rule::new().udp().decide_by(hash()), |host| (1..=40).for_each(|last| to(host, last)));
    let thrice = chosen(Rule::new().udp().decide_by(hash()), |host| {
        for source in 1..=3 {
            for last in 1..=40 {
                Packet::udp(format!("127.0.0.1:{source}").as_str(), format!("127.0.1.{last}:53").as_str())
                    .send(host);
            }
        }
    });
    assert_eq!(once[0] + once[1], 40);
    assert!(once.iter().all(|count| *count > 0), "one of two chains got everything: {once:?}");
    assert_eq!(thrice, once.map(|count| 3 * count), "with the same seed, the same choice");
}

#[test]
fn a_symmetric_hash_chooses_the_same_for_both_directions() {
    need_namespaces!();
    // Linux 5.10 was seen to give all of these packets one hash. No dry run tells; what does not know catch-all elements
    // (before 5.13) is taken to be as old.
    need_feature!(Feature::SetCatchAll);
    let both = |host: &Host, last: u8| {
        let (one, other) = (format!("127.0.0.1:{}", 1000 + u16::from(last)), format!("127.0.2.{last}:53"));
        Packet::udp(one.as_str(), other.as_str()).send(host);
        Packet::udp(other.as_str(), one.as_str()).send(host);
    };
    let counts = chosen(Rule::new().udp().decide_by(Balance::symmetric(verdicts())), |host| {
        (1..=40).for_each(|last| both(host, last));
    });
    assert_eq!(counts[0] + counts[1], 80);
    assert!(counts.iter().all(|count| *count > 0 && count % 2 == 0), "{counts:?}");
}

#[test]
fn by_chance_all_are_chosen() {
    need_namespaces!();
    let counts = chosen(Rule::new().udp().decide_by(Balance::random(verdicts())), |host| {
        (0..100).for_each(|_| send(host, ["127.0.0.1:53"]));
    });
    // Of a fair coin, 100 throws the same way come once in 10^30.
    assert!(counts[0] + counts[1] == 100 && counts.iter().all(|count| *count > 0), "{counts:?}");
}
