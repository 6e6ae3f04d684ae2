//! A rule as a line of the table.

use super::{bare, matches, targets, values::plain};
use crate::{
    Statement,
    expr::Expr,
    language::{matches::Protocol, targets::Count},
    object::{Family, Rule, Set},
};

/// How values are written.
#[derive(Clone, Copy, Debug)]
pub(in crate::render) struct Style {
    pub(in crate::render) family: Family,
    pub(in crate::render) numeric: bool,
}

impl Style {
    /// Any address.
    pub(in crate::render) fn anywhere(self) -> &'static str {
        match (self.numeric, self.family) {
            (false, _) => "anywhere",
            (true, Family::Ip6) => "::/0",
            (true, Family::Ip) => "0.0.0.0/0",
            (true, _) => "*",
        }
    }
}

/// What the columns of a rule say; a column that no condition is about is `None`.
#[derive(Debug, Default)]
pub(in crate::render) struct Row {
    pub(in crate::render) counters: Option<(u64, u64)>,
    pub(in crate::render) target: String,
    pub(in crate::render) protocol: Option<String>,
    pub(in crate::render) fragment: Option<&'static str>,
    pub(in crate::render) input: Option<String>,
    pub(in crate::render) output: Option<String>,
    pub(in crate::render) source: Option<String>,
    pub(in crate::render) destination: Option<String>,
    pub(in crate::render) rest: Vec<String>,
    /// What the target's name does not say; it stands behind the matches, at the end of the rest.
    pub(in crate::render) details: String,
    /// Protocols that ports are said of: `tcp`.
    transport: String,
    /// The part of the rest to which ports are added, if it is the last one.
    ports: Option<usize>,
    /// What that part says.
    header: Vec<String>,
}

impl Row {
    pub(in crate::render) fn of(rule: &Rule, sets: &[Set], style: Style) -> Self {
        let words = rule.lift(style.family, sets);
        let mut row = Self::default();
        let mut rest = words.body.as_slice();
        while let [first, others @ ..] = rest {
            let expressions: Vec<&Expr> = rest.iter().map_while(expression).collect();
            let taken = match first {
                Statement::Expr(_) => bare::say(&expressions, &mut row, style),
                Statement::Count(Count { packets, bytes }) => {
                    row.count(*packets, *bytes);
                    1
                }
                word => {
                    let done = matches::say(rest, &mut row, style);
                    if done == 0 {
                        targets::say(word, &mut row, style);
                    }
                    done.max(1)
                }
            };
            rest = rest.get(taken.max(1)..).unwrap_or(others);
        }
        if let Some(problem) = &words.problem {
            row.add(format!("({problem})"));
        }
        match (rule.comment_text(), &rule.userdata) {
            (Some(comment), _) => row.add(format!("/* {} */", plain(&comment))),
            (None, Some(bytes)) if !bytes.is_empty() => {
                row.add(format!("({} bytes of user data)", bytes.len()));
            }
            _ => {}
        }
        row.add(row.details.clone());
        row
    }

    /// The first counter has columns of its own.
    pub(super) fn count(&mut self, packets: u64, bytes: u64) {
        match self.counters {
            None => self.counters = Some((packets, bytes)),
            Some(_) => self.add(format!("counter {packets} packets {bytes} bytes")),
        }
    }

    /// One more part of the rest.
    pub(super) fn add(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.rest.push(text);
        }
    }

    /// What happens to the packet. A rule has one column for it: the last target is there, as only it can be a verdict;
    /// what was there moves to the rest.
    pub(super) fn target(&mut self, name: impl Into<String>, details: impl Into<String>) {
        let (name, details) = (std::mem::replace(&mut self.target, name.into()), {
            std::mem::replace(&mut self.details, details.into())
        });
        if details.is_empty() || details.starts_with(&name) {
            self.add(if details.is_empty() { name } else { details });
        } else {
            self.add(format!("{name} {details}"));
        }
    }

    /// The protocols of a rule, by name, for its ports and for its column.
    pub(super) fn protocol(&mut self, names: String, column: String) {
        match &self.protocol {
            None => self.protocol = Some(column),
            Some(_) => self.add(format!("protocol {column}")),
        }
        if !names.starts_with('!') {
            self.transport = names;
        }
    }

    /// The protocol that a word depends on, if nothing else has said one.
    pub(super) fn implied(&mut self, protocol: Protocol, style: Style) {
        if self.protocol.is_none() {
            let name = protocol.to_string();
            let column = if style.numeric { protocol.0.to_string() } else { name.clone() };
            self.protocol(name, column);
        }
    }

    /// Something about ports and what else is in the header: `tcp spt:1024 dpt:80 flags:0x17/0x02`, one part for what
    /// stands together, in iptables' order.
    pub(super) fn transport(&mut self, text: String) {
        let last = self.rest.len().checked_sub(1);
        if self.ports.is_none() || self.ports != last {
            self.ports = Some(self.rest.len());
            self.rest.push(String::new());
            self.header.clear();
        }
        self.header.push(text);
        self.header.sort_by_key(|part| match part.as_bytes() {
            [b's', ..] => 0,
            [b'd', ..] => 1,
            [b'o', ..] => 2,
            _ => 3,
        });
        let parts = self.header.join(" ");
        let text = if self.transport.is_empty() { parts } else { format!("{} {parts}", self.transport) };
        if let Some(part) = self.rest.last_mut() {
            *part = text;
        }
    }

    /// Fills a column, or says it in the rest if the column is taken.
    pub(super) fn column(
        &mut self,
        choose: impl Fn(&mut Self) -> &mut Option<String>,
        word: &str,
        text: String,
    ) {
        let column = choose(self);
        if column.is_none() {
            *column = Some(text);
        } else {
            self.add(format!("{word} {text}"));
        }
    }
}

fn expression(statement: &Statement) -> Option<&Expr> {
    match statement {
        Statement::Expr(expression) => Some(expression),
        _ => None,
    }
}
