//! What kernel tests share.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use portcullis::{Chain, ChainRef, Family, Hook, Netfilter, Rule, Table, expr::Expr, probe::Feature};
use portcullis_world::Host;

/// The connection to a host's packet filter.
pub(crate) fn open(host: &Host) -> Netfilter {
    host.run(|| Netfilter::open().expect("a netlink socket"))
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

fn packets(rule: &Rule) -> Option<u64> {
    rule.expressions().find_map(|expression| match expression {
        Expr::Counter(counter) => counter.packets,
        _ => None,
    })
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

/// A kernel's release, for what cannot be asked of the kernel itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Release(pub(crate) u32, pub(crate) u32);

impl Release {
    /// The running kernel's.
    pub(crate) fn of_this_kernel() -> Self {
        let text = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("/proc");
        Self::parse(text.trim()).unwrap_or_else(|| panic!("no release: {text}"))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        Some(Self(numbers.next()?.ok()?, numbers.next()?.ok()?))
    }
}

/// The lines of a ruleset that this kernel can have: those that need a newer one end in `# kernel 5.13`.
pub(crate) fn fitting(ruleset: &str) -> String {
    let here = Release::of_this_kernel();
    let fits = |line: &&str| {
        let needs = line.split_once("# kernel ").and_then(|(_, release)| Release::parse(release));
        needs.is_none_or(|needs| needs <= here)
    };
    ruleset.lines().filter(fits).map(|line| format!("{line}\n")).collect()
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
