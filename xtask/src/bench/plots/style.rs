//! What all pictures have in common: fonts, colours, the line above, the lines behind.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Line;
use crate::bench::contender::{CONTENDERS, FLOOR, OURS};
use crate::bench::report::time;
use crate::bench::workload::Workload;

/// How wide pictures are.
pub(super) const WIDTH: u32 = 960;
/// Of the line above.
pub(super) const TITLE: u32 = 44;
const FONT: &str = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";
const INK: RGBColor = RGBColor(0x33, 0x33, 0x33);
/// Lines behind everything: those with a label, and those between.
pub(super) const GRID: RGBColor = RGBColor(0xd8, 0xd8, 0xd8);
pub(super) const FINE: RGBColor = RGBColor(0xf2, 0xf2, 0xf2);

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
/// A text at a place of the picture.
pub(super) type Words = Text<'static, (i32, i32), String>;

/// Words whose middle is at this height, and that begin, end or are centred at this place.
pub(super) fn words(text: impl Into<String>, at: (i32, i32), side: HPos) -> Words {
    let style = (FONT, 13).into_font().color(&INK).pos(Pos::new(side, VPos::Center));
    Text::new(text.into(), at, style)
}

/// The name of a contender, or words about it.
pub(super) fn name(line: &Line, text: impl Into<String>, at: (i32, i32), side: HPos) -> Words {
    if !is_main(line) {
        return words(text, at, side);
    }
    let font = (FONT, 13).into_font().style(FontStyle::Bold);
    Text::new(text.into(), at, font.color(&colour(line)).pos(Pos::new(side, VPos::Center)))
}

/// The line above everything.
pub(super) fn heading(workload: &Workload) -> Words {
    let style = (FONT, 16).into_font().style(FontStyle::Bold).color(&INK);
    Text::new(format!("{}: {}", workload.name, short(workload.title)), (16, 14), style)
}

/// The title up to its first colon, which the whole of it goes on to explain.
fn short(title: &str) -> String {
    let short = title.split(':').next().unwrap_or(title);
    let mut letters = short.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// A time beside an axis: round numbers need no fraction.
pub(super) fn axis_time(seconds: f64) -> String {
    time(seconds).replace(".00", "").replace(".0 ", " ")
}

pub(super) fn colour(line: &Line) -> RGBColor {
    COLOURS.get(line.contender.index()).copied().unwrap_or(INK)
}

/// The library and the floor stand out.
pub(super) fn is_main(line: &Line) -> bool {
    matches!(line.contender.name, OURS | FLOOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_axes_are_short() {
        assert_eq!(short("Loading rules: all of them"), "loading rules");
        assert_eq!([0.001, 0.02, 10.0, 0.0000005].map(axis_time), ["1 ms", "20 ms", "10 s", "500 ns"]);
    }
}
