//! Where everything is: columns of hooks from left to right, chains below one another, called chains below all.

use super::model::{Node, Place, Section};
use crate::object::Hook;

/// A character of the lines' font, 11 pixels high and of fixed width.
pub(super) const GLYPH: f64 = 6.63;
pub(super) const LINE: f64 = 19.0;
pub(super) const HEAD: f64 = 40.0;
pub(super) const PANEL_HEAD: f64 = 40.0;
/// The longest line of conditions, in characters; longer ones end with "…".
pub(super) const LONGEST: usize = 68;
const SHORTEST: usize = 24;
pub(super) const PAD: f64 = 12.0;
const BETWEEN_CHAINS: f64 = 14.0;
const BETWEEN_COLUMNS: f64 = 44.0;
/// Where the packet goes up to a program and comes back.
const MACHINE: f64 = 150.0;
/// Between the lines of calls, where they are few.
const LANE: f64 = 9.0;
/// What they may take together, while they can be told apart.
const LANES: f64 = 270.0;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Rect {
    pub(super) fn right(self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> f64 {
        self.y + self.height
    }
}

/// A hook's frame around its chains.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) hook: Hook,
    pub(super) rect: Rect,
    pub(super) empty: bool,
}

/// A section with its places.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) panels: Vec<Panel>,
    /// Of each chain.
    pub(super) chains: Vec<Rect>,
    /// Of each chain: its column.
    pub(super) columns: Vec<usize>,
    /// Of each column: where its lines of calls begin.
    pub(super) gutters: Vec<f64>,
    /// Where calls cross from column to column.
    pub(super) band: f64,
    /// Of each section's called chains: the line above them, if there are any.
    pub(super) called: Option<f64>,
    /// The first of the chains that nobody calls.
    pub(super) uncalled: Option<f64>,
    pub(super) width: f64,
    pub(super) bottom: f64,
}

/// How many characters of a chain's conditions and verdicts are shown.
pub(super) fn characters(node: &Node) -> (usize, usize) {
    let longest =
        |length: fn(&super::model::Entry) -> usize| node.lines.iter().map(length).max().unwrap_or(0);
    let text = longest(|line| line.short.chars().count());
    let does = longest(|line| line.does.chars().count()).max(node.end.0.chars().count()).clamp(6, 20);
    let title = node.name.chars().count().max(node.about().chars().count() + 2).saturating_sub(does);
    (text.max(title).clamp(SHORTEST, LONGEST), does)
}

/// What is between one line of calls and the next, of so many beside one another.
pub(super) fn spacing(lines: usize) -> f64 {
    (LANES / count(lines.max(1))).clamp(2.0, LANE)
}

fn box_width(node: &Node) -> f64 {
    let (text, does) = characters(node);
    PAD + count(text) * GLYPH + 14.0 + count(does) * GLYPH + 14.0 + 6.0
}

fn box_height(node: &Node) -> f64 {
    HEAD + count(node.lines.len() + 1) * LINE + 8.0
}

/// Small numbers as lengths.
pub(super) fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}

/// Places a section below `top`, with room for `lanes` lines of calls beside each column and `tracks` between columns.
pub(super) fn place(section: &Section, lanes: &[usize], tracks: usize, left: f64, top: f64) -> Layout {
    let places = section.places();
    let columns: Vec<usize> = places.iter().map(|place| place.column).collect();
    let of_column = |column: usize| {
        section.chains.iter().zip(&columns).filter(move |(_, at)| **at == column).map(|(node, _)| node)
    };
    let mut chains = vec![Rect::default(); section.chains.len()];
    let (mut panels, mut gutters, mut x) = (Vec::new(), Vec::new(), left);
    let (mut first_row, mut widths, mut lefts) = (top, Vec::new(), Vec::new());
    for column in 0..section.columns.len() {
        let inner = of_column(column).map(box_width).fold(190.0, f64::max);
        let lanes = lanes.get(column).copied().unwrap_or(0);
        let gutter = if lanes == 0 { 0.0 } else { count(lanes) * spacing(lanes) + 10.0 };
        lefts.push(x);
        widths.push((inner, inner + gutter + 2.0 * PAD));
        gutters.push(x + PAD + inner + LANE);
        x += inner + gutter + 2.0 * PAD + gap(section, column);
    }
    // Forwarded packets pass below what this machine receives and sends.
    for late in [false, true] {
        let row = first_row;
        for (column, hooks) in section.columns.iter().enumerate() {
            let (Some((inner, outer)), Some(left)) = (widths.get(column), lefts.get(column)) else {
                continue;
            };
            for hook in hooks.iter().filter(|hook| (**hook == Hook::Forward) == late) {
                let mut y = row + PANEL_HEAD;
                let at = section.at(*hook);
                for index in &at {
                    if let (Some(node), Some(rect)) = (section.chains.get(*index), chains.get_mut(*index)) {
                        *rect = Rect { x: left + PAD, y, width: *inner, height: box_height(node) };
                        y = rect.bottom() + BETWEEN_CHAINS;
                    }
                }
                let bottom = if at.is_empty() { y + 6.0 } else { y };
                let rect = Rect { x: *left, y: row, width: *outer, height: bottom - row };
                panels.push(Panel { hook: *hook, rect, empty: at.is_empty() });
            }
        }
        // Only what stands in the way of the forwarded packets' arrow counts.
        let above = panels.iter().filter(|panel| matches!(panel.hook, Hook::Input | Hook::Output));
        first_row = above.map(|panel| panel.rect.bottom() + 26.0).fold(top, f64::max);
    }
    let bottom = panels.iter().map(|panel| panel.rect.bottom()).fold(top, f64::max);
    let band = bottom + 16.0;
    let mut layout = Layout {
        panels,
        chains,
        columns,
        gutters,
        band,
        called: None,
        uncalled: None,
        width: x - left,
        bottom,
    };
    below(section, &mut layout, &places, &lefts, &widths, band + count(tracks) * spacing(tracks));
    layout
}

/// Chains without a hook.
fn below(
    section: &Section,
    layout: &mut Layout,
    places: &[Place],
    lefts: &[f64],
    widths: &[(f64, f64)],
    top: f64,
) {
    for called in [true, false] {
        let start = if called { top } else { layout.bottom + 16.0 };
        let mut bottoms = vec![start + 22.0; lefts.len()];
        let mut any = false;
        let mut order: Vec<_> = section.chains.iter().zip(places).enumerate().collect();
        order.sort_by_key(|(_, (_, place))| place.rank);
        for (index, (node, place)) in order {
            let column = place.column;
            let (Some(left), Some((inner, _)), Some(y)) =
                (lefts.get(column), widths.get(column), bottoms.get_mut(column))
            else {
                continue;
            };
            if node.entry.is_some() || place.called != called {
                continue;
            }
            if let Some(rect) = layout.chains.get_mut(index) {
                *rect = Rect { x: left + PAD, y: *y, width: *inner, height: box_height(node) };
                *y = rect.bottom() + BETWEEN_CHAINS;
                layout.bottom = layout.bottom.max(rect.bottom());
                any = true;
            }
        }
        if any && called {
            layout.called = Some(start);
        } else if any {
            layout.uncalled = Some(start);
        }
    }
}

/// What is between a column and the next.
fn gap(section: &Section, column: usize) -> f64 {
    let receives = section.columns.get(column).is_some_and(|hooks| hooks.contains(&Hook::Input));
    let sends = section.columns.get(column + 1).is_some_and(|hooks| hooks.contains(&Hook::Output));
    match (receives && sends, column + 1 == section.columns.len()) {
        (true, _) => MACHINE,
        (_, true) => 0.0,
        _ => BETWEEN_COLUMNS,
    }
}
