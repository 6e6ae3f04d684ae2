//! What a register is compared with, as values: the way back of `compare` and `elements`.

use super::{
    Lifting, filled,
    same::{find, sorted},
};
use crate::{
    expr::{Cmp, CmpOp, Data, Expr, Lookup, LookupFlags, Payload, PayloadBase, Range, RangeOp},
    language::{Item, Matching, Operand, Order},
    object::{ElementFlags, Set, SetFlags},
    prefix::prefix_length,
};

impl Lifting<'_> {
    /// A field of the packet, compared.
    pub(crate) fn field<T: Operand>(&self, base: PayloadBase, offset: u32) -> Option<Matching<T>> {
        match self.expressions {
            [Expr::Payload(Payload { base: of, offset: at, .. }), rest @ ..]
                if (*of, *at) == (base, offset) =>
            {
                compared(rest, self.sets)
            }
            _ => None,
        }
    }

    /// What `load` loads, compared.
    pub(crate) fn matching<T: Operand>(&self, load: impl Into<Expr>) -> Option<Matching<T>> {
        match self.expressions {
            [first, rest @ ..] if filled::same(first, &load.into()) => compared(rest, self.sets),
            _ => None,
        }
    }

    /// The ranges of a set, each with its first and its last key; of a set without ranges, each key as both.
    pub(crate) fn ranges_of(&self, lookup: &Lookup) -> Option<Vec<(Data, Data)>> {
        let set = find(&lookup.set, lookup.set_id, self.sets)?;
        if set.flags.contains(SetFlags::INTERVAL) {
            return ranges(set);
        }
        let keys = sorted(&set.elements).into_iter().map(|element| &element.key);
        Some(keys.map(|key| (key.clone(), key.clone())).collect())
    }

    /// A register, compared by the expressions behind the first `skip`.
    pub(crate) fn compared<T: Operand>(&self, skip: usize) -> Option<Matching<T>> {
        compared(self.expressions.get(skip..)?, self.sets)
    }
}

fn compared<T: Operand>(expressions: &[Expr], sets: &[Set]) -> Option<Matching<T>> {
    let (expressions, turned) = match expressions {
        [Expr::Byteorder(_), rest @ ..] => (rest, true),
        all => (all, false),
    };
    let one = |negated, item| Some(Matching { negated, ..Matching::one(item) });
    match expressions {
        [
            Expr::Cmp(Cmp { op: CmpOp::Gte, data: from, .. }),
            Expr::Cmp(Cmp { op: CmpOp::Lte, data: to, .. }),
            ..,
        ] => one(false, Item::Range(from_network(from)?, from_network(to)?)),
        [Expr::Range(Range { op: RangeOp::Neq, from, to, .. }), ..] => {
            one(true, Item::Range(from_network(from)?, from_network(to)?))
        }
        [Expr::Cmp(cmp), ..] if !turned => one(negation(cmp.op)?, equal_to(&cmp.data)?),
        [Expr::Bitwise(bitwise), Expr::Cmp(cmp), ..] if !turned => {
            let mask = bitwise.mask.as_ref()?;
            let value = T::from_data(&cmp.data)?;
            let item = match mask_length(&in_network_order::<T>(mask)) {
                Some(bits) if T::PREFIXES => Item::Prefix(value, bits),
                _ => Item::Masked(value, T::from_data(mask)?),
            };
            one(negation(cmp.op)?, item)
        }
        [Expr::Lookup(lookup), ..] => looked_up(lookup, sets),
        _ => None,
    }
}

fn negation(op: CmpOp) -> Option<bool> {
    match op {
        CmpOp::Eq => Some(false),
        CmpOp::Neq => Some(true),
        _ => None,
    }
}

/// A comparison of fewer bytes is one with a prefix.
fn equal_to<T: Operand>(data: &Data) -> Option<Item<T>> {
    let len = usize::try_from(T::DATATYPE.len).ok()?;
    if data.len() >= len {
        return T::from_data(data).map(Item::One);
    }
    let bits = u8::try_from(data.len() * 8).ok()?;
    T::from_data(&Data::padded(data.as_bytes(), len)).map(|value| Item::Prefix(value, bits))
}

fn looked_up<T: Operand>(lookup: &Lookup, sets: &[Set]) -> Option<Matching<T>> {
    let set = find(&lookup.set, lookup.set_id, sets)?;
    let negated = lookup.flags.is_some_and(|flags| flags.contains(LookupFlags::INV));
    let mut items: Vec<Item<T>> = if set.flags.contains(SetFlags::INTERVAL) {
        let ranges = ranges(set)?;
        // Were it all single values, it would be no set of ranges.
        let single = ranges.iter().all(|(from, to)| from == to);
        ranges.iter().map(|(from, to)| between(from, to, single)).collect::<Option<_>>()?
    } else {
        let values = sorted(&set.elements).into_iter().map(|element| T::from_data(&element.key));
        values.map(|value| value.map(Item::One)).collect::<Option<_>>()?
    };
    said_as_list(&mut items);
    Some(Matching { negated, ..Matching::any_of(items) })
}

/// One value alone is compared, not looked up; said twice, it is a list.
pub(crate) fn said_as_list<T: Clone>(items: &mut Vec<Item<T>>) {
    if let [only] = items.as_slice() {
        items.push(only.clone());
    }
}

/// A set's ranges, each with its first and its last key, in network order.
fn ranges(set: &Set) -> Option<Vec<(Data, Data)>> {
    let mut ranges = Vec::with_capacity(set.elements.len() / 2);
    let mut open: Option<&Data> = None;
    for element in sorted(&set.elements) {
        if element.flags.contains(ElementFlags::INTERVAL_END) {
            if let Some(from) = open.take() {
                ranges.push((from.clone(), predecessor(&element.key)?));
            }
        } else if open.replace(&element.key).is_some() {
            return None;
        }
    }
    if let Some(from) = open {
        ranges.push((from.clone(), Data::new(&vec![u8::MAX; from.len()])));
    }
    Some(ranges)
}

fn between<T: Operand>(from: &Data, to: &Data, always_range: bool) -> Option<Item<T>> {
    let first = from_network(from)?;
    if from == to && !always_range {
        return Some(Item::One(first));
    }
    match prefix_between(from, to) {
        Some(bits) if T::PREFIXES && !always_range => Some(Item::Prefix(first, bits)),
        _ => Some(Item::Range(first, from_network(to)?)),
    }
}

/// How many bits two keys have in common, if one is the first and the other the last that begin with these.
pub(crate) fn prefix_between(from: &Data, to: &Data) -> Option<u8> {
    let free: Vec<u8> = from.as_bytes().iter().zip(to.as_bytes()).map(|(from, to)| from ^ to).collect();
    let low = from.as_bytes().iter().zip(&free).all(|(from, free)| from & free == 0);
    let mask: Vec<u8> = free.iter().map(|byte| !byte).collect();
    mask_length(&mask).filter(|_| low && from.len() == to.len())
}

/// The length of the prefix whose mask this is.
fn mask_length(mask: &[u8]) -> Option<u8> {
    u8::try_from(prefix_length(mask)?).ok()
}

/// The key before.
fn predecessor(key: &Data) -> Option<Data> {
    let mut bytes = key.as_bytes().to_vec();
    for byte in bytes.iter_mut().rev() {
        let (before, borrow) = byte.overflowing_sub(1);
        *byte = before;
        if !borrow {
            return Some(Data::new(&bytes));
        }
    }
    None
}

/// A register's content with its most significant byte first.
fn in_network_order<T: Operand>(data: &Data) -> Vec<u8> {
    let mut bytes = data.as_bytes().to_vec();
    if T::DATATYPE.order == Order::Host && cfg!(target_endian = "little") {
        bytes.reverse();
    }
    bytes
}

/// A value that was turned to network order, or never had another.
fn from_network<T: Operand>(data: &Data) -> Option<T> {
    T::from_data(&Data::new(&in_network_order::<T>(data)))
}
