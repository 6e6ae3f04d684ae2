//! Ethernet addresses: iptables' `-m mac`.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use super::{Masked, Side};
use crate::{
    Invalid, Rule,
    expr::{Data, PayloadBase},
    language::{Datatype, Item, Lift, Lifting, Lower, Lowering, Matching, Operand, matching_from},
};

/// An Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacAddr(pub [u8; 6]);

/// `aa:bb:cc:dd:ee:ff`
impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// Six numbers of one or two hexadecimal digits with `:` or `-` between them.
impl FromStr for MacAddr {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let bytes = text.split([':', '-']).map(|digits| match digits.len() {
            1 | 2 if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                u8::from_str_radix(digits, 16).ok()
            }
            _ => None,
        });
        let bytes: Option<Vec<u8>> = bytes.collect();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(|| Invalid::Unreadable {
            text: text.to_owned(),
            expected: "an Ethernet address (aa:bb:cc:dd:ee:ff)",
        })
    }
}

impl Operand for MacAddr {
    const WHAT: &'static str = "Ethernet address";
    const DATATYPE: Datatype = Datatype::ETHER_ADDR;

    fn data(&self) -> Data {
        Data::new(&self.0)
    }

    fn from_data(data: &Data) -> Option<Self> {
        data.as_bytes().try_into().ok().map(Self)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

matching_from! {
    MacAddr:
    { MacAddr } => |address| Self::one(Item::One(address)),
    { [u8; 6] } => |address| Self::one(Item::One(MacAddr(address))),
    { RangeInclusive<MacAddr> } => |range| Self::one(Item::Range(*range.start(), *range.end())),
    { Masked<MacAddr> } => |masked| {
        masked.item("Ethernet address", number, (1 << 48) - 1, |address| address).map_or_else(Self::broken, Self::one)
    },
    'a { &'a str } => |text| text.parse().map_or_else(Self::broken, |address| Self::one(Item::One(address))),
    { String } => |text| Self::from(text.as_str()),
}

fn number(MacAddr(address): MacAddr) -> u64 {
    address.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The packet comes from, or goes to, one of these Ethernet addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct EtherMatch {
    /// Whose address.
    pub side: Side,
    /// Which.
    pub addresses: Matching<MacAddr>,
}

impl Rule {
    /// Only packets that came from these Ethernet addresses: known in hooks prerouting, input and forward.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().ether_saddr("52:54:00:12:34:56").accept();
    /// ```
    #[doc(alias = "mac-source")]
    #[must_use]
    pub fn ether_saddr(self, addresses: impl Into<Matching<MacAddr>>) -> Self {
        self.word(|| EtherMatch { side: Side::Source, addresses: addresses.into() })
    }

    /// Only packets that came to these Ethernet addresses. See [`Rule::ether_saddr`].
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::{MacAddr, masked};
    ///
    /// let group = MacAddr([1, 0, 0, 0, 0, 0]);
    /// Rule::new().ether_daddr(masked(group, group)).drop();
    /// ```
    #[must_use]
    pub fn ether_daddr(self, addresses: impl Into<Matching<MacAddr>>) -> Self {
        self.word(|| EtherMatch { side: Side::Destination, addresses: addresses.into() })
    }
}

impl Lower for EtherMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.need_ethernet();
        let offset = if self.side == Side::Source { 6 } else { 0 };
        to.field_beside_others(PayloadBase::Link, offset, &self.addresses)
    }
}

impl Lift for EtherMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        if let Some(addresses) = from.field(PayloadBase::Link, 6) {
            return Some(Self { side: Side::Source, addresses });
        }
        from.field(PayloadBase::Link, 0).map(|addresses| Self { side: Side::Destination, addresses })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    const ADDRESS: MacAddr = MacAddr([0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]);

    #[test]
    fn as_nft_says_it() {
        use crate::{
            language::matches::{golden::same_as_nft, masked},
            not,
        };

        let group = MacAddr([1, 0, 0, 0, 0, 0]);
        let families: &[Family] =
            &[Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev, Family::Arp];
        same_as_nft([
            (families, "ether saddr aa:bb:cc:dd:ee:ff", Rule::new().ether_saddr("aa:bb:cc:dd:ee:ff")),
            (families, "ether daddr != aa:bb:cc:dd:ee:ff", Rule::new().ether_daddr(not(ADDRESS))),
            (
                families,
                "ether daddr { aa:bb:cc:dd:ee:ff, 01:00:00:00:00:01 }",
                Rule::new().ether_daddr(["aa:bb:cc:dd:ee:ff", "1:0:0:0:0:1"]),
            ),
            (
                families,
                "ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00",
                Rule::new().ether_daddr(masked(group, group)),
            ),
            (
                families,
                "ether daddr aa:bb:cc:dd:ee:00-aa:bb:cc:dd:ee:ff",
                Rule::new().ether_daddr(MacAddr([0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0])..=ADDRESS),
            ),
            (
                &[Family::Inet],
                "ether saddr { aa:bb:cc:dd:ee:ff } ether daddr != aa:bb:cc:dd:ee:ff",
                Rule::new().ether_saddr(ADDRESS).ether_daddr(not(ADDRESS)),
            ),
            // Said `ip saddr` alone, nft 1.0.6 tests the Ethernet header's type, which is not IP's behind a VLAN tag.
            (
                &[Family::Inet],
                "ether saddr aa:bb:cc:dd:ee:ff meta nfproto ipv4 ip saddr 10.0.0.1",
                Rule::new().ether_saddr(ADDRESS).saddr("10.0.0.1"),
            ),
        ]);
    }

    #[test]
    fn addresses_are_read_and_printed() {
        assert_eq!("AA-BB-CC-DD-EE-FF".parse(), Ok(ADDRESS));
        assert_eq!(ADDRESS.to_string(), "aa:bb:cc:dd:ee:ff");
        for text in ["", "aa:bb:cc:dd:ee", "aa:bb:cc:dd:ee:ff:00", "aa:bb:cc:dd:ee:gg", "+a:bb:cc:dd:ee:ff"] {
            let problem = Rule::new().ether_saddr(text).check(Family::Ip).unwrap_err();
            let expected = format!("\"{text}\" is not an Ethernet address (aa:bb:cc:dd:ee:ff)");
            assert_eq!(problem.to_string(), expected);
        }
    }
}
