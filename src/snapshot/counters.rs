//! A snapshot without what was counted.

use super::Snapshot;
use crate::{
    Statement,
    expr::Expr,
    object::{ObjectData, Table},
};

impl Snapshot {
    /// The snapshot with everything that the kernel counts as it is at the beginning: counters of rules, elements,
    /// objects and chains at zero, quotas unused, nothing [seen last](crate::expr::Last). What counts goes on
    /// counting.
    ///
    /// How long elements stay is no counter: timeouts and what is left of them are kept.
    #[must_use]
    pub fn without_counters(mut self) -> Self {
        self.tables.iter_mut().for_each(reset);
        self
    }
}

fn reset(table: &mut Table) {
    for object in &mut table.objects {
        match &mut object.data {
            ObjectData::Counter(counter) => (counter.packets, counter.bytes) = (None, None),
            ObjectData::Quota(quota) => quota.consumed = None,
            _ => {}
        }
    }
    for set in &mut table.sets {
        set.expressions.iter_mut().for_each(reset_expression);
        set.elements.iter_mut().flat_map(|element| &mut element.expressions).for_each(reset_expression);
    }
    for chain in &mut table.chains {
        // Without the attribute, the chain would not count at all.
        if let Some(counters) = chain.base.as_mut().and_then(|base| base.counters.as_mut()) {
            *counters = (0, 0);
        }
        for statement in chain.rules.iter_mut().flat_map(|rule| &mut rule.body) {
            if let Statement::Expr(expression) = statement {
                reset_expression(expression);
            }
        }
    }
}

fn reset_expression(expression: &mut Expr) {
    match expression {
        Expr::Counter(counter) => (counter.packets, counter.bytes) = (None, None),
        Expr::Quota(quota) => quota.consumed = None,
        Expr::Last(last) => (last.set, last.msecs) = (None, None),
        Expr::Dynset(dynset) => dynset.expressions.iter_mut().for_each(reset_expression),
        _ => {}
    }
}
