//! Tables: what chains and sets live in.

use super::{Chain, Family, Flowtable, Object, Origin, Set, check_name, userdata};
use crate::{
    Invalid,
    wire::{Attributes, DecodeError, Unknown, Writer, flag_set},
};

flag_set! {
    /// `enum nft_table_flags`
    pub struct TableFlags: u32 {
        /// The table is kept, and its base chains see no packets.
        #[doc(alias = "NFT_TABLE_F_DORMANT")]
        DORMANT = 1,
        /// The table belongs to the socket that created it and goes with it. Kernel 5.12.
        #[doc(alias = "NFT_TABLE_F_OWNER")]
        OWNER = 2,
        /// With [`TableFlags::OWNER`]: the table stays when its owner goes. Kernel 6.9.
        #[doc(alias = "NFT_TABLE_F_PERSIST")]
        PERSIST = 4,
    }
}

/// A table with what it holds.
///
/// ```
/// use portcullis::{Chain, Family, Hook, Policy, Table};
///
/// let table = Table::new(Family::Inet, "edge")
///     .comment("kept by the gateway daemon")
///     .chain(Chain::filter("input", Hook::Input).policy(Policy::Drop));
/// assert_eq!(table.chains.len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Table {
    /// Which packets its chains see.
    pub family: Family,
    /// Its name, unique in the family.
    pub name: String,
    /// See [`TableFlags`].
    #[cfg_attr(
        feature = "serde",
        serde(default = "TableFlags::empty", skip_serializing_if = "TableFlags::is_empty")
    )]
    pub flags: TableFlags,
    /// Bytes kept beside it; nft keeps the comment there ([`userdata`]).
    #[cfg_attr(
        feature = "serde",
        serde(default, with = "crate::json::userdata", skip_serializing_if = "Option::is_none")
    )]
    pub userdata: Option<Vec<u8>>,
    /// The kernel's number, when read.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub handle: Option<u64>,
    /// Stateful objects.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub objects: Vec<Object>,
    /// Flowtables.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub flowtables: Vec<Flowtable>,
    /// Named sets; in a table as read, those that belong to one rule, too.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub sets: Vec<Set>,
    /// Chains.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub chains: Vec<Chain>,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
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
    pub(crate) problem: Option<Invalid>,
}

pub(crate) const NFTA_TABLE_NAME: u16 = 1;
const NFTA_TABLE_FLAGS: u16 = 2;
const NFTA_TABLE_USE: u16 = 3;
const NFTA_TABLE_HANDLE: u16 = 4;
const NFTA_TABLE_PAD: u16 = 5;
const NFTA_TABLE_USERDATA: u16 = 6;
const NFTA_TABLE_OWNER: u16 = 7;

pub(crate) const TABLE_ATTRIBUTES: &[(&str, u16)] = &[
    ("NFTA_TABLE_NAME", NFTA_TABLE_NAME),
    ("NFTA_TABLE_FLAGS", NFTA_TABLE_FLAGS),
    ("NFTA_TABLE_USE", NFTA_TABLE_USE),
    ("NFTA_TABLE_HANDLE", NFTA_TABLE_HANDLE),
    ("NFTA_TABLE_PAD", NFTA_TABLE_PAD),
    ("NFTA_TABLE_USERDATA", NFTA_TABLE_USERDATA),
    ("NFTA_TABLE_OWNER", NFTA_TABLE_OWNER),
];

impl Table {
    /// An empty table.
    #[track_caller]
    pub fn new(family: Family, name: impl Into<String>) -> Self {
        Self {
            family,
            name: name.into(),
            flags: TableFlags::empty(),
            userdata: None,
            handle: None,
            objects: Vec::new(),
            flowtables: Vec::new(),
            sets: Vec::new(),
            chains: Vec::new(),
            unknown: Unknown::new(),
            origin: Origin::here(),
            problem: None,
        }
    }

    /// A table for IPv4 and IPv6.
    #[track_caller]
    pub fn inet(name: impl Into<String>) -> Self {
        Self::new(Family::Inet, name)
    }

    /// Sets flags, beside those set before.
    #[must_use]
    pub fn flags(mut self, flags: TableFlags) -> Self {
        self.flags |= flags;
        self
    }

    /// A comment of at most 127 bytes, shown by `nft list`. Kernel 5.10.
    #[must_use]
    pub fn comment(mut self, comment: &str) -> Self {
        match userdata::comment(userdata::COMMENT, comment) {
            Ok(bytes) => self.userdata = Some(bytes),
            Err(problem) => self.problem = self.problem.or(Some(problem)),
        }
        self
    }

    /// The comment, where the user data is one.
    pub fn comment_text(&self) -> Option<String> {
        userdata::only_comment(userdata::COMMENT, self.userdata.as_deref()?)
    }

    /// Adds a chain with its rules.
    #[must_use]
    pub fn chain(mut self, chain: Chain) -> Self {
        self.chains.push(chain);
        self
    }

    /// Adds chains.
    #[must_use]
    pub fn chains(mut self, chains: impl IntoIterator<Item = Chain>) -> Self {
        self.chains.extend(chains);
        self
    }

    /// Adds a named set with its elements.
    #[must_use]
    pub fn set(mut self, set: Set) -> Self {
        self.sets.push(set);
        self
    }

    /// Adds a stateful object.
    #[must_use]
    pub fn object(mut self, object: Object) -> Self {
        self.objects.push(object);
        self
    }

    /// Adds a flowtable.
    #[must_use]
    pub fn flowtable(mut self, flowtable: Flowtable) -> Self {
        self.flowtables.push(flowtable);
        self
    }

    /// Whether the kernel can take the table itself (what it holds is checked on its own).
    ///
    /// # Errors
    /// A name that the kernel does not take, as [`check_name`]; a comment that is too long
    /// ([`Invalid::CommentTooLong`]).
    pub fn check(&self) -> Result<(), Invalid> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        check_name("table", &self.name)
    }

    /// The table without what it holds.
    pub(crate) fn alone(&self) -> Self {
        Self {
            family: self.family,
            name: self.name.clone(),
            flags: self.flags,
            userdata: self.userdata.clone(),
            handle: self.handle,
            objects: Vec::new(),
            flowtables: Vec::new(),
            sets: Vec::new(),
            chains: Vec::new(),
            unknown: self.unknown.clone(),
            origin: self.origin,
            problem: self.problem.clone(),
        }
    }

    /// Appends the attributes of the table itself.
    pub(crate) fn encode(&self, writer: &mut Writer<'_>) {
        let Self {
            family: _,
            name,
            flags,
            userdata,
            handle: _,
            objects: _,
            flowtables: _,
            sets: _,
            chains: _,
            unknown,
            origin: _,
            problem: _,
        } = self;
        writer.put(NFTA_TABLE_NAME, name);
        writer.put(NFTA_TABLE_FLAGS, flags);
        writer.put_option(NFTA_TABLE_USERDATA, userdata);
        unknown.encode(writer);
    }

    /// A table as the kernel reports it, without what it holds.
    #[track_caller]
    pub(crate) fn decode(family: Family, attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let mut table = Self::new(family, String::new());
        let mut name = None;
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_TABLE_NAME => name = Some(attribute.get()?),
                NFTA_TABLE_FLAGS => table.flags = attribute.get()?,
                NFTA_TABLE_HANDLE => table.handle = Some(attribute.get()?),
                NFTA_TABLE_USERDATA => table.userdata = Some(attribute.get()?),
                // How many chains and sets there are, and whose socket owns it: the kernel's to say.
                NFTA_TABLE_USE | NFTA_TABLE_PAD | NFTA_TABLE_OWNER => {}
                _ => table.unknown.keep(attribute),
            }
        }
        table.name = name.ok_or(DecodeError::Missing { name: "NFTA_TABLE_NAME" })?;
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_survives_the_wire() {
        let table = Table::inet("edge").comment("mine").flags(TableFlags::DORMANT);
        let mut bytes = Vec::new();
        table.encode(&mut Writer::new(&mut bytes));
        assert_eq!(Table::decode(Family::Inet, Attributes::new(&bytes)), Ok(table.clone()));
        assert_eq!(table.comment_text().as_deref(), Some("mine"));
    }

    #[test]
    fn a_comment_too_long_is_found_by_check() {
        let error = Table::inet("edge").comment(&"x".repeat(200)).check().unwrap_err();
        assert_eq!(error, Invalid::CommentTooLong { length: 200, limit: 127 });
    }
}
