//! What a snapshot says of itself before its objects.

use super::{Scope, Snapshot, heading::Name};

/// The first line.
pub(super) const FIRST: &str = "portcullis snapshot 1";

/// What every first line begins with, whatever the format's number.
pub(super) const FAMILY: &str = "portcullis snapshot ";

/// The byte order of this machine.
pub(super) const HERE: &str = if cfg!(target_endian = "big") { "big" } else { "little" };
/// The other one.
pub(super) const ELSEWHERE: &str = if cfg!(target_endian = "big") { "little" } else { "big" };

/// The lines of the facts, without comments.
pub(super) fn lines(snapshot: &Snapshot) -> Vec<String> {
    let mut lines = vec![format!("byte-order {HERE}"), scope(&snapshot.scope), taken(snapshot.taken)];
    lines.extend(snapshot.kernel.as_deref().map(kernel));
    lines
}

pub(super) fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Ruleset => "scope ruleset".to_owned(),
        Scope::Table(table) => format!("scope table {} {}", table.family, Name(&table.name)),
    }
}

pub(super) fn taken(seconds: u64) -> String {
    format!("taken {seconds}")
}

pub(super) fn kernel(release: &str) -> String {
    format!("kernel {}", Name(release))
}
