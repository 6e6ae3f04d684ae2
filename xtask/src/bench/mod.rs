//! `cargo xtask bench`: the library beside its peers, in one run, in private network namespaces.
//!
//! ```text
//!   setup ─► programs (build, find) ─► rounds ─► report (json, markdown) ─► plots
//!                                        │
//!        workload × size × round × contender: plan makes a job, of it runner starts
//!        xtask bench-round (a new namespace; prepare, settle, count), which starts
//!        xtask bench-meter (the contender, its clock, its memory)
//! ```
//!
//! The protocol that contenders keep to is in `benches/peers/README.md`.

mod contender;
mod files;
mod job;
mod meter;
mod options;
mod plan;
mod plots;
mod programs;
mod report;
mod round;
mod rounds;
mod runner;
mod settle;
mod setup;
mod statistics;
mod workload;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::namespace::{self, Context};
use crate::process::{self, Result, doing, failed, seconds};
use options::{Action, Options};
use programs::Programs;
use report::{Measured, Report};

/// The hidden command that does one round.
pub(crate) const ROUND: &str = "bench-round";
/// The hidden command that runs one contender.
pub(crate) const METER: &str = "bench-meter";

pub(crate) use meter::run as meter;
pub(crate) use round::run as round;

/// Reads the command line and does what it says.
pub(crate) fn run(arguments: Vec<OsString>) -> Result {
    let options = Options::parse(arguments)?;
    let dir = results(options.is_partial());
    match options.action {
        Action::Measure => measure(&options, &dir),
        Action::Render => {
            Report::read(&dir)?.write(&dir, instructions().as_deref())?;
            println!("written anew: {}", dir.join("report.md").display());
            Ok(())
        }
        Action::Join => join(&options.joined, &dir),
        Action::Publish => publish(&dir, &process::root().join("docs/bench")),
    }
}

/// Where results go; those of a run that leaves something out do not replace those of a whole one.
fn results(is_partial: bool) -> PathBuf {
    process::target_dir().join(if is_partial { "bench/part" } else { "bench" })
}

fn measure(options: &Options, dir: &Path) -> Result {
    crate::setup::libraries()?;
    setup::contenders();
    namespace::check_privileged()?;
    let wanted = programs::wanted(|name| options.wants_contender(name));
    let programs = Programs::prepare(&wanted);
    programs::require_ours(&programs)?;
    for (name, why) in programs.missing() {
        eprintln!("without {name}: {why}");
    }
    let files = files::Files::new(process::target_dir().join("bench/files"))?;
    let mut machine = report::Machine::here(Context::of_this_process().name());
    let start = Instant::now();
    let plan = plan::Plan { programs: &programs, files: &files };
    let measured = rounds::run(&plan, &wanted, options)?;
    machine.ended();
    files.remove();
    let report = Report {
        machine,
        versions: programs.versions,
        quick: options.quick,
        took_s: start.elapsed().as_secs_f64(),
        rows: measured.iter().flat_map(Measured::rows).collect(),
    };
    report.write(dir, instructions().as_deref())?;
    println!("measured in {}; the report is {}", seconds(start.elapsed()), dir.join("report.md").display());
    Ok(())
}

/// Joins the rounds of other runs to those of the last.
fn join(others: &[PathBuf], dir: &Path) -> Result {
    let mut report = Report::read(dir)?;
    for file in others {
        report = report.joined(&Report::read_file(file)?)?;
    }
    report.write(dir, instructions().as_deref())?;
    println!("joined: {}", dir.join("report.md").display());
    Ok(())
}

/// The counts of instructions, where they were made.
fn instructions() -> Option<String> {
    std::fs::read_to_string(process::target_dir().join("bench/instructions.md")).ok()
}

/// Copies a report to where it is committed.
fn publish(from: &Path, to: &Path) -> Result {
    let report = from.join("report.json");
    if !report.is_file() {
        return failed(format!("{} is not there: run `cargo xtask bench` first", report.display()));
    }
    if to.is_dir() {
        std::fs::remove_dir_all(to).map_err(doing(format!("empty {}", to.display())))?;
    }
    std::fs::create_dir_all(to).map_err(doing(format!("make {}", to.display())))?;
    let entries = std::fs::read_dir(from).map_err(doing(format!("read {}", from.display())))?;
    for file in entries.flatten().map(|entry| entry.path()).filter(|file| is_published(file)) {
        let Some(name) = file.file_name() else { continue };
        std::fs::copy(&file, to.join(name)).map_err(doing(format!("copy {}", file.display())))?;
    }
    println!("published: {}", to.display());
    Ok(())
}

/// The report and its pictures, nothing else that lies beside them.
fn is_published(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    matches!(&*name, "report.json" | "report.md") || (name.ends_with(".svg") && file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_is_the_report_and_its_pictures() {
        let dir = process::target_dir().join("xtask").join("publish-test");
        let (from, to) = (dir.join("from"), dir.join("to"));
        let _ = std::fs::remove_dir_all(&dir);
        for (dir, file) in [(&from, "a.svg"), (&from, "instructions.md"), (&to, "old.svg")] {
            std::fs::create_dir_all(dir).expect("a directory");
            std::fs::write(dir.join(file), "x").expect("a file");
        }
        assert!(publish(&from, &to).is_err());
        std::fs::write(from.join("report.json"), "{}").expect("a file");
        publish(&from, &to).expect("it can be copied");
        let mut names: Vec<_> =
            std::fs::read_dir(&to).expect("it is there").flatten().map(|entry| entry.file_name()).collect();
        names.sort();
        assert_eq!(names, ["a.svg", "report.json"]);
        let _ = std::fs::remove_dir_all(dir);
    }
}
