//! Stateful objects of connection tracking, used by name and by map, seen on packets and connections.

use std::{net::Ipv4Addr, time::Duration};

use portcullis::{
    Chain, CtState, Family, Hook, Port, Priority, Rule, Ruleset, Synproxy, Table,
    language::targets::ObjectSource,
    object::{CtExpect, CtHelper, CtTimeout, Object, TimeoutPolicy, Tunnel},
    probe::{Feature, Support},
    select::{Daddr, Dport, mapped},
    set::{CtExpectName, CtHelperName, CtTimeoutName, MapOf, SynproxyName, TunnelName},
};
use portcullis_world::{Attempt, Frame, Host, Mac, PATIENT, SHORT, TcpFlags, World, need_namespaces};

use super::{OUTPUT, found, programmed, send, table, v4};
use crate::support::{counted, need_feature, open};

/// Skips, loudly, where the kernel has no such object.
macro_rules! need {
    ($host:expr, $feature:ident) => {
        if open($host).supports(Feature::$feature).unwrap() != Support::Works {
            portcullis_world::skip!("this kernel cannot do it: {}", Feature::$feature.explain());
        }
    };
}

/// How long each connection to a UDP port of the loopback stays, by port.
fn times(host: &Host) -> Vec<(u16, u32)> {
    let mut times: Vec<_> = host
        .conntrack()
        .into_iter()
        .filter(|entry| entry.original.protocol == 17)
        .filter_map(|entry| Some((entry.original.destination_port, entry.timeout?)))
        .collect();
    times.sort_unstable();
    times
}

#[test]
fn connections_get_the_timeouts_of_an_object() {
    need_namespaces!();
    let host = Host::new("host");
    need!(&host, CtTimeoutObject);
    let policy = |seconds| TimeoutPolicy::new().state(TimeoutPolicy::UDP_UNREPLIED, seconds);
    let timeout = |seconds| CtTimeout::new(17, policy(seconds)).l3proto(2u16);
    let policies = MapOf::<Port, CtTimeoutName>::new("policies");
    let table = table()
        .object(Object::new("long", timeout(5000)))
        .object(Object::new("longer", timeout(9000)))
        .set(policies.with([(Port(54), CtTimeoutName::from("longer"))]));
    let udp = || Rule::new().ipv4().udp();
    let rules = [udp().dport(53).use_ct_timeout("long"), udp().use_ct_timeout(mapped(Dport, &policies))];
    programmed(&host, table, rules);
    send(&host, ["127.0.0.1:53", "127.0.0.1:54", "127.0.0.1:55"]);
    let times = times(&host);
    let [(53, long), (54, longer), (55, own)] = times[..] else { panic!("{times:?}") };
    assert!((4900..=5000).contains(&long), "by name: {long} s");
    assert!((8900..=9000).contains(&longer), "by map: {longer} s");
    assert!(own <= 180, "the kernel's own: {own} s");
}

#[test]
fn expected_connections_are_related() {
    need_namespaces!();
    for by_map in [false, true] {
        let host = Host::new("host");
        need!(&host, CtExpectObject);
        let seconds = Duration::from_secs(60);
        let expect = CtExpect::new(17, 9876u16, seconds, 1).l3proto(2u16);
        let expected = MapOf::<Port, CtExpectName>::new("expected");
        let table = table()
            .object(Object::new("second", expect))
            .set(expected.with([(Port(53), CtExpectName::from("second"))]));
        let related = found(Rule::new().udp().dport(9876).ct_state(CtState::RELATED));
        let ask = Rule::new().ipv4().udp();
        let ask = if by_map {
            ask.use_ct_expectation(mapped(Dport, &expected))
        } else {
            ask.dport(53).use_ct_expectation("second")
        };
        let mut firewall = programmed(&host, table, [related, ask]);
        send(&host, ["127.0.0.1:9876"]);
        assert_eq!(counted(&mut firewall, OUTPUT, "found"), 0, "nothing was expected yet");
        // The same connection again is no new one, so this is another.
        portcullis_world::Packet::udp("127.0.0.2:4000", "127.0.0.1:53").send(&host);
        portcullis_world::Packet::udp("127.0.0.1:4001", "127.0.0.2:9876").send(&host);
        assert_eq!(counted(&mut firewall, OUTPUT, "found"), 1, "by map: {by_map}");
    }
}

#[test]
fn connections_get_the_helper_of_an_object() {
    need_namespaces!();
    let host = Host::new("host");
    need!(&host, CtHelperObject);
    let helpers = MapOf::<Port, CtHelperName>::new("helpers");
    let table = table()
        .object(Object::new("files", CtHelper::new("tftp", 17).l3proto(2u16)))
        .set(helpers.with([(Port(70), CtHelperName::from("files"))]));
    let udp = || Rule::new().ipv4().udp();
    let rules = [udp().dport(69).use_ct_helper("files"), udp().use_ct_helper(mapped(Dport, &helpers))];
    let mut firewall = open(&host);
    let chain = Chain::filter("output", Hook::Output).rules(rules);
    match firewall.apply(Ruleset::new().table(table.chain(chain))) {
        Ok(_) => {}
        Err(error) if error.to_string().contains("ENOENT") => {
            portcullis_world::skip!("this kernel has no tftp helper: {error}")
        }
        Err(error) => panic!("{error}"),
    }
    send(&host, ["127.0.0.1:69", "127.0.0.1:70", "127.0.0.1:71"]);
    let mut helpers: Vec<_> = host
        .conntrack()
        .into_iter()
        .filter(|entry| entry.original.protocol == 17)
        .map(|entry| (entry.original.destination_port, entry.helper))
        .collect();
    helpers.sort_unstable();
    let tftp = || Some("tftp".to_owned());
    assert_eq!(helpers, [(69, tftp()), (70, tftp()), (71, None)]);
}

#[test]
fn packets_are_wrapped_as_a_tunnel_of_the_table_says() {
    need_namespaces!();
    need_feature!(Feature::TunnelObject);
    need_feature!(Feature::EgressNetdev);
    let sites = MapOf::<Ipv4Addr, TunnelName>::new("sites");
    for (name, rule) in [
        ("by name", Rule::new().ipv4().daddr("10.7.0.2").use_tunnel("west")),
        ("by map", Rule::new().use_tunnel(mapped(Daddr, &sites))),
        ("by a map of the rule's own", {
            Rule::new().use_tunnel(mapped(Daddr, [(v4("10.7.0.2"), TunnelName::from("west"))]))
        }),
    ] {
        let world = World::pair();
        if let Err(error) = world.client.external_vxlan("vx0") {
            portcullis_world::skip!("this kernel has no VXLAN: {error}");
        }
        world.client.address("vx0", "10.7.0.1/24");
        let far = Mac([2, 0, 0, 0, 0, 7]);
        ["10.7.0.2", "10.7.0.3"].iter().for_each(|host| world.client.neighbour("vx0", *host, far));
        let tunnel = |id| Tunnel::v4(id, [10, 0, 1, 1], [10, 0, 1, 2]).dport(4789u16).ttl(33);
        let table = Table::new(Family::Netdev, "t")
            .object(Object::new("west", tunnel(42)))
            .object(Object::new("east", tunnel(43)))
            .set(sites.with([(v4("10.7.0.2"), TunnelName::from("west"))]))
            .chain(Chain::filter("out", Hook::Egress).device("vx0").rule(rule));
        open(&world.client).apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
        let wire = world.server.sniff("eth0");
        // The first has no tunnel: the device drops it.
        for to in ["10.7.0.3:53", "10.7.0.2:53"] {
            portcullis_world::Packet::udp("10.7.0.1:4000", to).payload("inside").send(&world.client);
        }
        let wrapped = wire.until(|frame| frame.destination_port() == Some(4789), PATIENT);
        let wrapped = wrapped.unwrap_or_else(|| panic!("{name}: nothing came out of the tunnel"));
        assert_eq!(wrapped.source(), Some("10.0.1.1".parse().unwrap()), "{name}");
        assert_eq!(wrapped.destination(), Some("10.0.1.2".parse().unwrap()), "{name}");
        assert_eq!(wrapped.ttl(), Some(33), "{name}");
        // VXLAN's header: flags, three bytes of nothing, the number in the next three.
        let payload = wrapped.payload().unwrap_or_else(|| panic!("{name}: no payload"));
        assert_eq!(payload.get(..8), Some(&[8, 0, 0, 0, 0, 0, 42, 0][..]), "{name}");
        let inner = Frame::new(payload[8..].to_vec(), true);
        assert_eq!(inner.destination(), Some("10.7.0.2".parse().unwrap()), "{name}");
    }
}

#[test]
fn a_synproxy_of_the_table_answers() {
    need_namespaces!();
    let proxies = MapOf::<Port, SynproxyName>::new("proxies");
    by_synproxy("guard");
    by_synproxy(mapped(Dport, &proxies));

    fn by_synproxy(source: impl ObjectSource<SynproxyName>) {
        let world = World::routed();
        need!(&world.router, SynproxyObject);
        world.router.sysctl("net/netfilter/nf_conntrack_tcp_loose", "0");
        let proxies = MapOf::<Port, SynproxyName>::new("proxies");
        let raw = Chain::filter("raw", Hook::Prerouting)
            .priority(Priority::RAW)
            .rule(Rule::new().iif("eth0").tcp().dport(81).tcp_syn().notrack());
        let unproven = Rule::new().ct_state(CtState::INVALID | CtState::UNTRACKED).tcp().dport(81);
        let forward = Chain::filter("forward", Hook::Forward).rule(unproven.use_synproxy(source));
        let guard = Synproxy::new().mss(1234);
        let table = table()
            .object(Object::new("guard", guard))
            .set(proxies.with([(Port(81), SynproxyName::from("guard"))]))
            .chain(raw)
            .chain(forward.rule(Rule::new().ct_state(CtState::INVALID).drop()));
        open(&world.router).apply(Ruleset::new().table(table)).unwrap_or_else(|error| panic!("{error}"));
        let deaf = Chain::filter("input", Hook::Input).rule(Rule::new().tcp().dport(4000).drop());
        open(&world.client).apply(Ruleset::new().table(super::table().chain(deaf))).unwrap();

        let (near, far) = (world.client.sniff("eth0"), world.backend1.sniff("eth0"));
        let service = world.backend1.tcp_service("192.168.1.2:81", "web");
        let outcome = Attempt::tcp("192.168.1.2:81").source_port(4000).timeout(SHORT / 4).from(&world.client);
        assert!(outcome.is_timed_out(), "{outcome:?}");
        let from_proxy = |frame: &Frame| frame.source_port() == Some(81) && !frame.is_outgoing();
        let answer = near.until(from_proxy, PATIENT).expect("an answer in the server's place");
        assert_eq!(answer.tcp_flags(), Some(TcpFlags::SYN | TcpFlags::ACK), "{answer:?}");
        assert_eq!(answer.tcp_mss(), Some(1234));
        let reached = far.pending().into_iter().find(|frame| frame.protocol() == Some(6));
        assert_eq!(reached, None, "the server hears nothing of a client that has proved nothing");
        assert_eq!(Attempt::tcp("192.168.1.2:81").timeout(PATIENT).from(&world.client).banner(), "web");
        assert_eq!(service.visits().len(), 1);
    }
}
