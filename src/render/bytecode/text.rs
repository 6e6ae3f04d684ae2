//! What the lines are made of.

use std::fmt::{self, Write};

use crate::{expr::Data, wire::Unknown};

/// Text from the kernel without what a terminal would obey: control characters are shown as `\x1b`.
pub(super) struct Plain<'a>(pub(super) &'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            control if control.is_control() => write!(f, "\\x{:02x}", u32::from(control)),
            other => f.write_char(other),
        })
    }
}

/// Bytes as one number: `0x01ff`.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// User data as libnftnl shows it: printable ASCII as it is, the rest as `\x00`.
pub(super) struct Printable<'a>(pub(super) &'a [u8]);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| match byte {
            b' '..=b'~' => f.write_char(char::from(*byte)),
            other => write!(f, "\\x{other:02x}"),
        })
    }
}

/// A register's content: words of 32 bits in the host's order, the last one filled up with zeros.
pub(super) fn data(prefix: &str, data: &Data, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    data.as_bytes().chunks(4).try_for_each(|chunk| {
        let mut word = [0; 4];
        word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        write!(f, "{prefix}{:08x} ", u32::from_ne_bytes(word))
    })
}

/// A word and a value, if there is one.
pub(super) fn option<T: fmt::Display>(
    word: &str,
    value: Option<T>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(f, "{word}{value} "))
}

/// As [`option`], but only in the long form, for libnftnl is silent about it.
pub(super) fn more<T: fmt::Display>(word: &str, value: Option<T>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    option(word, value.filter(|_| f.alternate()), f)
}

/// A number that should have had a name.
pub(super) fn named(
    name: Option<&str>,
    number: impl fmt::Display,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match name {
        Some(name) => f.write_str(name),
        None => write!(f, "unknown({number})"),
    }
}

/// Attributes without a name, with their numbers and bytes.
pub(super) fn unknown(unknown: &Unknown, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    unknown
        .iter()
        .try_for_each(|attribute| write!(f, "attribute {} {} ", attribute.kind(), Hex(attribute.payload)))
}
