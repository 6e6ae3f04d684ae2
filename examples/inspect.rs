//! What is in the kernel's packet filter, in the form that is wanted.

mod common;

use std::{
    io::{ErrorKind, Write},
    process::ExitCode,
};

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
  --format FORMAT  how it is printed:
                     table     as iptables -L -n does (the default)
                     nft       in nft's language, which nft -f takes
                     bytecode  the kernel's expressions, as nft --debug=netlink does
                     json      as docs/json.md says (built with --features serde)
                     dot       a picture of the packet's way, for Graphviz
                     svg       the same picture, for a browser
  --verbose        table: counters and interfaces too; nft: with handles, and on standard error what nft has no
                   words for; bytecode: what libnftnl leaves out, too; json: rules as the kernel's expressions
  --terse          without the elements of named sets

Reads the current network namespace and changes nothing. Needs CAP_NET_ADMIN.";

/// What is wanted of a format.
#[derive(Clone, Copy, Debug, Default)]
struct Wanted {
    verbose: bool,
    terse: bool,
}

type Print = fn(&Ruleset, Wanted) -> Result<String>;

/// The formats. The first is taken where none is named; a new one is a line here, and its function below.
const FORMATS: &[(&str, Print)] =
    &[("table", table), ("nft", nft), ("bytecode", bytecode), ("json", json), ("dot", dot), ("svg", svg)];

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
        let mut firewall = Netfilter::open()?;
        let mut ruleset =
            if wanted.terse { firewall.ruleset_terse(family)? } else { firewall.ruleset(family)? };
        if let Some(name) = &table {
            ruleset.tables.retain(|table| table.name == *name);
            if ruleset.tables.is_empty() {
                return Err(Failure::Failed(format!("there is no table called \"{name}\"")));
            }
        }
        let text = print(&ruleset, wanted)?;
        match std::io::stdout().lock().write_all(text.as_bytes()) {
            // Whoever reads has seen enough, as head does.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => {
                written.map_err(|error| Failure::Failed(format!("the text cannot be written: {error}")))
            }
        }
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

/// iptables' table.
fn table(ruleset: &Ruleset, wanted: Wanted) -> Result<String> {
    Ok(ruleset.listing().numeric(true).verbose(wanted.verbose).to_string())
}

/// The kernel's expressions.
fn bytecode(ruleset: &Ruleset, wanted: Wanted) -> Result<String> {
    let text = ruleset.bytecode();
    Ok(if wanted.verbose { format!("{text:#}") } else { text.to_string() })
}

#[cfg(feature = "serde")]
fn json(ruleset: &Ruleset, wanted: Wanted) -> Result<String> {
    let text = if wanted.verbose {
        serde_json::to_string_pretty(ruleset)
    } else {
        serde_json::to_string_pretty(&ruleset.lift())
    };
    text.map(|text| text + "\n").map_err(|error| Failure::Failed(format!("no JSON can be made: {error}")))
}

#[cfg(not(feature = "serde"))]
fn json(_: &Ruleset, _: Wanted) -> Result<String> {
    let way =
        "this program was built without it: cargo run --features serde --example inspect -- --format json";
    Err(Failure::Failed(way.to_owned()))
}

/// The packet's way, for Graphviz.
fn dot(ruleset: &Ruleset, _: Wanted) -> Result<String> {
    Ok(ruleset.dot().to_string())
}

/// The packet's way, for a browser.
fn svg(ruleset: &Ruleset, _: Wanted) -> Result<String> {
    Ok(ruleset.svg().to_string())
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
