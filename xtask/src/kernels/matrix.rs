//! Kernels and results, for people: on the terminal and in `docs/kernels.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::guest::Outcome;
use crate::process::{self, Result, doing, failed, seconds};
use crate::skips::{Expected, Skipped, parse_skipped};

/// One kernel's results.
pub(crate) struct Column {
    version: String,
    outcome: Outcome,
    skipped: Skipped,
    /// Every test was asked for.
    whole: bool,
}

impl Column {
    /// The results of a boot; `whole`: every test was asked for.
    pub(crate) fn new(version: &str, outcome: Outcome, whole: bool) -> Column {
        Column { version: version.to_owned(), skipped: parse_skipped(&outcome.skipped), outcome, whole }
    }

    /// Tests that passed and were not skipped. (Some skips are parts of a test; those tests did pass.)
    fn passed(&self, names: &BTreeSet<&str>) -> usize {
        let counts = &self.outcome.counts;
        counts.ended.saturating_sub(counts.failures.len() + names.len())
    }

    /// The tests that were skipped as a whole.
    fn skipped_tests(&self) -> BTreeSet<&str> {
        self.skipped
            .keys()
            .map(String::as_str)
            .filter(|name| !name.contains('.') && !name.contains(' '))
            .collect()
    }

    /// Whether every test came to an end, and none badly.
    fn is_well(&self) -> bool {
        self.outcome.status == Some(0) && self.outcome.unfinished == 0
    }

    fn answer(&self, feature: &str) -> Option<&str> {
        let mut answers = self.outcome.features.iter().filter_map(|line| line.rsplit_once(": "));
        answers.find_map(|(name, answer)| (name == feature).then_some(answer))
    }
}

/// How many tests are shown with the time that they took.
const SLOWEST: usize = 40;

/// Prints the results, the skips with their reasons, and how those differ from the list.
pub(crate) fn report(columns: &[Column], expected: &Expected) {
    for column in columns {
        let comparison = expected.compare(&column.version, &column.skipped);
        println!("\n== Linux {}: skipped", column.outcome.release);
        for (name, reason) in &column.skipped {
            let mark = if comparison.unexpected.contains(name) { "UNEXPECTED" } else { "expected" };
            println!("  {mark:<10}  {name}: {reason}");
        }
        if column.whole && column.outcome.status.is_some() {
            for pattern in &comparison.not_skipped {
                println!("  expected to be skipped, but was not: {pattern}");
            }
        }
        let mut slowest = column.outcome.durations.clone();
        slowest.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        for (name, time) in slowest.iter().take(SLOWEST) {
            println!("  {time:>8.1} s  {name}");
        }
        for name in &column.outcome.counts.failures {
            println!("FAILED: {name} (Linux {})", column.version);
        }
    }
    println!("\n{}", results(columns));
}

/// Writes `docs/kernels.md`.
pub(crate) fn write(columns: &[Column]) -> Result {
    let file = process::root().join("docs/kernels.md");
    std::fs::write(&file, document(columns)).map_err(doing(format!("write {}", file.display())))?;
    println!("written: {}", file.display());
    Ok(())
}

/// Whether all this is a success.
pub(crate) fn verdict(columns: &[Column], expected: &Expected) -> Result {
    for column in columns {
        let version = &column.version;
        if column.outcome.status.is_none() {
            return failed(format!(
                "Linux {version} died, or the time was up; its log in target/kernels says more"
            ));
        }
        if column.outcome.status != Some(0) || column.outcome.counts.passed == 0 {
            return failed(format!("tests failed in Linux {version}; the names are above"));
        }
        let unexpected = expected.compare(version, &column.skipped).unexpected;
        if !unexpected.is_empty() {
            return failed(format!(
                "skipped in Linux {version}, though {} does not say so: {}",
                super::EXPECTED,
                unexpected.join(", ")
            ));
        }
    }
    Ok(())
}

fn document(columns: &[Column]) -> String {
    let mut text = String::from(INTRODUCTION);
    text += &results(columns);
    if let Some(oldest) = columns.first() {
        let proof = match (oldest.is_well(), oldest.whole) {
            (true, true) => "there every test passed but those that are listed below as skipped",
            (true, false) => {
                "there every test passed that was asked for, but those that are listed below as skipped"
            }
            (false, _) => "**not proven: see what failed there**",
        };
        let _ = write!(
            text,
            "\nThe oldest kernel that the library is for is **Linux {}**: {proof}.\n",
            oldest.version
        );
    }
    text += &features(columns);
    let failures: BTreeSet<_> = columns.iter().flat_map(|column| &column.outcome.counts.failures).collect();
    if !failures.is_empty() {
        text += "\n## Tests that failed\n\n";
        text += &head(columns, &["Test"], &[]);
        for name in failures {
            let cells = columns
                .iter()
                .map(|column| if column.outcome.counts.failures.contains(name) { "**failed**" } else { "" });
            text += &row([&*code(name)].into_iter().chain(cells));
        }
    }
    let skipped: BTreeMap<_, _> = columns.iter().flat_map(|column| &column.skipped).collect();
    if !skipped.is_empty() {
        text += "\n## Tests that were skipped\n\nWhere a name goes on behind the test's, it is a part of that test.\n\n";
        text += &head(columns, &["Test"], &["Why"]);
        for (name, reason) in skipped {
            let cells =
                columns.iter().map(|column| if column.skipped.contains_key(name) { "skipped" } else { "" });
            text += &row([&*code(name)].into_iter().chain(cells).chain([&*reason.replace('|', "\\|")]));
        }
    }
    text
}

const INTRODUCTION: &str = "\
# Kernels

Written by `cargo xtask kernels`: the kernel tests in stock kernels of Debian, each booted by qemu in software
emulation. A skipped test says what the kernel (or this Debian's `nft`) lacks; `tests/expected-skips-kernels.txt` lists
them with the reasons, and no other may be skipped. A part is something within a test: a ruleset of `tests/rulesets` that
this kernel cannot load, or a few lines of a ruleset. Where not all tests were asked for, the number says how many were.

";

/// What each kernel can do, by group.
fn features(columns: &[Column]) -> String {
    let mut text = String::new();
    let Some(names) = columns.iter().map(|column| &column.outcome.features).max_by_key(|lines| lines.len())
    else {
        return text;
    };
    for line in names {
        if let Some(group) = line.strip_prefix("# ") {
            if text.is_empty() {
                text += FEATURES;
            }
            let _ = write!(text, "\n### {group}\n\n");
            text += &head(columns, &["Feature", "Oldest"], &[]);
        } else if let Some((name, _)) = line.rsplit_once(": ") {
            let answers = || columns.iter().map(|column| column.answer(name));
            let oldest = columns.iter().find(|column| column.answer(name) == Some("works"));
            let oldest = oldest.map_or("none", |column| column.version.as_str());
            let cells = answers().map(|answer| match answer {
                Some("works") => "works",
                Some("missing") => "\u{2013}",
                Some(other) => other,
                None => "not asked",
            });
            text += &row([&*code(name), oldest].into_iter().chain(cells));
        }
    }
    text
}

const FEATURES: &str = "
## Features

What `Netfilter::probe` found (`examples/probe` does the same for any kernel): *works*, or \u{2013} where this kernel lacks it;
a transaction that needs it is then refused as `Error::Unsupported` with that name. Any other answer is a failure. *Oldest*
is the oldest of these kernels in which it works.
";

/// The table of kernels and numbers of tests.
fn results(columns: &[Column]) -> String {
    let mut text = String::from(
        "| Kernel | Asked for | Passed | Failed | Skipped | Parts skipped | Not finished | Boot and tests |\n",
    );
    text += "|---|--:|--:|--:|--:|--:|--:|--:|\n";
    for column in columns {
        let skipped = column.skipped_tests();
        let Outcome { counts, release, unfinished, took, asked, .. } = &column.outcome;
        let asked = if column.whole { format!("all {asked}") } else { asked.to_string() };
        let (passed, failed) = (column.passed(&skipped), counts.failures.len());
        let (skipped, parts) = (skipped.len(), column.skipped.len() - skipped.len());
        let took = seconds(*took);
        let _ = writeln!(
            text,
            "| {release} | {asked} | {passed} | {failed} | {skipped} | {parts} | {unfinished} | {took} |"
        );
    }
    text
}

/// The first two lines of a table with a column for each kernel.
fn head(columns: &[Column], before: &[&str], behind: &[&str]) -> String {
    let versions = columns.iter().map(|column| column.version.as_str());
    let names = before.iter().copied().chain(versions).chain(behind.iter().copied());
    let rules = before.iter().map(|_| "---").chain(columns.iter().map(|_| ":-:"));
    row(names) + &row(rules.chain(behind.iter().map(|_| "---")))
}

fn row<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    format!("| {} |\n", cells.into_iter().collect::<Vec<_>>().join(" | "))
}

fn code(name: &str) -> String {
    format!("`{name}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::Counts;

    fn column(output: &[&str], skipped: &str, status: Option<i32>) -> Column {
        let mut counts = Counts::default();
        output.iter().for_each(|line| counts.add(line));
        let features = ["# sets", "set: catch-all: missing"].map(str::to_owned).into();
        let unfinished = if status.is_some() { 0 } else { 3 - counts.ended };
        let outcome =
            Outcome { counts, skipped: skipped.into(), status, features, unfinished, ..Outcome::default() };
        Column::new("5.10", outcome, true)
    }

    #[test]
    fn a_guest_that_dies_leaves_tests_unfinished_and_fails() {
        let died = column(&["test a ... ok", "test b ... FAILED"], "", None);
        assert_eq!((died.outcome.unfinished, died.outcome.counts.failures.len()), (1, 1));
        let text = document(&[column(&["test a ... ok", "test b ... FAILED"], "", None)]);
        assert!(text.contains("| `b` | **failed** |") && text.contains("**not proven"), "{text}");
        assert!(verdict(&[died], &Expected::default()).is_err());
    }

    #[test]
    fn skips_that_are_not_listed_fail() {
        let lines =
            ["test a ... ok", "test b ... ok", "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured"];
        assert!(verdict(&[column(&lines, "", Some(0))], &Expected::default()).is_ok());
        let skipped = column(&lines, "kernel::a: why\nkernel::fidelity::x.nft: no\n", Some(0));
        assert_eq!(skipped.passed(&skipped.skipped_tests()), 1);
        let text = document(&[column(&lines, "kernel::a: why\n", Some(0))]);
        for wanted in [
            "| `kernel::a` | skipped | why |",
            "| `set: catch-all` | none | \u{2013} |",
            "is **Linux 5.10**: there every test passed",
            "### sets",
        ] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        assert!(verdict(&[skipped], &Expected::default()).is_err());
    }

    #[test]
    fn the_oldest_kernel_with_a_feature_is_told() {
        let old = column(&[], "", Some(0));
        let mut new = column(&[], "", Some(0));
        new.version = "6.1".into();
        new.outcome.features = ["# sets", "set: catch-all: works"].map(str::to_owned).into();
        let text = document(&[old, new]);
        assert!(text.contains("| Feature | Oldest | 5.10 | 6.1 |"), "{text}");
        assert!(text.contains("| `set: catch-all` | 6.1 | \u{2013} | works |"), "{text}");
    }
}
