//! Ports: iptables' `--sport`, `--dport` and `-m multiport`.

use std::ops::RangeInclusive;

use super::Side;
use crate::{
    Invalid, Rule,
    expr::{Data, PayloadBase},
    language::{
        Datatype, Item, Lift, Lifting, Lower, Lowering, Matching, Operand, lift::network_u16, matching_from,
    },
};

/// A port of TCP, UDP, UDP-Lite, SCTP or DCCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Port(pub u16);

impl Operand for Port {
    const WHAT: &'static str = "port";
    const DATATYPE: Datatype = Datatype::INET_SERVICE;

    fn data(&self) -> Data {
        Data::network_u16(self.0)
    }

    fn from_data(data: &Data) -> Option<Self> {
        network_u16(data).map(Self)
    }

    fn text(&self) -> String {
        self.0.to_string()
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.0 == 0 {
            let range = "1 to 65535 (no connection uses port 0; 0..=n is possible as a range)".to_owned();
            return Err(Invalid::OutOfRange { what: "a port", value: "0".to_owned(), range });
        }
        Ok(())
    }
}

matching_from! {
    Port:
    { Port } => |port| Self::one(Item::One(port)),
    { u16 } => |port| Self::one(Item::One(Port(port))),
    { RangeInclusive<u16> } => |range| Self::one(Item::Range(Port(*range.start()), Port(*range.end()))),
}

/// The packet comes from, or goes to, one of these ports.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct PortMatch {
    /// Whose port.
    pub side: Side,
    /// Which.
    pub ports: Matching<Port>,
}

impl Rule {
    /// Only packets from these ports. Needs a protocol with ports said before: `.tcp()`, `.udp()`.
    #[doc(alias = "source-port")]
    #[must_use]
    pub fn sport(self, ports: impl Into<Matching<Port>>) -> Self {
        self.word(|| PortMatch { side: Side::Source, ports: ports.into() })
    }

    /// Only packets to these ports. Needs a protocol with ports said before: `.tcp()`, `.udp()`.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().tcp().dport([80, 443]).accept();
    /// Rule::new().udp().dport(33434..=33523).accept();
    /// ```
    #[doc(alias = "destination-port")]
    #[doc(alias = "multiport")]
    #[must_use]
    pub fn dport(self, ports: impl Into<Matching<Port>>) -> Self {
        self.word(|| PortMatch { side: Side::Destination, ports: ports.into() })
    }
}

impl Lower for PortMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let (what, offset) = match self.side {
            Side::Source => ("a source port", 0),
            Side::Destination => ("a destination port", 2),
        };
        to.need_ports(what)?;
        if to.layer4().is_some() {
            to.field_beside_others(PayloadBase::Transport, offset, &self.ports)
        } else {
            // Of several protocols nft would list both ports together as bytes.
            to.field(PayloadBase::Transport, offset, &self.ports)
        }
    }
}

impl Lift for PortMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        if let Some(ports) = from.field(PayloadBase::Transport, 0) {
            return Some(Self { side: Side::Source, ports });
        }
        from.field(PayloadBase::Transport, 2).map(|ports| Self { side: Side::Destination, ports })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Protocol,
        language::matches::golden::{IP, same_as_nft},
        not,
    };

    #[test]
    fn as_nft_says_it() {
        let (tcp, udp) = (|| Rule::new().tcp(), || Rule::new().udp());
        let mixed = [Item::One(Port(22)), Item::Range(Port(8000), Port(8010)), Item::Range(Port(0), Port(7))];
        let both = Rule::new().protocol([Protocol::TCP, Protocol::UDP]);
        let of = |protocol| Rule::new().protocol(protocol);
        same_as_nft([
            (IP, "tcp dport 22", tcp().dport(22)),
            (IP, "udp sport != 53", udp().sport(not(53))),
            (IP, "tcp dport 1000-2000", tcp().dport(1000..=2000)),
            (IP, "tcp sport != 1000-2000", tcp().sport(not(1000..=2000))),
            (IP, "tcp dport { 22, 80, 443 }", tcp().dport([443, 22, 80])),
            (IP, "tcp dport != { 22, 80 }", tcp().dport(not([22, 80]))),
            (IP, "tcp dport { 0-7, 22, 8000-8010 }", tcp().dport(mixed)),
            (IP, "meta l4proto { tcp, udp } th dport 53", both.dport(53)),
            (IP, "tcp sport 1024-65535 tcp dport 22", tcp().sport(1024..=65535).dport(22)),
            (IP, "sctp dport 0-1", of(Protocol::SCTP).dport(0..=1)),
            (IP, "dccp sport 5", of(Protocol::DCCP).sport(5)),
            (IP, "udplite dport 5", of(Protocol::UDPLITE).dport(5)),
        ]);
    }

    #[test]
    fn only_of_protocols_that_have_ports() {
        let text = |rule: Rule| rule.check(crate::Family::Inet).unwrap_err().to_string();
        let none = text(Rule::new().dport(22));
        assert!(none.starts_with("a destination port needs the protocol said before it"), "{none}");
        let icmp = text(Rule::new().icmp().sport(22));
        assert!(icmp.starts_with("a source port belongs to ") && icmp.contains("says icmp"), "{icmp}");
        let without = text(Rule::new().protocol(not(Protocol::TCP)).dport(22));
        assert!(without.starts_with("a destination port needs the protocol"), "{without}");
    }
}
