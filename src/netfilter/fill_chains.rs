//! All rules of a table, put into its chains: by one dump, or by one of each chain.
//!
//! The kernel fills 32 KiB of a dump at a time, and each time walks to where it stopped from the first rule of what is
//! dumped, the table or the chain (`nf_tables_dump_rules`). So a dump's time grows with the square of its rules, and
//! many rules in many chains are dumped faster chain by chain, although each dump costs something by itself.

use std::collections::HashSet;

use super::{
    Netfilter,
    list::{ListedChain, decode, names},
    list_rules::{RULES, follows},
    mend::{SetFlagsByName, added_to, flags_by_name, mend_rule},
};
use crate::{
    Error,
    netlink::{Query, Transport},
    object::{Chain, Family, NFTA_RULE_CHAIN, NFTA_RULE_TABLE, ReadRule, Rule, Set, TableRef},
    wire::nft,
};

/// A table's chains with their rules, and the sets that the rules add to.
type Filled = (Vec<Chain>, HashSet<String>);

impl<T: Transport> Netfilter<T> {
    /// Puts all rules of a table with these sets into its chains, such that they can be sent, and gives the names of
    /// the sets that they add to; `None` where a rule is missing.
    pub(super) fn fill_chains(
        &mut self,
        table: &TableRef,
        sets: &[Set],
        chains: Vec<ListedChain>,
    ) -> Result<Option<Filled>, Error> {
        let one_by_one = is_cheaper_one_by_one(chains.iter().map(|listed| listed.uses));
        let chains = chains.into_iter().map(|listed| listed.chain).collect();
        let (flags, targets) = (flags_by_name(sets), HashSet::new());
        let filling = Filling { chains, at: 0, whole: true, flags, targets };
        let filled = if one_by_one {
            self.fill_one_by_one(table, filling)?
        } else {
            self.fill_at_once(table, filling)?
        };
        Ok(filled.whole.then_some((filled.chains, filled.targets)))
    }

    fn fill_at_once(&mut self, table: &TableRef, filling: Filling) -> Result<Filling, Error> {
        let attributes = names(RULES, &[(NFTA_RULE_TABLE, &table.name)])?;
        let family = table.family.number();
        let query = Query { operation: RULES, kind: nft::GETRULE, family, attributes: &attributes };
        query.dump(&mut self.transport, filling, Filling::forget, |filling, message| {
            let read = Rule::decode(message.attributes()).map_err(decode(RULES))?;
            if (message.family(), read.table) == (family, &*table.name) {
                filling.turn_to(read.chain);
                filling.add(table.family, read);
            }
            Ok(())
        })
    }

    fn fill_one_by_one(&mut self, table: &TableRef, mut filling: Filling) -> Result<Filling, Error> {
        let family = table.family.number();
        let mut buffer = Vec::new();
        for at in 0..filling.chains.len() {
            filling.at = at;
            let name = filling.chains.get(at).map(|chain| chain.name.as_str()).unwrap_or_default();
            let attributes = names(RULES, &[(NFTA_RULE_TABLE, &table.name), (NFTA_RULE_CHAIN, name)])?;
            let query = Query { operation: RULES, kind: nft::GETRULE, family, attributes: &attributes };
            let forget = Filling::forget_last;
            filling = query.dump_through(
                &mut buffer,
                &mut self.transport,
                filling,
                forget,
                |filling, message| {
                    let read = Rule::decode(message.attributes()).map_err(decode(RULES))?;
                    // Before Linux 4.10 it is the whole table's rules.
                    let is_here = filling.chains.get(at).is_some_and(|chain| chain.name == read.chain);
                    if is_here && (message.family(), read.table) == (family, &*table.name) {
                        filling.add(table.family, read);
                    }
                    Ok(())
                },
            )?;
        }
        Ok(filling)
    }
}

/// What a dump costs by itself, in the squares of rules: asking for a chain and being told that nothing more comes
/// takes about as long as the walks through this many rules. (`cargo bench --bench listing -- --shapes`)
const DUMP: u64 = 200 * 200;

/// Whether chains that are used so often are dumped faster each by itself than all at once.
///
/// A use is a rule, a jump to the chain, or an element of a map that jumps to it, those of a transaction under way
/// included. So chains have about as many rules, or fewer; nothing is left out because of it.
fn is_cheaper_one_by_one(uses: impl Iterator<Item = u32>) -> bool {
    let (mut chains, mut all, mut squares) = (0u64, 0u64, 0u64);
    for uses in uses.map(u64::from) {
        chains += 1;
        all = all.saturating_add(uses);
        squares = squares.saturating_add(uses.saturating_mul(uses));
    }
    all.saturating_mul(all) > squares.saturating_add(chains.saturating_mul(DUMP))
}

/// A table's chains while their rules arrive.
struct Filling {
    chains: Vec<Chain>,
    /// The chain that the next rule is for.
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

    /// Forgets the rules of the last chain. What else they left here does no harm: another commit interrupted the
    /// dump, so all is of a state that is over, and read again.
    fn forget_last(&mut self) {
        if let Some(chain) = self.chains.get_mut(self.at) {
            chain.rules.clear();
        }
    }

    /// The next rule is for this chain: mostly that of the rule before or one behind, for they come in order.
    fn turn_to(&mut self, name: &str) {
        let is_it = |chain: &Chain| chain.name == name;
        if !self.chains.get(self.at).is_some_and(is_it) {
            let (before, after) = self.chains.split_at(self.at.min(self.chains.len()));
            let later = after.iter().position(is_it).map(|index| index + before.len());
            self.at = later.or_else(|| before.iter().position(is_it)).unwrap_or(self.chains.len());
        }
    }

    fn add(&mut self, family: Family, read: ReadRule<'_>) {
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

#[cfg(test)]
mod tests {
    use super::is_cheaper_one_by_one;

    #[test]
    fn chains_are_dumped_one_by_one_where_that_is_less_to_walk() {
        let chains = |count, uses| is_cheaper_one_by_one(std::iter::repeat_n(uses, count));
        assert!(!chains(0, 0) && !chains(1, 50_000), "nothing to gain");
        assert!(chains(10, 5_000) && chains(100, 500) && chains(1_000, 50));
        assert!(!chains(100, 5) && !chains(3, 20), "so few rules are walked through at once");
        assert!(!chains(50_000, 0), "as many dumps for nothing");
        let one_is_large =
            |large| is_cheaper_one_by_one([large].into_iter().chain(std::iter::repeat_n(10, 100)));
        assert!(!one_is_large(100) && one_is_large(50_000));
        assert!(!is_cheaper_one_by_one([u32::MAX; 1].into_iter()), "no overflow");
    }
}
