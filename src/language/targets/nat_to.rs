//! Where a translation leads: addresses, ports, and how to choose among them.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    ops::RangeInclusive,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::{Invalid, expr::NatFlags, language::Item};

/// The addresses and ports that [`dnat`](crate::Rule::dnat) and [`snat`](crate::Rule::snat) translate to.
///
/// Made from an address, a range or network of addresses, an address with port (`SocketAddr`), or a text:
/// `"192.168.1.2"`, `"192.168.1.2:8080"`, `"192.168.1.2-192.168.1.9:8000-8010"`, `"[fd00::2]:8080"`,
/// `"10.1.0.0/24"`, `":8080"`.
///
/// ```
/// use std::net::{Ipv4Addr, SocketAddr};
/// use portcullis::NatTo;
///
/// let server: SocketAddr = "192.168.1.2:8080".parse()?;
/// assert_eq!(NatTo::from(server), NatTo::from("192.168.1.2:8080"));
/// assert_eq!(NatTo::from(server), NatTo::from(Ipv4Addr::new(192, 168, 1, 2)).port(8080));
/// NatTo::from("192.168.1.2-192.168.1.9").ports(8000..=8010).persistent();
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct NatTo {
    /// To which; the packet keeps its own if absent.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub addresses: Option<Item<IpAddr>>,
    /// To which; where absent, the packet keeps its own if the translation leaves it free.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub ports: Option<Item<u16>>,
    /// How to choose.
    #[cfg_attr(
        feature = "serde",
        serde(default = "NatFlags::empty", skip_serializing_if = "NatFlags::is_empty")
    )]
    pub flags: NatFlags,
    #[cfg_attr(
        feature = "serde",
        serde(
            default,
            skip_deserializing,
            skip_serializing_if = "Option::is_none",
            serialize_with = "crate::json::broken"
        )
    )]
    pub(crate) problem: Option<Box<Invalid>>,
}

impl Default for NatTo {
    fn default() -> Self {
        Self::new()
    }
}

impl NatTo {
    /// The packet's own address, to be followed by [`NatTo::port`] or [`NatTo::ports`].
    pub fn new() -> Self {
        Self { addresses: None, ports: None, flags: NatFlags::empty(), problem: None }
    }

    fn addresses(addresses: impl Into<Item<IpAddr>>) -> Self {
        Self { addresses: Some(addresses.into()), ..Self::new() }
    }

    /// To this port, 1 to 65535. The rule must say a protocol with ports before: `.tcp()`, `.udp()`.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        self.ports(port)
    }

    /// To a port of this range. The rule must say a protocol with ports before: `.tcp()`, `.udp()`.
    #[must_use]
    pub fn ports(mut self, ports: impl Into<Item<u16>>) -> Self {
        self.ports = Some(ports.into());
        self
    }

    /// Ports are chosen at random.
    #[must_use]
    pub fn random(self) -> Self {
        self.with(NatFlags::PROTO_RANDOM)
    }

    /// Ports are chosen at random by a better generator.
    #[doc(alias = "random-fully")]
    #[must_use]
    pub fn fully_random(self) -> Self {
        self.with(NatFlags::PROTO_RANDOM_FULLY)
    }

    /// Every connection of a client gets the same address of the range.
    #[must_use]
    pub fn persistent(self) -> Self {
        self.with(NatFlags::PERSISTENT)
    }

    /// Of the address, only the network part is replaced: nft's `prefix to`, iptables' NETMAP. Kernel 5.8.
    #[doc(alias = "NETMAP")]
    #[must_use]
    pub fn prefix(self) -> Self {
        self.with(NatFlags::NETMAP)
    }

    fn with(mut self, flags: NatFlags) -> Self {
        self.flags |= flags;
        self
    }
}

/// Declares from what a `NatTo` can be made.
macro_rules! nat_to_from {
    ($( $source:ty => |$value:ident| $make:expr, )+) => {$(
        impl From<$source> for NatTo {
            fn from($value: $source) -> Self {
                $make
            }
        }
    )+};
}

nat_to_from! {
    IpAddr => |address| Self::addresses(address),
    Ipv4Addr => |address| Self::addresses(IpAddr::from(address)),
    Ipv6Addr => |address| Self::addresses(IpAddr::from(address)),
    IpNet => |net| Self::addresses(Item::Prefix(net.addr(), net.prefix_len())),
    Ipv4Net => |net| Self::from(IpNet::from(net)),
    Ipv6Net => |net| Self::from(IpNet::from(net)),
    RangeInclusive<IpAddr> => |range| Self::addresses(range),
    RangeInclusive<Ipv4Addr> => |range| Self::addresses(Item::Range((*range.start()).into(), (*range.end()).into())),
    RangeInclusive<Ipv6Addr> => |range| Self::addresses(Item::Range((*range.start()).into(), (*range.end()).into())),
    SocketAddrV4 => |server| Self::from(*server.ip()).port(server.port()),
    SocketAddrV6 => |server| Self::from(*server.ip()).port(server.port()),
    SocketAddr => |server| Self::from(server.ip()).port(server.port()),
    &str => |text| read(text).unwrap_or_else(|problem| Self { problem: Some(Box::new(problem)), ..Self::new() }),
    String => |text| Self::from(text.as_str()),
}

/// `ADDRESSES`, `ADDRESSES:PORTS` or `:PORTS`; IPv6 addresses before ports are in brackets.
fn read(text: &str) -> Result<NatTo, Invalid> {
    let unreadable = || Invalid::Unreadable {
        text: text.to_owned(),
        expected: "where to translate to: ADDRESS, FIRST-LAST or NETWORK/LENGTH, then perhaps :PORT or :FIRST-LAST \
                   (192.168.1.2:8080, 192.168.1.2-192.168.1.9, [fd00::2]:8080, :8080)",
    };
    let (addresses, ports) = match text.rsplit_once(']') {
        Some((addresses, "")) => (addresses, None),
        Some((addresses, ports)) => (addresses, Some(ports.strip_prefix(':').ok_or_else(unreadable)?)),
        None if text.matches(':').count() == 1 => {
            text.split_once(':').map_or((text, None), |(addresses, ports)| (addresses, Some(ports)))
        }
        None => (text, None),
    };
    let address = |text: &str| text.trim_matches(['[', ']']).parse::<IpAddr>().map_err(|_| unreadable());
    let port = |text: &str| text.parse::<u16>().map_err(|_| unreadable());
    let addresses = match (addresses, addresses.split_once('-'), addresses.split_once('/')) {
        ("", ..) => None,
        (_, Some((first, last)), _) => Some(Item::Range(address(first)?, address(last)?)),
        (_, None, Some((network, length))) => {
            Some(Item::Prefix(address(network)?, length.parse().map_err(|_| unreadable())?))
        }
        (one, None, None) => Some(Item::One(address(one)?)),
    };
    let ports = match ports.map(|ports| (ports, ports.split_once('-'))) {
        None if addresses.is_none() => return Err(unreadable()),
        None => None,
        Some((_, Some((first, last)))) => Some(Item::Range(port(first)?, port(last)?)),
        Some((one, None)) => Some(Item::One(port(one)?)),
    };
    Ok(NatTo { addresses, ports, ..NatTo::new() })
}

/// The addresses, first and last, proven to be of one family and in order. The last is absent where there is one
/// only.
pub(super) fn check_addresses(addresses: &Item<IpAddr>) -> Result<(IpAddr, Option<IpAddr>), Invalid> {
    match *addresses {
        Item::One(address) => Ok((address, None)),
        Item::Range(first, last) => {
            match (first, last) {
                (IpAddr::V4(_), IpAddr::V6(_)) => {
                    return Err(Invalid::AddressesMixed { v4: first, v6: last });
                }
                (IpAddr::V6(_), IpAddr::V4(_)) => {
                    return Err(Invalid::AddressesMixed { v4: last, v6: first });
                }
                _ if first > last => {
                    let (from, to) = (first.to_string(), last.to_string());
                    return Err(Invalid::RangeReversed { what: "address", from, to });
                }
                _ => {}
            }
            Ok((first, Some(last)))
        }
        Item::Prefix(address, length) => match IpNet::new(address, length) {
            Ok(net) => Ok((net.network(), Some(net.broadcast()))),
            Err(_) => Err(Invalid::PrefixTooLong {
                what: "address",
                value: address.to_string(),
                length,
                limit: if address.is_ipv4() { 32 } else { 128 },
            }),
        },
        Item::Masked(address, mask) => {
            let problem = format!("{address} under mask {mask} is no range of addresses to translate to");
            Err(Invalid::Combination { problem })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_the_value() {
        let v4 = |last| Ipv4Addr::new(192, 168, 1, last);
        let v6 = |last| Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last);
        for (text, value) in [
            ("192.168.1.2", NatTo::from(v4(2))),
            ("192.168.1.2:8080", NatTo::from(SocketAddrV4::new(v4(2), 8080))),
            ("192.168.1.2:8000-8010", NatTo::from(v4(2)).ports(8000..=8010)),
            ("192.168.1.2-192.168.1.9", NatTo::from(v4(2)..=v4(9))),
            ("192.168.1.2-192.168.1.9:80", NatTo::from(v4(2)..=v4(9)).port(80)),
            ("192.168.1.0/24", NatTo::from(Ipv4Net::new(v4(0), 24).unwrap())),
            ("fd00::2", NatTo::from(v6(2))),
            ("[fd00::2]", NatTo::from(v6(2))),
            ("[fd00::2]:8080", NatTo::from(SocketAddrV6::new(v6(2), 8080, 0, 0))),
            ("fd00::2-fd00::9", NatTo::from(v6(2)..=v6(9))),
            ("[fd00::2]-[fd00::9]:8000-8010", NatTo::from(v6(2)..=v6(9)).ports(8000..=8010)),
            ("::1", NatTo::from(Ipv6Addr::LOCALHOST)),
            (":8080", NatTo::new().port(8080)),
        ] {
            assert_eq!(NatTo::from(text), value, "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", ":", "host", "1.2.3.4:http", "1.2.3.4:70000", "1.2.3.4-", "[fd00::2]8080", "fd00::2]:x"]
        {
            let problem = NatTo::from(text).problem.unwrap().to_string();
            assert!(problem.starts_with(&format!("\"{text}\" is not where to translate to")), "{problem}");
        }
    }
}
