//! Two runs as one: the rounds of both. What a ratio compares stays within its round.

use super::{Report, Row, series::summed_up};
use crate::process::{Result, failed};

impl Report {
    /// This run's rounds and, behind them, those of another that measured the same on the same machine. Where versions
    /// differ, both are told.
    pub(crate) fn joined(mut self, other: &Report) -> Result<Report> {
        if self.machine.shares_a_run_with(&other.machine) {
            return failed(
                "the run is in the report already: a run is not more certain for being counted twice",
            );
        }
        let Some(machine) = self.machine.joined(&other.machine) else {
            return failed("the runs are of different machines, kernels or compilers");
        };
        let place = |row: &Row| (row.workload.clone(), row.size, row.contender.clone());
        if self.quick != other.quick || !self.rows.iter().map(place).eq(other.rows.iter().map(place)) {
            return failed("the runs did not measure the same workloads, sizes and contenders");
        }
        self.machine = machine;
        self.took_s += other.took_s;
        for (name, version) in &other.versions {
            let known = self.versions.entry(name.clone()).or_default();
            if known != version {
                *known = [known.as_str(), version].join(" and ");
            }
        }
        for (row, more) in self.rows.iter_mut().zip(&other.rows) {
            row.add(more);
        }
        self.rows = summed_up(&self.rows);
        Ok(self)
    }
}

impl Row {
    /// Adds another run's rounds. What the report does not keep each sample of, the 99th percentile, is that of the slower run.
    fn add(&mut self, more: &Row) {
        self.rounds_s.extend(&more.rounds_s);
        self.p99_s = [self.p99_s, more.p99_s].into_iter().flatten().reduce(f64::max);
        // None is less than any.
        self.peak_bytes = self.peak_bytes.max(more.peak_bytes);
        if self.error.is_none() {
            self.error.clone_from(&more.error);
            self.has_no_means = more.has_no_means;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Machine;
    use super::*;
    use crate::process::Failure;

    fn run(date: &str) -> Report {
        Report { machine: Machine::of(date), ..super::super::tests::example() }
    }

    fn refused(result: Result<Report>) -> String {
        match result {
            Err(Failure::Failed(text)) => text,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn a_run_and_another_have_the_rounds_of_both() {
        let mut second = run("12:00");
        for row in &mut second.rows {
            if row.contender == "portcullis" {
                row.rounds_s = vec![Some(0.016), Some(0.018)];
                row.peak_bytes = Some(5 << 20);
            }
        }
        second.versions.insert("portcullis".into(), "2".into());
        let mut first = run("08:00");
        first.versions.insert("portcullis".into(), "1".into());
        let joined = first.joined(&second).expect("it is the same machine");
        let row = joined.row("rules-facts", 1_000, "portcullis").expect("it took part");
        assert_eq!(row.rounds_s, [0.011, 0.021, 0.016, 0.018].map(Some));
        assert_eq!((row.median_s, row.spread_s), (Some(0.017), Some([0.011, 0.021])));
        assert_eq!(row.peak_bytes, Some(5 << 20));
        // To the floor's 10, 20, 10 and 20 ms: 1.1, 1.05, 1.6 and 0.9.
        let expected = crate::bench::statistics::ratio(&[1.1, 1.05, 1.6, 0.9].map(Some), &[1.0; 4].map(Some));
        let difference = row.ratio_to_floor.zip(expected).map(|(found, expected)| (found - expected).abs());
        assert!(difference.is_some_and(|difference| difference < 1e-9), "{row:?}");
        assert_eq!(joined.versions["portcullis"], "1 and 2");
        assert!((joined.took_s - 122.0).abs() < 1e-9);
    }

    #[test]
    fn who_failed_in_one_run_has_no_times() {
        let mut second = run("12:00");
        for row in second.rows.iter_mut().filter(|row| row.contender == "nft") {
            row.error = Some("not today".into());
        }
        let joined = run("08:00").joined(&second).expect("it is the same machine");
        let row = joined.row("rules-facts", 10_000, "nft").expect("it is shown");
        assert_eq!((row.median_s, row.peak_bytes, row.error.as_deref()), (None, None, Some("not today")));
    }

    #[test]
    fn runs_that_differ_are_not_joined() {
        let first = || run("08:00");
        let mut less = run("12:00");
        less.rows.pop();
        assert!(refused(first().joined(&less)).contains("did not measure the same"));
        let quick = Report { quick: true, ..run("12:00") };
        assert!(refused(first().joined(&quick)).contains("did not measure the same"));
        let elsewhere = Report { machine: Machine::here("root"), ..first() };
        assert!(refused(first().joined(&elsewhere)).contains("different machines"));
        let both = first().joined(&run("12:00")).expect("they are two");
        for again in ["08:00", "12:00"] {
            assert!(refused(both.clone().joined(&run(again))).contains("counted twice"));
            assert!(refused(run(again).joined(&both)).contains("counted twice"));
        }
    }
}
