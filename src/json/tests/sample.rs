//! A firewall in which every word is said, and every object is there once.

use std::{net::Ipv4Addr, time::Duration};

use crate::{
    Chain, CtDirection, CtState, CtStatus, DataType, Element, Family, Hook, Log, Mark, Masquerade, NatTo,
    NfLog, Policy, Port, Priority, Queue, Quota, Redirect, RejectWith, Rule, Ruleset, Set, SetFlags,
    Synproxy, Table, TableFlags, TproxyTo,
    expr::{
        self, AddressType, Counter, Data, IcmpxCode, Limit, LimitUnit, LogFlags, LogLevel, ObjectKind,
        Verdict,
    },
    language::{
        Item,
        matches::{
            CgroupV2, CgroupV2Match, Dscp, Ecn, IcmpType, Icmpv6Type, Interface, Ipv6Header, MacAddr,
            PacketType, Rate, ReversePath, TcpFlags, TimeOfDay, Weekday, masked,
        },
        targets::{ChangeSet, Duplicate, MarkOf, MarkOp, MergeMark},
    },
    not,
    object::{
        CtExpect, CtHelper, CtTimeout, Flowtable, FlowtableFlags, InterfaceName, Object, SecMark,
        TimeoutPolicy,
    },
    select::{Balance, Dport, Saddr, Selector, mapped},
    set::{MapOf, SetOf},
};

/// The whole of it.
pub(crate) fn firewall() -> Ruleset {
    Ruleset::new().table(edge()).table(early())
}

fn rule() -> Rule {
    Rule::new()
}

fn edge() -> Table {
    let mut table = Table::new(Family::Inet, "edge")
        .comment("kept by the gateway daemon")
        .flags(TableFlags::DORMANT)
        .chain(Chain::new("blocked").comment("bad ones").rule(rule().counter().drop()))
        .chain(
            Chain::filter("input", Hook::Input)
                .policy(Policy::Drop)
                .priority(Priority::FILTER - 5)
                .rules(links())
                .rules(connections())
                .rules(headers())
                .rules(circumstances()),
        )
        .chain(Chain::filter("changes", Hook::Forward).priority(-150).rules(changes()))
        .chain(Chain::nat("translate", Hook::Prerouting).rules(translations()))
        .chain(Chain::filter("out", Hook::Output).rules(ends()));
    table.handle = Some(7);
    objects()
        .into_iter()
        .fold(sets().into_iter().fold(table, Table::set), Table::object)
        .flowtable(Flowtable::new("fast", ["eth0", "eth1"]).priority(-5).flags(FlowtableFlags::COUNTER))
}

fn early() -> Table {
    Table::new(Family::Netdev, "early").chain(
        Chain::filter("in", Hook::Ingress)
            .devices([
                InterfaceName::exact("eth0"),
                InterfaceName::prefix("ppp"),
                InterfaceName::exact("odd+"),
            ])
            .rule(rule().say(expr::Fwd::to_device(expr::Register::R1)).label("mirror")),
    )
}

fn links() -> Vec<Rule> {
    vec![
        rule().iif("lo").accept(),
        rule().iif(not(["eth0", "ppp+"])).oif(Interface::Index(3)).comment("by index"),
        rule().ether_saddr(MacAddr([2, 0, 0, 0, 0, 1])).pkttype(not(PacketType::Multicast)),
        rule().ether_type(not(0x88b5)).vlan_id(1..=9).vlan_pcp(5).vlan_dei(false).vlan_type(0x0806),
        rule().daddr_type([AddressType::Local, AddressType::Broadcast]).say(ReversePath::new().loose()),
    ]
}

fn connections() -> Vec<Rule> {
    let minute = Duration::from_secs(60);
    vec![
        rule().ct_state(CtState::ESTABLISHED | CtState::RELATED).accept(),
        rule().ct_state(not(CtState::INVALID)).ct_status(CtStatus::ASSURED).ct_direction(CtDirection::Reply),
        rule().ct_state_is(CtState::NEW).accept(),
        rule().ct_state_is(not(CtState::UNTRACKED)),
        rule().ct_mark(masked(1, 0xff)).ct_zone(9).ct_helper("ftp"),
        rule().ct_expiration(minute..=minute * 60).ct_bytes(1000..=u64::MAX).connlimit_over(20),
        rule().ct_original_daddr("10.0.0.0/8").ct_reply_sport(443).jump("blocked"),
    ]
}

fn headers() -> Vec<Rule> {
    vec![
        rule().saddr(["10.0.2.0/24", "192.168.7.1-192.168.7.9", "192.168.9.1"]).ipv4().goto("blocked"),
        rule().daddr(not("fd00::/8")).protocol([6, 17]).dport(53),
        rule().tcp().dport([22, 80]).sport(1024..=65535),
        rule().tcp_flags(TcpFlags::SYN | TcpFlags::ACK, TcpFlags::SYN).tcp_option_mss(1460).tcp_option(8),
        rule().tcp_flags(TcpFlags::SIX, TcpFlags::empty()).drop(),
        rule().icmp_type(IcmpType::ECHO_REQUEST).icmp_code(0),
        rule().icmpv6_type(not(Icmpv6Type(128))).icmpv6_code(0),
        rule().dscp(Dscp(46)).ecn([Ecn::Ce, Ecn::Ect0]).tos(masked(0x10, 0x10)).ttl(not(1)).fragment(),
        rule().ipv6_header(Ipv6Header::ROUTING).hop_limit(255),
        rule().length(100..=200),
    ]
}

fn circumstances() -> Vec<Rule> {
    let office = TimeOfDay::new(9, 0, 0)..=TimeOfDay::new(17, 30, 0);
    vec![
        rule().date("2026-12-24 18:00"..="2026-12-26").weekday([Weekday::Saturday, Weekday::Sunday]),
        rule().date("2027-01-01"..).time_of_day(office),
        rule().mark([1..=2, 5..=9]).cgroup(0x10_0001).skuid(1000).skgid(not(100)),
        rule().say(CgroupV2Match([Item::One(CgroupV2 { level: 2, id: 4242 })].into())),
        rule().socket_transparent().socket_mark(1),
        rule().in_set([Selector::Ip6Saddr.prefix(64), Selector::CgroupV2 { level: 2 }], "programs"),
        rule().limit(Rate::per_minute(30).burst(10)).nth(3, 0).random(0.25),
    ]
}

fn changes() -> Vec<Rule> {
    vec![
        rule().trace().notrack().counter_from(5, 600).last_used(),
        rule().set_mark(MarkOp::Or(7)).save_mark().set_ct_mark(MarkOp::Masked { value: 1, mask: 0xff }),
        rule().say(MergeMark { of: MarkOf::Packet, clear: 0xff, take: 0xf }),
        rule().set_dscp(46).set_tos(0x10, 0xff).set_ttl(64),
        rule().set_hop_limit(64).set_priority(1, 16),
        rule().set_secmark("ssh").save_secmark(),
        rule().tcp().in_set((Saddr, Dport), &SetOf::<(Ipv4Addr, Port)>::new("guests")).use_counter("hits"),
        rule().tcp().verdict_map(Dport, [(Port(22), Verdict::Accept), (Port(80), Verdict::jump("blocked"))]),
        rule().set_mark_by(Balance::round_robin([Mark(1), Mark(2)])).offload("fast"),
        rule().change_set(
            ChangeSet::update(Saddr, &SetOf::<Ipv4Addr>::new("seen").dynamic().with_timeouts())
                .timeout(Duration::from_secs(60))
                .counter(),
        ),
        rule().tcp_syn().clamp_mss(1400),
        rule().tcp_syn().clamp_mss_to_pmtu(),
        rule().duplicate(Duplicate::to(Ipv4Addr::new(192, 0, 2, 9))),
    ]
}

fn translations() -> Vec<Rule> {
    vec![
        rule().tcp().dport(8080).dnat(NatTo::from(Ipv4Addr::new(10, 0, 0, 2)).port(80)),
        rule().dnat_by(mapped(Saddr, &MapOf::<Ipv4Addr, Ipv4Addr>::new("homes"))),
        rule().tcp().snat(NatTo::from("10.0.0.2-10.0.0.9").ports(1024..=2048).random()),
        rule().udp().masquerade_with(Masquerade::new().ports(1024..=2048).random()),
        rule().tcp().redirect_to(Redirect::to(3128)),
        rule().tcp().redirect_by(mapped(Dport, &MapOf::<Port, Port>::new("ports"))),
        rule().tcp().tproxy(TproxyTo { address: Some([127, 0, 0, 1].into()), port: Some(9040) }),
    ]
}

fn ends() -> Vec<Rule> {
    vec![
        rule().log(Log::new().prefix("out ").level(LogLevel::Info).flags(LogFlags::UID)),
        rule().nflog(NfLog::group(3)).quota(Quota::over(1 << 30).used(5)),
        rule().tcp().synproxy(Synproxy::new().mss(1460).wscale(7)),
        rule().queue(Queue::range(0..=3)),
        rule().reject_with(RejectWith::Icmpx(IcmpxCode::AdminProhibited)),
        rule().reject(),
    ]
}

fn sets() -> Vec<Set> {
    let address = |text: &str| Data::address(text.parse().unwrap());
    vec![
        Set::new("blocked", DataType::IPV4_ADDR)
            .timeout(Duration::from_secs(3600))
            .size(1000)
            .comment("kept by the watcher")
            .expression(Counter::new())
            .element(
                Element::new(address("192.0.2.7"))
                    .timeout(Duration::from_secs(60))
                    .expiration(Duration::from_millis(59_500))
                    .expression(Counter::new().packets(3u64).bytes(180u64))
                    .comment("seen twice"),
            ),
        Set::new("nets", DataType::IPV4_ADDR)
            .flags(SetFlags::INTERVAL)
            .elements([Element::new(address("10.0.0.0")), Element::end(address("11.0.0.0"))]),
        Set::new("ways", DataType::INET_SERVICE).map_to_verdicts().elements([
            Element::new(Data::network_u16(22)).verdict(Verdict::Accept),
            Element::catch_all().verdict(Verdict::Jump(expr::ChainTarget::Name("blocked".to_owned()))),
        ]),
        Set::new("counts", DataType::INET_SERVICE)
            .map_to_objects(ObjectKind::Counter)
            .element(Element::new(Data::network_u16(80)).object("hits")),
        Set::new("hosts", DataType::INET_SERVICE)
            .map_to(DataType::IPV4_ADDR)
            .element(Element::new(Data::network_u16(80)).value(address("10.0.0.2"))),
    ]
}

fn objects() -> Vec<Object> {
    let policy = TimeoutPolicy::new().state(TimeoutPolicy::TCP_ESTABLISHED, 100);
    vec![
        Object::new("hits", Counter::new().packets(7u64).bytes(700u64)).comment("since the start"),
        Object::new("day", expr::Quota::over(1 << 30).consumed(5u64)),
        Object::new("files", CtHelper::new("ftp", 6).l3proto(2u16)),
        Object::new("slow", Limit::packets(5, LimitUnit::Minute).burst(7u32)),
        Object::new("few", expr::Connlimit::over(3)),
        Object::new("quick", CtTimeout::new(6, policy)),
        Object::new("ssh", SecMark::new("system_u:object_r:ssh_server_packet_t:s0")),
        Object::new("second", CtExpect::new(17, 9876u16, Duration::from_secs(120), 12).l3proto(2u16)),
        Object::new("guard", expr::Synproxy::new().mss(1460u16).wscale(7)),
    ]
}
