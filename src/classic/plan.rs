//! Commands carried out on a table in memory: an empty one, or the kernel's.

use super::{Action, Builtin, BuiltinChain, ChainName, Command, Policy, Table, Target, Version, Which};
use super::spoken::{Spoken, same};
use crate::{
    Chain, Invalid, InvalidOperation, ObjectKind, OperationId, Origin, Position, Rule, RuleAnchor, Subject,
    Transaction, Verb,
    expr::{Expr, Icmp6Code, IcmpCode, Reject},
    language::Statement,
    object,
};

/// The comment of the rule that is a chain's policy.
const REJECT_POLICY: &str = "policy REJECT";

/// A table, and what has become of it.
#[derive(Debug)]
pub(super) struct Plan {
    builtin: Builtin,
    version: Version,
    /// Whether the kernel has the table.
    exists: bool,
    /// Whether a command brings something.
    brings: bool,
    chains: Vec<Planned>,
}

/// A chain, and what has become of it.
#[derive(Debug)]
pub(super) struct Planned {
    name: ChainName,
    in_kernel: bool,
    deleted: bool,
    policy: Policy,
    /// The policy that the kernel has.
    kernel_policy: Option<object::Policy>,
    rules: Vec<Planted>,
    /// The kernel's rules that go.
    gone: Vec<u64>,
    /// The rule that is the policy, by its handle, and whether it is the last of the chain.
    reject: Option<(u64, bool)>,
    origin: Origin,
}

/// A rule of a chain.
#[derive(Debug)]
struct Planted {
    rule: Rule,
    spoken: Spoken,
    /// The kernel's handle; none for a new one.
    handle: Option<u64>,
    /// The command that brought it.
    command: usize,
}

impl Planned {
    /// A chain that the kernel does not have.
    fn new(name: ChainName, origin: Origin) -> Self {
        Self {
            name,
            in_kernel: false,
            deleted: false,
            policy: Policy::Accept,
            kernel_policy: None,
            rules: Vec::new(),
            gone: Vec::new(),
            reject: None,
            origin,
        }
    }

    /// A chain of the kernel's.
    pub(super) fn from_kernel(chain: &Chain, rules: Vec<Rule>, version: Version) -> Self {
        let mut planned = Self::new(chain.name.as_str().into(), chain.origin);
        planned.in_kernel = true;
        planned.kernel_policy = chain.base.as_ref().and_then(|base| base.policy);
        if planned.kernel_policy == Some(object::Policy::Drop) {
            planned.policy = Policy::Drop;
        }
        let last = rules.last().and_then(|rule| rule.handle);
        for rule in rules {
            match rule.handle {
                Some(handle) if chain.base.is_some() && is_reject_policy(&rule) => {
                    planned.policy = Policy::Reject;
                    // Of two, the second is taken; the first goes.
                    let earlier = planned.reject.replace((handle, last == Some(handle)));
                    planned.gone.extend(earlier.map(|(handle, _)| handle));
                }
                handle => {
                    let spoken = Spoken::of(&rule, version);
                    planned.rules.push(Planted { rule, spoken, handle, command: 0 });
                }
            }
        }
        planned
    }

    /// The index of the rule with a number counted from 1.
    fn index(&self, number: usize) -> Result<usize, Invalid> {
        match number.checked_sub(1) {
            Some(index) if index < self.rules.len() => Ok(index),
            _ => Err(self.no_number(number, self.rules.len())),
        }
    }

    fn no_number(&self, number: usize, last: usize) -> Invalid {
        let rules = self.rules.len();
        let range = match last {
            0 => "none (the chain has no rules)".to_owned(),
            last => format!("1 to {last} (chain {} has {rules} rules, its policy not counted)", self.name),
        };
        Invalid::OutOfRange { what: "the rule's number", value: number.to_string(), range }
    }

    fn remove(&mut self, index: usize) {
        if index < self.rules.len() {
            self.gone.extend(self.rules.remove(index).handle);
        }
    }

    fn clear(&mut self) {
        self.gone.extend(self.rules.drain(..).filter_map(|planted| planted.handle));
    }

    /// The chain as a value, with the rules where they are new.
    fn value(&self, builtin: Builtin, version: Version) -> Chain {
        let mut chain = match &self.name {
            ChainName::Builtin(name) => builtin.base_chain(*name).policy(in_kernel(self.policy)),
            ChainName::User(name) => Chain::new(name),
        };
        chain.origin = self.origin;
        chain.rules = self.rules.iter().map(|planted| planted.rule.clone()).collect();
        if self.policy == Policy::Reject {
            chain.rules.push(reject_policy(version, self.origin));
        }
        chain
    }
}

impl Plan {
    /// A table that is not there: its default chains, to be made.
    pub(super) fn empty(builtin: Builtin, version: Version) -> Self {
        Self::new(builtin, version, false, Vec::new())
    }

    /// The kernel's table, with the chains that it has.
    pub(super) fn new(builtin: Builtin, version: Version, exists: bool, mut chains: Vec<Planned>) -> Self {
        for chain in builtin.chains() {
            let name = ChainName::Builtin(*chain);
            if chains.iter().all(|planned| planned.name != name) {
                chains.push(Planned::new(name, Origin::here()));
            }
        }
        // Default chains in iptables' order, and before all others, whose order stays.
        chains.sort_by_key(|planned| match &planned.name {
            ChainName::Builtin(name) => builtin.chains().iter().position(|chain| chain == name),
            ChainName::User(_) => Some(usize::MAX),
        });
        Self { builtin, version, exists, brings: false, chains }
    }

    /// Carries the commands out, and says what cannot be right of them.
    pub(super) fn run(&mut self, table: &Table) -> Vec<InvalidOperation> {
        let mut problems = Vec::new();
        for (index, command) in table.commands.iter().enumerate() {
            self.brings |= command.action.brings();
            if let Err(problem) = self.execute(index, command) {
                problems.push(self.invalid(index, command, problem));
            }
        }
        for (index, problem) in self.reach() {
            if let Some(command) = table.commands.get(index) {
                problems.push(self.invalid(index, command, problem));
            }
        }
        // Rules that stay are the kernel's from here on: another table's commands are numbered anew.
        problems.sort_by_key(|problem| problem.operation);
        problems
    }

    fn execute(&mut self, index: usize, command: &Command) -> Result<(), Invalid> {
        let planted = |rule: &Rule, spoken: Spoken| Planted { rule: rule.clone(), spoken, handle: None, command: index };
        match &command.action {
            Action::Append { chain, rule } => {
                let spoken = self.admit(chain, rule)?;
                self.chain(chain)?.rules.push(planted(rule, spoken));
            }
            Action::Insert { chain, number, rule } => {
                let spoken = self.admit(chain, rule)?;
                let chain = self.chain(chain)?;
                let rules = chain.rules.len();
                match number.checked_sub(1) {
                    Some(place) if place <= rules => chain.rules.insert(place, planted(rule, spoken)),
                    _ => return Err(chain.no_number(*number, rules + 1)),
                }
            }
            Action::Replace { chain, number, rule } => {
                let spoken = self.admit(chain, rule)?;
                let chain = self.chain(chain)?;
                let place = chain.index(*number)?;
                chain.remove(place);
                chain.rules.insert(place, planted(rule, spoken));
            }
            Action::Delete { chain, which } => self.delete(chain, which)?,
            Action::Policy { chain, policy } => self.policy(*chain, *policy)?,
            Action::Flush { chain } => self.chain(chain)?.clear(),
            Action::FlushAll => self.chains.iter_mut().for_each(Planned::clear),
            Action::NewChain { chain } => self.new_chain(chain, command.origin)?,
            Action::DeleteChain { chain } => self.delete_chain(chain)?,
            Action::DeleteChains => {
                let users = self.chains.iter().filter(|planned| !planned.deleted).map(|planned| planned.name.clone());
                let users: Vec<_> = users.filter(|name| matches!(name, ChainName::User(_))).collect();
                users.iter().try_for_each(|name| self.delete_chain(name))?;
            }
        }
        Ok(())
    }

    /// What the rule says, if its targets belong into the chain. A user's chain may hold what some default chain
    /// admits; from where it is reached is looked at when all chains are known.
    fn admit(&self, chain: &ChainName, rule: &Rule) -> Result<Spoken, Invalid> {
        let spoken = Spoken::of(rule, self.version);
        for target in &spoken.targets {
            match chain {
                ChainName::Builtin(name) if self.builtin.has(*name) => {
                    target.check(self.builtin, *name, name.name())?;
                }
                ChainName::Builtin(_) => {}
                ChainName::User(name) => {
                    let chains = self.builtin.chains();
                    if !chains.iter().any(|chain| target.is_admissible(self.builtin, *chain)) {
                        return Err(target.refused(self.builtin, name));
                    }
                }
            }
        }
        Ok(spoken)
    }

    fn find(&self, name: &str) -> Option<&Planned> {
        self.chains.iter().find(|planned| !planned.deleted && planned.name.as_str() == name)
    }

    fn chain(&mut self, name: &ChainName) -> Result<&mut Planned, Invalid> {
        let missing = self.missing(name.as_str());
        self.chains.iter_mut().find(|planned| !planned.deleted && planned.name == *name).ok_or(missing)
    }

    fn missing(&self, name: &str) -> Invalid {
        let is_default = BuiltinChain::ALL.iter().any(|chain| chain.name() == name);
        let hint = if is_default {
            let names: Vec<_> = self.builtin.chains().iter().map(|chain| chain.name()).collect();
            format!("its default chains are {}", names.join(", "))
        } else {
            "create it first (classic::Table::chain, iptables -N)".to_owned()
        };
        Invalid::NoChain { chain: name.to_owned(), table: self.builtin.to_string(), hint }
    }

    fn delete(&mut self, chain: &ChainName, which: &Which) -> Result<(), Invalid> {
        let version = self.version;
        let chain = self.chain(chain)?;
        let index = match which {
            Which::Number(number) => chain.index(*number)?,
            Which::Same(rule) => {
                match chain.rules.iter().position(|planted| same(&planted.rule, rule, version)) {
                    Some(index) => index,
                    None => {
                        let problem = format!(
                            "no rule of chain {} says the same (one with a list is found only by its number)",
                            chain.name
                        );
                        return Err(Invalid::Combination { problem });
                    }
                }
            }
        };
        chain.remove(index);
        Ok(())
    }

    fn policy(&mut self, chain: BuiltinChain, policy: Policy) -> Result<(), Invalid> {
        let target = match policy {
            Policy::Accept => Target::Accept,
            Policy::Drop => Target::Drop,
            Policy::Reject => Target::Reject,
        };
        let builtin = self.builtin;
        let planned = self.chain(&ChainName::Builtin(chain))?;
        target.check(builtin, chain, chain.name())?;
        planned.policy = policy;
        Ok(())
    }

    fn new_chain(&mut self, name: &ChainName, origin: Origin) -> Result<(), Invalid> {
        name.check()?;
        if self.find(name.as_str()).is_some() {
            let problem = format!("chain {name} of table {} exists already", self.builtin);
            return Err(Invalid::Combination { problem });
        }
        if let ChainName::Builtin(_) = name {
            return Err(self.missing(name.as_str()));
        }
        match self.chains.iter_mut().find(|planned| planned.name == *name) {
            Some(deleted) => deleted.deleted = false,
            None => self.chains.push(Planned::new(name.clone(), origin)),
        }
        Ok(())
    }

    fn delete_chain(&mut self, name: &ChainName) -> Result<(), Invalid> {
        let problem = |problem: String| Err(Invalid::Combination { problem });
        if let ChainName::Builtin(_) = name {
            return problem(format!("{name} is a default chain, which stays; flush it to be without its rules"));
        }
        if !self.chain(name)?.rules.is_empty() {
            return problem(format!("chain {name} still has rules: flush it first"));
        }
        let jumper = self.chains.iter().filter(|planned| !planned.deleted).find(|planned| {
            planned.rules.iter().any(|planted| planted.spoken.jumps.iter().any(|to| to == name.as_str()))
        });
        if let Some(jumper) = jumper {
            return problem(format!("a rule of chain {} still jumps to chain {name}: delete it first", jumper.name));
        }
        self.chain(name)?.deleted = true;
        Ok(())
    }

    /// What is wrong with new rules where jumps lead: chains that are not there, and targets that a default chain
    /// by which they are reached does not admit.
    fn reach(&self) -> Vec<(usize, Invalid)> {
        let mut problems: Vec<(usize, Invalid)> = Vec::new();
        let new = |planned: &'_ Planned| -> Vec<(usize, Spoken)> {
            let new = planned.rules.iter().filter(|planted| planted.handle.is_none());
            new.map(|planted| (planted.command, planted.spoken.clone())).collect()
        };
        for planned in self.chains.iter().filter(|planned| !planned.deleted) {
            for (command, spoken) in new(planned) {
                for to in &spoken.jumps {
                    match self.find(to).map(|found| &found.name) {
                        Some(ChainName::User(_)) => {}
                        Some(ChainName::Builtin(_)) => {
                            let problem = format!("rules cannot jump to {to}: it is a default chain");
                            problems.push((command, Invalid::Combination { problem }));
                        }
                        None => problems.push((command, self.missing(to))),
                    }
                }
            }
        }
        for start in self.builtin.chains() {
            for reached in self.reached_from(start.name()) {
                for (command, spoken) in new(reached) {
                    let wrong = spoken.targets.iter().find_map(|target| {
                        let place = format!("{} (reached from {start})", reached.name);
                        target.check(self.builtin, *start, &place).err()
                    });
                    if let Some(problem) = wrong {
                        if problems.iter().all(|(known, _)| *known != command) {
                            problems.push((command, problem));
                        }
                    }
                }
            }
        }
        problems
    }

    /// The users' chains that packets of a default chain can come to.
    fn reached_from(&self, start: &str) -> Vec<&Planned> {
        let mut reached: Vec<&Planned> = Vec::new();
        let mut waiting: Vec<&Planned> = self.find(start).into_iter().collect();
        while let Some(planned) = waiting.pop() {
            for to in planned.rules.iter().flat_map(|planted| &planted.spoken.jumps) {
                let Some(next) = self.find(to) else { continue };
                let known = reached.iter().any(|known| known.name == next.name);
                if !known && matches!(next.name, ChainName::User(_)) {
                    reached.push(next);
                    waiting.push(next);
                }
            }
        }
        reached
    }

    /// The table as a value.
    pub(super) fn table(&self, origin: Origin) -> crate::Table {
        let mut table = crate::Table::new(self.version.family(), self.builtin.name());
        table.origin = origin;
        let chains = self.chains.iter().filter(|planned| !planned.deleted);
        table.chains = chains.map(|planned| planned.value(self.builtin, self.version)).collect();
        table
    }

    /// The table in commands: `iptables -S`.
    pub(super) fn commands(&self, mut table: Table) -> Table {
        let origin = table.origin;
        let mut say = |action| table.commands.push(Command { action, origin });
        for planned in &self.chains {
            match &planned.name {
                ChainName::Builtin(chain) => say(Action::Policy { chain: *chain, policy: planned.policy }),
                chain @ ChainName::User(_) => say(Action::NewChain { chain: chain.clone() }),
            }
        }
        for planned in &self.chains {
            for planted in &planned.rules {
                say(Action::Append { chain: planned.name.clone(), rule: planted.rule.clone() });
            }
        }
        table
    }

    /// The operations that make the kernel's table so.
    #[track_caller]
    pub(super) fn transact(&self, transaction: &mut Transaction) {
        if !self.exists {
            if self.brings {
                transaction.add_table(self.table(Origin::here()));
            }
            return;
        }
        let table = self.builtin.table_ref(self.version);
        let here = || self.chains.iter().filter(|planned| !planned.deleted);
        if self.brings {
            for planned in here().filter(|planned| !planned.in_kernel) {
                let empty = Chain { rules: Vec::new(), ..planned.value(self.builtin, self.version) };
                transaction.add_chain(&table, empty);
            }
        }
        // Before anything is put beside them, for nothing is put beside them.
        for planned in self.chains.iter().filter(|planned| planned.in_kernel) {
            let stays = planned.policy == Policy::Reject && planned.reject.is_some_and(|(_, last)| last);
            let policy = planned.reject.filter(|_| !stays).map(|(handle, _)| handle);
            for handle in planned.gone.iter().copied().chain(policy) {
                transaction.delete_rule(table.chain(planned.name.as_str()), handle);
            }
        }
        for planned in here() {
            planned.put_rules(&table.chain(planned.name.as_str()), self.version, transaction);
        }
        for planned in here().filter(|planned| planned.in_kernel && planned.kernel_policy.is_some()) {
            let policy = in_kernel(planned.policy);
            if planned.kernel_policy != Some(policy) {
                transaction.set_policy(table.chain(planned.name.as_str()), policy);
            }
        }
        for planned in self.chains.iter().filter(|planned| planned.in_kernel && planned.deleted) {
            transaction.delete_chain(table.chain(planned.name.as_str()));
        }
    }

    fn invalid(&self, index: usize, command: &Command, problem: Invalid) -> InvalidOperation {
        let action = &command.action;
        let chain = action.chain();
        let kind = match action {
            Action::Policy { .. } | Action::Flush { .. } | Action::NewChain { .. } | Action::DeleteChain { .. } => {
                ObjectKind::Chain
            }
            Action::FlushAll | Action::DeleteChains => ObjectKind::Table,
            _ => ObjectKind::Rule,
        };
        let subject = Subject {
            kind,
            family: self.version.family(),
            table: Some(self.builtin.to_string()),
            name: chain.map(|chain| chain.to_string()),
            handle: None,
        };
        InvalidOperation {
            operation: OperationId(u32::try_from(index).unwrap_or(u32::MAX)),
            verb: action.verb(),
            subject: Some(subject),
            origin: action.rule().map_or(command.origin, |rule| rule.origin),
            label: action.rule().and_then(|rule| rule.label.clone()),
            problem,
        }
    }
}

impl Planned {
    /// Puts the new rules, and the one that is the policy, at their places.
    fn put_rules(&self, chain: &object::ChainRef, version: Version, transaction: &mut Transaction) {
        let end = match self.reject {
            Some((handle, true)) if self.policy == Policy::Reject => Some(handle),
            _ => None,
        };
        // The kernel's rule that each stands before.
        let mut next = end;
        let mut places = Vec::with_capacity(self.rules.len());
        for planted in self.rules.iter().rev() {
            match planted.handle {
                Some(handle) => next = Some(handle),
                None => places.push((&planted.rule, next)),
            }
        }
        for (rule, next) in places.into_iter().rev() {
            let (verb, position) = match next {
                Some(handle) => (Verb::Insert, Position::Before(RuleAnchor::Handle(handle))),
                None => (Verb::Add, Position::Tail),
            };
            transaction.put_rule(verb, chain, &position, rule, rule.origin);
        }
        if self.policy == Policy::Reject && end.is_none() {
            let rule = reject_policy(version, self.origin);
            transaction.put_rule(Verb::Add, chain, &Position::Tail, &rule, rule.origin);
        }
    }
}

/// The policy that the kernel is given. Below a reject nothing comes to it: it is to drop, for the day that another
/// program flushes the chain.
fn in_kernel(policy: Policy) -> object::Policy {
    match policy {
        Policy::Accept => object::Policy::Accept,
        Policy::Drop | Policy::Reject => object::Policy::Drop,
    }
}

/// The rule that is the policy.
fn reject_policy(version: Version, origin: Origin) -> Rule {
    let reject = match version {
        Version::V4 => Reject::icmp(IcmpCode::PortUnreachable),
        Version::V6 => Reject::icmp6(Icmp6Code::PortUnreachable),
    };
    let mut rule = Rule::new().say(reject).comment(REJECT_POLICY);
    rule.origin = origin;
    rule
}

fn is_reject_policy(rule: &Rule) -> bool {
    matches!(rule.body.as_slice(), [Statement::Expr(Expr::Reject(_))])
        && rule.comment_text().as_deref() == Some(REJECT_POLICY)
}
