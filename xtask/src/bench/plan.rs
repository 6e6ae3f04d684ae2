//! What each contender runs for each workload.

use std::path::PathBuf;

use super::contender::{Contender, Kind, OURS};
use super::files::{Files, Language};
use super::job::{Check, Job, Step};
use super::programs::Programs;
use super::workload::{Leaves, Workload};
use crate::process::Result;

/// A job, or why there is none: the contender is not here, or has no means.
pub(crate) type Planned = std::result::Result<Job, String>;

/// What jobs are made of.
#[derive(Debug)]
pub(crate) struct Plan<'p> {
    pub(crate) programs: &'p Programs,
    pub(crate) files: &'p Files,
}

impl Plan<'_> {
    /// The job of one round; files that it needs are written.
    pub(crate) fn job(&self, contender: &Contender, workload: &Workload, size: u32) -> Result<Planned> {
        if workload.is_ours_alone() && contender.name != OURS {
            return Ok(Err("only this library is measured without a kernel".into()));
        }
        Ok(match contender.kind {
            Kind::Floor => self.program(contender, workload, size, OURS, Some("--floor")),
            Kind::Program if contender.name != OURS && matches!(workload.name, "snapshot" | "restore") => {
                Err("the library has no means to keep a ruleset in a file".into())
            }
            Kind::Program => self.program(contender, workload, size, contender.name, None),
            Kind::Nft => self.nft(contender, workload, size, Language::Nft)?,
            Kind::NftJson => self.nft(contender, workload, size, Language::Json)?,
            Kind::Iptables(variant) => self.iptables(contender, workload, size, variant)?,
        })
    }

    /// What makes the file that this contender restores, if there is one to be made.
    pub(crate) fn saving(
        &self,
        contender: &Contender,
        workload: &Workload,
        size: u32,
    ) -> Result<Option<Job>> {
        let saved = self.saved(contender, size);
        if workload.name != "restore" || contender.kind == Kind::Floor || saved.exists() {
            return Ok(None);
        }
        let Some(snapshot) = Workload::named("snapshot") else { return Ok(None) };
        Ok(self.job(contender, snapshot, size)?.ok())
    }

    /// Where a contender saves the ruleset, and restores it from.
    fn saved(&self, contender: &Contender, size: u32) -> PathBuf {
        self.files.path("snapshot", size, contender.name)
    }

    /// A program of `benches/peers/`.
    fn program(
        &self,
        contender: &Contender,
        workload: &Workload,
        size: u32,
        name: &str,
        mode: Option<&str>,
    ) -> Planned {
        let mut step = Step::new(self.programs.path(name)?);
        if let Some(mode) = mode {
            step = step.arg(mode);
        }
        step = step.arg(workload.name).arg(size).env("BENCH_FILE", self.saved(contender, size).display());
        if workload.is_prepared {
            step = step.env("BENCH_PREPARED", 1);
        }
        Ok(Job {
            prepare: self.prepare(workload, size)?,
            measure: vec![step],
            has_clock: true,
            check: self.check(workload, size)?,
        })
    }

    fn nft(
        &self,
        contender: &Contender,
        workload: &Workload,
        size: u32,
        language: Language,
    ) -> Result<Planned> {
        if let Err(why) = self.programs.path("nft") {
            return Ok(Err(why));
        }
        let nft = || {
            let step = Step::new("nft");
            if language == Language::Json { step.arg("-j") } else { step }
        };
        let add = |port: u32| {
            let words = ["add", "rule", "ip", "bench", "input", "tcp", "dport", &port.to_string(), "accept"]
                .map(str::to_owned);
            words.into_iter().fold(nft(), Step::arg)
        };
        let saved = self.saved(contender, size);
        let measure = match (workload.name, language) {
            ("add-one" | "add-one-spread", Language::Nft) => vec![add(size)],
            ("small-transactions", Language::Nft) => (0..size).map(|index| add(index.max(1))).collect(),
            ("small-transactions", _) => {
                return Ok(Err("left out: nft is beside it, and a call of either takes as long".into()));
            }
            ("list", _) => vec![nft().arg("list").arg("ruleset")],
            ("snapshot", _) => vec![nft().arg("list").arg("ruleset").output(&saved)],
            ("restore", _) => vec![nft().arg("-f").file(&saved)],
            (name, _) => match self.files.write(name, size, language)? {
                Some(file) => vec![nft().arg("-f").file(&file)],
                None => return Ok(Err("nft has no means for this".into())),
            },
        };
        Ok(self.prepare(workload, size).and_then(|prepare| {
            Ok(Job { prepare, measure, has_clock: false, check: self.check(workload, size)? })
        }))
    }

    fn iptables(
        &self,
        contender: &Contender,
        workload: &Workload,
        size: u32,
        variant: &str,
    ) -> Result<Planned> {
        let program = |what: &str| format!("iptables-{variant}{what}");
        if let Err(why) = self.programs.path(&program("-restore")) {
            return Ok(Err(why));
        }
        let restore = |name: &str| -> Result<Vec<Step>> {
            let file = self.files.write(name, size, Language::Iptables)?;
            Ok(file.iter().map(|file| Step::new(program("-restore")).file(file)).collect())
        };
        let add = |port: u32| {
            let port = port.to_string();
            let words = ["-A", "INPUT", "-p", "tcp", "--dport", &port, "-j", "ACCEPT"].map(str::to_owned);
            words.into_iter().fold(Step::new(program("")), Step::arg)
        };
        let save = Step::new(program("-save"));
        let saved = self.saved(contender, size);
        let (prepare, measure) = match workload.name {
            "add-one" => (restore("rules-port")?, vec![add(size)]),
            "add-one-spread" => {
                return Ok(Err("left out: iptables rewrites every table whole, which add-one shows".into()));
            }
            "small-transactions" => (vec![], (0..size).map(|index| add(index.max(1))).collect()),
            "list" => (restore("rules-facts")?, vec![save]),
            "snapshot" => (restore("rules-facts")?, vec![save.output(&saved)]),
            "restore" => (vec![], vec![Step::new(program("-restore")).file(&saved)]),
            name => (vec![], restore(name)?),
        };
        if measure.is_empty() {
            return Ok(Err(
                "iptables has no sets (ipset is another program, and another part of the kernel)".into(),
            ));
        }
        let check = match variant {
            // Not nf_tables: only its own program sees what is there.
            "legacy" => rules(workload, size).map(|expected| Check {
                step: Step::new(program("-save")).arg("-t").arg(table(workload)),
                expected,
                what: "rules".into(),
            }),
            _ => match self.check(workload, size) {
                Ok(check) => check,
                Err(why) => return Ok(Err(why)),
            },
        };
        Ok(Ok(Job { prepare, measure, has_clock: false, check }))
    }

    /// What a workload begins with is made by our program, for all alike.
    fn prepare(&self, workload: &Workload, size: u32) -> std::result::Result<Vec<Step>, String> {
        if !workload.is_prepared {
            return Ok(Vec::new());
        }
        Ok(vec![Step::new(self.programs.path(OURS)?).arg("prepare").arg(workload.name).arg(size)])
    }

    fn check(&self, workload: &Workload, size: u32) -> std::result::Result<Option<Check>, String> {
        let (what, expected) = match (workload.leaves, rules(workload, size)) {
            (_, Some(expected)) => ("rules", expected),
            (Leaves::Elements, _) => ("elements", u64::from(size)),
            _ => return Ok(None),
        };
        let step = Step::new(self.programs.path(OURS)?).arg("count").arg(what).arg(size);
        Ok(Some(Check { step, expected, what: what.into() }))
    }
}

/// How many rules a workload leaves.
fn rules(workload: &Workload, size: u32) -> Option<u64> {
    match workload.leaves {
        Leaves::Rules(more) => Some(u64::from(size) + u64::from(more)),
        _ => None,
    }
}

/// The table of iptables that a workload's rules are in.
fn table(workload: &Workload) -> &'static str {
    if workload.name == "rules-nat" { "nat" } else { "filter" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{contender::CONTENDERS, workload::WORKLOADS};

    #[test]
    fn every_contender_has_a_job_or_a_reason_for_every_workload() {
        let dir = crate::process::target_dir().join("xtask").join("plan-test");
        let files = Files::new(dir).expect("a directory can be made");
        let programs = Programs::pretended();
        let plan = Plan { programs: &programs, files: &files };
        for (contender, workload) in
            CONTENDERS.iter().flat_map(|one| WORKLOADS.iter().map(move |two| (one, two)))
        {
            match plan.job(contender, workload, 5).expect("files can be written") {
                Ok(job) => {
                    assert!(!job.measure.is_empty(), "{} {}", contender.name, workload.name);
                    assert_eq!(job.check.is_some(), workload.leaves != Leaves::Nothing, "{}", workload.name);
                }
                Err(why) => assert!(!why.is_empty() && contender.name != OURS, "{} {why}", workload.name),
            }
        }
        files.remove();
    }
}
