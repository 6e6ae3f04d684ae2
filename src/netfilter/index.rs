//! Positions by index: the kernel knows only handles, so the chain is listed first.

use std::borrow::Cow;

use super::Netfilter;
use crate::{
    Error, Invalid, InvalidOperation,
    netlink::Transport,
    transaction::{Batch, IndexToResolve},
    wire::flags,
};

/// `NFTA_RULE_PAD`: an attribute that the kernel skips.
const NFTA_RULE_PAD: u16 = 8;

impl<T: Transport> Netfilter<T> {
    /// The batch with handles in the place of indexes, right for the generation that the ruleset is in meanwhile;
    /// `None` where another one was seen to begin.
    pub(super) fn resolve_indexes<'w>(&mut self, work: &'w Batch) -> Result<Option<Cow<'w, Batch>>, Error> {
        if work.indexes.is_empty() {
            return Ok(Some(Cow::Borrowed(work)));
        }
        let mut resolved = work.clone();
        for wanted in &work.indexes {
            let Some(rules) = self.read_rules(&wanted.chain)? else {
                return Ok(None);
            };
            let handles: Vec<u64> = rules.iter().filter_map(|rule| rule.handle).collect();
            if wanted.index > handles.len() {
                return Err(out_of_range(work, wanted, handles.len()));
            }
            patch(&mut resolved, wanted, &handles);
        }
        Ok(Some(Cow::Owned(resolved)))
    }
}

/// Writes the handle into the message: before the rule that has the index, or behind the last one.
fn patch(batch: &mut Batch, wanted: &IndexToResolve, handles: &[u64]) {
    let Some(message) = batch.bytes_from_mut(wanted.operation) else {
        return;
    };
    let (handle, append) = match handles.get(wanted.index) {
        Some(handle) => (Some(*handle), false),
        None => (handles.last().copied(), true),
    };
    if append {
        // nlmsg_flags
        if let Some(field) = message.get_mut(6..8) {
            let flags = u16::from_ne_bytes([field[0], field[1]]) | flags::APPEND;
            field.copy_from_slice(&flags.to_ne_bytes());
        }
    }
    match handle {
        Some(handle) => {
            if let Some(field) = message.get_mut(wanted.attribute + 4..wanted.attribute + 12) {
                field.copy_from_slice(&handle.to_be_bytes());
            }
        }
        // An empty chain has no rule to stand beside.
        None => {
            if let Some(field) = message.get_mut(wanted.attribute + 2..wanted.attribute + 4) {
                field.copy_from_slice(&NFTA_RULE_PAD.to_ne_bytes());
            }
        }
    }
}

fn out_of_range(work: &Batch, wanted: &IndexToResolve, rules: usize) -> Error {
    let Some(operation) = work.operations.get(wanted.operation) else {
        return Error::Invalid(Vec::new());
    };
    Error::Invalid(vec![InvalidOperation {
        operation: wanted.operation,
        verb: operation.verb,
        subject: work.subject_of(wanted.operation),
        origin: operation.origin,
        label: work.label_of(wanted.operation).map(str::to_owned),
        problem: Invalid::OutOfRange {
            what: "the index",
            value: wanted.index.to_string(),
            range: format!("0 to {rules} (the chain has {rules} rules)"),
        },
    }])
}
