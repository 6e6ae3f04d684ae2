//! Why a snapshot cannot be read.

use std::{fmt, io};

/// Why a snapshot cannot be read. Nothing was sent to the kernel.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Something else than a snapshot.
    #[error(
        "this is no snapshot of portcullis: its first line is {beginning}, not \"portcullis snapshot 1\""
    )]
    Foreign {
        /// The beginning of its first line, between quotes, or a word for it.
        beginning: String,
    },
    /// A snapshot of another format.
    #[error(
        "the snapshot has format {found:?}, and this version of portcullis reads format 1: read it with the \
         version that wrote it, or with a newer one than this"
    )]
    Version {
        /// The format that it names.
        found: String,
    },
    /// A snapshot of a machine with the other byte order.
    #[error(
        "the snapshot was taken on a {taken}-endian machine, and this one is {here}-endian: sets and comparisons hold \
         numbers in the order of the machine, and nothing says which of them do; take it again on a machine of \
         this order"
    )]
    ByteOrder {
        /// That machine's.
        taken: &'static str,
        /// This machine's.
        here: &'static str,
    },
    /// Something is not as it was written.
    #[error("{place}: {problem}")]
    Damaged {
        /// Where.
        place: Place,
        /// What is wrong.
        problem: String,
    },
    /// The end is missing.
    #[error("{place}: the snapshot stops here without its line \"end\": the rest of it is missing")]
    Truncated {
        /// The last line that there is.
        place: Place,
    },
    /// It cannot be read from where it is.
    #[error("{place}: {source}")]
    Io {
        /// How far it could be read.
        place: Place,
        /// The system's words.
        source: io::Error,
    },
}

/// A place in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The line, counted from 1.
    pub line: u64,
    /// The object that stands there, as the snapshot calls it: `rule inet edge input 3`.
    pub object: Option<String>,
}

/// `line 12 (rule inet edge input 3)`
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        match &self.object {
            Some(object) => write!(f, " ({object})"),
            None => Ok(()),
        }
    }
}
