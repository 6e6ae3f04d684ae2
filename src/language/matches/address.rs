//! Source and destination addresses: iptables' `-s`, `-d` and `-m iprange`.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ops::RangeInclusive,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use smallvec::SmallVec;

use crate::{
    Invalid, Rule,
    expr::{Data, Expr, Payload, PayloadBase},
    language::{Datatype, Item, Layer3, Lift, Lifting, Lower, Lowering, Matching, Operand, matching_from},
};

/// Of the packet's two ends, which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Side {
    /// Where it comes from.
    Source,
    /// Where it goes to.
    Destination,
}

/// Addresses of one family, or of both when taken from a list or a host name: split them with
/// [`Matching::v4`] and [`Matching::v6`] for the rules of each.
pub type Addresses = Matching<IpAddr>;

matching_from! {
    IpAddr:
    { IpAddr } => |address| Self::one(Item::One(address)),
    { Ipv4Addr } => |address| Self::one(Item::One(address.into())),
    { Ipv6Addr } => |address| Self::one(Item::One(address.into())),
    { IpNet } => |net| Self::one(net_item(net)),
    { Ipv4Net } => |net| Self::one(net_item(net.into())),
    { Ipv6Net } => |net| Self::one(net_item(net.into())),
    { RangeInclusive<IpAddr> } => |range| Self::one(Item::Range(*range.start(), *range.end())),
    { RangeInclusive<Ipv4Addr> } => |range| Self::one(Item::Range((*range.start()).into(), (*range.end()).into())),
    { RangeInclusive<Ipv6Addr> } => |range| Self::one(Item::Range((*range.start()).into(), (*range.end()).into())),
    'a { &'a str } => |text| read(text).map_or_else(Self::broken, Self::one),
    { String } => |text| Self::from(text.as_str()),
}

fn net_item(net: IpNet) -> Item<IpAddr> {
    if net.prefix_len() == net.max_prefix_len() {
        Item::One(net.addr())
    } else {
        Item::Prefix(net.addr(), net.prefix_len())
    }
}

/// An address, `ADDRESS/LENGTH`, `ADDRESS/MASK` (IPv4) or `FIRST-LAST`.
fn read(text: &str) -> Result<Item<IpAddr>, Invalid> {
    let unreadable = || Invalid::Unreadable {
        text: text.to_owned(),
        expected: "an address (10.0.2.1, fd00::1), a network (10.0.2.0/24) or a range (10.0.2.1-10.0.2.9); \
                   host names are looked up by portcullis::resolve",
    };
    let address = |text: &str| text.trim().parse::<IpAddr>().map_err(|_| unreadable());
    if let Some((from, to)) = text.split_once('-') {
        return Ok(Item::Range(address(from)?, address(to)?));
    }
    let Some((network, length)) = text.split_once('/') else {
        return address(text).map(Item::One);
    };
    let network = address(network)?;
    if let (IpAddr::V4(_), Ok(mask)) = (network, length.parse::<Ipv4Addr>()) {
        return Ok(match ipnet::ipv4_mask_to_prefix(mask) {
            Ok(32) => Item::One(network),
            Ok(bits) => Item::Prefix(network, bits),
            Err(_) => Item::Masked(network, mask.into()),
        });
    }
    let bits: u8 = length.parse().map_err(|_| unreadable())?;
    let limit = if network.is_ipv4() { 32 } else { 128 };
    match bits {
        bits if bits > limit => {
            Err(Invalid::PrefixTooLong { what: "address", value: network.to_string(), length: bits, limit })
        }
        bits if bits == limit => Ok(Item::One(network)),
        bits => Ok(Item::Prefix(network, bits)),
    }
}

impl Matching<IpAddr> {
    /// The IPv4 addresses among them.
    #[must_use]
    pub fn v4(&self) -> Self {
        self.of_family(IpAddr::is_ipv4)
    }

    /// The IPv6 addresses among them.
    #[must_use]
    pub fn v6(&self) -> Self {
        self.of_family(IpAddr::is_ipv6)
    }

    /// The IPv4 addresses and the IPv6 addresses, those of the two that there are: a rule for each.
    ///
    /// ```
    /// use portcullis::{Rule, resolve};
    ///
    /// let rules: Vec<Rule> =
    ///     resolve("localhost")?.by_family().map(|addresses| Rule::new().saddr(addresses).accept()).collect();
    /// assert!(!rules.is_empty());
    /// # Ok::<(), portcullis::Error>(())
    /// ```
    pub fn by_family(&self) -> impl Iterator<Item = Self> {
        // What went wrong must not vanish with the rule that would have told it.
        [self.v4(), self.v6()]
            .into_iter()
            .filter(|addresses| !addresses.items.is_empty() || addresses.problem.is_some())
    }

    fn of_family(&self, is: impl Fn(&IpAddr) -> bool) -> Self {
        let items = self.items.iter().filter(|item| is(first_address(item))).copied().collect();
        Self { negated: self.negated, items, problem: self.problem.clone() }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

fn first_address(item: &Item<IpAddr>) -> &IpAddr {
    match item {
        Item::One(address)
        | Item::Range(address, _)
        | Item::Prefix(address, _)
        | Item::Masked(address, _) => address,
    }
}

/// An address of the one family, as registers hold it.
#[derive(Clone)]
pub(super) struct V4(Ipv4Addr);

/// An address of the other.
#[derive(Clone)]
pub(super) struct V6(Ipv6Addr);

impl V4 {
    pub(super) fn address(&self) -> IpAddr {
        self.0.into()
    }
}

impl Operand for V4 {
    const WHAT: &'static str = "address";
    const DATATYPE: Datatype = Datatype::IPV4_ADDR;

    const PREFIXES: bool = true;

    fn data(&self) -> Data {
        Data::new(&self.0.octets())
    }

    fn from_data(data: &Data) -> Option<Self> {
        <[u8; 4]>::try_from(data.as_bytes()).ok().map(|octets| Self(octets.into()))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

impl V6 {
    pub(super) fn address(&self) -> IpAddr {
        self.0.into()
    }
}

impl Operand for V6 {
    const WHAT: &'static str = "address";
    const DATATYPE: Datatype = Datatype::IPV6_ADDR;

    const PREFIXES: bool = true;

    fn data(&self) -> Data {
        Data::new(&self.0.octets())
    }

    fn from_data(data: &Data) -> Option<Self> {
        <[u8; 16]>::try_from(data.as_bytes()).ok().map(|octets| Self(octets.into()))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

/// Addresses proven to be of one family.
pub(super) enum OneFamily {
    V4(Matching<V4>),
    V6(Matching<V6>),
}

pub(super) fn one_family(addresses: &Addresses) -> Result<OneFamily, Invalid> {
    if let Some(problem) = &addresses.problem {
        return Err(Invalid::clone(problem));
    }
    let mut v4 = SmallVec::new();
    let mut v6 = SmallVec::new();
    let (mut some_v4, mut some_v6) = (None, None);
    for item in &addresses.items {
        let (a, b, rebuild): (IpAddr, IpAddr, u8) = match *item {
            Item::One(a) => (a, a, 0),
            Item::Range(a, b) => (a, b, 1),
            Item::Prefix(a, _) => (a, a, 2),
            Item::Masked(a, b) => (a, b, 3),
        };
        let bits = if let Item::Prefix(_, bits) = item { *bits } else { 0 };
        match (a, b) {
            (IpAddr::V4(x), IpAddr::V4(y)) => {
                some_v4 = Some(a);
                v4.push(rebuilt(rebuild, V4(x), V4(y), bits));
            }
            (IpAddr::V6(x), IpAddr::V6(y)) => {
                some_v6 = Some(a);
                v6.push(rebuilt(rebuild, V6(x), V6(y), bits));
            }
            (IpAddr::V4(_), IpAddr::V6(_)) => return Err(Invalid::AddressesMixed { v4: a, v6: b }),
            (IpAddr::V6(_), IpAddr::V4(_)) => return Err(Invalid::AddressesMixed { v4: b, v6: a }),
        }
    }
    let negated = addresses.negated;
    match (some_v4, some_v6) {
        (Some(v4), Some(v6)) => Err(Invalid::AddressesMixed { v4, v6 }),
        (Some(_), None) => Ok(OneFamily::V4(Matching { negated, items: v4, problem: None })),
        (None, Some(_)) => Ok(OneFamily::V6(Matching { negated, items: v6, problem: None })),
        (None, None) => Err(Invalid::ListEmpty { what: "addresses" }),
    }
}

fn rebuilt<T>(shape: u8, a: T, b: T, bits: u8) -> Item<T> {
    match shape {
        0 => Item::One(a),
        1 => Item::Range(a, b),
        2 => Item::Prefix(a, bits),
        _ => Item::Masked(a, b),
    }
}

/// The packet comes from, or goes to, one of these addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct AddressMatch {
    /// Whose address.
    pub side: Side,
    /// Which.
    pub addresses: Addresses,
}

impl Rule {
    /// Only packets from these addresses: one family in each rule.
    ///
    /// ```
    /// use portcullis::{Rule, not};
    ///
    /// Rule::new().saddr("10.0.2.0/24").accept();
    /// Rule::new().saddr(not(["fd00::/8", "fe80::/10"])).drop();
    /// ```
    #[doc(alias = "source")]
    #[must_use]
    pub fn saddr(self, addresses: impl Into<Addresses>) -> Self {
        self.word(|| AddressMatch { side: Side::Source, addresses: addresses.into() })
    }

    /// Only packets to these addresses: one family in each rule.
    #[doc(alias = "destination")]
    #[must_use]
    pub fn daddr(self, addresses: impl Into<Addresses>) -> Self {
        self.word(|| AddressMatch { side: Side::Destination, addresses: addresses.into() })
    }
}

impl Lower for AddressMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let what = match self.side {
            Side::Source => "a source address",
            Side::Destination => "a destination address",
        };
        match one_family(&self.addresses)? {
            OneFamily::V4(addresses) => {
                to.need_layer3(what, Layer3::V4)?;
                let offset = if self.side == Side::Source { 12 } else { 16 };
                to.field(PayloadBase::Network, offset, &addresses)
            }
            OneFamily::V6(addresses) => {
                to.need_layer3(what, Layer3::V6)?;
                let offset = if self.side == Side::Source { 8 } else { 24 };
                to.field(PayloadBase::Network, offset, &addresses)
            }
        }
    }
}

impl Lift for AddressMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let v4 = |addresses: Matching<V4>| addresses.map(V4::address);
        let v6 = |addresses: Matching<V6>| addresses.map(V6::address);
        let field = |offset| from.field(PayloadBase::Network, offset).map(v4);
        let field6 = |offset| from.field(PayloadBase::Network, offset).map(v6);
        let (side, addresses) = match (from.layer3()?, from.expressions().first()?) {
            (Layer3::V4, Expr::Payload(Payload { offset: 12, .. })) => (Side::Source, field(12)?),
            (Layer3::V4, Expr::Payload(Payload { offset: 16, .. })) => (Side::Destination, field(16)?),
            (Layer3::V6, Expr::Payload(Payload { offset: 8, .. })) => (Side::Source, field6(8)?),
            (Layer3::V6, Expr::Payload(Payload { offset: 24, .. })) => (Side::Destination, field6(24)?),
            _ => return None,
        };
        Some(Self { side, addresses })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Family,
        language::matches::golden::{bytecode, same_as_nft},
        not,
    };

    const V4: &[Family] = &[Family::Ip, Family::Inet, Family::Bridge, Family::Netdev];
    const V6: &[Family] = &[Family::Ip6, Family::Inet];

    fn rule() -> Rule {
        Rule::new()
    }

    #[test]
    fn as_nft_says_it() {
        same_as_nft([
            (V4, "ip saddr 10.0.2.1", rule().saddr("10.0.2.1")),
            (V4, "ip daddr != 10.0.2.1", rule().daddr(not("10.0.2.1"))),
            (V4, "ip saddr 10.0.2.0/24", rule().saddr("10.0.2.0/24")),
            (V4, "ip daddr 10.0.2.64/26", rule().daddr("10.0.2.64/26")),
            (V4, "ip saddr != 10.0.0.0/8", rule().saddr(not("10.0.0.0/8"))),
            (V4, "ip daddr 10.0.2.1-10.0.2.9", rule().daddr("10.0.2.1-10.0.2.9")),
            (V4, "ip saddr != 10.0.2.1-10.0.2.9", rule().saddr(not("10.0.2.1-10.0.2.9"))),
            (V4, "ip saddr { 10.0.2.1, 10.0.2.7 }", rule().saddr(["10.0.2.7", "10.0.2.1"])),
            (V4, "ip daddr != { 10.0.2.1, 10.0.2.7 }", rule().daddr(not(["10.0.2.1", "10.0.2.7"]))),
            (
                V4,
                "ip saddr { 1.1.1.1, 10.0.2.0/24, 192.168.7.1-192.168.7.9 }",
                rule().saddr(["10.0.2.0/24", "192.168.7.1-192.168.7.9", "1.1.1.1"]),
            ),
            (V4, "ip saddr & 255.0.255.0 == 10.0.2.0", rule().saddr("10.0.2.0/255.0.255.0")),
            (V6, "ip6 saddr fd00::1", rule().saddr("fd00::1")),
            (V6, "ip6 daddr != fd00::1", rule().daddr(not("fd00::1"))),
            (V6, "ip6 saddr fd00::/8", rule().saddr("fd00::/8")),
            (V6, "ip6 daddr fe80::/10", rule().daddr("fe80::/10")),
            (V6, "ip6 saddr fd00::1-fd00::ff", rule().saddr("fd00::1-fd00::ff")),
            (V6, "ip6 daddr != fd00::1-fd00::ff", rule().daddr(not("fd00::1-fd00::ff"))),
            (V6, "ip6 saddr { fd00::1, fd00::2 }", rule().saddr(["fd00::1", "fd00::2"])),
            (V6, "ip6 daddr != { fd00::/64, fe80::1 }", rule().daddr(not(["fe80::1", "fd00::/64"]))),
        ]);
    }

    /// Texts, values and masks of one meaning become one rule.
    #[test]
    fn said_in_several_ways() {
        let same = |one: Rule, other: Rule| {
            assert_eq!(bytecode(&one, Family::Inet), bytecode(&other, Family::Inet));
        };
        let [first, last] = [1, 9].map(|last| Ipv4Addr::new(10, 0, 2, last));
        same(rule().saddr("10.0.2.1"), rule().saddr(first));
        same(rule().saddr("10.0.2.1"), rule().saddr("10.0.2.1/32"));
        same(rule().saddr("10.0.2.1"), rule().saddr("10.0.2.1/255.255.255.255"));
        same(rule().saddr("10.0.2.1"), rule().saddr(IpNet::from(IpAddr::from(first))));
        same(rule().saddr("10.0.2.1-10.0.2.9"), rule().saddr(first..=last));
        same(rule().saddr("10.0.2.1 - 10.0.2.9"), rule().saddr(first..=last));
        same(rule().daddr("10.0.2.0/24"), rule().daddr("10.0.2.0/255.255.255.0"));
        // What the prefix does not have is not compared.
        same(rule().daddr("10.0.2.0/24"), rule().daddr("10.0.2.9/24"));
        same(rule().daddr("10.0.2.64/26"), rule().daddr("10.0.2.99/26"));
        same(rule().daddr("fd00::1"), rule().daddr("fd00::1/128"));
    }

    #[test]
    fn one_family_in_a_rule() {
        let text =
            |family, addresses: Addresses| rule().saddr(addresses).check(family).unwrap_err().to_string();
        let mixed = "one match cannot hold both 10.0.2.1 and fd00::1: \
                     make two rules (Addresses::v4 and Addresses::v6 split a mixed list)";
        assert_eq!(text(Family::Inet, ["10.0.2.1", "fd00::1"].into()), mixed);
        assert_eq!(text(Family::Inet, "10.0.2.1-fd00::1".into()), mixed);
        assert_eq!(text(Family::Inet, "fd00::1-10.0.2.1".into()), mixed);
        assert_eq!(
            text(Family::Inet, Matching::any_of([])),
            "an empty list of addresses matches nothing: give at least one"
        );
        for (family, address, other) in [(Family::Ip, "fd00::1", "IPv6"), (Family::Ip6, "10.0.2.1", "IPv4")] {
            let text = text(family, address.into());
            assert!(text.contains("source address") && text.contains(other), "{text}");
        }
        let list = Addresses::from(["10.0.2.1", "fd00::1", "10.0.0.0/8"]);
        assert_eq!((list.v4().items().len(), list.v6().items().len()), (2, 1));
        for addresses in list.by_family() {
            assert_eq!(rule().daddr(addresses).check(Family::Inet), Ok(()));
        }
    }
}
