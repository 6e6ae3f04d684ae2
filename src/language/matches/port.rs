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
        self.say(PortMatch { side: Side::Source, ports: ports.into() })
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
        self.say(PortMatch { side: Side::Destination, ports: ports.into() })
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
