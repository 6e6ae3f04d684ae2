//! The table of `iptables -L -v` against iptables' own.
//!
//! The rules are those of `ip.rules` and `ip6.rules`, loaded by iptables-nft-restore and read by us. Spacing does not
//! count; what differs beside that is named here.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{ErrorKind, Write},
    process::{Command, Stdio},
};

use portcullis::{Family, Ruleset, Table};
use portcullis_world::{Host, skip};

use crate::support::open;

/// Matches and targets that are named, with their bytes, and not read.
const NAMED_ONLY: &[&str] = &[
    "bpf",
    "cgroup",
    "cluster",
    "connlabel",
    "hashlimit",
    "osf",
    "policy",
    "u32",
    "ECN",
    "HMARK",
    "IDLETIMER",
    "RATEEST",
    "TCPOPTSTRIP",
];

/// Lines that differ, and why: a part of iptables' line, and of ours.
const DIFFERENT: &[(&str, &str)] = &[
    // Events are not read.
    ("CT ctevents new", "CT rev 2 ["),
];

fn restore(host: &Host, program: &str, rules: &str) -> bool {
    let load = || {
        let mut child = Command::new(program).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        child.stdin.take().expect("a pipe").write_all(rules.as_bytes())?;
        child.wait_with_output()
    };
    match host.run(load) {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            true
        }
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => panic!("{program}: {error}"),
    }
}

fn listed(host: &Host, program: &str, arguments: &[&str]) -> String {
    let output = host.run(|| Command::new(program).args(arguments).output()).expect("iptables runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The lines of each chain, spaces collapsed, the chain's own line first.
fn chains(listing: &str) -> BTreeMap<String, Vec<String>> {
    let mut chains: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut name = String::new();
    for line in listing.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] | ["Table", ..] | ["num" | "pkts" | "target", ..] => continue,
            ["Chain", chain, ..] => name = (*chain).to_owned(),
            _ => {}
        }
        let line = words.join(" ").replace("tos match0x", "tos match 0x");
        chains.entry(name.clone()).or_default().push(line);
    }
    chains
}

/// Whether the difference is one of those that are named above; what excused it is remembered.
fn excused(theirs: &str, ours: &str, used: &mut BTreeSet<&'static str>) -> bool {
    let different = DIFFERENT
        .iter()
        .find(|(part, words)| theirs.contains(part) && ours.contains(words))
        .map(|(part, _)| *part);
    let named = || NAMED_ONLY.iter().copied().find(|name| ours.contains(&format!("{name} rev ")));
    let excuse = different.or_else(named);
    used.extend(excuse);
    excuse.is_some()
}

fn compare(
    ours: &Table,
    theirs: &str,
    listing: &str,
    problems: &mut Vec<String>,
    used: &mut BTreeSet<&'static str>,
) -> usize {
    let (theirs, read) = (chains(theirs), chains(listing));
    let mut compared = 0;
    if theirs.keys().ne(read.keys()) {
        problems.push(format!("table {}: {:?} and {:?}", ours.name, theirs.keys(), read.keys()));
    }
    for (chain, theirs) in &theirs {
        let ours = read.get(chain).cloned().unwrap_or_default();
        if ours.len() != theirs.len() {
            problems.push(format!("chain {chain}: {} lines, ours {}", theirs.len(), ours.len()));
        }
        for (theirs, ours) in theirs.iter().zip(&ours) {
            compared += 1;
            if theirs != ours && !excused(theirs, ours, used) {
                problems.push(format!("iptables: {theirs}\n    ours: {ours}"));
            }
        }
    }
    compared
}

fn same_as(program: &str, family: Family, rules: &str) -> Option<usize> {
    let host = Host::new("listing");
    if !restore(&host, &format!("{program}-nft-restore"), rules) {
        return None;
    }
    let program = format!("{program}-nft");
    let ruleset: Ruleset = open(&host).ruleset(Some(family)).expect("the ruleset");
    let (mut compared, mut problems, mut used) = (0, Vec::new(), BTreeSet::new());
    for table in ruleset.tables.iter().filter(|table| table.family == family) {
        let theirs = listed(&host, &program, &["-t", &table.name, "-L", "-v", "-n", "-x", "--line-numbers"]);
        let ours = table.listing().numeric(true).exact(true).line_numbers(true).to_string();
        compared += compare(table, &theirs, &ours, &mut problems, &mut used);

        let theirs = listed(&host, &program, &["-t", &table.name, "-L", "-n"]);
        let ours = table.listing().numeric(true).verbose(false).to_string();
        compared += compare(table, &theirs, &ours, &mut problems, &mut used);
    }
    assert!(problems.is_empty(), "{} of {compared} lines\n{}", problems.len(), problems.join("\n"));
    if family == Family::Ip {
        let named = NAMED_ONLY.iter().copied().chain(DIFFERENT.iter().map(|(part, _)| *part));
        let unused: Vec<_> = named.filter(|name| !used.contains(*name)).collect();
        assert!(unused.is_empty(), "excuses that nothing needs: {unused:?}");
    }
    Some(compared)
}

/// Whether there is a user 1000, and not root alone.
fn maps_user_1000() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
        matches!(*numbers, [first, _, count] if (first..first + count).contains(&1000))
    })
}

#[test]
fn iptables_says_the_same() {
    let mut rules = include_str!("ip.rules").to_owned();
    if !maps_user_1000() {
        // The kernel takes no other numbers than those that the user namespace has.
        rules =
            rules.replace("--uid-owner 1000", "--uid-owner 0").replace("--gid-owner 5-9", "--gid-owner 0");
    }
    match same_as("iptables", Family::Ip, &rules) {
        Some(lines) => assert!(lines > 200, "only {lines} lines were compared"),
        None => skip!("there is no iptables-nft-restore"),
    }
}

#[test]
fn ip6tables_says_the_same() {
    match same_as("ip6tables", Family::Ip6, include_str!("ip6.rules")) {
        Some(lines) => assert!(lines > 50, "only {lines} lines were compared"),
        None => skip!("there is no ip6tables-nft-restore"),
    }
}

/// Our own tables, as far as iptables-nft has words for our expressions (`classic`, module docs).
#[test]
fn iptables_lists_our_tables_as_we_do() {
    use portcullis::{
        Rate, Rule,
        classic::{self, BuiltinChain::*, ChainName, Policy, Version},
    };

    let host = Host::new("classic-listing");
    if host.run(|| Command::new("iptables-nft").arg("--version").output()).is_err() {
        skip!("there is no iptables-nft");
    }
    let web = ChainName::from("web");
    let filter = classic::Table::filter(Version::V4)
        .chain("web")
        .append(Input, Rule::new().iif("lo").counter().accept())
        .append(Input, Rule::new().saddr("10.0.0.0/8").daddr("192.168.1.1").counter().accept())
        .append(Input, Rule::new().tcp().dport(22).counter().accept())
        .append(Input, Rule::new().udp().sport(1024..=65535).counter().drop())
        .append(Input, Rule::new().limit(Rate::per_second(3)).counter().accept())
        .append(Input, Rule::new().tcp().dport(80).counter().jump("web"))
        .append(web, Rule::new().counter().return_())
        .policy(Input, Policy::Drop);
    open(&host).amend([filter]).expect("the table");
    let ruleset = open(&host).ruleset(Some(Family::Ip)).expect("the ruleset");
    let table = ruleset.tables.iter().find(|table| table.name == "filter").expect("filter");
    let theirs = listed(&host, "iptables-nft", &["-L", "-v", "-n", "-x", "--line-numbers"]);
    // Our chains do not count, and iptables says that they counted nothing.
    let theirs = theirs.replace(" 0 packets, 0 bytes)", ")");
    let ours = table.listing().numeric(true).exact(true).line_numbers(true).to_string();
    let mut problems = Vec::new();
    let lines = compare(table, &theirs, &ours, &mut problems, &mut BTreeSet::new());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(lines >= 11, "{lines}: {theirs}");
}
