//! The numbers of the protocol.

use std::net::Ipv4Addr;

/// 10.h.m.l
pub(super) fn address(index: u32) -> Ipv4Addr {
    let [_, high, middle, low] = index.to_be_bytes();
    Ipv4Addr::new(10, high, middle, low)
}

/// P(i)
pub(super) fn port(index: u32) -> u32 {
    (index % 65536).max(1)
}

/// The first address of a network of four.
pub(super) fn network(index: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0A00_0000 + 8 * index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocols_numbers() {
        assert_eq!(address(66_051), Ipv4Addr::new(10, 1, 2, 3));
        assert_eq!([0, 1, 65535, 65536, 65537].map(port), [1, 1, 65535, 1, 1]);
        assert_eq!(network(32), Ipv4Addr::new(10, 0, 1, 0));
    }
}
