//! One picture, drawn.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Line, labels};
use crate::bench::contender::{CONTENDERS, FLOOR, OURS};
use crate::bench::report::{count, time};
use crate::bench::workload::Workload;

/// The picture's size.
pub(super) const WIDTH: u32 = 960;
const HEIGHT: u32 = 480;
/// The part at the right that has the lines' names.
const LEGEND: u32 = 220;
/// Of the title, and of a name in the legend.
pub(super) const TITLE: u32 = 44;
const NAME: f64 = 21.0;
/// Below the axis: its labels and its name.
const BELOW: u32 = 46;
pub(super) const FONT: &str = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";
pub(super) const INK: RGBColor = RGBColor(0x33, 0x33, 0x33);
pub(super) const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
pub(super) const FINE: RGBColor = RGBColor(0xf3, 0xf3, 0xf3);

/// A colour for each contender, the same in all pictures: black for the floor, a strong red for this library, and those
/// that are alike in kind have colours that are alike.
const COLOURS: [RGBColor; CONTENDERS.len()] = [
    RGBColor(0x00, 0x00, 0x00),
    RGBColor(0xd6, 0x1f, 0x26),
    RGBColor(0x1f, 0x5f, 0xb4),
    RGBColor(0x17, 0xa2, 0xd6),
    RGBColor(0x2c, 0x8c, 0x2c),
    RGBColor(0x9a, 0xb8, 0x22),
    RGBColor(0x8a, 0x4f, 0xbd),
    RGBColor(0xff, 0x7f, 0x0e),
    RGBColor(0xe8, 0xb0, 0x4a),
    RGBColor(0x7c, 0x4a, 0x3e),
    RGBColor(0xb8, 0x93, 0x88),
];

pub(super) type Failure = DrawingAreaErrorKind<std::io::Error>;
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

/// The line above everything.
pub(super) fn heading(workload: &Workload) -> Text<'static, (i32, i32), String> {
    let style = (FONT, 16).into_font().style(FontStyle::Bold).color(&INK);
    Text::new(format!("{}: {}", workload.name, short(workload.title)), (16, 14), style)
}

/// A time beside an axis: whole decades need no fraction.
pub(super) fn axis_time(seconds: f64) -> String {
    time(seconds).replace(".00", "").replace(".0 ", " ")
}

/// The title up to its first colon, which the whole of it goes on to explain.
fn short(title: &str) -> String {
    let short = title.split(':').next().unwrap_or(title);
    let mut letters = short.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Axes and lines; gives the height at which each line ends.
fn chart(area: &Area<'_>, workload: &Workload, lines: &[Line]) -> Result<Vec<f64>, Failure> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let sizes = points()
        .fold((f64::MAX, 0.0_f64), |(least, most), point| (least.min(point.size), most.max(point.size)));
    let times = points().fold((f64::MAX, 0.0_f64), |(least, most), point| {
        (least.min(point.spread[0]), most.max(point.spread[1]))
    });
    let mut chart = ChartBuilder::on(area)
        .margin_top(TITLE)
        .margin_right(4)
        .margin_left(12)
        .x_label_area_size(BELOW)
        .y_label_area_size(84)
        .build_cartesian_2d(
            (sizes.0 / 1.15..sizes.1 * 1.15).log_scale(),
            (times.0 / 1.3..times.1 * 1.3).log_scale(),
        )?;
    let text = (FONT, 13).into_font().color(&INK);
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(FINE)
        .axis_style(INK)
        .label_style(text)
        .x_desc(format!("{} (logarithmic)", workload.of))
        .y_desc("time (logarithmic)")
        .x_label_formatter(&|size| count(*size as u32))
        .y_label_formatter(&|seconds| axis_time(*seconds))
        .draw()?;
    // The library's line goes over the others.
    for line in lines.iter().rev() {
        let style = colour(line).stroke_width(if is_main(line) { 3 } else { 2 });
        chart.draw_series(std::iter::once(PathElement::new(
            line.points.iter().map(|point| (point.size, point.median)).collect::<Vec<_>>(),
            style,
        )))?;
        chart.draw_series(line.points.iter().map(|point| {
            PathElement::new(point.spread.map(|seconds| (point.size, seconds)), colour(line).stroke_width(1))
        }))?;
        chart.draw_series(line.points.iter().map(|point| {
            Circle::new((point.size, point.median), if is_main(line) { 4 } else { 3 }, colour(line).filled())
        }))?;
    }
    let end = |line: &Line| {
        line.points.last().map_or(0, |point| chart.backend_coord(&(point.size, point.median)).1)
    };
    Ok(lines.iter().map(|line| f64::from(end(line))).collect())
}

/// Names beside the lines' ends, from the slowest to the fastest, with the time at the largest size.
fn legend(area: &Area<'_>, lines: &[Line], ends: &[f64]) -> Result<(), Failure> {
    let bottom = f64::from(HEIGHT - 8);
    let places = labels::places(ends, NAME, f64::from(TITLE), bottom);
    for ((line, end), place) in lines.iter().zip(ends).zip(places) {
        let (end, place) = (end.round() as i32, place.round() as i32);
        let path = vec![(0, end), (20, place), (26, place)];
        area.draw(&PathElement::new(path, colour(line).stroke_width(1)))?;
        let weight = if is_main(line) { FontStyle::Bold } else { FontStyle::Normal };
        let middle = Pos::new(HPos::Left, VPos::Center);
        let style = (FONT, 13).into_font().style(weight).color(&colour(line)).pos(middle);
        let last = line.points.last().map_or_else(String::new, |point| time(point.median));
        area.draw(&Text::new(format!("{}: {last}", line.contender.name), (31, place), style))?;
    }
    Ok(())
}

pub(super) fn colour(line: &Line) -> RGBColor {
    COLOURS.get(line.contender.index()).copied().unwrap_or(INK)
}

pub(super) fn is_main(line: &Line) -> bool {
    matches!(line.contender.name, OURS | FLOOR)
}
