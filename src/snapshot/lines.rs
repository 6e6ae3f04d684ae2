//! A snapshot's lines: numbered, without comments, their checksums compared.

use std::io::{BufRead, Read};

use super::{
    checksum::Checksum,
    error::{Place, SnapshotError},
};

/// The longest line. An attribute takes at most 64 KiB, and twice as many characters and a few.
const LIMIT: usize = 1 << 20;

/// Reads lines.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
    checksum: Checksum,
    /// The last line whose checksum was right.
    checked: u64,
    /// The last line without a checksum: what the lines behind it belong to.
    heading: Vec<u8>,
}

/// A line that says something.
pub(super) struct Line<'l> {
    /// What it says, without comment and checksum.
    pub(super) text: &'l [u8],
    /// Whether it had a checksum; it was right.
    pub(super) checked: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            number: 0,
            checksum: Checksum::new(),
            checked: 0,
            heading: Vec::new(),
        }
    }

    /// The next line that says something; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, SnapshotError> {
        let length = loop {
            if !self.fill()? {
                return Ok(None);
            }
            let length = content(&self.buffer).len();
            if length > 0 {
                break length;
            }
        };
        let content = self.buffer.get(..length).unwrap_or_default();
        let Some((text, expected)) = split_checksum(content) else {
            self.checksum.update(content);
            self.checksum.update(b"\n");
            self.heading.clear();
            self.heading.extend_from_slice(content);
            return Ok(Some(Line { text: self.buffer.get(..length).unwrap_or_default(), checked: false }));
        };
        self.checksum.update(text);
        self.checksum.update(b"\n");
        if self.checksum.value() != expected {
            let first = self.checked + 1;
            let problem = if first < self.number {
                format!(
                    "the checksum does not fit: lines {first} to {} are not as they were written",
                    self.number
                )
            } else {
                "the checksum does not fit: the line is not as it was written".to_owned()
            };
            return Err(self.damaged(problem));
        }
        self.checked = self.number;
        let length = text.len();
        Ok(Some(Line { text: self.buffer.get(..length).unwrap_or_default(), checked: true }))
    }

    /// Where the last line is.
    pub(super) fn place(&self) -> Place {
        let shown = self.heading.get(..self.heading.len().min(200)).unwrap_or_default();
        let plain = |text: &&str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let text = match std::str::from_utf8(shown).ok().filter(plain) {
            Some(text) => text.to_owned(),
            None => shown.escape_ascii().to_string(),
        };
        Place { line: self.number, object: (self.number > 1 && !text.is_empty()).then_some(text) }
    }

    /// Something is wrong with the last line.
    pub(super) fn damaged(&self, problem: impl Into<String>) -> SnapshotError {
        SnapshotError::Damaged { place: self.place(), problem: problem.into() }
    }

    /// Reads one line; false at the end.
    fn fill(&mut self) -> Result<bool, SnapshotError> {
        self.buffer.clear();
        let mut limited = (&mut self.reader).take(LIMIT as u64 + 1);
        match limited.read_until(b'\n', &mut self.buffer) {
            Ok(0) => return Ok(false),
            Ok(_) => self.number += 1,
            Err(source) => return Err(SnapshotError::Io { place: self.place(), source }),
        }
        if self.buffer.len() > LIMIT {
            return Err(
                self.damaged(format!("the line is longer than {LIMIT} bytes: no snapshot has such a line"))
            );
        }
        Ok(true)
    }
}

/// A line without its comment, its end, and blanks before that.
fn content(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let comment = line.iter().position(|byte| *byte == b'#').unwrap_or(line.len());
    let content = line.get(..comment).unwrap_or_default();
    let blanks = content.iter().rev().take_while(|byte| **byte == b' ').count();
    content.get(..content.len() - blanks).unwrap_or_default()
}

/// What stands before a checksum, and that: `… ~89abcdef`.
fn split_checksum(content: &[u8]) -> Option<(&[u8], u32)> {
    let (text, sum) = content.split_at_checked(content.len().checked_sub(10)?)?;
    let digits = std::str::from_utf8(sum.strip_prefix(b" ~")?).ok()?;
    let plain = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    if !plain {
        return None;
    }
    Some((text, u32::from_str_radix(digits, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Vec<(String, bool)>, String> {
        let mut lines = Lines::new(text);
        let mut read = Vec::new();
        loop {
            match lines.next() {
                Ok(None) => return Ok(read),
                Ok(Some(line)) => {
                    read.push((String::from_utf8_lossy(line.text).into_owned(), line.checked));
                }
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    #[test]
    fn comments_are_no_part_of_the_checksum() {
        // python3 -c 'import zlib; print(hex(zlib.crc32(b"table a\n    1:\n")))'
        let plain = format!("table a\n    1: ~{:08x}\n", 0xf4e7_283eu32);
        let noted = format!("# why\n\ntable a   # what\n   # x\n    1: ~{:08x} # é\n", 0xf4e7_283eu32);
        let expected = [("table a".to_owned(), false), ("    1:".to_owned(), true)];
        assert_eq!(read(plain.as_bytes()).unwrap(), expected);
        assert_eq!(read(noted.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn a_wrong_line_is_named() {
        assert_eq!(
            read(b"first\ntable a\n    1: ~00000000\n").unwrap_err(),
            "line 3 (table a): the checksum does not fit: lines 1 to 3 are not as they were written"
        );
        let long = vec![b'x'; LIMIT + 2];
        assert_eq!(
            read(&long).unwrap_err(),
            "line 1: the line is longer than 1048576 bytes: no snapshot has such a line"
        );
    }
}
