//! A concatenation as a set's key; `rustables` has keys of one value, and a public trait for more.

use std::net::Ipv4Addr;

use rustables::data_type::DataType;

/// `ipv4_addr . inet_service`
pub(crate) struct Pair(pub(crate) Ipv4Addr, pub(crate) u16);

impl DataType for Pair {
    /// nft's numbers of the two types, six bits each.
    const TYPE: u32 = 7 << 6 | 13;
    const LEN: u32 = 8;

    fn data(&self) -> Vec<u8> {
        let [a, b, c, d] = self.0.octets();
        let [high, low] = self.1.to_be_bytes();
        vec![a, b, c, d, high, low, 0, 0]
    }
}
