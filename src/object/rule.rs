//! Rules: what is looked at, and what follows.
//!
//! How a rule is *said* (`tcp().dport(22).accept()`) is in [`crate::language`]; here is what the kernel
//! keeps beside the expressions.

use super::{ChainRef, Family, Origin, TableRef, userdata};
use crate::{
    Invalid,
    expr::{Expr, NFTA_LIST_ELEM, decode_list},
    language::Statement,
    wire::{Attributes, DecodeError, Unknown, Writer},
};

/// A rule as a value: statements in order, a comment, and the handle once the kernel has given one.
///
/// ```
/// use portcullis::{CtState, Rule};
///
/// let rule = Rule::new().ct_state(CtState::ESTABLISHED | CtState::RELATED).counter().accept();
/// assert_eq!(rule.body.len(), 3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Rule {
    /// What it says, in order.
    pub body: Vec<Statement>,
    /// Bytes kept beside it; nft keeps the comment there ([`userdata`]).
    #[cfg_attr(
        feature = "serde",
        serde(default, with = "crate::json::userdata", skip_serializing_if = "Option::is_none")
    )]
    pub userdata: Option<Vec<u8>>,
    /// The kernel's number, when read.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub handle: Option<u64>,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
    /// What errors call it, beside the caller's line.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub label: Option<String>,
    /// The caller's line.
    #[cfg_attr(feature = "serde", serde(skip, default = "crate::json::origin"))]
    pub origin: Origin,
    #[cfg_attr(
        feature = "serde",
        serde(
            default,
            skip_deserializing,
            skip_serializing_if = "Option::is_none",
            serialize_with = "crate::json::broken"
        )
    )]
    pub(crate) problem: Option<Box<Invalid>>,
}

/// No more words than this most rules have, so that their list is allocated once.
const USUAL_WORDS: usize = 6;

/// Where a rule is put into its chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Position {
    /// Before all others; iptables' `-I`.
    Head,
    /// Behind all others; iptables' `-A`.
    Tail,
    /// Before another rule.
    Before(RuleAnchor),
    /// Behind another rule.
    After(RuleAnchor),
    /// So that it has this index, counted from 0, among the rules that the chain has in the kernel when the
    /// transaction is committed; iptables' `-I CHAIN 5` is index 4. An index equal to the number of rules
    /// puts it at the tail.
    Index(usize),
}

/// A rule that another is put beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleAnchor {
    /// A rule in the kernel, by its handle.
    Handle(u64),
    /// A rule added in the same transaction, by the number that adding it gave. Kernel 5.1.
    Added(crate::OperationId),
}

impl From<u64> for RuleAnchor {
    fn from(handle: u64) -> Self {
        Self::Handle(handle)
    }
}

impl From<crate::OperationId> for RuleAnchor {
    fn from(operation: crate::OperationId) -> Self {
        Self::Added(operation)
    }
}

pub(crate) const NFTA_RULE_TABLE: u16 = 1;
pub(crate) const NFTA_RULE_CHAIN: u16 = 2;
pub(crate) const NFTA_RULE_HANDLE: u16 = 3;
pub(crate) const NFTA_RULE_EXPRESSIONS: u16 = 4;
pub(crate) const NFTA_RULE_COMPAT: u16 = 5;
pub(crate) const NFTA_RULE_POSITION: u16 = 6;
pub(crate) const NFTA_RULE_USERDATA: u16 = 7;
const NFTA_RULE_PAD: u16 = 8;
pub(crate) const NFTA_RULE_ID: u16 = 9;
pub(crate) const NFTA_RULE_POSITION_ID: u16 = 10;
pub(crate) const NFTA_RULE_CHAIN_ID: u16 = 11;

pub(crate) const RULE_ATTRIBUTES: &[(&str, u16)] = &[
    ("NFTA_RULE_TABLE", NFTA_RULE_TABLE),
    ("NFTA_RULE_CHAIN", NFTA_RULE_CHAIN),
    ("NFTA_RULE_HANDLE", NFTA_RULE_HANDLE),
    ("NFTA_RULE_EXPRESSIONS", NFTA_RULE_EXPRESSIONS),
    ("NFTA_RULE_COMPAT", NFTA_RULE_COMPAT),
    ("NFTA_RULE_POSITION", NFTA_RULE_POSITION),
    ("NFTA_RULE_USERDATA", NFTA_RULE_USERDATA),
    ("NFTA_RULE_PAD", NFTA_RULE_PAD),
    ("NFTA_RULE_ID", NFTA_RULE_ID),
    ("NFTA_RULE_POSITION_ID", NFTA_RULE_POSITION_ID),
    ("NFTA_RULE_CHAIN_ID", NFTA_RULE_CHAIN_ID),
];

impl Default for Rule {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl Rule {
    /// A rule that matches every packet and does nothing yet.
    #[track_caller]
    pub fn new() -> Self {
        Self { body: Vec::with_capacity(USUAL_WORDS), ..Self::without_memory() }
    }

    /// As [`Rule::new`], to be given a body that was made elsewhere.
    #[track_caller]
    fn without_memory() -> Self {
        Self {
            body: Vec::new(),
            userdata: None,
            handle: None,
            unknown: Unknown::new(),
            label: None,
            origin: Origin::here(),
            problem: None,
        }
    }

    /// A comment of at most 127 bytes, shown by `nft list`.
    #[must_use]
    pub fn comment(mut self, comment: &str) -> Self {
        match userdata::comment(userdata::COMMENT, comment) {
            Ok(bytes) => self.userdata = Some(bytes),
            Err(problem) => self.problem = self.problem.or(Some(Box::new(problem))),
        }
        self
    }

    /// The comment, where the user data is one.
    pub fn comment_text(&self) -> Option<String> {
        userdata::only_comment(userdata::COMMENT, self.userdata.as_deref()?)
    }

    /// Bytes to keep beside the rule, at most 256; nft reads its own format there ([`userdata`]).
    #[must_use]
    pub fn userdata(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.userdata = Some(bytes.into());
        self
    }

    /// What errors call the rule. The kernel does not see it.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The expressions, where the rule is made of nothing else, as every rule read from the kernel is.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        self.body.iter().filter_map(|statement| match statement {
            Statement::Expr(expression) => Some(expression),
            _ => None,
        })
    }

    /// Appends the attributes of a rule that is made of expressions, in the form in which the kernel reports it.
    pub(crate) fn encode(&self, table: &str, chain: &str, writer: &mut Writer<'_>) {
        writer.text(NFTA_RULE_TABLE, table);
        writer.text(NFTA_RULE_CHAIN, chain);
        writer.nest(NFTA_RULE_EXPRESSIONS, |list| {
            self.expressions().for_each(|expression| list.put(NFTA_LIST_ELEM, expression));
        });
        writer.put_option(NFTA_RULE_USERDATA, &self.userdata);
        self.unknown.encode(writer);
    }

    /// A rule as the kernel reports it.
    #[track_caller]
    pub(crate) fn decode(attributes: Attributes<'_>) -> Result<ReadRule<'_>, DecodeError> {
        let mut rule = Self::without_memory();
        let (mut table, mut chain, mut previous) = (None, None, None);
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_RULE_TABLE => table = Some(attribute.text()?),
                NFTA_RULE_CHAIN => chain = Some(attribute.text()?),
                NFTA_RULE_HANDLE => rule.handle = Some(attribute.get()?),
                NFTA_RULE_EXPRESSIONS => rule.body = decode_list(attribute)?,
                NFTA_RULE_USERDATA => rule.userdata = Some(attribute.get()?),
                NFTA_RULE_POSITION => previous = Some(attribute.get()?),
                NFTA_RULE_PAD => {}
                _ => rule.unknown.keep(attribute),
            }
        }
        let table = table.ok_or(DecodeError::Missing { name: "NFTA_RULE_TABLE" })?;
        let chain = chain.ok_or(DecodeError::Missing { name: "NFTA_RULE_CHAIN" })?;
        Ok(ReadRule { table, chain, previous, rule })
    }
}

/// A rule as the kernel reports it, with what says where it is.
pub(crate) struct ReadRule<'a> {
    pub(crate) table: &'a str,
    pub(crate) chain: &'a str,
    /// The handle of the rule before it.
    pub(crate) previous: Option<u64>,
    pub(crate) rule: Rule,
}

impl ReadRule<'_> {
    /// The chain that it is in.
    pub(crate) fn place(&self, family: Family) -> ChainRef {
        TableRef::new(family, self.table).chain(self.chain)
    }
}
