//! The picture of a workload that has one size: a bar for each contender, from the fastest to the slowest.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::draw::{FINE, FONT, Failure, GRID, INK, TITLE, WIDTH, axis_time, colour, heading, is_main};
use super::{Line, Point};
use crate::bench::report::{count, time};
use crate::bench::workload::Workload;

/// Of a bar with the room around it, and of the axis with its labels below the bars.
const BAR: u32 = 30;
const BELOW: u32 = 58;
/// The part at the left that has the names, and what is left free at the right for the times.
const NAMES: u32 = 150;
const TIMES: u32 = 190;

/// The SVG of lines of one point each, of which there is at least one.
pub(super) fn picture(workload: &Workload, lines: &[Line]) -> Result<String, Failure> {
    let mut bars: Vec<(&Line, Point)> =
        lines.iter().filter_map(|line| Some((line, *line.points.last()?))).collect();
    bars.sort_by(|(_, left), (_, right)| left.median.total_cmp(&right.median));
    let rows = u32::try_from(bars.len()).unwrap_or(1).max(1);
    let size = (WIDTH, TITLE + rows * BAR + BELOW);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        area.draw(&heading(workload))?;
        let ends = bars.iter().map(|(_, point)| point.end());
        let least =
            bars.iter().map(|(_, point)| point.median.min(point.spread[0])).fold(f64::MAX, f64::min) / 1.6;
        let most = ends.fold(0.0, f64::max);
        let mut chart = ChartBuilder::on(&area)
            .margin_top(TITLE)
            .margin_right(TIMES)
            .x_label_area_size(BELOW)
            .y_label_area_size(NAMES)
            .build_cartesian_2d((least..most).log_scale(), f64::from(rows)..0.0)?;
        let what = bars.first().map_or(0.0, |(_, point)| point.size) as u32;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .y_labels(0)
            .bold_line_style(GRID)
            .light_line_style(FINE)
            .axis_style(INK)
            .label_style((FONT, 13).into_font().color(&INK))
            .x_desc(format!("time, {} {} (logarithmic){}", count(what), workload.of, percentile_note(&bars)))
            .x_label_formatter(&|seconds| axis_time(*seconds))
            .draw()?;
        for (row, (line, point)) in bars.iter().enumerate() {
            let row = row as f64;
            let (top, bottom, middle) = (row + 0.2, row + 0.8, row + 0.5);
            let bar = [(least, top), (point.median, bottom)];
            chart.draw_series([Rectangle::new(bar, colour(line).filled())])?;
            let whisker = vec![(point.median, middle), (point.end(), middle)];
            chart.draw_series([PathElement::new(whisker, colour(line).stroke_width(1))])?;
            let tick = vec![(point.end(), row + 0.35), (point.end(), row + 0.65)];
            chart.draw_series([PathElement::new(tick, colour(line).stroke_width(1))])?;
            let weight = if is_main(line) { FontStyle::Bold } else { FontStyle::Normal };
            let style = (FONT, 13).into_font().style(weight).color(&colour(line));
            let (left, height) = chart.backend_coord(&(least, middle));
            let right = chart.backend_coord(&(point.end(), middle)).0;
            let before = style.pos(Pos::new(HPos::Right, VPos::Center));
            area.draw(&Text::new(line.contender.name.to_owned(), (left - 8, height), before.clone()))?;
            let behind = before.pos(Pos::new(HPos::Left, VPos::Center));
            area.draw(&Text::new(label(point), (right + 7, height), behind))?;
        }
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

/// What the thin line behind a bar reaches to.
fn percentile_note(bars: &[(&Line, Point)]) -> &'static str {
    if bars.iter().any(|(_, point)| point.p99.is_some()) {
        "; bar: median, line: 99th percentile"
    } else {
        "; bar: median, line: slowest round"
    }
}

impl Point {
    /// The slower end of what was seen.
    fn end(&self) -> f64 {
        self.p99.unwrap_or(self.spread[1]).max(self.median)
    }
}
