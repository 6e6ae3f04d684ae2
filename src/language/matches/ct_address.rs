//! The addresses of a packet's connection: iptables' `-m conntrack --ctorigsrc`, `--ctorigdst`, `--ctreplsrc`,
//! `--ctrepldst`.

use super::{
    Addresses, Side,
    address::{OneFamily, V4, V6, one_family},
};
use crate::{
    Invalid, Rule,
    expr::{Cmp, CmpOp, Ct, CtDirection, CtKey, Data, Expr, Register},
    language::{Item, Layer3, Lift, Lifting, Lower, Lowering, Matching, Operand},
};

/// One of the four addresses of the packet's connection is one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct CtAddressMatch {
    /// Of which of the connection's two directions.
    pub direction: CtDirection,
    /// Whose address.
    pub side: Side,
    /// Which.
    pub addresses: Addresses,
}

impl Rule {
    /// Only packets whose connection was opened from these addresses.
    ///
    /// The connection's own addresses do not change with translation: this is what the first packet came with.
    ///
    /// ```
    /// use portcullis::{CtStatus, Rule};
    ///
    /// // forwarded to an inner server, but meant for the public address
    /// Rule::new().ct_status(CtStatus::DNAT).ct_original_daddr("203.0.113.7").accept();
    /// ```
    #[doc(alias = "ctorigsrc")]
    #[must_use]
    pub fn ct_original_saddr(self, addresses: impl Into<Addresses>) -> Self {
        self.ct_address(CtDirection::Original, Side::Source, addresses.into())
    }

    /// Only packets whose connection was opened to these addresses.
    #[doc(alias = "ctorigdst")]
    #[must_use]
    pub fn ct_original_daddr(self, addresses: impl Into<Addresses>) -> Self {
        self.ct_address(CtDirection::Original, Side::Destination, addresses.into())
    }

    /// Only packets whose connection is answered from these addresses.
    #[doc(alias = "ctreplsrc")]
    #[must_use]
    pub fn ct_reply_saddr(self, addresses: impl Into<Addresses>) -> Self {
        self.ct_address(CtDirection::Reply, Side::Source, addresses.into())
    }

    /// Only packets whose connection is answered to these addresses.
    #[doc(alias = "ctrepldst")]
    #[must_use]
    pub fn ct_reply_daddr(self, addresses: impl Into<Addresses>) -> Self {
        self.ct_address(CtDirection::Reply, Side::Destination, addresses.into())
    }

    fn ct_address(self, direction: CtDirection, side: Side, addresses: Addresses) -> Self {
        self.word(|| CtAddressMatch { direction, side, addresses })
    }
}

impl CtAddressMatch {
    fn family<T: Operand>(
        &self,
        to: &mut Lowering<'_>,
        version: Layer3,
        addresses: &Matching<T>,
    ) -> Result<(), Invalid> {
        let (what, key) = match (self.side, version) {
            (Side::Source, Layer3::V4) => ("a connection's source address", CtKey::SrcIp),
            (Side::Source, Layer3::V6) => ("a connection's source address", CtKey::SrcIp6),
            (Side::Destination, Layer3::V4) => ("a connection's destination address", CtKey::DstIp),
            (Side::Destination, Layer3::V6) => ("a connection's destination address", CtKey::DstIp6),
        };
        // No test of the IP version is needed, and nft makes none: these keys break the rule for the other one.
        if to.layer3().is_some() {
            to.need_layer3(what, version)?;
        }
        let load = Ct::load(key, Register::R1).direction(self.direction);
        match addresses.items() {
            // As nft does: of whole bytes, only those are compared.
            [Item::Prefix(value, bits)] if *bits > 0 && bits % 8 == 0 => {
                let address = value.data();
                let Some(network) = address.as_bytes().get(..usize::from(bits / 8)) else {
                    return to.matching(load, addresses);
                };
                let op = CmpOp::equality(addresses.is_negated());
                to.push(load);
                to.push(Cmp::new(Register::R1, op, Data::new(network)));
                Ok(())
            }
            _ => to.matching(load, addresses),
        }
    }
}

impl Lower for CtAddressMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        match one_family(&self.addresses)? {
            OneFamily::V4(addresses) => self.family(to, Layer3::V4, &addresses),
            OneFamily::V6(addresses) => self.family(to, Layer3::V6, &addresses),
        }
    }
}

impl Lift for CtAddressMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Ct(Ct { key, direction: Some(direction), .. }), ..] = from.expressions() else {
            return None;
        };
        let (side, v4) = match key {
            CtKey::SrcIp => (Side::Source, true),
            CtKey::SrcIp6 => (Side::Source, false),
            CtKey::DstIp => (Side::Destination, true),
            CtKey::DstIp6 => (Side::Destination, false),
            _ => return None,
        };
        let addresses = if v4 {
            from.compared(1).map(|addresses: Matching<V4>| addresses.map(V4::address))
        } else {
            from.compared(1).map(|addresses: Matching<V6>| addresses.map(V6::address))
        };
        Some(Self { direction: *direction, side, addresses: addresses? })
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

        let v4: &[Family] = &[Ip, Inet];
        let v6: &[Family] = &[Ip6, Inet];
        same_as_nft([
            (v4, "ct original ip saddr 10.0.0.1", Rule::new().ct_original_saddr("10.0.0.1")),
            (v4, "ct original ip saddr != 10.0.0.0/24", Rule::new().ct_original_saddr(not("10.0.0.0/24"))),
            (v4, "ct original ip daddr 10.0.0.0/20", Rule::new().ct_original_daddr("10.0.0.0/20")),
            (v4, "ct reply ip daddr 10.0.0.1-10.0.0.9", Rule::new().ct_reply_daddr("10.0.0.1-10.0.0.9")),
            (
                v4,
                "ct reply ip daddr != { 10.0.0.1, 10.0.0.9 }",
                Rule::new().ct_reply_daddr(not(["10.0.0.1", "10.0.0.9"])),
            ),
            (v6, "ct reply ip6 saddr fd00::1", Rule::new().ct_reply_saddr("fd00::1")),
            (v6, "ct reply ip6 daddr fd00::/64", Rule::new().ct_reply_daddr("fd00::/64")),
            (v6, "ct reply ip6 daddr fd00::/62", Rule::new().ct_reply_daddr("fd00::/62")),
            (
                &[Inet],
                "ct original ip saddr 10.0.0.1 ip saddr 10.0.0.2",
                Rule::new().ct_original_saddr("10.0.0.1").saddr("10.0.0.2"),
            ),
        ]);
    }

    #[test]
    fn the_other_family_is_refused() {
        let problem = Rule::new().ct_original_saddr("10.0.0.1").check(Family::Ip6).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "a connection's source address cannot be used in a table of family ip6: \
             it belongs to IPv4; use a table of family ip or inet"
        );
        let problem =
            Rule::new().saddr("fd00::1").ct_reply_daddr("10.0.0.1").check(Family::Inet).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "a connection's destination address belongs to IPv4, but the rule says IPv6 before it"
        );
    }
}
