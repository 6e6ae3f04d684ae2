//! Lists as they are read.

use std::{
    fmt::{self, Write},
    fs::File,
    io::{self, BufRead, BufReader, Read},
    net::{Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
};

use portcullis::set::Interval;

use crate::{
    common::{Failure, Result},
    line::{self, Entry, Form},
    progress::Progress,
};

/// How many bad lines are shown.
const SHOWN: usize = 10;
/// No list has a longer line; a file of another kind may.
const LINE_LIMIT: u64 = 64 << 10;

/// The entries of all lists, and how many there were of what.
#[derive(Default)]
pub(crate) struct Lists {
    pub(crate) v4: Vec<Interval<Ipv4Addr>>,
    pub(crate) v6: Vec<Interval<Ipv6Addr>>,
    files: usize,
    lines: usize,
    addresses: usize,
    networks: usize,
    ranges: usize,
}

/// The lines that are not understood.
#[derive(Default)]
struct Bad {
    shown: Vec<String>,
    count: usize,
}

impl Lists {
    /// Reads all of them; every bad line is found, and fails them all.
    pub(crate) fn read(files: &[PathBuf], progress: &Progress) -> Result<Self> {
        let (mut lists, mut bad) = (Self::default(), Bad::default());
        progress.reading(files);
        for file in files {
            let name = name(file);
            let read = lists.read_one(file, &name, &mut bad, progress);
            read.map_err(|error| Failure::Failed(format!("{name}: {error}; nothing was changed")))?;
        }
        progress.finish();
        bad.end()?;
        Ok(lists)
    }

    fn read_one(&mut self, file: &Path, name: &str, bad: &mut Bad, progress: &Progress) -> io::Result<()> {
        let source: Box<dyn Read> =
            if file.as_os_str() == "-" { Box::new(io::stdin().lock()) } else { Box::new(File::open(file)?) };
        let mut source = BufReader::with_capacity(1 << 16, progress.follow(source));
        self.files += 1;
        let (mut line, mut number) = (Vec::new(), 0_usize);
        while next_line(&mut source, &mut line)? > 0 {
            number += 1;
            // Some editors begin a file with a byte order mark.
            let text = if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) } else { &line };
            match line::parse(text) {
                Ok(Some(entry)) => self.keep(entry),
                Ok(None) => {}
                Err(problem) => bad.add(name, number, &problem),
            }
        }
        self.lines += number;
        Ok(())
    }

    fn keep(&mut self, (form, entry): (Form, Entry)) {
        match form {
            Form::Address => self.addresses += 1,
            Form::Network => self.networks += 1,
            Form::Range => self.ranges += 1,
        }
        match entry {
            Entry::V4(entry) => self.v4.push(entry),
            Entry::V6(entry) => self.v6.push(entry),
        }
    }
}

impl Bad {
    fn add(&mut self, name: &str, number: usize, problem: &str) {
        self.count += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(format!("{name}:{number}: {problem}"));
        }
    }

    fn end(self) -> Result {
        let text = match (self.count, self.shown.as_slice()) {
            (0, _) => return Ok(()),
            (1, [one]) => format!("{one}; nothing was changed"),
            (count, shown) => {
                let mut text = format!("{count} lines are not understood, nothing was changed:");
                for line in shown {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "\n  {line}");
                }
                if count > shown.len() {
                    let _ = write!(text, "\n  and {} more", count - shown.len());
                }
                text
            }
        };
        Err(Failure::Failed(text))
    }
}

/// What was in the lists.
impl fmt::Display for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} of {}: {}, {}, {}",
            count(self.lines, "line", "lines"),
            count(self.files, "list", "lists"),
            count(self.addresses, "address", "addresses"),
            count(self.networks, "network", "networks"),
            count(self.ranges, "range", "ranges")
        )
    }
}

/// `1 line`, `1,234 lines`
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text} {}", if number == 1 { one } else { many })
}

/// Reads a line; of one that is too long for a list's, the beginning. How many bytes there were.
fn next_line(source: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    line.clear();
    let mut bytes = source.by_ref().take(LINE_LIMIT).read_until(b'\n', line)?;
    if line.len() as u64 == LINE_LIMIT && line.last() != Some(&b'\n') {
        bytes += source.skip_until(b'\n')?;
    }
    Ok(bytes)
}

fn name(file: &Path) -> String {
    if file.as_os_str() == "-" { "standard input".to_owned() } else { file.display().to_string() }
}
