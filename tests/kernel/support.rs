//! What kernel tests share.

use std::{
    collections::BTreeMap,
    io::Write,
    net::IpAddr,
    process::{Command, Stdio},
};

use portcullis::{
    Chain, ChainRef, Error, Family, Hook, Netfilter, Refusal, Rule, Table, Transaction,
    expr::Expr,
    probe::{Feature, Support},
};
use portcullis_world::{Frame, Host, report_skip};

/// The connection to a host's packet filter.
pub(crate) fn open(host: &Host) -> Netfilter {
    host.run(|| Netfilter::open().expect("a netlink socket"))
}

/// What the kernel refuses of a transaction.
#[track_caller]
pub(crate) fn refusals(firewall: &mut Netfilter, transaction: &Transaction) -> Vec<Refusal> {
    match firewall.commit(transaction) {
        Err(Error::Refused(refused)) => refused.refusals,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

/// What a kernel without this feature is to be told.
pub(crate) fn missing(feature: Feature) -> Option<String> {
    let host = Host::new("probe");
    open(&host).require(feature).err().map(|error| error.to_string())
}

/// Skips the calling test where the kernel lacks a feature, in the words of the probe's refusal.
macro_rules! need_feature {
    ($feature:expr) => {
        if let Some(missing) = $crate::support::missing($feature) {
            portcullis_world::skip!("{missing}");
        }
    };
}
pub(crate) use need_feature;

/// `nft list ruleset` in a host; `None` where there is no nft.
pub(crate) fn nft_listing(host: &Host) -> Option<String> {
    let output = host.run(|| Command::new("nft").args(["list", "ruleset"]).output()).ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("nft prints UTF-8"))
}

/// A table `edge` with an accepting chain `input`.
pub(crate) fn edge() -> Table {
    Table::new(Family::Inet, "edge").chain(Chain::filter("input", Hook::Input))
}

/// What the counters of a chain's rules say, by the rules' comments, in order; of a rule without counter nothing.
pub(crate) fn counts(firewall: &mut Netfilter, chain: impl Into<ChainRef>) -> Vec<(String, u64)> {
    let rules = firewall.rules(chain).expect("the chain's rules");
    rules.iter().filter_map(|rule| Some((rule.comment_text().unwrap_or_default(), packets(rule)?))).collect()
}

/// How many packets the rule with this comment has counted.
#[track_caller]
pub(crate) fn counted(firewall: &mut Netfilter, chain: impl Into<ChainRef>, comment: &str) -> u64 {
    let counts = counts(firewall, chain);
    let found = counts.iter().find(|(name, _)| name == comment);
    found.unwrap_or_else(|| panic!("no rule with a counter is called {comment:?}: {counts:?}")).1
}

pub(crate) fn packets(rule: &Rule) -> Option<u64> {
    rule.expressions().find_map(|expression| match expression {
        Expr::Counter(counter) => counter.packets,
        _ => None,
    })
}

/// A datagram to that address and to one of these ports that came in.
pub(crate) fn arrived<const N: usize>(address: &str, ports: [u16; N]) -> impl Fn(&Frame) -> bool {
    let address: IpAddr = address.parse().unwrap();
    move |frame| {
        let known = frame.destination_port().is_some_and(|port| ports.contains(&port));
        !frame.is_outgoing() && frame.destination() == Some(address) && known
    }
}

/// Has nft load a ruleset in a host; false where there is no nft.
pub(crate) fn nft_load(host: &Host, ruleset: &str) -> bool {
    let load = || {
        let mut nft =
            Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        nft.stdin.take().expect("a pipe").write_all(ruleset.as_bytes())?;
        nft.wait_with_output()
    };
    match host.run(load) {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            true
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => panic!("nft: {error}"),
    }
}

/// Whether the kernel has a feature that a part of a test needs; says so where it has not. The test's name is that of
/// `this_function!()`.
pub(crate) fn part_can_run(host: &Host, test: &str, feature: Feature) -> bool {
    let support = open(host).supports(feature).expect("the kernel can be asked");
    if support != Support::Works {
        report_skip(&format!("{test} {feature:?}"), &feature.explain());
    }
    support == Support::Works
}

/// The lines of a ruleset that this kernel can have: those that every kernel has not end in `# needs SetCatchAll`.
pub(crate) fn fitting(host: &Host, test: &str, ruleset: &str) -> String {
    let mut kept = String::new();
    let mut known = BTreeMap::new();
    for line in ruleset.lines() {
        let wanted = line.split_once("# needs ").map(|(_, name)| {
            let found = Feature::ALL.iter().find(|feature| format!("{feature:?}") == name.trim());
            *found.unwrap_or_else(|| panic!("no feature is called {name}"))
        });
        let fits = wanted
            .is_none_or(|feature| *known.entry(feature).or_insert_with(|| part_can_run(host, test, feature)));
        if fits {
            kept += line;
            kept.push('\n');
        }
    }
    kept
}

/// A listing without the time that elements have left.
pub(crate) fn without_expiry(listing: &str) -> String {
    let mut words = listing.split(' ');
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        if word == "expires" {
            // The time may end the line's list.
            let time = words.next().unwrap_or_default();
            if let Some(rest) = time.strip_suffix(',') {
                kept.push(",");
                assert!(!rest.is_empty());
            }
        } else {
            kept.push(word);
        }
    }
    kept.join(" ").replace(" ,", ",")
}

/// The command that runs one of this library's examples.
pub(crate) fn example(name: &str) -> Command {
    let own = std::env::current_exe().expect("this test's own path");
    let path = own.ancestors().nth(2).expect("target/<profile>").join("examples").join(name);
    assert!(path.is_file(), "{} is missing: run `cargo build --examples`", path.display());
    Command::new(path)
}
