//! Reading rules.

use std::collections::HashSet;

use super::{
    Netfilter,
    list::{attributes, decode, names},
    mend::{SetFlagsByName, added_to, flags_by_name, mend_rule},
};
use crate::{
    Error,
    netlink::{Query, Transport},
    object::{
        Chain, ChainRef, Family, NFTA_RULE_CHAIN, NFTA_RULE_HANDLE, NFTA_RULE_TABLE, ReadRule, Rule, Set,
        TableRef,
    },
    wire::nft,
};

impl<T: Transport> Netfilter<T> {
    /// The rules of a chain, in order, as expressions, with their handles; such that they can be sent.
    /// [`Rule::lift`] makes words of them.
    pub fn rules(&mut self, chain: impl Into<ChainRef>) -> Result<Vec<Rule>, Error> {
        let chain = chain.into();
        self.at_one_generation(RULES, |this| this.read_rules(&chain))
    }

    /// Makes rules of a table such that they can be sent.
    pub(super) fn mend_rules_of(&mut self, table: &TableRef, rules: &mut [Rule]) -> Result<(), Error> {
        let (none, mut wanting) = (SetFlagsByName::new(), false);
        for rule in &mut *rules {
            wanting |= mend_rule(table.family, rule, &none);
        }
        if wanting { self.mend_with_sets(table, rules) } else { Ok(()) }
    }

    /// Mends rules that name sets whose flags must be known for that: seldom.
    fn mend_with_sets(&mut self, table: &TableRef, rules: &mut [Rule]) -> Result<(), Error> {
        let flags = flags_by_name(&self.read_sets(table)?);
        for rule in rules {
            mend_rule(table.family, rule, &flags);
        }
        Ok(())
    }

    /// One rule of a chain, by its handle, such that it can be sent; `None` where there is none.
    pub fn rule(&mut self, chain: impl Into<ChainRef>, handle: u64) -> Result<Option<Rule>, Error> {
        self.read_rule(nft::GETRULE, &chain.into(), handle)
    }

    pub(super) fn read_rule(
        &mut self,
        kind: u16,
        chain: &ChainRef,
        handle: u64,
    ) -> Result<Option<Rule>, Error> {
        let operation = "read a rule";
        let attributes = attributes(operation, |writer| {
            writer.text(NFTA_RULE_TABLE, &chain.table.name);
            writer.text(NFTA_RULE_CHAIN, &chain.name);
            writer.put(NFTA_RULE_HANDLE, &handle);
        })?;
        let query = Query { operation, kind, family: chain.table.family.number(), attributes: &attributes };
        let mut found = self.one(query, |message| Ok(Rule::decode(message.attributes())?.rule))?;
        if let Some(rule) = &mut found {
            self.mend_rules_of(&chain.table, std::slice::from_mut(rule))?;
        }
        Ok(found)
    }

    /// As [`Netfilter::rules`], of whichever state the ruleset is in; `None` where one is missing, because the
    /// ruleset is being changed.
    pub(super) fn read_rules(&mut self, chain: &ChainRef) -> Result<Option<Vec<Rule>>, Error> {
        let (none, mut wanting) = (SetFlagsByName::new(), false);
        let mend = |rule: &mut Rule| wanting |= mend_rule(chain.table.family, rule, &none);
        let (mut rules, whole) = self.dump_rules(nft::GETRULE, chain, (Vec::new(), true), mend, |state| {
            *state = (Vec::new(), true);
        })?;
        if wanting {
            self.mend_with_sets(&chain.table, &mut rules)?;
        }
        Ok(whole.then_some(rules))
    }

    /// Dumps a chain's rules behind those that there are, each as `mend` leaves it; false beside them where one was
    /// missing.
    pub(super) fn dump_rules(
        &mut self,
        kind: u16,
        chain: &ChainRef,
        state: (Vec<Rule>, bool),
        mut mend: impl FnMut(&mut Rule),
        forget: impl FnMut(&mut (Vec<Rule>, bool)),
    ) -> Result<(Vec<Rule>, bool), Error> {
        let place = [(NFTA_RULE_TABLE, &*chain.table.name), (NFTA_RULE_CHAIN, &*chain.name)];
        let attributes = names(RULES, &place)?;
        let family = chain.table.family.number();
        let query = Query { operation: RULES, kind, family, attributes: &attributes };
        query.dump(&mut self.transport, state, forget, |(rules, whole), message| {
            let read = Rule::decode(message.attributes()).map_err(decode(RULES))?;
            // Kernels differ in how far they filter.
            if (message.family(), read.table, read.chain) == (family, &*chain.table.name, &*chain.name) {
                *whole &= follows(&read, rules.last());
                let mut rule = read.rule;
                mend(&mut rule);
                rules.push(rule);
            }
            Ok(())
        })
    }

    /// Puts all rules of a table with these sets into its chains, such that they can be sent, and gives the names of
    /// the sets that they add to; `None` where a rule is missing.
    pub(super) fn fill_chains(
        &mut self,
        table: &TableRef,
        sets: &[Set],
        chains: Vec<Chain>,
    ) -> Result<Option<Filled>, Error> {
        let attributes = names(RULES, &[(NFTA_RULE_TABLE, &table.name)])?;
        let family = table.family.number();
        let query = Query { operation: RULES, kind: nft::GETRULE, family, attributes: &attributes };
        // Rules come chain by chain.
        let (flags, targets) = (flags_by_name(sets), HashSet::new());
        let state = Filling { chains, at: 0, whole: true, flags, targets };
        let filled = query.dump(&mut self.transport, state, Filling::forget, |state, message| {
            let read = Rule::decode(message.attributes()).map_err(decode(RULES))?;
            if (message.family(), read.table) == (family, &*table.name) {
                state.add(table.family, read);
            }
            Ok(())
        })?;
        Ok(filled.whole.then_some((filled.chains, filled.targets)))
    }
}

const RULES: &str = "list rules";

/// A table's chains with their rules, and the sets that the rules add to.
type Filled = (Vec<Chain>, HashSet<String>);

/// A table's chains while their rules arrive.
struct Filling {
    chains: Vec<Chain>,
    /// The chain that the last rule was for.
    at: usize,
    /// Nothing was missing so far.
    whole: bool,
    flags: SetFlagsByName,
    /// The sets that rules add to.
    targets: HashSet<String>,
}

impl Filling {
    fn forget(&mut self) {
        self.chains.iter_mut().for_each(|chain| chain.rules.clear());
        (self.at, self.whole) = (0, true);
        self.targets.clear();
    }

    fn add(&mut self, family: Family, read: ReadRule<'_>) {
        if self.chains.get(self.at).is_none_or(|chain| chain.name != read.chain) {
            // Mostly the next one, for rules come in the order of the chains.
            let (before, after) = self.chains.split_at(self.at.min(self.chains.len()));
            let is_it = |chain: &Chain| chain.name == read.chain;
            let later = after.iter().position(is_it).map(|index| index + before.len());
            self.at = later.or_else(|| before.iter().position(is_it)).unwrap_or(self.chains.len());
        }
        match self.chains.get_mut(self.at) {
            Some(chain) => {
                self.whole &= follows(&read, chain.rules.last());
                let mut rule = read.rule;
                mend_rule(family, &mut rule, &self.flags);
                self.targets.extend(added_to(&rule));
                chain.rules.push(rule);
            }
            None => self.whole = false,
        }
    }
}

/// Whether a rule is the next one behind another. A rule that somebody puts into the chain shifts the dump's
/// count even before it is committed, and then others come twice, or not at all.
///
/// What this cannot see: the last rules of a long chain are missing where somebody put rules before them and was
/// refused while the dump went on.
fn follows(read: &ReadRule<'_>, previous: Option<&Rule>) -> bool {
    read.previous == previous.and_then(|previous| previous.handle)
}
