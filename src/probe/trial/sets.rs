//! Trials of sets and maps.

use std::time::Duration;

use super::Trial;
use crate::{
    expr::{Counter, Limit, LimitUnit, ObjectKind},
    object::{DataType, Element, Family, KeyOrder, Set, SetFlags},
    probe::{Bench, Feature},
};

pub(super) fn trial(feature: Feature, bench: &mut Bench) -> Option<Trial> {
    let (table, mut needs) = bench.table(Family::Inet);
    let addresses = Set::new(bench.name(), DataType::IPV4_ADDR);
    let set = match feature {
        Feature::SetHash | Feature::SetCatchAll => addresses,
        Feature::SetSize => addresses.size(1000),
        Feature::SetInterval => addresses.flags(SetFlags::INTERVAL),
        Feature::SetConcatRanges => {
            let pair = DataType::new(0, 8, KeyOrder::Network);
            let mut set = Set::new(bench.name(), pair).flags(SetFlags::INTERVAL | SetFlags::CONCAT);
            set.desc.fields = vec![4, 4];
            set
        }
        Feature::SetTimeout => addresses.flags(SetFlags::TIMEOUT).timeout(Duration::from_secs(60)),
        Feature::SetDynamic => addresses.flags(SetFlags::EVAL).size(1024),
        Feature::SetExpression => addresses.flags(SetFlags::EVAL).size(1024).expression(Counter::new()),
        Feature::SetExpressions => {
            let set = addresses.flags(SetFlags::EVAL | SetFlags::EXPR).size(1024);
            set.expression(Counter::new()).expression(Limit::packets(1, LimitUnit::Second))
        }
        Feature::Map => addresses.map_to(DataType::MARK),
        Feature::VerdictMap => addresses.map_to_verdicts(),
        Feature::ObjectMap => addresses.map_to_objects(ObjectKind::Counter),
        _ => return None,
    };
    let place = table.set(&set.name);
    let target = bench.transaction.add_set(table, set);
    if feature != Feature::SetCatchAll {
        return Some(Trial::new(target, needs));
    }
    needs.push(target);
    bench.transaction.add_elements(place, [Element::catch_all()]);
    Some(Trial::new(bench.transaction.batch.operations.last()?, needs))
}
