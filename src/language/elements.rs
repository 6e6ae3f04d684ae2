//! A list of values as the elements of an anonymous set.

use super::{
    Item, Operand,
    compare::{in_network_order, network_mask},
};
use crate::{Invalid, expr::Data, object::Element};

/// Elements of a set of single keys, sorted, each once.
pub(super) fn singles<T: Operand>(items: &[Item<T>]) -> Vec<Element> {
    let mut keys: Vec<Data> = items
        .iter()
        .filter_map(|item| match item {
            Item::One(value) => Some(value.data()),
            _ => None,
        })
        .collect();
    keys.sort();
    keys.dedup();
    keys.into_iter().map(Element::new).collect()
}

/// Elements of a set of ranges: sorted, overlapping and adjacent ones joined, each as its first key and the
/// first key behind it.
pub(super) fn intervals<T: Operand>(items: &[Item<T>]) -> Result<Vec<Element>, Invalid> {
    items.iter().map(bounds).collect::<Result<_, _>>().map(join)
}

/// [`intervals`] of their first and last keys. Not generic: there are forty types of operands.
fn join(mut ranges: Vec<(Data, Data)>) -> Vec<Element> {
    ranges.sort();
    let mut joined: Vec<(Data, Data)> = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        match joined.last_mut() {
            Some((_, end)) if successor(end).is_none_or(|next| from <= next) => {
                if to > *end {
                    *end = to;
                }
            }
            _ => joined.push((from, to)),
        }
    }
    let mut elements = Vec::with_capacity(joined.len() * 2 + 1);
    // As nft does: what lies before the first range is closed by an end of its own.
    match joined.first() {
        Some((first, _)) if first.as_bytes().iter().any(|byte| *byte != 0) => {
            elements.push(Element::end(Data::zero(first.len())));
        }
        _ => {}
    }
    for (from, to) in joined {
        let end = successor(&to);
        elements.push(Element::new(from));
        elements.extend(end.map(Element::end));
    }
    elements
}

/// The first and the last key of an item, as bytes in network order.
fn bounds<T: Operand>(item: &Item<T>) -> Result<(Data, Data), Invalid> {
    match item {
        Item::One(value) => Ok((in_network_order::<T>(value), in_network_order::<T>(value))),
        Item::Range(from, to) => Ok((in_network_order::<T>(from), in_network_order::<T>(to))),
        Item::Prefix(value, bits) => Ok(prefix_bounds(&in_network_order::<T>(value), *bits)),
        Item::Masked(value, mask) => Err(Invalid::Combination {
            problem: format!(
                "the {} {} under mask {} cannot be one of a list; make a rule of its own for it",
                T::WHAT,
                value.text(),
                mask.text()
            ),
        }),
    }
}

/// The first and the last key that begin with these bits.
fn prefix_bounds(key: &Data, bits: u8) -> (Data, Data) {
    let (mut first, mut last) = (key.as_bytes().to_vec(), key.as_bytes().to_vec());
    for ((low, high), mask) in first.iter_mut().zip(&mut last).zip(network_mask(bits)) {
        *low &= mask;
        *high |= !mask;
    }
    (Data::new(&first), Data::new(&last))
}

/// The next key; `None` behind the last.
fn successor(key: &Data) -> Option<Data> {
    let mut bytes = key.as_bytes().to_vec();
    for byte in bytes.iter_mut().rev() {
        let (next, overflow) = byte.overflowing_add(1);
        *byte = next;
        if !overflow {
            return Some(Data::new(&bytes));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_and_adjacent_ranges_are_joined() {
        let items = [Item::Range(20u16, 30), Item::One(31), Item::Range(25, 40), Item::One(80)];
        let items = items.map(|item| match item {
            Item::One(port) => Item::One(crate::language::matches::Port(port)),
            Item::Range(a, b) => {
                Item::Range(crate::language::matches::Port(a), crate::language::matches::Port(b))
            }
            _ => unreachable!(),
        });
        let keys: Vec<_> = intervals(&items).unwrap().into_iter().map(|e| (e.key, e.flags.bits())).collect();
        let port = Data::network_u16;
        assert_eq!(keys, [(port(0), 1), (port(20), 0), (port(41), 1), (port(80), 0), (port(81), 1)]);
    }

    #[test]
    fn the_last_key_has_no_end_behind_it() {
        let items =
            [Item::Range(crate::language::matches::Port(0), crate::language::matches::Port(u16::MAX))];
        let elements = intervals(&items).unwrap();
        assert_eq!(elements.len(), 1);
    }
}
