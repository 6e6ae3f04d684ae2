//! Reading a snapshot: whatever it is, nothing of it is believed before it is checked.

use std::io::BufRead;

use super::{
    Scope, Snapshot, SnapshotError,
    counts::Counts,
    facts,
    heading::{self, Kind, Name},
    lines::Lines,
    tree,
};
use crate::{
    object::{Chain, Element, Flowtable, Object, Rule, Set, Table, TableRef},
    wire::{Attributes, DecodeError, Nested},
};

impl Snapshot {
    /// Reads a snapshot from its file format.
    ///
    /// Every line is checked: what is changed by one byte anywhere but in a comment is refused.
    ///
    /// # Errors
    /// [`SnapshotError`], with the line and the object where something is wrong.
    pub fn read_from(reader: impl BufRead) -> Result<Self, SnapshotError> {
        let mut lines = Lines::new(reader);
        first(&mut lines)?;
        let mut reading = Reading::default();
        let mut end = reading.facts(&mut lines)?;
        while !end {
            if reading.heading.is_empty() {
                return Err(SnapshotError::Truncated { place: lines.place() });
            }
            match Kind::of(&reading.heading) {
                Some(Kind::Elements) => reading.elements(&mut lines)?,
                Some(kind) => reading.object(kind, &mut lines)?,
                None => return Err(lines.damaged("neither an object nor the line \"end\"")),
            }
            end = reading.next(&mut lines)?;
        }
        reading.finish(&mut lines)
    }
}

/// The first line says what this is.
fn first<R: BufRead>(lines: &mut Lines<R>) -> Result<(), SnapshotError> {
    let foreign = |beginning: String| Err(SnapshotError::Foreign { beginning });
    let line = match lines.next() {
        Ok(Some(line)) => line.text,
        Ok(None) => return foreign("missing".to_owned()),
        Err(SnapshotError::Damaged { .. }) => return foreign("far too long".to_owned()),
        Err(error) => return Err(error),
    };
    if line == facts::FIRST.as_bytes() {
        return Ok(());
    }
    let shown = line.get(..line.len().min(40)).unwrap_or_default().escape_ascii().to_string();
    match shown.strip_prefix(facts::FAMILY) {
        Some(found) if found.bytes().all(|byte| byte.is_ascii_digit()) && !found.is_empty() => {
            Err(SnapshotError::Version { found: found.to_owned() })
        }
        _ => foreign(format!("\"{shown}\"")),
    }
}

/// What has been read.
#[derive(Default)]
struct Reading {
    tables: Vec<Table>,
    scope: Option<Scope>,
    /// A scope that the first table must bear out.
    scope_line: Option<String>,
    taken: u64,
    kernel: Option<String>,
    /// The line of the object that is next.
    heading: String,
    /// Its attributes.
    bytes: Vec<u8>,
}

impl Reading {
    /// Goes to the next line, which is no line of attributes; true if it is the end, whose counts are right.
    fn next<R: BufRead>(&mut self, lines: &mut Lines<R>) -> Result<bool, SnapshotError> {
        self.heading.clear();
        let Some(line) = lines.next()? else {
            return Ok(false);
        };
        let checked = line.checked;
        match std::str::from_utf8(line.text) {
            Ok(text) => self.heading.push_str(text),
            Err(_) => return Err(lines.damaged("bytes that are no text")),
        }
        if !checked {
            return Ok(false);
        }
        let counts = Counts::of(&self.tables);
        match self.heading.strip_prefix("end ") {
            Some(found) if found == counts.to_string() => Ok(true),
            Some(found) => {
                Err(lines.damaged(format!("it says {found}, and what stands above it is {counts}")))
            }
            None => Err(lines.damaged("attributes without a line before them that says of what")),
        }
    }

    /// The facts, in their order, and the line behind them; true if that is the end.
    fn facts<R: BufRead>(&mut self, lines: &mut Lines<R>) -> Result<bool, SnapshotError> {
        let truncated = |lines: &Lines<R>| SnapshotError::Truncated { place: lines.place() };
        self.next(lines)?;
        match self.heading.strip_prefix("byte-order ") {
            Some(facts::HERE) => {}
            Some(facts::ELSEWHERE) => {
                return Err(SnapshotError::ByteOrder { taken: facts::ELSEWHERE, here: facts::HERE });
            }
            _ if self.heading.is_empty() => return Err(truncated(lines)),
            _ => return Err(lines.damaged("\"byte-order little\" or \"byte-order big\" was expected")),
        }
        self.next(lines)?;
        match self.heading.strip_prefix("scope ") {
            Some("ruleset") => self.scope = Some(Scope::Ruleset),
            Some(_) => self.scope_line = Some(std::mem::take(&mut self.heading)),
            _ if self.heading.is_empty() => return Err(truncated(lines)),
            _ => return Err(lines.damaged("\"scope ruleset\" or \"scope table …\" was expected")),
        }
        self.next(lines)?;
        match self.heading.strip_prefix("taken ").and_then(|seconds| seconds.parse().ok()) {
            Some(seconds) => self.taken = seconds,
            _ if self.heading.is_empty() => return Err(truncated(lines)),
            _ => return Err(lines.damaged("\"taken\" with the seconds since 1970 was expected")),
        }
        let end = self.next(lines)?;
        match self.heading.strip_prefix("kernel ") {
            Some(release) if Name(release).is_plain() => self.kernel = Some(release.to_owned()),
            Some(_) => return Err(lines.damaged("a kernel's release was expected")),
            None => return Ok(end),
        }
        self.next(lines)
    }

    /// A line of attributes, read into `bytes`.
    fn attributes<R: BufRead>(&mut self, lines: &mut Lines<R>) -> Result<(), SnapshotError> {
        self.bytes.clear();
        let Some(line) = lines.next()? else {
            return Err(SnapshotError::Truncated { place: lines.place() });
        };
        let result = match line.text.strip_prefix(b"    ") {
            Some(text) if line.checked => tree::read(text, &mut self.bytes),
            _ => Err("a line of attributes, indented and with a checksum, was expected".to_owned()),
        };
        result.map_err(|problem| lines.damaged(problem))
    }

    /// An object with one line of attributes.
    fn object<R: BufRead>(&mut self, kind: Kind, lines: &mut Lines<R>) -> Result<(), SnapshotError> {
        self.attributes(lines)?;
        let heading = self.take(kind).map_err(|problem| lines.damaged(problem))?;
        if heading != self.heading {
            return Err(lines.damaged(format!("the attributes are those of {heading}")));
        }
        Ok(())
    }

    /// Takes an object up, and gives the line that belongs before it.
    fn take(&mut self, kind: Kind) -> Result<String, String> {
        let unreadable = |error: DecodeError| format!("the attributes cannot be read: {error}");
        let attributes = Attributes::new(&self.bytes);
        if kind == Kind::Table {
            let family = heading::family(&self.heading).ok_or("no family that this version knows")?;
            let table = Table::decode(family, attributes).map_err(unreadable)?;
            let place = TableRef::from(&table);
            if let Some(line) = self.scope_line.take() {
                let scope = Scope::Table(place.clone());
                if facts::scope(&scope) != line {
                    return Err(format!("the snapshot says that it is of another table: {line}"));
                }
                self.scope = Some(scope);
            }
            self.tables.push(table);
            return Ok(heading::table(&place));
        }
        let Some(table) = self.tables.last_mut() else {
            return Err("stands before any table".to_owned());
        };
        let place = TableRef::from(&*table);
        let own = |found: String| {
            if found == place.name {
                Ok(())
            } else {
                Err(format!("belongs to another table: {}", Name(&found)))
            }
        };
        let line;
        match kind {
            Kind::Object => {
                let (found, object) = Object::decode(attributes).map_err(unreadable)?;
                own(found)?;
                line = heading::named(kind, &place, &object.name);
                table.objects.push(object);
            }
            Kind::Flowtable => {
                let (found, flowtable) = Flowtable::decode(attributes).map_err(unreadable)?;
                own(found)?;
                line = heading::named(kind, &place, &flowtable.name);
                table.flowtables.push(flowtable);
            }
            Kind::Set => {
                let (found, set) = Set::decode(attributes).map_err(unreadable)?;
                own(found)?;
                line = heading::named(kind, &place, &set.name);
                table.sets.push(set);
            }
            Kind::Chain => {
                let (found, chain) = Chain::decode(place.family, attributes).map_err(unreadable)?;
                own(found)?;
                line = heading::named(kind, &place, &chain.name);
                table.chains.push(chain);
            }
            Kind::Rule => {
                let read = Rule::decode(attributes).map_err(unreadable)?;
                let (found, rule) = (read.place(place.family), read.rule);
                let Some(chain) = table.chains.last_mut().filter(|chain| found == place.chain(&chain.name))
                else {
                    return Err(format!("does not stand below its chain {}", Name(&found.name)));
                };
                chain.rules.push(rule);
                line = heading::rule(&found, chain.rules.len());
            }
            Kind::Table | Kind::Elements => return Err("not an object of one line".to_owned()),
        }
        Ok(line)
    }

    /// The elements of the last set.
    fn elements<R: BufRead>(&mut self, lines: &mut Lines<R>) -> Result<(), SnapshotError> {
        let count = heading::last_number(&self.heading).unwrap_or_default();
        let expected = self.tables.last().and_then(|table| {
            let set = table.sets.last()?;
            Some(heading::elements(&TableRef::from(table).set(&set.name), count))
        });
        if expected.as_ref() != Some(&self.heading) {
            return Err(lines.damaged("elements do not stand below their set"));
        }
        for _ in 0..count {
            self.attributes(lines)?;
            let element = Element::decode(Attributes::new(&self.bytes))
                .map_err(|error| lines.damaged(format!("the element cannot be read: {error}")))?;
            if let Some(set) = self.tables.last_mut().and_then(|table| table.sets.last_mut()) {
                set.elements.push(element);
            }
        }
        Ok(())
    }

    /// Nothing may stand behind the end.
    fn finish<R: BufRead>(self, lines: &mut Lines<R>) -> Result<Snapshot, SnapshotError> {
        if lines.next()?.is_some() {
            return Err(lines.damaged("something stands behind the end"));
        }
        let Self { tables, scope, taken, kernel, .. } = self;
        let Some(scope) = scope else {
            return Err(lines.damaged("the table that the snapshot is said to be of is not in it"));
        };
        if matches!(scope, Scope::Table(_)) && tables.len() != 1 {
            return Err(lines.damaged("a snapshot of one table has several"));
        }
        Ok(Snapshot { tables, scope, taken, kernel })
    }
}
