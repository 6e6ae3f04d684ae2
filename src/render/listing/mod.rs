//! The table of `iptables -L -v`: a line for each rule, its columns as every administrator has known them for decades.
//!
//! What iptables has words for is said in them, whoever made the rule: this library, nft, or iptables-nft with its own
//! matches and targets (`xt`). What it has no words for is said in short words of the same kind, and what nobody here has
//! words for is shown as bytecode in brackets: no condition of a rule is hidden.

mod bare;
mod gauges;
mod matches;
mod number;
pub(super) mod row;
mod targets;
pub(super) mod values;
mod xt;

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter, Write},
};

use crate::{
    Ruleset,
    expr::{ChainTarget, Expr, Immediate, Load, Verdict},
    object::{Chain, ElementData, Family, Policy, Table},
};
use number::Count;
use row::{Row, Style};

/// Tables as `iptables -L` shows them: [`Ruleset::listing`], [`Table::listing`].
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a> {
    tables: &'a [Table],
    chain: Option<&'a str>,
    verbose: bool,
    numeric: bool,
    exact: bool,
    line_numbers: bool,
}

impl Ruleset {
    /// Every table as `iptables -L` shows it, verbose unless told otherwise.
    ///
    /// ```
    /// use portcullis::{Chain, CtState, Hook, Policy, Rule, Ruleset, Table};
    ///
    /// let input = Chain::filter("INPUT", Hook::Input)
    ///     .policy(Policy::Drop)
    ///     .rule(Rule::new().iif("lo").accept())
    ///     .rule(Rule::new().ct_state(CtState::ESTABLISHED | CtState::RELATED).accept())
    ///     .rule(Rule::new().tcp().dport(22).counter().accept().comment("admin"));
    /// let ruleset = Ruleset::new().table(Table::inet("edge").chain(input));
    /// print!("{}", ruleset.listing());
    /// # assert_eq!(
    /// #     ruleset.listing().to_string().lines().last().map(str::trim_end),
    /// #     Some("    0     0 ACCEPT     tcp   --  any    any     anywhere             anywhere             tcp dpt:22 /* admin */")
    /// # );
    /// ```
    /// prints
    /// ```text
    /// Table inet edge
    /// Chain INPUT (policy DROP)
    ///  pkts bytes target     prot  opt in     out     source               destination
    ///             ACCEPT     all   --  lo     any     anywhere             anywhere
    ///             ACCEPT     all   --  any    any     anywhere             anywhere             ctstate RELATED,ESTABLISHED
    ///     0     0 ACCEPT     tcp   --  any    any     anywhere             anywhere             tcp dpt:22 /* admin */
    /// ```
    pub fn listing(&self) -> Listing<'_> {
        Listing::new(&self.tables)
    }
}

impl Table {
    /// The table as `iptables -L` shows it, as [`Ruleset::listing`].
    pub fn listing(&self) -> Listing<'_> {
        Listing::new(std::slice::from_ref(self))
    }
}

impl<'a> Listing<'a> {
    fn new(tables: &'a [Table]) -> Self {
        Self { tables, chain: None, verbose: true, numeric: false, exact: false, line_numbers: false }
    }

    /// Only the chains of this name.
    #[must_use]
    pub fn chain(self, name: &'a str) -> Self {
        Self { chain: Some(name), ..self }
    }

    /// Whether counters and interfaces are shown (`-v`); they are unless told otherwise. Without, rules that differ in
    /// their interfaces only look the same.
    #[must_use]
    pub fn verbose(self, verbose: bool) -> Self {
        Self { verbose, ..self }
    }

    /// Numbers in place of names (`-n`): `0.0.0.0/0`, `*`, `6`, `flags:0x17/0x02` in place of `anywhere`, `any`, `tcp`,
    /// `flags:FIN,SYN,RST,ACK/SYN`. Host names and services are never looked up, so addresses and ports are numbers
    /// either way.
    #[must_use]
    pub fn numeric(self, numeric: bool) -> Self {
        Self { numeric, ..self }
    }

    /// Counters in full (`-x`), not rounded to thousands (K), millions (M) and more.
    #[must_use]
    pub fn exact(self, exact: bool) -> Self {
        Self { exact, ..self }
    }

    /// Each rule's number in its chain, from 1 (`--line-numbers`).
    #[must_use]
    pub fn line_numbers(self, line_numbers: bool) -> Self {
        Self { line_numbers, ..self }
    }

    fn table(&self, table: &Table, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "Table {} {}", table.family, values::plain(&table.name))?;
        let references = references(table);
        let chains = table.chains.iter().filter(|chain| self.chain.is_none_or(|name| name == chain.name));
        for (index, chain) in chains.enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            let used = references.get(chain.name.as_str()).copied().unwrap_or(0);
            self.head(table.family, chain, used, f)?;
            let style = Style { family: table.family, numeric: self.numeric };
            let rows: Vec<Row> = chain.rules.iter().map(|rule| Row::of(rule, &table.sets, style)).collect();
            let lines = rows.iter().enumerate().map(|(index, row)| self.cells(index, row, style));
            let lines: Vec<Vec<Cell>> = std::iter::once(self.titles()).chain(lines).collect();
            write_aligned(&lines, f)?;
        }
        Ok(())
    }

    /// `Chain INPUT (policy DROP 12 packets, 3456 bytes)`, `Chain web (2 references)`
    fn head(&self, family: Family, chain: &Chain, references: usize, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Chain {} (", values::plain(&chain.name))?;
        let Some(base) = &chain.base else {
            return writeln!(f, "{references} references)");
        };
        match base.policy {
            Some(Policy::Drop) => f.write_str("policy DROP")?,
            Some(Policy::Accept) | None => f.write_str("policy ACCEPT")?,
            Some(Policy::Other(number)) => write!(f, "policy {number}")?,
        }
        if let Some((packets, bytes)) = base.counters.filter(|_| self.verbose) {
            let (packets, bytes) = (Count(packets, self.exact), Count(bytes, self.exact));
            write!(f, " {packets} packets, {bytes} bytes")?;
        }
        f.write_str(")")?;
        // iptables' chains are named after their hook, and its tables have one priority each.
        if chain.name != base.hook.to_string().to_uppercase() {
            write!(f, " at {} {}", base.hook, base.priority.number(family))?;
        }
        if !base.devices.is_empty() {
            let devices: Vec<String> =
                base.devices.iter().map(|device| values::plain(&device.to_string())).collect();
            write!(f, " of {}", devices.join(", "))?;
        }
        f.write_char('\n')
    }

    fn titles(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        if self.line_numbers {
            cells.push(Cell::left(4, "num"));
        }
        if self.verbose {
            cells.extend([Cell::right(5, "pkts"), Cell::right(5, "bytes")]);
        }
        cells.extend([Cell::left(10, "target"), Cell::left(5, "prot"), Cell::left(3, "opt")]);
        if self.verbose {
            cells.extend([Cell::left(6, "in"), Cell::left(7, "out")]);
        }
        cells.extend([Cell::left(20, "source"), Cell::left(20, "destination"), Cell::left(0, "")]);
        cells
    }

    fn cells(&self, index: usize, row: &Row, style: Style) -> Vec<Cell> {
        let mut cells = Vec::new();
        if self.line_numbers {
            cells.push(Cell::left(4, (index + 1).to_string()));
        }
        if self.verbose {
            let count = |number: Option<u64>| {
                number.map(|number| Count(number, self.exact).to_string()).unwrap_or_default()
            };
            cells.push(Cell::right(5, count(row.counters.map(|(packets, _)| packets))));
            cells.push(Cell::right(5, count(row.counters.map(|(_, bytes)| bytes))));
        }
        let any = |column: &Option<String>, any: &str| column.clone().unwrap_or_else(|| any.to_owned());
        cells.push(Cell::left(10, row.target.clone()));
        cells.push(Cell::left(5, any(&row.protocol, if self.numeric { "0" } else { "all" })));
        cells.push(Cell::left(3, row.fragment.unwrap_or("--")));
        if self.verbose {
            let interface = if self.numeric { "*" } else { "any" };
            cells.push(Cell::left(6, any(&row.input, interface)));
            cells.push(Cell::left(7, any(&row.output, interface)));
        }
        cells.push(Cell::left(20, any(&row.source, style.anywhere())));
        cells.push(Cell::left(20, any(&row.destination, style.anywhere())));
        cells.push(Cell::left(0, row.rest.join(" ")));
        cells
    }
}

impl Display for Listing<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let shown = self.tables.iter().filter(|table| {
            self.chain.is_none_or(|name| table.chains.iter().any(|chain| chain.name == name))
        });
        shown.enumerate().try_for_each(|(index, table)| {
            if index > 0 {
                f.write_char('\n')?;
            }
            self.table(table, f)
        })
    }
}

/// A cell of the table: at least so wide.
struct Cell {
    width: usize,
    right: bool,
    text: String,
}

impl Cell {
    fn left(width: usize, text: impl Into<String>) -> Self {
        Self { width, right: false, text: text.into() }
    }

    fn right(width: usize, text: impl Into<String>) -> Self {
        Self { width, right: true, text: text.into() }
    }
}

/// Columns as wide as their widest cell, so that they stand below one another, with iptables' widths for the least.
fn write_aligned(lines: &[Vec<Cell>], f: &mut Formatter<'_>) -> fmt::Result {
    let columns = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.width.max(cell.text.chars().count())).max().unwrap_or(0)
        })
        .collect();
    for line in lines {
        let mut text = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            if cell.right {
                write!(text, "{:>width$} ", cell.text, width = width)?;
            } else {
                write!(text, "{:<width$} ", cell.text, width = width)?;
            }
        }
        writeln!(f, "{}", text.trim_end())?;
    }
    Ok(())
}

/// How often the chains of a table are jumped to, by its rules and its maps.
fn references(table: &Table) -> BTreeMap<String, usize> {
    let mut references = BTreeMap::new();
    let mut count = |verdict: &Verdict| {
        if let Verdict::Jump(ChainTarget::Name(name)) | Verdict::Goto(ChainTarget::Name(name)) = verdict {
            *references.entry(name.clone()).or_insert(0) += 1;
        }
    };
    for rule in table.chains.iter().flat_map(|chain| &chain.rules) {
        for statement in &rule.body {
            match statement {
                crate::Statement::Decide(crate::language::targets::Decide(verdict)) => count(verdict),
                crate::Statement::Expr(Expr::Immediate(Immediate {
                    load: Load::Verdict(verdict), ..
                })) => {
                    count(verdict);
                }
                _ => {}
            }
        }
    }
    for element in table.sets.iter().flat_map(|set| &set.elements) {
        if let Some(ElementData::Verdict(verdict)) = &element.data {
            count(verdict);
        }
    }
    references
}

#[cfg(test)]
mod tests;
