//! A C structure's bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::values::{self, plain};

/// The bytes of a match or target. What lies beyond their end is `None`.
#[derive(Clone, Copy)]
pub(super) struct Info<'a>(pub(super) &'a [u8]);

impl<'a> Info<'a> {
    pub(super) fn bytes(self, at: usize, len: usize) -> Option<&'a [u8]> {
        self.0.get(at..at.checked_add(len)?)
    }

    fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.bytes(at, N)?.try_into().ok()
    }

    pub(super) fn u8(self, at: usize) -> Option<u8> {
        self.0.get(at).copied()
    }

    /// In the host's order.
    pub(super) fn u16(self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_ne_bytes)
    }

    /// In network order.
    pub(super) fn be16(self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_be_bytes)
    }

    /// In the host's order.
    pub(super) fn u32(self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_ne_bytes)
    }

    /// In the host's order.
    pub(super) fn u64(self, at: usize) -> Option<u64> {
        self.array(at).map(u64::from_ne_bytes)
    }

    /// Text up to its NUL, or the whole field.
    pub(super) fn text(self, at: usize, len: usize) -> Option<String> {
        let field = self.bytes(at, len)?;
        let end = field.iter().position(|byte| *byte == 0).unwrap_or(len);
        Some(plain(&String::from_utf8_lossy(field.get(..end)?)))
    }

    /// `union nf_inet_addr`: 16 bytes, of which IPv4 uses the first four.
    pub(super) fn address(self, at: usize, v6: bool) -> Option<IpAddr> {
        Some(match v6 {
            true => Ipv6Addr::from(self.array::<16>(at)?).into(),
            false => Ipv4Addr::from(self.array::<4>(at)?).into(),
        })
    }

    /// An address and its mask behind it: `10.0.0.0/8`.
    pub(super) fn network(self, at: usize, mask: usize, v6: bool) -> Option<String> {
        let address = self.address(at, v6)?;
        let mask = self.address(mask, v6)?;
        Some(values::network(address, mask))
    }
}

/// `! `, where something is negated.
pub(super) fn not(negated: bool) -> &'static str {
    if negated { "! " } else { "" }
}

/// `!`, where something is negated.
pub(super) fn bang(negated: bool) -> &'static str {
    if negated { "!" } else { "" }
}

/// A number, or two with something between.
pub(super) fn range<T: PartialEq + ToString>(from: T, between: &str, to: T) -> String {
    if from == to { from.to_string() } else { format!("{}{between}{}", from.to_string(), to.to_string()) }
}
