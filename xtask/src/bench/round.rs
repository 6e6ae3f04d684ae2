//! The process that does one round, in a network namespace that it makes for itself (`xtask bench-round`).
//!
//! ```text
//!   xtask bench ── job ──► bench-round: new namespace, prepare, settle ──► bench-meter: the contender, its clock, its memory
//!        ▲                                        │◄───────────────────────────┘
//!        └────────────── outcome ── count ────────┘
//! ```
//!
//! The namespace goes away with the process.

use std::io::{Read, Write};
use std::process::Stdio;

use nix::sched::{CloneFlags, unshare};

use super::job::{Check, Job, Outcome, Step, complaint};
use super::{METER, settle};
use crate::process::{self, Result, doing, failed};

/// Reads a job from standard input, does it, and writes what came of it to standard output.
pub(crate) fn run() -> Result {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(doing("read the job"))?;
    let job: Job = from_json(&text, "the job")?;
    if let Err(error) = unshare(CloneFlags::CLONE_NEWNET) {
        return failed(format!("cannot make a network namespace: {error}"));
    }
    println!("{}", to_json(&outcome(&job))?);
    Ok(())
}

fn outcome(job: &Job) -> Outcome {
    for step in &job.prepare {
        if let Err(error) = finish(step) {
            return Outcome::failed(format!("preparing: {error}"));
        }
    }
    settle::wait();
    let mut outcome = measure(job).unwrap_or_else(Outcome::failed);
    if let (None, Some(check)) = (&outcome.error, &job.check) {
        outcome.error = verify(check).err();
    }
    outcome
}

/// Runs a step to its end.
fn finish(step: &Step) -> std::result::Result<(), String> {
    let output = step.command().and_then(|mut command| command.output());
    let output = output.map_err(|error| format!("{} cannot be started: {error}", step.name()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{} failed ({}): {}", step.name(), output.status, complaint(&output.stderr)))
}

/// Has the meter run what is measured. It is a process of its own, so that nothing else counts as its children's memory.
fn measure(job: &Job) -> std::result::Result<Outcome, String> {
    let run = || -> std::io::Result<Vec<u8>> {
        let mut command = process::command(std::env::current_exe()?);
        let mut meter = command.arg(METER).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = meter.stdin.take() {
            stdin.write_all(serde_json::to_string(job)?.as_bytes())?;
        }
        Ok(meter.wait_with_output()?.stdout)
    };
    let answer = run().map_err(|error| format!("the meter cannot be run: {error}"))?;
    serde_json::from_slice(&answer).map_err(|error| format!("the meter gave no answer: {error}"))
}

/// Compares what is there with what should be.
fn verify(check: &Check) -> std::result::Result<(), String> {
    let Check { step, expected, what } = check;
    let output = step.command().and_then(|mut command| command.stdout(Stdio::piped()).output());
    let output = output.map_err(|error| format!("{} cannot be started: {error}", step.name()))?;
    if !output.status.success() {
        return Err(format!("{what} cannot be counted: {}", complaint(&output.stderr)));
    }
    let found = counted(&String::from_utf8_lossy(&output.stdout));
    if found == *expected {
        Ok(())
    } else {
        Err(format!("{found} {what} are there afterwards, not {expected}"))
    }
}

/// A number, or the lines of iptables that add rules.
fn counted(text: &str) -> u64 {
    text.trim().parse().unwrap_or_else(|_| {
        u64::try_from(text.lines().filter(|line| line.starts_with("-A ")).count()).unwrap_or(u64::MAX)
    })
}

pub(super) fn from_json<'t, T: serde::Deserialize<'t>>(text: &'t str, what: &str) -> Result<T> {
    serde_json::from_str(text).or_else(|error| failed(format!("cannot read {what}: {error}")))
}

pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).or_else(|error| failed(format!("cannot write as JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_counted_as_a_number_or_as_lines() {
        assert_eq!(counted("1000\n"), 1000);
        assert_eq!(
            counted("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\n-A INPUT -j DROP\nCOMMIT\n"),
            2
        );
        assert_eq!(counted(""), 0);
    }

    #[test]
    fn what_is_not_there_afterwards_is_told() {
        let check = |expected| Check { step: Step::new("echo").arg(7), expected, what: "rules".into() };
        assert_eq!(verify(&check(7)), Ok(()));
        assert_eq!(verify(&check(8)), Err("7 rules are there afterwards, not 8".to_owned()));
    }

    #[test]
    fn a_step_that_fails_says_so_in_its_own_words() {
        let failing = Step::new("sh").arg("-c").arg("echo no such thing >&2; exit 4");
        let error = finish(&failing).expect_err("it exits with 4");
        assert!(error.starts_with("sh failed") && error.ends_with("no such thing"), "{error}");
        assert!(finish(&Step::new("/nonexistent/program")).is_err());
    }
}
