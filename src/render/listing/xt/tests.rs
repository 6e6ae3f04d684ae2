//! What iptables' structures of another size or revision are shown as. The readable ones are held against iptables
//! itself in `tests/kernel/listing`.

use crate::{
    Chain, Family, Rule, Table,
    expr::{XtMatch, XtTarget},
};

#[track_caller]
fn rest(rule: Rule) -> String {
    let table = Table::new(Family::Ip, "t").chain(Chain::new("c").rule(rule));
    let text = table.listing().numeric(true).verbose(false).to_string();
    let line = text.lines().nth(3).unwrap_or_default();
    let words: Vec<&str> = line.split_whitespace().collect();
    [&words[..1.min(words.len())], words.get(5..).unwrap_or_default()].concat().join(" ")
}

#[test]
fn a_truncated_structure_is_named() {
    for (name, revision) in [
        ("tcp", 0),
        ("udp", 0),
        ("sctp", 0),
        ("dccp", 0),
        ("comment", 0),
        ("conntrack", 3),
        ("state", 0),
        ("multiport", 1),
        ("icmp", 0),
        ("icmp6", 0),
        ("mark", 1),
        ("connmark", 1),
        ("limit", 0),
        ("statistic", 0),
        ("mac", 0),
        ("iprange", 1),
        ("length", 0),
        ("tcpmss", 0),
        ("ttl", 0),
        ("hl", 0),
        ("tos", 1),
        ("dscp", 0),
        ("owner", 1),
        ("pkttype", 0),
        ("addrtype", 1),
        ("helper", 0),
        ("string", 1),
        ("recent", 1),
        ("time", 0),
        ("connlimit", 1),
        ("quota", 0),
        ("connbytes", 0),
        ("esp", 0),
        ("cpu", 0),
        ("realm", 0),
        ("devgroup", 0),
        ("physdev", 0),
        ("ecn", 0),
    ] {
        let expected = format!("ACCEPT match {name} rev {revision} [ff]");
        let rule = Rule::new().say(XtMatch::new(name, revision as u32, vec![0xff])).accept();
        assert_eq!(rest(rule), expected, "{name}");
    }
    for name in ["DNAT", "SNAT", "REJECT", "LOG", "NFLOG", "CONNMARK", "TCPMSS", "CLASSIFY", "SYNPROXY"] {
        let rule = Rule::new().say(XtTarget::new(name, 0u32, vec![0xff]));
        assert_eq!(rest(rule), format!("{name} {name} rev 0 [ff]"));
    }
}

#[test]
fn another_revision_is_named() {
    let rule = Rule::new().say(XtMatch::new("mark", 9u32, vec![1, 0, 0])).accept();
    assert_eq!(rest(rule), "ACCEPT match mark rev 9 [01]");
    let rule = Rule::new().say(XtTarget::new("FUTURE", 0u32, vec![0; 8]));
    assert_eq!(rest(rule), "FUTURE FUTURE rev 0 [0]");
}

#[test]
fn a_rate_is_read_from_its_period() {
    for (period, expected) in [
        (3_333u32, "3/sec"),
        (10_000, "1/sec"),
        (120_000, "5/min"),
        (600_000, "1/min"),
        (5_142_857, "7/hour"),
        (864_000_000, "1/day"),
    ] {
        let info = [period.to_ne_bytes(), 5u32.to_ne_bytes()].concat();
        let rule = Rule::new().say(XtMatch::new("limit", 0u32, info)).accept();
        assert_eq!(rest(rule), format!("ACCEPT limit: avg {expected} burst 5"));
    }
}
