//! The version of the Internet Protocol: nft's `meta nfproto`.

use crate::{
    Family, Invalid, Rule,
    expr::{Expr, Meta, MetaKey},
    language::{Layer3, Lift, Lifting, Lower, Lowering, lift::version},
};

/// The packet is of this version of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum IpVersion {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Rule {
    /// Only IPv4. An address says the same.
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::Dscp;
    ///
    /// Rule::new().ipv4().dscp(Dscp::EF).accept();
    /// ```
    #[doc(alias = "nfproto")]
    #[must_use]
    pub fn ipv4(self) -> Self {
        self.word(|| IpVersion::V4)
    }

    /// Only IPv6. An address says the same.
    #[doc(alias = "nfproto")]
    #[must_use]
    pub fn ipv6(self) -> Self {
        self.word(|| IpVersion::V6)
    }
}

impl Lower for IpVersion {
    // Where the table or the rule has said it, there is nothing to test; nft refuses the sentence there.
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        match self {
            Self::V4 => to.need_layer3("a test for IPv4", Layer3::V4),
            Self::V6 => to.need_layer3("a test for IPv6", Layer3::V6),
        }
    }
}

/// The version that the rule or its table says: for what both have, at different places.
pub(super) fn version_said(to: &Lowering<'_>, what: &'static str) -> Result<Layer3, Invalid> {
    match (to.layer3(), to.family()) {
        (Some(version), _) => Ok(version),
        (None, family @ Family::Arp) => {
            Err(Invalid::Family { what, family, hint: "use a table of family inet, ip or ip6" })
        }
        (None, _) => Err(Invalid::NeedsProtocol { what, hint: ".ipv4() or .ipv6()" }),
    }
}

impl Lift for IpVersion {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Meta(Meta { key: MetaKey::NfProto | MetaKey::Protocol, .. }), Expr::Cmp(cmp), ..] =
            from.expressions()
        else {
            return None;
        };
        Some(match version(&cmp.data)? {
            Layer3::V4 => Self::V4,
            Layer3::V6 => Self::V6,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_nft_says_it() {
        use Family::{Inet, Netdev};

        use crate::language::matches::golden::same_as_nft;

        same_as_nft([
            (&[Inet], "meta nfproto ipv4", Rule::new().ipv4()),
            (&[Inet], "meta nfproto ipv6", Rule::new().ipv6()),
            (&[Inet], "meta nfproto ipv4 ip saddr 10.0.0.1", Rule::new().ipv4().saddr("10.0.0.1")),
            (&[Netdev], "meta protocol ip", Rule::new().ipv4()),
        ]);
    }

    #[test]
    fn the_other_version_is_refused() {
        assert_eq!(Rule::new().ipv4().lower(Family::Ip).unwrap().expressions, []);
        let problem = Rule::new().ipv4().check(Family::Ip6).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "a test for IPv4 cannot be used in a table of family ip6: \
             it belongs to IPv4; use a table of family ip or inet"
        );
        let problem = Rule::new().ipv4().ipv6().check(Family::Inet).unwrap_err();
        assert_eq!(problem.to_string(), "a test for IPv6 belongs to IPv6, but the rule says IPv4 before it");
        let problem = Rule::new().tos(0x10).check(Family::Arp).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "a TOS cannot be used in a table of family arp: use a table of family inet, ip or ip6"
        );
    }
}
