//! Bringing the lists into the kernel.

use std::fmt;

use portcullis::{
    Error, Netfilter, Table, TableRef, Transaction,
    set::{Details, Interval, Key, SetOf},
};

use crate::{
    NAME,
    common::{self, Failure, Result},
    lists::{Lists, count},
    options::Options,
    progress::Progress,
    shape::{self, Sets},
    spare::commit_covered,
};

/// How often it is tried where others change the ruleset meanwhile.
const ATTEMPTS: u32 = 10;

/// What was done, in words.
#[derive(Default)]
pub(crate) struct Done {
    verb: &'static str,
    families: Vec<String>,
    rules: String,
}

/// Puts the lists in the place of those that are there, in one transaction.
pub(crate) fn load(options: &Options, lists: &Lists, progress: &Progress) -> Result<Done> {
    let sets = Sets::of(options);
    let wanted = shape::table(options, &sets);
    let table = TableRef::from(&wanted);
    let mut netfilter = Netfilter::open()?;
    progress.waiting("loading");
    for _ in 0..ATTEMPTS {
        let asked =
            netfilter.generation().and_then(|generation| Ok((generation, netfilter.table_terse(&wanted)?)));
        let (generation, there) = match asked {
            Ok((generation, there)) => (Some(generation), there),
            // What would be done where there is nothing.
            Err(Error::Permission { .. }) if options.dry_run => (None, None),
            Err(error) => return Err(error.into()),
        };
        let mut load =
            Load { options, netfilter: &mut netfilter, transaction: Transaction::new(), fresh: false };
        let done = load.prepare(lists, &sets, &wanted, there.as_ref())?;
        let (transaction, fresh) = (load.transaction, load.fresh);
        if options.dry_run {
            progress.finish();
            println!("{}", done.plan(lists));
            common::check(&transaction)?;
            return Ok(Done::default());
        }
        let Some(generation) = generation else { break };
        let committed = match &sets.spare {
            Some(spare) if !(fresh || transaction.is_empty()) => {
                let place = (spare, &table);
                commit_covered(&mut netfilter, &transaction, generation, place, (options, lists))
            }
            _ => netfilter.commit_if(&transaction, generation).map(drop),
        };
        match committed {
            Ok(()) => return Ok(done),
            Err(Error::Changed { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::Failed("the ruleset kept changing; nothing was changed here: try again".to_owned()))
}

/// One attempt.
struct Load<'a> {
    options: &'a Options,
    netfilter: &'a mut Netfilter,
    transaction: Transaction,
    /// The sets are new.
    fresh: bool,
}

impl Load<'_> {
    fn prepare(&mut self, lists: &Lists, sets: &Sets, wanted: &Table, there: Option<&Table>) -> Result<Done> {
        let options = self.options;
        // Sets that stay are filled anew at one instant; chains that are exchanged are not.
        self.fresh = !there.is_some_and(|there| shape::is_same(there, wanted));
        if self.fresh {
            if there.is_some() && !(options.v4 && options.v6) {
                let problem = "is there with other rules (another --hook or --counters, or changed by hand): \
                               load it once without --family";
                return Err(Failure::Failed(format!("table inet {NAME} {problem}")));
            }
            self.transaction.replace_table(wanted);
        }
        let mut done = Done { rules: common::listing::listing(wanted), ..Done::default() };
        done.verb = if self.fresh { "put in place" } else { "brought up to date" };
        done.families.push(self.fill("IPv4", options.v4, &sets.lists.v4, &lists.v4)?);
        done.families.push(self.fill("IPv6", options.v6, &sets.lists.v6, &lists.v6)?);
        Ok(done)
    }

    /// Fills a set, and says with what.
    fn fill<F>(
        &mut self,
        family: &str,
        chosen: bool,
        set: &SetOf<Interval<F>>,
        entries: &[Interval<F>],
    ) -> Result<String>
    where
        Interval<F>: Key + Copy,
    {
        let said = count(entries.len(), "entry", "entries");
        if !chosen {
            return Ok(format!("{family}: {said} left out by --family"));
        }
        let table = TableRef::new(portcullis::Family::Inet, NAME);
        if self.fresh || !self.options.update {
            let sent = self.transaction.entries(table, set).replace(entries.iter().copied());
            return Ok(format!("{family}: {said}, {} when merged", count(sent.elements, "block", "blocks")));
        }
        let wanted = set.contents(entries.iter().copied())?;
        let change = self.netfilter.contents(table.clone(), set)?.changes_to(&wanted, Details::Keep);
        let (deleted, added) = (change.deleted().len(), change.added().len());
        self.transaction.entries(table, set).change(&change);
        let blocks = count(wanted.len(), "block", "blocks");
        Ok(format!("{family}: {said}, {blocks} when merged: {added} new, {deleted} gone"))
    }
}

impl Done {
    fn plan(&self, lists: &Lists) -> String {
        let families = self.families.join("\n");
        format!("would be {}, in one transaction:\n\n{lists}{families}\n\n{}", self.verb, self.rules)
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for family in &self.families {
            writeln!(f, "{family}")?;
        }
        writeln!(f, "{}:\n\n{}", self.verb, self.rules)
    }
}
