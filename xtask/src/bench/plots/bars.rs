//! The picture of a workload that has one size: a row for each contender, from the fastest to the slowest.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::style::{FINE, Failure, GRID, TITLE, WIDTH, axis_time, colour, heading, is_main, name, words};
use super::{Line, Point, ticks};
use crate::bench::report::{count, time};
use crate::bench::workload::Workload;

/// Of a row, and of the axis with its labels below the rows.
const ROW: u32 = 28;
const BELOW: u32 = 54;
/// The part at the left that has the names, and what is left free at the right for the times.
const NAMES: u32 = 150;
const TIMES: u32 = 190;

/// The SVG of lines of one point each, of which there is at least one.
pub(super) fn picture(workload: &Workload, lines: &[Line]) -> Result<String, Failure> {
    let mut rows: Vec<(&Line, Point)> =
        lines.iter().filter_map(|line| Some((line, *line.points.last()?))).collect();
    rows.sort_by(|(_, left), (_, right)| left.median.total_cmp(&right.median));
    let number = u32::try_from(rows.len()).unwrap_or(1).max(1);
    let mut svg = String::new();
    {
        let size = (WIDTH, TITLE + number * ROW + BELOW);
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        area.draw(&heading(workload))?;
        let least = rows.iter().map(|(_, point)| point.median).fold(f64::MAX, f64::min) / 1.6;
        let most = rows.iter().map(|(_, point)| point.end()).fold(0.0, f64::max) * 1.1;
        let mut chart = ChartBuilder::on(&area)
            .margin_top(TITLE)
            .margin_bottom(BELOW)
            .margin_left(NAMES)
            .margin_right(TIMES)
            .build_cartesian_2d((least..most).log_scale(), f64::from(number)..0.0)?;
        let bottom = f64::from(number);
        for time in ticks::fine_numbers(least, most) {
            chart.draw_series([PathElement::new(vec![(time, 0.0), (time, bottom)], FINE)])?;
        }
        for time in ticks::round_numbers(least, most) {
            chart.draw_series([PathElement::new(vec![(time, 0.0), (time, bottom)], GRID)])?;
            let (across, down) = chart.backend_coord(&(time, bottom));
            area.draw(&words(axis_time(time), (across, down + 14), HPos::Center))?;
        }
        for (row, (line, point)) in rows.iter().enumerate() {
            let height = row as f64 + 0.5;
            let (median, end) = ((point.median, height), (point.end(), height));
            chart.draw_series([PathElement::new(vec![(least, height), median], GRID)])?;
            chart.draw_series([PathElement::new(vec![median, end], colour(line).stroke_width(2))])?;
            let tick = vec![(end.0, height - 0.2), (end.0, height + 0.2)];
            chart.draw_series([PathElement::new(tick, colour(line).stroke_width(2))])?;
            let radius = if is_main(line) { 7 } else { 6 };
            chart.draw_series([Circle::new(median, radius, colour(line).filled())])?;
            let (left, down) = chart.backend_coord(&(least, height));
            area.draw(&name(line, line.contender.name, (left - 8, down), HPos::Right))?;
            area.draw(&name(line, label(point), (chart.backend_coord(&end).0 + 12, down), HPos::Left))?;
        }
        let what = rows.first().map_or(0.0, |(_, point)| point.size) as u32;
        let middle = i32::try_from((NAMES + WIDTH - TIMES) / 2).unwrap_or_default();
        let place = (middle, chart.backend_coord(&(least, bottom)).1 + 38);
        let text = format!("time, {} {} (logarithmic); {}", count(what), workload.of, explained(&rows));
        area.draw(&words(text, place, HPos::Center))?;
        area.present()?;
    }
    Ok(svg)
}

fn label(point: &Point) -> String {
    match point.p99 {
        Some(p99) => format!("{}, 99 %: {}", time(point.median), time(p99)),
        None => time(point.median),
    }
}

/// What dots and lines are.
fn explained(rows: &[(&Line, Point)]) -> &'static str {
    if rows.iter().any(|(_, point)| point.p99.is_some()) {
        "dot: median, line: to the 99th percentile"
    } else {
        "dot: median, line: to the slowest round"
    }
}

impl Point {
    /// The slower end of what was seen.
    fn end(&self) -> f64 {
        self.p99.unwrap_or(self.spread[1]).max(self.median)
    }
}
