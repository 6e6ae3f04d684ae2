//! A table as people read it: what each rule does, by its comment.

use std::fmt::Write;

use portcullis::{
    Chain, ChainRef, Error, Family, Hook, Netfilter, Policy, Rule, Table, TableRef,
    expr::{Expr, Load, NatKind, Verdict},
};

/// The table with its chains and rules; what they have counted, too, where it was read from the kernel.
pub(crate) fn listing(table: &Table) -> String {
    let mut text = format!("table {} {}\n", table.family, table.name);
    for chain in &table.chains {
        let _ = writeln!(text, "  chain {}{}", chain.name, place(chain));
        for rule in &chain.rules {
            let _ = writeln!(text, "    {}", describe(table.family, rule));
        }
    }
    text
}

/// Every table of the current network namespace, with what it holds.
pub(crate) fn read() -> Result<Vec<Table>, Error> {
    let mut netfilter = Netfilter::open()?;
    let mut tables = netfilter.tables(None)?;
    for table in &mut tables {
        let place = TableRef::from(&*table);
        table.chains = netfilter.chains(place.clone())?;
        for chain in &mut table.chains {
            chain.rules = netfilter.rules(ChainRef::from((place.clone(), chain.name.as_str())))?;
        }
    }
    Ok(tables)
}

/// Which packets come to a chain, and what becomes of those that no rule decides about.
fn place(chain: &Chain) -> String {
    let Some(base) = &chain.base else {
        return String::new();
    };
    let packets = match base.hook {
        Hook::Prerouting => "what comes in, before it is routed",
        Hook::Input => "what comes in for this machine",
        Hook::Forward => "what is routed through this machine",
        Hook::Output => "what this machine sends",
        Hook::Postrouting => "what leaves, after it was routed",
        _ => "what passes a device",
    };
    match base.policy {
        Some(Policy::Drop) => format!(": {packets}; otherwise drop"),
        _ => format!(": {packets}; otherwise accept"),
    }
}

fn describe(family: Family, rule: &Rule) -> String {
    let comment = rule.comment_text().unwrap_or_default();
    let Ok(lowered) = rule.lower(family) else {
        return format!("(invalid)   {comment}");
    };
    let does = lowered.expressions.iter().rev().find_map(does).unwrap_or("count");
    // Only what was read from the kernel has a handle, and has counted.
    let counted = lowered.expressions.iter().find_map(|expression| match expression {
        Expr::Counter(counter) if rule.handle.is_some() => counter.packets,
        _ => None,
    });
    match counted {
        Some(1) => format!("{does:<10}     1 packet   {comment}"),
        Some(packets) => format!("{does:<10} {packets:>5} packets  {comment}"),
        None => format!("{does:<10} {comment}"),
    }
}

/// What a rule does with its packets, if this is the expression that does it.
fn does(expression: &Expr) -> Option<&'static str> {
    Some(match expression {
        Expr::Immediate(immediate) => match &immediate.load {
            Load::Verdict(Verdict::Accept) => "accept",
            Load::Verdict(Verdict::Drop) => "drop",
            _ => return None,
        },
        Expr::Nat(nat) if nat.kind == NatKind::Destination => "dnat",
        Expr::Nat(_) => "snat",
        Expr::Masq(_) => "masquerade",
        Expr::Reject(_) => "reject",
        _ => return None,
    })
}
