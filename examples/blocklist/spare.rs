//! A spare set for each list: it holds the new list while the list's own set changes.
//!
//! A commit takes effect at one instant, but Linux 5.10, 6.1 and 6.12 look up networks in a tree into which that commit
//! is still putting others, and were seen to find neither the old nor the new ones, for single packets. So
//! there, what is new is put in the spare set first, which nothing else changes; 6.18 does not need it.

use std::fs;

use portcullis::{Error, Generation, Netfilter, TableRef, Transaction};

use crate::{lists::Lists, options::Options, shape::Pair};

/// The oldest kernel that exchanges networks at one instant, of those that were tried.
const AT_ONCE: [u32; 2] = [6, 18];

/// Whether this kernel needs spare sets. One that does not say what it is gets them.
pub(crate) fn is_needed() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    version(&release) < AT_ONCE
}

/// The first two numbers of "6.18.5-cloud".
fn version(release: &str) -> [u32; 2] {
    let mut numbers =
        release.split(|letter: char| !letter.is_ascii_digit()).map(|number| number.parse().unwrap_or(0));
    [numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)]
}

/// Commits while the spare sets hold the new lists.
pub(crate) fn commit_covered(
    netfilter: &mut Netfilter,
    transaction: &Transaction,
    mut generation: Generation,
    (spare, table): (&Pair, &TableRef),
    (options, lists): (&Options, &Lists),
) -> Result<(), Error> {
    let mut fill = Transaction::new();
    if options.v4 {
        fill.entries(table, &spare.v4).replace(lists.v4.iter().copied());
    }
    if options.v6 {
        fill.entries(table, &spare.v6).replace(lists.v6.iter().copied());
    }
    netfilter.commit_if(&fill, generation.clone())?;
    generation.id = generation.id.wrapping_add(1);
    let committed = netfilter.commit_if(transaction, generation);
    // Whatever came of it: the lists' own sets are complete again.
    let mut empty = Transaction::new();
    empty.flush_set((table, &spare.v4));
    empty.flush_set((table, &spare.v6));
    let emptied = netfilter.commit(&empty);
    committed.and(emptied).map(drop)
}
