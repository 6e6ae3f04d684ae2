//! Types of keys and values: what nft calls the bytes, so that its listing prints them.

use crate::wire::kernel_enum;

kernel_enum! {
    /// How the bytes of a key lie, as nft writes it beside a set for itself (`enum byteorder`).
    pub enum KeyOrder: u32 {
        /// Unsaid: concatenations.
        Mixed = 0 "mixed",
        /// The machine's: what the kernel computed.
        Host = 1 "host",
        /// As in the packet.
        Network = 2 "network",
    }
}

/// A type of keys or values: nft's number for it (`enum datatypes`) and its length. The kernel looks at the
/// length only.
///
/// ```
/// use portcullis::object::DataType;
///
/// let flow = DataType::IPV4_ADDR.and(DataType::INET_SERVICE);
/// assert_eq!(flow.len, 8);
/// assert_eq!(flow.fields, [4, 2]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct DataType {
    /// nft's number.
    pub number: u32,
    /// Bytes in registers.
    pub len: u32,
    /// How they lie.
    pub order: KeyOrder,
    /// The parts of a concatenation, in bytes, without what fills each up to four; none for a single value.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub fields: Vec<u32>,
}

/// Bits of nft's number that one part of a concatenation takes.
const CONCAT_BITS: u32 = 6;

impl DataType {
    /// An IPv4 address.
    pub const IPV4_ADDR: Self = Self::new(7, 4, KeyOrder::Network);
    /// An IPv6 address.
    pub const IPV6_ADDR: Self = Self::new(8, 16, KeyOrder::Network);
    /// A link-layer address.
    pub const ETHER_ADDR: Self = Self::new(9, 6, KeyOrder::Network);
    /// The number of a transport protocol.
    pub const INET_PROTO: Self = Self::new(12, 1, KeyOrder::Network);
    /// A port.
    pub const INET_SERVICE: Self = Self::new(13, 2, KeyOrder::Network);
    /// A packet's mark.
    pub const MARK: Self = Self::new(19, 4, KeyOrder::Host);
    /// An interface's index; nft prints its name.
    pub const IFACE_INDEX: Self = Self::new(20, 4, KeyOrder::Host);
    /// An interface's name, 16 bytes filled up with NUL.
    pub const IFNAME: Self = Self::new(41, 16, KeyOrder::Host);

    /// A type by nft's number.
    pub const fn new(number: u32, len: u32, order: KeyOrder) -> Self {
        Self { number, len, order, fields: Vec::new() }
    }

    /// The concatenation of this and another one. Each part is filled up to a multiple of four bytes, in keys
    /// too.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut fields = if self.fields.is_empty() { vec![self.len] } else { self.fields };
        if other.fields.is_empty() {
            fields.push(other.len);
        }
        let number = self.number.wrapping_shl(CONCAT_BITS * parts(&other.fields)) | other.number;
        fields.extend(other.fields);
        let len = fields.iter().map(|field| field.next_multiple_of(4)).sum();
        Self { number, len, order: KeyOrder::Mixed, fields }
    }
}

/// Of how many parts a type is; a single value has one.
fn parts(fields: &[u32]) -> u32 {
    u32::try_from(fields.len().max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concatenations_have_nfts_numbers() {
        let pair = DataType::IPV4_ADDR.and(DataType::INET_SERVICE);
        assert_eq!((pair.number, pair.len), (7 << 6 | 13, 8));
        let left = pair.clone().and(DataType::IFNAME);
        let right = DataType::IPV4_ADDR.and(DataType::INET_SERVICE.and(DataType::IFNAME));
        assert_eq!(left, right);
        assert_eq!((left.number, left.len), (7 << 12 | 13 << 6 | 41, 24));
    }
}
