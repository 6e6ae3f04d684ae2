//! Keeps the packet filter in a file, and brings it back.
//!
//! What "Control Network Traffic with iptables" does with `iptables-save` and `iptables-restore`, for everything that
//! nf_tables holds, whoever put it there.

mod common;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, IsTerminal, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use common::{Failure, Result};
use lexopt::{
    Arg::{Long, Short, Value},
    ValueExt,
};
use portcullis::{Family, Netfilter, Restore, Scope, Snapshot, SnapshotError, TableRef};

const NAME: &str = "snapshot";

const HELP: &str = "\
Keeps the packet filter in a file, and brings it back.

Usage: snapshot save [FILE] [--table 'FAMILY NAME'] [--without-counters]
       snapshot restore [FILE] [--table 'FAMILY NAME'] [--without-counters] [--keep-others | --add] [--dry-run]

Without FILE, or with -, save writes to standard output and restore reads standard input.

  --table 'FAMILY NAME'  this table only, as in --table 'inet edge'
  --without-counters     counters begin at zero, quotas unused
  --keep-others          restore the tables of the snapshot, and leave the others that are there
  --add                  add everything to what is there
  --dry-run              have the kernel say whether it would take the snapshot, and touch nothing

restore puts what the snapshot is of in the place of what is there, in one transaction: everything, or one table.
Acts on the current network namespace. Needs CAP_NET_ADMIN.";

fn main() -> ExitCode {
    common::run(NAME, HELP, |arguments| Command::of(arguments)?.carry_out())
}

/// The command line.
#[derive(Default)]
struct Command {
    save: bool,
    file: Option<PathBuf>,
    table: Option<TableRef>,
    without_counters: bool,
    how: Restore,
    dry_run: bool,
}

impl Command {
    fn of(mut arguments: lexopt::Parser) -> Result<Self> {
        let (mut command, mut verb) = (Self::default(), None);
        let (mut for_restore, mut named) = (None, false);
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("table") => command.table = Some(table(&arguments.value()?.string()?)?),
                Long("without-counters") => command.without_counters = true,
                Long("keep-others") => {
                    (command.how, for_restore) = (Restore::ReplaceTables, Some("--keep-others"));
                }
                Long("add") => (command.how, for_restore) = (Restore::Add, Some("--add")),
                Long("dry-run") => (command.dry_run, for_restore) = (true, Some("--dry-run")),
                Long("help") | Short('h') => return Err(Failure::Help),
                Value(word) if verb.is_none() => verb = Some(word.string()?),
                Value(file) if !named => {
                    named = true;
                    command.file = (file != "-").then(|| file.into());
                }
                other => return Err(other.unexpected().into()),
            }
        }
        command.save = match verb.as_deref() {
            Some("save") => true,
            Some("restore") => false,
            Some(other) => return Err(Failure::Usage(format!("\"{other}\" is neither save nor restore"))),
            None => return Err(Failure::Usage("say save or restore".to_owned())),
        };
        match for_restore {
            Some(option) if command.save => Err(Failure::Usage(format!("{option} is for restore"))),
            _ => Ok(command),
        }
    }

    fn carry_out(self) -> Result {
        if self.save { self.save() } else { self.restore() }
    }

    fn save(self) -> Result {
        let scope = self.table.map_or(Scope::Ruleset, Scope::Table);
        let mut snapshot = Netfilter::open()?.snapshot(scope)?;
        if self.without_counters {
            snapshot = snapshot.without_counters();
        }
        match &self.file {
            None => snapshot.write_to(io::stdout().lock()).map_err(|error| failed("standard output", &error)),
            Some(file) => {
                write_whole(file, &snapshot).map_err(|error| failed(&file.display().to_string(), &error))
            }
        }
    }

    fn restore(self) -> Result {
        let name = self.file.as_ref().map_or("standard input".to_owned(), |file| file.display().to_string());
        let mut snapshot = match &self.file {
            None if io::stdin().is_terminal() => {
                return Err(Failure::Usage("give a file, or a snapshot on standard input".to_owned()));
            }
            None => Snapshot::read_from(io::stdin().lock()),
            Some(file) => {
                let file = File::open(file).map_err(|error| failed(&name, &error))?;
                Snapshot::read_from(BufReader::with_capacity(1 << 16, file))
            }
        }
        .map_err(|error: SnapshotError| failed(&name, &error))?;
        if let Some(table) = self.table {
            let missing = format!("{name}: the snapshot has no table {table}");
            snapshot = snapshot.only(table).ok_or(Failure::Failed(missing))?;
        }
        if self.without_counters {
            snapshot = snapshot.without_counters();
        }
        let transaction = snapshot.transaction(self.how);
        // It may be large; what it says is in the transaction now.
        drop(snapshot);
        if self.dry_run {
            return common::check(&transaction);
        }
        Netfilter::open()?.commit(&transaction)?;
        Ok(())
    }
}

/// `inet edge`
fn table(text: &str) -> Result<TableRef> {
    let found = text.split_once(' ').and_then(|(family, name)| {
        let family = Family::ALL.iter().find(|known| known.word() == Some(family))?;
        (!name.is_empty()).then(|| TableRef::new(*family, name))
    });
    found.ok_or_else(|| {
        Failure::Usage(format!("--table: \"{text}\" is no family and name, such as 'inet edge'"))
    })
}

fn failed(what: &str, error: &dyn std::error::Error) -> Failure {
    Failure::Failed(format!("{what}: {error}"))
}

/// Puts the file there whole or not at all, for its owner's eyes only: who knows the rules knows the holes.
fn write_whole(path: &Path, snapshot: &Snapshot) -> io::Result<()> {
    // Through a link, to what it leads to; nothing takes the place of a device or a pipe.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&path).is_ok_and(|there| !there.is_file()) {
        return snapshot.write_to(OpenOptions::new().write(true).open(&path)?);
    }
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = path.with_file_name(name);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let written = snapshot.write_to(&mut file).and_then(|()| {
        file.flush()?;
        file.sync_all()?;
        fs::rename(&temporary, &path)
    });
    if written.is_err() {
        // The error that counts is the first one.
        let _ = fs::remove_file(&temporary);
    }
    written
}
