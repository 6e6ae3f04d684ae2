//! Putting together what several resets of the same things gave.
//!
//! A dump that resets cannot be thrown away and begun anew: what it has read is nowhere else. So what an
//! interrupted one gave is added to what the next one gives.

use std::{collections::HashMap, hash::Hash};

use crate::{
    expr::{Counter, Data, Expr, ObjectKind, Quota},
    language::Statement,
    object::{Element, Object, ObjectData, Rule},
};

/// Something with state that a reset reads and sets to zero.
pub(super) trait Resettable {
    /// What two readings of the same thing share.
    type Key: Hash + Eq;

    fn key(&self) -> Self::Key;

    /// Adds what an earlier reading gave.
    fn add(&mut self, earlier: &Self);
}

/// What all readings together gave: each thing of the last one once, in its order. `last` is where it begins.
pub(super) fn sum<R: Resettable>(mut readings: Vec<R>, last: usize) -> Vec<R> {
    let latest = readings.split_off(last.min(readings.len()));
    let mut places = HashMap::new();
    let mut found: Vec<R> = Vec::with_capacity(latest.len());
    for reading in latest {
        // One dump can give a thing twice, too, where its place changes.
        match places.get(&reading.key()).and_then(|place: &usize| found.get_mut(*place)) {
            Some(first) => first.add(&reading),
            None => {
                places.insert(reading.key(), found.len());
                found.push(reading);
            }
        }
    }
    for earlier in &readings {
        if let Some(reading) = places.get(&earlier.key()).and_then(|place| found.get_mut(*place)) {
            reading.add(earlier);
        }
    }
    found
}

impl Resettable for Rule {
    type Key = Option<u64>;

    fn key(&self) -> Self::Key {
        self.handle
    }

    fn add(&mut self, earlier: &Self) {
        for pair in self.body.iter_mut().zip(&earlier.body) {
            if let (Statement::Expr(now), Statement::Expr(earlier)) = pair {
                add_expression(now, earlier);
            }
        }
    }
}

impl Resettable for Object {
    type Key = (ObjectKind, String);

    fn key(&self) -> Self::Key {
        (self.kind(), self.name.clone())
    }

    fn add(&mut self, earlier: &Self) {
        match (&mut self.data, &earlier.data) {
            (ObjectData::Counter(now), ObjectData::Counter(earlier)) => add_counter(now, earlier),
            (ObjectData::Quota(now), ObjectData::Quota(earlier)) => add_quota(now, earlier),
            _ => {}
        }
    }
}

impl Resettable for Element {
    type Key = (Data, u32);

    fn key(&self) -> Self::Key {
        (self.key.clone(), self.flags.bits())
    }

    fn add(&mut self, earlier: &Self) {
        for (now, earlier) in self.expressions.iter_mut().zip(&earlier.expressions) {
            add_expression(now, earlier);
        }
    }
}

fn add_expression(now: &mut Expr, earlier: &Expr) {
    match (now, earlier) {
        (Expr::Counter(now), Expr::Counter(earlier)) => add_counter(now, earlier),
        (Expr::Quota(now), Expr::Quota(earlier)) => add_quota(now, earlier),
        _ => {}
    }
}

fn add_counter(now: &mut Counter, earlier: &Counter) {
    add(&mut now.packets, earlier.packets);
    add(&mut now.bytes, earlier.bytes);
}

fn add_quota(now: &mut Quota, earlier: &Quota) {
    add(&mut now.consumed, earlier.consumed);
}

fn add(now: &mut Option<u64>, earlier: Option<u64>) {
    if let Some(earlier) = earlier {
        *now = Some(now.unwrap_or_default().wrapping_add(earlier));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Counts;

    fn rule(handle: u64, packets: u64) -> Rule {
        let mut rule = Rule::new().tcp().say(Counter::new().packets(packets).bytes(10 * packets)).accept();
        rule.handle = Some(handle);
        rule
    }

    #[test]
    fn what_an_interrupted_dump_gave_is_added_and_nothing_comes_twice() {
        // Handle 9 was deleted between the readings, 3 is new, 2 came twice.
        let readings = vec![rule(1, 5), rule(9, 7), rule(1, 1), rule(2, 2), rule(2, 0), rule(3, 4)];
        let found = sum(readings, 2);
        let counts: Vec<_> =
            found.iter().map(|rule| (rule.handle.unwrap(), rule.counted().unwrap())).collect();
        let expected = [(1, Counts::new(6, 60)), (2, Counts::new(2, 20)), (3, Counts::new(4, 40))];
        assert_eq!(counts, expected);
    }

    #[test]
    fn objects_and_elements_add_up_too() {
        let quota = |bytes: u64| Object::new("day", Quota::over(100).consumed(bytes));
        let counter = Object::new("day", Counter::new().packets(1u64).bytes(2u64));
        let found = sum(vec![quota(5), counter.clone(), quota(1)], 1);
        assert_eq!(found, [counter, quota(6)]);
        let element = |bytes: u64| Element::new(Data::byte(7)).expression(Quota::over(9).consumed(bytes));
        assert_eq!(sum(vec![element(1), element(2)], 1), [element(3)]);
    }
}
