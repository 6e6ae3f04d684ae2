//! What an operation is about, read back from its message.

use std::fmt;

use crate::{
    object::{Family, NFTA_RULE_HANDLE},
    wire::{GenMessage, nft},
};

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ObjectKind {
    /// The whole ruleset.
    Ruleset,
    /// A table.
    Table,
    /// A chain.
    Chain,
    /// A rule.
    Rule,
    /// A set or map.
    Set,
    /// Elements of a set.
    Elements,
    /// A stateful object.
    Object,
    /// A flowtable.
    Flowtable,
    /// Something that this library has no name for.
    Other,
}

impl ObjectKind {
    /// The kind that a message is about.
    pub(crate) const fn of_message(kind: u16) -> Self {
        match kind {
            nft::NEWTABLE | nft::GETTABLE | nft::DELTABLE | nft::DESTROYTABLE => Self::Table,
            nft::NEWCHAIN | nft::GETCHAIN | nft::DELCHAIN | nft::DESTROYCHAIN => Self::Chain,
            nft::NEWRULE | nft::GETRULE | nft::DELRULE | nft::DESTROYRULE => Self::Rule,
            nft::NEWSET | nft::GETSET | nft::DELSET | nft::DESTROYSET => Self::Set,
            nft::NEWSETELEM | nft::GETSETELEM | nft::DELSETELEM | nft::DESTROYSETELEM => Self::Elements,
            nft::NEWOBJ | nft::GETOBJ | nft::DELOBJ | nft::DESTROYOBJ => Self::Object,
            nft::NEWFLOWTABLE | nft::GETFLOWTABLE | nft::DELFLOWTABLE | nft::DESTROYFLOWTABLE => {
                Self::Flowtable
            }
            _ => Self::Other,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Ruleset => "ruleset",
            Self::Table => "table",
            Self::Chain => "chain",
            Self::Rule => "rule",
            Self::Set => "set",
            Self::Elements => "elements",
            Self::Object => "object",
            Self::Flowtable => "flowtable",
            Self::Other => "message",
        }
    }
}

/// The object of an operation: kind, family, table, name, handle.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subject {
    /// What it is.
    pub kind: ObjectKind,
    /// The family of its table.
    pub family: Family,
    /// Its table.
    pub table: Option<String>,
    /// Its name; for a rule its chain's, for elements their set's.
    pub name: Option<String>,
    /// A rule's handle, where the operation gives one.
    pub handle: Option<u64>,
}

impl Subject {
    /// Reads it from a message. Whatever cannot be read is left out.
    pub(crate) fn of(message: &GenMessage<'_>) -> Self {
        let kind = ObjectKind::of_message(message.header.kind);
        // All of nf_tables' messages have the table first; the name is second but for chains.
        let name_attribute = match kind {
            ObjectKind::Chain => 3,
            ObjectKind::Table => u16::MAX,
            _ => 2,
        };
        let (mut table, mut name, mut handle) = (None, None, None);
        for attribute in message.attributes().map_while(Result::ok) {
            match attribute.kind() {
                1 => table = attribute.get::<String>().ok(),
                NFTA_RULE_HANDLE if kind == ObjectKind::Rule => handle = attribute.get().ok(),
                other if other == name_attribute => name = attribute.get::<String>().ok(),
                _ => {}
            }
        }
        let all_tables = message.header.kind == nft::DELTABLE && table.is_none();
        let kind = if all_tables { ObjectKind::Ruleset } else { kind };
        Self { kind, family: Family::from_number(message.family()), table, name, handle }
    }
}

/// As nft would say it: `rule inet edge input`, `rule inet edge input handle 7`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.word())?;
        if self.family != Family::UNSPECIFIED {
            write!(f, " {}", self.family)?;
        }
        for part in [&self.table, &self.name].into_iter().flatten().filter(|part| !part.is_empty()) {
            write!(f, " {part}")?;
        }
        if let Some(handle) = self.handle {
            write!(f, " handle {handle}")?;
        }
        Ok(())
    }
}
