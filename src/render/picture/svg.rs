//! The picture as SVG.

use std::fmt::{self, Display, Formatter, Write};

use super::{
    Options,
    condensed::cut,
    kind::Kind,
    layout::{GLYPH, HEAD, LINE, LONGEST, Layout, PAD, PANEL_HEAD, Rect, characters, count, place},
    model::{Node, Section, build},
    route::{Plan, calls},
};
use crate::object::{Hook, Table};

/// The packet's way as SVG: [`Ruleset::svg`](crate::Ruleset::svg).
///
/// Hooks stand in the order in which packets meet them; chains of one hook run from top to bottom, by priority. A line's
/// whole text is shown where the mouse rests on it. The picture needs no other file and holds no script.
#[derive(Clone, Copy, Debug)]
pub struct Svg<'a> {
    options: Options<'a>,
}

impl<'a> Svg<'a> {
    pub(super) fn new(tables: &'a [Table]) -> Self {
        Self { options: Options::new(tables) }
    }

    /// Draws at most so many rules of each chain, 24 unless told otherwise, and says how many there are more.
    #[must_use]
    pub fn rows(self, rows: usize) -> Self {
        Self { options: Options { rows, ..self.options } }
    }
}

const MARGIN: f64 = 24.0;
const TITLE: f64 = 62.0;
const LEGEND: f64 = 44.0;
const BETWEEN_SECTIONS: f64 = 40.0;
const SECTION_TITLE: f64 = 28.0;
/// Lines of calls, one colour for each called chain in turn: dark enough for a thin line on white.
const CALLS: [&str; 8] =
    ["#2f6fde", "#c2410c", "#0f8a6d", "#9333ea", "#b3870b", "#d1226f", "#4b6584", "#5a8a12"];
const STYLE: &str = "\
text{font-family:'DejaVu Sans','Segoe UI',Helvetica,Arial,sans-serif;fill:#1d2733}\
.t{font-size:20px;font-weight:bold}.s{font-size:12px;fill:#5d6b7c}.h{font-size:14px;font-weight:bold;letter-spacing:.06em}\
.d{font-size:11px;fill:#66758a}.n{font-size:13px;font-weight:bold}\
.m{font-family:'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:11px;white-space:pre}.e{fill:#7a8697;font-style:italic}\
.b{font-weight:bold}";

impl Display for Svg<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let sections = build(&self.options);
        let (mut layouts, mut y) = (Vec::new(), MARGIN + TITLE);
        for section in &sections {
            let plan = Plan::of(section);
            let lanes: Vec<usize> = plan.lanes.iter().map(Vec::len).collect();
            let layout = place(section, &lanes, plan.tracks.len(), MARGIN, y + SECTION_TITLE);
            y = layout.bottom + BETWEEN_SECTIONS;
            layouts.push((plan, layout));
        }
        let legend: f64 = Kind::ALL.iter().map(|kind| legend_width(*kind)).sum();
        let width =
            layouts.iter().map(|(_, layout)| layout.width).fold(legend.max(420.0), f64::max) + 2.0 * MARGIN;
        let height = y + LEGEND;
        writeln!(
            f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\">"
        )?;
        writeln!(f, "<style>{STYLE}</style>")?;
        arrows(f)?;
        writeln!(f, "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>")?;
        self.title(f)?;
        for (section, (plan, layout)) in sections.iter().zip(&layouts) {
            draw(section, plan, layout, f)?;
        }
        write_legend(height - LEGEND + 6.0, f)?;
        f.write_str("</svg>\n")
    }
}

impl Svg<'_> {
    fn title(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let tables = self.options.tables;
        let names: Vec<String> =
            tables.iter().take(6).map(|table| format!("{} {}", table.family, table.name)).collect();
        let more = if tables.len() > 6 { ", …" } else { "" };
        let chains: usize = tables.iter().map(|table| table.chains.len()).sum();
        let rules: usize = tables.iter().flat_map(|table| &table.chains).map(|chain| chain.rules.len()).sum();
        text(MARGIN, MARGIN + 16.0, "t", "The packet's way", f)?;
        let counted =
            |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
        let about = format!(
            "{}{}{}{more} · {} · {}",
            counted(tables.len(), "table"),
            if names.is_empty() { "" } else { ": " },
            names.join(", "),
            counted(chains, "chain"),
            counted(rules, "rule")
        );
        text(MARGIN, MARGIN + 38.0, "s", &about, f)
    }
}

/// Text from a ruleset as text of the picture.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            // XML has no way to say these.
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => {
                f.write_char('\u{fffd}')
            }
            other => f.write_char(other),
        })
    }
}

fn text(x: f64, y: f64, class: &str, text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    writeln!(f, "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{}</text>", Escaped(text))
}

fn rectangle(rect: Rect, radius: f64, fill: &str, stroke: &str, f: &mut Formatter<'_>) -> fmt::Result {
    let Rect { x, y, width, height } = rect;
    writeln!(
        f,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{radius:.1}\" \
         fill=\"{fill}\" stroke=\"{stroke}\"/>"
    )
}

fn arrows(f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("<defs>")?;
    let colours = CALLS.iter().enumerate().map(|(index, colour)| (format!("c{index}"), *colour));
    for (name, colour) in colours.chain([("flow".to_owned(), "#8a97a8")]) {
        write!(
            f,
            "<marker id=\"{name}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"{size}\" \
             markerHeight=\"{size}\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
             <path d=\"M0 0L8 4L0 8z\" fill=\"{colour}\"/></marker>",
            size = if name == "flow" { 11 } else { 8 }
        )?;
    }
    f.write_str("</defs>\n")
}

/// A way with rounded corners.
fn way(corners: &[(f64, f64)]) -> String {
    let mut path = String::new();
    let step = |from: f64, to: f64, most: f64| (to - from).clamp(-most, most);
    for (index, (x, y)) in corners.iter().copied().enumerate() {
        let before = index.checked_sub(1).and_then(|before| corners.get(before)).copied();
        let after = corners.get(index + 1).copied();
        let _ = match (before, after) {
            (None, _) => write!(path, "M{x:.1} {y:.1}"),
            (Some(_), None) => write!(path, "L{x:.1} {y:.1}"),
            (Some((bx, by)), Some((ax, ay))) => {
                let radius = 5.0_f64
                    .min((x - bx).abs().max((y - by).abs()) / 2.0)
                    .min((x - ax).abs().max((y - ay).abs()) / 2.0);
                let (inx, iny) = (x + step(x, bx, radius), y + step(y, by, radius));
                let (outx, outy) = (x + step(x, ax, radius), y + step(y, ay, radius));
                write!(path, "L{inx:.1} {iny:.1}Q{x:.1} {y:.1} {outx:.1} {outy:.1}")
            }
        };
    }
    path
}

fn draw(section: &Section, plan: &Plan, layout: &Layout, f: &mut Formatter<'_>) -> fmt::Result {
    let top = layout.panels.iter().map(|panel| panel.rect.y).fold(f64::INFINITY, f64::min);
    if top.is_finite() {
        text(MARGIN, top - 12.0, "n", section.title, f)?;
    }
    for panel in &layout.panels {
        rectangle(panel.rect, 10.0, if panel.empty { "#fafbfc" } else { "#f1f5fa" }, "#d5dde7", f)?;
        let (x, y) = (panel.rect.x + PAD, panel.rect.y);
        text(x, y + 19.0, "h", &panel.hook.to_string().to_uppercase(), f)?;
        let about = if panel.empty { "no chain: everything passes" } else { about(panel.hook) };
        text(x, y + 33.0, "d", about, f)?;
    }
    flow(section, layout, f)?;
    for (label, y) in [("Called chains", layout.called), ("Chains that nothing calls", layout.uncalled)] {
        if let Some(y) = y {
            let right = MARGIN + layout.width;
            writeln!(
                f,
                "<path d=\"M{MARGIN:.1} {y:.1}H{right:.1}\" stroke=\"#c5cfda\" stroke-dasharray=\"3 4\"/>"
            )?;
            text(MARGIN + PAD, y + 16.0, "n", label, f)?;
        }
    }
    for (from, line, to) in calls(section) {
        let colour = to % CALLS.len();
        writeln!(
            f,
            "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\" marker-end=\"url(#c{colour})\"/>",
            way(&plan.corners(layout, from, line, to)),
            CALLS.get(colour).unwrap_or(&"#000000")
        )?;
    }
    for (node, rect) in section.chains.iter().zip(&layout.chains) {
        chain(node, *rect, f)?;
    }
    Ok(())
}

fn about(hook: Hook) -> &'static str {
    match hook {
        Hook::Prerouting => "what comes in, before it is routed",
        Hook::Input => "what is for this machine",
        Hook::Forward => "what is routed through this machine",
        Hook::Output => "what this machine sends",
        Hook::Postrouting => "what leaves, after it was routed",
        Hook::Ingress => "what a device receives, first of all",
        Hook::Egress => "what a device is about to send",
        Hook::Other(_) => "a hook without a name",
    }
}

/// The arrows from hook to hook.
fn flow(section: &Section, layout: &Layout, f: &mut Formatter<'_>) -> fmt::Result {
    let at = |hook: Hook| layout.panels.iter().find(|panel| panel.hook == hook).map(|panel| panel.rect);
    let level = |rect: Rect| rect.y + PANEL_HEAD / 2.0;
    let arrow = |corners: &[(f64, f64)], f: &mut Formatter<'_>| {
        writeln!(
            f,
            "<path d=\"{}\" fill=\"none\" stroke=\"#8a97a8\" stroke-width=\"2.5\" marker-end=\"url(#flow)\"/>",
            way(corners)
        )
    };
    // In a frame's middle, so that the way bends between the frames.
    let straight = |from: Rect, to: Rect, f: &mut Formatter<'_>| {
        let middle = f64::midpoint(from.right(), to.x);
        let (leave, enter) = (level(from), level(to));
        if (leave - enter).abs() < 1.0 {
            arrow(&[(from.right(), leave), (to.x - 2.0, enter)], f)
        } else {
            arrow(&[(from.right(), leave), (middle, leave), (middle, enter), (to.x - 2.0, enter)], f)
        }
    };
    for (from, to) in [
        (Hook::Ingress, Hook::Prerouting),
        (Hook::Prerouting, Hook::Input),
        (Hook::Prerouting, Hook::Forward),
        (Hook::Output, Hook::Postrouting),
        (Hook::Postrouting, Hook::Egress),
    ] {
        if let (Some(from), Some(to)) = (at(from), at(to)) {
            straight(from, to, f)?;
        }
    }
    if let (Some(from), Some(to)) = (at(Hook::Forward), at(Hook::Postrouting)) {
        // Below the output's frame, then up before the last one.
        let bend = to.x - 22.0;
        arrow(
            &[(from.right(), level(from)), (bend, level(from)), (bend, level(to)), (to.x - 2.0, level(to))],
            f,
        )?;
    }
    if let (Some(from), Some(to)) = (at(Hook::Input), at(Hook::Output)) {
        let y = level(from);
        let middle = f64::midpoint(from.right(), to.x);
        arrow(&[(from.right(), y), (to.x - 2.0, y)], f)?;
        let machine = Rect { x: middle - 47.0, y: y - 13.0, width: 94.0, height: 26.0 };
        rectangle(machine, 13.0, "#1d2733", "none", f)?;
        writeln!(
            f,
            "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\" style=\"font-size:11.5px;fill:#ffffff\">this machine</text>",
            y + 4.0
        )?;
    }
    let _ = section;
    Ok(())
}

fn chain(node: &Node, rect: Rect, f: &mut Formatter<'_>) -> fmt::Result {
    let stripe = if node.entry.is_some() { "#33475f" } else { "#2f6fde" };
    rectangle(rect, 6.0, "#ffffff", "#b9c4d1", f)?;
    writeln!(
        f,
        "<path d=\"M{:.1} {:.1}v{:.1}\" stroke=\"{stroke}\" stroke-width=\"3\" stroke-linecap=\"round\"/>",
        rect.x + 5.0,
        rect.y + 6.0,
        HEAD - 14.0,
        stroke = stripe
    )?;
    let (most, does) = characters(node);
    let x = rect.x + PAD;
    text(x, rect.y + 16.0, "n", &cut(&node.name, most), f)?;
    text(x, rect.y + 30.0, "d", &cut(&node.about(), most + does), f)?;
    let pill = Rect {
        x: rect.right() - count(does) * GLYPH - 20.0,
        y: 0.0,
        width: count(does) * GLYPH + 14.0,
        height: LINE - 4.0,
    };
    for (index, line) in node.lines.iter().enumerate() {
        let y = rect.y + HEAD + count(index) * LINE;
        if index % 2 == 0 {
            let band = Rect { x: rect.x + 1.0, y, width: rect.width - 2.0, height: LINE };
            rectangle(band, 0.0, "#f8fafc", "none", f)?;
        }
        let room = most.min(LONGEST);
        let class = if line.does.is_empty() { "m e" } else { "m" };
        writeln!(
            f,
            "<text x=\"{x:.1}\" y=\"{:.1}\" class=\"{class}\">{}<title>{}</title></text>",
            y + 13.0,
            Escaped(&cut(&line.short, room)),
            Escaped(&line.text)
        )?;
        if !line.does.is_empty() {
            verdict(Rect { y: y + 2.0, ..pill }, &cut(&line.does, does), line.kind, f)?;
        }
    }
    let y = rect.y + HEAD + count(node.lines.len()) * LINE;
    writeln!(f, "<path d=\"M{:.1} {y:.1}h{:.1}\" stroke=\"#dde3ea\"/>", rect.x + 1.0, rect.width - 2.0)?;
    let otherwise = if node.entry.is_some() { "otherwise (policy)" } else { "otherwise" };
    text(x, y + 15.0, "m e", otherwise, f)?;
    verdict(Rect { y: y + 4.0, ..pill }, &cut(&node.end.0, does), node.end.1, f)
}

fn verdict(rect: Rect, word: &str, kind: Kind, f: &mut Formatter<'_>) -> fmt::Result {
    let (fill, ink) = kind.colours();
    rectangle(rect, 7.5, fill, "none", f)?;
    writeln!(
        f,
        "<text x=\"{:.1}\" y=\"{:.1}\" class=\"m b\" text-anchor=\"middle\" style=\"fill:{ink}\">{}</text>",
        rect.x + rect.width / 2.0,
        rect.y + 11.3,
        Escaped(word)
    )
}

fn legend_width(kind: Kind) -> f64 {
    count(kind.word().chars().count()) * GLYPH + 14.0 + 10.0
}

fn write_legend(y: f64, f: &mut Formatter<'_>) -> fmt::Result {
    let mut x = MARGIN;
    for kind in Kind::ALL {
        let width = legend_width(kind) - 10.0;
        verdict(Rect { x, y, width, height: LINE - 4.0 }, kind.word(), kind, f)?;
        x += width + 10.0;
    }
    Ok(())
}
