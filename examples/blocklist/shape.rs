//! The table without the lists: its sets, chains and rules.

use std::net::{Ipv4Addr, Ipv6Addr};

use portcullis::{
    Chain, Family, Hook, Policy, Priority, Rule, Table,
    expr::{Counter, Expr, LookupFlags},
    language::matches::Icmpv6Type,
    object::Set,
    select::{Daddr, Saddr},
    set::{Interval, Key, SetOf},
};

use crate::{NAME, options::Options, spare};

/// The sets of the lists, and the spare ones where the kernel needs them.
pub(crate) struct Sets {
    pub(crate) lists: Pair,
    pub(crate) spare: Option<Pair>,
}

/// A set for each version of IP.
pub(crate) struct Pair {
    pub(crate) v4: SetOf<Interval<Ipv4Addr>>,
    pub(crate) v6: SetOf<Interval<Ipv6Addr>>,
}

impl Sets {
    pub(crate) fn of(options: &Options) -> Self {
        let pair = |end: &str| Pair {
            v4: set(&format!("v4{end}"), options.counters),
            v6: set(&format!("v6{end}"), options.counters),
        };
        let spare = options.spare || spare::is_needed();
        Self { lists: pair(""), spare: spare.then(|| pair("-spare")) }
    }

    fn pairs(&self) -> impl Iterator<Item = &Pair> {
        [&self.lists].into_iter().chain(&self.spare)
    }
}

fn set<K: Key>(name: &str, counters: bool) -> SetOf<K> {
    let set = SetOf::new(name).auto_merge();
    if counters { set.expression(Counter::new()) } else { set }
}

/// The table with empty sets.
pub(crate) fn table(options: &Options, sets: &Sets) -> Table {
    let add = |table: Table, pair: &Pair| table.set(pair.v4.as_set().clone()).set(pair.v6.as_set().clone());
    let table = sets.pairs().fold(Table::inet(NAME), add);
    table.chains(options.hooks.iter().map(|hook| chain(*hook, sets)))
}

fn chain(hook: Hook, sets: &Sets) -> Chain {
    // Before those that accept; before connection tracking, so that nothing is kept in mind about packets that are
    // dropped.
    let priority = if hook == Hook::Prerouting { Priority::RAW } else { Priority::FILTER } - 10;
    let chain = Chain::filter(hook.to_string(), hook).priority(priority).policy(Policy::Accept);
    let chain = match hook {
        Hook::Forward => chain,
        // Lists of addresses that nobody should have contain 127.0.0.0/8 and fe80::/10.
        Hook::Output => chain.rule(Rule::new().oif("lo").accept().comment("loopback")).rule(neighbours()),
        _ => chain.rule(Rule::new().iif("lo").accept().comment("loopback")).rule(neighbours()),
    };
    let chain = if hook == Hook::Output { chain } else { chain.rules(drops(sets, false)) };
    if hook == Hook::Input { chain } else { chain.rules(drops(sets, true)) }
}

/// Neighbour discovery is to IPv6 what ARP is to IPv4.
fn neighbours() -> Rule {
    let types = Icmpv6Type::ROUTER_SOLICITATION..=Icmpv6Type::REDIRECT;
    Rule::new().icmpv6_type(types).accept().comment("IPv6 neighbour discovery")
}

/// Packets from, or to, what is in the sets.
fn drops(sets: &Sets, to: bool) -> impl Iterator<Item = Rule> {
    sets.pairs().enumerate().flat_map(move |(spare, pair)| {
        let (v4, v6) = (Rule::new().ipv4(), Rule::new().ipv6());
        let (v4, v6, way) = if to {
            (v4.in_set(Daddr, &pair.v4), v6.in_set(Daddr, &pair.v6), "to")
        } else {
            (v4.in_set(Saddr, &pair.v4), v6.in_set(Saddr, &pair.v6), "from")
        };
        let when = if spare == 0 { "" } else { ", while lists change" };
        let end = |rule: Rule, version: &str| {
            rule.counter().drop().comment(&format!("{way} blocked {version} addresses{when}"))
        };
        [end(v4, "IPv4"), end(v6, "IPv6")]
    })
}

/// Whether a table that was read is the wanted one, but for what has been counted and what is in the sets.
pub(crate) fn is_same(there: &Table, wanted: &Table) -> bool {
    let all = |one: usize, other: usize, same: &dyn Fn(usize) -> bool| one == other && (0..one).all(same);
    there.flags == wanted.flags
        && all(there.sets.len(), wanted.sets.len(), &|at| same_set(&there.sets[at], &wanted.sets[at]))
        && all(there.chains.len(), wanted.chains.len(), &|at| {
            same_chain(&there.chains[at], &wanted.chains[at])
        })
}

fn same_set(there: &Set, wanted: &Set) -> bool {
    let counts = |set: &Set| set.expressions.iter().map(uncounted).collect::<Vec<_>>();
    (&there.name, there.flags, there.key_type, there.key_len, &there.userdata)
        == (&wanted.name, wanted.flags, wanted.key_type, wanted.key_len, &wanted.userdata)
        && counts(there) == counts(wanted)
}

fn same_chain(there: &Chain, wanted: &Chain) -> bool {
    let place = |chain: &Chain| {
        let base = chain.base.as_ref()?;
        Some((base.kind.clone(), base.hook, base.priority.number(Family::Inet), base.policy))
    };
    let rules = |chain: &Chain| chain.rules.iter().map(said).collect::<Option<Vec<_>>>();
    there.name == wanted.name && place(there) == place(wanted) && rules(there) == rules(wanted)
}

/// What a rule says, without what it has counted; nothing if it cannot be said.
fn said(rule: &Rule) -> Option<(Vec<Expr>, Option<String>)> {
    let lowered = rule.lower(Family::Inet).ok()?;
    Some((lowered.expressions.iter().map(uncounted).collect(), rule.comment_text()))
}

fn uncounted(expression: &Expr) -> Expr {
    match expression {
        Expr::Counter(_) => Counter::new().into(),
        // The kernel always says them.
        Expr::Lookup(lookup) => {
            let mut lookup = lookup.clone();
            lookup.flags.get_or_insert(LookupFlags::empty());
            lookup.into()
        }
        other => other.clone(),
    }
}
