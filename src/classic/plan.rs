//! Commands carried out on a table in memory: an empty one, or the kernel's.

use super::{
    Action, Builtin, BuiltinChain, ChainName, Command, Policy, Table, Target, Version, Which,
    planned::{Planned, Planted},
    spoken::{Spoken, same},
};
use crate::{Invalid, InvalidOperation, ObjectKind, OperationId, Origin, Rule, Subject};

/// A table, and what has become of it.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) builtin: Builtin,
    pub(super) version: Version,
    /// Whether the kernel has the table.
    pub(super) exists: bool,
    /// Whether a command brings something.
    pub(super) brings: bool,
    pub(super) chains: Vec<Planned>,
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
        problems.sort_by_key(|problem| problem.operation);
        problems
    }

    fn execute(&mut self, index: usize, command: &Command) -> Result<(), Invalid> {
        let planted = |rule: &Rule, spoken: Spoken| Planted {
            rule: rule.clone(),
            spoken,
            handle: None,
            command: index,
        };
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
                let users =
                    self.chains.iter().filter(|planned| !planned.deleted).map(|planned| planned.name.clone());
                let users: Vec<_> = users.filter(|name| matches!(name, ChainName::User(_))).collect();
                users.iter().try_for_each(|name| self.delete_chain(name))?;
            }
        }
        Ok(())
    }

    /// What the rule says, if its targets belong into the chain. A user's chain may hold what some default
    /// chain admits; from where it is reached is looked at when all chains are known.
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

    pub(super) fn find(&self, name: &str) -> Option<&Planned> {
        self.chains.iter().find(|planned| !planned.deleted && planned.name.as_str() == name)
    }

    fn chain(&mut self, name: &ChainName) -> Result<&mut Planned, Invalid> {
        let missing = self.missing(name.as_str());
        self.chains.iter_mut().find(|planned| !planned.deleted && planned.name == *name).ok_or(missing)
    }

    pub(super) fn missing(&self, name: &str) -> Invalid {
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
            return problem(format!(
                "{name} is a default chain, which stays; flush it to be without its rules"
            ));
        }
        if !self.chain(name)?.rules.is_empty() {
            return problem(format!("chain {name} still has rules: flush it first"));
        }
        let jumper = self.chains.iter().filter(|planned| !planned.deleted).find(|planned| {
            planned.rules.iter().any(|planted| planted.spoken.jumps.iter().any(|to| to == name.as_str()))
        });
        if let Some(jumper) = jumper {
            return problem(format!(
                "a rule of chain {} still jumps to chain {name}: delete it first",
                jumper.name
            ));
        }
        self.chain(name)?.deleted = true;
        Ok(())
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

    fn invalid(&self, index: usize, command: &Command, problem: Invalid) -> InvalidOperation {
        let action = &command.action;
        let chain = action.chain();
        let kind = match action {
            Action::Policy { .. }
            | Action::Flush { .. }
            | Action::NewChain { .. }
            | Action::DeleteChain { .. } => ObjectKind::Chain,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        classic::{BuiltinChain::*, both, planned::REJECT_POLICY},
        expr::Expr,
        language::Statement,
        object,
    };

    /// What the commands are refused with, one line each.
    #[track_caller]
    fn refusals(table: &Table) -> Vec<String> {
        match table.build() {
            Ok(table) => panic!("accepted: {table:?}"),
            Err(crate::Error::Invalid(problems)) => problems
                .iter()
                .map(|problem| format!("{} {}", problem.operation.index(), problem.problem))
                .collect(),
            Err(other) => panic!("{other}"),
        }
    }

    /// The comments of a built chain's rules, in order.
    #[track_caller]
    fn comments(table: &Table, chain: &str) -> Vec<String> {
        let table = table.build().unwrap_or_else(|error| panic!("{error}"));
        let chain = table.chains.into_iter().find(|found| found.name == chain).unwrap();
        chain.rules.iter().map(|rule| rule.comment_text().unwrap_or_default()).collect()
    }

    fn named(name: &str) -> Rule {
        Rule::new().accept().comment(name)
    }

    fn filter() -> Table {
        Table::filter(Version::V4)
    }

    #[test]
    fn commands_do_what_iptables_does() {
        let table = filter()
            .append(Input, named("a"))
            .append("INPUT", named("b"))
            .insert(Input, 1, named("first"))
            .insert(Input, 4, named("last"))
            .replace(Input, 2, named("A"));
        assert_eq!(comments(&table, "INPUT"), ["first", "A", "b", "last"]);
        let table = table.delete(Input, 1).delete(Input, named("b"));
        assert_eq!(comments(&table, "INPUT"), ["A", "last"]);
        assert_eq!(comments(&table.clone().flush(Input), "INPUT"), [""; 0]);
        assert_eq!(comments(&table.flush_all().append(Input, named("only")), "INPUT"), ["only"]);
    }

    #[test]
    fn a_reject_policy_is_the_last_rule() {
        for (version, code) in [(Version::V4, 3), (Version::V6, 4)] {
            let table = Table::filter(version)
                .policy(Input, Policy::Reject)
                .append(Input, named("a"))
                .flush(Input)
                .append(Input, named("b"));
            let built = table.build().unwrap();
            let input = &built.chains[0];
            assert_eq!(input.base.as_ref().unwrap().policy, Some(object::Policy::Drop));
            assert_eq!(comments(&table, "INPUT"), ["b", REJECT_POLICY]);
            let Some(Statement::Expr(Expr::Reject(reject))) = input.rules[1].body.first() else { panic!() };
            assert_eq!(reject.code, Some(code));
            assert_eq!(comments(&table.policy(Input, Policy::Accept), "INPUT"), ["b"]);
        }
    }

    #[test]
    fn a_built_table_has_all_default_chains() {
        for table in Builtin::ALL.map(|builtin| both(builtin, |table| table)).as_flattened() {
            let built = table.build().unwrap();
            let names: Vec<_> = built.chains.iter().map(|chain| chain.name.as_str()).collect();
            let expected: Vec<_> = table.builtin.chains().iter().map(|chain| chain.name()).collect();
            assert_eq!(names, expected);
            assert_eq!((built.name.as_str(), built.family), (table.builtin.name(), table.version.family()));
        }
    }

    #[test]
    fn users_chains_come_and_go() {
        let table = filter().chain("web").append("web", named("a")).append(Input, Rule::new().jump("web"));
        assert_eq!(comments(&table, "web"), ["a"]);
        let gone = table.clone().flush_all().delete_chain("web");
        assert_eq!(gone.build().unwrap().chains.len(), 3);
        assert_eq!(gone.chain("web").build().unwrap().chains.len(), 4);
        assert_eq!(table.clone().flush_all().delete_chains().build().unwrap().chains.len(), 3);
        assert_eq!(
            refusals(&table.clone().delete_chain("web")),
            ["3 chain web still has rules: flush it first"]
        );
        assert_eq!(
            refusals(&table.clone().flush("web").delete_chain("web")),
            ["4 a rule of chain INPUT still jumps to chain web: delete it first"]
        );
        assert_eq!(refusals(&table.chain("web")), ["3 chain web of table filter exists already"]);
    }

    #[test]
    fn every_wrong_command_is_named() {
        let table = filter()
            .append(Prerouting, named("a"))
            .append("web", named("a"))
            .policy(Postrouting, Policy::Accept)
            .delete(Input, 1)
            .insert(Input, 0, named("a"))
            .insert(Input, 2, named("a"))
            .delete(Input, named("a"))
            .append(Input, Rule::new().jump("nowhere"))
            .append(Input, Rule::new().jump("OUTPUT"))
            .delete_chain(Input)
            .chain("two words");
        assert_eq!(
            refusals(&table),
            [
                "0 table filter has no chain PREROUTING: its default chains are INPUT, FORWARD, OUTPUT",
                "1 table filter has no chain web: create it first (classic::Table::chain, iptables -N)",
                "2 table filter has no chain POSTROUTING: its default chains are INPUT, FORWARD, OUTPUT",
                "3 the rule's number is 1; possible: none (the chain has no rules)",
                "4 the rule's number is 0; possible: 1 to 1 (chain INPUT has 0 rules, its policy not counted)",
                "5 the rule's number is 2; possible: 1 to 1 (chain INPUT has 0 rules, its policy not counted)",
                "6 no rule of chain INPUT says the same (one with a list is found only by its number)",
                "7 table filter has no chain nowhere: create it first (classic::Table::chain, iptables -N)",
                "8 rules cannot jump to OUTPUT: it is a default chain",
                "9 INPUT is a default chain, which stays; flush it to be without its rules",
                "10 a chain cannot be named \"two words\": iptables takes no blanks in it",
            ]
        );
        let text = table.build().unwrap_err().to_string();
        assert!(text.contains("add rule ip filter PREROUTING (operation 0, src/classic/plan.rs:"), "{text}");
    }

    #[test]
    fn targets_are_refused_where_iptables_refuses_them() {
        let table = filter().append(Forward, Rule::new().masquerade());
        assert_eq!(
            refusals(&table),
            [
                "0 target MASQUERADE cannot be used in chain FORWARD of table filter; admissible in: nat (POSTROUTING)"
            ]
        );
        let nat = Table::nat(Version::V6).policy(Input, Policy::Drop).policy(Output, Policy::Reject);
        assert_eq!(
            refusals(&nat),
            [
                "0 target DROP cannot be used in chain INPUT of table nat; admissible in: filter (every chain), \
                 mangle (every chain), raw (every chain), security (every chain)",
                "1 target REJECT cannot be used in chain OUTPUT of table nat; admissible in: filter (every chain)",
            ]
        );
    }

    #[test]
    fn targets_in_users_chains_are_judged_by_where_they_are_reached_from() {
        let nat = || {
            Table::nat(Version::V4)
                .chain("a")
                .chain("b")
                .append("b", Rule::new().dnat("192.0.2.1"))
                .append("a", Rule::new().jump("b"))
        };
        assert!(nat().build().is_ok(), "nobody comes there");
        assert!(
            nat()
                .append(Prerouting, Rule::new().jump("a"))
                .append(Output, Rule::new().jump("b"))
                .build()
                .is_ok()
        );
        assert_eq!(
            refusals(&nat().append(Postrouting, Rule::new().goto("a"))),
            ["2 target DNAT cannot be used in chain b (reached from POSTROUTING) of table nat; \
              admissible in: nat (PREROUTING, OUTPUT)"]
        );
        assert_eq!(
            refusals(&filter().chain("a").append("a", Rule::new().dnat("192.0.2.1"))),
            [
                "1 target DNAT cannot be used in chain a of table filter; admissible in: nat (PREROUTING, OUTPUT)"
            ]
        );
    }
}
