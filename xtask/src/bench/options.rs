//! The command line of `cargo xtask bench`.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, ValueExt};

use super::{contender::CONTENDERS, workload::WORKLOADS};
use crate::process::{Failure, Result};

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Action {
    /// Measure, then write the report.
    #[default]
    Measure,
    /// Write the last report and its pictures anew from its `report.json`.
    Render,
    /// Join the rounds of other runs, of which these are the `report.json`, to those of the last, and write its report anew.
    Join,
    /// Copy the last report to `docs/bench/`.
    Publish,
}

/// The command line, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) action: Action,
    /// The reports of the runs to join.
    pub(crate) joined: Vec<PathBuf>,
    /// Smaller sizes and fewer rounds.
    pub(crate) quick: bool,
    /// The workloads to run; none named means all.
    only: Vec<String>,
    /// The contenders to run; none named means all.
    contenders: Vec<String>,
    /// In place of each size's own number of rounds.
    pub(crate) rounds: Option<usize>,
}

impl Options {
    pub(crate) fn parse(arguments: Vec<OsString>) -> Result<Options> {
        let mut options = Options::default();
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("quick") => options.quick = true,
                Arg::Long("render") => options.action = Action::Render,
                Arg::Long("join") => {
                    options.action = Action::Join;
                    options.joined.push(parser.value()?.into());
                }
                Arg::Long("publish") => options.action = Action::Publish,
                Arg::Long("only") => {
                    let known = WORKLOADS.iter().map(|workload| workload.name);
                    options.only.push(one_of("workload", &parser.value()?.string()?, known)?);
                }
                Arg::Long("contender") => {
                    let known = CONTENDERS.iter().map(|contender| contender.name);
                    options.contenders.push(one_of("contender", &parser.value()?.string()?, known)?);
                }
                Arg::Long("rounds") => {
                    let rounds: usize = parser.value()?.parse()?;
                    if rounds == 0 {
                        return Err(Failure::Usage("--rounds wants 1 or more".into()));
                    }
                    options.rounds = Some(rounds);
                }
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }

    /// True for a run that leaves something out, whose report is kept apart from that of a whole run.
    pub(crate) fn is_partial(&self) -> bool {
        !self.only.is_empty() || !self.contenders.is_empty()
    }

    pub(crate) fn wants_workload(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|wanted| wanted == name)
    }

    pub(crate) fn wants_contender(&self, name: &str) -> bool {
        self.contenders.is_empty() || self.contenders.iter().any(|wanted| wanted == name)
    }
}

/// The name, if it is a known one; else an error with all that are.
fn one_of<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Result<String> {
    if known.clone().any(|known| known == name) {
        return Ok(name.to_owned());
    }
    let known: Vec<&str> = known.collect();
    Err(Failure::Usage(format!("there is no {what} '{name}'; there are: {}", known.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options> {
        Options::parse(words.iter().map(Into::into).collect())
    }

    #[test]
    fn parts_can_be_chosen() {
        let options =
            parse(&["--quick", "--only", "list", "--only=set-hash", "--contender", "nft", "--rounds", "2"]);
        let options = options.expect("all of these are known");
        assert!(options.quick && options.is_partial() && options.rounds == Some(2));
        assert!(options.wants_workload("list") && options.wants_workload("set-hash"));
        assert!(!options.wants_workload("add-one"));
        assert!(options.wants_contender("nft") && !options.wants_contender("floor"));
    }

    #[test]
    fn nothing_chosen_is_everything() {
        let options = parse(&[]).expect("no argument is needed");
        assert!(!options.is_partial() && options.wants_workload("list") && options.wants_contender("nft"));
        assert_eq!(parse(&["--publish"]).map(|options| options.action).ok(), Some(Action::Publish));
    }

    #[test]
    fn several_runs_can_be_joined() {
        let options = parse(&["--join", "a.json", "--join=b.json"]).expect("it takes any file's name");
        assert_eq!(options.action, Action::Join);
        assert_eq!(options.joined, [PathBuf::from("a.json"), PathBuf::from("b.json")]);
        assert!(parse(&["--join"]).is_err());
    }

    #[test]
    fn unknown_names_are_told_the_known_ones() {
        let Err(Failure::Usage(text)) = parse(&["--only", "everything"]) else { panic!("it was taken") };
        assert!(text.contains("no workload 'everything'") && text.contains("rules-facts"), "{text}");
        let Err(Failure::Usage(text)) = parse(&["--contender", "ufw"]) else { panic!("it was taken") };
        assert!(text.contains("iptables-nft"), "{text}");
        assert!(parse(&["--rounds", "0"]).is_err() && parse(&["--rounds", "many"]).is_err());
    }
}
