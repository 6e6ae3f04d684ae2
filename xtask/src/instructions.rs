//! `cargo xtask instructions`: how many instructions the library's parts take, beside what they took before.
//!
//! Times depend on what else the machine does; instructions do not. Valgrind counts them, in a program that does the
//! same work twice as often the second time: the difference is the work, without what comes before it. It is built as cargo
//! builds by itself and with whole-program optimisation, as the contenders of `cargo xtask bench` are: what is inlined in
//! one need not be in the other.
//!
//! Crates that do so (gungraun, formerly iai-callgrind) keep what they compare with in `target/`, in valgrind's own
//! format, and need a second program of the same version; a text file in the repository shows in a diff what became
//! dearer.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lexopt::Arg;

use crate::process::{self, Failure, Result, cargo, doing, failed, is_installed, output, root, shown};
use crate::setup;

/// Where the counts are that new ones are compared with.
const BASELINE: &str = "benches/instructions/baseline.txt";
/// The program that does the work.
const PROGRAM: &str = "portcullis-instructions";
/// By how many percent a count may grow; falling by more, it is worth being kept.
const LIMIT: f64 = 5.0;
/// How often the work is done in the two runs whose difference counts.
const TIMES: (u64, u64) = (1, 3);

/// Counts, and compares with the baseline, or with `--update` writes it.
pub(crate) fn run(arguments: Vec<OsString>) -> Result {
    let mut update = false;
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("update") => update = true,
            other => return Err(other.unexpected().into()),
        }
    }
    setup::libraries()?;
    if !has_valgrind() {
        return failed("valgrind is missing: install it and try again");
    }
    let made_with = made_with();
    let counts = count()?;
    let path = root().join(BASELINE);
    if update {
        std::fs::write(&path, written(&made_with, &counts)).map_err(doing(format!("write {BASELINE}")))?;
        counts.iter().for_each(|(name, count)| println!("{name:<18} {count:>8}"));
        println!("written to {BASELINE}");
        return Ok(());
    }
    let text =
        std::fs::read_to_string(&path).map_err(doing(format!("read {BASELINE} (--update makes it)")))?;
    let baseline = Baseline::parse(&text)?;
    if baseline.architecture() != std::env::consts::ARCH {
        println!("SKIP instructions: {BASELINE} is of {}, not of this processor", baseline.architecture());
        return Ok(());
    }
    let comparison = compare(&baseline.counts, &counts);
    print!("{}", comparison.table);
    if baseline.made_with != made_with {
        println!("The baseline was made with {}; this is {made_with}.", baseline.made_with);
    }
    comparison.verdict()
}

/// As [`run`], but where valgrind cannot be had nothing is counted, and that is said.
pub(crate) fn in_ci() -> Result {
    if has_valgrind() {
        return run(Vec::new());
    }
    println!("SKIP instructions: NOTHING WAS COUNTED, for valgrind is missing");
    Ok(())
}

fn has_valgrind() -> bool {
    setup::valgrind();
    is_installed("valgrind")
}

/// What counts depend on, beside the library: `x86_64, rustc 1.95.0 (…), valgrind-3.19.0`.
fn made_with() -> String {
    let version = |program: &str| {
        let text = output(process::command(program).arg("--version")).unwrap_or_else(|| program.into());
        text.trim().to_owned()
    };
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    format!("{}, {}, {}", std::env::consts::ARCH, version(&rustc), version("valgrind"))
}

type Counts = BTreeMap<String, u64>;

/// Instructions for one piece of each part; those of the program built with [`process::LTO`] end in `/lto`.
fn count() -> Result<Counts> {
    let mut counts = Counts::new();
    for (ending, program) in [("", build(false)?), ("/lto", build(true)?)] {
        let Some(list) = output(process::command(&program).arg("--list")) else {
            return failed(format!("`{} --list` failed", program.display()));
        };
        for line in list.lines() {
            let Some((name, Ok(pieces))) = line.split_once(' ').map(|(name, n)| (name, n.parse::<u64>()))
            else {
                return failed(format!("`{} --list` printed {line:?}", program.display()));
            };
            let (fewer, more) =
                (instructions(&program, name, TIMES.0)?, instructions(&program, name, TIMES.1)?);
            let count = more.saturating_sub(fewer) / (TIMES.1 - TIMES.0) / pieces.max(1);
            counts.insert(format!("{name}{ending}"), count);
        }
    }
    Ok(counts)
}

/// Builds the program that does the work, and says where it is.
fn build(lto: bool) -> Result<PathBuf> {
    let dir = process::target_dir().join(if lto { "lto" } else { "" });
    let mut command = cargo();
    command.args(["build", "--release", "--package", PROGRAM, "--target-dir"]).arg(&dir);
    if lto {
        command.envs(process::LTO);
    }
    println!("$ {}", shown(&command));
    process::run(&mut command)?;
    Ok(dir.join("release").join(PROGRAM))
}

fn instructions(program: &Path, name: &str, times: u64) -> Result<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    command.arg(program).args([name, &times.to_string()]);
    let counted =
        command.stdin(Stdio::null()).output().map_err(doing(format!("start `{}`", shown(&command))))?;
    let said = String::from_utf8_lossy(&counted.stderr);
    match total(&said) {
        Some(total) if counted.status.success() => Ok(total),
        _ => failed(format!("`{}` failed ({}):\n{said}", shown(&command), counted.status)),
    }
}

/// Reads `==12== I   refs:      1,234,567`.
fn total(said: &str) -> Option<u64> {
    said.lines().find_map(|line| {
        let (before, number) = line.split_once("refs:")?;
        before.trim_end().ends_with('I').then(|| number.trim().replace(',', "").parse().ok())?
    })
}

/// What the repository keeps.
#[derive(Debug, PartialEq, Eq)]
struct Baseline {
    made_with: String,
    counts: Counts,
}

const HEADING: &str =
    "# Instructions for one rule, address or element; written by `cargo xtask instructions --update`.";
const MADE_WITH: &str = "# Made with: ";

fn written(made_with: &str, counts: &Counts) -> String {
    let mut text = format!("{HEADING}\n{MADE_WITH}{made_with}\n");
    counts.iter().for_each(|(name, count)| text.push_str(&format!("{name} {count}\n")));
    text
}

impl Baseline {
    fn parse(text: &str) -> Result<Self> {
        let mut baseline = Baseline { made_with: String::new(), counts: Counts::new() };
        for line in text.lines() {
            if let Some(made_with) = line.strip_prefix(MADE_WITH) {
                baseline.made_with = made_with.to_owned();
            } else if !line.starts_with('#') {
                match line.split_once(' ').map(|(name, count)| (name, count.parse())) {
                    Some((name, Ok(count))) => drop(baseline.counts.insert(name.to_owned(), count)),
                    _ => return failed(format!("{BASELINE}: {line:?} is not a name and a number")),
                }
            }
        }
        Ok(baseline)
    }

    fn architecture(&self) -> &str {
        self.made_with.split(',').next().unwrap_or_default()
    }
}

/// New counts beside old ones.
#[derive(Debug, Default)]
struct Comparison {
    table: String,
    dearer: Vec<String>,
    cheaper: Vec<String>,
    /// Only in one of the two.
    unknown: Vec<String>,
}

fn compare(before: &Counts, now: &Counts) -> Comparison {
    let mut comparison = Comparison::default();
    let names = before.keys().chain(now.keys().filter(|name| !before.contains_key(*name)));
    for name in names {
        let (Some(old), Some(new)) = (before.get(name), now.get(name)) else {
            comparison.unknown.push(name.clone());
            continue;
        };
        let percent = 100.0 * (*new as f64 - *old as f64) / (*old).max(1) as f64;
        let word = if percent > LIMIT {
            comparison.dearer.push(name.clone());
            "   MORE THAN MAY BE"
        } else if percent < -LIMIT {
            comparison.cheaper.push(name.clone());
            "   better"
        } else {
            ""
        };
        let _ = writeln!(comparison.table, "{name:<18} {old:>8} -> {new:>8}  {percent:>+6.1} %{word}");
    }
    comparison
}

impl Comparison {
    fn verdict(&self) -> Result {
        if !self.cheaper.is_empty() {
            println!(
                "{} became cheaper by more than {LIMIT} %: keep it with `cargo xtask instructions --update`",
                self.cheaper.join(", ")
            );
        }
        if !self.dearer.is_empty() {
            return Err(Failure::Failed(format!(
                "{}: over {LIMIT} % more instructions than in {BASELINE}; where that is meant, \
                 `cargo xtask instructions --update`",
                self.dearer.join(", ")
            )));
        }
        if !self.unknown.is_empty() {
            return Err(Failure::Failed(format!(
                "{}: not both counted and in {BASELINE}; run `cargo xtask instructions --update`",
                self.unknown.join(", ")
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[(&str, u64)]) -> Counts {
        of.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn what_valgrind_says_is_read() {
        let said = "==7== Cachegrind, a cache and branch-prediction profiler\n==7== \n==7== I   refs:      1,234,567\n";
        assert_eq!(total(said), Some(1_234_567));
        assert_eq!(total("==7== I refs:        12"), Some(12));
        assert_eq!(total("==7== D   refs:      9"), None);
    }

    #[test]
    fn a_baseline_is_read_as_it_was_written() {
        let counts = counts(&[("rule/encode", 4090), ("rule/lift", 20_000)]);
        let text = written("x86_64, rustc 1.95.0, valgrind-3.19.0", &counts);
        let read = Baseline::parse(&text).unwrap();
        assert_eq!(read.architecture(), "x86_64");
        assert_eq!(read, Baseline { made_with: "x86_64, rustc 1.95.0, valgrind-3.19.0".into(), counts });
        assert!(Baseline::parse("rule/encode many\n").is_err());
    }

    #[test]
    fn more_than_five_percent_more_fails_and_the_part_is_named() {
        let before = counts(&[("a", 1000), ("b", 1000), ("c", 1000)]);
        assert!(compare(&before, &counts(&[("a", 1050), ("b", 1000), ("c", 100)])).verdict().is_ok());
        let comparison = compare(&before, &counts(&[("a", 1051), ("b", 949), ("c", 951)]));
        assert_eq!(
            (comparison.dearer.as_slice(), comparison.cheaper.as_slice()),
            (&["a".into()][..], &["b".into()][..])
        );
        let Err(Failure::Failed(text)) = comparison.verdict() else { panic!("a failure") };
        assert!(text.starts_with("a: over 5 % more"), "{text}");
        for other in [counts(&[("a", 1000), ("b", 1000)]), counts(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)])]
        {
            assert!(compare(&before, &other).verdict().is_err());
        }
    }
}
