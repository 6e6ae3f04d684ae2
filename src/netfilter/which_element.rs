//! The element that is refused, on kernels that do not say which.
//!
//! Linux 5.10 says no more of a refused element than that its message is refused. But it goes through a message from the
//! start and stops at the first element that it refuses, so dry runs with fewer and fewer of them find that one: ten
//! for a thousand.

use nix::errno::Errno;

use super::{
    Netfilter,
    commit::Exchange,
    parts::{Part, encode, list_of, offset_in, start_of_list},
};
use crate::{
    Error,
    netlink::{ErrorAnswer, Outcome, Transport},
    object::NFTA_SET_ELEM_LIST_SET,
    transaction::{Batch, OperationId},
    wire::{Attributes, align},
};

/// Refused messages that are looked into; each costs some dry runs.
const LIMIT: usize = 4;

/// What is refused of an operation with elements.
enum At {
    /// All of it, without any element, too.
    Set,
    /// The element that begins there in its list.
    Element(usize),
}

impl<T: Transport> Netfilter<T> {
    /// Notes where the refused elements are, where the kernel says nothing of where it found the fault.
    ///
    /// What cannot be found out stays unsaid: it must not hide the refusal.
    pub(super) fn locate_elements(&mut self, work: &Batch, outcome: &mut Outcome) {
        let silent = |error: &&mut ErrorAnswer| error.offset.is_none() && error.message.is_none();
        for error in outcome.errors.values_mut().filter(silent).take(LIMIT) {
            let id = OperationId::from_sequence(error.sequence);
            if let Some((id, start)) = id.and_then(|id| Some((id, start_of_list(work, id)?))) {
                let found = self.first_refused(work, id, error.errno).ok().flatten();
                error.offset = match found {
                    Some(At::Element(inside)) => Some(start + inside),
                    Some(At::Set) => start_of_name(work, id).filter(|_| error.errno == Errno::ENOENT as i32),
                    None => None,
                };
            }
        }
    }

    /// What the kernel refuses so first.
    fn first_refused(&mut self, work: &Batch, id: OperationId, errno: i32) -> Result<Option<At>, Error> {
        let Some(list) = list_of(work, id) else {
            return Ok(None);
        };
        let mut ends = vec![0];
        for member in Attributes::new(list.payload).map_while(Result::ok) {
            ends.push(ends.last().copied().unwrap_or_default() + align(4 + member.payload.len()));
        }
        if self.is_refused(work, Part::Look(id), errno)? {
            return Ok(Some(At::Set));
        }
        // So many are taken, and so many are refused.
        let (mut taken, mut refused) = (0, ends.len() - 1);
        while taken + 1 < refused {
            let middle = taken.midpoint(refused);
            let end = ends.get(middle).copied().unwrap_or_default();
            if self.is_refused(work, Part::Elements(id, 0, end), errno)? {
                refused = middle;
            } else {
                taken = middle;
            }
        }
        Ok(ends.get(taken).copied().map(At::Element))
    }

    /// Whether the kernel refuses the part behind all that goes before it.
    fn is_refused(&mut self, work: &Batch, part: Part, errno: i32) -> Result<bool, Error> {
        let mut parts: Vec<Part> = (0..part.operation().0).map(OperationId).map(Part::Same).collect();
        parts.push(part);
        let Some(bytes) = encode(work, &parts) else {
            return Ok(false);
        };
        let last = part.operation().sequence();
        let exchange = Exchange { parts: &[&bytes], last, commit: false, generation: None, reports: false };
        let outcome = self.exchange(&exchange, |_| ())?;
        Ok(outcome.errors.get(&last).is_some_and(|error| error.errno == errno))
    }
}

/// Where the set's name begins in the bytes of an operation.
fn start_of_name(work: &Batch, id: OperationId) -> Option<usize> {
    let message = work.message_of(id)?;
    let name =
        message.attributes().map_while(Result::ok).find(|found| found.kind() == NFTA_SET_ELEM_LIST_SET)?;
    offset_in(work, id, name)?.checked_sub(4)
}
