//! Whole tables, and every word in them.

use std::{net::Ipv4Addr, time::Duration};

use crate::{
    Chain, CtState, Dscp, Family, Hook, Mark, NatTo, Policy, Port, Rate, RejectWith, Rule, Table, TcpFlags,
    expr::{
        Counter, Data, Expr, IcmpCode, Lookup, Meta, MetaKey, Payload, PayloadBase, QueueFlags, Register,
        Verdict,
    },
    language::targets::ChangeSet,
    masked, not,
    object::{DataType, Element, Priority, Set},
    select::{Balance, Daddr, Dport, Saddr, mapped},
    set::{CounterName, Interval, MapOf, QueueNumber, SecMarkName, SetOf},
};

/// What stands behind the titles, spaces collapsed: one line for each rule.
#[track_caller]
fn lines(family: Family, rules: impl IntoIterator<Item = Rule>) -> Vec<String> {
    let table = Table::new(family, "t").chain(Chain::filter("INPUT", Hook::Input).rules(rules));
    let text = table.listing().numeric(true).to_string();
    text.lines().skip(3).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[track_caller]
fn said(family: Family, rule: Rule, expected: &str) {
    assert_eq!(lines(family, [rule]), [expected]);
}

#[test]
fn a_table() {
    let input = Chain::filter("INPUT", Hook::Input)
        .policy(Policy::Drop)
        .rule(Rule::new().iif("lo").accept())
        .rule(
            Rule::new()
                .ct_state(CtState::ESTABLISHED | CtState::RELATED)
                .say(Counter::new().packets(123_456u64).bytes(7_890_123_456u64))
                .accept(),
        )
        .rule(Rule::new().saddr("10.0.0.0/8").tcp().dport([22, 80]).counter().jump("services"))
        .rule(Rule::new().limit(Rate::per_second(3)).log("denied: "))
        .rule(Rule::new().reject().comment("the rest"));
    let mut input = input;
    if let Some(base) = &mut input.base {
        base.counters = Some((12, 3456));
    }
    let table = Table::new(Family::Ip, "filter")
        .chain(input)
        .chain(Chain::new("services").rule(Rule::new().accept()))
        .chain(Chain::filter("early", Hook::Prerouting).priority(Priority::RAW));
    let expected = include_str!("golden.txt");
    assert_eq!(table.listing().line_numbers(true).to_string(), expected);
}

#[test]
fn one_chain_and_short_lines() {
    let table = Table::new(Family::Ip6, "filter")
        .chain(Chain::new("a").rule(Rule::new().iif("lo").accept()))
        .chain(Chain::new("b"));
    assert_eq!(
        table.listing().chain("a").verbose(false).numeric(true).to_string(),
        "Table ip6 filter\nChain a (0 references)\n\
         target     prot  opt source               destination\n\
         ACCEPT     0     --  ::/0                 ::/0\n"
    );
    assert_eq!(table.listing().chain("none").to_string(), "");
}

#[test]
fn words() {
    for (rule, expected) in [
        (Rule::new().saddr(not("10.0.0.0/8")).daddr("10.0.0.1").drop(), "DROP 0 -- * * !10.0.0.0/8 10.0.0.1"),
        (
            Rule::new().saddr("10.0.0.1-10.0.0.9").accept(),
            "ACCEPT 0 -- * * 0.0.0.0/0 0.0.0.0/0 source IP range 10.0.0.1-10.0.0.9",
        ),
        (
            Rule::new().tcp().sport(1024..=65535).dport(not(80)).accept(),
            "ACCEPT 6 -- * * 0.0.0.0/0 0.0.0.0/0 tcp spts:1024:65535 dpt:!80",
        ),
        (
            Rule::new().tcp_flags(TcpFlags::SYN | TcpFlags::ACK, TcpFlags::SYN).drop(),
            "DROP 6 -- * * 0.0.0.0/0 0.0.0.0/0 tcp flags:0x12/0x02",
        ),
        (
            Rule::new().udp().dport([53, 67]).accept(),
            "ACCEPT 17 -- * * 0.0.0.0/0 0.0.0.0/0 multiport dports 53,67",
        ),
        (
            Rule::new().mark(masked(1, 0xff)).reject_with(RejectWith::Icmp(IcmpCode::HostProhibited)),
            "REJECT 0 -- * * 0.0.0.0/0 0.0.0.0/0 mark match 0x1/0xff reject-with icmp-host-prohibited",
        ),
        (
            Rule::new().nth(3, 1).drop(),
            "DROP 0 -- * * 0.0.0.0/0 0.0.0.0/0 statistic mode nth every 3 packet 1",
        ),
        (
            Rule::new().random(0.25).drop(),
            "DROP 0 -- * * 0.0.0.0/0 0.0.0.0/0 statistic mode random probability 0.25000000000",
        ),
        (
            Rule::new().tcp().dnat(NatTo::from("10.0.0.1:80").random()),
            "DNAT 6 -- * * 0.0.0.0/0 0.0.0.0/0 to:10.0.0.1:80 random",
        ),
        // Both match the same packets: iptables has one word.
        (Rule::new().ct_state(CtState::NEW), "0 -- * * 0.0.0.0/0 0.0.0.0/0 ctstate NEW"),
        (Rule::new().ct_state_is(CtState::NEW), "0 -- * * 0.0.0.0/0 0.0.0.0/0 ctstate NEW"),
        (
            Rule::new().ct_state_is(not(CtState::INVALID)).drop(),
            "DROP 0 -- * * 0.0.0.0/0 0.0.0.0/0 ! ctstate INVALID",
        ),
        (Rule::new().set_mark(5), "MARK 0 -- * * 0.0.0.0/0 0.0.0.0/0 MARK set 0x5"),
        (Rule::new().goto("there"), "there 0 -- * * 0.0.0.0/0 0.0.0.0/0 [goto]"),
        // Two targets: the verdict has the column.
        (Rule::new().log("x").drop(), "DROP 0 -- * * 0.0.0.0/0 0.0.0.0/0 LOG flags 0 level 4 prefix \"x\""),
        (Rule::new().trace().accept(), "ACCEPT 0 -- * * 0.0.0.0/0 0.0.0.0/0 TRACE"),
        (Rule::new().fragment().drop(), "DROP 0 -f * * 0.0.0.0/0 0.0.0.0/0"),
        (Rule::new(), "0 -- * * 0.0.0.0/0 0.0.0.0/0"),
    ] {
        said(Family::Ip, rule, expected);
    }
    said(Family::Inet, Rule::new().saddr("fd00::1").accept(), "ACCEPT 0 -- * * fd00::1 *");
    said(Family::Ip6, Rule::new().icmpv6().accept(), "ACCEPT 58 -- * * ::/0 ::/0");
}

#[test]
fn words_that_use_sets_and_objects() {
    const ANY: &str = "0 -- * * 0.0.0.0/0 0.0.0.0/0";
    const TCP: &str = "6 -- * * 0.0.0.0/0 0.0.0.0/0";
    let backend = Ipv4Addr::new(10, 0, 0, 1);
    let blocked = SetOf::<Ipv4Addr>::new("blocked").with_timeouts();
    let hour = Duration::from_secs(3600);
    let counters = MapOf::<Ipv4Addr, CounterName>::new("counters");
    let secmarks = MapOf::<Port, SecMarkName>::new("secmarks");
    for (rule, expected) in [
        (Rule::new().in_set(Saddr, &blocked).drop(), format!("DROP {ANY} match-set blocked src")),
        (Rule::new().not_in_set(Saddr, &blocked), format!("{ANY} ! match-set blocked src")),
        (Rule::new().add_to_set(Saddr, &blocked), format!("{ANY} add-set blocked src")),
        (
            Rule::new().change_set(ChangeSet::update(Saddr, &blocked).timeout(hour).counter()),
            format!("{ANY} update-set blocked src timeout 3600 counter"),
        ),
        (Rule::new().delete_from_set(Daddr, &blocked), format!("{ANY} del-set blocked dst")),
        (
            Rule::new().tcp().verdict_map(Dport, [(Port(22), Verdict::Accept)]),
            format!("vmap {TCP} vmap dpt {{ 1 element }}"),
        ),
        (
            Rule::new().decide_by(Balance::random([Verdict::Accept, Verdict::Drop])),
            format!("vmap {ANY} vmap numgen random mod 2 {{ 2 elements }}"),
        ),
        (
            Rule::new().tcp().dnat_by(mapped(Dport, [(Port(80), backend)]).random().persistent()),
            format!("DNAT {TCP} to:map dpt {{ 1 element }} random persistent"),
        ),
        (
            Rule::new().snat_by(mapped(Saddr, &MapOf::<Ipv4Addr, Interval<Ipv4Addr>>::new("nets")).prefix()),
            format!("NETMAP {ANY} to:map src nets"),
        ),
        (
            Rule::new().set_mark_by(Balance::symmetric([Mark(1), Mark(2)])),
            format!("MARK {ANY} MARK set map symhash mod 2 {{ 2 elements }}"),
        ),
        (
            Rule::new().tcp().redirect_by(mapped(Dport, [(Port(80), Port(8080))]).random()),
            format!("REDIRECT {TCP} redir ports map dpt {{ 1 element }} random"),
        ),
        (
            Rule::new().tcp().tproxy_by(mapped(Dport, [(Port(80), Port(8080))])),
            format!("TPROXY {TCP} TPROXY redirect map dpt {{ 1 element }}"),
        ),
        (
            Rule::new().set_dscp_by(mapped(Saddr.prefix(24), &MapOf::<Ipv4Addr, Dscp>::new("classes"))),
            format!("DSCP {ANY} DSCP set map src/24 classes"),
        ),
        (
            Rule::new().queue_by(Balance::random([QueueNumber(1), QueueNumber(2)]), QueueFlags::BYPASS),
            format!("NFQUEUE {ANY} NFQUEUE map numgen random mod 2 {{ 2 elements }} bypass"),
        ),
        (Rule::new().use_counter("web"), format!("{ANY} counter web")),
        (Rule::new().use_counter(mapped(Saddr, &counters)), format!("{ANY} counter map src counters")),
        (Rule::new().use_connlimit("crowd"), format!("{ANY} ct count crowd")),
        (Rule::new().use_tunnel("site"), format!("{ANY} tunnel site")),
        (Rule::new().use_ct_timeout("quick"), format!("{ANY} ct timeout quick")),
        (Rule::new().set_secmark("ssh"), format!("SECMARK {ANY} SECMARK object ssh")),
        (
            Rule::new().tcp().set_secmark(mapped(Dport, &secmarks)),
            format!("SECMARK {TCP} SECMARK object map dpt secmarks"),
        ),
        (Rule::new().offload("fast"), format!("FLOWOFFLOAD {ANY} FLOWOFFLOAD fast")),
    ] {
        said(Family::Ip, rule, &expected);
    }
}

#[test]
fn nothing_is_hidden() {
    let mark = Expr::from(Meta::load(MetaKey::Cpu, Register::R1));
    said(Family::Inet, Rule::new().say(mark).accept(), "ACCEPT 0 -- * * * * [ meta load cpu => reg 1 ]");
    let source = Payload::load(PayloadBase::Network, 12, 4, Register::R1);
    let lookup = Lookup::new("blocked", Register::R1);
    said(
        Family::Ip,
        Rule::new().say(source).say(lookup).drop(),
        "DROP 0 -- * * 0.0.0.0/0 0.0.0.0/0 match-set blocked src",
    );
    said(
        Family::Ip,
        Rule::new().counter().counter().accept().comment("a\u{1b}[31m"),
        "0 0 ACCEPT 0 -- * * 0.0.0.0/0 0.0.0.0/0 counter 0 packets 0 bytes /* a\\x1b[31m */",
    );
    said(
        Family::Ip,
        Rule::new().accept().userdata([9, 1, 2]),
        "ACCEPT 0 -- * * 0.0.0.0/0 0.0.0.0/0 (3 bytes of user data)",
    );
}

#[test]
fn maps_refer_to_chains() {
    let verdict = Verdict::Jump(crate::expr::ChainTarget::Name("web".to_owned()));
    let map = Set::new("ports", DataType::INET_SERVICE)
        .map_to_verdicts()
        .element(Element::new(Data::network_u16(80)).verdict(verdict));
    let port = Payload::load(PayloadBase::Transport, 2, 2, Register::R1);
    let rule = Rule::new().tcp().say(port).say(Lookup::new("ports", Register::R1).dreg(Register::VERDICT));
    let table = Table::inet("t")
        .set(map)
        .chain(Chain::filter("INPUT", Hook::Input).rule(rule).rule(Rule::new().goto("web")))
        .chain(Chain::new("web"));
    let text = table.listing().to_string();
    assert!(text.contains("Chain web (2 references)"), "{text}");
    assert!(text.contains("vmap       tcp") && text.contains("vmap dpt ports"), "{text}");
}
