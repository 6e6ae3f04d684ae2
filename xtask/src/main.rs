//! Developer commands of portcullis, run as `cargo xtask COMMAND`.
//!
//! This program needs no C library, so it can install the ones that the library itself links.
//!
//! ```text
//!   demo   test   ci   bench   instructions   kernels   msrv   libraries   big-endian   (the commands, one file or folder each)
//!   setup (what the system must have)   skips (which tests may be skipped)   archive (Debian's packages, unpacked aside)
//!   packages (the words of each package manager)   namespace (root or not, and may user namespaces be made)
//!   process (run a program, say which, name its failure)
//! ```

mod archive;
mod bench;
mod big_endian;
mod ci;
mod demo;
mod instructions;
mod kernels;
mod libraries;
mod msrv;
mod namespace;
mod packages;
mod process;
mod setup;
mod skips;
mod test;

use std::ffi::OsString;
use std::process::ExitCode;

use lexopt::Arg;

use process::{Failure, Result};

const HELP: &str = "\
Developer commands of portcullis.

Usage: cargo xtask COMMAND

  demo [--release] [ARGS]  install what is missing, then run the main job before your eyes (ARGS go to the demo)
  test [--skips-lenient]   install what is missing, then run every test
  ci                       what CI runs: format, clippy, docs, every test, on big-endian and in two other kernels
  kernels [--no-build | --write] [VERSION ...] [-- ARGS]
                           run the kernel tests in other kernels, in emulation, and write docs/kernels.md (ARGS go to
                           the test program, and nothing is written then; --no-build takes what was built last;
                           --write runs nothing, and writes from the last runs)
  bench [--quick] [--only WORKLOAD] [--contender NAME] [--rounds N]
                           measure the library beside its peers, and write target/bench/report.md with pictures; each
                           of --only and --contender can be given again, and then the report is in target/bench/part
  bench --render           write report.md and the pictures anew from report.json
  bench --join REPORT.JSON join another run's rounds to those of the last one, and write its report anew
  bench --publish          copy the last report to docs/bench, to be committed
  big-endian               run the tests that need no kernel on a big-endian machine (s390x), in emulation
  libraries [DIRECTORY ...]
                           run tests with other versions of libnftnl and libmnl (Debian's, or those installed in these
                           directories), and look at a program without libnftnl
  instructions [--update]  count the instructions of the parts, and compare with benches/instructions/baseline.txt
  msrv                     check the library with the oldest Rust that it promises to build with
  help                     print this

Tests that cannot run on this machine are skipped and listed. With CI set in the environment, a skip that
tests/expected-skips.txt does not list fails the run; --skips-lenient lets it pass.

Exit status: 0 all went well, 1 something failed, 2 the command line is wrong.";

fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => {
            eprintln!("xtask: {message}\n\n{HELP}");
            ExitCode::from(2)
        }
        Err(Failure::Failed(message)) => {
            eprintln!("xtask: {message}");
            ExitCode::from(1)
        }
    }
}

/// Reads the command line and runs the command that it names.
fn dispatch() -> Result {
    let mut parser = lexopt::Parser::from_env();
    let command = match parser.next()? {
        Some(Arg::Value(command)) => command,
        Some(Arg::Short('h') | Arg::Long("help")) => "help".into(),
        Some(other) => return Err(other.unexpected().into()),
        None => return Err(Failure::Usage("say which command to run".into())),
    };
    match command.to_str() {
        Some("demo") => demo::run(parser.raw_args()?.collect()),
        Some("test") => test::run(test_skip_rule(parser.raw_args()?.collect())?),
        Some("ci") => no_arguments(parser).and_then(|()| ci::run()),
        Some("instructions") => instructions::run(parser.raw_args()?.collect()),
        Some("msrv") => no_arguments(parser).and_then(|()| msrv::run()),
        Some("big-endian") => no_arguments(parser).and_then(|()| big_endian::run()),
        Some("libraries") => libraries::run(parser.raw_args()?.collect()),
        Some("kernels") => kernels::run(parser.raw_args()?.collect()),
        Some("bench") => bench::run(parser.raw_args()?.collect()),
        Some(bench::ROUND) => no_arguments(parser).and_then(|()| bench::round()),
        Some(bench::METER) => no_arguments(parser).and_then(|()| bench::meter()),
        Some("help") => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(Failure::Usage(format!("there is no command '{}'", command.to_string_lossy()))),
    }
}

/// What `test` does with a skip that nobody expected: it fails in CI, unless told otherwise.
fn test_skip_rule(arguments: Vec<OsString>) -> Result<skips::Rule> {
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    let mut rule = if in_ci { skips::Rule::Strict } else { skips::Rule::Lenient };
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("skips-lenient") => rule = skips::Rule::Lenient,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(rule)
}

/// Refuses arguments after a command that takes none.
fn no_arguments(mut parser: lexopt::Parser) -> Result {
    match parser.next()? {
        Some(argument) => Err(argument.unexpected().into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenient_can_be_asked_for_and_other_words_are_refused() {
        assert_eq!(test_skip_rule(vec!["--skips-lenient".into()]).ok(), Some(skips::Rule::Lenient));
        assert!(matches!(test_skip_rule(vec!["--fast".into()]), Err(Failure::Usage(_))));
    }
}
