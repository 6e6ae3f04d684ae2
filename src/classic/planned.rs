//! A chain while commands are carried out, and the rule that is its policy.

use super::{Builtin, ChainName, Policy, Version, spoken::Spoken};
use crate::{
    Chain, Invalid, Origin, Rule,
    expr::{Expr, Icmp6Code, IcmpCode, Reject},
    language::Statement,
    object,
};

/// The comment of the rule that is a chain's policy.
pub(super) const REJECT_POLICY: &str = "policy REJECT";

/// A chain, and what has become of it.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) name: ChainName,
    pub(super) in_kernel: bool,
    pub(super) deleted: bool,
    pub(super) policy: Policy,
    /// The policy that the kernel has.
    pub(super) kernel_policy: Option<object::Policy>,
    pub(super) rules: Vec<Planted>,
    /// The kernel's rules that go.
    pub(super) gone: Vec<u64>,
    /// The rule that is the policy, by its handle, and whether it is the last of the chain.
    pub(super) reject: Option<(u64, bool)>,
    pub(super) origin: Origin,
}

/// A rule of a chain.
#[derive(Debug)]
pub(super) struct Planted {
    pub(super) rule: Rule,
    pub(super) spoken: Spoken,
    /// The kernel's handle; none for a new one.
    pub(super) handle: Option<u64>,
    /// The command that brought it.
    pub(super) command: usize,
}

impl Planned {
    /// A chain that the kernel does not have.
    pub(super) fn new(name: ChainName, origin: Origin) -> Self {
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
    pub(super) fn index(&self, number: usize) -> Result<usize, Invalid> {
        match number.checked_sub(1) {
            Some(index) if index < self.rules.len() => Ok(index),
            _ => Err(self.no_number(number, self.rules.len())),
        }
    }

    pub(super) fn no_number(&self, number: usize, last: usize) -> Invalid {
        let rules = self.rules.len();
        let range = match last {
            0 => "none (the chain has no rules)".to_owned(),
            last => format!("1 to {last} (chain {} has {rules} rules, its policy not counted)", self.name),
        };
        Invalid::OutOfRange { what: "the rule's number", value: number.to_string(), range }
    }

    pub(super) fn remove(&mut self, index: usize) {
        if index < self.rules.len() {
            self.gone.extend(self.rules.remove(index).handle);
        }
    }

    pub(super) fn clear(&mut self) {
        self.gone.extend(self.rules.drain(..).filter_map(|planted| planted.handle));
    }

    /// The chain as a value, with the rules where they are new.
    pub(super) fn value(&self, builtin: Builtin, version: Version) -> Chain {
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

/// The policy that the kernel is given. Below a reject nothing comes to it: it is to drop, for the day that
/// another program flushes the chain.
pub(super) fn in_kernel(policy: Policy) -> object::Policy {
    match policy {
        Policy::Accept => object::Policy::Accept,
        Policy::Drop | Policy::Reject => object::Policy::Drop,
    }
}

/// The rule that is the policy.
pub(super) fn reject_policy(version: Version, origin: Origin) -> Rule {
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
