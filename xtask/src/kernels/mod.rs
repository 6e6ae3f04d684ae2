//! `cargo xtask kernels`: the kernel tests in stock kernels of Debian, from the oldest that is promised to the newest.
//!
//! ```text
//!   debian    which package, fetched by apt           payload   the tests, the programs they start, libraries
//!      \                                                 |
//!     image   the ELF image and the modules            cpio    a guest's file system
//!         \                                            /
//!          `----- guest: qemu, and what the tests say ´
//!                          |
//!                       matrix: kernels and results, docs/kernels.md      quick: what CI takes of all this
//! ```
//!
//! All is kept in `target/kernels`; remove a version's directory there to have its newest kernel fetched.

mod cpio;
mod debian;
mod guest;
mod image;
mod matrix;
mod payload;
mod quick;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use lexopt::Arg;

use self::debian::KERNELS;
use self::image::Kernel;
use self::matrix::Column;
use self::payload::Payload;
use crate::process::{self, Result, doing, failed, is_installed};
use crate::setup;
use crate::skips::Expected;

/// The list of the tests that a kernel is expected to skip.
const EXPECTED: &str = "tests/expected-skips-kernels.txt";

/// Programs that are needed here, and Debian's packages that have them.
const PROGRAMS: [(&str, &str); 5] = [
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("busybox", "busybox-static"),
    ("depmod", "kmod"),
    ("strip", "binutils"),
    ("xz", "xz-utils"),
];

/// What `cargo xtask kernels` does.
pub(crate) fn run(arguments: Vec<OsString>) -> Result {
    let Wanted { versions, build, write_only, passed_on } = parse(arguments)?;
    if write_only { write_matrix(&cache()?) } else { run_in(versions, build, &passed_on) }
}

/// Two kernels and most tests, for CI. Where no other kernel can be run, that is said, and no failure.
pub(crate) fn run_quick() -> Result {
    if let Some(why) = quick::obstacle()? {
        println!("SKIPPED: the kernel tests did not run in other kernels: {why}");
        return Ok(());
    }
    run_in(quick::KERNELS.map(str::to_owned).into(), true, &quick::arguments())
}

/// Builds the tests once, runs them in each kernel, and prints and writes what came of it.
fn run_in(versions: Vec<String>, build: bool, arguments: &[String]) -> Result {
    let whole = arguments.is_empty();
    let expected = Expected::read(EXPECTED, &KERNELS.map(|(version, _)| version))?;
    if build {
        setup::libraries()?;
        setup::reference_programs();
    }
    check_programs()?;
    let cache = cache()?;
    let mut kernels = Vec::new();
    for version in versions {
        kernels.push((Kernel::get(&version, &cache)?, version));
    }
    let payload = Payload::get(&cache, build)?;
    let mut columns = Vec::new();
    for (kernel, version) in kernels {
        println!("\n== Linux {}", kernel.release);
        let log = cache.join(format!("{version}.log"));
        let said = if whole { whole_run(&cache, &version) } else { cache.join(format!("{version}.part")) };
        let outcome = guest::run(&kernel, &payload, arguments, &log, &said)?;
        println!("the kernel's messages and the tests' standard error: {}", log.display());
        columns.push(Column::new(&version, outcome, whole));
    }
    matrix::report(&columns, &expected);
    if whole {
        write_matrix(&cache)?;
    }
    matrix::verdict(&columns, &expected)
}

/// Where kernels and results are kept.
fn cache() -> Result<PathBuf> {
    let cache = process::target_dir().join("kernels");
    std::fs::create_dir_all(&cache).map_err(doing(format!("make {}", cache.display())))?;
    Ok(cache)
}

/// What a kernel said in its last whole run.
fn whole_run(cache: &Path, version: &str) -> PathBuf {
    cache.join(format!("{version}.whole"))
}

/// Writes `docs/kernels.md` from the last whole run of each kernel, or its last run where there is no whole one.
fn write_matrix(cache: &Path) -> Result {
    let mut columns = Vec::new();
    for (version, _) in KERNELS {
        let read = |file| std::fs::read_to_string(file).ok();
        let whole = read(whole_run(cache, version));
        let is_whole = whole.is_some();
        let Some(said) = whole.or_else(|| read(cache.join(format!("{version}.part")))) else {
            println!("docs/kernels.md is not written: Linux {version} is still to be run");
            return Ok(());
        };
        columns.push(Column::new(version, guest::Outcome::read(&said), is_whole));
    }
    matrix::write(&columns)
}

/// What the command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    /// The kernels; all where none is named.
    versions: Vec<String>,
    /// Otherwise the programs that were built for the last run are taken.
    build: bool,
    /// Nothing is run, but the document written from what the last runs said.
    write_only: bool,
    /// For the test program.
    passed_on: Vec<String>,
}

fn parse(arguments: Vec<OsString>) -> Result<Wanted> {
    let mut wanted = Wanted { build: true, ..Wanted::default() };
    let mut words = arguments.into_iter();
    let own: Vec<_> = words.by_ref().take_while(|word| word != "--").collect();
    for word in words {
        wanted.passed_on.push(word.to_string_lossy().into_owned());
    }
    let mut parser = lexopt::Parser::from_args(own);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Value(version) => wanted.versions.push(version.to_string_lossy().into_owned()),
            Arg::Long("no-build") => wanted.build = false,
            Arg::Long("write") => wanted.write_only = true,
            other => return Err(other.unexpected().into()),
        }
    }
    if wanted.versions.is_empty() {
        wanted.versions = KERNELS.map(|(version, _)| version.to_owned()).into();
    }
    Ok(wanted)
}

fn check_programs() -> Result {
    let missing = missing_programs();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = PROGRAMS
        .iter()
        .filter(|(program, _)| missing.contains(program))
        .map(|(_, package)| *package)
        .collect();
    failed(format!(
        "missing: {}; install with `apt-get install {}` and try again",
        missing.join(", "),
        packages.join(" ")
    ))
}

fn missing_programs() -> Vec<&'static str> {
    PROGRAMS.iter().map(|(program, _)| *program).filter(|program| !is_installed(program)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_test_arguments_are_told_apart() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).into()).collect();
        let wanted = parse(words(&["5.10", "6.1", "--", "sets::", "--exact"])).expect("good arguments");
        assert_eq!(wanted.versions, ["5.10", "6.1"]);
        assert_eq!(wanted.passed_on, ["sets::", "--exact"]);
        let all = parse(Vec::new()).expect("good arguments");
        assert_eq!((all.versions.len(), all.passed_on.len(), all.build), (KERNELS.len(), 0, true));
        assert!(!parse(words(&["--no-build"])).expect("good arguments").build);
        assert!(parse(words(&["--fast"])).is_err());
    }

    #[test]
    fn the_committed_list_is_readable() {
        assert!(Expected::read(EXPECTED, &KERNELS.map(|(version, _)| version)).is_ok());
    }
}
