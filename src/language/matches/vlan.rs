//! The VLAN tag of a frame: nft's `vlan`.

use super::{EtherType, number::number};
use crate::{
    Invalid, Rule,
    expr::{Bitwise, Data, Expr, Payload, PayloadBase, Register},
    language::{Datatype, Item, Lift, Lifting, Lower, Lowering, Matching, Operand, lift::byte},
};

number! {
    /// The number of a VLAN, 0 to 4095; 0 stands for none, 4095 is reserved.
    VlanId(u16): "VLAN id" = Datatype::network(Datatype::INTEGER, 2), network_u16;
    /// The priority that a VLAN tag gives a frame, 0 to 7 (802.1p); 1 is below 0.
    VlanPcp(u8): "VLAN priority" = Datatype::network(Datatype::INTEGER, 1), byte;
}

/// As the tag has it: its upper three bits.
#[derive(Clone)]
struct Upper(VlanPcp);

impl Operand for Upper {
    const WHAT: &'static str = VlanPcp::WHAT;
    const DATATYPE: Datatype = VlanPcp::DATATYPE;

    fn data(&self) -> Data {
        Data::byte(self.0.0 << 5)
    }

    fn from_data(data: &Data) -> Option<Self> {
        byte(data).map(|byte| Self(VlanPcp(byte >> 5)))
    }

    fn text(&self) -> String {
        self.0.text()
    }
}

/// Where the tag's own bits are, and what it carries: behind the two addresses and the type that says "tag".
const TAG: u32 = 14;
const CARRIED: u32 = 16;
const ID: u16 = 0x0fff;
const PCP: u8 = 0xe0;
const DEI: u8 = 0x10;

/// The frame is tagged with one of these VLANs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct VlanIdMatch(pub Matching<VlanId>);

/// The frame's tag gives it one of these priorities.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct VlanPcpMatch(pub Matching<VlanPcp>);

/// The frame's tag says whether it may be dropped before others.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct VlanDropEligible(pub bool);

/// The frame carries one of these behind its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct VlanTypeMatch(pub Matching<EtherType>);

impl Rule {
    /// Only frames that are tagged (802.1Q) with one of these VLANs, 1 to 4094. For bridge and netdev tables, where
    /// the tag is seen also if the device has taken it off; a packet that comes to the other families by a VLAN
    /// device has none any more, and is known by that device ([`Rule::iif`]).
    ///
    /// Of a frame with two tags (802.1ad) say the outer one's type first; the outer id is meant:
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::EtherType;
    ///
    /// Rule::new().vlan_id(100..=199).accept();
    /// Rule::new().ether_type(EtherType::PROVIDER_VLAN).vlan_id(7).accept();
    /// ```
    #[doc(alias = "802.1Q")]
    #[must_use]
    pub fn vlan_id(self, ids: impl Into<Matching<VlanId>>) -> Self {
        self.word(|| VlanIdMatch(ids.into()))
    }

    /// Only frames whose tag gives them one of these priorities, 0 to 7. See [`Rule::vlan_id`].
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().vlan_id(7).vlan_pcp(5..=7).counter();
    /// ```
    #[doc(alias = "802.1p")]
    #[must_use]
    pub fn vlan_pcp(self, priorities: impl Into<Matching<VlanPcp>>) -> Self {
        self.word(|| VlanPcpMatch(priorities.into()))
    }

    /// Only frames whose tag says that they may be dropped before others, or (`false`) does not. See
    /// [`Rule::vlan_id`].
    ///
    /// ```
    /// use portcullis::{Rate, Rule};
    ///
    /// Rule::new().vlan_dei(true).limit(Rate::per_second(100).over()).drop();
    /// ```
    #[doc(alias = "cfi")]
    #[must_use]
    pub fn vlan_dei(self, eligible: bool) -> Self {
        self.word(|| VlanDropEligible(eligible))
    }

    /// Only frames that carry one of these behind their tag. See [`Rule::vlan_id`].
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::EtherType;
    ///
    /// Rule::new().vlan_id(7).vlan_type(EtherType::ARP).accept();
    /// ```
    #[must_use]
    pub fn vlan_type(self, types: impl Into<Matching<EtherType>>) -> Self {
        self.word(|| VlanTypeMatch(types.into()))
    }
}

impl Lower for VlanIdMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        check_limit("a VLAN id", &self.0, VlanId(ID), "0 to 4095")?;
        to.need_vlan();
        to.push(Payload::load(PayloadBase::Link, TAG, 2, Register::R1));
        to.push(Bitwise::and(Register::R1, Data::network_u16(ID)));
        to.compare(&self.0)
    }
}

impl Lower for VlanPcpMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        check_limit("a VLAN priority", &self.0, VlanPcp(7), "0 to 7")?;
        to.need_vlan();
        to.push(Payload::load(PayloadBase::Link, TAG, 1, Register::R1));
        to.push(Bitwise::and(Register::R1, Data::byte(PCP)));
        to.compare(&self.0.map(|priority| Upper(*priority)))
    }
}

impl Lower for VlanDropEligible {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.need_vlan();
        to.push(Payload::load(PayloadBase::Link, TAG, 1, Register::R1));
        to.push(Bitwise::and(Register::R1, Data::byte(DEI)));
        to.push(crate::expr::Cmp::eq(Register::R1, Data::byte(if self.0 { DEI } else { 0 })));
        Ok(())
    }
}

impl Lower for VlanTypeMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.need_vlan();
        to.field(PayloadBase::Link, CARRIED, &self.0)
    }
}

/// No value is larger than a tag has room for.
fn check_limit<T: Operand + PartialOrd>(
    what: &'static str,
    matching: &Matching<T>,
    limit: T,
    range: &str,
) -> Result<(), Invalid> {
    let too_large = matching.items().iter().find_map(|item| {
        let (Item::One(last) | Item::Range(_, last) | Item::Prefix(last, _) | Item::Masked(last, _)) = item;
        (*last > limit).then(|| last.text())
    });
    match too_large {
        Some(value) => Err(Invalid::OutOfRange { what, value, range: range.to_owned() }),
        None => Ok(()),
    }
}

/// Whether so many bytes of the tag are loaded and masked.
fn masked(from: &Lifting<'_>, length: u32, wanted: &Data) -> bool {
    match from.expressions() {
        [
            Expr::Payload(Payload { base: PayloadBase::Link, offset: TAG, len, .. }),
            Expr::Bitwise(bitwise),
            ..,
        ] => *len == length && bitwise.mask.as_ref() == Some(wanted),
        _ => false,
    }
}

impl Lift for VlanIdMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        if masked(from, 2, &Data::network_u16(ID)) { from.compared(2).map(Self) } else { None }
    }
}

impl Lift for VlanPcpMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        if !masked(from, 1, &Data::byte(PCP)) {
            return None;
        }
        from.compared(2).map(|priorities: Matching<Upper>| Self(priorities.map(|upper| upper.0)))
    }
}

impl Lift for VlanDropEligible {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        match from.expressions() {
            [_, _, Expr::Cmp(cmp), ..] if masked(from, 1, &Data::byte(DEI)) => {
                byte(&cmp.data).map(|bits| Self(bits != 0))
            }
            _ => None,
        }
    }
}

impl Lift for VlanTypeMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        from.field(PayloadBase::Link, CARRIED).map(Self)
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
            (families, "vlan id 5", Rule::new().vlan_id(5)),
            (families, "vlan id != 4095", Rule::new().vlan_id(not(4095))),
            (families, "vlan id 5-9", Rule::new().vlan_id(5..=9)),
            (families, "vlan id != 5-9", Rule::new().vlan_id(not(5..=9))),
            (families, "vlan id { 5, 600 }", Rule::new().vlan_id([5, 600])),
            (families, "vlan pcp 3", Rule::new().vlan_pcp(3)),
            (families, "vlan pcp 1-3", Rule::new().vlan_pcp(1..=3)),
            (families, "vlan pcp != { 1, 7 }", Rule::new().vlan_pcp(not([1, 7]))),
            (families, "vlan dei 1", Rule::new().vlan_dei(true)),
            (families, "vlan dei 0", Rule::new().vlan_dei(false)),
            (families, "vlan type ip", Rule::new().vlan_type(EtherType::IPV4)),
            (families, "vlan type { ip, arp }", Rule::new().vlan_type([EtherType::IPV4, EtherType::ARP])),
            (families, "vlan id 5 vlan pcp 3 vlan dei 1", Rule::new().vlan_id(5).vlan_pcp(3).vlan_dei(true)),
            (
                families,
                "ether type 8021ad vlan id 5",
                Rule::new().ether_type(EtherType::PROVIDER_VLAN).vlan_id(5),
            ),
            (
                &[Family::Bridge, Family::Netdev],
                "vlan id 5 meta protocol ip ip saddr 10.0.0.1",
                Rule::new().vlan_id(5).saddr("10.0.0.1"),
            ),
        ]);
    }

    #[test]
    fn the_tag_is_tested_once() {
        let tested = |rule: Rule| {
            let bytecode = rule.bytecode(Family::Netdev).expect("a good rule");
            bytecode.lines().filter(|line| line.contains("link header + 12")).count()
        };
        assert_eq!(tested(Rule::new().vlan_id(5).vlan_type(EtherType::ARP)), 1);
        assert_eq!(tested(Rule::new().ether_type(EtherType::VLAN).vlan_id(5)), 1);
        assert_eq!(tested(Rule::new().ether_type(EtherType::IPV4).vlan_id(5)), 2);
    }

    #[test]
    fn what_a_tag_has_no_room_for_is_refused() {
        let text = |rule: Rule| rule.check(Family::Bridge).unwrap_err().to_string();
        assert_eq!(text(Rule::new().vlan_id(4096)), "a VLAN id is 4096; possible: 0 to 4095");
        assert_eq!(text(Rule::new().vlan_id([1..=2, 9..=5000])), "a VLAN id is 5000; possible: 0 to 4095");
        assert_eq!(text(Rule::new().vlan_pcp(8)), "a VLAN priority is 8; possible: 0 to 7");
    }
}
