//! The packet's way as a picture: hooks from left to right, the chains at each in the order in which they run, their
//! rules, and which chain calls which.
//!
//! [`Dot`] leaves the drawing to Graphviz; [`Svg`] is drawn here, needs no other program, and is what a person would
//! rather look at.

mod condensed;
mod dot;
mod kind;
mod layout;
mod model;
mod route;
mod svg;

use crate::{Ruleset, object::Table};

pub use dot::Dot;
pub use svg::Svg;

/// How many rules of a chain are drawn unless told otherwise.
const ROWS: usize = 24;

/// What is drawn, and how much of it.
#[derive(Clone, Copy, Debug)]
struct Options<'a> {
    tables: &'a [Table],
    rows: usize,
}

impl<'a> Options<'a> {
    fn new(tables: &'a [Table]) -> Self {
        Self { tables, rows: ROWS }
    }
}

impl Ruleset {
    /// The packet's way for Graphviz: `dot -Tsvg`.
    ///
    /// ```
    /// use portcullis::{Chain, Hook, Rule, Ruleset, Table};
    ///
    /// let input = Chain::filter("input", Hook::Input).rule(Rule::new().tcp().dport(22).accept());
    /// let picture = Ruleset::new().table(Table::inet("edge").chain(input)).dot().to_string();
    /// assert!(picture.starts_with("digraph") && picture.contains("tcp dpt:22"));
    /// ```
    pub fn dot(&self) -> Dot<'_> {
        Dot::new(&self.tables)
    }

    /// The packet's way as a picture for a browser.
    ///
    /// ```no_run
    /// # let ruleset = portcullis::Ruleset::new();
    /// std::fs::write("firewall.svg", ruleset.svg().rows(40).to_string())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn svg(&self) -> Svg<'_> {
        Svg::new(&self.tables)
    }
}

impl Table {
    /// This table's part of the packet's way, as [`Ruleset::dot`].
    pub fn dot(&self) -> Dot<'_> {
        Dot::new(std::slice::from_ref(self))
    }

    /// This table's part of the packet's way, as [`Ruleset::svg`].
    pub fn svg(&self) -> Svg<'_> {
        Svg::new(std::slice::from_ref(self))
    }
}

#[cfg(test)]
mod tests;
