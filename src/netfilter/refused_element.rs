//! Naming the element of a set that the kernel objects to.

use super::parts::{list_of, offset_in};
use crate::{
    RefusedElement,
    object::{Element, ElementFlags, NFTA_SET_ELEM_FLAGS},
    transaction::{Batch, OperationId},
    wire::{Attribute, align},
};

/// The element at `offset` of an operation's message.
pub(super) fn refused_element(work: &Batch, id: OperationId, offset: usize) -> Option<RefusedElement> {
    let list = list_of(work, id)?;
    // Offsets count from the message's start.
    let inside = offset.checked_sub(offset_in(work, id, list)?)?;
    let (mut start, mut at) = (0, None);
    for (index, member) in list.attributes().map_while(Result::ok).enumerate() {
        start += align(4 + member.payload.len());
        if inside < start {
            at = Some(index);
            break;
        }
    }
    let at = at?;
    let bulk = work.bulk_of(id);
    let runs = bulk.is_some_and(|bulk| bulk.runs);
    let members = || members(list);
    // The end of a run belongs to its start.
    let starts = members().take(at + 1).filter(|element| !runs || !is_end(element)).count();
    let at = if runs && members().nth(at).is_some_and(|element| is_end(&element)) && starts > 0 {
        at.saturating_sub(1)
    } else {
        at
    };
    let before: usize = bulk.map_or(0, |bulk| {
        (bulk.first.0..id.0)
            .filter_map(|earlier| list_of(work, OperationId(earlier)))
            .map(|list| count(list, runs))
            .sum()
    });
    let element = members().nth(at)?;
    let following = members().nth(at + 1).filter(|next| runs && is_end(next));
    let last = match (&element.key_end, &following) {
        (Some(last), _) => last.as_bytes().to_vec(),
        (None, Some(end)) => predecessor(end.key.as_bytes()),
        (None, None) if runs && !is_end(&element) => vec![u8::MAX; element.key.len()],
        (None, None) => element.key.as_bytes().to_vec(),
    };
    let first = element.key.as_bytes();
    let text = bulk.and_then(|bulk| (bulk.text)(first, &last)).unwrap_or_else(|| {
        if element.flags.contains(ElementFlags::CATCHALL) { "*".to_owned() } else { element.key.to_string() }
    });
    Some(RefusedElement { index: before + starts.saturating_sub(1), key: text })
}

fn members(list: Attribute<'_>) -> impl Iterator<Item = Element> {
    list.attributes().map_while(Result::ok).map_while(|member| member.get().ok())
}

/// How many elements a list has, told without reading them whole.
fn count(list: Attribute<'_>, runs: bool) -> usize {
    let ends = |member: &Attribute<'_>| {
        let flags =
            member.attributes().map_while(Result::ok).find(|found| found.kind() == NFTA_SET_ELEM_FLAGS);
        flags
            .and_then(|flags| flags.get::<ElementFlags>().ok())
            .is_some_and(|flags| flags.contains(ElementFlags::INTERVAL_END))
    };
    list.attributes().map_while(Result::ok).filter(|member| !runs || !ends(member)).count()
}

fn is_end(element: &Element) -> bool {
    element.flags.contains(ElementFlags::INTERVAL_END)
}

/// The key before this one.
fn predecessor(key: &[u8]) -> Vec<u8> {
    let mut bytes = key.to_vec();
    for byte in bytes.iter_mut().rev() {
        let (next, borrowed) = byte.overflowing_sub(1);
        *byte = next;
        if !borrowed {
            break;
        }
    }
    bytes
}
