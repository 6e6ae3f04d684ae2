//! Whether expressions say the same, whatever their sets are called.

use super::filled;
use crate::{
    expr::{Expr, Lookup, ObjectChoice, Objref},
    object::{Element, ElementFlags, Set, SetFlags},
};

/// The sets that two runs of expressions look up.
pub(super) struct Sets<'a> {
    pub(super) left: &'a [Set],
    pub(super) right: &'a [Set],
}

impl Sets<'_> {
    /// Whether two runs of expressions say the same.
    pub(super) fn same(&self, left: &[Expr], right: &[Expr]) -> bool {
        left.len() == right.len()
            && left.iter().zip(right).all(|pair| match pair {
                (Expr::Lookup(left), Expr::Lookup(right)) => {
                    same_lookup(left, right)
                        && self.same_sets((&left.set, left.set_id), (&right.set, right.set_id))
                }
                (Expr::Objref(left), Expr::Objref(right)) => match (map_of(left), map_of(right)) {
                    (Some(left_map), Some(right_map)) => {
                        same_reference(left, right) && self.same_sets(left_map, right_map)
                    }
                    _ => left == right,
                },
                (left, right) => filled::same(left, right),
            })
    }
}

impl Sets<'_> {
    /// Whether two names, each with its number in a transaction, are of the same set: of one of the table's, or of two
    /// anonymous ones that hold the same.
    fn same_sets(&self, left: (&str, Option<u32>), right: (&str, Option<u32>)) -> bool {
        match (find(left.0, left.1, self.left), find(right.0, right.1, self.right)) {
            (Some(left), Some(right)) => same_set(left, right),
            (None, None) => left == right && left.1.is_none(),
            _ => false,
        }
    }
}

/// Whether two runs of expressions say the same, if their sets do.
pub(super) fn but_for_sets(left: &[Expr], right: &[Expr]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|pair| match pair {
            (Expr::Lookup(left), Expr::Lookup(right)) => same_lookup(left, right),
            (Expr::Objref(left), Expr::Objref(right)) => same_reference(left, right),
            (left, right) => filled::same(left, right),
        })
}

/// Whether an expression names a set by its number in the transaction.
pub(super) fn looks_up_by_number(expression: &Expr) -> bool {
    match expression {
        Expr::Lookup(lookup) => lookup.set_id.is_some(),
        Expr::Dynset(dynset) => dynset.set_id.is_some(),
        Expr::Objref(Objref { object: ObjectChoice::Map { set_id, .. }, .. }) => set_id.is_some(),
        _ => false,
    }
}

/// The anonymous set of this name, and of this number in the transaction. Sets of the table are known by their names.
pub(super) fn find<'a>(name: &str, id: Option<u32>, sets: &'a [Set]) -> Option<&'a Set> {
    let found = match id {
        Some(id) => {
            let index = usize::try_from(id).ok()?.checked_sub(1)?;
            sets.get(index).filter(|set| set.name == name)
        }
        None => sets.iter().find(|set| set.name == name),
    };
    found.filter(|set| set.is_anonymous())
}

/// The map that an object is found in.
fn map_of(objref: &Objref) -> Option<(&str, Option<u32>)> {
    match &objref.object {
        ObjectChoice::Map { set, set_id, .. } => Some((set, *set_id)),
        ObjectChoice::Named { .. } => None,
    }
}

/// Whether two references say the same, if their maps do.
fn same_reference(left: &Objref, right: &Objref) -> bool {
    match (&left.object, &right.object) {
        (ObjectChoice::Map { sreg: left_key, .. }, ObjectChoice::Map { sreg: right_key, .. }) => {
            left_key == right_key && left.unknown == right.unknown
        }
        _ => left == right,
    }
}

/// Whether two lookups say the same, if their sets do.
fn same_lookup(left: &Lookup, right: &Lookup) -> bool {
    let right = Lookup { set: left.set.clone(), set_id: left.set_id, ..right.clone() };
    filled::same(&Expr::Lookup(left.clone()), &Expr::Lookup(right))
}

/// Whether two anonymous sets hold the same.
fn same_set(left: &Set, right: &Set) -> bool {
    left.flags.contains(SetFlags::ANONYMOUS)
        && without_elements(left) == without_elements(right)
        && (left.elements == right.elements || sorted(&left.elements) == sorted(&right.elements))
}

/// A set but for its elements, its name, how it is stored, and what nft keeps beside it.
fn without_elements(set: &Set) -> Set {
    let mut bare = Set::anonymous(set.key_type, set.key_len, false, false, Vec::new());
    let (name, userdata, desc) = (bare.name, bare.userdata, bare.desc);
    bare = Set { elements: Vec::new(), ..set.clone() };
    Set { name, userdata, desc, policy: None, handle: None, ..bare }
}

/// The elements of a set, which the kernel lists in its own order: ends of ranges before what begins there.
pub(crate) fn sorted(elements: &[Element]) -> Vec<&Element> {
    let mut elements: Vec<_> = elements.iter().collect();
    elements.sort_by_key(|element| (&element.key, !element.flags.contains(ElementFlags::INTERVAL_END)));
    elements
}
