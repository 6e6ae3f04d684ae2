//! A contender's rounds, and the rows made of them.

use super::Row;
use crate::bench::contender::{FLOOR, NFT};
use crate::bench::job::Outcome;
use crate::bench::statistics::{median, quantile, ratio};

/// The rounds of one contender in one workload at one size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    pub(crate) contender: &'static str,
    /// Seconds of each round.
    rounds: Vec<Option<f64>>,
    /// All samples, where rounds have many.
    samples: Vec<f64>,
    peak_bytes: u64,
    error: Option<String>,
    has_no_means: bool,
}

/// All contenders in one workload at one size.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) workload: String,
    pub(crate) size: u32,
    pub(crate) series: Vec<Series>,
}

impl Series {
    pub(crate) fn new(contender: &'static str) -> Self {
        Self { contender, ..Self::default() }
    }

    /// A round.
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        if outcome.error.is_some() {
            self.fail(outcome);
            return self.skip();
        }
        self.rounds.push(median(&outcome.samples));
        if outcome.samples.len() > 1 {
            self.samples.extend(&outcome.samples);
        }
        self.peak_bytes = self.peak_bytes.max(outcome.peak_bytes);
    }

    /// Why there are no times, before any round or in one.
    pub(crate) fn fail(&mut self, outcome: &Outcome) {
        self.error.clone_from(&outcome.error);
        self.has_no_means = outcome.is_missing;
    }

    /// A round that was not done.
    pub(crate) fn skip(&mut self) {
        self.rounds.push(None);
    }
}

impl Measured {
    /// A row for each contender.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let row = |series: &Series| Row {
            workload: self.workload.clone(),
            size: self.size,
            contender: series.contender.to_owned(),
            error: series.error.clone(),
            has_no_means: series.has_no_means,
            p99_s: quantile(&series.samples, 0.99),
            peak_bytes: Some(series.peak_bytes),
            rounds_s: series.rounds.clone(),
            ..Row::default()
        };
        summed_up(&self.series.iter().map(row).collect::<Vec<_>>())
    }
}

/// The rows with what their rounds say, beside those of the floor and of nft among them.
pub(super) fn summed_up(rows: &[Row]) -> Vec<Row> {
    let rounds = |of: &Row, contender: &str| {
        let is_it =
            |row: &&Row| row.workload == of.workload && row.size == of.size && row.contender == contender;
        rows.iter().find(is_it).map_or(&[][..], |row| &row.rounds_s)
    };
    rows.iter().map(|row| row.clone().summed_up(rounds(row, FLOOR), rounds(row, NFT))).collect()
}

impl Row {
    /// One that failed in any round has no times: half a truth is none.
    fn summed_up(self, floor: &[Option<f64>], nft: &[Option<f64>]) -> Row {
        let done: Vec<f64> = self.rounds_s.iter().copied().flatten().collect();
        if self.error.is_some() || done.is_empty() {
            let Row { workload, size, contender, error, has_no_means, rounds_s, .. } = self;
            return Row { workload, size, contender, error, has_no_means, rounds_s, ..Row::default() };
        }
        Row {
            median_s: median(&done),
            spread_s: quantile(&done, 0.0).zip(quantile(&done, 1.0)).map(|(least, most)| [least, most]),
            ratio_to_floor: ratio(&self.rounds_s, floor),
            ratio_to_nft: ratio(&self.rounds_s, nft),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::*;

    #[test]
    fn a_row_has_median_spread_memory_and_ratios_within_rounds() {
        let report = example();
        let row = report.row("rules-facts", 1_000, "portcullis").expect("it took part");
        assert_eq!(row.median_s, Some(0.016));
        assert_eq!(row.spread_s, Some([0.011, 0.021]));
        assert_eq!((row.peak_bytes, row.p99_s), (Some(4 << 20), None));
        // 11/10 and 21/20; 11/30 and 21/42: of two, their geometric mean.
        let floor: f64 = 1.1 * 1.05;
        let nft: f64 = 11.0 / 30.0 * 0.5;
        assert!((row.ratio_to_floor.expect("floor took part") - floor.sqrt()).abs() < 1e-9);
        assert!((row.ratio_to_nft.expect("nft took part") - nft.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn a_failure_has_an_error_and_no_time() {
        let report = example();
        let row = report.row("rules-facts", 10_000, "nlink").expect("it is shown");
        assert_eq!((row.median_s, row.ratio_to_floor, row.peak_bytes), (None, None, None));
        assert_eq!(row.error.as_deref(), Some("it | did not\nwork"));
        let mut series = Series::new("nftnl");
        series.add(&Outcome { samples: vec![1.0], ..Outcome::default() });
        series.add(&Outcome::failed("the second round"));
        let rows = Measured { workload: "list".into(), size: 1, series: vec![series] }.rows();
        assert_eq!((rows[0].median_s, rows[0].rounds_s.as_slice()), (None, [Some(1.0), None].as_slice()));
    }

    #[test]
    fn many_samples_make_a_percentile() {
        let mut series = Series::new("portcullis");
        let samples: Vec<f64> = (0..=100).map(f64::from).collect();
        series.add(&Outcome { samples, ..Outcome::default() });
        let rows = Measured { workload: "small-transactions".into(), size: 101, series: vec![series] }.rows();
        assert_eq!((rows[0].median_s, rows[0].p99_s), (Some(50.0), Some(99.0)));
    }
}
