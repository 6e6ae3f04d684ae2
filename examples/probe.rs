//! What this kernel can do, feature by feature.

mod common;

use std::{
    fmt::Write as _,
    io::{ErrorKind, Write as _},
    process::ExitCode,
};

use common::{Failure, Result};
use lexopt::{
    Arg::{Long, Short},
    ValueExt,
};
use portcullis::{
    Netfilter,
    probe::{Feature, Group, Probe, Support},
};

const HELP: &str = "\
Asks this kernel what its packet filter can do, and prints the answers.

Usage: probe [--format FORMAT] [--missing] [--one-by-one]

  --format FORMAT  how they are printed:
                     table  what is missing with the kernel or option that it needs (the default)
                     plain  one line each, `feature: answer`, under `# group` lines
  --missing        only what does not work
  --one-by-one     asks for each by itself, too, with the answer on standard error: to find one that makes a kernel hang

Every feature is tried by a dry run: nothing is changed. Needs CAP_NET_ADMIN in the current network namespace.";

type Print = fn(&Probe) -> String;

/// The formats. The first is taken where none is named.
const FORMATS: &[(&str, Print)] = &[("table", |probe| probe.to_string()), ("plain", plain)];

fn main() -> ExitCode {
    common::run("probe", HELP, |mut arguments| {
        let (mut print, mut only_missing, mut one_by_one) = (FORMATS[0].1, false, false);
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("format") => print = format_named(&arguments.value()?.string()?)?,
                Long("missing") => only_missing = true,
                Long("one-by-one") => one_by_one = true,
                Long("help") | Short('h') => return Err(Failure::Help),
                other => return Err(other.unexpected().into()),
            }
        }
        let mut firewall = Netfilter::open()?;
        if one_by_one {
            for feature in Feature::ALL {
                eprintln!("{feature}: {}", firewall.supports(*feature)?);
            }
        }
        let mut probe = firewall.probe()?;
        if only_missing {
            probe.retain(|_, support| support != Support::Works);
        }
        match std::io::stdout().lock().write_all(print(&probe).as_bytes()) {
            // Whoever reads has seen enough, as head does.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => {
                written.map_err(|error| Failure::Failed(format!("the answers cannot be written: {error}")))
            }
        }
    })
}

fn format_named(word: &str) -> Result<Print> {
    let found = FORMATS.iter().find(|(name, _)| *name == word);
    found.map(|(_, print)| *print).ok_or_else(|| {
        let names: Vec<_> = FORMATS.iter().map(|(name, _)| *name).collect();
        Failure::Usage(format!("there is no format \"{word}\"; there are {}", names.join(", ")))
    })
}

/// For programs.
fn plain(probe: &Probe) -> String {
    let mut text = String::new();
    for group in Group::ALL {
        let mut rows = probe.iter().filter(|(feature, _)| feature.group() == *group).peekable();
        if rows.peek().is_some() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# {group}");
        }
        for (feature, support) in rows {
            let _ = writeln!(text, "{feature}: {support}");
        }
    }
    text
}
