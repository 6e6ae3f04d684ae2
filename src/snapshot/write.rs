//! Writing a snapshot.

use std::io::{self, BufWriter, Write};

use super::{
    Snapshot,
    checksum::Checksum,
    counts::Counts,
    describe::{self, comment},
    facts,
    heading::{self, Kind},
    tree,
};
use crate::{
    object::{Chain, Set, Table, TableRef},
    render::nft::RuleTexts,
    wire::{Nested, Writer},
};

impl Snapshot {
    /// Writes the snapshot in its file format, which `docs/snapshot-format.md` describes.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_to(&self, writer: impl Write) -> io::Result<()> {
        let mut out = Out {
            writer: BufWriter::new(writer),
            checksum: Checksum::new(),
            bytes: Vec::new(),
            text: Vec::new(),
        };
        out.heading(facts::FIRST, None)?;
        out.note("What is in here for people stands behind a # and is not read. The format: portcullis,")?;
        out.note("docs/snapshot-format.md. The ruleset alone: grep -v '^ '")?;
        for line in facts::lines(self) {
            let date = line.starts_with("taken").then(|| describe::date(self.taken));
            out.heading(&line, date)?;
        }
        for table in &self.tables {
            out.table(table)?;
        }
        out.blank()?;
        out.text.clear();
        out.text.extend_from_slice(format!("end {}", Counts::of(&self.tables)).as_bytes());
        out.checked(None)?;
        out.writer.flush()
    }
}

struct Out<W: Write> {
    writer: BufWriter<W>,
    checksum: Checksum,
    /// The attributes of one object.
    bytes: Vec<u8>,
    /// One line.
    text: Vec<u8>,
}

impl<W: Write> Out<W> {
    fn table(&mut self, table: &Table) -> io::Result<()> {
        let place = TableRef::from(table);
        self.blank()?;
        self.heading(&heading::table(&place), describe::table(table))?;
        self.attributes(|writer| table.encode(writer))?;
        for object in &table.objects {
            self.heading(&heading::named(Kind::Object, &place, &object.name), describe::object(object))?;
            self.attributes(|writer| object.encode(&table.name, writer))?;
        }
        for flowtable in &table.flowtables {
            let line = heading::named(Kind::Flowtable, &place, &flowtable.name);
            self.heading(&line, describe::flowtable(flowtable))?;
            self.attributes(|writer| flowtable.encode(table.family, &table.name, writer))?;
        }
        for set in &table.sets {
            self.set(&place, set)?;
        }
        let texts = RuleTexts::of(table);
        for chain in &table.chains {
            self.chain(table, &place, chain, &texts)?;
        }
        Ok(())
    }

    fn set(&mut self, table: &TableRef, set: &Set) -> io::Result<()> {
        self.heading(&heading::named(Kind::Set, table, &set.name), describe::set(set))?;
        self.attributes(|writer| set.encode(&table.name, None, writer))?;
        if set.elements.is_empty() {
            return Ok(());
        }
        self.heading(&heading::elements(&table.set(&set.name), set.elements.len()), None)?;
        for element in &set.elements {
            self.encode(|writer| element.encode(writer))?;
            self.data(Some(describe::element(set, element)))?;
        }
        Ok(())
    }

    fn chain(
        &mut self,
        table: &Table,
        place: &TableRef,
        chain: &Chain,
        texts: &RuleTexts<'_>,
    ) -> io::Result<()> {
        self.heading(&heading::named(Kind::Chain, place, &chain.name), describe::chain(chain))?;
        self.attributes(|writer| chain.encode(table.family, &table.name, None, writer))?;
        let place = place.chain(&chain.name);
        for (index, rule) in chain.rules.iter().enumerate() {
            self.heading(&heading::rule(&place, index + 1), Some(texts.text(rule)))?;
            self.attributes(|writer| rule.encode(&table.name, &chain.name, writer))?;
        }
        Ok(())
    }

    /// The line of an object's attributes.
    fn attributes(&mut self, body: impl FnOnce(&mut Writer<'_>)) -> io::Result<()> {
        self.encode(body)?;
        self.data(None)
    }

    fn encode(&mut self, body: impl FnOnce(&mut Writer<'_>)) -> io::Result<()> {
        self.bytes.clear();
        let mut writer = Writer::new(&mut self.bytes);
        body(&mut writer);
        writer.finish().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    fn data(&mut self, note: Option<String>) -> io::Result<()> {
        self.text.clear();
        self.text.extend_from_slice(b"    ");
        if !tree::write(&self.bytes, &mut self.text) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no run of attributes"));
        }
        self.checked(note)
    }

    /// Writes the line in `text` with the checksum of everything up to it.
    fn checked(&mut self, note: Option<String>) -> io::Result<()> {
        self.checksum.update(&self.text);
        self.checksum.update(b"\n");
        let sum = self.checksum.value();
        self.writer.write_all(&self.text)?;
        write!(self.writer, " ~{sum:08x}")?;
        self.end(note)
    }

    fn heading(&mut self, line: &str, note: Option<String>) -> io::Result<()> {
        self.checksum.update(line.as_bytes());
        self.checksum.update(b"\n");
        self.writer.write_all(line.as_bytes())?;
        self.end(note)
    }

    fn note(&mut self, note: &str) -> io::Result<()> {
        writeln!(self.writer, "# {note}")
    }

    fn blank(&mut self) -> io::Result<()> {
        self.writer.write_all(b"\n")
    }

    fn end(&mut self, note: Option<String>) -> io::Result<()> {
        if let Some(note) = note.filter(|note| !note.is_empty()) {
            write!(self.writer, "  # {}", comment(&note))?;
        }
        self.writer.write_all(b"\n")
    }
}
