//! What a run says in the end: `report.json`, `report.md`, and pictures.

mod goals;
mod join;
mod machine;
mod markdown;
mod numbers;
mod series;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub(crate) use goals::GOALS;
pub(crate) use machine::Machine;
pub(crate) use numbers::{count, time};
pub(crate) use series::{Measured, Series};

use super::plots;
use crate::process::{Result, doing, failed};

/// The report of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    /// The versions of the contenders, by their names.
    pub(crate) versions: BTreeMap<String, String>,
    /// `--quick`: smaller sizes, fewer rounds.
    pub(crate) quick: bool,
    /// What the measuring took, in seconds, without building.
    pub(crate) took_s: f64,
    pub(crate) rows: Vec<Row>,
}

/// One contender in one workload at one size.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Row {
    pub(crate) workload: String,
    pub(crate) size: u32,
    pub(crate) contender: String,
    /// The median of the rounds. Where a round has many samples, a round counts as their median.
    pub(crate) median_s: Option<f64>,
    /// The fastest round and the slowest.
    pub(crate) spread_s: Option<[f64; 2]>,
    /// The 99th percentile of all samples of all rounds.
    pub(crate) p99_s: Option<f64>,
    /// Resident memory at most.
    pub(crate) peak_bytes: Option<u64>,
    /// The median of the ratios within rounds.
    pub(crate) ratio_to_floor: Option<f64>,
    /// The same.
    pub(crate) ratio_to_nft: Option<f64>,
    /// Why there is no time.
    pub(crate) error: Option<String>,
    /// It did not try, or said that it cannot: no fault of the moment.
    pub(crate) has_no_means: bool,
    /// Every round, in seconds; `null` for one that was not done.
    pub(crate) rounds_s: Vec<Option<f64>>,
}

impl Report {
    /// The rows of a workload, in the order of contenders and sizes.
    pub(crate) fn of<'r>(&'r self, workload: &'r str) -> impl Iterator<Item = &'r Row> + Clone {
        self.rows.iter().filter(move |row| row.workload == workload)
    }

    /// One row.
    pub(crate) fn row(&self, workload: &str, size: u32, contender: &str) -> Option<&Row> {
        let is_it = |row: &&Row| row.workload == workload && row.size == size && row.contender == contender;
        self.rows.iter().find(is_it)
    }

    /// The sizes of a workload, from small to large.
    pub(crate) fn sizes(&self, workload: &str) -> Vec<u32> {
        let mut sizes: Vec<u32> = self.of(workload).map(|row| row.size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    pub(crate) fn read(dir: &Path) -> Result<Self> {
        Self::read_file(&dir.join("report.json"))
    }

    pub(crate) fn read_file(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).map_err(doing(format!("read {}", file.display())))?;
        serde_json::from_str(&text)
            .or_else(|error| failed(format!("{} is not a report: {error}", file.display())))
    }

    /// Writes all files. `instructions`: the table of instruction counts, where there is one.
    pub(crate) fn write(&self, dir: &Path, instructions: Option<&str>) -> Result {
        std::fs::create_dir_all(dir).map_err(doing(format!("make {}", dir.display())))?;
        let json =
            serde_json::to_string_pretty(self).or_else(|error| failed(format!("no report: {error}")))?;
        let mut pictures = BTreeMap::new();
        for (workload, svg) in plots::all(self)? {
            let file = format!("{workload}.svg");
            write(&dir.join(&file), &svg)?;
            pictures.insert(workload, file);
        }
        write(&dir.join("report.json"), &(json + "\n"))?;
        write(&dir.join("report.md"), &markdown::page(self, &pictures, instructions))
    }
}

fn write(file: &Path, text: &str) -> Result {
    std::fs::write(file, text).map_err(doing(format!("write {}", file.display())))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::bench::job::Outcome;

    /// One workload at two sizes: contenders that did it, that failed, and one that gave up.
    pub(crate) fn example() -> Report {
        let series = |contender: &'static str, values: &[f64]| {
            let mut series = Series::new(contender);
            for value in values {
                series.add(&Outcome { samples: vec![*value], peak_bytes: 4 << 20, ..Outcome::default() });
            }
            series
        };
        let failing = |contender: &'static str| {
            let mut series = Series::new(contender);
            series.add(&Outcome::failed("it | did not\nwork"));
            series
        };
        let mut missing = Series::new("iptables-nft");
        missing.add(&Outcome::missing("it has no means"));
        let size = |size: u32, scale: f64| Measured {
            workload: "rules-facts".into(),
            size,
            series: vec![
                series("floor", &[0.010 * scale, 0.020 * scale]),
                series("portcullis", &[0.011 * scale, 0.021 * scale]),
                series("nft", &[0.030 * scale, 0.042 * scale]),
                failing("nlink"),
                failing("nftnl"),
                if size > 1_000 { missing.clone() } else { series("iptables-nft", &[0.02]) },
            ],
        };
        let rows = [size(1_000, 1.0), size(10_000, 10.0)].iter().flat_map(Measured::rows).collect();
        Report { rows, took_s: 61.0, ..Report::default() }
    }

    #[test]
    fn a_report_comes_back_as_it_was_written() {
        let dir = crate::process::target_dir().join("xtask").join("report-test");
        let report = example();
        report.write(&dir, None).expect("it can be written");
        let again = Report::read(&dir).expect("it was written");
        // JSON's numbers may lose their last bit.
        assert_eq!(format!("{:.9?}", again.rows), format!("{:.9?}", report.rows));
        assert_eq!(again.sizes("rules-facts"), [1_000, 10_000]);
        assert!(dir.join("report.md").is_file() && dir.join("rules-facts.svg").is_file());
        let _ = std::fs::remove_dir_all(dir);
    }
}
