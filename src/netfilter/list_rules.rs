//! Reading rules.

use super::{
    Netfilter,
    list::{attributes, decode, names},
    mend::{SetFlagsByName, flags_by_name, mend_rule},
};
use crate::{
    Error,
    netlink::{Query, Transport},
    object::{ChainRef, NFTA_RULE_CHAIN, NFTA_RULE_HANDLE, NFTA_RULE_TABLE, ReadRule, Rule, TableRef},
    wire::nft,
};

impl<T: Transport> Netfilter<T> {
    /// The rules of a chain, in order, as expressions, with their handles; such that they can be sent.
    /// [`Rule::lift`] makes words of them.
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring). A chain that is not there has no rules, which is no error:
    /// [`Netfilter::chain`] tells the two apart.
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
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring).
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
}

pub(super) const RULES: &str = "list rules";

/// Whether a rule is the next one behind another. A rule that somebody puts into the chain shifts the dump's
/// count even before it is committed, and then others come twice, or not at all.
///
/// What this cannot see: the last rules of a long chain are missing where somebody put rules before them and was
/// refused while the dump went on.
pub(super) fn follows(read: &ReadRule<'_>, previous: Option<&Rule>) -> bool {
    read.previous == previous.and_then(|previous| previous.handle)
}
