//! A value in nft's words.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    Datatype,
    number::{decimal, hexadecimal, number},
    protocol_name,
    text::{interface, string},
    time::{date, duration, hour},
};
use crate::render::nft::names::Names;

impl Datatype {
    /// The bytes in nft's words, as `nft list` prints a constant. Several bits are joined by ` | `; where a list is
    /// meant, as in `ct state established,related`, see [`Datatype::list`].
    pub(in crate::render::nft) fn value(self, bytes: &[u8], names: Names<'_>) -> String {
        if self.is_bitmask() { self.bits_joined(bytes, " | ") } else { self.single(bytes, names) }
    }

    /// As [`Datatype::value`], but several bits are joined by commas.
    pub(in crate::render::nft) fn list(self, bytes: &[u8], names: Names<'_>) -> String {
        if self.is_bitmask() { self.bits_joined(bytes, ",") } else { self.single(bytes, names) }
    }

    /// As [`Datatype::value`], without names: how nft writes both ends of a range.
    pub(in crate::render::nft) fn numeric(self, bytes: &[u8]) -> String {
        match self {
            Self::Ipv4Addr
            | Self::Ipv6Addr
            | Self::EtherAddr
            | Self::LinkAddr
            | Self::IfName
            | Self::String
            | Self::Time
            | Self::TimeDate
            | Self::TimeHour
            | Self::ClassId
            | Self::CtLabel => self.single(bytes, Names::default()),
            _ => self.plain(bytes),
        }
    }

    fn single(self, bytes: &[u8], names: Names<'_>) -> String {
        let value = number(bytes, self.order());
        let small = value.and_then(|value| u64::try_from(value).ok());
        if let Some(name) = small.and_then(|value| self.symbol(value)) {
            return if self.quotes_names() { format!("\"{name}\"") } else { name.to_owned() };
        }
        match (self, small) {
            (Self::Ipv4Addr, _) => match <[u8; 4]>::try_from(bytes) {
                Ok(octets) => Ipv4Addr::from(octets).to_string(),
                Err(_) => self.plain(bytes),
            },
            (Self::Ipv6Addr, _) => match <[u8; 16]>::try_from(bytes) {
                Ok(octets) => ipv6(octets),
                Err(_) => self.plain(bytes),
            },
            (Self::EtherAddr | Self::LinkAddr, _) => {
                bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
            }
            (Self::IfName, _) => interface(bytes),
            (Self::String, _) => string(bytes),
            (Self::InetProto, Some(value)) => match u8::try_from(value).ok().and_then(protocol_name) {
                Some(name) => name.to_owned(),
                None => self.plain(bytes),
            },
            (Self::IfIndex, Some(index)) => match names.interface(index) {
                Some(name) => format!("\"{name}\""),
                None => index.to_string(),
            },
            (Self::ClassId, Some(value)) => format!("{:x}:{:x}", value >> 16, value & 0xffff),
            (Self::Time, Some(value)) => duration(value),
            (Self::TimeDate, Some(value)) => date(names.local(value / 1_000_000_000)),
            (Self::TimeHour, Some(value)) => hour(names.local(value) % 86_400),
            _ => self.plain(bytes),
        }
    }

    /// The number in the base that nft chooses.
    fn plain(self, bytes: &[u8]) -> String {
        let order = self.order();
        match (self, number(bytes, order)) {
            (Self::Mark, Some(value)) => format!("{value:#010x}"),
            (Self::EtherType, Some(value)) => format!("{value:#06x}"),
            (Self::Dscp, Some(value)) => format!("{value:#04x}"),
            (Self::Ecn, Some(value)) => format!("{value:#x}"),
            (Self::Hex | Self::Other(_), _) => hexadecimal(bytes, order),
            _ if self.is_bitmask() => hexadecimal(bytes, order),
            _ => decimal(bytes, order),
        }
    }

    fn symbol(self, value: u64) -> Option<&'static str> {
        self.symbols().iter().find(|(number, _)| *number == value).map(|(_, name)| *name)
    }

    /// Every bit by its name, from the lowest; a bit without a name as a number.
    fn bits_joined(self, bytes: &[u8], separator: &str) -> String {
        let Some(value) = number(bytes, self.order()).filter(|value| *value != 0 && self != Self::Bitmask)
        else {
            return self.plain(bytes);
        };
        (0..u128::BITS)
            .filter(|bit| value >> bit & 1 == 1)
            .map(|bit| match (self, u64::try_from(1u128 << bit)) {
                (Self::CtLabel, _) => bit.to_string(),
                (_, Ok(flag)) => self.symbol(flag).map_or_else(|| format!("{flag:#x}"), str::to_owned),
                (_, Err(_)) => format!("{:#x}", 1u128 << bit),
            })
            .collect::<Vec<_>>()
            .join(separator)
    }
}

/// As the C library writes it, which says the last four bytes of a mapped or compatible address as IPv4.
fn ipv6(octets: [u8; 16]) -> String {
    let address = Ipv6Addr::from(octets);
    match address.segments() {
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => {
            format!("::{}.{}.{}.{}", high >> 8, high & 0xff, low >> 8, low & 0xff)
        }
        _ => address.to_string(),
    }
}
