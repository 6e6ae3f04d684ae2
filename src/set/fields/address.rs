//! Addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{
    MacAddr,
    expr::AddressType,
    set::field::{Field, FieldType, fields, put},
};

fields! {
    Ipv4Addr: "IPv4 address" = FieldType::network("ipv4_addr", 7, 4).with_prefixes(), network u32,
        |address| address.to_bits(), |bits| Some(Self::from_bits(bits)), |address| address.to_string();
    Ipv6Addr: "IPv6 address" = FieldType::network("ipv6_addr", 8, 16).with_prefixes(), network u128,
        |address| address.to_bits(), |bits| Some(Self::from_bits(bits)), |address| address.to_string();
    AddressType: "address type" = FieldType::host("fib_addrtype", 38, 4), host u32,
        |kind| kind.number(), |number| Some(Self::from_number(number)), |kind| kind.to_string();
}

impl Field for MacAddr {
    const WHAT: &'static str = "Ethernet address";
    const TYPE: FieldType = FieldType::network("ether_addr", 9, 6);

    #[inline]
    fn write(&self, to: &mut [u8]) {
        put(to, self.0);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}
