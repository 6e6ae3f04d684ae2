//! Commands on the tables that are in the kernel.

use std::borrow::Borrow;

use super::{Action, Builtin, ChainName, Table, Version, plan::Plan, planned::Planned};
use crate::{
    Chain, Committed, Error, Generation, Invalid, InvalidOperation, Netfilter, ObjectKind, OperationId,
    Origin, Subject, Transaction, Verb, netlink::Transport,
};

/// How often tables are read anew when others change them meanwhile.
const ATTEMPTS: u32 = 10;

/// iptables' world.
impl<T: Transport> Netfilter<T> {
    /// Carries iptables' commands out on the tables that are there, all of them or none: as the commands
    /// themselves, or as `iptables-restore --noflush`. Tables and default chains that are missing are made;
    /// what no command is about stays as it is.
    ///
    /// The tables are read, and what follows is committed only if they are still the same; otherwise once
    /// more.
    ///
    /// ```no_run
    /// use portcullis::{Netfilter, Rule};
    /// use portcullis::classic::{BuiltinChain::*, Table, Version};
    ///
    /// // iptables -I INPUT -s 192.0.2.7 -j ACCEPT; iptables -t nat -A POSTROUTING -o wan0 -j MASQUERADE
    /// let filter = Table::filter(Version::V4).insert(Input, 1, Rule::new().saddr("192.0.2.7").accept());
    /// let nat = Table::nat(Version::V4).append(Postrouting, Rule::new().oif("wan0").masquerade());
    /// Netfilter::open()?.amend([filter, nat])?;
    /// # Ok::<(), portcullis::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] with every command that cannot be right, by its line, before anything is sent;
    /// else as [`Netfilter::commit`]. [`Error::Interrupted`] if others keep changing the ruleset.
    #[track_caller]
    pub fn amend<B: Borrow<Table>>(
        &mut self,
        tables: impl IntoIterator<Item = B>,
    ) -> Result<Committed, Error> {
        let tables: Vec<B> = tables.into_iter().collect();
        let tables: Vec<&Table> = tables.iter().map(Borrow::borrow).collect();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (transaction, generation) = self.plan(&tables)?;
            match self.commit_if(&transaction, generation) {
                Err(Error::Changed { .. }) if attempts < ATTEMPTS => {}
                Err(Error::Changed { .. }) => {
                    return Err(Error::Interrupted { operation: "amend", attempts });
                }
                result => return result,
            }
        }
    }

    /// The transaction that [`Netfilter::amend`] would commit, and the generation at which it is right: to
    /// look at it, to [check](Netfilter::check) it, or to add to it before [`Netfilter::commit_if`].
    ///
    /// # Errors
    /// As [`Netfilter::amend`].
    #[track_caller]
    pub fn amendment<B: Borrow<Table>>(
        &mut self,
        tables: impl IntoIterator<Item = B>,
    ) -> Result<(Transaction, Generation), Error> {
        let tables: Vec<B> = tables.into_iter().collect();
        self.plan(&tables.iter().map(Borrow::borrow).collect::<Vec<_>>())
    }

    /// One of iptables' tables as the commands that would make it: `iptables -S`. `None` if the kernel has
    /// none. A policy of [`Reject`](super::Policy::Reject) is a policy again, and not among the rules.
    ///
    /// Rules are read as expressions. One with a list looks up a set of the kernel's by its name: it can be
    /// looked at, but not applied again.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the table has a chain that iptables could not have made, such as one of another
    /// program's at a hook; else what reading can bring.
    #[track_caller]
    pub fn classic(&mut self, builtin: Builtin, version: Version) -> Result<Option<Table>, Error> {
        let table = Table::new(builtin, version);
        if !self.has_classic(builtin, version)? {
            return Ok(None);
        }
        let plan = self.load(builtin, version, None, table.origin)?;
        Ok(Some(plan.commands(table)))
    }

    #[track_caller]
    fn plan(&mut self, tables: &[&Table]) -> Result<(Transaction, Generation), Error> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let generation = self.generation()?;
            let mut transaction = Transaction::new();
            let result = self.plan_at(tables, &mut transaction);
            match result {
                Ok(()) => return Ok((transaction, generation)),
                // What is wrong with half-changed tables may be right with the new ones.
                Err(Error::Invalid(_)) if attempts < ATTEMPTS && self.generation()?.id != generation.id => {}
                Err(error) => return Err(error),
            }
        }
    }

    #[track_caller]
    fn plan_at(&mut self, tables: &[&Table], transaction: &mut Transaction) -> Result<(), Error> {
        let mut problems = Vec::new();
        for version in Version::ALL {
            for builtin in Builtin::ALL {
                let mut mine =
                    tables.iter().filter(|table| (table.builtin, table.version) == (builtin, version));
                let Some(first) = mine.next() else { continue };
                // Commands on the same table are one run of commands.
                let mut all = Table::clone(first);
                all.commands.extend(mine.flat_map(|table| table.commands.iter().cloned()));
                let mut plan = self.load(builtin, version, Some(&all), first.origin)?;
                problems.extend(plan.run(&all));
                plan.transact(transaction);
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
    }

    fn has_classic(&mut self, builtin: Builtin, version: Version) -> Result<bool, Error> {
        Ok(self.tables(Some(version.family()))?.iter().any(|table| table.name == builtin.name()))
    }

    /// Reads a table: its default chains, and of the others the rules that commands are about; without
    /// commands, all rules.
    #[track_caller]
    fn load(
        &mut self,
        builtin: Builtin,
        version: Version,
        commands: Option<&Table>,
        origin: Origin,
    ) -> Result<Plan, Error> {
        if !self.has_classic(builtin, version)? {
            return Ok(Plan::empty(builtin, version));
        }
        let place = builtin.table_ref(version);
        let actions = || commands.iter().flat_map(|table| &table.commands).map(|command| &command.action);
        let all = commands.is_none()
            || actions().any(|action| matches!(action, Action::FlushAll | Action::DeleteChains));
        let mut planned = Vec::new();
        for chain in self.chains(&place)? {
            let name = ChainName::from(chain.name.as_str());
            let is_default = match &name {
                ChainName::Builtin(default) if builtin.has(*default) => {
                    if !is_iptables(builtin, version, &chain) {
                        return Err(not_iptables(builtin, version, &chain, origin));
                    }
                    true
                }
                // Commands leave it alone, but they could not say it.
                name if commands.is_none()
                    && (chain.base.is_some() || matches!(name, ChainName::Builtin(_))) =>
                {
                    return Err(not_iptables(builtin, version, &chain, origin));
                }
                _ => false,
            };
            let about = all || is_default || actions().any(|action| action.chain().as_ref() == Some(&name));
            let rules = if about { self.rules(place.chain(&chain.name))? } else { Vec::new() };
            planned.push(Planned::from_kernel(&chain, rules, version));
        }
        Ok(Plan::new(builtin, version, true, planned))
    }
}

/// Whether the chain with a default chain's name is that one.
fn is_iptables(builtin: Builtin, version: Version, chain: &Chain) -> bool {
    let ChainName::Builtin(name) = ChainName::from(chain.name.as_str()) else {
        return true;
    };
    let (expected, family) = (builtin.base_chain(name), version.family());
    match (&chain.base, &expected.base) {
        (Some(is), Some(should)) => {
            is.kind == should.kind
                && is.hook == should.hook
                && is.priority.number(family) == should.priority.number(family)
        }
        _ => false,
    }
}

fn not_iptables(builtin: Builtin, version: Version, chain: &Chain, origin: Origin) -> Error {
    let what = match &chain.base {
        None => "a chain without a hook".to_owned(),
        Some(base) => {
            let priority = base.priority.number(version.family());
            format!("of type {}, at hook {}, with priority {priority}", base.kind.word(), base.hook)
        }
    };
    let problem = format!(
        "the chain is not iptables': it is {what}; \
         delete table {} {builtin}, or work on it as a Table of your own",
        version.family()
    );
    let subject = Subject {
        kind: ObjectKind::Chain,
        family: version.family(),
        table: Some(builtin.to_string()),
        name: Some(chain.name.clone()),
        handle: None,
    };
    Error::Invalid(vec![InvalidOperation {
        operation: OperationId(0),
        verb: Verb::Add,
        subject: Some(subject),
        origin,
        label: None,
        problem: Invalid::Combination { problem },
    }])
}
