//! What each packet finds in a map, put where it has an effect: nft's `redirect to :tcp dport map { 80 : 8080 }`,
//! `meta priority set ip saddr map @classes`, `ip dscp set tcp dport map { 22 : cs1 }`.
//!
//! Marks are in `map_to`, translations of addresses in `nat_by`, objects in `use_object`.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::nat::check_family;
use crate::{
    Dscp, Family, Invalid, Port, Rule,
    expr::{
        AddressFamily, Bitwise, BitwiseOp, Byteorder, ByteorderOp, ChecksumFlags, Ct, CtKey, Data, Dup, Expr,
        Exthdr, ExthdrAccess, Fwd, Meta, MetaKey, NatFlags, Payload, PayloadAccess, PayloadBase, Queue,
        QueueFlags, Redir, Register, Tproxy,
    },
    language::{
        Layer3, Lift, Lifting, Lower, Lowering,
        matches::{Protocol, Zone},
        select::{Lookup, Mapped},
    },
    set::{InterfaceIndex, MapValue, QueueNumber, SegmentSize, TcClass},
};

/// Does with a map's value what [`Effect`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct ByMap {
    /// What the value is for.
    pub effect: Effect,
    /// The lookup.
    pub by: Box<Lookup>,
}

/// What a map's value is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum Effect {
    /// The port of this machine that the connection is led to.
    Redirect {
        /// How to choose.
        #[cfg_attr(
            feature = "serde",
            serde(default = "NatFlags::empty", skip_serializing_if = "NatFlags::is_empty")
        )]
        flags: NatFlags,
    },
    /// The port of the local socket that gets the packet, which is not changed.
    Tproxy,
    /// The class for traffic control.
    Priority,
    /// The class of service. Kernel 6.13.
    Dscp,
    /// The zone that the connection is tracked in.
    Zone,
    /// The longest segment that a TCP packet asks for.
    Mss,
    /// The program's queue.
    Queue {
        /// What to do without a program.
        #[cfg_attr(
            feature = "serde",
            serde(default = "QueueFlags::empty", skip_serializing_if = "QueueFlags::is_empty")
        )]
        flags: QueueFlags,
    },
    /// The next hop of a copy: an IPv4 address.
    CopyToIpv4,
    /// The next hop of a copy: an IPv6 address.
    CopyToIpv6,
    /// The interface that a copy leaves by.
    CopyToDevice,
    /// The interface that the packet leaves by.
    ForwardToDevice,
}

/// Where a copy can go: to the next hop of an IPv4 or IPv6 packet, or out by an interface.
pub trait CopyGoal: MapValue {
    /// What the value is for.
    const EFFECT: Effect;
}

impl CopyGoal for Ipv4Addr {
    const EFFECT: Effect = Effect::CopyToIpv4;
}

impl CopyGoal for Ipv6Addr {
    const EFFECT: Effect = Effect::CopyToIpv6;
}

impl CopyGoal for InterfaceIndex {
    const EFFECT: Effect = Effect::CopyToDevice;
}

impl Rule {
    /// Leads the connection to this machine, to the port that a map says. Packets for which the map holds nothing leave
    /// the rule.
    ///
    /// ```
    /// use portcullis::{Port, Rule, select::{Dport, mapped}};
    ///
    /// Rule::new().tcp().redirect_by(mapped(Dport, [(Port(80), Port(8080)), (Port(443), Port(8443))]));
    /// ```
    #[must_use]
    pub fn redirect_by(self, to: Mapped<Port>) -> Self {
        let flags = to.flags;
        self.by_map(Effect::Redirect { flags }, to)
    }

    /// Gives the packet to the local socket of the port that a map says, without changing it. See
    /// [`Rule::tproxy`].
    ///
    /// ```
    /// use portcullis::{Port, Rule, select::{Dport, mapped}};
    ///
    /// Rule::new().tcp().tproxy_by(mapped(Dport, [(Port(80), Port(3128)), (Port(443), Port(3129))]));
    /// ```
    #[must_use]
    pub fn tproxy_by(mut self, to: Mapped<Port>) -> Self {
        if !to.flags.is_empty() {
            let problem = "tproxy takes the map's port as it is: leave out how to choose one".to_owned();
            self.note(Some(Invalid::Combination { problem }));
        }
        self.by_map(Effect::Tproxy, to)
    }

    /// The packet's class for traffic control becomes what a map holds.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Rule, select::{Daddr, mapped}, set::{MapOf, TcClass}};
    ///
    /// let classes = MapOf::<Ipv4Addr, TcClass>::new("classes");
    /// Rule::new().set_priority_by(mapped(Daddr, &classes));
    /// ```
    #[doc(alias = "CLASSIFY")]
    #[must_use]
    pub fn set_priority_by(self, class: Mapped<TcClass>) -> Self {
        self.by_map(Effect::Priority, class)
    }

    /// The packet's class of service becomes what a map holds; the two bits for congestion beside it stay. Kernel 6.13;
    /// nft 1.0.6 has no word for it.
    ///
    /// In an `inet` table, the rule must say the IP version before, or look up an address.
    ///
    /// ```
    /// use portcullis::{Dscp, Port, Rule, select::{Dport, mapped}};
    ///
    /// Rule::new().ipv4().udp().set_dscp_by(mapped(Dport, [(Port(5060), Dscp::CS3), (Port(4000), Dscp::EF)]));
    /// ```
    #[doc(alias = "DSCP")]
    #[must_use]
    pub fn set_dscp_by(self, class: Mapped<Dscp>) -> Self {
        self.by_map(Effect::Dscp, class)
    }

    /// The connection is tracked in the zone that a map holds: before connection tracking, in raw chains.
    ///
    /// ```
    /// use portcullis::{InterfaceName, Rule, language::matches::Zone, select::{IifName, mapped}};
    ///
    /// let zones = [("left0", 1), ("right0", 2)].map(|(name, zone)| (InterfaceName::from(name), Zone(zone)));
    /// Rule::new().set_zone_by(mapped(IifName, zones));
    /// ```
    #[must_use]
    pub fn set_zone_by(self, zone: Mapped<Zone>) -> Self {
        self.by_map(Effect::Zone, zone)
    }

    /// The longest segment that a TCP packet asks for becomes what a map holds, if the packet asks for a longer one.
    ///
    /// ```
    /// use portcullis::{InterfaceName, Rule, select::{OifName, mapped}, set::SegmentSize};
    ///
    /// Rule::new().tcp_syn().set_mss_by(mapped(OifName, [(InterfaceName::from("wg0"), SegmentSize(1380))]));
    /// ```
    #[doc(alias = "TCPMSS")]
    #[must_use]
    pub fn set_mss_by(self, size: Mapped<SegmentSize>) -> Self {
        self.by_map(Effect::Mss, size)
    }

    /// Lets a program decide, at the queue that a map says.
    ///
    /// ```
    /// use portcullis::{Rule, expr::QueueFlags, select::Balance, set::QueueNumber};
    ///
    /// let queues = [0, 1, 2].map(QueueNumber);
    /// Rule::new().queue_by(Balance::symmetric(queues), QueueFlags::BYPASS);
    /// ```
    #[doc(alias = "NFQUEUE")]
    #[must_use]
    pub fn queue_by(self, queue: Mapped<QueueNumber>, flags: QueueFlags) -> Self {
        self.by_map(Effect::Queue { flags }, queue)
    }

    /// Sends a copy to the next hop that a map says, or in netdev tables out by the interface.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Rule, select::{Saddr, mapped}, set::MapOf};
    ///
    /// let watchers = MapOf::<Ipv4Addr, Ipv4Addr>::new("watchers");
    /// Rule::new().duplicate_by(mapped(Saddr, &watchers));
    /// ```
    #[doc(alias = "TEE")]
    #[doc(alias = "dup")]
    #[must_use]
    pub fn duplicate_by<G: CopyGoal>(self, to: Mapped<G>) -> Self {
        self.by_map(G::EFFECT, to)
    }

    /// The packet leaves by the interface that a map says, and goes no other way. In netdev tables.
    ///
    /// ```
    /// use portcullis::{Rule, select::Balance, set::InterfaceIndex};
    ///
    /// Rule::new().forward_by(Balance::symmetric([InterfaceIndex(3), InterfaceIndex(4)]));
    /// ```
    #[doc(alias = "fwd")]
    #[must_use]
    pub fn forward_by(self, to: Mapped<InterfaceIndex>) -> Self {
        self.by_map(Effect::ForwardToDevice, to)
    }

    fn by_map<V>(mut self, effect: Effect, value: Mapped<V>) -> Self {
        self.note(value.problem);
        self.word(|| ByMap { effect, by: Box::new(value.lookup) })
    }
}

const VALUE: Register = Register::R1;
const PACKET: Register = Register::R2;

impl Lower for ByMap {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        self.effect.check(to)?;
        to.map_lookup(&self.by, VALUE)?;
        match self.effect {
            Effect::Redirect { flags } => {
                let redir = Redir::new().proto_min(VALUE);
                to.push(redir.flags(flags | NatFlags::PROTO_SPECIFIED));
            }
            Effect::Tproxy => {
                let family = match to.layer3() {
                    Some(Layer3::V4) => AddressFamily::Ipv4,
                    Some(Layer3::V6) => AddressFamily::Ipv6,
                    None => AddressFamily::Unspecified,
                };
                to.push(Tproxy::new(family).port(VALUE));
            }
            Effect::Priority => to.push(Meta::store(MetaKey::Priority, VALUE)),
            Effect::Dscp => set_dscp(to)?,
            Effect::Zone => to.push(Ct::store(CtKey::Zone, VALUE)),
            Effect::Mss => to.push(Exthdr::store(MAXSEG, 2, 2, VALUE)),
            Effect::Queue { flags } => {
                let mut queue = Queue::from_register(VALUE);
                queue.flags = Some(flags).filter(|flags| !flags.is_empty());
                to.push(queue);
            }
            Effect::CopyToIpv4 | Effect::CopyToIpv6 => to.push(Dup::to_address(VALUE)),
            Effect::CopyToDevice => to.push(Dup::to_device(VALUE)),
            Effect::ForwardToDevice => to.push(Fwd::to_device(VALUE)),
        }
        Ok(())
    }
}

/// TCP's option for the longest segment.
const MAXSEG: u8 = 2;

impl Effect {
    /// Whether the table and what the rule says before allow it.
    fn check(self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let family = to.family();
        match self {
            Self::Redirect { flags } => {
                check_family("redirect", family)?;
                if flags.contains(NatFlags::NETMAP) {
                    let problem = "redirect is to a port, of which no prefix is replaced".to_owned();
                    return Err(Invalid::Combination { problem });
                }
                to.need_ports("redirect to a port")
            }
            Self::Tproxy => {
                check_family("tproxy", family)?;
                to.need_ports("tproxy")?;
                match to.layer4().map(Protocol) {
                    None | Some(Protocol::TCP | Protocol::UDP) => Ok(()),
                    Some(other) => Err(Invalid::OtherProtocol {
                        what: "tproxy",
                        wanted: "tcp and udp".to_owned(),
                        said: other.to_string(),
                    }),
                }
            }
            Self::Queue { flags } if flags.contains(QueueFlags::CPU_FANOUT) => {
                let problem =
                    "queue: fanout chooses among several queues, and a map among others: leave it out";
                Err(Invalid::Combination { problem: problem.to_owned() })
            }
            Self::Priority | Self::Dscp | Self::Zone | Self::Queue { .. } => Ok(()),
            Self::Mss => to.check_layer4("setting the MSS", Protocol::TCP.0),
            Self::CopyToIpv4 | Self::CopyToIpv6 => {
                let version = if self == Self::CopyToIpv4 { Layer3::V4 } else { Layer3::V6 };
                if matches!(family, Family::Ip | Family::Ip6) {
                    return to.check_layer3("a copy to this address", version);
                }
                let hint = "use a table of family ip or ip6";
                Err(Invalid::Family { what: "a copy to an address", family, hint })
            }
            Self::CopyToDevice | Self::ForwardToDevice if family == Family::Netdev => Ok(()),
            Self::CopyToDevice => {
                let hint = "use a table of family netdev";
                Err(Invalid::Family { what: "a copy to an interface alone", family, hint })
            }
            Self::ForwardToDevice => {
                let hint = "use a table of family netdev";
                Err(Invalid::Family { what: "forwarding to an interface", family, hint })
            }
        }
    }
}

/// Puts the number in the register into the header, whose first two bytes are changed as nft does: a checksum is of
/// pairs of bytes.
fn set_dscp(to: &mut Lowering<'_>) -> Result<(), Invalid> {
    let what = "setting the DSCP value";
    let version = match to.layer3() {
        Some(version) => version,
        None if to.family() == Family::Arp => {
            let hint = "use a table of family inet, ip or ip6";
            return Err(Invalid::Family { what, family: to.family(), hint });
        }
        None => return Err(Invalid::NeedsProtocol { what, hint: ".ipv4() or .ipv6()" }),
    };
    let shift = |way, by| Bitwise::new(VALUE, VALUE, 4u32).op(way).data(Data::host_u32(by));
    // The number is the register's first byte; the kernel shifts all four, as a number of the machine's.
    let (keep, checksum) = match (version, cfg!(target_endian = "little")) {
        // To bits 2 to 7 of the second byte.
        (Layer3::V4, true) => {
            to.push(shift(BitwiseOp::Lshift, 10));
            (0xff03, true)
        }
        (Layer3::V4, false) => {
            to.push(shift(BitwiseOp::Rshift, 6));
            (0xff03, true)
        }
        // To the end of the first byte and the beginning of the second.
        (Layer3::V6, true) => {
            to.push(shift(BitwiseOp::Lshift, 6));
            to.push(Byteorder::new(VALUE, VALUE, ByteorderOp::Hton, 2u32, 2u32));
            (0xf03f, false)
        }
        (Layer3::V6, false) => {
            to.push(shift(BitwiseOp::Rshift, 2));
            (0xf03f, false)
        }
    };
    to.push(Payload::load(PayloadBase::Network, 0, 2, PACKET));
    to.push(Bitwise::and(PACKET, Data::network_u16(keep)));
    to.push(Bitwise::new(VALUE, VALUE, 2u32).op(BitwiseOp::Or).sreg2(PACKET));
    to.push(if checksum {
        Payload::store_with_checksum(PayloadBase::Network, 0, 2, VALUE, 10, ChecksumFlags::empty())
    } else {
        Payload::store(PayloadBase::Network, 0, 2, VALUE)
    });
    Ok(())
}

impl Lift for ByMap {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let (by, _, rest) = from.map_lookup()?;
        let effect = match rest.first()? {
            Expr::Redir(redir) => {
                let flags = redir.flags.unwrap_or(NatFlags::empty()) & !NatFlags::PROTO_SPECIFIED;
                Effect::Redirect { flags }
            }
            Expr::Tproxy(_) => Effect::Tproxy,
            Expr::Meta(Meta { key: MetaKey::Priority, .. }) => Effect::Priority,
            Expr::Ct(Ct { key: CtKey::Zone, .. }) => Effect::Zone,
            Expr::Exthdr(Exthdr { access: ExthdrAccess::Store(_), .. }) => Effect::Mss,
            Expr::Queue(queue) => Effect::Queue { flags: queue.flags.unwrap_or(QueueFlags::empty()) },
            Expr::Dup(dup) if dup.sreg_addr.is_none() => Effect::CopyToDevice,
            Expr::Dup(_) if from.layer3() == Some(Layer3::V6) => Effect::CopyToIpv6,
            Expr::Dup(_) => Effect::CopyToIpv4,
            Expr::Fwd(_) => Effect::ForwardToDevice,
            Expr::Bitwise(_) if rest.iter().take(6).any(writes) => Effect::Dscp,
            _ => return None,
        };
        Some(Self { effect, by: Box::new(by) })
    }
}

fn writes(expression: &Expr) -> bool {
    matches!(expression, Expr::Payload(Payload { access: PayloadAccess::Store { .. }, .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        language::targets::golden::{golden, golden_everywhere, refusal},
        select::{Balance, Daddr, Dport, Saddr, mapped},
        set::MapOf,
    };

    const TCP: [&str; 2] = ["meta load l4proto => reg 1", "cmp eq reg 1 0x00000006"];
    const LOOKUP: &str = "lookup reg 1 set __map%d dreg 1";
    const DPORT: &str = "payload load 2b @ transport header + 2 => reg 1";

    fn ports() -> Mapped<Port> {
        mapped(Dport, [(Port(80), Port(8080))])
    }

    #[test]
    fn as_nft_says_it() {
        // meta l4proto tcp redirect to :tcp dport map { 80 : 8080 }; the same with "random"
        golden_everywhere(
            &Rule::new().tcp().redirect_by(ports()),
            &[TCP[0], TCP[1], DPORT, LOOKUP, "redir proto_min reg 1 flags 0x2"],
        );
        golden_everywhere(
            &Rule::new().tcp().redirect_by(ports().random()),
            &[TCP[0], TCP[1], DPORT, LOOKUP, "redir proto_min reg 1 flags 0x6"],
        );
        // meta l4proto tcp tproxy to :tcp dport map { 80 : 8080 }
        for (family, tproxy) in [
            (Family::Ip, "tproxy ip port reg 1"),
            (Family::Ip6, "tproxy ip6 port reg 1"),
            (Family::Inet, "tproxy port reg 1"),
        ] {
            golden(family, &Rule::new().tcp().tproxy_by(ports()), &[TCP[0], TCP[1], DPORT, LOOKUP, tproxy]);
        }
        let chosen = "numgen reg 1 = inc mod 2";
        // meta priority set numgen inc mod 2 map { 0 : 1:1, 1 : 1:2 }
        golden_everywhere(
            &Rule::new().set_priority_by(Balance::round_robin([TcClass(0x10001), TcClass(0x10002)])),
            &[chosen, LOOKUP, "meta set priority with reg 1"],
        );
        // ct zone set numgen inc mod 2 map { 0 : 1, 1 : 2 }
        golden_everywhere(
            &Rule::new().set_zone_by(Balance::round_robin([Zone(1), Zone(2)])),
            &[chosen, LOOKUP, "ct set zone with reg 1"],
        );
        // meta l4proto tcp tcp option maxseg size set numgen inc mod 2 map { 0 : 1400, 1 : 1380 }
        golden_everywhere(
            &Rule::new().tcp().set_mss_by(Balance::round_robin([SegmentSize(1400), SegmentSize(1380)])),
            &[TCP[0], TCP[1], chosen, LOOKUP, "exthdr write tcpopt reg 1 => 2b @ 2 + 2"],
        );
        // queue flags bypass to numgen inc mod 2 map { 0 : 1, 1 : 2 }
        golden_everywhere(
            &Rule::new().queue_by(Balance::round_robin([QueueNumber(1), QueueNumber(2)]), QueueFlags::BYPASS),
            &[chosen, LOOKUP, "queue sreg_qnum 1 bypass"],
        );
        // dup to ip saddr map @m; dup to numgen inc mod 2 map { 0 : "lo", 1 : 7 }; fwd to the same
        let gateways = MapOf::<Ipv4Addr, Ipv4Addr>::new("m");
        golden(
            Family::Ip,
            &Rule::new().duplicate_by(mapped(Saddr, &gateways)),
            &[
                "payload load 4b @ network header + 12 => reg 1",
                "lookup reg 1 set m dreg 1",
                "dup sreg_addr 1",
            ],
        );
        let devices = || Balance::round_robin([InterfaceIndex(1), InterfaceIndex(7)]);
        golden(Family::Netdev, &Rule::new().duplicate_by(devices()), &[chosen, LOOKUP, "dup sreg_dev 1"]);
        golden(Family::Netdev, &Rule::new().forward_by(devices()), &[chosen, LOOKUP, "fwd sreg_dev 1"]);
    }

    /// nft 1.0.6 has no sentence for it, libnftnl 1.2.4 no text of two registers.
    #[test]
    fn a_class_of_service_goes_into_its_bits() {
        let classes = || Balance::round_robin([Dscp::CS1, Dscp::EF]);
        for (family, keep) in [(Family::Ip, 0xff03), (Family::Ip6, 0xf03f)] {
            let rule = Rule::new().set_dscp_by(classes());
            let lowered = rule.lower(family).unwrap().expressions;
            let merged: [Expr; 3] = [
                Payload::load(PayloadBase::Network, 0, 2, PACKET).into(),
                Bitwise::and(PACKET, Data::network_u16(keep)).into(),
                Bitwise::new(VALUE, VALUE, 2u32).op(BitwiseOp::Or).sreg2(PACKET).into(),
            ];
            assert!(lowered.windows(3).any(|some| some == merged), "{lowered:?}");
            crate::language::lift::tests::all_words(&rule, family);
        }
    }

    #[test]
    fn errors_say_what_to_do() {
        let rule = Rule::new;
        assert_eq!(
            refusal(Family::Inet, &rule().redirect_by(Balance::random([Port(1)]))),
            "redirect to a port needs the protocol said before it in the same rule: add .tcp() or .udp()"
        );
        assert_eq!(
            refusal(Family::Inet, &rule().tcp().redirect_by(ports().prefix())),
            "redirect is to a port, of which no prefix is replaced"
        );
        assert_eq!(
            refusal(Family::Inet, &rule().tcp().tproxy_by(ports().random())),
            "tproxy takes the map's port as it is: leave out how to choose one"
        );
        let sctp = refusal(Family::Inet, &rule().protocol(132).tproxy_by(ports()));
        assert!(sctp.contains("belongs to tcp and udp"), "{sctp}");
        assert_eq!(
            refusal(Family::Inet, &rule().set_dscp_by(Balance::random([Dscp::EF]))),
            "setting the DSCP value needs the protocol said before it in the same rule: add .ipv4() or .ipv6()"
        );
        assert_eq!(
            refusal(Family::Inet, &rule().ipv4().set_dscp_by(Balance::random([Dscp(64)]))),
            "element 0 (0 : 0x40): DSCP is 0x40; possible: 0 to 63"
        );
        let classes = MapOf::<Ipv4Addr, Dscp>::new("m");
        assert_eq!(rule().set_dscp_by(mapped(Daddr, &classes)).check(Family::Inet), Ok(()));
        assert_eq!(
            refusal(
                Family::Inet,
                &rule().queue_by(Balance::random([QueueNumber(1)]), QueueFlags::CPU_FANOUT)
            ),
            "queue: fanout chooses among several queues, and a map among others: leave it out"
        );
        let udp = rule().udp().set_mss_by(Balance::random([SegmentSize(1400)]));
        assert!(refusal(Family::Ip, &udp).contains("tcp"));
        let devices = || Balance::random([InterfaceIndex(1)]);
        assert_eq!(
            refusal(Family::Ip, &rule().duplicate_by(devices())),
            "a copy to an interface alone cannot be used in a table of family ip: use a table of family netdev"
        );
        assert_eq!(
            refusal(Family::Inet, &rule().forward_by(devices())),
            "forwarding to an interface cannot be used in a table of family inet: use a table of family netdev"
        );
        assert_eq!(
            refusal(Family::Inet, &rule().duplicate_by(Balance::random([Ipv4Addr::LOCALHOST]))),
            "a copy to an address cannot be used in a table of family inet: use a table of family ip or ip6"
        );
    }
}
