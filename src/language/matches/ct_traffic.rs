//! What has gone through a connection: iptables' `-m connbytes`.

use super::number::number;
use crate::{
    Invalid, Rule,
    expr::{Ct, CtDirection, CtKey, Expr, Register},
    language::{Datatype, Lift, Lifting, Lower, Lowering, Matching},
};

number! {
    /// Packets or bytes of a connection.
    Traffic(u64): "traffic" = Datatype::host(Datatype::INTEGER, 8), host_u64;
}

/// What is counted of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum TrafficKind {
    /// Bytes.
    Bytes,
    /// Packets.
    Packets,
    /// Bytes of a packet, on average.
    AveragePacket,
}

/// So much has gone through the packet's connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct CtTrafficMatch {
    /// What is counted.
    pub kind: TrafficKind,
    /// One way only; both together if absent.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub direction: Option<CtDirection>,
    /// How much.
    pub traffic: Matching<Traffic>,
}

impl Rule {
    /// Only packets of connections through which so many bytes went, both ways together; for one way say
    /// [`CtTrafficMatch`].
    ///
    /// The kernel counts only where `net.netfilter.nf_conntrack_acct` is 1, and else says 0.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// // a long download: no longer in a hurry
    /// Rule::new().ct_bytes(100_000_000..=u64::MAX);
    /// ```
    #[doc(alias = "connbytes")]
    #[must_use]
    pub fn ct_bytes(self, bytes: impl Into<Matching<Traffic>>) -> Self {
        self.word(|| CtTrafficMatch { kind: TrafficKind::Bytes, direction: None, traffic: bytes.into() })
    }

    /// Only packets of connections through which so many packets went, both ways together. See
    /// [`Rule::ct_bytes`].
    #[doc(alias = "connbytes")]
    #[must_use]
    pub fn ct_packets(self, packets: impl Into<Matching<Traffic>>) -> Self {
        self.word(|| CtTrafficMatch { kind: TrafficKind::Packets, direction: None, traffic: packets.into() })
    }
}

impl Lower for CtTrafficMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let key = match self.kind {
            TrafficKind::Bytes => CtKey::Bytes,
            TrafficKind::Packets => CtKey::Packets,
            TrafficKind::AveragePacket => CtKey::AvgPkt,
        };
        let load = Ct::load(key, Register::R1);
        let load = match self.direction {
            Some(direction) => load.direction(direction),
            None => load,
        };
        to.matching(load, &self.traffic)
    }
}

impl Lift for CtTrafficMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Ct(Ct { key, direction, .. }), ..] = from.expressions() else { return None };
        let kind = match key {
            CtKey::Bytes => TrafficKind::Bytes,
            CtKey::Packets => TrafficKind::Packets,
            CtKey::AvgPkt => TrafficKind::AveragePacket,
            _ => return None,
        };
        Some(Self { kind, direction: *direction, traffic: from.compared(1)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        language::matches::golden::{IP, same_as_nft},
        not,
    };

    #[test]
    fn as_nft_says_it() {
        let average = CtTrafficMatch {
            kind: TrafficKind::AveragePacket,
            direction: Some(CtDirection::Reply),
            traffic: 5.into(),
        };
        same_as_nft([
            (IP, "ct bytes 100-200", Rule::new().ct_bytes(100..=200)),
            (IP, "ct bytes != 100-200", Rule::new().ct_bytes(not(100..=200))),
            (IP, "ct packets { 1, 2 }", Rule::new().ct_packets([1, 2])),
            (IP, "ct reply avgpkt 5", Rule::new().say(average)),
        ]);
    }
}
