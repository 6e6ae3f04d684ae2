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
                    let sets = (find(left, self.left), find(right, self.right));
                    same_lookup(left, right)
                        && matches!(sets, (Some(left), Some(right)) if same_set(left, right))
                }
                (left, right) => filled::same(left, right),
            })
    }
}

/// Whether two runs of expressions say the same, if their sets do.
pub(super) fn but_for_sets(left: &[Expr], right: &[Expr]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|pair| match pair {
            (Expr::Lookup(left), Expr::Lookup(right)) => same_lookup(left, right),
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

/// The set that is looked up.
pub(super) fn find<'a>(lookup: &Lookup, sets: &'a [Set]) -> Option<&'a Set> {
    match lookup.set_id {
        Some(id) => {
            let index = usize::try_from(id).ok()?.checked_sub(1)?;
            sets.get(index).filter(|set| set.name == lookup.set)
        }
        None => sets.iter().find(|set| set.name == lookup.set),
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
pub(super) fn sorted(elements: &[Element]) -> Vec<&Element> {
    let mut elements: Vec<_> = elements.iter().collect();
    elements.sort_by_key(|element| (&element.key, !element.flags.contains(ElementFlags::INTERVAL_END)));
    elements
}
