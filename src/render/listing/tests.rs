//! Whole tables, and every word in them.

use crate::{
    Chain, CtState, Family, Hook, NatTo, Policy, Rate, RejectWith, Rule, Table, TcpFlags,
    expr::{Counter, Data, Expr, IcmpCode, Lookup, Meta, MetaKey, Payload, PayloadBase, Register, Verdict},
    masked, not,
    object::{DataType, Element, Priority, Set},
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
