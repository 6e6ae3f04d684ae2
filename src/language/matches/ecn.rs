//! The congestion marks in the IP header: iptables' `-m ecn --ecn-ip-ect`.

use super::version::version_said;
use crate::{
    Invalid, Rule,
    expr::{Bitwise, Data, Expr, Payload, PayloadBase, Register},
    language::{
        Datatype, Item, Layer3, Lift, Lifting, Lower, Lowering, Matching, Operand, lift::byte, matching_from,
    },
    wire::kernel_enum,
};

kernel_enum! {
    /// What a packet says about congestion.
    pub enum Ecn: u8 {
        /// Its ends do not know about congestion marks.
        NotEct = 0 "not-ect",
        /// They do.
        Ect1 = 1 "ect1",
        /// They do.
        Ect0 = 2 "ect0",
        /// A router was congested.
        Ce = 3 "ce",
    }
}

/// As IPv4's header has it: the lower two bits of the second byte.
#[derive(Clone)]
struct Ecn4(Ecn);

/// As IPv6's header has it: four bits above.
#[derive(Clone)]
struct Ecn6(Ecn);

impl Operand for Ecn4 {
    const WHAT: &'static str = "ECN";
    const DATATYPE: Datatype = Datatype::ECN;

    fn data(&self) -> Data {
        Data::byte(self.0.number())
    }

    fn from_data(data: &Data) -> Option<Self> {
        byte(data).map(|byte| Self(Ecn::from_number(byte)))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

impl Operand for Ecn6 {
    const WHAT: &'static str = "ECN";
    const DATATYPE: Datatype = Datatype::ECN;

    fn data(&self) -> Data {
        Data::byte(self.0.number() << 4)
    }

    fn from_data(data: &Data) -> Option<Self> {
        byte(data).map(|byte| Self(Ecn::from_number(byte >> 4)))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

matching_from! {
    Ecn:
    { Ecn } => |ecn| Self::one(Item::One(ecn)),
}

/// The packet says so about congestion.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct EcnMatch(pub Matching<Ecn>);

impl Rule {
    /// Only packets that say so about congestion. In an `inet` table say `.ipv4()` or `.ipv6()`, or an address,
    /// before.
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::Ecn;
    ///
    /// Rule::new().ipv4().ecn(Ecn::Ce).counter();
    /// ```
    #[doc(alias = "ecn-ip-ect")]
    #[must_use]
    pub fn ecn(self, marks: impl Into<Matching<Ecn>>) -> Self {
        self.word(|| EcnMatch(marks.into()))
    }
}

impl Lower for EcnMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        for item in self.0.items() {
            if let Item::One(Ecn::Other(number @ 4..)) = item {
                let range = "0 to 3".to_owned();
                return Err(Invalid::OutOfRange { what: "an ECN", value: number.to_string(), range });
            }
        }
        let version = version_said(to, "an ECN")?;
        to.push(Payload::load(PayloadBase::Network, 1, 1, Register::R1));
        match version {
            Layer3::V4 => {
                to.push(Bitwise::and(Register::R1, Data::byte(0x03)));
                to.compare(&self.0.map(|ecn| Ecn4(*ecn)))
            }
            Layer3::V6 => {
                to.push(Bitwise::and(Register::R1, Data::byte(0x30)));
                to.compare(&self.0.map(|ecn| Ecn6(*ecn)))
            }
        }
    }
}

impl Lift for EcnMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Payload(Payload { base: PayloadBase::Network, .. }), Expr::Bitwise(_), ..] =
            from.expressions()
        else {
            return None;
        };
        Some(Self(match from.layer3()? {
            Layer3::V4 => from.compared(2).map(|marks: Matching<Ecn4>| marks.map(|ecn| ecn.0))?,
            Layer3::V6 => from.compared(2).map(|marks: Matching<Ecn6>| marks.map(|ecn| ecn.0))?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use Family::{Inet, Ip, Ip6};

    use super::*;
    use crate::{Family, language::matches::golden::same_as_nft, not};

    #[test]
    fn as_nft_says_it() {
        let ipv4 = || Rule::new().ipv4();
        let ipv6 = || Rule::new().ipv6();
        same_as_nft([
            (&[Ip, Inet], "ip ecn ce", ipv4().ecn(Ecn::Ce)),
            (&[Ip, Inet], "ip ecn != ce", ipv4().ecn(not(Ecn::Ce))),
            (&[Ip, Inet], "ip ecn { ect0, ce }", ipv4().ecn([Ecn::Ect0, Ecn::Ce])),
            (&[Ip6, Inet], "ip6 ecn ce", ipv6().ecn(Ecn::Ce)),
            (&[Ip6, Inet], "ip6 ecn { ect0, ce }", ipv6().ecn([Ecn::Ect0, Ecn::Ce])),
        ]);
    }
}
