//! What a register holds: the tree of expressions that filled it.

use crate::expr::{
    CtDirection, CtKey, Exthdr, ExthdrFlags, ExthdrOp, FibFlags, FibResult, Hash, Meta, MetaKey, Numgen, Osf,
    Payload, PayloadBase, RtKey, SocketKey, Tunnel, Xfrm,
};

/// Bits of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bits {
    /// Where the offset counts from.
    pub(super) base: PayloadBase,
    /// Bits from there.
    pub(super) offset: u32,
    /// How many bits.
    pub(super) len: u32,
}

/// Bits of an extension header, of an option, or of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extension {
    /// Which kind of extension.
    pub(super) op: ExthdrOp,
    /// The kernel's number of the header, option or chunk.
    pub(super) kind: u8,
    /// Bits from its start.
    pub(super) offset: u32,
    /// How many bits.
    pub(super) len: u32,
    /// Only whether there is one is asked.
    pub(super) present: bool,
}

/// The content of a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Meta(MetaKey),
    Payload(Bits),
    Ct(CtKey, Option<CtDirection>),
    Route(RtKey),
    Socket(SocketKey, Option<u32>),
    Extension(Extension),
    Fib(FibFlags, FibResult),
    Osf(Osf),
    Xfrm(Xfrm),
    Tunnel(Tunnel),
    Hash(Hash, Option<Box<Value>>),
    Numgen(Numgen),
    Constant(Vec<u8>),
    /// Neighbouring registers, taken as one.
    Concat(Vec<Value>),
    /// `(of & mask) ^ xor`
    Bitwise {
        of: Box<Value>,
        mask: Vec<u8>,
        xor: Vec<u8>,
    },
    Shift {
        of: Box<Value>,
        left: bool,
        by: u32,
    },
    /// With its bytes turned around, `size` of them at a time.
    Swapped {
        of: Box<Value>,
        size: u32,
    },
    Map {
        key: Box<Value>,
        set: String,
        set_id: Option<u32>,
    },
}

impl From<&Payload> for Bits {
    fn from(payload: &Payload) -> Self {
        Self {
            base: payload.base,
            offset: payload.offset.saturating_mul(8),
            len: payload.len.saturating_mul(8),
        }
    }
}

impl From<&Exthdr> for Extension {
    fn from(exthdr: &Exthdr) -> Self {
        Self {
            op: exthdr.op,
            kind: exthdr.kind,
            offset: exthdr.offset.unwrap_or(0).saturating_mul(8),
            len: exthdr.len.unwrap_or(0).saturating_mul(8),
            present: exthdr.flags.is_some_and(|flags| flags.contains(ExthdrFlags::PRESENT)),
        }
    }
}

impl From<&Meta> for Value {
    fn from(meta: &Meta) -> Self {
        Self::Meta(meta.key)
    }
}

impl Value {
    /// Whether the value is the same for every packet.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }
}
