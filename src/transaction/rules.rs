//! Rules in a transaction.

use std::borrow::Borrow;

use super::{Batch, IndexToResolve, NewChains, OperationId, Transaction, Verb, check_chain_ref};
use crate::{
    Invalid,
    language::SetSink,
    object::{
        ChainPath, ChainRef, NFTA_RULE_CHAIN, NFTA_RULE_CHAIN_ID, NFTA_RULE_EXPRESSIONS, NFTA_RULE_HANDLE,
        NFTA_RULE_ID, NFTA_RULE_POSITION, NFTA_RULE_POSITION_ID, NFTA_RULE_TABLE, NFTA_RULE_USERDATA, Origin,
        Position, Rule, RuleAnchor, Set, check_name,
    },
    wire::{Writer, flags, nft},
};

/// The most user data that the kernel keeps beside a rule (`NFT_USERDATA_MAXLEN`).
const USERDATA_LIMIT: usize = 256;

/// Where in a message a rule goes.
enum Place<'a> {
    At(&'a Position),
    Instead(u64),
}

impl Transaction {
    /// Adds a rule at the end of a chain.
    ///
    /// The chain is named by `(&table, "input")`, `(Family::Inet, "edge", "input")` or a [`ChainRef`].
    #[track_caller]
    pub fn add_rule<'a>(&mut self, chain: impl Into<ChainPath<'a>>, rule: impl Borrow<Rule>) -> OperationId {
        self.put_rule(Verb::Add, &chain.into(), &Position::Tail, rule.borrow(), Origin::here())
    }

    /// Inserts a rule into a chain.
    #[track_caller]
    pub fn insert_rule<'a>(
        &mut self,
        chain: impl Into<ChainPath<'a>>,
        position: Position,
        rule: impl Borrow<Rule>,
    ) -> OperationId {
        self.put_rule(Verb::Insert, &chain.into(), &position, rule.borrow(), Origin::here())
    }

    /// Puts a rule in the place of another.
    #[track_caller]
    pub fn replace_rule<'a>(
        &mut self,
        chain: impl Into<ChainPath<'a>>,
        handle: u64,
        rule: impl Borrow<Rule>,
    ) -> OperationId {
        self.rule(Verb::Replace, &chain.into(), None, &Place::Instead(handle), rule.borrow(), Origin::here())
    }

    /// Deletes a rule; refused if there is none.
    #[track_caller]
    pub fn delete_rule(&mut self, chain: impl Into<ChainRef>, rule: impl Into<RuleAnchor>) -> OperationId {
        self.rule_by_anchor(Verb::Delete, nft::DELRULE, &chain.into(), rule.into())
    }

    /// Deletes a rule if it exists. On [every kernel](Self::destroy_table).
    #[track_caller]
    pub fn destroy_rule(&mut self, chain: impl Into<ChainRef>, rule: impl Into<RuleAnchor>) -> OperationId {
        self.rule_by_anchor(Verb::Destroy, nft::DESTROYRULE, &chain.into(), rule.into())
    }

    #[track_caller]
    fn rule_by_anchor(&mut self, verb: Verb, kind: u16, chain: &ChainRef, rule: RuleAnchor) -> OperationId {
        let (origin, label) = (Origin::here(), self.label.clone());
        self.batch.operation(verb, kind, 0, chain.table.family, origin, label, |writer| {
            writer.put(NFTA_RULE_TABLE, &chain.table.name);
            writer.put(NFTA_RULE_CHAIN, &chain.name);
            match rule {
                RuleAnchor::Handle(handle) => writer.put(NFTA_RULE_HANDLE, &handle),
                RuleAnchor::Added(id) => writer.put(NFTA_RULE_ID, &id.sequence()),
            }
            check_chain_ref(chain)
        })
    }

    pub(crate) fn put_rule(
        &mut self,
        verb: Verb,
        chain: &ChainPath<'_>,
        position: &Position,
        rule: &Rule,
        origin: Origin,
    ) -> OperationId {
        self.rule(verb, chain, None, &Place::At(position), rule, origin)
    }

    /// Adds a rule at the end of a chain that has a number within the transaction in the place of a name.
    pub(super) fn rule_of_numbered(&mut self, chain: &ChainPath<'_>, id: u32, rule: &Rule, origin: Origin) {
        self.rule(Verb::Add, chain, Some(id), &Place::At(&Position::Tail), rule, origin);
    }

    fn rule(
        &mut self,
        verb: Verb,
        chain: &ChainPath<'_>,
        chain_id: Option<u32>,
        place: &Place<'_>,
        rule: &Rule,
        origin: Origin,
    ) -> OperationId {
        let label = rule.label.as_deref().map(Box::from).or_else(|| self.label.clone());
        self.scratch.clear();
        let mut sets = RuleSets { batch: &mut self.batch, chain, origin, label: label.clone() };
        let lowered = rule.lower_into(chain.family, &mut self.scratch, &mut sets);

        let checked =
            lowered.and(self.names.encode(chain, &self.batch.new_chains)).and_then(|()| check_userdata(rule));
        let (names, expressions) = (&self.names.bytes, self.scratch.bytes());
        let sequence = self.batch.operations.next().sequence();
        let (how, family) = (place.flags(), chain.family);
        let mut to_resolve = None;
        let id = self.batch.operation(verb, nft::NEWRULE, how, family, origin, label, |writer| {
            match chain_id {
                None => writer.raw(names),
                Some(id) => {
                    writer.text(NFTA_RULE_TABLE, &chain.table);
                    writer.put(NFTA_RULE_CHAIN_ID, &id);
                }
            }
            to_resolve = place.encode(writer);
            writer.nest(NFTA_RULE_EXPRESSIONS, |writer| writer.raw(expressions));
            writer.put_option(NFTA_RULE_USERDATA, &rule.userdata);
            writer.put(NFTA_RULE_ID, &sequence);
            rule.unknown.encode(writer);
            checked
        });
        if let Some((index, position)) = to_resolve {
            let start = self.batch.place_of(id).map_or(0, |place| place.offset());
            let attribute = position - start;
            let chain = chain.chain_ref();
            self.batch.indexes.push(IndexToResolve { operation: id, chain, index, attribute });
        }
        id
    }
}

/// The names of the last rule's table and chain, encoded: rules come many to a chain.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// `None` for names that cannot be right: they are checked, and refused, again each time.
    chain: Option<ChainRef>,
    /// The state of the chains with numbers, by which a name may mean another number.
    new_chains: (usize, bool),
    bytes: Vec<u8>,
}

impl Names {
    fn encode(&mut self, chain: &ChainPath<'_>, new_chains: &NewChains) -> Result<(), Box<Invalid>> {
        let known =
            |last: &ChainRef| ChainPath::from(last) == *chain && self.new_chains == new_chains.state();
        if self.chain.as_ref().is_some_and(known) {
            return Ok(());
        }
        self.bytes.clear();
        let mut writer = Writer::new(&mut self.bytes);
        writer.text(NFTA_RULE_TABLE, &chain.table);
        match new_chains.named(chain) {
            None => writer.text(NFTA_RULE_CHAIN, &chain.name),
            Some(number) => writer.put(NFTA_RULE_CHAIN_ID, &number),
        }
        let written = writer.finish();
        let checked = check_name("table", &chain.table).and(check_name("chain", &chain.name));
        self.new_chains = new_chains.state();
        self.chain = checked.is_ok().then(|| chain.chain_ref());
        Ok(checked.and(written.map_err(Invalid::from))?)
    }
}

impl Place<'_> {
    /// How the kernel is told; a rule without `APPEND` goes before the position, or to the head.
    fn flags(&self) -> u16 {
        match self {
            Self::Instead(_) => flags::REPLACE,
            Self::At(Position::Tail | Position::After(_)) => flags::CREATE | flags::APPEND,
            Self::At(Position::Head | Position::Before(_) | Position::Index(_)) => flags::CREATE,
        }
    }

    /// Appends the position; returns an index with the place of the attribute that is to tell it.
    fn encode(&self, writer: &mut Writer<'_>) -> Option<(usize, usize)> {
        match self {
            Self::Instead(handle) => writer.put(NFTA_RULE_HANDLE, handle),
            Self::At(Position::Head | Position::Tail) => {}
            Self::At(Position::Before(anchor) | Position::After(anchor)) => match anchor {
                RuleAnchor::Handle(handle) => writer.put(NFTA_RULE_POSITION, handle),
                RuleAnchor::Added(id) => writer.put(NFTA_RULE_POSITION_ID, &id.sequence()),
            },
            Self::At(Position::Index(index)) => {
                let at = writer.position();
                writer.put(NFTA_RULE_POSITION, &0u64);
                return Some((*index, at));
            }
        }
        None
    }
}

fn check_userdata(rule: &Rule) -> Result<(), Box<Invalid>> {
    match rule.userdata.as_ref().map_or(1, Vec::len) {
        1..=USERDATA_LIMIT => Ok(()),
        length => {
            let range = format!("1 to {USERDATA_LIMIT} bytes");
            let value = length.to_string();
            Err(Box::new(Invalid::OutOfRange { what: "the user data's length", value, range }))
        }
    }
}

/// Sends a rule's anonymous sets before the rule.
struct RuleSets<'a> {
    batch: &'a mut Batch,
    chain: &'a ChainPath<'a>,
    origin: Origin,
    label: Option<Box<str>>,
}

impl SetSink for RuleSets<'_> {
    fn take(&mut self, mut set: Set) -> u32 {
        set.origin = self.origin;
        let table = self.chain.table_ref();
        self.batch.set(Verb::Add, flags::CREATE, &table, &set, self.label.clone())
    }
}
