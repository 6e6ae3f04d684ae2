//! How much there is in a snapshot: its last line says so.

use std::fmt;

use crate::object::Table;

/// How many objects there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    tables: usize,
    objects: usize,
    flowtables: usize,
    sets: usize,
    elements: usize,
    chains: usize,
    rules: usize,
}

impl Counts {
    pub(super) fn of(tables: &[Table]) -> Self {
        let mut counts = Self { tables: tables.len(), ..Self::default() };
        for table in tables {
            counts.objects += table.objects.len();
            counts.flowtables += table.flowtables.len();
            counts.sets += table.sets.len();
            counts.elements += table.sets.iter().map(|set| set.elements.len()).sum::<usize>();
            counts.chains += table.chains.len();
            counts.rules += table.chains.iter().map(|chain| chain.rules.len()).sum::<usize>();
        }
        counts
    }
}

/// `tables 1 objects 0 flowtables 0 sets 2 elements 7 chains 3 rules 12`
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tables, objects, flowtables, sets, elements, chains, rules } = self;
        write!(
            f,
            "tables {tables} objects {objects} flowtables {flowtables} sets {sets} elements {elements} chains \
             {chains} rules {rules}"
        )
    }
}
