//! What the kernel is told, so that its table becomes the planned one.

use super::{
    Policy, Version,
    plan::Plan,
    planned::{Planned, in_kernel, reject_policy},
};
use crate::{Chain, Origin, Position, RuleAnchor, Transaction, Verb, object};

impl Plan {
    /// The operations that make the kernel's table so.
    #[track_caller]
    pub(super) fn transact(&self, transaction: &mut Transaction) {
        if !self.exists {
            if self.brings {
                transaction.add_table(self.table(Origin::here()));
            }
            return;
        }
        let table = self.builtin.table_ref(self.version);
        let here = || self.chains.iter().filter(|planned| !planned.deleted);
        if self.brings {
            for planned in here().filter(|planned| !planned.in_kernel) {
                let empty = Chain { rules: Vec::new(), ..planned.value(self.builtin, self.version) };
                transaction.add_chain(&table, empty);
            }
        }
        // Before anything is put beside them, for nothing is put beside them.
        for planned in self.chains.iter().filter(|planned| planned.in_kernel) {
            let stays = planned.policy == Policy::Reject && planned.reject.is_some_and(|(_, last)| last);
            let policy = planned.reject.filter(|_| !stays).map(|(handle, _)| handle);
            for handle in planned.gone.iter().copied().chain(policy) {
                transaction.delete_rule(table.chain(planned.name.as_str()), handle);
            }
        }
        for planned in here() {
            planned.put_rules(&(&table, planned.name.as_str()).into(), self.version, transaction);
        }
        for planned in here().filter(|planned| planned.in_kernel && planned.kernel_policy.is_some()) {
            let policy = in_kernel(planned.policy);
            if planned.kernel_policy != Some(policy) {
                transaction.set_policy(table.chain(planned.name.as_str()), policy);
            }
        }
        for planned in self.chains.iter().filter(|planned| planned.in_kernel && planned.deleted) {
            transaction.delete_chain(table.chain(planned.name.as_str()));
        }
    }
}

impl Planned {
    /// Puts the new rules, and the one that is the policy, at their places.
    fn put_rules(&self, chain: &object::ChainPath<'_>, version: Version, transaction: &mut Transaction) {
        let end = match self.reject {
            Some((handle, true)) if self.policy == Policy::Reject => Some(handle),
            _ => None,
        };
        // The kernel's rule that each stands before.
        let mut next = end;
        let mut places = Vec::with_capacity(self.rules.len());
        for planted in self.rules.iter().rev() {
            match planted.handle {
                Some(handle) => next = Some(handle),
                None => places.push((&planted.rule, next)),
            }
        }
        for (rule, next) in places.into_iter().rev() {
            let (verb, position) = match next {
                Some(handle) => (Verb::Insert, Position::Before(RuleAnchor::Handle(handle))),
                None => (Verb::Add, Position::Tail),
            };
            transaction.put_rule(verb, chain, &position, rule, rule.origin);
        }
        if self.policy == Policy::Reject && end.is_none() {
            let rule = reject_policy(version, self.origin);
            transaction.put_rule(Verb::Add, chain, &Position::Tail, &rule, rule.origin);
        }
    }
}
