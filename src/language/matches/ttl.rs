//! How many routers a packet may still pass: iptables' `-m ttl` and `-m hl`.

use super::number::number;
use crate::{
    Invalid, Rule,
    expr::PayloadBase,
    language::{Datatype, Layer3, Lift, Lifting, Lower, Lowering, Matching},
};

number! {
    /// IPv4's time to live.
    Ttl(u8): "TTL" = Datatype::network(Datatype::INTEGER, 1), byte;
    /// IPv6's hop limit.
    HopLimit(u8): "hop limit" = Datatype::network(Datatype::INTEGER, 1), byte;
}

/// The packet may pass so many routers, in IPv4.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct TtlMatch(pub Matching<Ttl>);

/// The packet may pass so many routers, in IPv6.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct HopLimitMatch(pub Matching<HopLimit>);

impl Rule {
    /// Only IPv4 packets with such a time to live.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// // a traceroute's
    /// Rule::new().ttl(0..=3).drop();
    /// ```
    #[must_use]
    pub fn ttl(self, ttl: impl Into<Matching<Ttl>>) -> Self {
        self.word(|| TtlMatch(ttl.into()))
    }

    /// Only IPv6 packets with such a hop limit.
    ///
    /// ```
    /// use portcullis::{Rule, not};
    /// use portcullis::language::matches::Icmpv6Type;
    ///
    /// // neighbour discovery that has passed a router is forged
    /// Rule::new().icmpv6_type(Icmpv6Type::NEIGHBOUR_SOLICITATION).hop_limit(not(255)).drop();
    /// ```
    #[doc(alias = "hl")]
    #[doc(alias = "hoplimit")]
    #[must_use]
    pub fn hop_limit(self, limit: impl Into<Matching<HopLimit>>) -> Self {
        self.word(|| HopLimitMatch(limit.into()))
    }
}

impl Lower for TtlMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.need_layer3("a TTL", Layer3::V4)?;
        to.field(PayloadBase::Network, 8, &self.0)
    }
}

impl Lower for HopLimitMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.need_layer3("a hop limit", Layer3::V6)?;
        to.field(PayloadBase::Network, 7, &self.0)
    }
}

impl Lift for TtlMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        from.field(PayloadBase::Network, 8).map(Self)
    }
}

impl Lift for HopLimitMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        from.field(PayloadBase::Network, 7).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    #[test]
    fn as_nft_says_it() {
        use Family::{Inet, Ip, Ip6};

        use crate::{language::matches::golden::same_as_nft, not};

        same_as_nft([
            (&[Ip, Inet], "ip ttl 1", Rule::new().ttl(1)),
            (&[Ip, Inet], "ip ttl != 1", Rule::new().ttl(not(1))),
            (&[Ip, Inet], "ip ttl 0-4", Rule::new().ttl(0..=4)),
            (&[Ip, Inet], "ip ttl != 1-5", Rule::new().ttl(not(1..=5))),
            (&[Ip, Inet], "ip ttl { 1, 64 }", Rule::new().ttl([1, 64])),
            (&[Ip6, Inet], "ip6 hoplimit 255", Rule::new().hop_limit(255)),
            (&[Ip6, Inet], "ip6 hoplimit 1-5", Rule::new().hop_limit(1..=5)),
        ]);
    }

    #[test]
    fn the_other_version_is_refused() {
        let problem = Rule::new().ttl(1).check(Family::Ip6).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "a TTL cannot be used in a table of family ip6: it belongs to IPv4; use a table of family ip or inet"
        );
        let problem = Rule::new().ipv4().hop_limit(1).check(Family::Inet).unwrap_err();
        assert_eq!(problem.to_string(), "a hop limit belongs to IPv6, but the rule says IPv4 before it");
    }
}
