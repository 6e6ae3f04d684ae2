//! A table with everything that it holds, in the order in which the kernel can take it.

use std::collections::HashMap;

use super::{OperationId, Transaction, Verb};
use crate::{
    Statement,
    expr::{ChainTarget, Expr, Load, ObjectChoice, Verdict},
    object::{
        Chain, ChainFlags, ChainPath, Element, ElementFlags, Origin, Position, Rule, Set, SetFlags, Table,
        TableFlags, TableRef,
    },
    wire::{flags, nft},
};

/// How what a table holds is sent.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    pub(super) verb: Verb,
    /// `NLM_F_…`
    pub(super) how: u16,
    /// Of what was read: the line that errors name, in the place of each object's own; rules are numbered then.
    pub(super) origin: Option<Origin>,
    /// What belongs to a rule gets a new name.
    pub(super) anew: bool,
}

/// The numbers within the transaction that stand for new names.
#[derive(Default)]
struct Numbers<'t> {
    sets: HashMap<&'t str, u32>,
    chains: HashMap<&'t str, u32>,
}

/// What the kernel makes a name of that no set has. In a rule, what no set is called: the number counts.
const ANY_SET: &str = "__set%d";

/// As [`ANY_SET`], of the kind that the name was made of: `__map%d` for `__map3`.
fn any_name(name: &str) -> String {
    let stem = name.trim_end_matches(|character: char| character.is_ascii_digit());
    if stem.starts_with("__") && !stem.contains('%') { format!("{stem}%d") } else { ANY_SET.to_owned() }
}

impl Transaction {
    #[track_caller]
    pub(super) fn table(&mut self, verb: Verb, table: &Table, how: u16) -> OperationId {
        let id = self.table_alone(verb, table, how, Origin::here());
        self.contents(table, Manner { verb, how, origin: None, anew: false });
        id
    }

    /// Adds a table as it was read. It gets no owner: it would go with this connection.
    ///
    /// `anew`: the sets and chains that belong to one rule get new names, so that they are not taken for those
    /// that are there.
    pub(crate) fn restore_table(&mut self, table: &Table, anew: bool, origin: Origin) {
        let alone = Table { flags: table.flags - TableFlags::OWNER, ..table.alone() };
        self.table_alone(Verb::Add, &alone, flags::CREATE, origin);
        self.contents(table, Manner { verb: Verb::Add, how: flags::CREATE, origin: Some(origin), anew });
    }

    fn table_alone(&mut self, verb: Verb, table: &Table, how: u16, origin: Origin) -> OperationId {
        let label = self.label.clone();
        self.batch.operation(verb, nft::NEWTABLE, how, table.family, origin, label, |writer| {
            table.encode(writer);
            table.check()
        })
    }

    fn contents(&mut self, table: &Table, manner: Manner) {
        let Manner { verb, how, anew, .. } = manner;
        let origin = |own: Origin| manner.origin.unwrap_or(own);
        let place = TableRef::from(table);
        for object in &table.objects {
            self.object(verb, &place, object, how, origin(object.origin));
        }
        for flowtable in &table.flowtables {
            self.flowtable(verb, &place, flowtable, how, origin(flowtable.origin));
        }
        let mut numbers = Numbers::default();
        let mut sets = Vec::with_capacity(table.sets.len());
        for set in &table.sets {
            let renamed = anew && set.is_anonymous();
            let any = renamed.then(|| Set { name: any_name(&set.name), elements: Vec::new(), ..set.clone() });
            let sent = any.as_ref().unwrap_or(set);
            let label = self.label.clone();
            let (_, id) = self.batch.set_alone(verb, how, &place, sent, origin(set.origin), label);
            if renamed {
                numbers.sets.insert(&set.name, id);
            }
            sets.push((place.set(&sent.name), id, set));
        }
        // All chains come before all elements and rules, which may jump to any of them.
        for chain in &table.chains {
            let renamed = anew && chain.flags.contains(ChainFlags::BINDING);
            let id = renamed.then(|| {
                self.batch.new_chains.without_name(self.batch.operations.next(), place.chain(&chain.name))
            });
            numbers.chains.extend(id.map(|id| (chain.name.as_str(), id)));
            self.chain_alone(&place, chain, manner, origin(chain.origin), id);
        }
        for (place, id, set) in sets {
            let (elements, origin) = (set.elements.as_slice(), origin(set.origin));
            let (kind, create, label) = (nft::NEWSETELEM, flags::CREATE, self.label.clone());
            if manner.origin.is_some() && has_ranges(set) {
                let elements = in_order_of_keys(elements);
                self.batch.elements(verb, kind, create, &place, Some(id), &elements, origin, label);
            } else {
                self.batch.elements(verb, kind, create, &place, Some(id), elements, origin, label);
            }
        }
        // A chain that belongs to one rule takes no more rules once that rule is there. (Its own rules lead to no
        // further such chain: nf_tables_bind_chain.)
        let (bound, named): (Vec<_>, Vec<_>) =
            table.chains.iter().partition(|chain| chain.flags.contains(ChainFlags::BINDING));
        for chain in bound.into_iter().chain(named) {
            self.rules_of(&place, chain, manner, &numbers);
        }
    }

    fn rules_of(&mut self, table: &TableRef, chain: &Chain, manner: Manner, numbers: &Numbers<'_>) {
        let place = ChainPath::from((table, &chain.name));
        let number = numbers.chains.get(chain.name.as_str()).copied();
        let label = self.label.clone();
        for (index, rule) in chain.rules.iter().enumerate() {
            let origin = manner.origin.unwrap_or(rule.origin);
            if manner.origin.is_some() {
                self.label = Some(format!("rule {}", index + 1).into());
            }
            let renumbered = numbers.apply(rule);
            let rule = renumbered.as_ref().unwrap_or(rule);
            match number {
                Some(number) => self.rule_of_numbered(&place, number, rule, origin),
                None => {
                    self.put_rule(Verb::Add, &place, &Position::Tail, rule, origin);
                }
            }
        }
        self.label = label;
    }
}

impl Numbers<'_> {
    /// The rule with numbers in the place of names, if it has any of these.
    fn apply(&self, rule: &Rule) -> Option<Rule> {
        if !rule.expressions().any(|expression| self.concerns(expression)) {
            return None;
        }
        let mut rule = rule.clone();
        for statement in &mut rule.body {
            if let Statement::Expr(expression) = statement {
                self.renumber(expression);
            }
        }
        Some(rule)
    }

    fn concerns(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Lookup(lookup) => self.sets.contains_key(lookup.set.as_str()),
            Expr::Dynset(dynset) => self.sets.contains_key(dynset.set.as_str()),
            Expr::Objref(objref) => match &objref.object {
                ObjectChoice::Map { set, .. } => self.sets.contains_key(set.as_str()),
                ObjectChoice::Named { .. } => false,
            },
            _ => jump(expression).is_some_and(|chain| self.chains.contains_key(chain)),
        }
    }

    fn renumber(&self, expression: &mut Expr) {
        let (set, set_id) = match expression {
            Expr::Lookup(lookup) => (&mut lookup.set, &mut lookup.set_id),
            Expr::Dynset(dynset) => (&mut dynset.set, &mut dynset.set_id),
            Expr::Objref(objref) => match &mut objref.object {
                ObjectChoice::Map { set, set_id, .. } => (set, set_id),
                ObjectChoice::Named { .. } => return,
            },
            Expr::Immediate(immediate) => {
                if let Load::Verdict(Verdict::Jump(target) | Verdict::Goto(target)) = &mut immediate.load {
                    let number = match target {
                        ChainTarget::Name(name) => self.chains.get(name.as_str()),
                        ChainTarget::Id(_) => None,
                    };
                    if let Some(number) = number {
                        *target = ChainTarget::Id(*number);
                    }
                }
                return;
            }
            _ => return,
        };
        if let Some(number) = self.sets.get(set.as_str()) {
            ANY_SET.clone_into(set);
            *set_id = Some(*number);
        }
    }
}

/// Whether ranges are two elements each.
fn has_ranges(set: &Set) -> bool {
    set.flags.contains(SetFlags::INTERVAL) && set.desc.fields.is_empty()
}

/// Elements in the order in which nft sends them. The kernel lists them the other way round, and would not take
/// that for what it has: a range's end before its start is refused where the range is there already.
fn in_order_of_keys(elements: &[Element]) -> Vec<&Element> {
    let mut elements: Vec<&Element> = elements.iter().collect();
    let place = |element: &Element| !element.flags.contains(ElementFlags::INTERVAL_END);
    elements.sort_by(|a, b| a.key.cmp(&b.key).then(place(a).cmp(&place(b))));
    elements
}

/// The chain that an expression jumps to by name.
fn jump(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Immediate(immediate) => match &immediate.load {
            Load::Verdict(
                Verdict::Jump(ChainTarget::Name(name)) | Verdict::Goto(ChainTarget::Name(name)),
            ) => Some(name),
            _ => None,
        },
        _ => None,
    }
}
