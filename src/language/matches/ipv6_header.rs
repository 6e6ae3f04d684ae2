//! Extension headers of IPv6: ip6tables' `-m frag`, `-m rt`, `-m hbh`, `-m dst`, `-m mh`, `-m ipv6header`.

use crate::{
    Invalid, Rule,
    expr::{Cmp, Data, Expr, Exthdr, ExthdrOp, Register},
    language::{Layer3, Lift, Lifting, Lower, Lowering, Not, lift::byte},
};

/// The number of an extension header of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Ipv6Header(pub u8);

impl Ipv6Header {
    /// For every router on the way.
    #[doc(alias = "hbh")]
    pub const HOP_BY_HOP: Self = Self(0);
    /// The way.
    #[doc(alias = "rt")]
    pub const ROUTING: Self = Self(43);
    /// A part of a packet.
    #[doc(alias = "frag")]
    pub const FRAGMENT: Self = Self(44);
    /// For the destination.
    #[doc(alias = "dst")]
    pub const DESTINATION: Self = Self(60);
    /// Mobility.
    #[doc(alias = "mh")]
    pub const MOBILITY: Self = Self(135);
}

/// The packet has, or does not have, this extension header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Ipv6HeaderMatch {
    /// Which.
    pub header: Ipv6Header,
    /// Has it not.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub negated: bool,
}

impl From<Ipv6Header> for Ipv6HeaderMatch {
    fn from(header: Ipv6Header) -> Self {
        Self { header, negated: false }
    }
}

impl From<Not<Ipv6Header>> for Ipv6HeaderMatch {
    fn from(Not(header): Not<Ipv6Header>) -> Self {
        Self { header, negated: true }
    }
}

impl Rule {
    /// Only IPv6 packets that have this extension header; with [`not`](crate::not), that do not have it.
    ///
    /// ```
    /// use portcullis::{Rule, not};
    /// use portcullis::language::matches::Ipv6Header;
    ///
    /// Rule::new().ipv6_header(Ipv6Header::ROUTING).drop();
    /// Rule::new().ipv6_header(not(Ipv6Header::FRAGMENT)).accept();
    /// ```
    #[doc(alias = "exthdr")]
    #[must_use]
    pub fn ipv6_header(self, header: impl Into<Ipv6HeaderMatch>) -> Self {
        self.word(|| header.into())
    }
}

impl Lower for Ipv6HeaderMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.need_layer3("an IPv6 extension header", Layer3::V6)?;
        to.push(Exthdr::present(ExthdrOp::Ipv6, self.header.0, Register::R1));
        to.push(Cmp::eq(Register::R1, Data::byte(u8::from(!self.negated))));
        Ok(())
    }
}

impl Lift for Ipv6HeaderMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Exthdr(Exthdr { op: ExthdrOp::Ipv6, kind, .. }), Expr::Cmp(cmp), ..] = from.expressions()
        else {
            return None;
        };
        Some(Self { header: Ipv6Header(*kind), negated: byte(&cmp.data)? == 0 })
    }
}

#[cfg(test)]
mod tests {
    use Family::{Inet, Ip6};

    use super::*;
    use crate::{Family, language::matches::golden::same_as_nft, not};

    #[test]
    fn as_nft_says_it() {
        same_as_nft([
            (&[Ip6, Inet], "exthdr frag exists", Rule::new().ipv6_header(Ipv6Header::FRAGMENT)),
            (&[Ip6, Inet], "exthdr hbh exists", Rule::new().ipv6_header(Ipv6Header::HOP_BY_HOP)),
            (&[Ip6, Inet], "exthdr rt missing", Rule::new().ipv6_header(not(Ipv6Header::ROUTING))),
            (&[Ip6, Inet], "exthdr mh exists", Rule::new().ipv6_header(Ipv6Header::MOBILITY)),
        ]);
    }
}
