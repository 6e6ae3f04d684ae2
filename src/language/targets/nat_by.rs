//! Translations whose goal each packet finds in a map: nft's `dnat to ip daddr map @backends`,
//! `dnat to :tcp dport map { 80 : 8080 }`, `dnat to ip saddr map { 10.1.0.1 : 10.0.0.1-10.0.0.5 }`.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::nat::check_family;
use crate::{
    Family, Invalid, Port, Rule,
    expr::{self, AddressFamily, Expr, NatFlags, NatKind, Register},
    language::{
        Layer3, Lift, Lifting, Lower, Lowering,
        select::{Lookup, Mapped, piece_of, register},
    },
    set::{Interval, MapValue},
};

/// Translates one end of the connection to what a map holds: an address, a port, both, or runs of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct NatBy {
    /// Which end.
    pub kind: NatKind,
    /// The IP version of the map's addresses; [`AddressFamily::Unspecified`] where the map holds ports alone.
    pub family: AddressFamily,
    /// The map holds ports: with addresses, or alone.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub ports: bool,
    /// The map holds runs, from a first to a last.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub runs: bool,
    /// The lookup.
    pub by: Box<Lookup>,
    /// How to choose.
    #[cfg_attr(
        feature = "serde",
        serde(default = "NatFlags::empty", skip_serializing_if = "NatFlags::is_empty")
    )]
    pub flags: NatFlags,
}

/// What a map can hold that a connection is translated to: an address, an address with port, a port, a run of
/// addresses, a run of addresses with a run of ports.
pub trait NatValue: MapValue {
    /// The IP version; unspecified for a port alone.
    const FAMILY: AddressFamily;
    /// Whether there is a port.
    const PORTS: bool;
}

/// Declares them: `TYPE: IP VERSION, PORTS`.
macro_rules! values {
    ($( $value:ty: $family:ident, $ports:literal; )+) => {$(
        impl NatValue for $value {
            const FAMILY: AddressFamily = AddressFamily::$family;
            const PORTS: bool = $ports;
        }
    )+};
}

values! {
    Port: Unspecified, true;
    Ipv4Addr: Ipv4, false;
    Ipv6Addr: Ipv6, false;
    (Ipv4Addr, Port): Ipv4, true;
    (Ipv6Addr, Port): Ipv6, true;
    Interval<Ipv4Addr>: Ipv4, false;
    Interval<Ipv6Addr>: Ipv6, false;
    (Interval<Ipv4Addr>, Interval<Port>): Ipv4, true;
    (Interval<Ipv6Addr>, Interval<Port>): Ipv6, true;
}

impl<V: NatValue> Mapped<V> {
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

    /// Every connection of a client gets the same address of a run.
    #[must_use]
    pub fn persistent(self) -> Self {
        self.with(NatFlags::PERSISTENT)
    }

    /// Of the address, only the network part is replaced, by that of a run of addresses which is a network: nft's
    /// `dnat ip prefix to ip daddr map …`, iptables' NETMAP. Kernel 5.8.
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

impl Rule {
    /// Leads the connection to where a map says: by what the packet carries ([`mapped`](crate::select::mapped)), or in
    /// turns or by chance ([`Balance`](crate::select::Balance)). Packets for which the map holds nothing leave the
    /// rule.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Port, Rule, select::{Balance, Dport, mapped}, set::Interval};
    ///
    /// let [web, mail] = [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)];
    /// Rule::new().tcp().dnat_by(mapped(Dport, [(Port(80), web), (Port(25), mail)]));
    /// Rule::new().tcp().dport(80).dnat_by(Balance::round_robin([(web, Port(8080)), (mail, Port(8081))]));
    /// // A port alone, and a run of addresses of which a client keeps one:
    /// Rule::new().tcp().dnat_by(mapped(Dport, [(Port(80), Port(8080))]));
    /// Rule::new().tcp().dnat_by(mapped(Dport, [(Port(80), Interval::new(web, mail))]).persistent());
    /// ```
    #[must_use]
    pub fn dnat_by<V: NatValue>(self, to: Mapped<V>) -> Self {
        self.nat_by(NatKind::Destination, to)
    }

    /// Lets the connection come from where a map says. See [`Rule::dnat_by`].
    #[must_use]
    pub fn snat_by<V: NatValue>(self, to: Mapped<V>) -> Self {
        self.nat_by(NatKind::Source, to)
    }

    fn nat_by<V: NatValue>(mut self, kind: NatKind, to: Mapped<V>) -> Self {
        self.note(to.problem);
        let by = Box::new(to.lookup);
        self.word(|| NatBy { kind, family: V::FAMILY, ports: V::PORTS, runs: V::RUNS, by, flags: to.flags })
    }
}

impl NatBy {
    /// The pieces of four bytes that an address takes.
    fn address_pieces(&self) -> u32 {
        match self.family {
            AddressFamily::Ipv4 => 1,
            AddressFamily::Ipv6 => 4,
            _ => 0,
        }
    }
}

impl Lower for NatBy {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let source = self.kind == NatKind::Source;
        let what = if source { "snat" } else { "dnat" };
        check_family(what, to.family())?;
        let mut nat = expr::Nat::new(self.kind, self.family);
        let mut flags = self.flags;
        match self.family {
            AddressFamily::Ipv4 => to.check_layer3(what, Layer3::V4)?,
            AddressFamily::Ipv6 => to.check_layer3(what, Layer3::V6)?,
            AddressFamily::Unspecified if self.ports && !self.runs => {
                nat.family = match to.family() {
                    Family::Ip => AddressFamily::Ipv4,
                    Family::Ip6 => AddressFamily::Ipv6,
                    _ => AddressFamily::Inet,
                };
                // As nft, which says it only where there is no address.
                flags |= NatFlags::PROTO_SPECIFIED;
            }
            AddressFamily::Unspecified => {
                let problem = format!("{what} by a map needs addresses, or single ports, to translate to");
                return Err(Invalid::Combination { problem });
            }
            other => {
                let problem = format!("{what} by a map is of IPv4 or of IPv6, not of {other}");
                return Err(Invalid::Combination { problem });
            }
        }
        // A port of the key is one that the rule has asked for; that of the value must have its protocol, too.
        if self.ports {
            to.need_ports(if source { "snat to a port" } else { "dnat to a port" })?;
        }
        to.map_lookup(&self.by, Register::R1)?;
        // The value lies as a concatenation does: the first address and port, then the last ones.
        let address = self.address_pieces();
        let last = address + u32::from(self.ports);
        if address != 0 {
            nat.addr_min = Some(Register::R1);
            nat.addr_max = self.runs.then(|| register(last)).transpose()?;
        }
        if self.ports {
            nat.proto_min = Some(register(address)?);
            nat.proto_max = self.runs.then(|| register(last + address)).transpose()?;
        }
        nat.flags = Some(flags).filter(|flags| !flags.is_empty());
        to.push(nat);
        Ok(())
    }
}

impl Lift for NatBy {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let (by, _, rest) = from.map_lookup()?;
        let [Expr::Nat(nat), ..] = rest else { return None };
        // Nothing but this place fits; what is elsewhere does not lower to the same.
        piece_of(nat.addr_min.or(nat.proto_min)?)?;
        let ports = nat.proto_min.is_some();
        let differs = |min, max: Option<Register>| max.is_some_and(|max| Some(max) != min);
        let runs = differs(nat.addr_min, nat.addr_max) || differs(nat.proto_min, nat.proto_max);
        let family = if nat.addr_min.is_some() { nat.family } else { AddressFamily::Unspecified };
        let implied = if ports { NatFlags::PROTO_SPECIFIED } else { NatFlags::empty() };
        let flags = nat.flags.unwrap_or(NatFlags::empty()) & !(implied | NatFlags::MAP_IPS);
        Some(Self { kind: nat.kind, family, ports, runs, by: Box::new(by), flags })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Family,
        language::targets::golden::refusal,
        select::{Balance, Daddr, Dport, Saddr, Sport, mapped},
        set::MapOf,
    };

    const BACKENDS: [(Ipv4Addr, Port); 2] =
        [(Ipv4Addr::new(10, 0, 0, 1), Port(80)), (Ipv4Addr::new(10, 0, 0, 2), Port(81))];

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden;

        const TCP: [&str; 2] = ["meta load l4proto => reg 1", "cmp eq reg 1 0x00000006"];
        // dnat to ip daddr map @m
        golden(
            Family::Ip,
            &Rule::new().dnat_by(mapped(Daddr, &MapOf::<Ipv4Addr, Ipv4Addr>::new("m"))),
            &[
                "payload load 4b @ network header + 16 => reg 1",
                "lookup reg 1 set m dreg 1",
                "nat dnat ip addr_min reg 1",
            ],
        );
        // meta l4proto tcp dnat ip to tcp dport map { 80 : 10.0.0.1 . 80, 443 : 10.0.0.2 . 81 }
        golden(
            Family::Inet,
            &Rule::new().tcp().dnat_by(mapped(Dport, [(Port(80), BACKENDS[0]), (Port(443), BACKENDS[1])])),
            &[
                TCP[0],
                TCP[1],
                "payload load 2b @ transport header + 2 => reg 1",
                "lookup reg 1 set __map%d dreg 1",
                "nat dnat ip addr_min reg 1 proto_min reg 9",
            ],
        );
        // meta l4proto tcp dnat ip6 to numgen inc mod 2 map { 0 : fd00::1 . 80, 1 : fd00::2 . 81 }
        let [first, second] = [1, 2].map(|host| Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, host));
        golden(
            Family::Inet,
            &Rule::new().tcp().dnat_by(Balance::round_robin([(first, Port(80)), (second, Port(81))])),
            &[
                TCP[0],
                TCP[1],
                "numgen reg 1 = inc mod 2",
                "lookup reg 1 set __map%d dreg 1",
                "nat dnat ip6 addr_min reg 1 proto_min reg 2",
            ],
        );
        // meta l4proto tcp dnat to jhash ip saddr . tcp sport mod 2 seed 0xabc map { … }
        let fields = (Saddr, Sport);
        let addresses = BACKENDS.map(|(address, _)| address);
        let hash = Balance::hash::<(Ipv4Addr, Port), _>(fields, Some(0xabc), addresses);
        golden(
            Family::Ip,
            &Rule::new().tcp().dnat_by(hash),
            &[
                TCP[0],
                TCP[1],
                "payload load 4b @ network header + 12 => reg 2",
                "payload load 2b @ transport header + 0 => reg 13",
                "hash reg 1 = jhash(reg 2, 8, 0xabc) % mod 2",
                "lookup reg 1 set __map%d dreg 1",
                "nat dnat ip addr_min reg 1",
            ],
        );
    }

    #[test]
    fn runs_and_ports_alone_are_nfts() {
        const TCP: [&str; 2] = ["meta load l4proto => reg 1", "cmp eq reg 1 0x00000006"];
        use crate::language::targets::golden::golden;

        let run = Interval::new(BACKENDS[0].0, BACKENDS[1].0);
        let [load, lookup] =
            ["payload load 4b @ network header + 12 => reg 1", "lookup reg 1 set __map%d dreg 1"];
        let source = Ipv4Addr::new(10, 1, 0, 1);
        // dnat to ip saddr map { 10.1.0.1 : 10.0.0.1-10.0.0.2 } persistent
        golden(
            Family::Ip,
            &Rule::new().dnat_by(mapped(Saddr, [(source, run)]).persistent()),
            &[load, lookup, "nat dnat ip addr_min reg 1 addr_max reg 9 flags 0x8"],
        );
        // meta l4proto tcp dnat ip to ip saddr map { 10.1.0.1 : 10.0.0.1-10.0.0.2 . 80-90 }
        golden(
            Family::Ip,
            &Rule::new().tcp().dnat_by(mapped(Saddr, [(source, (run, Interval::new(Port(80), Port(90))))])),
            &[
                TCP[0],
                TCP[1],
                load,
                lookup,
                "nat dnat ip addr_min reg 1 addr_max reg 10 proto_min reg 9 proto_max reg 11",
            ],
        );
        // meta l4proto tcp dnat to :tcp dport map { 80 : 8080 } random
        for (family, own) in [(Family::Ip, "ip"), (Family::Ip6, "ip6"), (Family::Inet, "inet")] {
            golden(
                family,
                &Rule::new().tcp().dnat_by(mapped(Dport, [(Port(80), Port(8080))]).random()),
                &[
                    TCP[0],
                    TCP[1],
                    "payload load 2b @ transport header + 2 => reg 1",
                    lookup,
                    &format!("nat dnat {own} proto_min reg 1 flags 0x6"),
                ],
            );
        }
        // nft 1.0.6 takes other registers, which the kernel refuses: the last address is behind the port.
        let hosts = [1, 2].map(|host| Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, host));
        let six = Interval::new(hosts[0], hosts[1]);
        golden(
            Family::Ip6,
            &Rule::new().tcp().snat_by(mapped(Dport, [(Port(80), (six, Interval::from(Port(90))))])),
            &[
                TCP[0],
                TCP[1],
                "payload load 2b @ transport header + 2 => reg 1",
                lookup,
                "nat snat ip6 addr_min reg 1 addr_max reg 13 proto_min reg 2 proto_max reg 17",
            ],
        );
    }

    #[test]
    fn errors_say_what_to_do() {
        let run = Interval::new(BACKENDS[1].0, BACKENDS[0].0);
        let text = refusal(Family::Ip, &Rule::new().dnat_by(mapped(Dport, [(Port(80), run)])));
        assert!(text.contains("10.0.0.2") && text.contains("10.0.0.1"), "{text}");
        assert_eq!(
            refusal(Family::Inet, &Rule::new().dnat_by(Balance::round_robin(BACKENDS))),
            "dnat to a port needs the protocol said before it in the same rule: add .tcp() or .udp()"
        );
        let text = refusal(Family::Ip6, &Rule::new().tcp().snat_by(Balance::random(BACKENDS)));
        assert!(text.contains("it belongs to IPv4"), "{text}");
    }
}
