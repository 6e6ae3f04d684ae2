//! The report for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{GOALS, Report, Row, count, numbers::bytes, numbers::three_digits, time};
use crate::bench::contender::{CONTENDERS, FLOOR, NFT, OURS, is_compared, is_near_floor};
use crate::bench::workload::{WORKLOADS, Workload};

const HOW: &str = "\
Within each round the contenders take their turns, each in a network namespace of its own that is new; afterwards this \
library counts what is there. Times are medians of rounds. **×** is the ratio to the floor: taken within each round, \
then the pseudo-median (Hodges and Lehmann), for this kind of machine runs at twice its speed in one minute and half in another. The floor is what \
the kernel alone takes for the same bytes. Libraries are timed from plain numbers to the acknowledged commit, programs \
from start to exit. Behind a ratio that a goal speaks of is its 95 % confidence interval. The whole protocol is in `benches/peers/README.md`, every round is in `report.json`.";

/// The page. `pictures`: the file of each workload that has one.
pub(crate) fn page(
    report: &Report,
    pictures: &BTreeMap<String, String>,
    instructions: Option<&str>,
) -> String {
    let mut page = String::from("# Benchmarks\n\n");
    if report.quick {
        page.push_str("A quick run: smaller sizes, few rounds.\n\n");
    }
    page.push_str("| | |\n|---|---|\n");
    for (what, value) in report.machine.lines() {
        let _ = writeln!(page, "| {what} | {value} |");
    }
    let took = std::time::Duration::try_from_secs_f64(report.took_s).unwrap_or_default();
    let _ = writeln!(page, "| Measuring took | {} |\n\n{HOW}\n", crate::process::seconds(took));
    goals(&mut page, report);
    for workload in WORKLOADS.iter().filter(|workload| report.of(workload.name).next().is_some()) {
        section(&mut page, report, workload, pictures.get(workload.name));
    }
    if let Some(table) = instructions {
        let _ = writeln!(page, "## Instructions\n\n{}\n", table.trim());
    }
    contenders(&mut page, report);
    page
}

fn goals(page: &mut String, report: &Report) {
    let judged: Vec<_> = GOALS.iter().filter_map(|goal| goal.judge(report)).collect();
    if judged.is_empty() {
        return;
    }
    page.push_str("## Goals\n\n| Goal | Found | |\n|---|---|---|\n");
    for (what, found, is_met) in judged {
        let _ = writeln!(page, "| {what} | {found} | {} |", if is_met { "met" } else { "**missed**" });
    }
    page.push('\n');
}

fn section(page: &mut String, report: &Report, workload: &Workload, picture: Option<&String>) {
    let name = workload.name;
    let _ = writeln!(page, "## {name}\n\n{}.\n", workload.title);
    if let Some(picture) = picture {
        let _ = writeln!(page, "![{name}: time against size]({picture})\n");
    }
    let sizes = report.sizes(name);
    let _ = writeln!(page, "Rounds: {}.\n", rounds(report, name, &sizes));
    let heads = sizes.iter().map(|size| format!("{} {}", count(*size), workload.of)).chain(
        workload
            .unit
            .map(|unit| format!("one {unit}"))
            .into_iter()
            .chain(workload.is_latency().then(|| "99th percentile".to_owned()))
            .chain(["slowest / fastest".to_owned(), "memory".to_owned()]),
    );
    row(page, "", heads);
    let _ = writeln!(page, "|---|{}", "---:|".repeat(sizes.len() + columns(workload)));
    for contender in CONTENDERS {
        let rows: Vec<&Row> = report.of(name).filter(|row| row.contender == contender.name).collect();
        let Some(last) = rows.iter().copied().rfind(|row| row.median_s.is_some()) else { continue };
        let times = sizes
            .iter()
            .map(|size| rows.iter().find(|row| row.size == *size).map_or_else(dash, |row| cell(row)));
        row(page, &emphasised(contender.name), times.chain(details(last, workload)));
    }
    page.push('\n');
    failures(page, report, name);
}

/// How many rounds each size had; and how many those had whom the goals compare, where others had fewer.
fn rounds(report: &Report, workload: &str, sizes: &[u32]) -> String {
    let rounds = sizes.iter().map(|size| {
        let done = |row: &Row| row.rounds_s.iter().flatten().count();
        let of = |is_one: &dyn Fn(&str) -> bool| {
            let rows = report.of(workload).filter(|row| row.size == *size && is_one(&row.contender));
            rows.map(done).max().unwrap_or_default()
        };
        let (all, nft, nearest) =
            (of(&|name| !is_compared(name)), of(&|name| name == NFT), of(&is_near_floor));
        let mut more = Vec::new();
        if nearest > nft && nft > 0 {
            more.push(format!("{nearest} of {FLOOR} and {OURS}"));
        }
        if nft > all && all > 0 {
            let names = if more.is_empty() { format!("{FLOOR}, {OURS} and {NFT}") } else { NFT.to_owned() };
            more.push(format!("{nft} of {names}"));
        }
        match more.as_slice() {
            [] => all.max(nft).max(nearest).to_string(),
            more => format!("{} ({})", if all > 0 { all } else { nft }, more.join(", ")),
        }
    });
    rounds.collect::<Vec<_>>().join(", ")
}

/// A row of a table.
fn row(page: &mut String, head: &str, cells: impl Iterator<Item = String>) {
    let _ = writeln!(page, "| {head} | {} |", cells.collect::<Vec<_>>().join(" | "));
}

fn dash() -> String {
    "–".into()
}

/// How many columns [`details`] makes.
fn columns(workload: &Workload) -> usize {
    2 + usize::from(workload.unit.is_some()) + usize::from(workload.is_latency())
}

/// What is told of the largest size that a contender did.
fn details(last: &Row, workload: &Workload) -> impl Iterator<Item = String> {
    let one = workload
        .unit
        .map(|_| last.median_s.map_or_else(dash, |median| time(median / f64::from(last.size.max(1)))));
    let slow = workload.is_latency().then(|| last.p99_s.map_or_else(dash, time));
    let spread = last.spread_s.map_or_else(dash, |[least, most]| three_digits(most / least));
    let memory = last.peak_bytes.map_or_else(dash, bytes);
    one.into_iter().chain(slow).chain([spread, memory])
}

/// The time, and the ratio to the floor.
fn cell(row: &Row) -> String {
    let Some(median) = row.median_s else { return dash() };
    match row.ratio_to_floor.filter(|_| row.contender != FLOOR) {
        Some(ratio) => format!("{} ({}×)", time(median), three_digits(ratio)),
        None => time(median),
    }
}

/// Contenders without times, and why: those with the same reason at the same sizes together.
fn failures(page: &mut String, report: &Report, workload: &str) {
    let mut told: Vec<Failures<'_>> = Vec::new();
    for contender in CONTENDERS {
        let mut own: Vec<Failures<'_>> = Vec::new();
        for row in report.of(workload).filter(|row| row.contender == contender.name) {
            let Some(reason) = row.error.as_deref() else { continue };
            match own.iter_mut().find(|failures| failures.reason == reason) {
                Some(failures) => failures.sizes.push(row.size),
                None => own.push(Failures {
                    contenders: vec![contender.name],
                    has_no_means: row.has_no_means,
                    reason,
                    sizes: vec![row.size],
                }),
            }
        }
        for failures in own {
            match told.iter_mut().find(|other| other.is_like(&failures)) {
                Some(other) => other.contenders.push(contender.name),
                None => told.push(failures),
            }
        }
    }
    let all = report.sizes(workload);
    for failures in &told {
        let _ = writeln!(page, "- {}", failures.sentence(&all));
    }
    if !told.is_empty() {
        page.push('\n');
    }
}

/// Failures for one reason.
struct Failures<'r> {
    contenders: Vec<&'r str>,
    has_no_means: bool,
    reason: &'r str,
    sizes: Vec<u32>,
}

impl Failures<'_> {
    fn is_like(&self, other: &Self) -> bool {
        (self.reason, &self.sizes, self.has_no_means) == (other.reason, &other.sizes, other.has_no_means)
    }

    fn sentence(&self, all: &[u32]) -> String {
        let names = format!("**{}**", self.contenders.join("**, **"));
        let what = if self.has_no_means { "not done" } else { "failed" };
        let at = if self.sizes == all {
            String::new()
        } else {
            format!(" at {}", self.sizes.iter().map(|size| count(*size)).collect::<Vec<_>>().join(", "))
        };
        format!("{names} {what}{at}: {}", self.reason.replace(['\n', '|'], " "))
    }
}

fn contenders(page: &mut String, report: &Report) {
    page.push_str("## Contenders\n\n| Name | Version | What it is |\n|---|---|---|\n");
    for contender in CONTENDERS {
        let version = report.versions.get(contender.name).map_or("", String::as_str);
        if report.rows.iter().any(|row| row.contender == contender.name) {
            let _ = writeln!(page, "| {} | {version} | {} |", contender.name, contender.about);
        }
    }
}

fn emphasised(name: &str) -> String {
    if name == OURS { format!("**{name}**") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::*;

    #[test]
    fn the_page_has_every_contender_and_every_failure() {
        let pictures = BTreeMap::from([("rules-facts".to_owned(), "rules-facts.svg".to_owned())]);
        let page = page(&example(), &pictures, Some("| encode | 4090 |"));
        for wanted in [
            "|  | 1,000 rules | 10,000 rules | one rule | slowest / fastest | memory |\n|---|---:|---:|---:|---:|---:|\n",
            "| **portcullis** | 16.0 ms (1.07×) | 160 ms (1.07×) | 16.0 µs | 1.91 | 4.00 MiB |",
            "| floor | 15.0 ms | 150 ms | 15.0 µs |",
            "- **nlink**, **nftnl** failed: it   did not work",
            "- **iptables-nft** not done at 10,000: it has no means",
            "Rounds: 1 (2 of floor, portcullis and nft), 2.",
            "](rules-facts.svg)",
            "| Rules, 10,000 and more: `nft -f` takes 1.8 times as long | rules-facts 10,000: 2.34 (of the floor 2.51) | met |",
            "1.075 | **missed** |",
            "| encode | 4090 |",
            "1 min 01 s",
        ] {
            assert!(page.contains(wanted), "{wanted}\n{page}");
        }
        assert!(!page.contains("## set-hash"));
    }
}
