//! The class of service: iptables' `-j DSCP`.

use super::tos::{change_byte, changed_byte};
use crate::{
    Invalid, Rule,
    language::{Lift, Lifting, Lower, Lowering, matches::Dscp},
};

/// Sets the class of service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct SetDscp(pub Dscp);

impl Rule {
    /// Sets the class of service (DSCP), 0 to 63; the two bits for congestion beside it stay.
    ///
    /// In an `inet` table, the rule must say the IP version before: by an address, [`Rule::ipv4`] or [`Rule::ipv6`].
    ///
    /// ```
    /// use portcullis::{Rule, language::matches::Dscp};
    ///
    /// Rule::new().saddr("10.0.2.0/24").udp().dport(5060).set_dscp(Dscp::EF);
    /// Rule::new().ipv6().set_dscp(10);
    /// ```
    #[doc(alias = "DSCP")]
    #[doc(alias = "set-dscp")]
    #[must_use]
    pub fn set_dscp(self, dscp: impl Into<Dscp>) -> Self {
        self.word(|| SetDscp(dscp.into()))
    }
}

impl Lower for SetDscp {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let Self(Dscp(point)) = *self;
        if point > 63 {
            let range = "0 to 63".to_owned();
            return Err(Invalid::OutOfRange { what: "a DSCP value", value: point.to_string(), range });
        }
        change_byte(to, "setting the DSCP value", 0xfc, point << 2)
    }
}

impl Lift for SetDscp {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        changed_byte(from).map(|(_, flip)| Self(Dscp(flip >> 2)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, language::targets::golden::refusal};

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden;

        // ip dscp set 10
        let v4 = [
            "payload load 2b @ network header + 0 => reg 1",
            "bitwise reg 1 = ( reg 1 & 0x000003ff ) ^ 0x00002800",
            "payload write reg 1 => 2b @ network header + 0 csum_type 1 csum_off 10 csum_flags 0x0",
        ];
        golden(Family::Ip, &Rule::new().set_dscp(10), &v4);
        // ip6 dscp set 10
        let v6 = [
            "payload load 2b @ network header + 0 => reg 1",
            "bitwise reg 1 = ( reg 1 & 0x00003ff0 ) ^ 0x00008002",
            "payload write reg 1 => 2b @ network header + 0 csum_type 0 csum_off 0 csum_flags 0x0",
        ];
        golden(Family::Ip6, &Rule::new().set_dscp(10), &v6);
        // ip saddr 1.2.3.4 ip dscp set 10
        let saddr = [
            "meta load nfproto => reg 1",
            "cmp eq reg 1 0x00000002",
            "payload load 4b @ network header + 12 => reg 1",
            "cmp eq reg 1 0x04030201",
        ];
        golden(Family::Inet, &Rule::new().saddr("1.2.3.4").set_dscp(10), &[&saddr[..], &v4].concat());
    }

    #[test]
    fn errors_say_what_to_do() {
        assert_eq!(
            refusal(Family::Inet, &Rule::new().set_dscp(10)),
            "setting the DSCP value needs the protocol said before it in the same rule: add .ipv4() or .ipv6()"
        );
        assert_eq!(refusal(Family::Ip, &Rule::new().set_dscp(64)), "a DSCP value is 64; possible: 0 to 63");
    }
}
