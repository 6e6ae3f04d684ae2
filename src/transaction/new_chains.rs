//! The chains that a transaction creates, by number.
//!
//! A rule may call the chain that it goes to by name, for which the kernel clears 257 bytes, copies, and hashes; or by
//! the number that a chain of the same transaction was given (Linux 5.9), for which the kernel goes through what the
//! transaction made until then, from the beginning (`nft_chain_lookup_byid`, `net/netfilter/nf_tables_api.c`). For one
//! of the first that is less work: 1.7 % of all that a short rule costs (`benches/README.md`). Only a chain that is
//! created has a number for sure: one that is added may be there already, and then the kernel gives it none.

use super::OperationId;
use crate::{
    object::{ChainPath, ChainRef},
    wire::nft,
};

/// How many operations may come before a chain that is called by number: each is a step on the way to it.
const FIRST: usize = 16;

/// A chain that has a number.
#[derive(Clone, Debug)]
struct NewChain {
    chain: ChainRef,
    /// What makes it.
    creation: OperationId,
    /// Whether it has no name on the wire.
    nameless: bool,
}

/// The chains that have numbers, in the order of these: 1 and up.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewChains {
    chains: Vec<NewChain>,
    /// Whether something was done that may be more than one step long.
    far: bool,
    /// Whether a chain may have gone, so that its name means another, or none.
    deleted: bool,
}

impl NewChains {
    /// Forgets all.
    pub(super) fn clear(&mut self) {
        let Self { chains, far, deleted } = self;
        chains.clear();
        (*far, *deleted) = (false, false);
    }

    /// Takes note of a message of this kind.
    #[inline]
    pub(super) fn note(&mut self, kind: u16) {
        match kind {
            nft::NEWTABLE | nft::NEWCHAIN | nft::NEWRULE | nft::NEWSET | nft::NEWOBJ | nft::NEWFLOWTABLE => {}
            // A kernel may take each element, and each of the rules that go with a chain, for one step.
            _ => self.far = true,
        }
        if matches!(kind, nft::DELTABLE | nft::DESTROYTABLE | nft::DELCHAIN | nft::DESTROYCHAIN) {
            self.deleted = true;
        }
    }

    /// The number of a chain that `creation` is going to create, if its rules are to call it so.
    pub(super) fn create(&mut self, creation: OperationId, chain: ChainRef) -> Option<u32> {
        let near = creation.index() < FIRST && !self.far && self.named(&(&chain).into()).is_none();
        near.then(|| self.push(NewChain { chain, creation, nameless: false }))
    }

    /// The number of a chain that `creation` is going to add, and that has no other name.
    pub(super) fn without_name(&mut self, creation: OperationId, chain: ChainRef) -> u32 {
        self.push(NewChain { chain, creation, nameless: true })
    }

    /// The number by which rules call this chain.
    pub(super) fn named(&self, chain: &ChainPath<'_>) -> Option<u32> {
        if self.deleted {
            return None;
        }
        let is_it = |new: &NewChain| !new.nameless && ChainPath::from(&new.chain) == *chain;
        self.chains.iter().position(is_it).map(number_at)
    }

    /// What changes whenever [`Self::named`] may.
    #[inline]
    pub(super) fn state(&self) -> (usize, bool) {
        (self.chains.len(), self.deleted)
    }

    /// The chain with this number, and what makes it.
    pub(crate) fn numbered(&self, number: u32) -> Option<(&ChainRef, OperationId)> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.chains.get(index).map(|new| (&new.chain, new.creation))
    }

    fn push(&mut self, new: NewChain) -> u32 {
        self.chains.push(new);
        number_at(self.chains.len() - 1)
    }
}

fn number_at(index: usize) -> u32 {
    // There are no more of them than operations, which are counted so.
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Chain, DataType, Element, Family, Rule, Set, Table, Transaction, expr::Data,
        object::NFTA_RULE_CHAIN_ID,
    };

    const EDGE: (Family, &str) = (Family::Inet, "edge");

    /// The numbers by which the rules call their chains; `None` for a rule that says a name.
    fn calls(transaction: &Transaction) -> Vec<Option<u32>> {
        let batch = &transaction.batch;
        let messages = batch.operations.ids().filter_map(|id| batch.message_of(id));
        let rules = messages.filter(|message| message.header.kind == nft::NEWRULE);
        let number = rules.map(|rule| {
            let mut attributes = rule.attributes().map(Result::unwrap);
            attributes
                .find(|attribute| attribute.kind() == NFTA_RULE_CHAIN_ID)
                .map(|found| found.get().unwrap())
        });
        number.collect()
    }

    fn add(transaction: &mut Transaction, family: Family, chain: &str) {
        transaction.add_rule((family, "edge", chain), Rule::new().accept());
    }

    #[test]
    fn rules_call_created_chains_by_number_and_others_by_name() {
        let mut transaction = Transaction::new();
        transaction.add_table(Table::new(Family::Inet, "edge"));
        transaction.add_table(Table::new(Family::Ip, "edge"));
        transaction.create_chain(EDGE, Chain::new("a"));
        add(&mut transaction, Family::Inet, "a");
        transaction.create_chain(EDGE, Chain::new("b"));
        transaction.add_chain(EDGE, Chain::new("c"));
        transaction.create_chain((Family::Ip, "edge"), Chain::new("a"));
        for (family, chain) in [
            (Family::Inet, "b"),
            (Family::Inet, "c"),
            (Family::Inet, "a"),
            (Family::Ip, "a"),
            (Family::Ip, "b"),
        ] {
            add(&mut transaction, family, chain);
        }
        assert_eq!(calls(&transaction), [Some(1), Some(2), None, Some(1), Some(3), None]);

        transaction.clear();
        add(&mut transaction, Family::Inet, "a");
        assert_eq!(calls(&transaction), [None]);
    }

    #[test]
    fn a_created_table_numbers_its_chains() {
        let mut transaction = Transaction::new();
        let chain = |name: &str| Chain::new(name).rule(Rule::new().accept());
        transaction.create_table(Table::inet("edge").chain(chain("a")).chain(chain("b")));
        transaction.add_table(Table::inet("other").chain(chain("a")));
        assert_eq!(calls(&transaction), [Some(1), Some(2), None]);
    }

    #[test]
    fn what_goes_takes_its_number_with_it() {
        type Going = fn(&mut Transaction);
        let goings: [Going; 6] = [
            |t| _ = t.delete_chain((Family::Inet, "edge", "a")),
            |t| _ = t.destroy_chain((Family::Inet, "edge", "a")),
            |t| _ = t.delete_table(EDGE),
            |t| _ = t.destroy_table(EDGE),
            |t| _ = t.remove_table(EDGE),
            |t| _ = t.flush_ruleset(None),
        ];
        for going in goings {
            let mut transaction = Transaction::new();
            transaction.create_chain(EDGE, Chain::new("a"));
            add(&mut transaction, Family::Inet, "a");
            going(&mut transaction);
            add(&mut transaction, Family::Inet, "a");
            // The kernel may take many steps for a deletion.
            transaction.create_chain(EDGE, Chain::new("b"));
            add(&mut transaction, Family::Inet, "b");
            assert_eq!(calls(&transaction), [Some(1), None, None]);
        }
        let mut transaction = Transaction::new();
        transaction.create_chain(EDGE, Chain::new("a"));
        transaction.flush_chain((Family::Inet, "edge", "a"));
        add(&mut transaction, Family::Inet, "a");
        assert_eq!(calls(&transaction), [Some(1)], "a chain without rules is the same chain");
    }

    #[test]
    fn what_is_far_from_the_beginning_is_called_by_name() {
        let mut transaction = Transaction::new();
        for index in 0..=FIRST {
            transaction.create_chain(EDGE, Chain::new(format!("c{index}")));
        }
        add(&mut transaction, Family::Inet, &format!("c{}", FIRST - 1));
        add(&mut transaction, Family::Inet, &format!("c{FIRST}"));
        assert_eq!(calls(&transaction), [Some(16), None]);

        transaction.clear();
        let set = Set::new("s", DataType::INET_SERVICE).element(Element::new(Data::network_u16(22)));
        transaction.create_chain(EDGE, Chain::new("before"));
        transaction.add_set(EDGE, set);
        transaction.create_chain(EDGE, Chain::new("behind"));
        add(&mut transaction, Family::Inet, "before");
        add(&mut transaction, Family::Inet, "behind");
        assert_eq!(calls(&transaction), [Some(1), None], "each element is a step");
    }
}
