//! The picture for Graphviz.

use std::fmt::{self, Display, Formatter, Write};

use super::{
    Options,
    model::{Node, Section, build},
    route::calls,
};
use crate::object::{Hook, Table};

/// The packet's way in Graphviz' language: [`Ruleset::dot`](crate::Ruleset::dot).
///
/// `dot -Tsvg`, `-Tpng` or `-Tpdf` draws it. A cluster for each hook, a table for each chain, a line for each rule,
/// edges for calls.
#[derive(Clone, Copy, Debug)]
pub struct Dot<'a> {
    options: Options<'a>,
}

impl<'a> Dot<'a> {
    pub(super) fn new(tables: &'a [Table]) -> Self {
        Self { options: Options::new(tables) }
    }

    /// Draws at most so many rules of each chain, 24 unless told otherwise, and says how many there are more.
    #[must_use]
    pub fn rows(self, rows: usize) -> Self {
        Self { options: Options { rows, ..self.options } }
    }
}

/// Text inside a label of HTML's kind.
struct Html<'a>(&'a str);

impl Display for Html<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '[' => f.write_str("&#91;"),
            ']' => f.write_str("&#93;"),
            control if control.is_control() => f.write_char('\u{fffd}'),
            other => f.write_char(other),
        })
    }
}

/// The longest text of a line, in characters.
const LONGEST: usize = 80;

impl Display for Dot<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(
            "digraph packets {\n  rankdir=LR; compound=true; ranksep=0.7; nodesep=0.25;\n  \
             graph [fontname=\"DejaVu Sans\", fontsize=13];\n  \
             node [shape=plain, fontname=\"DejaVu Sans\", fontsize=10];\n  \
             edge [color=\"#2f6fde\", arrowsize=0.7];\n",
        )?;
        for (index, section) in build(&self.options).iter().enumerate() {
            self::section(index, section, f)?;
        }
        f.write_str("}\n")
    }
}

fn section(number: usize, section: &Section, f: &mut Formatter<'_>) -> fmt::Result {
    for hook in section.columns.iter().flatten() {
        writeln!(
            f,
            "  subgraph cluster_{number}_{hook} {{\n    label=\"{}\"; style=\"rounded,filled\"; color=\"#d5dde7\"; \
             fillcolor=\"#f1f5fa\";",
            hook.to_string().to_uppercase()
        )?;
        writeln!(f, "    h{number}_{hook} [shape=point, style=invis];")?;
        for index in section.at(*hook) {
            if let Some(node) = section.chains.get(index) {
                chain(number, index, node, f)?;
            }
        }
        f.write_str("  }\n")?;
    }
    for (index, node) in section.chains.iter().enumerate().filter(|(_, node)| node.entry.is_none()) {
        chain(number, index, node, f)?;
    }
    let known = |hook: Hook| section.columns.iter().flatten().any(|at| *at == hook);
    for (from, to) in [
        (Hook::Ingress, Hook::Prerouting),
        (Hook::Prerouting, Hook::Input),
        (Hook::Prerouting, Hook::Forward),
        (Hook::Input, Hook::Output),
        (Hook::Forward, Hook::Postrouting),
        (Hook::Output, Hook::Postrouting),
        (Hook::Postrouting, Hook::Egress),
    ] {
        if known(from) && known(to) {
            let label = if from == Hook::Input { ", label=\"this machine\", fontsize=10" } else { "" };
            writeln!(
                f,
                "  h{number}_{from} -> h{number}_{to} [ltail=cluster_{number}_{from}, lhead=cluster_{number}_{to}, \
                 color=\"#8a97a8\", penwidth=2{label}];"
            )?;
        }
    }
    for (from, line, to) in calls(section) {
        writeln!(f, "  c{number}_{from}:r{line} -> c{number}_{to}:head;")?;
    }
    Ok(())
}

fn cut(text: &str) -> String {
    let mut kept: String = text.chars().take(LONGEST).collect();
    if text.chars().count() > LONGEST {
        kept.push('…');
    }
    kept
}

fn chain(number: usize, index: usize, node: &Node, f: &mut Formatter<'_>) -> fmt::Result {
    write!(
        f,
        "    c{number}_{index} [label=<<TABLE BORDER=\"1\" COLOR=\"#b9c4d1\" BGCOLOR=\"white\" CELLBORDER=\"0\" \
         CELLSPACING=\"0\" CELLPADDING=\"3\"><TR><TD COLSPAN=\"2\" ALIGN=\"LEFT\" PORT=\"head\"><B>{}</B>  \
         <FONT COLOR=\"#66758a\">{}",
        Html(&node.name),
        Html(&node.about())
    )?;
    f.write_str("</FONT></TD></TR>")?;
    let mut row = |port: String, text: &str, does: &str, kind: super::kind::Kind| {
        let (fill, ink) = kind.colours();
        // Graphviz takes no empty text.
        let does = if does.is_empty() { "…" } else { does };
        write!(f, "<TR><TD ALIGN=\"LEFT\">{}</TD>", Html(&cut(text)))?;
        write!(
            f,
            "<TD PORT=\"{port}\" BGCOLOR=\"{fill}\"><FONT COLOR=\"{ink}\">{}</FONT></TD></TR>",
            Html(does)
        )
    };
    for (line, entry) in node.lines.iter().enumerate() {
        row(format!("r{line}"), &entry.text, &entry.does, entry.kind)?;
    }
    row("end".to_owned(), "otherwise", &node.end.0, node.end.1)?;
    f.write_str("</TABLE>>];\n")
}
