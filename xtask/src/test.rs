//! `cargo xtask test`: every test, with the skipped ones listed and held against the list of expected skips.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::namespace::{self, Context};
use crate::process::{self, Failure, Result, cargo, check, doing, failed, seconds, shown};
use crate::skips::{self, Expected, Rule, Skipped};
use crate::{namespace::privileged, setup};

/// Every test of the workspace: unit tests, doctests, `tests/`. One failure does not hide the next.
const EVERY_TEST: [&str; 4] = ["test", "--workspace", "--all-features", "--no-fail-fast"];
/// The tests that talk to the kernel. The first two keep cargo from building them anew with other features.
const KERNEL_TESTS: [&str; 5] = ["test", "--workspace", "--all-features", "--test", "kernel"];
/// The library as it is with neither libmnl nor libnftnl nor any other feature.
const BARE_LIBRARY: [&str; 7] =
    ["test", "--package", "portcullis", "--package", "portcullis-sys", "--no-default-features", "--lib"];

/// Sets the system up, builds, runs every test, lists what was skipped, and ends with a summary.
pub(crate) fn run(rule: Rule) -> Result {
    let expected = Expected::read("tests/expected-skips.txt", &Context::NAMES)?;
    setup::libraries()?;
    setup::reference_programs();
    namespace::check_privileged()?;

    step("building the examples and every test");
    process::run(cargo().args(["build", "--workspace", "--all-features", "--examples"]))?;
    process::run(cargo().args(EVERY_TEST).arg("--no-run"))?;
    process::run(cargo().args(BARE_LIBRARY).arg("--no-run"))?;

    let context = Context::of_this_process();
    let mut runs = Vec::new();
    // Offline: all is built, and a namespace has no network.
    let mut everything = privileged(cargo().get_program());
    everything.args(EVERY_TEST).arg("--offline");
    runs.push(run_one(&format!("every test, as {}", context.name()), Some(context), &mut everything)?);

    let mut refused = None;
    if context == Context::Root {
        match namespace::check_user_namespace() {
            Ok(()) => {
                let mut kernel = namespace::in_user_namespace(cargo().get_program());
                kernel.args(KERNEL_TESTS).arg("--offline");
                runs.push(run_one("kernel tests, as userns", Some(Context::Userns), &mut kernel)?);
            }
            Err(Failure::Failed(why) | Failure::Usage(why)) => refused = Some(why),
        }
    }
    runs.push(run_one("library without default features", None, cargo().args(BARE_LIBRARY))?);

    let unexpected = report_skips(&runs, &expected);
    if let Some(why) = &refused {
        println!("\nthe kernel tests did not run a second time, as an ordinary user would run them: {why}");
    }
    summarise(&runs);
    verdict(&runs, &unexpected, refused.is_some(), rule)
}

/// One start of cargo and what came of it.
struct Run {
    title: String,
    /// The context whose expected skips apply; `None` where nothing can be skipped.
    context: Option<Context>,
    counts: Counts,
    skipped: Skipped,
    took: Duration,
    /// Why cargo ended badly.
    failure: Option<String>,
}

impl Run {
    /// Tests that passed without being skipped: to the test harness, a skipped test is one that passed.
    fn passed(&self) -> usize {
        self.counts.passed.saturating_sub(self.skipped.len())
    }
}

/// Runs the tests, shows their output as it comes, and counts.
fn run_one(title: &str, context: Option<Context>, command: &mut Command) -> Result<Run> {
    step(title);
    let file = skips_file(context)?;
    command.env(skips::VARIABLE, &file).stdout(Stdio::piped());
    println!("$ {}", shown(command));
    let start = Instant::now();
    let mut child = command.spawn().map_err(doing(format!("start `{}`", shown(command))))?;
    let mut counts = Counts::default();
    if let Some(stdout) = child.stdout.take() {
        let mut stdout = BufReader::new(stdout);
        let mut line = Vec::new();
        while stdout.read_until(b'\n', &mut line).map_err(doing("read the tests' output"))? > 0 {
            // Nobody listening (`| head`) is no reason to stop the tests half-way.
            let _ = std::io::stdout().write_all(&line);
            counts.add(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
    let status = child.wait().map_err(doing("wait for the tests"))?;
    let failure = match check(command, status) {
        Ok(()) => None,
        Err(Failure::Failed(why) | Failure::Usage(why)) => Some(why),
    };
    let skipped = skips::read(&file)?;
    Ok(Run { title: title.to_owned(), context, counts, skipped, took: start.elapsed(), failure })
}

/// The empty file for the tests of a run to write their skips to.
fn skips_file(context: Option<Context>) -> Result<PathBuf> {
    let dir = process::target_dir().join("xtask");
    let file = dir.join(format!("skips-{}.txt", context.map_or("library", Context::name)));
    std::fs::create_dir_all(&dir).map_err(doing(format!("make {}", dir.display())))?;
    std::fs::write(&file, "").map_err(doing(format!("write {}", file.display())))?;
    Ok(file)
}

fn step(title: &str) {
    println!("\n== {title}");
}

/// What a test harness says at its end, summed up.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    failed: usize,
    ignored: usize,
    /// Tests that came to an end, also where the harness itself did not.
    pub(crate) ended: usize,
    /// The names of the tests that failed.
    pub(crate) failures: BTreeSet<String>,
}

impl Counts {
    /// Takes one line of output, which need not be of interest.
    pub(crate) fn add(&mut self, line: &str) {
        let line = line.trim();
        if let Some(result) = line.strip_prefix("test result: ") {
            let (_, numbers) = result.split_once(". ").unwrap_or_default();
            for (number, what) in numbers.split("; ").filter_map(|part| part.split_once(' ')) {
                let number = number.parse().unwrap_or(0);
                match what {
                    "passed" => self.passed += number,
                    "failed" => self.failed += number,
                    "ignored" => self.ignored += number,
                    _ => {}
                }
            }
        } else if let Some((name, end)) = line.strip_prefix("test ").and_then(|line| line.split_once(" ... "))
        {
            self.ended += usize::from(matches!(end, "ok" | "FAILED"));
            if end == "FAILED" {
                self.failures.insert(name.to_owned());
            }
        }
    }
}

/// Lists the skipped tests with their reasons, and how they differ from the list; gives the unexpected ones.
fn report_skips(runs: &[Run], expected: &Expected) -> Vec<String> {
    let mut unexpected = Vec::new();
    for (run, context) in runs.iter().filter_map(|run| Some((run, run.context?))) {
        let comparison = expected.compare(context.name(), &run.skipped);
        if !run.skipped.is_empty() {
            step(&format!("skipped: {}", run.title));
        }
        for (name, reason) in &run.skipped {
            let mark = if comparison.unexpected.contains(name) { "UNEXPECTED" } else { "expected" };
            println!("  {mark:<10}  {name}: {reason}");
        }
        // A run that broke off or that covers a part says nothing about the tests that it did not reach.
        if run.failure.is_none() {
            for pattern in &comparison.not_skipped {
                println!("  expected to be skipped as {}, but was not: {pattern}", context.name());
            }
        }
        unexpected.extend(comparison.unexpected.iter().map(|name| format!("{name} ({})", context.name())));
    }
    unexpected
}

/// Prints one line for each run, the names of the tests that failed, and the sums.
fn summarise(runs: &[Run]) {
    step("summary");
    println!("{:<34}{:>8}{:>8}{:>9}{:>9}{:>13}", "", "passed", "failed", "skipped", "ignored", "time");
    for run in runs {
        let Counts { failed, ignored, .. } = run.counts;
        let (title, passed, skipped, took) = (&run.title, run.passed(), run.skipped.len(), seconds(run.took));
        println!("{title:<34}{passed:>8}{failed:>8}{skipped:>9}{ignored:>9}{took:>13}");
    }
    for run in runs {
        for name in &run.counts.failures {
            println!("FAILED: {name} ({})", run.title);
        }
        if let Some(failure) = &run.failure {
            println!("FAILED: {failure}");
        }
    }
    let sum = |of: fn(&Run) -> usize| runs.iter().map(of).sum::<usize>();
    let passed = sum(Run::passed);
    let failed = sum(|run| run.counts.failed);
    let skipped = sum(|run| run.skipped.len() + run.counts.ignored);
    println!("total: {passed} passed, {failed} failed, {skipped} skipped");
}

/// Whether all this is a success.
fn verdict(runs: &[Run], unexpected: &[String], refused: bool, rule: Rule) -> Result {
    if let Some(run) = runs.iter().find(|run| run.failure.is_some() || run.counts.failed > 0) {
        return failed(format!("tests failed ({}); the names are above", run.title));
    }
    if let Some(run) = runs.iter().find(|run| run.counts.passed == 0) {
        return failed(format!("no test ran ({}): look for what went wrong above", run.title));
    }
    if refused && rule == Rule::Strict {
        return failed(
            "the tests of an ordinary user's case could not run, and CI wants them; the reason is above",
        );
    }
    match (unexpected, rule) {
        ([], _) => Ok(()),
        (names, Rule::Strict) => failed(format!(
            "skipped, though tests/expected-skips.txt does not say so: {}; make them run, or add them to that list",
            names.join(", ")
        )),
        (names, Rule::Lenient) => {
            println!("NOTE: {} skipped unexpectedly, so this machine has not proved them.", names.len());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_run(passed: usize, failed: usize, skipped: &[&str]) -> Run {
        Run {
            title: "a run".into(),
            context: Some(Context::Root),
            counts: Counts { passed, failed, ..Counts::default() },
            skipped: skipped.iter().map(|name| ((*name).to_owned(), "why".to_owned())).collect(),
            took: Duration::ZERO,
            failure: None,
        }
    }

    #[test]
    fn the_harness_is_understood() {
        let mut counts = Counts::default();
        for line in [
            "running 4 tests",
            "test a::b ... ok",
            "test a::c ... FAILED",
            "test src/lib.rs - (line 3) ... FAILED",
            "test result: FAILED. 2 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.05s\n",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out; finished in 1.00s",
        ] {
            counts.add(line);
        }
        assert_eq!((counts.passed, counts.failed, counts.ignored, counts.ended), (5, 2, 1, 3));
        assert_eq!(counts.failures, ["a::c", "src/lib.rs - (line 3)"].map(str::to_owned).into());
    }

    #[test]
    fn an_unexpected_skip_fails_a_strict_run_by_name() {
        let runs = [a_run(3, 0, &["queue"])];
        let unexpected = report_skips(&runs, &Expected::default());
        assert_eq!(unexpected, ["queue (root)"]);
        let strict = verdict(&runs, &unexpected, false, Rule::Strict);
        assert!(matches!(strict, Err(Failure::Failed(why)) if why.contains("queue")));
        assert!(verdict(&runs, &unexpected, false, Rule::Lenient).is_ok());
    }

    #[test]
    fn failures_and_empty_runs_fail_and_skips_do_not_count_as_passed() {
        assert!(verdict(&[a_run(1, 1, &[])], &[], false, Rule::Lenient).is_err());
        assert!(verdict(&[a_run(0, 0, &[])], &[], false, Rule::Lenient).is_err());
        assert!(verdict(&[a_run(1, 0, &[])], &[], true, Rule::Strict).is_err());
        assert!(verdict(&[a_run(1, 0, &[])], &[], true, Rule::Lenient).is_ok());
        assert_eq!(a_run(3, 0, &["queue"]).passed(), 2);
    }
}
