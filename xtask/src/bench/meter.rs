//! The process that runs a contender and nothing else (`xtask bench-meter`): its clock, and its children's memory.
//!
//! The kernel tells a process how large the largest of its children became (`getrusage`). A child begins as a copy of
//! its parent, so nothing smaller than this process, some 2 MiB, can be seen.

use std::io::Read;
use std::process::{Output, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use serde::Deserialize;

use super::job::{Job, Outcome, Step, complaint};
use super::round::{from_json, to_json};
use crate::process::{Result, doing};

/// The exit status of a contender that has no means for a workload.
const NO_MEANS: i32 = 3;

/// Reads a job from standard input, runs what it measures, and writes what came of it to standard output.
pub(crate) fn run() -> Result {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(doing("read the job"))?;
    let job: Job = from_json(&text, "the job")?;
    let mut outcome = if job.has_clock { told(&job.measure) } else { clocked(&job.measure) };
    outcome.peak_bytes = peak();
    println!("{}", to_json(&outcome)?);
    Ok(())
}

/// Resident memory at most of the largest child, in bytes.
fn peak() -> u64 {
    let kibibytes = getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0, |usage| usage.max_rss());
    u64::try_from(kibibytes).unwrap_or_default() * 1024
}

/// Contenders that tell their times.
fn told(steps: &[Step]) -> Outcome {
    let mut all = Outcome::default();
    for step in steps {
        let output = step.command().and_then(|mut command| command.stdout(Stdio::piped()).output());
        match output.map_err(|error| Outcome::failed(format!("{} cannot be started: {error}", step.name()))) {
            Ok(output) => match answer(step, &output) {
                Ok(samples) => all.samples.extend(samples),
                Err(outcome) => return outcome,
            },
            Err(outcome) => return outcome,
        }
    }
    all
}

/// Contenders whose time is from start to exit.
fn clocked(steps: &[Step]) -> Outcome {
    let mut all = Outcome::default();
    for step in steps {
        let mut command = match step.command() {
            Ok(command) => command,
            Err(error) => return Outcome::failed(format!("{}: {error}", step.name())),
        };
        let start = Instant::now();
        let output = command.output();
        let seconds = start.elapsed().as_secs_f64();
        match output {
            Ok(output) if output.status.success() => all.samples.push(seconds),
            Ok(output) => return failure(step, &output),
            Err(error) => return Outcome::failed(format!("{} cannot be started: {error}", step.name())),
        }
    }
    all
}

/// The times of the protocol's line.
fn answer(step: &Step, output: &Output) -> std::result::Result<Vec<f64>, Outcome> {
    if !output.status.success() {
        return Err(failure(step, output));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let wrong =
        |why: String| Outcome::failed(format!("{} said what is not of the protocol: {why}", step.name()));
    match serde_json::from_str(text.trim()).map_err(|error| wrong(error.to_string()))? {
        Line { seconds: Some(seconds), samples: None } => Ok(vec![seconds]),
        Line { seconds: None, samples: Some(samples) } if !samples.is_empty() => Ok(samples),
        _ => Err(wrong(text.trim().chars().take(80).collect())),
    }
}

#[derive(Deserialize)]
struct Line {
    seconds: Option<f64>,
    samples: Option<Vec<f64>>,
}

fn failure(step: &Step, output: &Output) -> Outcome {
    let words = complaint(&output.stderr);
    let words = if words.is_empty() { format!("{} failed ({})", step.name(), output.status) } else { words };
    if output.status.code() == Some(NO_MEANS) { Outcome::missing(words) } else { Outcome::failed(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Vec<Step> {
        vec![Step::new("sh").arg("-c").arg(script)]
    }

    #[test]
    fn the_protocol_is_understood() {
        assert_eq!(told(&shell("echo '{\"seconds\": 0.5}'")).samples, [0.5]);
        assert_eq!(told(&shell("echo '{\"samples\": [0.5, 0.25]}'")).samples, [0.5, 0.25]);
        for wrong in ["echo 0.5", "echo '{}'", "echo '{\"samples\": []}'", "true"] {
            let error = told(&shell(wrong)).error.expect("it is not of the protocol");
            assert!(error.contains("not of the protocol"), "{error}");
        }
    }

    #[test]
    fn a_failure_is_told_in_the_contenders_words_and_missing_means_are_known() {
        let refused = told(&shell("echo refused >&2; exit 1"));
        assert_eq!((refused.error.as_deref(), refused.is_missing), (Some("refused"), false));
        let missing = told(&shell("echo it has no maps >&2; exit 3"));
        assert_eq!((missing.error.as_deref(), missing.is_missing), (Some("it has no maps"), true));
    }

    #[test]
    fn every_call_of_a_program_without_a_clock_is_a_sample() {
        let steps = vec![Step::new("true"), Step::new("true"), Step::new("true")];
        let outcome = clocked(&steps);
        assert!(outcome.samples.len() == 3 && outcome.samples.iter().all(|seconds| *seconds > 0.0));
        assert!(peak() > 0);
    }
}
