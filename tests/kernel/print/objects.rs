//! Tables, chains, sets, objects and flowtables that nft loaded, read, printed, and loaded again from what was printed.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use portcullis::{Ruleset, object::InterfaceName, probe::Feature};
use portcullis_world::{Host, need_namespaces, skip, this_function};

use crate::support::{open, part_can_run, without_expiry};

/// What this project's kernel does not have, or not everywhere.
const MAY_BE_REFUSED: &[(&str, &str)] = &[
    ("a flowtable", "needs CONFIG_NF_FLOW_TABLE"),
    ("security marks", "needs a security module that knows the context"),
];

/// What older kernels do not have.
const NEEDS: &[(&str, Feature)] = &[
    ("two statements beside elements", Feature::SetExpressions),
    ("a verdict map of ranges for all other keys", Feature::SetCatchAll),
    ("a map of marks for all other keys", Feature::SetCatchAll),
    ("a set of all other keys", Feature::SetCatchAll),
    ("netdev chains", Feature::EgressNetdev),
];

/// Where our text is not nft's, and why.
const OTHER_TEXT: &[(&str, &str)] = &[
    (
        "two statements beside elements",
        "nft lists several statements beside a key, and takes counter and limit only",
    ),
    ("interface names with stars", "nft forgets the backslash, and then means every name that begins so"),
    ("the usual timeouts", "nft lists `policy = {  }`, and does not take it"),
    (
        "ranges as values beside keys without a name",
        "nft forgets typeof where values are ranges, lists `integer` for keys of several fields, and does not take it",
    ),
    ("bits of fields among others", "nft lists `ip dscp >> 2`, and takes it for one more shift"),
    (
        "labels, of which nft cannot list a set",
        "nft lists nothing at all: \"Unknown data type in set key 30\"",
    ),
];

/// Where our text does not make the same ruleset, and why.
const NOT_THE_SAME: &[(&str, &str)] = &[(
    "ranges as values",
    "nft forgets typeof where values are ranges; what it keeps for itself beside the map differs",
)];

fn nft(host: &Host, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new("nft");
    command.args(arguments).env("TZ", "UTC");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = host.spawn(&mut command);
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("nft reads");
    child.wait_with_output().expect("nft ends")
}

/// Loads a ruleset; nft's first complaint otherwise.
fn load(host: &Host, ruleset: &str) -> Result<(), String> {
    let output = nft(host, &["-f", "-"], ruleset);
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("nft dies").to_owned())
}

/// The blocks of the file, by name.
fn blocks(text: &str) -> Vec<(String, String)> {
    let blocks = text.split("\n\n").filter_map(|block| block.trim().strip_prefix("# ")?.split_once('\n'));
    let named = blocks.filter(|(_, block)| block.starts_with("table"));
    named.map(|(name, block)| (name.to_owned(), format!("{block}\n"))).collect()
}

/// What two dumps of the same ruleset share.
fn lasting(mut ruleset: Ruleset) -> Ruleset {
    for table in &mut ruleset.tables {
        table.handle = None;
        for object in &mut table.objects {
            object.handle = None;
        }
        for flowtable in &mut table.flowtables {
            flowtable.handle = None;
            flowtable.devices.sort();
        }
        for set in &mut table.sets {
            set.handle = None;
            set.elements.iter_mut().for_each(|element| element.expiration = None);
            set.elements.sort_by(|a, b| (&a.key, a.flags.bits()).cmp(&(&b.key, b.flags.bits())));
        }
        for chain in &mut table.chains {
            chain.handle = None;
            chain.rules.iter_mut().for_each(|rule| rule.handle = None);
            if let Some(base) = &mut chain.base {
                base.devices.sort_by(|a: &InterfaceName, b| a.text().cmp(b.text()));
            }
        }
    }
    ruleset
}

/// A ruleset in full, with the chains that belong to rules numbered as they come: the kernel goes on counting.
fn shown(ruleset: &Ruleset) -> String {
    let mut text = format!("{ruleset:#?}");
    let chains = ruleset.tables.iter().flat_map(|table| &table.chains);
    for (number, chain) in chains.filter(|chain| chain.name.starts_with("__chain")).enumerate() {
        text = text.replace(&format!("\"{}\"", chain.name), &format!("\"chain {number}\""));
    }
    text
}

/// Lines that only one of two texts has.
fn difference(nfts: &str, ours: &str) -> String {
    let only = |sign: char, text: &str, other: &str| -> String {
        let lines = text.lines().filter(|line| !other.lines().any(|found| found == *line));
        lines.map(|line| format!("{sign}{line}\n")).collect()
    };
    only('-', nfts, ours) + &only('+', ours, nfts)
}

#[test]
fn declarations_come_back() {
    need_namespaces!();
    if Command::new("nft").arg("--version").output().is_err() {
        skip!("nft is not installed");
    }
    let interfaces = [(1, "lo".to_owned())];
    let (mut loaded, mut same_text, mut same_ruleset, mut nfts_own) = (0, 0, 0, 0);
    let mut problems = Vec::new();
    let listed = |list: &[(&str, &str)], name: &str| list.iter().any(|(listed, _)| *listed == name);
    for (name, block) in blocks(include_str!("declarations.txt")) {
        let host = Host::new("declared");
        if let Err(error) = load(&host, &block) {
            let needs = NEEDS.iter().find(|(listed, _)| *listed == name);
            if needs.is_some_and(|(_, feature)| !part_can_run(&host, this_function!(), *feature)) {
                continue;
            }
            if !listed(MAY_BE_REFUSED, &name) {
                problems.push(format!("{name}: refused: {error}"));
            }
            continue;
        }
        loaded += 1;
        let ruleset = open(&host).ruleset(None).unwrap_or_else(|error| panic!("{name}: {error}"));
        let ours = ruleset.nft().interfaces(&interfaces).to_string();
        let nfts = nft(&host, &["list", "ruleset"], "");
        let nfts = String::from_utf8_lossy(&nfts.stdout).into_owned();

        let differing = difference(&without_expiry(&nfts), &without_expiry(&ours));
        match (differing.is_empty(), listed(OTHER_TEXT, &name)) {
            (true, false) => same_text += 1,
            (false, true) => {}
            (true, true) => problems.push(format!("{name}: the text is nft's, and should not be")),
            (false, false) => problems.push(format!("{name}: the text is not nft's\n{differing}")),
        }

        let wanted = lasting(ruleset.clone());
        let again = |text: &str| {
            let host = Host::new("again");
            load(&host, text)?;
            let found = open(&host).ruleset(None).map_err(|error| error.to_string())?;
            let (wanted, found) = (shown(&wanted), shown(&lasting(found)));
            if found == wanted { Ok(()) } else { Err(difference(&wanted, &found)) }
        };
        match (again(&ours), listed(NOT_THE_SAME, &name)) {
            (Ok(()), false) => same_ruleset += 1,
            (Err(_), true) => {}
            (Ok(()), true) => problems.push(format!("{name}: comes back, and should not")),
            (Err(error), false) => problems.push(format!("{name}: does not come back: {error}\n{ours}")),
        }
        nfts_own += usize::from(again(&nfts).is_ok());
        let losses = ruleset.nft().losses();
        if !losses.is_empty() {
            problems.push(format!("{name}: said to be lost: {losses:?}"));
        }
    }
    println!(
        "{loaded} rulesets: {same_text} texts as nft's; the same again from {same_ruleset} of our texts, from \
         {nfts_own} of nft's"
    );
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    assert!(loaded > 35, "{loaded}");
}
