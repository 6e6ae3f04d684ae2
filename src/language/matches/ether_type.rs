//! What an Ethernet frame carries: nft's `ether type`.

use crate::{
    Invalid, Rule,
    expr::PayloadBase,
    language::{Datatype, Item, Lift, Lifting, Lower, Lowering, Matching, matches::number::number},
};

number! {
    /// What a frame carries (an EtherType). Numbers have no names here but those that rules are about.
    EtherType(u16): "Ethernet type" = Datatype::network(Datatype::ETHER_TYPE, 2), network_u16;
}

impl EtherType {
    /// IPv4.
    #[doc(alias = "ETH_P_IP")]
    pub const IPV4: Self = Self(0x0800);
    /// ARP.
    #[doc(alias = "ETH_P_ARP")]
    pub const ARP: Self = Self(0x0806);
    /// A VLAN tag of 802.1Q.
    #[doc(alias = "ETH_P_8021Q")]
    pub const VLAN: Self = Self(0x8100);
    /// IPv6.
    #[doc(alias = "ETH_P_IPV6")]
    pub const IPV6: Self = Self(0x86dd);
    /// A provider's VLAN tag, before the customer's: 802.1ad.
    #[doc(alias = "ETH_P_8021AD")]
    #[doc(alias = "QinQ")]
    pub const PROVIDER_VLAN: Self = Self(0x88a8);
}

/// The frame carries one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct EtherTypeMatch(pub Matching<EtherType>);

impl Rule {
    /// Only frames whose header says that they carry this. Of a tagged frame that is the tag, also where the device
    /// has taken the tag off: what is behind it says [`Rule::vlan_type`]. Known in bridge and netdev tables, and of
    /// received packets in others.
    ///
    /// ```
    /// use portcullis::{Rule, not};
    /// use portcullis::language::matches::EtherType;
    ///
    /// // on a bridge that is for IP alone
    /// Rule::new().ether_type(not([EtherType::IPV4, EtherType::IPV6, EtherType::ARP])).drop();
    /// ```
    #[doc(alias = "ebtables -p")]
    #[must_use]
    pub fn ether_type(self, types: impl Into<Matching<EtherType>>) -> Self {
        self.word(|| EtherTypeMatch(types.into()))
    }
}

impl Lower for EtherTypeMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.need_ethernet();
        to.field(PayloadBase::Link, 12, &self.0)?;
        match (self.0.items(), self.0.is_negated()) {
            ([Item::One(EtherType::VLAN | EtherType::PROVIDER_VLAN)], false) => to.know_vlan(),
            ([Item::One(EtherType::ARP)], false) => to.know_arp(),
            _ => {}
        }
        Ok(())
    }
}

impl Lift for EtherTypeMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        from.field(PayloadBase::Link, 12).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    #[test]
    fn as_nft_says_it() {
        use crate::{language::matches::golden::same_as_nft, not};

        let families: &[Family] =
            &[Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev, Family::Arp];
        same_as_nft([
            (families, "ether type arp", Rule::new().ether_type(EtherType::ARP)),
            (families, "ether type != 0x88b5", Rule::new().ether_type(not(0x88b5))),
            (
                families,
                "ether type { ip, 8021ad }",
                Rule::new().ether_type([EtherType::IPV4, EtherType::PROVIDER_VLAN]),
            ),
            (families, "ether type 0x88b5-0x88b6", Rule::new().ether_type(0x88b5..=0x88b6)),
        ]);
    }
}
