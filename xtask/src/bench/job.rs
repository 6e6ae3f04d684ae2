//! One round of one contender, as a value: what is run in a namespace of its own, and what came of it.
//!
//! The value travels to the process that does it (`round`) and its result back, as JSON.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::process;

/// One round.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Job {
    /// What must be there before.
    pub(crate) prepare: Vec<Step>,
    /// What is measured: one step, or one for each sample.
    pub(crate) measure: Vec<Step>,
    /// The program has a clock of its own and tells its times to the protocol; else the time is from start to exit.
    pub(crate) has_clock: bool,
    /// What must be there afterwards.
    pub(crate) check: Option<Check>,
}

/// Tells how much is there, as a number or as lines that begin with `-A`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Check {
    pub(crate) step: Step,
    pub(crate) expected: u64,
    pub(crate) what: String,
}

/// One program to start.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Step {
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    /// The file that takes its standard output; `None` throws it away or, where it is read, leaves it.
    output: Option<PathBuf>,
}

impl Step {
    pub(crate) fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), ..Self::default() }
    }

    pub(crate) fn arg(mut self, argument: impl ToString) -> Self {
        self.arguments.push(argument.to_string());
        self
    }

    pub(crate) fn file(self, path: &std::path::Path) -> Self {
        self.arg(path.display())
    }

    pub(crate) fn env(mut self, name: &str, value: impl ToString) -> Self {
        self.environment.push((name.to_owned(), value.to_string()));
        self
    }

    /// Standard output goes to this file.
    pub(crate) fn output(mut self, path: &std::path::Path) -> Self {
        self.output = Some(path.to_owned());
        self
    }

    /// The command, with its standard output as told and its standard error for the caller to read.
    pub(crate) fn command(&self) -> std::io::Result<Command> {
        let mut command = process::command(&self.program);
        let output = match &self.output {
            Some(path) => std::fs::File::create(path)?.into(),
            None => Stdio::null(),
        };
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(output).stderr(Stdio::piped());
        Ok(command)
    }

    /// The program's name, for sentences.
    pub(crate) fn name(&self) -> String {
        self.program.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// What came of a round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Seconds: one, or one for each sample.
    pub(crate) samples: Vec<f64>,
    /// Resident memory at most, of the largest process measured.
    pub(crate) peak_bytes: u64,
    /// What went wrong, in the contender's own words.
    pub(crate) error: Option<String>,
    /// The contender has no means for this workload, at any size.
    pub(crate) is_missing: bool,
}

impl Outcome {
    pub(crate) fn failed(error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), ..Self::default() }
    }

    pub(crate) fn missing(error: impl Into<String>) -> Self {
        Self { is_missing: true, ..Self::failed(error) }
    }
}

/// A program's complaint, short enough for a table: its first lines.
pub(crate) fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(3).collect();
    let mut text = lines.join(" ");
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Bytes of a complaint that are kept.
const LONGEST: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_arrives_as_it_was_sent() {
        let step = Step::new("/bin/x").arg(7).env("A", 1).output("/dev/null".as_ref());
        let check = Check { step: step.clone(), expected: 3, what: "rules".into() };
        let job = Job { measure: vec![step], check: Some(check), ..Job::default() };
        let text = serde_json::to_string(&job).expect("it is plain data");
        let again: Job = serde_json::from_str(&text).expect("it was written so");
        assert_eq!(format!("{again:?}"), format!("{job:?}"));
    }

    #[test]
    fn complaints_are_kept_short() {
        assert_eq!(complaint(b"one\n\n two \nthree\nfour\n"), "one two three");
        let long = complaint("é".repeat(400).as_bytes());
        assert!(long.len() <= LONGEST + '…'.len_utf8() && long.ends_with('…'));
    }
}
