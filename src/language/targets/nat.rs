//! Translating addresses and ports: iptables' `-j DNAT`, `-j SNAT` and `-j NETMAP`.

use std::net::IpAddr;

use super::{
    NatTo,
    nat_ports::{Loaded, check_ports, load, load_ports, registers, said_flags},
    nat_to::check_addresses,
};
use crate::{
    Family, Invalid, Rule,
    expr::{self, AddressFamily, Data, Expr, NatFlags, NatKind},
    language::{Item, Layer3, Lift, Lifting, Lower, Lowering, lift::prefix_between},
};

/// Translates one end of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Nat {
    /// Which end.
    pub kind: NatKind,
    /// To what.
    pub to: NatTo,
}

impl Rule {
    /// Leads the connection elsewhere: its destination becomes this address, or this port.
    ///
    /// In nat chains at the hooks prerouting and output. In an `inet` table, packets of the other IP version pass
    /// the word untouched and the rule goes on.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// // the document's port forwarding
    /// Rule::new().iif("wan0").tcp().dport(80).dnat("192.168.1.2:8080");
    /// Rule::new().tcp().dport(443).dnat("[fd00::2]-[fd00::9]:8443");
    /// ```
    #[doc(alias = "DNAT")]
    #[doc(alias = "to-destination")]
    #[must_use]
    pub fn dnat(self, to: impl Into<NatTo>) -> Self {
        self.word(|| Nat { kind: NatKind::Destination, to: to.into() })
    }

    /// Lets the connection come from elsewhere: its source becomes this address, or this port.
    ///
    /// In nat chains at the hooks postrouting and input. In an `inet` table, packets of the other IP version pass
    /// the word untouched and the rule goes on.
    ///
    /// ```
    /// use portcullis::{NatTo, Rule};
    ///
    /// Rule::new().oif("wan0").snat("203.0.113.7");
    /// Rule::new().oif("wan0").tcp().snat(NatTo::from("203.0.113.7").ports(1024..=65535).random());
    /// ```
    #[doc(alias = "SNAT")]
    #[doc(alias = "to-source")]
    #[must_use]
    pub fn snat(self, to: impl Into<NatTo>) -> Self {
        self.word(|| Nat { kind: NatKind::Source, to: to.into() })
    }
}

/// Address translation is of the IP families.
pub(super) fn check_family(what: &'static str, family: Family) -> Result<(), Invalid> {
    match family {
        Family::Inet | Family::Ip | Family::Ip6 => Ok(()),
        family => Err(Invalid::Family {
            what,
            family,
            hint: "use a nat chain in a table of family inet, ip or ip6",
        }),
    }
}

impl Lower for Nat {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let NatTo { addresses, ports, flags, problem } = &self.to;
        if let Some(problem) = problem {
            return Err(Invalid::clone(problem));
        }
        let (what, to_address, to_port) = match self.kind {
            NatKind::Source => ("snat", "snat to this address", "snat to a port"),
            _ => ("dnat", "dnat to this address", "dnat to a port"),
        };
        check_family(what, to.family())?;
        let mut family = match to.family() {
            Family::Ip => AddressFamily::Ipv4,
            Family::Ip6 => AddressFamily::Ipv6,
            _ => AddressFamily::Inet,
        };
        let addresses = addresses.as_ref().map(check_addresses).transpose()?;
        if let Some((first, _)) = addresses {
            // The kernel lets the other version pass (nft_nat_inet_eval), so nft adds no test, and neither is one here.
            let (version, own) = match first {
                IpAddr::V4(_) => (Layer3::V4, AddressFamily::Ipv4),
                IpAddr::V6(_) => (Layer3::V6, AddressFamily::Ipv6),
            };
            to.check_layer3(to_address, version)?;
            family = own;
        }
        if let Some(ports) = ports {
            check_ports(ports, to_port, to)?;
        } else if addresses.is_none() {
            let problem = format!("{what} needs an address or a port to translate to");
            return Err(Invalid::Combination { problem });
        }

        let mut registers = registers();
        let mut flags = *flags;
        let mut nat = expr::Nat::new(self.kind, family);
        if let Some((first, last)) = addresses {
            nat.addr_min = load(Data::address(first), &mut registers, to);
            nat.addr_max = last.and_then(|last| load(Data::address(last), &mut registers, to));
        }
        if let Some(ports) = ports {
            (nat.proto_min, nat.proto_max) = load_ports(ports, &mut registers, to);
            flags |= NatFlags::PROTO_SPECIFIED;
        }
        nat.flags = Some(flags).filter(|flags| !flags.is_empty());
        to.push(nat);
        Ok(())
    }
}

impl Lift for Nat {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let (loaded, rest) = Loaded::before(from);
        let [Expr::Nat(nat), ..] = rest else { return None };
        let ports = loaded.ports(nat.proto_min, nat.proto_max);
        let last = nat.addr_max.filter(|last| Some(*last) != nat.addr_min);
        let addresses = loaded.address(nat.addr_min).map(|first| match loaded.address(last) {
            None => Item::One(first),
            Some(last) => match prefix_between(&Data::address(first), &Data::address(last)) {
                Some(bits) if first != last => Item::Prefix(first, bits),
                _ => Item::Range(first, last),
            },
        });
        let flags = said_flags(nat.flags, ports.as_ref());
        Some(Self { kind: nat.kind, to: NatTo { addresses, ports, flags, problem: None } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        language::{matches::Protocol, targets::golden::refusal},
        not,
    };

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden;

        const TCP: [&str; 2] = ["meta load l4proto => reg 1", "cmp eq reg 1 0x00000006"];
        // `dnat to`, and in inet `dnat ip to`; the same for ip6
        for (to, expected) in [
            (NatTo::from("192.168.1.2"), &["immediate reg 1 0x0201a8c0", "nat dnat ip addr_min reg 1"][..]),
            (
                NatTo::from("192.168.1.2-192.168.1.9"),
                &[
                    "immediate reg 1 0x0201a8c0",
                    "immediate reg 2 0x0901a8c0",
                    "nat dnat ip addr_min reg 1 addr_max reg 2",
                ],
            ),
            (
                NatTo::from("10.1.0.0/24"),
                &[
                    "immediate reg 1 0x0000010a",
                    "immediate reg 2 0xff00010a",
                    "nat dnat ip addr_min reg 1 addr_max reg 2",
                ],
            ),
            (
                // dnat ip prefix to 10.1.0.0/24
                NatTo::from("10.1.0.0/24").prefix(),
                &[
                    "immediate reg 1 0x0000010a",
                    "immediate reg 2 0xff00010a",
                    "nat dnat ip addr_min reg 1 addr_max reg 2 flags 0x40",
                ],
            ),
            (
                NatTo::from("192.168.1.2").random(),
                &["immediate reg 1 0x0201a8c0", "nat dnat ip addr_min reg 1 flags 0x4"],
            ),
            (
                NatTo::from("192.168.1.2").fully_random().persistent(),
                &["immediate reg 1 0x0201a8c0", "nat dnat ip addr_min reg 1 flags 0x18"],
            ),
        ] {
            for family in [Family::Ip, Family::Inet] {
                golden(family, &Rule::new().dnat(to.clone()), expected);
            }
        }
        // meta l4proto tcp dnat ip to ADDRESSES:PORTS
        for (to, expected) in [
            (
                "192.168.1.2:8080",
                &[
                    "immediate reg 1 0x0201a8c0",
                    "immediate reg 2 0x0000901f",
                    "nat dnat ip addr_min reg 1 proto_min reg 2 flags 0x2",
                ][..],
            ),
            (
                "192.168.1.2:8000-8010",
                &[
                    "immediate reg 1 0x0201a8c0",
                    "immediate reg 2 0x0000401f",
                    "immediate reg 3 0x00004a1f",
                    "nat dnat ip addr_min reg 1 proto_min reg 2 proto_max reg 3 flags 0x2",
                ],
            ),
            (
                "192.168.1.2-192.168.1.9:8080",
                &[
                    "immediate reg 1 0x0201a8c0",
                    "immediate reg 2 0x0901a8c0",
                    "immediate reg 3 0x0000901f",
                    "nat dnat ip addr_min reg 1 addr_max reg 2 proto_min reg 3 flags 0x2",
                ],
            ),
            (
                "192.168.1.2-192.168.1.9:8000-8010",
                &[
                    "immediate reg 1 0x0201a8c0",
                    "immediate reg 2 0x0901a8c0",
                    "immediate reg 3 0x0000401f",
                    "immediate reg 4 0x00004a1f",
                    "nat dnat ip addr_min reg 1 addr_max reg 2 proto_min reg 3 proto_max reg 4 flags 0x2",
                ],
            ),
        ] {
            for family in [Family::Ip, Family::Inet] {
                golden(family, &Rule::new().tcp().dnat(to), &[&TCP, expected].concat());
            }
        }
        // dnat ip6 to fd00::2
        for family in [Family::Ip6, Family::Inet] {
            golden(
                family,
                &Rule::new().dnat("fd00::2"),
                &[
                    "immediate reg 1 0x000000fd 0x00000000 0x00000000 0x02000000",
                    "nat dnat ip6 addr_min reg 1",
                ],
            );
            golden(
                family,
                &Rule::new().tcp().dnat("[fd00::2]-[fd00::9]:8000-8010"),
                &[
                    TCP[0],
                    TCP[1],
                    "immediate reg 1 0x000000fd 0x00000000 0x00000000 0x02000000",
                    "immediate reg 2 0x000000fd 0x00000000 0x00000000 0x09000000",
                    "immediate reg 3 0x0000401f",
                    "immediate reg 4 0x00004a1f",
                    "nat dnat ip6 addr_min reg 1 addr_max reg 2 proto_min reg 3 proto_max reg 4 flags 0x2",
                ],
            );
        }
        // meta l4proto tcp dnat to :8080
        for (family, nat) in [
            (Family::Ip, "nat dnat ip proto_min reg 1 flags 0x2"),
            (Family::Ip6, "nat dnat ip6 proto_min reg 1 flags 0x2"),
            (Family::Inet, "nat dnat inet proto_min reg 1 flags 0x2"),
        ] {
            let rule = Rule::new().tcp().dnat(NatTo::new().port(8080));
            golden(family, &rule, &[TCP[0], TCP[1], "immediate reg 1 0x0000901f", nat]);
        }
        // meta l4proto tcp snat ip to 192.168.1.2:1024-65535
        golden(
            Family::Inet,
            &Rule::new().tcp().snat("192.168.1.2:1024-65535"),
            &[
                TCP[0],
                TCP[1],
                "immediate reg 1 0x0201a8c0",
                "immediate reg 2 0x00000004",
                "immediate reg 3 0x0000ffff",
                "nat snat ip addr_min reg 1 proto_min reg 2 proto_max reg 3 flags 0x2",
            ],
        );
        // snat ip to 192.168.1.2-192.168.1.9 persistent
        golden(
            Family::Ip,
            &Rule::new().snat(NatTo::from("192.168.1.2-192.168.1.9").persistent()),
            &[
                "immediate reg 1 0x0201a8c0",
                "immediate reg 2 0x0901a8c0",
                "nat snat ip addr_min reg 1 addr_max reg 2 flags 0x8",
            ],
        );
    }

    #[test]
    fn errors_say_what_to_do() {
        let inet = |rule: Rule| refusal(Family::Inet, &rule);
        assert_eq!(
            inet(Rule::new().dnat("1.2.3.4:80")),
            "dnat to a port needs the protocol said before it in the same rule: add .tcp() or .udp()"
        );
        assert!(inet(Rule::new().icmp().snat("1.2.3.4:80")).contains("but the rule says icmp"));
        assert!(inet(Rule::new().protocol(not(Protocol::TCP)).snat("1.2.3.4:80")).contains(".tcp()"));
        assert_eq!(
            Rule::new().protocol([Protocol::TCP, Protocol::UDP]).dnat(":53").check(Family::Ip),
            Ok(())
        );
        assert_eq!(inet(Rule::new().tcp().dnat("1.2.3.4:0")), "a port is 0; possible: 1 to 65535");
        assert_eq!(inet(Rule::new().tcp().dnat(":90-80")), "the port range 90 to 80 is reversed");
        assert_eq!(
            inet(Rule::new().dnat("1.2.3.9-1.2.3.4")),
            "the address range 1.2.3.9 to 1.2.3.4 is reversed"
        );
        assert!(inet(Rule::new().dnat("1.2.3.4-::1")).contains("cannot hold both 1.2.3.4 and ::1"));
        assert!(inet(Rule::new().dnat("1.2.3.4/33")).contains("at most 32"));
        assert!(
            inet(Rule::new().dnat("example.com")).contains("\"example.com\" is not where to translate to")
        );
        assert_eq!(inet(Rule::new().snat(NatTo::new())), "snat needs an address or a port to translate to");
        assert_eq!(
            inet(Rule::new().saddr("fd00::1").dnat("1.2.3.4")),
            "dnat to this address belongs to IPv4, but the rule says IPv6 before it"
        );
        assert_eq!(
            refusal(Family::Ip6, &Rule::new().snat("1.2.3.4")),
            "snat to this address cannot be used in a table of family ip6: it belongs to IPv4; \
             use a table of family ip or inet"
        );
        assert!(refusal(Family::Bridge, &Rule::new().dnat("1.2.3.4")).contains("use a nat chain"));
    }
}
