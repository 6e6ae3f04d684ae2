//! A blocklist: packets from and to the addresses of lists are dropped.
//!
//! Lists as they are published: a million lines, both versions of IP, comments, duplicates, overlaps. They go into two
//! sets of intervals, and whatever happens on the way, packets see the old lists or the new ones.

#[path = "../common/mod.rs"]
mod common;

mod line;
mod lists;
mod load;
mod options;
mod progress;
mod shape;
mod spare;

use std::{process::ExitCode, time::Instant};

use common::{Mode, Result};
use lists::Lists;
use options::Options;
use portcullis::{Family, Netfilter, TableRef, Transaction};
use progress::Progress;

const NAME: &str = "blocklist";

const HELP: &str = "\
Drops packets from and to the addresses of lists.

Usage: blocklist FILE... [--hook HOOK ...] [--family ipv4|ipv6] [--counters] [--update] [--spare] [--quiet]
                 [--dry-run]
       blocklist --counters
       blocklist --remove [--dry-run]

  FILE           a list, one entry a line: an address, a network (10.0.2.0/24) or a range
                 (10.0.2.1-10.0.2.9), IPv4 and IPv6 mixed; what follows a # or a ; is a comment.
                 - is standard input
  --hook HOOK    where packets are looked at: input (from the lists), output (to them), forward or
                 prerouting (both); input and forward if unsaid
  --family       only the entries of this family; the other's stay as they are
  --counters     with lists: every entry counts what it stops (`nft list set inet blocklist v4`);
                 alone: how much has been stopped so far
  --update       send the difference only, so that entries that stay keep their counters; slower
                 for large lists, for the kernel is slow at telling what it has
  --spare        have spare sets that hold the new lists while the old ones change, as is done by
                 itself before Linux 6.18, whose changes of a set of networks packets can slip through
  --remove       take the blocklist away again
  --quiet        say nothing but errors
  --dry-run      say what would be done, and touch nothing

The lists take the place of those of the last run at one instant: no packet sees half of them.
If one line is not understood, nothing is changed. What this machine sends itself always passes, and
so does IPv6 neighbour discovery.
Acts on the current network namespace, on table inet blocklist only. Needs CAP_NET_ADMIN.";

fn main() -> ExitCode {
    common::run(NAME, HELP, |arguments| {
        let options = Options::of(arguments)?;
        if options.remove && options.quiet && !options.dry_run {
            let mut transaction = Transaction::new();
            transaction.remove_table(TableRef::new(Family::Inet, NAME));
            Netfilter::open()?.commit(&transaction)?;
            return Ok(());
        }
        if options.remove {
            return Mode { dry_run: options.dry_run, revert: true }.remove(NAME);
        }
        if options.files.is_empty() {
            return show_counters();
        }
        let begun = Instant::now();
        let progress = Progress::new(options.quiet);
        let lists = Lists::read(&options.files, &progress)?;
        let read = begun.elapsed();
        let done = load::load(&options, &lists, &progress)?;
        progress.finish();
        if !options.quiet && !options.dry_run {
            print!("{lists}{done}");
            let all = begun.elapsed();
            println!("{:.2} s, {:.2} s of them for reading", all.as_secs_f64(), read.as_secs_f64());
        }
        Ok(())
    })
}

/// What the rules have counted.
fn show_counters() -> Result {
    let table = TableRef::new(Family::Inet, NAME);
    match Netfilter::open()?.table_terse(table)? {
        Some(table) => print!("{}", common::listing::listing(&table)),
        None => println!("there is no table inet {NAME}"),
    }
    Ok(())
}
