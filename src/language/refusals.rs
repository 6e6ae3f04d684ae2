//! What is refused before the kernel is asked: each rule with its exact text, alone and in a commit.

use ipnet::{Ipv4Net, Ipv6Net};

use super::{Item, Matching, not};
use crate::{
    Chain, CtState, DataType, Element, Error, Family, Hook, Netfilter, Policy, Port, Position, Rule, Set,
    Table, Transaction,
    expr::{Data, Verdict},
    netlink::Recorder,
    object::{Flowtable, InterfaceName},
    select::{Dport, Saddr, mapped},
    set::{MapOf, SetOf},
};

/// One table's only chain, in which rules are tried.
const CHAIN: (Family, &str, &str) = (Family::Inet, "edge", "input");

/// What the commit is refused with: the same of each operation that cannot be right. Nothing was sent.
#[track_caller]
fn refused(fill: impl FnOnce(&mut Transaction)) -> String {
    let mut transaction = Transaction::new();
    fill(&mut transaction);
    let mut firewall = Netfilter::with_transport(Recorder::new());
    let error = firewall.commit(&transaction).expect_err("a commit that cannot be right");
    assert_eq!(firewall.into_transport().into_sent(), [[0; 0]; 0], "sent, though refused");
    let whole = error.to_string();
    let Error::Invalid(problems) = error else { panic!("another kind of error: {whole}") };
    let text = problems.first().expect("a problem").problem.to_string();
    // Each is said with the caller's line, and nothing is said behind what is wrong.
    let mut lines = whole.lines();
    let count = match problems.len() {
        1 => "1 operation".to_owned(),
        more => format!("{more} operations"),
    };
    assert_eq!(lines.next(), Some(&*format!("{count} invalid, nothing was sent:")));
    for line in lines {
        assert!(
            line.contains(concat!(", ", file!(), ":")) && line.ends_with(&format!("): {text}")),
            "{whole}"
        );
    }
    text
}

/// Each rule is refused with its text: by `check`, by `lower`, and by a commit.
#[track_caller]
fn refused_with<const N: usize>(cases: [(Rule, &str); N]) {
    for (rule, text) in cases {
        let family = CHAIN.0;
        let checked = rule.check(family).expect_err(text).to_string();
        let lowered = rule.lower(family).expect_err(text).to_string();
        let committed = refused(|transaction| _ = transaction.add_rule(CHAIN, &rule));
        assert_eq!([checked.as_str(), &lowered, &committed], [text; 3]);
    }
}

fn rule() -> Rule {
    Rule::new()
}

fn tcp() -> Rule {
    Rule::new().tcp()
}

#[test]
fn nth_counts_from_nought_to_before_its_period() {
    const NONE: &str = "nth's period is 0; possible: 1 to 4294967295";
    refused_with([
        (rule().nth(3, 3), "nth: packet 3 of every 3 does not exist; packets count from 0 to 2"),
        (rule().nth(1, 1), "nth: packet 1 of every 1 does not exist; packets count from 0 to 0"),
        (
            rule().nth(2, u32::MAX),
            "nth: packet 4294967295 of every 2 does not exist; packets count from 0 to 1",
        ),
        (rule().not_nth(3, 4), "nth: packet 4 of every 3 does not exist; packets count from 0 to 2"),
        (rule().nth(0, 0), NONE),
        (rule().nth(0, 1), NONE),
        (rule().not_nth(0, 0), NONE),
    ]);
    assert_eq!(rule().nth(3, 2).check(CHAIN.0), Ok(()));
    assert_eq!(rule().nth(1, 0).check(CHAIN.0), Ok(()));
    assert_eq!(rule().nth(u32::MAX, u32::MAX - 1).check(CHAIN.0), Ok(()));
}

/// README quotes the text.
#[test]
fn the_readme_quotes_what_is_said() {
    let text = rule().nth(3, 3).check(CHAIN.0).unwrap_err().to_string();
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&format!("`{text}`")), "{text}");
}

#[test]
#[expect(clippy::reversed_empty_ranges, reason = "they are the errors looked for")]
fn ranges_go_upwards() {
    let v4 = |last: [u8; 2]| last.map(|last| std::net::Ipv4Addr::new(10, 0, 0, last));
    let [from, to] = v4([9, 1]);
    const PORTS: &str = "the port range 25 to 22 is reversed";
    const ADDRESSES: &str = "the address range 10.0.0.9 to 10.0.0.1 is reversed";
    const V6: &str = "the address range fd00::9 to fd00::1 is reversed";
    refused_with([
        (tcp().dport(25..=22), PORTS),
        (tcp().sport(25..=22), PORTS),
        (tcp().dport(not(25..=22)), PORTS),
        (tcp().dport([80..=81, 25..=22]), PORTS),
        (tcp().dport(not([80..=81, 25..=22])), PORTS),
        // Compared as numbers, not as the bytes of this machine.
        (tcp().dport(256..=255), "the port range 256 to 255 is reversed"),
        (tcp().dport(1..=0), "the port range 1 to 0 is reversed"),
        (rule().saddr("10.0.0.9-10.0.0.1"), ADDRESSES),
        (rule().daddr("10.0.0.9-10.0.0.1"), ADDRESSES),
        (rule().saddr(not("10.0.0.9-10.0.0.1")), ADDRESSES),
        (rule().saddr(["192.0.2.1", "10.0.0.9-10.0.0.1"]), ADDRESSES),
        (rule().saddr(from..=to), ADDRESSES),
        (rule().saddr("10.0.1.0-10.0.0.255"), "the address range 10.0.1.0 to 10.0.0.255 is reversed"),
        (rule().saddr("fd00::9-fd00::1"), V6),
        (rule().daddr(not(["fd01::", "fd00::9-fd00::1"])), V6),
        (rule().mark(9..=1), "the mark range 0x9 to 0x1 is reversed"),
        (rule().length(256..=255), "the length range 256 to 255 is reversed"),
    ]);
    for right in [tcp().dport(22..=22), tcp().dport(255..=256), rule().saddr("10.0.0.1-10.0.0.1")] {
        assert_eq!(right.check(CHAIN.0), Ok(()), "{right:?}");
    }
}

#[test]
fn no_connection_uses_port_0() {
    const ZERO: &str =
        "a port is 0; possible: 1 to 65535 (no connection uses port 0; 0..=n is possible as a range)";
    const TO: &str = "a port is 0; possible: 1 to 65535";
    refused_with([
        (tcp().dport(0), ZERO),
        (tcp().sport(0), ZERO),
        (tcp().sport(1).dport(0), ZERO),
        (tcp().dport(not(0)), ZERO),
        (tcp().dport([0, 80]), ZERO),
        (tcp().dport(not([80, 0])), ZERO),
        (tcp().dport(0..=0), ZERO),
        (tcp().dport(not(0..=0)), ZERO),
        (tcp().dport([80..=81, 0..=0]), ZERO),
        (tcp().ct_original_dport(0), ZERO),
        (tcp().ct_reply_sport(0..=0), ZERO),
        (tcp().dnat("192.0.2.1:0"), TO),
        (tcp().snat("192.0.2.1:0-5"), TO),
        (tcp().redirect_to(0), TO),
        (tcp().tproxy(0), TO),
    ]);
    for right in [tcp().dport(0..=1), tcp().dport(not(0..=1023)), tcp().dport([0..=5, 80..=80])] {
        assert_eq!(right.check(CHAIN.0), Ok(()), "{right:?}");
    }
}

#[test]
fn prefixes_are_no_longer_than_addresses() {
    const V4: &str = "prefix length 33 is too long for address \"10.0.0.1\": at most 32";
    const V6: &str = "prefix length 129 is too long for address \"fd00::1\": at most 128";
    let (v4, v6): (std::net::IpAddr, std::net::IpAddr) =
        ("10.0.0.1".parse().expect("an address"), "fd00::1".parse().expect("an address"));
    refused_with([
        (rule().saddr("10.0.0.1/33"), V4),
        (rule().daddr(not("10.0.0.1/33")), V4),
        (rule().saddr(["192.0.2.0/24", "10.0.0.1/33"]), V4),
        (rule().saddr("fd00::1/129"), V6),
        // Said as a value.
        (rule().saddr(Item::Prefix(v4, 33)), V4),
        (rule().saddr([Item::One(v4), Item::Prefix(v4, 33)]), V4),
        (
            rule().saddr(Item::Prefix(v4, 40)),
            "prefix length 40 is too long for address \"10.0.0.1\": at most 32",
        ),
        (rule().daddr(Item::Prefix(v6, 129)), V6),
        (
            rule().daddr(Item::Prefix(v6, 255)),
            "prefix length 255 is too long for address \"fd00::1\": at most 128",
        ),
        (
            rule().saddr("10.0.0.1/256"),
            "\"10.0.0.1/256\" is not an address (10.0.2.1, fd00::1), a network (10.0.2.0/24) or a range \
             (10.0.2.1-10.0.2.9); host names are looked up by portcullis::resolve",
        ),
    ]);
    let nets: [Matching<_>; 4] = [
        Ipv4Net::new_assert([10, 0, 0, 0].into(), 0).into(),
        Ipv6Net::new_assert([0; 8].into(), 0).into(),
        "10.0.0.1/32".into(),
        Matching::from(Item::Prefix(v6, 128)),
    ];
    for net in nets {
        assert_eq!(rule().saddr(net.clone()).check(CHAIN.0), Ok(()), "{net:?}");
    }
}

const LONG: &str = "wireguard-office";
const TOO_LONG: &str = "interface name \"wireguard-office\" is 16 bytes long; the kernel takes at most 15";

/// Names that no interface can have, each with its text.
fn no_interfaces() -> impl Iterator<Item = (&'static str, String)> {
    let never = ["", ".", "..", "a b", "a/b", "a:b", "a\0b"].into_iter().map(|name| {
        let text = format!(
            "no interface can be named {name:?}: 1 to 15 bytes without slash, colon, NUL and what the kernel takes \
             for a blank (0x09 to 0x0d, 0x20, 0xa0), but not \".\" and \"..\""
        );
        (name, text)
    });
    never.chain([(LONG, TOO_LONG.to_owned())])
}

#[test]
fn rules_name_interfaces_that_can_be() {
    for (name, text) in no_interfaces() {
        refused_with([
            (rule().iif(name), text.as_str()),
            (rule().oif(name), &text),
            (rule().iif(not(name)), &text),
            (rule().iif(["lo", name]), &text),
            (rule().oif(not(["eth+", name])), &text),
            (rule().iif(InterfaceName::exact(name)), &text),
        ]);
    }
    refused_with([
        (rule().iif("wireguard-office+"), TOO_LONG),
        (rule().iif(["lo", "wireguard-office*"]), TOO_LONG),
        (rule().iif(InterfaceName::prefix(LONG)), TOO_LONG),
    ]);
    for right in ["fifteen_letters", "fifteen_letters+", ".+", "...", "+"] {
        assert_eq!(rule().iif(right).check(CHAIN.0), Ok(()), "{right}");
    }
}

#[test]
fn chains_flowtables_and_sets_name_interfaces_that_can_be() {
    let netdev = || Table::new(Family::Netdev, "edge");
    let place = (Family::Netdev, "edge");
    for (name, text) in no_interfaces() {
        let chain = || Chain::filter("c", Hook::Ingress).device("lo").device(name);
        assert_eq!(refused(|transaction| _ = transaction.add_table(netdev().chain(chain()))), text);
        assert_eq!(refused(|transaction| _ = transaction.add_chain(place, chain())), text);
        assert_eq!(refused(|transaction| _ = transaction.create_chain(place, chain())), text);
        let devices = ["lo", name];
        let inet = (Family::Inet, "edge");
        let flowtable = || Flowtable::new("fast", devices);
        assert_eq!(refused(|transaction| _ = transaction.add_flowtable(inet, flowtable())), text);
        let table = || Table::inet("edge").flowtable(flowtable());
        assert_eq!(refused(|transaction| _ = transaction.add_table(table())), text);
        let set = SetOf::<InterfaceName>::new("names").with([InterfaceName::exact(name)]);
        let element = refused(|transaction| _ = transaction.add_set(inet, set));
        assert!(element.ends_with(&text), "{element}");
    }
}

/// Names that the kernel does not take, with what is said of each behind the kind.
fn no_names(what: &str) -> [(String, String); 3] {
    let long = "x".repeat(256);
    let too_long = format!("the name of {what} \"{long}\" is 256 bytes long; the kernel takes at most 255");
    [
        (String::new(), format!("a {what} needs a name of at least one byte")),
        (long, too_long),
        (
            "a\0b".to_owned(),
            format!("the {what} \"a\\0b\" holds a NUL byte, which the kernel would take for its end"),
        ),
    ]
}

#[test]
fn tables_have_names() {
    for (name, text) in no_names("table") {
        let place = || (Family::Inet, name.clone());
        let chain = || (Family::Inet, name.clone(), "input");
        let refusals = [
            refused(|work| _ = work.add_table(Table::inet(&name))),
            refused(|work| _ = work.create_table(Table::inet(&name))),
            refused(|work| _ = work.replace_table(Table::inet(&name))),
            refused(|work| _ = work.delete_table(place())),
            refused(|work| _ = work.destroy_table(place())),
            refused(|work| _ = work.remove_table(place())),
            refused(|work| _ = work.flush_table(place())),
            refused(|work| _ = work.add_chain(place(), Chain::new("c"))),
            refused(|work| _ = work.rename_chain(place(), 1, "c")),
            refused(|work| _ = work.flush_chain(chain())),
            refused(|work| _ = work.set_policy(chain(), Policy::Drop)),
            refused(|work| _ = work.add_rule((Family::Inet, name.as_str(), "input"), rule())),
            refused(|work| _ = work.delete_rule(chain(), 1)),
            refused(|work| _ = work.add_set(place(), Set::new("s", DataType::IPV4_ADDR))),
            refused(|work| _ = work.delete_set((Family::Inet, name.clone(), "s"))),
        ];
        for refusal in refusals {
            assert_eq!(refusal, text);
        }
    }
    assert_eq!(Table::inet("x".repeat(255)).check(), Ok(()));
}

#[test]
fn chains_have_names() {
    for (name, text) in no_names("chain") {
        let chain = || (Family::Inet, "edge", name.clone());
        let path = || (Family::Inet, "edge", name.as_str());
        let refusals = [
            refused(|work| _ = work.add_table(Table::inet("edge").chain(Chain::new(&name)))),
            refused(|work| _ = work.add_chain((Family::Inet, "edge"), Chain::new(&name))),
            refused(|work| _ = work.create_chain((Family::Inet, "edge"), Chain::filter(&name, Hook::Input))),
            refused(|work| _ = work.delete_chain(chain())),
            refused(|work| _ = work.destroy_chain(chain())),
            refused(|work| _ = work.flush_chain(chain())),
            refused(|work| _ = work.rename_chain((Family::Inet, "edge"), 1, name.clone())),
            refused(|work| _ = work.set_policy(chain(), Policy::Drop)),
            refused(|work| _ = work.add_rule(path(), rule().accept())),
            refused(|work| _ = work.insert_rule(path(), Position::Head, rule().accept())),
            refused(|work| _ = work.replace_rule(path(), 1, rule().accept())),
            refused(|work| _ = work.delete_rule(chain(), 1)),
            refused(|work| _ = work.destroy_rule(chain(), 1)),
        ];
        for refusal in refusals {
            assert_eq!(refusal, text);
        }
        // In verdict maps, too: those of the table, and those of a rule.
        let map = MapOf::<Port, Verdict>::new("m");
        let verdicts =
            || [(Port(22), Verdict::jump(name.as_str())), (Port(80), Verdict::goto(name.as_str()))];
        let of_map = refused(|work| _ = work.add_set((Family::Inet, "edge"), map.with(verdicts())));
        assert!(of_map.starts_with("element 0 (22 : jump ") && of_map.ends_with(&text), "{of_map}");
        let element = || Element::new(Data::network_u16(22)).verdict(Verdict::jump(name.as_str()));
        let set = (Family::Inet, "edge", "m");
        assert_eq!(refused(|work| _ = work.add_elements(set, [element()])), text);
        refused_with([(tcp().verdict_map(Dport, verdicts()), of_map.as_str())]);
        refused_with([(rule().jump(&name), text.as_str()), (tcp().goto(&name), &text)]);
    }
}

#[test]
fn a_connection_is_in_one_state() {
    const NONE: &str = "an empty list of connection states matches nothing: give at least one";
    const SEVERAL: &str =
        "a connection is never in several states at once: ct_state_is takes one, and ct_state any of several";
    let two = CtState::NEW | CtState::RELATED;
    let range = || Matching::from(Item::Range(CtState::INVALID, CtState::RELATED));
    refused_with([
        (rule().ct_state_is(CtState::empty()), NONE),
        (rule().ct_state_is([] as [CtState; 0]), NONE),
        (rule().ct_state_is(not(CtState::empty())), NONE),
        (rule().ct_state_is(two), SEVERAL),
        (rule().ct_state_is(not(two)), SEVERAL),
        (rule().ct_state_is([CtState::NEW, CtState::RELATED]), SEVERAL),
        (rule().ct_state_is(range()), SEVERAL),
        (
            rule().ct_state_is(Matching::from(not(CtState::NEW)).or(CtState::NEW)),
            "not(..) goes around the whole list: not(a.or(b))",
        ),
    ]);
}

/// A rule behind one of the same chain takes that chain's name as it was encoded: not a wrong one.
#[test]
fn each_rule_of_a_chain_without_name_is_refused() {
    let mut transaction = Transaction::new();
    transaction.add_rule((Family::Inet, "edge", ""), rule().accept());
    transaction.add_rule((Family::Inet, "edge", "input"), rule().accept());
    transaction.add_rule((Family::Inet, "edge", ""), rule().accept());
    let numbers = transaction.problems().iter().map(|problem| problem.operation.index());
    assert_eq!(numbers.collect::<Vec<_>>(), [0, 2]);
}

#[test]
fn sets_have_names() {
    let place = (Family::Inet, "edge");
    for (name, text) in no_names("set") {
        let set = || SetOf::<std::net::Ipv4Addr>::new(&name);
        let map = MapOf::<std::net::Ipv4Addr, std::net::Ipv4Addr>::new(&name);
        let refusals = [
            refused(|work| _ = work.add_set(place, Set::new(&name, DataType::IPV4_ADDR))),
            refused(|work| _ = work.create_set(place, set().as_set())),
            refused(|work| _ = work.delete_set((Family::Inet, "edge", name.clone()))),
            refused(|work| _ = work.flush_set((Family::Inet, "edge", name.clone()))),
            refused(|work| _ = work.add_table(Table::inet("edge").set(set().as_set().clone()))),
        ];
        for refusal in refusals {
            assert_eq!(refusal, text);
        }
        refused_with([
            (rule().ipv4().in_set(Saddr, &set()), text.as_str()),
            (rule().ipv4().not_in_set(Saddr, &set()), &text),
            (rule().ipv4().add_to_set(Saddr, &set()), &text),
            (rule().ipv4().dnat_by(mapped(Saddr, &map)), &text),
        ]);
    }
}
