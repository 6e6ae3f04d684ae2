//! Kernels and results, for people: on the terminal and in `docs/kernels.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::guest::Outcome;
use crate::process::{self, Result, doing, failed, seconds};
use crate::skips::{Expected, Skipped, parse_skipped};

/// One kernel's results.
pub(crate) struct Column {
    version: String,
    release: String,
    outcome: Outcome,
    skipped: Skipped,
    /// How many tests never came to an end: the guest died, or the time was up.
    unfinished: usize,
    /// Every test was asked for.
    whole: bool,
}

impl Column {
    /// The results of a boot, given the names of all tests.
    pub(crate) fn new(
        version: String,
        release: String,
        outcome: Outcome,
        names: &[String],
        whole: bool,
    ) -> Column {
        let skipped = parse_skipped(&outcome.skipped);
        let ended = if outcome.status.is_some() || !whole { names.len() } else { outcome.counts.ended };
        Column { version, release, unfinished: names.len().saturating_sub(ended), outcome, skipped, whole }
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

    fn features(&self) -> BTreeMap<&str, &str> {
        self.outcome.features.iter().filter_map(|line| line.split_once(": ")).collect()
    }
}

/// Prints the results, the skips with their reasons, and how those differ from the list.
pub(crate) fn report(columns: &[Column], expected: &Expected) {
    for column in columns {
        let comparison = expected.compare(&column.version, &column.skipped);
        println!("\n== Linux {}: skipped", column.release);
        for (name, reason) in &column.skipped {
            let mark = if comparison.unexpected.contains(name) { "UNEXPECTED" } else { "expected" };
            println!("  {mark:<10}  {name}: {reason}");
        }
        if column.whole && column.outcome.status.is_some() {
            for pattern in &comparison.not_skipped {
                println!("  expected to be skipped, but was not: {pattern}");
            }
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
    let mut text = String::from(
        "# Kernels\n\nWritten by `cargo xtask kernels`: the kernel tests in stock kernels of Debian, each booted by qemu in \
         software\nemulation. A skipped test says what the kernel (or this Debian's `nft`) lacks; \
         `tests/expected-skips-kernels.txt` lists\nthem with the reasons, and no other may be skipped. A ruleset of \
         `tests/rulesets` that cannot be loaded is a part of a test.\n\n",
    );
    text += &results(columns);
    let failures: BTreeSet<_> = columns.iter().flat_map(|column| &column.outcome.counts.failures).collect();
    if !failures.is_empty() {
        text += "\n## Failed\n\n";
        text += &table(columns, "Test", failures.iter().map(|name| name.as_str()), |column, name| {
            if column.outcome.counts.failures.contains(name) { "**failed**" } else { "" }
        });
    }
    let skipped: BTreeSet<_> = columns.iter().flat_map(|column| column.skipped.keys()).collect();
    if !skipped.is_empty() {
        text += "\n## Skipped\n\n";
        text += &table(columns, "Test", skipped.iter().map(|name| name.as_str()), |column, name| {
            if column.skipped.contains_key(name) { "skipped" } else { "" }
        });
    }
    let features: BTreeSet<_> = columns.iter().flat_map(|column| column.features().into_keys()).collect();
    if !features.is_empty() {
        text += "\n## Features\n\n";
        text += &table(columns, "Feature", features.into_iter(), |column, name| {
            column.features().get(name).copied().unwrap_or("?")
        });
    }
    text
}

/// The table of kernels and numbers of tests.
fn results(columns: &[Column]) -> String {
    let mut text = String::from(
        "| Kernel | Passed | Failed | Skipped | Rulesets not loaded | Not finished | Boot and tests |\n",
    );
    text += "|---|--:|--:|--:|--:|--:|--:|\n";
    for column in columns {
        let skipped = column.skipped_tests();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            column.release,
            column.passed(&skipped),
            column.outcome.counts.failures.len(),
            skipped.len(),
            column.skipped.len() - skipped.len(),
            column.unfinished,
            seconds(column.outcome.took),
        );
    }
    text
}

/// A table with a row for each name and a column for each kernel.
fn table<'a, 'c>(
    columns: &'c [Column],
    title: &str,
    names: impl Iterator<Item = &'a str>,
    cell: impl Fn(&'c Column, &str) -> &'c str,
) -> String {
    let versions: Vec<_> = columns.iter().map(|column| column.version.as_str()).collect();
    let mut text = format!("| {title} | {} |\n|---|{}\n", versions.join(" | "), ":-:|".repeat(columns.len()));
    for name in names {
        let cells: Vec<_> = columns.iter().map(|column| cell(column, name)).collect();
        let _ = writeln!(text, "| `{name}` | {} |", cells.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::Counts;

    fn column(output: &[&str], skipped: &str, status: Option<i32>) -> Column {
        let mut counts = Counts::default();
        output.iter().for_each(|line| counts.add(line));
        let features = vec!["catch-all: no".to_owned()];
        let outcome = Outcome { counts, skipped: skipped.into(), status, features, ..Outcome::default() };
        let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
        Column::new("5.10".into(), "5.10.0-1".into(), outcome, &names, true)
    }

    #[test]
    fn a_guest_that_dies_leaves_tests_unfinished_and_fails() {
        let died = column(&["test a ... ok", "test b ... FAILED"], "", None);
        assert_eq!((died.unfinished, died.outcome.counts.failures.len()), (1, 1));
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
        assert!(
            text.contains("| `kernel::a` | skipped |") && text.contains("| `catch-all` | no |"),
            "{text}"
        );
        assert!(verdict(&[skipped], &Expected::default()).is_err());
    }
}
