//! What a text takes from the machine that it is about: nothing, unless the caller says it.

use super::stateful::{stateful, stateless};
use crate::expr::Expr;

/// Names of interfaces, the time zone, and what is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Names<'a> {
    /// Indices and names.
    pub(super) interfaces: &'a [(u32, String)],
    /// How many seconds local time is ahead of UTC.
    pub(super) utc_offset: i32,
    /// Whether what was counted and how much time is left stays unsaid.
    pub(super) stateless: bool,
}

impl<'a> Names<'a> {
    /// A statement that keeps a state, with it or without.
    pub(super) fn stateful(self, expression: &Expr) -> Option<String> {
        if self.stateless { stateless(expression) } else { stateful(expression) }
    }

    /// The name of the interface with this index.
    pub(super) fn interface(self, index: u64) -> Option<&'a str> {
        let (_, name) = self.interfaces.iter().find(|(known, _)| u64::from(*known) == index)?;
        Some(name)
    }

    /// A moment or a time of day, in seconds, as clocks show it.
    pub(super) fn local(self, seconds: u64) -> u64 {
        match self.utc_offset {
            // A time of day is taken modulo a day: one more day keeps it from falling below zero.
            offset if offset < 0 && seconds < 86_400 => {
                (seconds + 86_400).saturating_add_signed(offset.into())
            }
            offset => seconds.saturating_add_signed(offset.into()),
        }
    }
}
