//! Where trials are set up: a batch that is never committed.

use std::collections::HashMap;

use super::Trial;
use crate::{
    Transaction,
    expr::{Counter, Data, Expr, Immediate, ObjectKind, Register},
    object::{
        Chain, ChainRef, DataType, Family, Flowtable, Object, ObjectRef, Rule, Set, SetFlags, Table,
        TableFlags, TableRef,
    },
    transaction::OperationId,
};

/// The name of the table that trials are made in. nft cannot write it, so nobody has one.
pub(crate) const PROBE: &str = "portcullis probe";

/// Something that trials need around them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Fixture {
    Table(Family),
    Chain(Family),
    Set,
    LearningSet,
    ObjectMap,
    Counter,
    Flowtable,
}

/// Trials' operations, and what they need around them, each once.
#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) transaction: Transaction,
    fixtures: HashMap<Fixture, Vec<OperationId>>,
    names: u32,
}

impl Bench {
    /// A name that nothing else has.
    pub(super) fn name(&mut self) -> String {
        self.names += 1;
        format!("trial {}", self.names)
    }

    /// The family's table, with what it takes to be there. Its chains see no packets.
    pub(super) fn table(&mut self, family: Family) -> (TableRef, Vec<OperationId>) {
        let needs = self.fixture(Fixture::Table(family), |this| {
            let table = Table::new(family, PROBE).flags(TableFlags::DORMANT);
            vec![this.transaction.add_table(table)]
        });
        ((family, PROBE).into(), needs)
    }

    fn fixture(
        &mut self,
        fixture: Fixture,
        make: impl FnOnce(&mut Self) -> Vec<OperationId>,
    ) -> Vec<OperationId> {
        if let Some(made) = self.fixtures.get(&fixture) {
            return made.clone();
        }
        let made = make(self);
        self.fixtures.insert(fixture, made.clone());
        made
    }

    fn chain(&mut self, family: Family) -> (ChainRef, Vec<OperationId>) {
        let needs = self.fixture(Fixture::Chain(family), |this| {
            let (table, mut needs) = this.table(family);
            needs.push(this.transaction.add_chain(table, Chain::new("rules")));
            needs
        });
        ((family, PROBE, "rules").into(), needs)
    }

    /// A rule of these expressions.
    pub(super) fn rule(&mut self, family: Family, expressions: Vec<Expr>) -> Trial {
        let (chain, needs) = self.chain(family);
        let mut rule = Rule::new();
        rule.body.extend(expressions.into_iter().map(Into::into));
        let target = self.transaction.add_rule(&chain, rule);
        Trial::new(target, needs)
    }

    /// A rule of one expression, for which two registers hold something: kernels refuse to read others.
    pub(super) fn expression(&mut self, family: Family, expression: impl Into<Expr>) -> Trial {
        let load = |register| Expr::from(Immediate::data(register, Data::zero(16)));
        self.rule(family, vec![load(Register::R1), load(Register::R2), expression.into()])
    }

    /// As [`Bench::expression`], in the family inet.
    pub(super) fn inet(&mut self, expression: impl Into<Expr>) -> Trial {
        self.expression(Family::Inet, expression)
    }

    /// A set of addresses to look into.
    pub(super) fn known_set(&mut self) -> (&'static str, Vec<OperationId>) {
        let needs = self.fixture(Fixture::Set, |this| this.some_set(Set::new("known", DataType::IPV4_ADDR)));
        ("known", needs)
    }

    /// A set of addresses that rules add to.
    pub(super) fn learning_set(&mut self) -> (&'static str, Vec<OperationId>) {
        let set = || Set::new("learning", DataType::IPV4_ADDR).flags(SetFlags::EVAL).size(1024);
        let needs = self.fixture(Fixture::LearningSet, |this| this.some_set(set()));
        ("learning", needs)
    }

    /// A map to counters.
    pub(super) fn object_map(&mut self) -> (&'static str, Vec<OperationId>) {
        let set = || Set::new("counters", DataType::IPV4_ADDR).map_to_objects(ObjectKind::Counter);
        let needs = self.fixture(Fixture::ObjectMap, |this| this.some_set(set()));
        ("counters", needs)
    }

    fn some_set(&mut self, set: Set) -> Vec<OperationId> {
        let (table, mut needs) = self.table(Family::Inet);
        needs.push(self.transaction.add_set(table, set));
        needs
    }

    /// A counter with a name.
    pub(super) fn counter(&mut self) -> (&'static str, Vec<OperationId>) {
        let needs = self.fixture(Fixture::Counter, |this| {
            let (table, mut needs) = this.table(Family::Inet);
            needs.push(this.transaction.add_object(table, Object::new("hits", Counter::new())));
            needs
        });
        ("hits", needs)
    }

    /// A flowtable without devices.
    pub(super) fn flowtable(&mut self) -> (&'static str, Vec<OperationId>) {
        let needs = self.fixture(Fixture::Flowtable, |this| {
            let (table, mut needs) = this.table(Family::Inet);
            needs.push(this.transaction.add_flowtable(table, Flowtable::new("fast", [""; 0])));
            needs
        });
        ("fast", needs)
    }

    /// An object that nobody has.
    pub(super) fn no_object(&mut self) -> (ObjectRef, Vec<OperationId>) {
        let (table, needs) = self.table(Family::Inet);
        (ObjectRef { table, kind: ObjectKind::Counter, name: self.name() }, needs)
    }
}
