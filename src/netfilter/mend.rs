//! Making what the kernel reports what it accepts: its listing is not always a ruleset that it takes back.

use std::collections::{HashMap, HashSet};

use crate::{
    expr::{
        Access, CmpOp, Dynset, DynsetFlags, Expr, ExthdrAccess, MetaKey, OsfFlags, PayloadAccess,
        PayloadBase, QuotaFlags, Register,
    },
    language::Statement,
    object::{Family, NFTA_RULE_COMPAT, Rule, SetFlags, Table},
    wire::{Attribute, NLA_F_NESTED, Writer},
};

/// The size that the kernel gives to a set that rules add to, where none was said.
const SIZE_OF_DYNAMIC: u32 = 0xffff;

/// Mends a table as read, so that it can be sent.
pub(super) fn mend(table: &mut Table) {
    let family = table.family;
    let flags: HashMap<String, SetFlags> =
        table.sets.iter().map(|set| (set.name.clone(), set.flags)).collect();
    let mut added_to = HashSet::new();
    for rule in table.chains.iter_mut().flat_map(|chain| &mut chain.rules) {
        for statement in &mut rule.body {
            let Statement::Expr(expression) = statement else {
                continue;
            };
            mend_expression(expression);
            if let Expr::Dynset(dynset) = expression {
                mend_dynset(dynset, flags.get(&dynset.set).copied());
                added_to.insert(dynset.set.clone());
            }
        }
        mend_compat(family, rule);
    }
    for set in &mut table.sets {
        set.expressions.iter_mut().for_each(mend_expression);
        set.elements.iter_mut().flat_map(|element| &mut element.expressions).for_each(mend_expression);
        // Sent, it would make the kernel choose a form that rules cannot add to.
        if set.desc.size == Some(SIZE_OF_DYNAMIC)
            && !set.flags.contains(SetFlags::EVAL)
            && added_to.contains(&set.name)
        {
            set.desc.size = None;
        }
    }
}

fn mend_expression(expression: &mut Expr) {
    match expression {
        // Reported, and refused.
        Expr::Quota(quota) => quota.flags = quota.flags.map(|flags| flags - QuotaFlags::DEPLETED),
        Expr::Osf(osf) if osf.flags == Some(OsfFlags::empty()) => osf.flags = None,
        Expr::Exthdr(exthdr) => match exthdr.access {
            ExthdrAccess::Store(_) => exthdr.flags = None,
            ExthdrAccess::Strip => (exthdr.offset, exthdr.len, exthdr.flags) = (None, None, None),
            ExthdrAccess::Load(_) => {}
        },
        _ => {}
    }
}

fn mend_dynset(dynset: &mut Dynset, set: Option<SetFlags>) {
    dynset.expressions.iter_mut().for_each(mend_expression);
    if dynset.expressions.len() > 1 {
        // Wanted, and not reported.
        dynset.flags = Some(dynset.flags.unwrap_or(DynsetFlags::empty()) | DynsetFlags::EXPR);
    }
    if dynset.timeout == Some(0) && set.is_some_and(|flags| !flags.contains(SetFlags::TIMEOUT)) {
        dynset.timeout = None;
    }
}

const NFTA_RULE_COMPAT_PROTO: u16 = 1;
const NFTA_RULE_COMPAT_FLAGS: u16 = 2;
const NFT_RULE_COMPAT_F_INV: u32 = 1 << 1;

/// The kernel wants to know the protocol of a rule with xtables' matches or targets, and does not report it: the
/// rule's comparison of the protocol says it.
fn mend_compat(family: Family, rule: &mut Rule) {
    let xtables =
        rule.expressions().any(|expression| matches!(expression, Expr::XtMatch(_) | Expr::XtTarget(_)));
    if !xtables || rule.unknown.iter().any(|attribute| attribute.kind() == NFTA_RULE_COMPAT) {
        return;
    }
    let Some((protocol, negated)) = protocol(family, rule) else {
        return;
    };
    let mut compat = Vec::new();
    let mut writer = Writer::new(&mut compat);
    writer.put(NFTA_RULE_COMPAT_PROTO, &u32::from(protocol));
    writer.put(NFTA_RULE_COMPAT_FLAGS, &if negated { NFT_RULE_COMPAT_F_INV } else { 0 });
    rule.unknown.keep(Attribute::new(NFTA_RULE_COMPAT | NLA_F_NESTED, &compat));
}

/// The transport protocol that a rule asks for, and whether it is any other.
fn protocol(family: Family, rule: &Rule) -> Option<(u8, bool)> {
    let mut loaded: Option<Register> = None;
    for expression in rule.expressions() {
        match expression {
            Expr::Meta(meta) if meta.key == MetaKey::L4Proto => {
                if let Access::Load(register) = meta.access {
                    loaded = Some(register);
                }
            }
            Expr::Payload(payload) if payload.base == PayloadBase::Network && payload.len == 1 => {
                let place = if family == Family::Ip6 { 6 } else { 9 };
                if let (PayloadAccess::Load(register), true) = (payload.access, payload.offset == place) {
                    loaded = Some(register);
                }
            }
            Expr::Cmp(cmp) if loaded == Some(cmp.sreg) => match (&cmp.op, cmp.data.as_bytes()) {
                (CmpOp::Eq, [protocol]) => return Some((*protocol, false)),
                (CmpOp::Neq, [protocol]) => return Some((*protocol, true)),
                _ => loaded = None,
            },
            _ => loaded = None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Chain,
        expr::{Cmp, Counter, Data, DynsetOp, Exthdr, Limit, LimitUnit, Meta, Osf, Quota, XtMatch},
        object::{DataType, Set},
    };

    fn mended(set: Set, expressions: Vec<Expr>) -> (Set, Rule) {
        let mut rule = Rule::new();
        rule.body = expressions.into_iter().map(Statement::Expr).collect();
        let mut table = Table::inet("edge").set(set).chain(Chain::new("c").rule(rule));
        mend(&mut table);
        let rule = table.chains.pop().and_then(|mut chain| chain.rules.pop()).unwrap();
        (table.sets.pop().unwrap(), rule)
    }

    #[test]
    fn what_is_reported_and_refused_goes() {
        let mut written = Exthdr::store(2, 2, 2, Register::R1);
        written.flags = Some(crate::expr::ExthdrFlags::empty());
        let mut dynset = Dynset::new(DynsetOp::Update, "s", Register::R1);
        dynset.timeout = Some(0);
        dynset.expressions = vec![Counter::new().into(), Limit::packets(5, LimitUnit::Second).into()];
        let set = Set::new("s", DataType::MARK).size(SIZE_OF_DYNAMIC);
        let (set, rule) = mended(
            set,
            vec![
                Quota::over(5).flags(QuotaFlags::INV | QuotaFlags::DEPLETED).into(),
                Osf::new(Register::R1).flags(OsfFlags::empty()).into(),
                written.into(),
                dynset.into(),
            ],
        );
        assert_eq!(set.desc.size, None);
        let expressions: Vec<_> = rule.expressions().cloned().collect();
        let [Expr::Quota(quota), Expr::Osf(osf), Expr::Exthdr(exthdr), Expr::Dynset(dynset)] = &*expressions
        else {
            panic!("{expressions:?}");
        };
        assert_eq!(quota.flags, Some(QuotaFlags::INV));
        assert_eq!((osf.flags, exthdr.flags, exthdr.offset), (None, None, Some(2)));
        assert_eq!((dynset.flags, dynset.timeout), (Some(DynsetFlags::EXPR), None));
    }

    #[test]
    fn the_protocol_of_xtables_matches_is_said_again() {
        let set = || Set::new("s", DataType::MARK);
        let compare = |op| Expr::from(Cmp::new(Register::R1, op, Data::byte(6)));
        let load = || Expr::from(Meta::load(MetaKey::L4Proto, Register::R1));
        let foreign = || Expr::from(XtMatch::new("multiport", 1u32, [0; 8]));
        for (op, flags) in [(CmpOp::Eq, 0), (CmpOp::Neq, NFT_RULE_COMPAT_F_INV)] {
            let (_, rule) = mended(set(), vec![load(), compare(op), foreign()]);
            let compat = rule.unknown.iter().next().unwrap();
            assert_eq!(compat.raw_kind(), NFTA_RULE_COMPAT | NLA_F_NESTED);
            let numbers: Vec<u32> = compat.attributes().map(|each| each.unwrap().get().unwrap()).collect();
            assert_eq!(numbers, [6, flags]);
        }
        assert!(mended(set(), vec![load(), compare(CmpOp::Eq)]).1.unknown.is_empty());
        assert!(mended(set(), vec![foreign()]).1.unknown.is_empty());
    }
}
