//! A transaction: operations that the kernel carries out all together or not at all.

mod batch;
mod bulk;
mod chunks;
mod entries;
mod new_chains;
mod objects;
mod operation;
mod operations;
mod replacement;
mod rules;
mod sets;
mod subject;
mod table;

pub use bulk::Sent;
pub use entries::Entries;
pub use operation::{OperationId, Verb};
pub use subject::{ObjectKind, Subject};

pub(crate) use batch::{Batch, IndexToResolve};
pub(crate) use bulk::Bulk;
pub(crate) use chunks::Chunks;
pub(crate) use new_chains::NewChains;
pub(crate) use operations::{Operation, Operations, Place};
pub(crate) use replacement::Replacement;

use table::Manner;

use std::borrow::Borrow;

use crate::{
    Invalid,
    language::Encoded,
    object::{
        Chain, ChainPath, ChainRef, Family, NFTA_CHAIN_HANDLE, NFTA_CHAIN_ID, NFTA_CHAIN_NAME,
        NFTA_CHAIN_TABLE, NFTA_RULE_CHAIN, NFTA_RULE_TABLE, NFTA_TABLE_NAME, Origin, Policy, Position, Table,
        TableRef, check_name,
    },
    wire::{flags, nft},
};

/// Operations in order, encoded as they are added.
///
/// Nothing here talks to the kernel: [`Netfilter::commit`](crate::Netfilter::commit) sends a transaction,
/// [`Netfilter::check`](crate::Netfilter::check) has the kernel validate it, and both can be done again.
/// What cannot be right is remembered with the caller's line, and reported by either before anything is sent.
///
/// ```
/// use portcullis::{Chain, Family, Hook, Policy, Rule, Table, Transaction};
///
/// let table = Table::new(Family::Inet, "edge");
/// let input = Chain::filter("input", Hook::Input).policy(Policy::Drop);
///
/// let mut transaction = Transaction::new();
/// transaction.add_table(&table);
/// transaction.add_chain(&table, &input);
/// transaction.add_rule((&table, "input"), Rule::new().iif("lo").accept());
/// assert_eq!(transaction.len(), 3);
/// assert!(transaction.problems().is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    pub(crate) batch: Batch,
    /// A rule's expressions while it is lowered.
    scratch: Encoded,
    names: rules::Names,
    /// The label for operations that bring none.
    label: Option<Box<str>>,
}

impl Transaction {
    /// No operations.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the kernel to report what it makes of the operations added from here on, so that
    /// [`Committed::handle`](crate::Committed::handle) knows their handles. Costs one message for each.
    #[must_use]
    pub fn with_handles(mut self) -> Self {
        self.batch.echo = true;
        self
    }

    /// What errors call the operations added from here on, beside the caller's line. A rule's own label goes
    /// before.
    pub fn label(&mut self, label: &str) -> &mut Self {
        self.label = Some(label.into());
        self
    }

    /// Forgets the operations, to be filled anew. The memory is kept, which makes filling it again about twice as fast
    /// where it is large; so is what [`with_handles`](Self::with_handles) and [`label`](Self::label) said.
    ///
    /// ```
    /// # use portcullis::{Family, Table, Transaction};
    /// let mut transaction = Transaction::new();
    /// transaction.add_table(Table::new(Family::Inet, "edge"));
    /// transaction.clear();
    /// assert!(transaction.is_empty());
    /// ```
    pub fn clear(&mut self) {
        self.batch.clear();
    }

    /// How many operations there are, sets made for lists included.
    pub fn len(&self) -> usize {
        self.batch.operations.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.batch.operations.is_empty()
    }

    /// Bytes that the operations take on the wire.
    pub fn byte_len(&self) -> usize {
        self.batch.chunks.byte_len()
    }

    /// What cannot be right, so far.
    pub fn problems(&self) -> &[crate::InvalidOperation] {
        &self.batch.problems
    }

    /// Adds a table with everything that it holds. A table that exists is kept, and what it holds is added to.
    #[track_caller]
    pub fn add_table(&mut self, table: impl Borrow<Table>) -> OperationId {
        let table = table.borrow();
        self.table(Verb::Add, table, flags::CREATE)
    }

    /// Creates a table with everything that it holds; refused if it exists.
    #[track_caller]
    pub fn create_table(&mut self, table: impl Borrow<Table>) -> OperationId {
        self.table(Verb::Create, table.borrow(), flags::CREATE | flags::EXCL)
    }

    /// Deletes a table with everything that it holds; refused if there is none.
    #[track_caller]
    pub fn delete_table(&mut self, table: impl Into<TableRef>) -> OperationId {
        self.table_by_name(Verb::Delete, nft::DELTABLE, 0, NFTA_TABLE_NAME, &table.into())
    }

    /// Deletes a table with everything that it holds, if it exists.
    ///
    /// Before Linux 6.3 kernels only know how to delete. There every destroy of this library is sent as a delete; what
    /// the kernel then says is not there is left out, and the rest is sent again, to be carried out only if nobody has
    /// changed the ruleset meanwhile. The effect is the same, all or nothing; each of these commits takes one exchange
    /// more.
    #[track_caller]
    pub fn destroy_table(&mut self, table: impl Into<TableRef>) -> OperationId {
        self.table_by_name(Verb::Destroy, nft::DESTROYTABLE, 0, NFTA_TABLE_NAME, &table.into())
    }

    /// Deletes a table with everything that it holds, if there is one, on every kernel.
    #[track_caller]
    pub fn remove_table(&mut self, table: impl Into<TableRef>) -> OperationId {
        let table = table.into();
        // Adding makes sure that there is one to delete. Without flags: those of one that is there may not change.
        self.table_by_name(Verb::Add, nft::NEWTABLE, flags::CREATE, NFTA_TABLE_NAME, &table);
        self.delete_table(table)
    }

    /// Deletes every rule of a table; chains and sets stay.
    #[track_caller]
    pub fn flush_table(&mut self, table: impl Into<TableRef>) -> OperationId {
        self.table_by_name(Verb::Flush, nft::DELRULE, 0, NFTA_RULE_TABLE, &table.into())
    }

    /// Puts a table in the place of the one with its name, or of none, so that afterwards it holds exactly
    /// this. Packets see the old or the new one, never neither.
    ///
    /// A commit looks for base chains that are there already, at the same place, and exchanges their rules: they
    /// keep their handle. (Deleted and added anew, as by [`Transaction::remove_table`] and
    /// [`Transaction::add_table`], they would let packets through for an instant between the two.) A chain that
    /// gets another hook or priority, or a table that gets other flags or another comment, is deleted and added.
    /// Counters of rules, elements that packets added, and all other handles are gone.
    #[track_caller]
    pub fn replace_table(&mut self, table: impl Borrow<Table>) -> OperationId {
        let table = table.borrow();
        self.make_way(table);
        self.table(Verb::Add, table, flags::CREATE)
    }

    /// Deletes every table of a family, or with `None` of all families, with everything that they hold: other
    /// programs' too.
    #[track_caller]
    pub fn flush_ruleset(&mut self, family: Option<Family>) -> OperationId {
        let origin = Origin::here();
        let family = family.unwrap_or(Family::UNSPECIFIED);
        self.batch.operation(Verb::Flush, nft::DELTABLE, 0, family, origin, self.label.clone(), |_| {
            Ok::<_, Invalid>(())
        })
    }

    /// Adds a chain with its rules. A chain that exists is kept, its policy changed where one is given.
    #[track_caller]
    pub fn add_chain(&mut self, table: impl Into<TableRef>, chain: impl Borrow<Chain>) -> OperationId {
        self.chain(Verb::Add, &table.into(), chain.borrow(), flags::CREATE)
    }

    /// Creates a chain with its rules; refused if it exists.
    ///
    /// Where it is among the first things that the transaction makes, rules that are added to it later call it by
    /// number, which is less work for the kernel than its name.
    #[track_caller]
    pub fn create_chain(&mut self, table: impl Into<TableRef>, chain: impl Borrow<Chain>) -> OperationId {
        self.chain(Verb::Create, &table.into(), chain.borrow(), flags::CREATE | flags::EXCL)
    }

    /// Changes the policy of a base chain that exists.
    #[track_caller]
    pub fn set_policy(&mut self, chain: impl Into<ChainRef>, policy: Policy) -> OperationId {
        let (chain, origin) = (chain.into(), Origin::here());
        let problem = check_chain_ref(&chain);
        let label = self.label.clone();
        self.batch.operation(Verb::Replace, nft::NEWCHAIN, 0, chain.table.family, origin, label, |writer| {
            writer.put(NFTA_CHAIN_TABLE, &chain.table.name);
            writer.put(NFTA_CHAIN_NAME, &chain.name);
            writer.put(crate::object::NFTA_CHAIN_POLICY, &policy);
            problem
        })
    }

    /// Deletes a chain; refused if it has rules, if a rule jumps to it, or if there is none.
    #[track_caller]
    pub fn delete_chain(&mut self, chain: impl Into<ChainRef>) -> OperationId {
        let names = (NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME);
        self.chain_by_name(Verb::Delete, nft::DELCHAIN, names, &chain.into())
    }

    /// Deletes a chain if it exists. On [every kernel](Self::destroy_table).
    #[track_caller]
    pub fn destroy_chain(&mut self, chain: impl Into<ChainRef>) -> OperationId {
        let names = (NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME);
        self.chain_by_name(Verb::Destroy, nft::DESTROYCHAIN, names, &chain.into())
    }

    /// Deletes every rule of a chain.
    #[track_caller]
    pub fn flush_chain(&mut self, chain: impl Into<ChainRef>) -> OperationId {
        let names = (NFTA_RULE_TABLE, NFTA_RULE_CHAIN);
        self.chain_by_name(Verb::Flush, nft::DELRULE, names, &chain.into())
    }

    /// Renames a chain, found by its handle.
    #[track_caller]
    pub fn rename_chain(
        &mut self,
        table: impl Into<TableRef>,
        handle: u64,
        name: impl Into<String>,
    ) -> OperationId {
        let (table, name, origin) = (table.into(), name.into(), Origin::here());
        let problem = check_name("table", &table.name).and(check_name("chain", &name));
        let label = self.label.clone();
        self.batch.operation(Verb::Replace, nft::NEWCHAIN, 0, table.family, origin, label, |writer| {
            writer.put(NFTA_CHAIN_TABLE, &table.name);
            writer.put(NFTA_CHAIN_HANDLE, &handle);
            writer.put(NFTA_CHAIN_NAME, &name);
            problem
        })
    }

    /// Adds any object of the `nftnl` crate: it is encoded by libnftnl, at once.
    ///
    /// With [`nftnl::MsgType::Del`](portcullis_sys::nftnl::nftnl::MsgType) the object is deleted.
    #[cfg(feature = "nftnl")]
    #[track_caller]
    pub fn add_nftnl<T: portcullis_sys::nftnl::nftnl::NlMsg>(
        &mut self,
        object: &T,
        kind: portcullis_sys::nftnl::nftnl::MsgType,
    ) -> OperationId {
        let verb = match kind {
            portcullis_sys::nftnl::nftnl::MsgType::Add => Verb::Add,
            portcullis_sys::nftnl::nftnl::MsgType::Del => Verb::Delete,
        };
        let message = portcullis_sys::nftnl::encode(object, kind, 0);
        self.batch.message(verb, &message, Origin::here(), self.label.clone())
    }

    #[track_caller]
    fn chain(&mut self, verb: Verb, table: &TableRef, chain: &Chain, how: u16) -> OperationId {
        let manner = Manner { verb, how, origin: None, anew: false };
        let id = self.chain_alone(table, chain, manner, Origin::here(), None);
        let place = ChainPath::from((table, &chain.name));
        for rule in &chain.rules {
            self.put_rule(Verb::Add, &place, &Position::Tail, rule, rule.origin);
        }
        id
    }

    /// A chain without its rules; `id` is a number within the transaction in the place of its name.
    fn chain_alone(
        &mut self,
        table: &TableRef,
        chain: &Chain,
        manner: Manner,
        origin: Origin,
        id: Option<u32>,
    ) -> OperationId {
        let Manner { verb, how, .. } = manner;
        let was_read = manner.origin.is_some() || chain.handle.is_some();
        let label = self.label.clone();
        let is_created = id.is_none() && how & flags::EXCL != 0;
        let number = is_created
            .then(|| self.batch.new_chains.create(self.batch.operations.next(), table.chain(&chain.name)));
        self.batch.operation(verb, nft::NEWCHAIN, how, table.family, origin, label, |writer| {
            chain.encode(table.family, &table.name, id, writer);
            writer.put_option(NFTA_CHAIN_ID, &number.flatten());
            check_name("table", &table.name)?;
            chain.check_as(table.family, was_read)
        })
    }

    #[track_caller]
    fn table_by_name(&mut self, verb: Verb, kind: u16, how: u16, name: u16, table: &TableRef) -> OperationId {
        let origin = Origin::here();
        self.batch.operation(verb, kind, how, table.family, origin, self.label.clone(), |writer| {
            writer.put(name, &table.name);
            check_name("table", &table.name)
        })
    }

    #[track_caller]
    fn chain_by_name(&mut self, verb: Verb, kind: u16, names: (u16, u16), chain: &ChainRef) -> OperationId {
        let origin = Origin::here();
        self.batch.operation(verb, kind, 0, chain.table.family, origin, self.label.clone(), |writer| {
            writer.put(names.0, &chain.table.name);
            writer.put(names.1, &chain.name);
            check_chain_ref(chain)
        })
    }
}

fn check_chain_ref(chain: &ChainRef) -> Result<(), Invalid> {
    check_name("table", &chain.table.name)?;
    check_name("chain", &chain.name)
}
