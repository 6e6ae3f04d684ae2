//! How operations name tables, chains and sets.

use std::{borrow::Cow, fmt};

use super::{Chain, Family, Flowtable, Object, Set, Table};
use crate::expr::ObjectKind;

/// A table's family and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct TableRef {
    /// The family.
    pub family: Family,
    /// The name.
    pub name: String,
}

impl TableRef {
    /// The table `name` of a family.
    pub fn new(family: Family, name: impl Into<String>) -> Self {
        Self { family, name: name.into() }
    }

    /// A chain of this table.
    pub fn chain(&self, name: impl Into<String>) -> ChainRef {
        ChainRef { table: self.clone(), name: name.into() }
    }

    /// A set of this table.
    pub fn set(&self, name: impl Into<String>) -> SetRef {
        SetRef { table: self.clone(), name: name.into() }
    }
}

impl From<&Self> for TableRef {
    fn from(table: &Self) -> Self {
        table.clone()
    }
}

impl From<&Table> for TableRef {
    fn from(table: &Table) -> Self {
        Self::new(table.family, &table.name)
    }
}

impl<N: Into<String>> From<(Family, N)> for TableRef {
    fn from((family, name): (Family, N)) -> Self {
        Self::new(family, name)
    }
}

/// As nft writes it: `inet edge`.
impl fmt::Display for TableRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.family, self.name)
    }
}

/// A chain, by its table and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct ChainRef {
    /// The table.
    pub table: TableRef,
    /// The chain's name.
    pub name: String,
}

impl ChainRef {
    /// The chain `name` of a table.
    pub fn new(table: impl Into<TableRef>, name: impl Into<String>) -> Self {
        Self { table: table.into(), name: name.into() }
    }
}

impl From<&Self> for ChainRef {
    fn from(chain: &Self) -> Self {
        chain.clone()
    }
}

impl<T: Into<TableRef>, N: Into<String>> From<(T, N)> for ChainRef {
    fn from((table, name): (T, N)) -> Self {
        Self::new(table, name)
    }
}

impl<T: Into<TableRef>> From<(T, &Chain)> for ChainRef {
    fn from((table, chain): (T, &Chain)) -> Self {
        Self::new(table, &chain.name)
    }
}

impl<N: Into<String>, C: Into<String>> From<(Family, N, C)> for ChainRef {
    fn from((family, table, chain): (Family, N, C)) -> Self {
        Self::new((family, table), chain)
    }
}

/// As nft writes it: `inet edge input`.
impl fmt::Display for ChainRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.table, self.name)
    }
}

/// Where a rule goes: a chain's family, table and name, borrowed where they can be, so that adding many rules
/// one by one copies no names.
///
/// Made of whatever names a chain: `(&table, "input")`, `(Family::Inet, "edge", "input")`, a [`ChainRef`] or a
/// reference to one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChainPath<'a> {
    /// The family.
    pub family: Family,
    /// The table's name.
    pub table: Cow<'a, str>,
    /// The chain's name.
    pub name: Cow<'a, str>,
}

impl<'a> ChainPath<'a> {
    fn new(table: impl Into<TablePath<'a>>, name: impl Into<Cow<'a, str>>) -> Self {
        let TablePath { family, name: table } = table.into();
        Self { family, table, name: name.into() }
    }

    /// The table.
    pub fn table_ref(&self) -> TableRef {
        TableRef::new(self.family, &*self.table)
    }

    /// The chain, with names of its own.
    pub fn chain_ref(&self) -> ChainRef {
        self.table_ref().chain(&*self.name)
    }
}

impl<'a> From<&'a ChainRef> for ChainPath<'a> {
    fn from(chain: &'a ChainRef) -> Self {
        Self::new(&chain.table, &chain.name)
    }
}

impl From<ChainRef> for ChainPath<'_> {
    fn from(chain: ChainRef) -> Self {
        Self::new(chain.table, chain.name)
    }
}

impl<'a, T: Into<TablePath<'a>>, N: Into<Cow<'a, str>>> From<(T, N)> for ChainPath<'a> {
    fn from((table, name): (T, N)) -> Self {
        Self::new(table, name)
    }
}

impl<'a, T: Into<TablePath<'a>>> From<(T, &'a Chain)> for ChainPath<'a> {
    fn from((table, chain): (T, &'a Chain)) -> Self {
        Self::new(table, &chain.name)
    }
}

impl<'a, N: Into<Cow<'a, str>>, C: Into<Cow<'a, str>>> From<(Family, N, C)> for ChainPath<'a> {
    fn from((family, table, chain): (Family, N, C)) -> Self {
        Self::new((family, table), chain)
    }
}

/// A table's family and name, borrowed where they can be; the beginning of a [`ChainPath`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TablePath<'a> {
    /// The family.
    pub family: Family,
    /// The name.
    pub name: Cow<'a, str>,
}

impl<'a> From<&'a Table> for TablePath<'a> {
    fn from(table: &'a Table) -> Self {
        Self { family: table.family, name: Cow::Borrowed(&table.name) }
    }
}

impl<'a> From<&'a TableRef> for TablePath<'a> {
    fn from(table: &'a TableRef) -> Self {
        Self { family: table.family, name: Cow::Borrowed(&table.name) }
    }
}

impl From<TableRef> for TablePath<'_> {
    fn from(table: TableRef) -> Self {
        Self { family: table.family, name: Cow::Owned(table.name) }
    }
}

impl<'a, N: Into<Cow<'a, str>>> From<(Family, N)> for TablePath<'a> {
    fn from((family, name): (Family, N)) -> Self {
        Self { family, name: name.into() }
    }
}

/// A set or map, by its table and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct SetRef {
    /// The table.
    pub table: TableRef,
    /// The set's name.
    pub name: String,
}

impl From<&Self> for SetRef {
    fn from(set: &Self) -> Self {
        set.clone()
    }
}

impl<T: Into<TableRef>> From<(T, &Set)> for SetRef {
    fn from((table, set): (T, &Set)) -> Self {
        Self { table: table.into(), name: set.name.clone() }
    }
}

impl<T: Into<TableRef>, N: Into<String>> From<(T, N)> for SetRef {
    fn from((table, name): (T, N)) -> Self {
        Self { table: table.into(), name: name.into() }
    }
}

impl<N: Into<String>, S: Into<String>> From<(Family, N, S)> for SetRef {
    fn from((family, table, set): (Family, N, S)) -> Self {
        Self { table: TableRef::new(family, table), name: set.into() }
    }
}

impl fmt::Display for SetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.table, self.name)
    }
}

/// A stateful object, by its table, kind and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct ObjectRef {
    /// The table.
    pub table: TableRef,
    /// The kind; objects of different kinds can have one name.
    pub kind: ObjectKind,
    /// The object's name.
    pub name: String,
}

impl ObjectRef {
    /// The object `name` of a kind in a table.
    pub fn new(table: impl Into<TableRef>, kind: ObjectKind, name: impl Into<String>) -> Self {
        Self { table: table.into(), kind, name: name.into() }
    }
}

impl From<&Self> for ObjectRef {
    fn from(object: &Self) -> Self {
        object.clone()
    }
}

impl<T: Into<TableRef>, N: Into<String>> From<(T, ObjectKind, N)> for ObjectRef {
    fn from((table, kind, name): (T, ObjectKind, N)) -> Self {
        Self::new(table, kind, name)
    }
}

impl<T: Into<TableRef>> From<(T, &Object)> for ObjectRef {
    fn from((table, object): (T, &Object)) -> Self {
        Self::new(table, object.kind(), &object.name)
    }
}

/// As nft writes it: `counter inet edge hits`.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.kind, self.table, self.name)
    }
}

/// A flowtable, by its table and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct FlowtableRef {
    /// The table.
    pub table: TableRef,
    /// The flowtable's name.
    pub name: String,
}

impl From<&Self> for FlowtableRef {
    fn from(flowtable: &Self) -> Self {
        flowtable.clone()
    }
}

impl<T: Into<TableRef>, N: Into<String>> From<(T, N)> for FlowtableRef {
    fn from((table, name): (T, N)) -> Self {
        Self { table: table.into(), name: name.into() }
    }
}

impl<T: Into<TableRef>> From<(T, &Flowtable)> for FlowtableRef {
    fn from((table, flowtable): (T, &Flowtable)) -> Self {
        Self { table: table.into(), name: flowtable.name.clone() }
    }
}

impl fmt::Display for FlowtableRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.table, self.name)
    }
}
