//! The class of service in the IP header: iptables' `-m dscp`.

use super::{number::number, version::version_said};
use crate::{
    Invalid, Rule,
    expr::{Bitwise, Data, Expr, Payload, PayloadBase, Register},
    language::{
        Datatype, Item, Layer3, Lift, Lifting, Lower, Lowering, Matching, Operand,
        lift::{byte, network_u16},
    },
};

number! {
    /// A class of service (differentiated services code point), 0 to 63.
    Dscp(u8): "DSCP" = Datatype::DSCP, byte;
}

impl Dscp {
    /// Class selector 0.
    pub const CS0: Self = Self(0);
    /// Class selector 1.
    pub const CS1: Self = Self(8);
    /// Class selector 2.
    pub const CS2: Self = Self(16);
    /// Class selector 3.
    pub const CS3: Self = Self(24);
    /// Class selector 4.
    pub const CS4: Self = Self(32);
    /// Class selector 5.
    pub const CS5: Self = Self(40);
    /// Class selector 6.
    pub const CS6: Self = Self(48);
    /// Class selector 7.
    pub const CS7: Self = Self(56);
    /// Assured forwarding, class 1, drop precedence 1.
    pub const AF11: Self = Self(10);
    /// Assured forwarding, class 1, drop precedence 2.
    pub const AF12: Self = Self(12);
    /// Assured forwarding, class 1, drop precedence 3.
    pub const AF13: Self = Self(14);
    /// Assured forwarding, class 2, drop precedence 1.
    pub const AF21: Self = Self(18);
    /// Assured forwarding, class 2, drop precedence 2.
    pub const AF22: Self = Self(20);
    /// Assured forwarding, class 2, drop precedence 3.
    pub const AF23: Self = Self(22);
    /// Assured forwarding, class 3, drop precedence 1.
    pub const AF31: Self = Self(26);
    /// Assured forwarding, class 3, drop precedence 2.
    pub const AF32: Self = Self(28);
    /// Assured forwarding, class 3, drop precedence 3.
    pub const AF33: Self = Self(30);
    /// Assured forwarding, class 4, drop precedence 1.
    pub const AF41: Self = Self(34);
    /// Assured forwarding, class 4, drop precedence 2.
    pub const AF42: Self = Self(36);
    /// Assured forwarding, class 4, drop precedence 3.
    pub const AF43: Self = Self(38);
    /// Expedited forwarding: voice.
    pub const EF: Self = Self(46);
}

/// As IPv4's header has it: the upper six bits of the second byte.
#[derive(Clone)]
struct Dscp4(Dscp);

/// As IPv6's header has it: behind the version.
#[derive(Clone)]
struct Dscp6(Dscp);

impl Operand for Dscp4 {
    const WHAT: &'static str = Dscp::WHAT;
    const DATATYPE: Datatype = Datatype::DSCP;

    fn data(&self) -> Data {
        Data::byte(self.0.0 << 2)
    }

    fn from_data(data: &Data) -> Option<Self> {
        byte(data).map(|byte| Self(Dscp(byte >> 2)))
    }

    fn text(&self) -> String {
        self.0.text()
    }
}

impl Operand for Dscp6 {
    const WHAT: &'static str = Dscp::WHAT;
    const DATATYPE: Datatype = Datatype::network(Datatype::DSCP.number, 2);

    fn data(&self) -> Data {
        Data::network_u16(u16::from(self.0.0) << 6)
    }

    fn from_data(data: &Data) -> Option<Self> {
        network_u16(data).and_then(|word| u8::try_from(word >> 6).ok()).map(|point| Self(Dscp(point)))
    }

    fn text(&self) -> String {
        self.0.text()
    }
}

/// The packet is of one of these classes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct DscpMatch(pub Matching<Dscp>);

impl Rule {
    /// Only packets of these classes of service. Both versions of IP have them, at different places: in an `inet`
    /// table say `.ipv4()` or `.ipv6()`, or an address, before.
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::Dscp;
    ///
    /// Rule::new().ipv4().dscp(Dscp::EF).accept();
    /// Rule::new().ipv6().dscp([Dscp::CS6, Dscp::CS7]).accept();
    /// ```
    #[doc(alias = "dscp-class")]
    #[must_use]
    pub fn dscp(self, classes: impl Into<Matching<Dscp>>) -> Self {
        self.word(|| DscpMatch(classes.into()))
    }
}

impl Lower for DscpMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        for item in self.0.items() {
            let (Item::One(last) | Item::Range(_, last) | Item::Prefix(last, _) | Item::Masked(last, _)) =
                item;
            if last.0 > 63 {
                let range = "0 to 63 (Dscp::CS0 to Dscp::CS7)".to_owned();
                return Err(Invalid::OutOfRange { what: "a DSCP", value: last.text(), range });
            }
        }
        match version_said(to, "a DSCP")? {
            Layer3::V4 => {
                to.push(Payload::load(PayloadBase::Network, 1, 1, Register::R1));
                to.push(Bitwise::and(Register::R1, Data::byte(0xfc)));
                to.compare(&self.0.map(|dscp| Dscp4(*dscp)))
            }
            Layer3::V6 => {
                to.push(Payload::load(PayloadBase::Network, 0, 2, Register::R1));
                to.push(Bitwise::and(Register::R1, Data::network_u16(0x0fc0)));
                to.compare(&self.0.map(|dscp| Dscp6(*dscp)))
            }
        }
    }
}

impl Lift for DscpMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Payload(Payload { base: PayloadBase::Network, .. }), Expr::Bitwise(_), ..] =
            from.expressions()
        else {
            return None;
        };
        Some(Self(match from.layer3()? {
            Layer3::V4 => from.compared(2).map(|classes: Matching<Dscp4>| classes.map(|dscp| dscp.0))?,
            Layer3::V6 => from.compared(2).map(|classes: Matching<Dscp6>| classes.map(|dscp| dscp.0))?,
        }))
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

        let ipv4 = || Rule::new().ipv4();
        let ipv6 = || Rule::new().ipv6();
        let v4: &[Family] = &[Ip, Inet];
        let v6: &[Family] = &[Ip6, Inet];
        same_as_nft([
            (v4, "ip dscp cs1", ipv4().dscp(Dscp::CS1)),
            (v4, "ip dscp != ef", ipv4().dscp(not(Dscp::EF))),
            (v4, "ip dscp { cs1, af11 }", ipv4().dscp([Dscp::CS1, Dscp::AF11])),
            (v4, "ip dscp 8-16", ipv4().dscp(Dscp::CS1..=Dscp::CS2)),
            (v4, "ip dscp != 8-16", ipv4().dscp(not(8..=16))),
            (v4, "ip dscp { 8-16, 32 }", ipv4().dscp([8..=16, 32..=32])),
            (v6, "ip6 dscp cs1", ipv6().dscp(Dscp::CS1)),
            (v6, "ip6 dscp ef", ipv6().dscp(Dscp::EF)),
            (v6, "ip6 dscp { cs1, af11 }", ipv6().dscp([Dscp::CS1, Dscp::AF11])),
            (v6, "ip6 dscp != 8-16", ipv6().dscp(not(8..=16))),
            (&[Inet], "ip saddr 10.0.0.1 ip dscp cs1", Rule::new().saddr("10.0.0.1").dscp(Dscp::CS1)),
        ]);
    }

    #[test]
    fn the_version_must_be_known_and_the_class_possible() {
        let problem = Rule::new().dscp(Dscp::EF).check(Family::Inet).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "a DSCP needs the protocol said before it in the same rule: add .ipv4() or .ipv6()"
        );
        let problem = Rule::new().dscp(64).check(Family::Ip).unwrap_err();
        assert_eq!(problem.to_string(), "a DSCP is 64; possible: 0 to 63 (Dscp::CS0 to Dscp::CS7)");
    }
}
