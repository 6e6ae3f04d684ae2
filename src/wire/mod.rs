//! Netlink's wire format as values: attributes and messages, in both directions, without any I/O.
//!
//! A netlink message is a header and a run of attributes; an attribute is a 16-bit length, a 16-bit
//! type and a payload, padded to four bytes (`include/uapi/linux/netlink.h`). Lengths and types are in the
//! host's byte order, numbers inside nf_tables attributes are big-endian ([`Value`] says which).

mod buffer;
mod message;
mod reader;
mod value;
mod writer;

pub use buffer::Buffer;
pub(crate) use buffer::Slot;
pub use message::{GenMessage, Header, MessageError, Messages, flags, message_type, nft};
pub use reader::{Attribute, Attributes, Unknown};
pub use value::{DecodeError, Nested, Value};
pub(crate) use value::{flag_set, kernel_enum};
pub(crate) use writer::header_of;
pub use writer::{EncodeError, Writer};

/// Everything in netlink is aligned to this many bytes (`NLMSG_ALIGNTO`, `NLA_ALIGNTO`).
pub const ALIGN: usize = 4;

/// Rounds a length up to netlink's alignment.
pub const fn align(length: usize) -> usize {
    length.saturating_add(ALIGN - 1) & !(ALIGN - 1)
}

/// The attribute's payload holds attributes itself.
pub const NLA_F_NESTED: u16 = 1 << 15;
/// The attribute's payload is in network byte order.
pub const NLA_F_NET_BYTEORDER: u16 = 1 << 14;
/// What remains of an attribute's type without its two flags.
pub const NLA_TYPE_MASK: u16 = !(NLA_F_NESTED | NLA_F_NET_BYTEORDER);
