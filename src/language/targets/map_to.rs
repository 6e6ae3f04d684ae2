//! Targets whose value each packet finds in a map: nft's `dnat to ip daddr map @backends`,
//! `meta mark set ip saddr map @marks`.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{MarkOf, nat::check_family};
use crate::{
    Invalid, Mark, Port, Rule,
    expr::{self, AddressFamily, Ct, CtKey, Expr, Meta, MetaKey, NatFlags, NatKind, Register},
    language::{
        Layer3, Lift, Lifting, Lower, Lowering,
        select::{Lookup, Mapped, piece_of, register},
    },
    set::MapValue,
};

/// Translates one end of the connection to an address, or an address and port, that a map holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct NatBy {
    /// Which end.
    pub kind: NatKind,
    /// The IP version of the map's addresses.
    pub family: AddressFamily,
    /// The map holds addresses with ports.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub ports: bool,
    /// The lookup.
    pub by: Box<Lookup>,
    /// How to choose.
    #[cfg_attr(
        feature = "serde",
        serde(default = "NatFlags::empty", skip_serializing_if = "NatFlags::is_empty")
    )]
    pub flags: NatFlags,
}

/// Sets a mark to what a map holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct SetMarkBy {
    /// Whose mark.
    pub of: MarkOf,
    /// The lookup.
    pub by: Box<Lookup>,
}

/// What a map can hold that a connection is translated to: an address, or an address with port.
pub trait NatValue: MapValue {
    /// The IP version.
    const FAMILY: AddressFamily;
    /// Whether there is a port.
    const PORTS: bool;
}

impl NatValue for Ipv4Addr {
    const FAMILY: AddressFamily = AddressFamily::Ipv4;
    const PORTS: bool = false;
}

impl NatValue for Ipv6Addr {
    const FAMILY: AddressFamily = AddressFamily::Ipv6;
    const PORTS: bool = false;
}

impl NatValue for (Ipv4Addr, Port) {
    const FAMILY: AddressFamily = AddressFamily::Ipv4;
    const PORTS: bool = true;
}

impl NatValue for (Ipv6Addr, Port) {
    const FAMILY: AddressFamily = AddressFamily::Ipv6;
    const PORTS: bool = true;
}

impl Rule {
    /// Leads the connection to where a map says: by what the packet carries ([`mapped`](crate::select::mapped)), or in
    /// turns or by chance ([`Balance`](crate::select::Balance)). Packets for which the map holds nothing leave the
    /// rule.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Port, Rule, select::{Balance, Dport, mapped}};
    ///
    /// let [web, mail] = [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)];
    /// Rule::new().tcp().dnat_by(mapped(Dport, [(Port(80), web), (Port(25), mail)]));
    /// Rule::new().tcp().dport(80).dnat_by(Balance::round_robin([(web, Port(8080)), (mail, Port(8081))]));
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
        self.say(NatBy { kind, family: V::FAMILY, ports: V::PORTS, by, flags: NatFlags::empty() })
    }

    /// The packet's mark becomes what a map holds.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Mark, Rule, select::{Balance, Saddr, mapped}, set::MapOf};
    ///
    /// let marks = MapOf::<Ipv4Addr, Mark>::new("marks");
    /// Rule::new().set_mark_by(mapped(Saddr, &marks));
    /// Rule::new().set_mark_by(Balance::symmetric([Mark(1), Mark(2)]));
    /// ```
    #[must_use]
    pub fn set_mark_by(self, mark: Mapped<Mark>) -> Self {
        self.mark_by(MarkOf::Packet, mark)
    }

    /// The connection's mark becomes what a map holds.
    #[must_use]
    pub fn set_ct_mark_by(self, mark: Mapped<Mark>) -> Self {
        self.mark_by(MarkOf::Connection, mark)
    }

    fn mark_by(mut self, of: MarkOf, mark: Mapped<Mark>) -> Self {
        self.note(mark.problem);
        self.say(SetMarkBy { of, by: Box::new(mark.lookup) })
    }
}

impl Lower for NatBy {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let what = if self.kind == NatKind::Source { "snat" } else { "dnat" };
        check_family(what, to.family())?;
        let (version, pieces) = match self.family {
            AddressFamily::Ipv4 => (Layer3::V4, 1),
            AddressFamily::Ipv6 => (Layer3::V6, 4),
            other => {
                let problem = format!("{what} by a map is of IPv4 or of IPv6, not of {other}");
                return Err(Invalid::Combination { problem });
            }
        };
        to.check_layer3(what, version)?;
        // A port of the key is one that the rule has asked for; that of the value must have its protocol, too.
        if self.ports {
            to.need_ports(if self.kind == NatKind::Source { "snat to a port" } else { "dnat to a port" })?;
        }
        to.map_lookup(&self.by, Register::R1)?;
        let mut nat = expr::Nat::new(self.kind, self.family);
        nat.addr_min = Some(Register::R1);
        if self.ports {
            nat.proto_min = Some(register(pieces)?);
        }
        nat.flags = Some(self.flags).filter(|flags| !flags.is_empty());
        to.push(nat);
        Ok(())
    }
}

impl Lift for NatBy {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let (by, _, rest) = from.map_lookup()?;
        let [Expr::Nat(nat), ..] = rest else { return None };
        // Nothing but this place fits; what is elsewhere does not lower to the same.
        piece_of(nat.addr_min?)?;
        let ports = nat.proto_min.is_some();
        let implied = if ports { NatFlags::PROTO_SPECIFIED } else { NatFlags::empty() };
        let flags = nat.flags.unwrap_or(NatFlags::empty()) & !(implied | NatFlags::MAP_IPS);
        Some(Self { kind: nat.kind, family: nat.family, ports, by: Box::new(by), flags })
    }
}

impl Lower for SetMarkBy {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.map_lookup(&self.by, Register::R1)?;
        match self.of {
            MarkOf::Packet => to.push(Meta::store(MetaKey::Mark, Register::R1)),
            MarkOf::Connection => to.push(Ct::store(CtKey::Mark, Register::R1)),
        }
        Ok(())
    }
}

impl Lift for SetMarkBy {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let (by, _, rest) = from.map_lookup()?;
        let of = match rest {
            [Expr::Meta(Meta { key: MetaKey::Mark, .. }), ..] => MarkOf::Packet,
            [Expr::Ct(Ct { key: CtKey::Mark, .. }), ..] => MarkOf::Connection,
            _ => return None,
        };
        Some(Self { of, by: Box::new(by) })
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
        use crate::language::targets::golden::{golden, golden_everywhere};

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
        // meta mark set numgen random mod 2 map { 0 : 1, 1 : 2 }; ct mark set symhash mod 2 map { 0 : 1, 1 : 2 }
        golden_everywhere(
            &Rule::new().set_mark_by(Balance::random([Mark(1), Mark(2)])),
            &["numgen reg 1 = random mod 2", "lookup reg 1 set __map%d dreg 1", "meta set mark with reg 1"],
        );
        golden_everywhere(
            &Rule::new().set_ct_mark_by(Balance::symmetric([Mark(1), Mark(2)])),
            &["hash reg 1 = symhash() % mod 2", "lookup reg 1 set __map%d dreg 1", "ct set mark with reg 1"],
        );
    }

    #[test]
    fn errors_say_what_to_do() {
        assert_eq!(
            refusal(Family::Inet, &Rule::new().dnat_by(Balance::round_robin(BACKENDS))),
            "dnat to a port needs the protocol said before it in the same rule: add .tcp() or .udp()"
        );
        let text = refusal(Family::Ip6, &Rule::new().tcp().snat_by(Balance::random(BACKENDS)));
        assert!(text.contains("it belongs to IPv4"), "{text}");
    }
}
