//! A table in iptables' words.

use std::borrow::Borrow;

use super::{Action, Builtin, BuiltinChain, ChainName, Command, Policy, Version, Which, plan::Plan};
use crate::{Error, Origin, Rule, Ruleset};

/// One of iptables' tables, as commands in order: the lines of an `iptables-save` file.
///
/// Applied ([`Table::build`], [`ruleset`]), the kernel's table becomes what the commands make of an empty
/// one: `iptables-restore`. [Amended](crate::Netfilter::amend), they are carried out on what is there: the
/// commands themselves, or `iptables-restore --noflush`. Both are atomic.
///
/// ```
/// use portcullis::Rule;
/// use portcullis::classic::{BuiltinChain::*, Policy, Table, Version};
///
/// let nat = Table::nat(Version::V4)
///     .chain("balance")
///     .append(Prerouting, Rule::new().tcp().dport(80).jump("balance"))
///     .append("balance", Rule::new().return_());
/// assert!(nat.build().is_ok());
///
/// let wrong = Table::raw(Version::V4).policy(Input, Policy::Drop);
/// assert!(wrong.build().unwrap_err().to_string().contains("table raw has no chain INPUT"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Table {
    /// Which.
    pub builtin: Builtin,
    /// Of `iptables` or `ip6tables`.
    pub version: Version,
    /// What to do, in order.
    pub commands: Vec<Command>,
    /// The caller's line.
    pub origin: Origin,
}

impl Table {
    /// A table without commands yet.
    #[track_caller]
    pub fn new(builtin: Builtin, version: Version) -> Self {
        Self { builtin, version, commands: Vec::new(), origin: Origin::here() }
    }

    /// `-t filter`
    #[track_caller]
    pub fn filter(version: Version) -> Self {
        Self::new(Builtin::Filter, version)
    }

    /// `-t nat`
    #[track_caller]
    pub fn nat(version: Version) -> Self {
        Self::new(Builtin::Nat, version)
    }

    /// `-t mangle`
    #[track_caller]
    pub fn mangle(version: Version) -> Self {
        Self::new(Builtin::Mangle, version)
    }

    /// `-t raw`
    #[track_caller]
    pub fn raw(version: Version) -> Self {
        Self::new(Builtin::Raw, version)
    }

    /// `-t security`
    #[track_caller]
    pub fn security(version: Version) -> Self {
        Self::new(Builtin::Security, version)
    }

    /// `-A`: a rule behind all others of the chain.
    #[doc(alias = "-A")]
    #[track_caller]
    #[must_use]
    pub fn append(self, chain: impl Into<ChainName>, rule: Rule) -> Self {
        self.command(Action::Append { chain: chain.into(), rule })
    }

    /// `-I CHAIN NUMBER`: a rule that gets this number. Numbers count from 1, as iptables': `1` is the head,
    /// one more than there are rules is the tail.
    #[doc(alias = "-I")]
    #[track_caller]
    #[must_use]
    pub fn insert(self, chain: impl Into<ChainName>, number: usize, rule: Rule) -> Self {
        self.command(Action::Insert { chain: chain.into(), number, rule })
    }

    /// `-R CHAIN NUMBER`: a rule in the place of the one with this number, counted from 1.
    #[doc(alias = "-R")]
    #[track_caller]
    #[must_use]
    pub fn replace(self, chain: impl Into<ChainName>, number: usize, rule: Rule) -> Self {
        self.command(Action::Replace { chain: chain.into(), number, rule })
    }

    /// `-D`: without the rule of this number, counted from 1, or without the first rule that says the same.
    ///
    /// A rule with a list (`dport([80, 443])`) that is in the kernel is found only by its number.
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::classic::{BuiltinChain::Input, Table, Version};
    ///
    /// Table::filter(Version::V4).delete(Input, 3).delete(Input, Rule::new().iif("lo").accept());
    /// ```
    #[doc(alias = "-D")]
    #[track_caller]
    #[must_use]
    pub fn delete(self, chain: impl Into<ChainName>, which: impl Into<Which>) -> Self {
        self.command(Action::Delete { chain: chain.into(), which: which.into() })
    }

    /// `-P`: what becomes of packets at the chain's end.
    #[doc(alias = "-P")]
    #[track_caller]
    #[must_use]
    pub fn policy(self, chain: BuiltinChain, policy: Policy) -> Self {
        self.command(Action::Policy { chain, policy })
    }

    /// `-F CHAIN`: without the chain's rules. Its policy stays.
    #[doc(alias = "-F")]
    #[track_caller]
    #[must_use]
    pub fn flush(self, chain: impl Into<ChainName>) -> Self {
        self.command(Action::Flush { chain: chain.into() })
    }

    /// `-F`: without the rules of all chains. Chains and policies stay.
    #[doc(alias = "-F")]
    #[track_caller]
    #[must_use]
    pub fn flush_all(self) -> Self {
        self.command(Action::FlushAll)
    }

    /// `-N`: a new chain, to which rules jump; refused if it exists.
    #[doc(alias = "-N")]
    #[track_caller]
    #[must_use]
    pub fn chain(self, chain: impl Into<ChainName>) -> Self {
        self.command(Action::NewChain { chain: chain.into() })
    }

    /// `-X CHAIN`: without this chain of the user's; refused if it has rules, or rules jump to it.
    #[doc(alias = "-X")]
    #[track_caller]
    #[must_use]
    pub fn delete_chain(self, chain: impl Into<ChainName>) -> Self {
        self.command(Action::DeleteChain { chain: chain.into() })
    }

    /// `-X`: without all of the user's chains; refused if one has rules, or rules jump to it.
    #[doc(alias = "-X")]
    #[track_caller]
    #[must_use]
    pub fn delete_chains(self) -> Self {
        self.command(Action::DeleteChains)
    }

    #[track_caller]
    fn command(mut self, action: Action) -> Self {
        self.commands.push(Command { action, origin: Origin::here() });
        self
    }

    /// What the commands make of an empty table, with all its default chains.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every command that cannot be right, by its line: a target that iptables does
    /// not admit in its table or chain, a chain or rule that is not there.
    pub fn build(&self) -> Result<crate::Table, Error> {
        let mut plan = Plan::empty(self.builtin, self.version);
        match plan.run(self) {
            problems if problems.is_empty() => Ok(plan.table(self.origin)),
            problems => Err(Error::Invalid(problems)),
        }
    }
}

/// The same commands for `iptables` and for `ip6tables`.
///
/// ```
/// use portcullis::Rule;
/// use portcullis::classic::{self, Builtin, BuiltinChain::*, Policy};
///
/// let tables = classic::both(Builtin::Filter, |table| {
///     table.append(Input, Rule::new().tcp().dport(22).accept()).policy(Input, Policy::Drop)
/// });
/// assert_eq!(classic::ruleset(tables)?.tables.len(), 2);
/// # Ok::<(), portcullis::Error>(())
/// ```
#[track_caller]
pub fn both(builtin: Builtin, commands: impl Fn(Table) -> Table) -> [Table; 2] {
    [commands(Table::new(builtin, Version::V4)), commands(Table::new(builtin, Version::V6))]
}

/// [Built](Table::build) tables, for [`Netfilter::apply`](crate::Netfilter::apply).
///
/// # Errors
/// As [`Table::build`], for all tables at once.
pub fn ruleset<T: Borrow<Table>>(tables: impl IntoIterator<Item = T>) -> Result<Ruleset, Error> {
    let (mut ruleset, mut problems) = (Ruleset::new(), Vec::new());
    for table in tables {
        match table.borrow().build() {
            Ok(table) => ruleset.tables.push(table),
            Err(Error::Invalid(more)) => problems.extend(more),
            Err(other) => return Err(other),
        }
    }
    if problems.is_empty() { Ok(ruleset) } else { Err(Error::Invalid(problems)) }
}
