//! Pictures: time against size, one for each workload.
//!
//! Both axes are logarithmic: what takes twice as long is as far above at every size, and what takes the same time for
//! each rule rises by a decade in a decade.

mod bars;
mod draw;
mod labels;
mod style;
mod ticks;

use super::contender::{CONTENDERS, Contender};
use super::report::{Report, Row};
use super::workload::WORKLOADS;
use crate::process::{Failure, Result};

/// The pictures of a report: the workload's name, and the SVG. One size makes no line but bars; one contender alone is
/// no picture.
pub(crate) fn all(report: &Report) -> Result<Vec<(String, String)>> {
    let mut pictures = Vec::new();
    for workload in &WORKLOADS {
        let lines = lines(report, workload.name);
        if lines.len() < 2 {
            continue;
        }
        let picture = if report.sizes(workload.name).len() > 1 { draw::picture } else { bars::picture };
        let svg = picture(workload, &lines)
            .map_err(|error| Failure::Failed(format!("cannot draw {}: {error}", workload.name)))?;
        pictures.push((workload.name.to_owned(), svg));
    }
    Ok(pictures)
}

/// A contender's line.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    contender: &'static Contender,
    points: Vec<Point>,
}

/// One size.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    size: f64,
    median: f64,
    /// The fastest round and the slowest.
    spread: [f64; 2],
    /// The 99th percentile, where rounds have many samples.
    p99: Option<f64>,
}

/// The lines of a workload, of those who have times.
fn lines(report: &Report, workload: &str) -> Vec<Line> {
    let line = |contender: &'static Contender| {
        let rows = report.of(workload).filter(|row| row.contender == contender.name);
        let point = |row: &Row| {
            let (median, spread) = (row.median_s?, row.spread_s?);
            Some(Point { size: f64::from(row.size), median, spread, p99: row.p99_s })
        };
        let points: Vec<Point> = rows.filter_map(point).collect();
        (!points.is_empty()).then_some(Line { contender, points })
    };
    CONTENDERS.iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::tests::example;

    #[test]
    fn lines_have_the_points_that_were_measured() {
        let lines = lines(&example(), "rules-facts");
        let names: Vec<&str> = lines.iter().map(|line| line.contender.name).collect();
        // nlink and nftnl failed at both sizes.
        assert_eq!(names, ["floor", "portcullis", "nft", "iptables-nft"]);
        let sizes: Vec<f64> = lines[0].points.iter().map(|point| point.size).collect();
        assert_eq!(sizes, [1_000.0, 10_000.0]);
        assert_eq!((lines[0].points[0].median, lines[0].points[0].spread), (0.015, [0.010, 0.020]));
    }

    #[test]
    fn a_picture_names_every_line() {
        let pictures = all(&example()).expect("it can be drawn");
        let [(name, svg)] = pictures.as_slice() else { panic!("one workload was measured") };
        assert_eq!(name, "rules-facts");
        for wanted in ["<svg", "portcullis", "floor", "1,000", "10,000", "100 ms"] {
            assert!(svg.contains(wanted), "{wanted}\n{svg}");
        }
        assert!(!svg.contains("nlink"));
    }

    #[test]
    fn one_size_makes_bars() {
        let mut report = example();
        report.rows.retain(|row| row.size == 1_000);
        let pictures = all(&report).expect("it can be drawn");
        let [(_, svg)] = pictures.as_slice() else { panic!("one workload was measured") };
        assert!(
            svg.contains("1,000 rules") && svg.contains("slowest round") && svg.contains("portcullis"),
            "{svg}"
        );
        report.rows.retain(|row| row.contender == "portcullis");
        assert!(all(&report).expect("nothing is drawn").is_empty());
    }
}
