//! Why the kernel, or this library, did not do what was asked.

use std::{fmt, io};

use nix::errno::Errno;

use crate::{
    Invalid,
    object::{Origin, TableRef},
    probe::Feature,
    transaction::{OperationId, Subject, Verb},
    wire::{DecodeError, MessageError},
};

/// An error of this library.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Operations that cannot be right; the kernel was not asked.
    #[error("{}", list("invalid, nothing was sent", .0, false))]
    Invalid(Vec<InvalidOperation>),
    /// A value that cannot be right, met before there was an operation: a host name that does not resolve, say.
    #[error(transparent)]
    Value(#[from] Invalid),
    /// IP forwarding could not be read or changed.
    #[error(transparent)]
    Forwarding(#[from] crate::ForwardingError),
    /// Operations that the kernel refused; nothing was changed. (For want of a feature it is
    /// [`Error::Unsupported`].)
    #[error("{}", refused(.0))]
    Refused(Refused),
    /// Somebody else changed the ruleset since it was read; nothing was changed.
    #[error(
        "the ruleset was changed by somebody else since generation {expected}: read it again, and try again"
    )]
    Changed {
        /// The generation that the commit was meant for.
        expected: u32,
    },
    /// The process lacks the privilege.
    #[error(
        "{operation}: permission denied: programming the packet filter needs CAP_NET_ADMIN in this network \
         namespace (run as root, or try in a namespace of your own: unshare -Urn)"
    )]
    Permission {
        /// What was tried.
        operation: &'static str,
    },
    /// The transaction does not fit the socket's send buffer.
    #[error(
        "the transaction takes {needed} bytes, and this socket can send at most {limit} at once: raise \
         net.core.wmem_max to {} or more, or give the process CAP_NET_ADMIN in the initial user namespace",
        wmem_max(*needed, *limit)
    )]
    TooLarge {
        /// Bytes of the transaction.
        needed: usize,
        /// Bytes that can be sent.
        limit: usize,
    },
    /// The kernel lacks what is needed: nothing was changed.
    #[error("{}", unsupported(feature, refused.as_ref()))]
    #[non_exhaustive]
    Unsupported {
        /// What is missing, in words.
        feature: String,
        /// The same to be compared; none for nf_tables itself.
        missing: Option<Feature>,
        /// What the kernel refused for that (and for other reasons, if there were such); none where it was found
        /// out before anything was sent.
        refused: Option<Refused>,
    },
    /// There is no such table.
    #[error("there is no table {table}")]
    NoTable {
        /// The table.
        table: TableRef,
    },
    /// A snapshot that cannot be read.
    #[error(transparent)]
    Snapshot(#[from] crate::SnapshotError),
    /// The kernel refused a request that is not part of a transaction.
    #[error("{operation}: {}", describe(*errno, message.as_deref()))]
    Request {
        /// What was tried.
        operation: &'static str,
        /// The error number.
        errno: i32,
        /// The kernel's own words.
        message: Option<String>,
    },
    /// The kernel did not answer as it should: whether the transaction was carried out is not known.
    #[error("{operation}: the kernel gave no answer; list the ruleset to see what is there")]
    NoAnswer {
        /// What was tried.
        operation: &'static str,
    },
    /// The ruleset kept changing while it was read.
    #[error("{operation}: interrupted by changes {attempts} times in a row; try again when there are fewer")]
    Interrupted {
        /// What was tried.
        operation: &'static str,
        /// How often.
        attempts: u32,
    },
    /// A system call failed.
    #[error("{operation}: {source}")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// The kernel's answer could not be read.
    #[error("{operation}: the kernel's answer could not be read: {source}")]
    Decode {
        /// What was tried.
        operation: &'static str,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// The kernel's answer is not netlink.
    #[error("{operation}: {source}")]
    Message {
        /// What was tried.
        operation: &'static str,
        /// What is wrong with it.
        source: MessageError,
    },
}

/// An operation that cannot be right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidOperation {
    /// Its number in the transaction.
    pub operation: OperationId,
    /// What was to be done.
    pub verb: Verb,
    /// To what.
    pub subject: Option<Subject>,
    /// The caller's line.
    pub origin: Origin,
    /// The caller's label.
    pub label: Option<String>,
    /// What is wrong.
    pub problem: Invalid,
}

/// `add rule inet edge input (operation 3, src/main.rs:14, "allow ssh"): …`
impl fmt::Display for InvalidOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, subject) = (self.verb, self.subject.as_ref());
        head(f, verb, subject, self.operation, self.origin, self.label.as_deref())?;
        write!(f, ": {}", self.problem)
    }
}

/// What the kernel refused of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// Every operation that was refused, in order.
    pub refusals: Vec<Refusal>,
    /// There were more than the socket could hold.
    pub incomplete: bool,
}

/// The element of a set that the kernel objects to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedElement {
    /// Its place among the elements of the call, counted from 0; runs of keys are counted in their order, joined.
    pub index: usize,
    /// Its key: of a typed set as nft writes it, otherwise in hexadecimal.
    pub key: String,
}

/// An operation that the kernel refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// Its number in the transaction.
    pub operation: OperationId,
    /// What was to be done.
    pub verb: Verb,
    /// To what.
    pub subject: Option<Subject>,
    /// The caller's line.
    pub origin: Origin,
    /// The caller's label.
    pub label: Option<String>,
    /// The error number.
    pub errno: i32,
    /// The kernel's own words (extended acknowledgement).
    pub message: Option<String>,
    /// The attribute that the kernel objects to.
    pub attribute: Option<String>,
    /// The element of a set that the kernel objects to, where it is about one.
    pub element: Option<RefusedElement>,
    /// What the number usually means for such an operation, or what the kernel lacks for it.
    pub hint: Option<String>,
    /// What the kernel lacks, where it was found to lack something that the operation needs.
    pub missing: Option<Feature>,
}

impl Error {
    /// What the kernel lacks, where an operation was refused for that: to do without it, or to say so.
    ///
    /// ```no_run
    /// # use portcullis::{Netfilter, Transaction, probe::Feature};
    /// # fn load(firewall: &mut Netfilter, transaction: &Transaction) -> Result<(), portcullis::Error> {
    /// match firewall.commit(transaction) {
    ///     Err(error) if error.missing().any(|feature| feature == Feature::Flowtable) => {
    ///         eprintln!("no fast path here: {error}");
    ///     }
    ///     result => drop(result?),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn missing(&self) -> impl Iterator<Item = Feature> {
        // What was found out beforehand is in no refusal.
        let beforehand = match self {
            Self::Unsupported { missing, refused: None, .. } => *missing,
            _ => None,
        };
        let refusals = self.refused().map_or(&[][..], |refused| refused.refusals.as_slice());
        beforehand.into_iter().chain(refusals.iter().filter_map(|refusal| refusal.missing))
    }

    /// What the kernel refused of a transaction, for whatever reason.
    pub fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) | Self::Unsupported { refused: Some(refused), .. } => Some(refused),
            _ => None,
        }
    }

    /// A feature that is known to be missing.
    pub(crate) fn lacks(feature: Feature) -> Self {
        Self::Unsupported { feature: feature.to_string(), missing: Some(feature), refused: None }
    }
}

impl Refusal {
    /// The error number as the kernel's symbol: `ENOENT`.
    pub fn errno_name(&self) -> String {
        format!("{:?}", Errno::from_raw(self.errno))
    }
}

/// `add rule inet edge input (operation 3, src/main.rs:14, "allow ssh"): ENOENT (No such file …) at …`
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, subject) = (self.verb, self.subject.as_ref());
        head(f, verb, subject, self.operation, self.origin, self.label.as_deref())?;
        write!(f, ": {}", describe(self.errno, self.message.as_deref()))?;
        if let Some(attribute) = &self.attribute {
            write!(f, " at {attribute}")?;
        }
        if let Some(RefusedElement { index, key }) = &self.element {
            write!(f, ", element {index}: {key}")?;
        }
        match &self.hint {
            Some(hint) => write!(f, ": {hint}"),
            None => Ok(()),
        }
    }
}

fn head(
    f: &mut fmt::Formatter<'_>,
    verb: Verb,
    subject: Option<&Subject>,
    operation: OperationId,
    origin: Origin,
    label: Option<&str>,
) -> fmt::Result {
    write!(f, "{verb}")?;
    if let Some(subject) = subject {
        write!(f, " {subject}")?;
    }
    write!(f, " (operation {}, {origin}", operation.index())?;
    match label {
        Some(label) => write!(f, ", \"{label}\")"),
        None => f.write_str(")"),
    }
}

/// The `net.core.wmem_max` with which so much can be sent: the kernel doubles it, and keeps 32 bytes.
fn wmem_max(needed: usize, limit: usize) -> usize {
    (needed.saturating_add(32)).div_ceil(2).max(limit / 2 + 1)
}

/// `ENOENT (No such file or directory)`, with the kernel's own words behind it.
fn describe(errno: i32, message: Option<&str>) -> String {
    let errno = Errno::from_raw(errno);
    let own = message.map(|message| format!(", kernel says \"{message}\"")).unwrap_or_default();
    format!("{errno:?} ({}){own}", errno.desc())
}

fn refused(refused: &Refused) -> String {
    list("refused by the kernel, nothing was changed", &refused.refusals, refused.incomplete)
}

/// Refusals name what is missing themselves.
fn unsupported(feature: &str, refusals: Option<&Refused>) -> String {
    refusals.map_or_else(|| format!("this kernel does not support {feature}"), refused)
}

/// How many of a long list an error text shows.
const SHOWN: usize = 10;

fn list<T: fmt::Display>(what: &str, entries: &[T], incomplete: bool) -> String {
    use fmt::Write;

    let count = entries.len();
    let plural = if count == 1 { "operation" } else { "operations" };
    let at_least = if incomplete { "at least " } else { "" };
    let mut text = format!("{at_least}{count} {plural} {what}:");
    for entry in entries.iter().take(SHOWN) {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  {entry}");
    }
    if count > SHOWN {
        let _ = write!(text, "\n  … and {} more", count - SHOWN);
    }
    text
}
