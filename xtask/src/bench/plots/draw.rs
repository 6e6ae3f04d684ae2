//! The picture of a workload that has several sizes: a line for each contender.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::style::{FINE, Failure, GRID, TITLE, WIDTH, axis_time, colour, heading, is_main, name, words};
use super::{Line, Point, labels, ticks};
use crate::bench::report::{count, time};
use crate::bench::workload::Workload;

const HEIGHT: u32 = 480;
/// The part at the right that has the lines' names, and the height of one.
const LEGEND: u32 = 240;
const NAME: f64 = 21.0;
/// Left of the axes, and below them: labels, and what the axis is.
const LEFT: u32 = 84;
const BELOW: u32 = 56;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The SVG of a workload's lines, of which there is at least one.
pub(super) fn picture(workload: &Workload, lines: &[Line]) -> Result<String, Failure> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        area.fill(&WHITE)?;
        area.draw(&heading(workload))?;
        let (left, right) = area.split_horizontally(WIDTH - LEGEND);
        let ends = chart(&left, workload, lines)?;
        legend(&right, lines, &ends)?;
        area.present()?;
    }
    Ok(svg)
}

/// Axes and lines; gives the height at which each line ends.
fn chart(area: &Area<'_>, workload: &Workload, lines: &[Line]) -> Result<Vec<f64>, Failure> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let mut sizes: Vec<f64> = points().map(|point| point.size).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    let (smallest, largest) = (sizes.first().copied().unwrap_or(1.0), sizes.last().copied().unwrap_or(10.0));
    let least = points().map(|point| point.spread[0]).fold(f64::MAX, f64::min) / 1.3;
    let most = points().map(|point| point.spread[1]).fold(0.0, f64::max) * 1.3;
    let (from, to) = (smallest / 1.15, largest * 1.15);
    let mut chart = ChartBuilder::on(area)
        .margin_top(TITLE)
        .margin_bottom(BELOW)
        .margin_left(LEFT)
        .margin_right(4)
        .build_cartesian_2d((from..to).log_scale(), (least..most).log_scale())?;
    for time in ticks::fine_numbers(least, most) {
        chart.draw_series([PathElement::new(vec![(from, time), (to, time)], FINE)])?;
    }
    let bottom = chart.backend_coord(&(from, least)).1;
    for size in &sizes {
        chart.draw_series([PathElement::new(vec![(*size, least), (*size, most)], GRID)])?;
        let across = chart.backend_coord(&(*size, least)).0;
        area.draw(&words(count(*size as u32), (across, bottom + 14), HPos::Center))?;
    }
    for time in ticks::round_numbers(least, most) {
        chart.draw_series([PathElement::new(vec![(from, time), (to, time)], GRID)])?;
        let (left, height) = chart.backend_coord(&(from, time));
        area.draw(&words(axis_time(time), (left - 8, height), HPos::Right))?;
    }
    let middle = i32::try_from((LEFT + WIDTH - LEGEND) / 2).unwrap_or_default();
    let axes = format!("{}, and the time for all of them (both logarithmic)", workload.of);
    let axes = if workload.unit.is_some() {
        axes
    } else {
        format!("{}, and the time (both logarithmic)", workload.of)
    };
    area.draw(&words(axes, (middle, bottom + 38), HPos::Center))?;
    // The library's line goes over the others.
    for line in lines.iter().rev() {
        let style = colour(line).stroke_width(if is_main(line) { 3 } else { 2 });
        let path: Vec<_> = line.points.iter().map(|point| (point.size, point.median)).collect();
        chart.draw_series([PathElement::new(path.clone(), style)])?;
        let spread = |point: &Point| point.spread.map(|seconds| (point.size, seconds));
        chart.draw_series(line.points.iter().map(|point| PathElement::new(spread(point), colour(line))))?;
        let radius = if is_main(line) { 4 } else { 3 };
        chart.draw_series(path.into_iter().map(|at| Circle::new(at, radius, colour(line).filled())))?;
    }
    let end = |line: &Line| {
        line.points.last().map_or(0, |point| chart.backend_coord(&(point.size, point.median)).1)
    };
    Ok(lines.iter().map(|line| f64::from(end(line))).collect())
}

/// Names beside the lines' ends, from the slowest to the fastest, with the time at the largest size.
fn legend(area: &Area<'_>, lines: &[Line], ends: &[f64]) -> Result<(), Failure> {
    let largest =
        lines.iter().filter_map(|line| line.points.last()).map(|point| point.size).fold(0.0, f64::max);
    let places = labels::places(ends, NAME, f64::from(TITLE), f64::from(HEIGHT - 8));
    for ((line, end), place) in lines.iter().zip(ends).zip(places) {
        let (end, place) = (end.round() as i32, place.round() as i32);
        let path = vec![(0, end), (18, place), (28, place)];
        area.draw(&PathElement::new(path, colour(line).stroke_width(if is_main(line) { 3 } else { 2 })))?;
        let Some(last) = line.points.last() else { continue };
        let mut text = format!("{}: {}", line.contender.name, time(last.median));
        if last.size < largest {
            text.push_str(&format!(" at {}", count(last.size as u32)));
        }
        area.draw(&name(line, text, (34, place), HPos::Left))?;
    }
    Ok(())
}
