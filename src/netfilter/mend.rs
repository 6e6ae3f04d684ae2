//! Making what the kernel reports what it accepts: its listing is not always a ruleset that it takes back.

use std::collections::{HashMap, HashSet};

use crate::{
    expr::{
        Access, CmpOp, Dynset, DynsetFlags, Expr, ExthdrAccess, Meta, MetaKey, OsfFlags, Payload,
        PayloadAccess, PayloadBase, QuotaFlags, Register,
    },
    language::Statement,
    object::{Element, ElementFlags, Family, NFTA_RULE_COMPAT, Rule, Set, SetFlags, Table},
    wire::{Attribute, NLA_F_NESTED, Writer},
};

/// The size that the kernel gives to a set that rules add to, where none was said.
const SIZE_OF_DYNAMIC: u32 = 0xffff;

/// The flags of a table's sets, by name.
pub(super) type SetFlagsByName = HashMap<String, SetFlags>;

/// The flags of these sets.
pub(super) fn flags_by_name(sets: &[Set]) -> SetFlagsByName {
    sets.iter().map(|set| (set.name.clone(), set.flags)).collect()
}

/// Mends a table as read, so that it can be sent.
pub(super) fn mend_table(table: &mut Table) {
    let flags = flags_by_name(&table.sets);
    let mut targets = HashSet::new();
    for rule in table.chains.iter_mut().flat_map(|chain| &mut chain.rules) {
        mend_rule(table.family, rule, &flags);
        targets.extend(added_to(rule));
    }
    mend_sets(&mut table.sets, &targets);
}

/// Mends sets as read, with their elements, of a table whose rules add to the sets named.
pub(super) fn mend_sets(sets: &mut [Set], targets: &HashSet<String>) {
    for set in sets {
        mend_set(set, targets);
        set.elements.iter_mut().for_each(mend_element);
    }
}

/// Mends a rule as read from a table with these sets; whether it names others, whose flags must be known for that.
/// To mend it again then does no harm.
///
/// To be done when the rule has just been decoded: of many rules, each is looked at again only from afar, in slow
/// memory.
pub(super) fn mend_rule(family: Family, rule: &mut Rule, flags: &SetFlagsByName) -> bool {
    let (mut xtables, mut wanting) = (false, false);
    for statement in &mut rule.body {
        let Statement::Expr(expression) = statement else {
            continue;
        };
        mend_expression(expression);
        match expression {
            Expr::Dynset(dynset) => {
                let set = flags.get(&dynset.set).copied();
                wanting |= dynset.timeout == Some(0) && set.is_none();
                mend_dynset(dynset, set);
            }
            Expr::XtMatch(_) | Expr::XtTarget(_) => xtables = true,
            _ => {}
        }
    }
    if xtables {
        mend_compat(family, rule);
    }
    wanting
}

/// The sets that a rule adds to.
pub(super) fn added_to(rule: &Rule) -> impl Iterator<Item = String> {
    rule.expressions().filter_map(|expression| match expression {
        Expr::Dynset(dynset) => Some(dynset.set.clone()),
        _ => None,
    })
}

/// Mends a set as read from a table whose rules add to the sets named. They matter where [`wants_targets`] says so.
pub(super) fn mend_set(set: &mut Set, targets: &HashSet<String>) {
    set.expressions.iter_mut().for_each(mend_expression);
    // Sent, it would make the kernel choose a form that rules cannot add to.
    if wants_targets(set) && targets.contains(&set.name) {
        set.desc.size = None;
    }
}

/// Whether a set can only be mended by who knows what rules add to.
pub(super) fn wants_targets(set: &Set) -> bool {
    set.desc.size == Some(SIZE_OF_DYNAMIC) && !set.flags.contains(SetFlags::EVAL)
}

/// Mends an element as read.
pub(super) fn mend_element(element: &mut Element) {
    element.expressions.iter_mut().for_each(mend_expression);
    // The end of an interval has no time of its own; Linux 6.18 reports 0 for it, and refuses that. Linux 5.10 refused
    // such sets with expressions until ends were sent without them.
    if element.flags.contains(ElementFlags::INTERVAL_END) {
        element.expressions.clear();
        (element.timeout, element.expiration) = (None, None);
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
/// rule's comparison of the protocol says it. Rules of arptables need none.
fn mend_compat(family: Family, rule: &mut Rule) {
    if rule.unknown.iter().any(|attribute| attribute.kind() == NFTA_RULE_COMPAT) {
        return;
    }
    let Some((protocol, negated)) = protocol(family, rule) else {
        return;
    };
    let mut compat = Vec::new();
    let mut writer = Writer::new(&mut compat);
    writer.put(NFTA_RULE_COMPAT_PROTO, &protocol);
    writer.put(NFTA_RULE_COMPAT_FLAGS, &if negated { NFT_RULE_COMPAT_F_INV } else { 0 });
    rule.unknown.keep(Attribute::new(NFTA_RULE_COMPAT | NLA_F_NESTED, &compat));
}

/// The protocol that a rule asks for, and whether it is any other: the transport protocol, or in a bridge table the
/// EtherType.
fn protocol(family: Family, rule: &Rule) -> Option<(u32, bool)> {
    let mut loaded: Option<Register> = None;
    for expression in rule.expressions() {
        match expression {
            Expr::Cmp(cmp) if loaded == Some(cmp.sreg) => {
                let number = match (family, cmp.data.as_bytes()) {
                    // The kernel takes the low half as the bytes of the frame.
                    (Family::Bridge, &[high, low]) => Some(u16::from_ne_bytes([high, low]).into()),
                    (Family::Bridge, _) => None,
                    (_, &[protocol]) => Some(protocol.into()),
                    _ => None,
                };
                match (&cmp.op, number) {
                    (CmpOp::Eq, Some(number)) => return Some((number, false)),
                    (CmpOp::Neq, Some(number)) => return Some((number, true)),
                    _ => loaded = None,
                }
            }
            expression => loaded = protocol_load(family, expression),
        }
    }
    None
}

/// The register into which an expression loads the protocol.
fn protocol_load(family: Family, expression: &Expr) -> Option<Register> {
    let key = if family == Family::Bridge { MetaKey::Protocol } else { MetaKey::L4Proto };
    // Of struct ethhdr, struct ipv6hdr, struct iphdr.
    let place = match family {
        Family::Bridge => (PayloadBase::Link, 12, 2),
        Family::Ip6 => (PayloadBase::Network, 6, 1),
        _ => (PayloadBase::Network, 9, 1),
    };
    match expression {
        Expr::Meta(Meta { key: found, access: Access::Load(register), .. }) if *found == key => {
            Some(*register)
        }
        Expr::Payload(Payload { base, offset, len, access: PayloadAccess::Load(register), .. })
            if (*base, *offset, *len) == place =>
        {
            Some(*register)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Chain,
        expr::{Cmp, Counter, Data, DynsetOp, Exthdr, Limit, LimitUnit, Osf, Quota, XtMatch},
        object::DataType,
    };

    fn mended(set: Set, expressions: Vec<Expr>) -> (Set, Rule) {
        let mut rule = Rule::new();
        rule.body = expressions.into_iter().map(Statement::Expr).collect();
        let mut table = Table::inet("edge").set(set).chain(Chain::new("c").rule(rule));
        mend_table(&mut table);
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
    fn the_end_of_a_run_has_neither_time_nor_expressions() {
        let element = |flags| {
            let mut element = Element::new(Data::host_u32(1));
            element.flags = flags;
            element.expressions = vec![Counter::new().into()];
            mend_element(&mut element);
            element.expressions.len()
        };
        assert_eq!((element(ElementFlags::empty()), element(ElementFlags::INTERVAL_END)), (1, 0));
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

    #[test]
    fn the_ethertype_of_a_bridge_rule_is_said_as_the_frame_has_it() {
        let loads = [
            Expr::from(Payload::load(PayloadBase::Link, 12, 2, Register::R1)),
            Expr::from(Meta::load(MetaKey::Protocol, Register::R1)),
        ];
        for load in loads {
            let compare = Cmp::new(Register::R1, CmpOp::Eq, Data::network_u16(0x0806));
            let mut rule = Rule::new();
            let expressions = [load, compare.into(), XtMatch::new("arp", 0u32, [0; 8]).into()];
            rule.body = expressions.into_iter().map(Statement::Expr).collect();
            mend_rule(Family::Bridge, &mut rule, &SetFlagsByName::new());
            let compat = rule.unknown.iter().next().unwrap();
            let number: u32 = compat.attributes().next().unwrap().unwrap().get().unwrap();
            assert_eq!(number, u32::from(u16::to_be(0x0806)));
        }
    }

    #[test]
    fn the_end_of_an_interval_has_no_time() {
        let hour = std::time::Duration::from_secs(3600);
        let mut end = Element::end(Data::network_u32(7)).timeout(std::time::Duration::ZERO);
        mend_element(&mut end);
        assert_eq!(end, Element::end(Data::network_u32(7)));
        let start = Element::new(Data::network_u32(7)).timeout(hour).expiration(hour);
        let mut mended = start.clone();
        mend_element(&mut mended);
        assert_eq!(mended, start);
    }
}
