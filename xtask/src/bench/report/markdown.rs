//! The report for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{GOALS, Report, Row, count, numbers::bytes, numbers::three_digits, time};
use crate::bench::contender::CONTENDERS;
use crate::bench::workload::{WORKLOADS, Workload};

const HOW: &str = "\
Within each round the contenders take their turns, each in a network namespace of its own that is new; afterwards this \
library counts what is there. Times are medians of rounds. **×** is the ratio to the floor: taken within each round, \
then the median, for this kind of machine runs at twice its speed in one minute and half in another. The floor is what \
the kernel alone takes for the same bytes. Libraries are timed from plain numbers to the acknowledged commit, programs \
from start to exit. The whole protocol is in `benches/peers/README.md`, every round is in `report.json`.";

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
    let _ = write!(page, "|  |");
    for size in &sizes {
        let _ = write!(page, " {} {} |", count(*size), workload.of);
    }
    if workload.is_latency() {
        page.push_str(" 99th percentile |");
    }
    page.push_str(" slowest round / fastest | most memory |\n|---|");
    page.push_str(&"---:|".repeat(sizes.len() + usize::from(workload.is_latency()) + 2));
    page.push('\n');
    let done = |row: &&Row| row.median_s.is_some();
    for contender in CONTENDERS {
        let rows: Vec<&Row> = report.of(name).filter(|row| row.contender == contender.name).collect();
        let Some(last) = rows.iter().copied().rfind(done) else { continue };
        let _ = write!(page, "| {} |", emphasised(contender.name));
        for size in &sizes {
            let row = rows.iter().find(|row| row.size == *size);
            let _ = write!(page, " {} |", row.map_or_else(|| "–".into(), |row| cell(row, workload)));
        }
        if workload.is_latency() {
            let _ = write!(page, " {} |", last.p99_s.map_or_else(|| "–".into(), time));
        }
        let spread = last.spread_s.map_or_else(|| "–".into(), |[least, most]| three_digits(most / least));
        let _ = writeln!(page, " {spread} | {} |", last.peak_bytes.map_or_else(|| "–".into(), bytes));
    }
    page.push('\n');
    failures(page, report, name);
}

/// The time, of one where that says more, and the ratio to the floor.
fn cell(row: &Row, workload: &Workload) -> String {
    let Some(median) = row.median_s else { return "failed".into() };
    let mut text = time(median);
    if let Some(unit) = workload.unit {
        let _ = write!(text, ", {} a {unit}", time(median / f64::from(row.size.max(1))));
    }
    if let Some(ratio) = row.ratio_to_floor.filter(|_| row.contender != "floor") {
        let _ = write!(text, " ({}×)", three_digits(ratio));
    }
    text
}

/// Who has no times, and why: reasons that are the same at all sizes are told once.
fn failures(page: &mut String, report: &Report, workload: &str) {
    let mut told: Vec<(&str, &str, Vec<u32>)> = Vec::new();
    for row in report.of(workload) {
        let Some(error) = &row.error else { continue };
        match told.iter_mut().find(|(contender, reason, _)| *contender == row.contender && reason == error) {
            Some((_, _, sizes)) => sizes.push(row.size),
            None => told.push((&row.contender, error, vec![row.size])),
        }
    }
    let all = report.sizes(workload);
    for (contender, reason, sizes) in &told {
        let at = if *sizes == all {
            String::new()
        } else {
            format!(" at {}", sizes.iter().map(|size| count(*size)).collect::<Vec<_>>().join(", "))
        };
        let _ = writeln!(page, "- **{contender}** failed{at}: {}", reason.replace(['\n', '|'], " "));
    }
    if !told.is_empty() {
        page.push('\n');
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
    if name == crate::bench::contender::OURS { format!("**{name}**") } else { name.to_owned() }
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
            "| **portcullis** | 16.0 ms, 16.0 µs a rule (1.07×) | 160 ms, 16.0 µs a rule (1.07×) | 1.91 | 4.00 MiB |",
            "| floor | 15.0 ms, 15.0 µs a rule |",
            "- **nlink** failed: it   did not work",
            "](rules-facts.svg)",
            "| 1,000 rules | 10,000 rules |",
            "| Rules, 10,000 and more: `nft -f` takes 1.8 times as long | rules-facts 10,000: 2.31 | met |",
            "1.075 | **missed** |",
            "| encode | 4090 |",
            "1 min 01 s",
        ] {
            assert!(page.contains(wanted), "{wanted}\n{page}");
        }
        assert!(!page.contains("## set-hash"));
    }
}
