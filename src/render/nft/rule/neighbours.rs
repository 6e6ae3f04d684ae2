//! Fields that lie side by side in a header: where a rule asks for the values of several, nft loads them together.
//!
//! nft gathers what must equal a constant up to the next statement that does something, and joins neighbours in any
//! order (`payload_can_merge` in its `payload.c`). Rules of iptables-nft and of this library load field by field.

use super::{protocol::Protocol, value::Bits};
use crate::expr::PayloadBase;

/// Bits that one comparison of the kernel takes without a detour.
const FAST: u32 = 32;
/// Bits in a register.
const REGISTER: u32 = 128;

/// A field, or several loaded together, that must equal a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Equality {
    pub(super) protocol: Protocol,
    pub(super) bits: Bits,
}

impl Equality {
    /// Whether nft makes one comparison of both.
    fn joins(self, other: Self) -> bool {
        let (a, b) = (self.bits, other.bits);
        let touch = a.offset.saturating_add(a.len) == b.offset || b.offset.saturating_add(b.len) == a.offset;
        self.protocol == other.protocol && a.base == b.base && touch && joins(a.base, a.len, b.len)
    }
}

/// Whether one load of both lengths is as cheap to nft as one of them alone.
pub(super) fn joins(base: PayloadBase, one: u32, other: u32) -> bool {
    let together = one.saturating_add(other);
    let cheap = together <= FAST || base == PayloadBase::Link || one > FAST || other > FAST;
    cheap && together <= REGISTER
}

/// The fields that were asked for since something was done.
#[derive(Debug, Default)]
pub(super) struct Neighbours(Vec<Equality>);

impl Neighbours {
    /// Those that nft would join with a field.
    pub(super) fn of(&self, field: Equality) -> Vec<Equality> {
        self.0.iter().copied().filter(|known| known.joins(field)).collect()
    }

    pub(super) fn add(&mut self, field: Equality) {
        self.0.push(field);
    }

    /// Something is done: nft joins nothing over that, but for what it found alone before (`stmt_reduce` in the
    /// `rule.c` of nft 1.0.6).
    pub(super) fn done(&mut self) {
        if self.0.len() > 1 {
            self.0.clear();
        }
    }

    pub(super) fn forget(&mut self, field: Equality) {
        self.0.retain(|known| *known != field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_join_where_a_load_stays_cheap() {
        let field = |base, offset, len| Equality { protocol: Protocol::Ip, bits: Bits { base, offset, len } };
        let network = |offset, len| field(PayloadBase::Network, offset, len);
        assert!(network(64, 8).joins(network(72, 8)));
        assert!(network(72, 8).joins(network(64, 8)));
        assert!(!network(64, 8).joins(network(80, 16)));
        assert!(!network(96, 32).joins(network(128, 32)));
        assert!(!network(64, 128).joins(network(192, 128)));
        assert!(field(PayloadBase::Link, 0, 48).joins(field(PayloadBase::Link, 48, 48)));
    }
}
