//! Text: helpers' names, and interfaces' names with their wildcard.

/// A register's text, filled up with NUL, between quotation marks.
pub(super) fn string(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    format!("\"{}\"", String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()))
}

/// An interface's name. What is not filled up to a whole register with NUL is the beginning of a name; a star that is
/// part of a name is told from that.
pub(super) fn interface(bytes: &[u8]) -> String {
    let Some(end) = bytes.iter().position(|byte| *byte == 0) else {
        return format!("\"{}*\"", String::from_utf8_lossy(bytes));
    };
    let name = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
    match name.strip_suffix('*') {
        Some(beginning) => format!("\"{beginning}\\*\""),
        None => format!("\"{name}\""),
    }
}
