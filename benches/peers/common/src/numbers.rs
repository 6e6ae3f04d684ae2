//! The names and the numbers of the workloads: every contender builds the same ruleset.

use std::net::Ipv4Addr;

/// The table, of family `ip`.
pub const TABLE: &str = "bench";
/// The base chain of the filter rules: hook input, priority 0, policy accept.
pub const CHAIN: &str = "input";
/// The base chain of the NAT rules: hook prerouting, priority -100.
pub const NAT_CHAIN: &str = "prerouting";
/// The port that the NAT rules send to.
pub const NAT_PORT: u16 = 8080;
/// The set.
pub const SET: &str = "s";
/// What `replace-element` puts in the place of `address(0)`.
pub const REPLACEMENT: Ipv4Addr = Ipv4Addr::new(11, 0, 0, 1);

/// The address of rule or element `index`: 10.0.0.0 and the 24 low bits of the index.
pub const fn address(index: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0a00_0000 | (index & 0x00ff_ffff))
}

/// The port of rule or element `index`: never 0.
pub const fn port(index: u32) -> u16 {
    match (index & 0xffff) as u16 {
        0 => 1,
        port => port,
    }
}

/// The network address of the prefix of element `index`, whose length is 30. Between two of them is a gap of as many
/// addresses, so that none can be merged.
pub const fn prefix(index: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0a00_0000 + 8 * index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_protocol() {
        assert_eq!(address(0x0001_0203), Ipv4Addr::new(10, 1, 2, 3));
        assert_eq!((port(0), port(1), port(65_535), port(65_536), port(65_537)), (1, 1, 65_535, 1, 1));
        assert_eq!(prefix(33), Ipv4Addr::new(10, 0, 1, 8));
    }
}
