//! Whether a set's elements were read while the kernel moved them.
//!
//! A set without a size is a hash table that grows (`lib/rhashtable.c`): some time after a commit, a worker moves all
//! elements to a larger one. A dump counts how many elements it has given, and goes on behind so many; where they have
//! moved, it gives some twice and others not at all, and neither marks that nor makes a new generation. But as it
//! gives as many as there are, something is missing only where something comes twice.

use std::collections::HashSet;

use crate::{
    Error,
    object::{Element, ElementFlags, Set, SetFlags},
};

/// How often elements that come twice are read again.
pub(super) const ATTEMPTS: u32 = 100;

/// Whether every element was read once, as far as that can be seen.
pub(super) fn is_settled(set: &Set, elements: &[Element]) -> bool {
    !moves(set) || all_different(elements)
}

/// Whether the set is of the kind whose elements the kernel moves.
pub(super) fn moves(set: &Set) -> bool {
    // Trees and tables of a fixed size do not move. (`nft_select_set_ops`)
    !set.flags.contains(SetFlags::INTERVAL) && (set.desc.size.is_none() || rules_add_to(set))
}

/// Whether elements come and go without a commit.
pub(super) fn rules_add_to(set: &Set) -> bool {
    set.flags.intersects(SetFlags::TIMEOUT | SetFlags::EVAL)
}

/// Whether no element comes twice.
pub(super) fn all_different(elements: &[Element]) -> bool {
    let mut seen = HashSet::with_capacity(elements.len());
    elements.iter().all(|element| seen.insert(identity(element)))
}

fn identity(element: &Element) -> (&[u8], bool) {
    (element.key.as_bytes(), element.flags.contains(ElementFlags::INTERVAL_END))
}

/// What becomes of elements that come twice each time. Where rules add them, there may be no moment at which they do
/// not move, so that is no error: what is there, once.
pub(super) fn give_up(
    operation: &'static str,
    set: &Set,
    elements: Vec<Element>,
) -> Result<Vec<Element>, Error> {
    if !rules_add_to(set) {
        return Err(Error::Interrupted { operation, attempts: ATTEMPTS });
    }
    let mut seen = HashSet::with_capacity(elements.len());
    let first: Vec<bool> = elements.iter().map(|element| seen.insert(identity(element))).collect();
    let once = elements.into_iter().zip(first).filter(|(_, first)| *first);
    Ok(once.map(|(element, _)| element).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{expr::Data, object::DataType};

    #[test]
    fn what_comes_twice_is_noticed_where_it_can_come_twice() {
        let element = |key| Element::new(Data::byte(key));
        let once = [element(1), Element::end(Data::byte(1)), element(2)];
        let twice = [element(1), element(2), element(1)];
        let grows = Set::new("s", DataType::MARK);
        assert!(is_settled(&grows, &once) && !is_settled(&grows, &twice));
        assert!(is_settled(&grows.clone().size(3), &twice));
        assert!(is_settled(&grows.clone().flags(SetFlags::INTERVAL), &twice));
        let dynamic = grows.clone().size(3).flags(SetFlags::EVAL);
        assert!(!is_settled(&dynamic, &twice));
        assert_eq!(give_up("list", &dynamic, twice.to_vec()).unwrap(), twice[..2]);
        let error = give_up("list", &grows, twice.to_vec()).unwrap_err();
        assert!(error.to_string().contains("100 times in a row"), "{error}");
    }
}
