//! The element that is refused, on kernels that do not say which.
//!
//! Linux 5.10 says no more of a refused element than that its message is refused. But it goes through a message from the
//! start and stops at the first element that it refuses, so dry runs with fewer and fewer of them find that one: ten
//! for a thousand.

use super::{
    Netfilter,
    commit::Exchange,
    parts::{Part, encode, list_of, start_of_list},
};
use crate::{
    Error,
    netlink::{ErrorAnswer, Outcome, Transport},
    transaction::{Batch, OperationId},
    wire::{Attributes, align},
};

/// Refused messages that are looked into; each costs some dry runs.
const LIMIT: usize = 4;

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
                error.offset = found.map(|inside| start + inside);
            }
        }
    }

    /// Where in its list the first element of an operation is that the kernel refuses so; `None` where it refuses
    /// the operation without any element, too.
    fn first_refused(&mut self, work: &Batch, id: OperationId, errno: i32) -> Result<Option<usize>, Error> {
        let Some(list) = list_of(work, id) else {
            return Ok(None);
        };
        let mut ends = vec![0];
        for member in Attributes::new(list.payload).map_while(Result::ok) {
            ends.push(ends.last().copied().unwrap_or_default() + align(4 + member.payload.len()));
        }
        if self.is_refused(work, Part::Look(id), errno)? {
            return Ok(None);
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
        Ok(ends.get(taken).copied())
    }

    /// Whether the kernel refuses the part behind all that goes before it.
    fn is_refused(&mut self, work: &Batch, part: Part, errno: i32) -> Result<bool, Error> {
        let mut parts: Vec<Part> = (0..part.operation().0).map(OperationId).map(Part::Same).collect();
        parts.push(part);
        let Some(bytes) = encode(work, &parts) else {
            return Ok(false);
        };
        let last = part.operation().sequence();
        let exchange = Exchange { parts: &[&bytes], last, commit: false, generation: None };
        let outcome = self.exchange(&exchange, |_| ())?;
        Ok(outcome.errors.get(&last).is_some_and(|error| error.errno == errno))
    }
}
