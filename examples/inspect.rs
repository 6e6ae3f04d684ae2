//! What is in the kernel's packet filter, in the form that is wanted.

mod common;

use std::process::ExitCode;

use common::{Failure, Result};
use lexopt::{
    Arg::{Long, Short},
    ValueExt,
};
use portcullis::{Family, Netfilter, Ruleset};

const HELP: &str = "\
Prints what is in the kernel's packet filter, whoever put it there.

Usage: inspect [--table NAME] [--family FAMILY] [--format FORMAT] [--verbose] [--terse]

  --table NAME     only tables of this name
  --family FAMILY  only tables of this family: ip, ip6, inet, arp, bridge, netdev
  --format FORMAT  how: nft (nft's language, which nft -f takes)
  --verbose        with the kernel's handles; says on standard error what the format leaves out
  --terse          without the elements of sets

Reads the current network namespace and changes nothing. Needs CAP_NET_ADMIN.";

/// What is wanted of a format.
#[derive(Clone, Copy, Debug, Default)]
struct Wanted {
    verbose: bool,
    terse: bool,
}

type Print = fn(&Ruleset, Wanted) -> Result<String>;

/// The formats. The first is taken where none is named; a new one is a line here, and its function below.
const FORMATS: &[(&str, Print)] = &[("nft", nft)];

fn main() -> ExitCode {
    common::run("inspect", HELP, |mut arguments| {
        let (mut table, mut family, mut format) = (None, None, None);
        let mut wanted = Wanted::default();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("table") => table = Some(arguments.value()?.string()?),
                Long("family") => family = Some(family_named(&arguments.value()?.string()?)?),
                Long("format") => format = Some(arguments.value()?.string()?),
                Long("verbose") | Short('v') => wanted.verbose = true,
                Long("terse") | Short('t') => wanted.terse = true,
                Long("help") | Short('h') => return Err(Failure::Help),
                other => return Err(other.unexpected().into()),
            }
        }
        let print = format_named(format.as_deref())?;
        let mut ruleset = Netfilter::open()?.ruleset(family)?;
        if let Some(name) = &table {
            ruleset.tables.retain(|table| table.name == *name);
            if ruleset.tables.is_empty() {
                return Err(Failure::Failed(format!("there is no table called \"{name}\"")));
            }
        }
        print!("{}", print(&ruleset, wanted)?);
        Ok(())
    })
}

fn family_named(word: &str) -> Result<Family> {
    let found = Family::ALL.iter().find(|family| family.word() == Some(word));
    found.copied().ok_or_else(|| {
        let words: Vec<_> = Family::ALL.iter().filter_map(|family| family.word()).collect();
        Failure::Usage(format!("there is no family \"{word}\"; there are {}", words.join(", ")))
    })
}

fn format_named(word: Option<&str>) -> Result<Print> {
    let found = FORMATS.iter().find(|(name, _)| word.is_none_or(|word| word == *name));
    found.map(|(_, print)| *print).ok_or_else(|| {
        let names: Vec<_> = FORMATS.iter().map(|(name, _)| *name).collect();
        let word = word.unwrap_or_default();
        Failure::Usage(format!("there is no format \"{word}\"; there are {}", names.join(", ")))
    })
}

/// nft's language.
fn nft(ruleset: &Ruleset, wanted: Wanted) -> Result<String> {
    let interfaces = interfaces();
    let mut text = ruleset.nft().interfaces(&interfaces);
    if wanted.terse {
        text = text.terse();
    }
    if wanted.verbose {
        text = text.handles();
        for loss in text.losses() {
            eprintln!("inspect: {loss}");
        }
    }
    Ok(text.to_string())
}

/// The names of the namespace's interfaces; none where the machine does not say.
fn interfaces() -> Vec<(u32, String)> {
    let found = nix::net::if_::if_nameindex();
    let found = found.iter().flat_map(|found| found.iter());
    found.map(|each| (each.index(), each.name().to_string_lossy().into_owned())).collect()
}
