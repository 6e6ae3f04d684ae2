//! Reading the kernel's ruleset: into values, into a file, and from the file back into the kernel.

use std::{
    fs::File,
    io::{BufReader, BufWriter},
};

use portcullis::{Netfilter, Restore, Scope, Snapshot};

use crate::{Outcome, Result, file, timed};

const BUFFER: usize = 64 << 10;

/// All tables, chains, sets and rules as values, as `nft list ruleset` reads them.
pub(crate) fn list() -> Result<Outcome> {
    let mut firewall = Netfilter::open()?;
    Ok(Outcome::Whole(timed(|| Ok(firewall.ruleset(None)?))?))
}

/// The ruleset into a file.
pub(crate) fn snapshot() -> Result<Outcome> {
    let mut firewall = Netfilter::open()?;
    let file = file()?;
    Ok(Outcome::Whole(timed(|| {
        let snapshot = firewall.snapshot(Scope::Ruleset)?;
        snapshot.write_to(BufWriter::with_capacity(BUFFER, File::create(file)?))?;
        Ok(snapshot)
    })?))
}

/// The file's ruleset into an empty namespace.
pub(crate) fn restore() -> Result<Outcome> {
    let mut firewall = Netfilter::open()?;
    let file = file()?;
    Ok(Outcome::Whole(timed(|| {
        let snapshot = Snapshot::read_from(BufReader::with_capacity(BUFFER, File::open(file)?))?;
        firewall.restore(&snapshot, Restore::Replace)?;
        Ok(snapshot)
    })?))
}
