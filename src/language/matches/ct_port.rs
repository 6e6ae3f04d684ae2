//! The ports of a packet's connection: iptables' `-m conntrack --ctorigsrcport`, `--ctorigdstport`,
//! `--ctreplsrcport`, `--ctrepldstport`.

use super::{Port, Side};
use crate::{
    Invalid, Rule,
    expr::{Ct, CtDirection, CtKey, Expr, Register},
    language::{Lift, Lifting, Lower, Lowering, Matching},
};

/// One of the four ports of the packet's connection is one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct CtPortMatch {
    /// Of which of the connection's two directions.
    pub direction: CtDirection,
    /// Whose port.
    pub side: Side,
    /// Which.
    pub ports: Matching<Port>,
}

impl Rule {
    /// Only packets whose connection was opened from these ports.
    #[doc(alias = "ctorigsrcport")]
    #[must_use]
    pub fn ct_original_sport(self, ports: impl Into<Matching<Port>>) -> Self {
        self.ct_port(CtDirection::Original, Side::Source, ports.into())
    }

    /// Only packets whose connection was opened to these ports: before any translation.
    ///
    /// Say the protocol before (`.tcp()`), as nft demands. Without it the port of any protocol is compared, as
    /// iptables does, and of ICMP its type and code.
    ///
    /// ```
    /// use portcullis::{CtStatus, Rule};
    ///
    /// // redirected to a proxy, but meant for port 80
    /// Rule::new().tcp().ct_status(CtStatus::DNAT).ct_original_dport(80).accept();
    /// ```
    #[doc(alias = "ctorigdstport")]
    #[doc(alias = "proto-dst")]
    #[must_use]
    pub fn ct_original_dport(self, ports: impl Into<Matching<Port>>) -> Self {
        self.ct_port(CtDirection::Original, Side::Destination, ports.into())
    }

    /// Only packets whose connection is answered from these ports.
    #[doc(alias = "ctreplsrcport")]
    #[must_use]
    pub fn ct_reply_sport(self, ports: impl Into<Matching<Port>>) -> Self {
        self.ct_port(CtDirection::Reply, Side::Source, ports.into())
    }

    /// Only packets whose connection is answered to these ports.
    #[doc(alias = "ctrepldstport")]
    #[must_use]
    pub fn ct_reply_dport(self, ports: impl Into<Matching<Port>>) -> Self {
        self.ct_port(CtDirection::Reply, Side::Destination, ports.into())
    }

    fn ct_port(self, direction: CtDirection, side: Side, ports: Matching<Port>) -> Self {
        self.word(|| CtPortMatch { direction, side, ports })
    }
}

impl Lower for CtPortMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let (what, key) = match self.side {
            Side::Source => ("a connection's source port", CtKey::ProtoSrc),
            Side::Destination => ("a connection's destination port", CtKey::ProtoDst),
        };
        if to.layer4().is_some() {
            to.need_ports(what)?;
        }
        to.matching(Ct::load(key, Register::R1).direction(self.direction), &self.ports)
    }
}

impl Lift for CtPortMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Ct(Ct { key, direction: Some(direction), .. }), ..] = from.expressions() else {
            return None;
        };
        let side = match key {
            CtKey::ProtoSrc => Side::Source,
            CtKey::ProtoDst => Side::Destination,
            _ => return None,
        };
        Some(Self { direction: *direction, side, ports: from.compared(1)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    #[test]
    fn as_nft_says_it() {
        use crate::{
            language::matches::golden::{IP, same_as_nft},
            not,
        };

        let tcp = || Rule::new().tcp();
        same_as_nft([
            (IP, "meta l4proto tcp ct original proto-dst 22", tcp().ct_original_dport(22)),
            (IP, "meta l4proto tcp ct original proto-src != 22-25", tcp().ct_original_sport(not(22..=25))),
            (IP, "meta l4proto tcp ct reply proto-dst 22-25", tcp().ct_reply_dport(22..=25)),
            (IP, "meta l4proto tcp ct reply proto-src { 22, 80 }", tcp().ct_reply_sport([22, 80])),
            (
                IP,
                "meta l4proto tcp ct reply proto-src != { 22, 80-90 }",
                tcp().ct_reply_sport(not(Matching::from(22).or(80..=90))),
            ),
        ]);
    }

    #[test]
    fn a_protocol_without_ports_is_refused_but_none_is_needed() {
        Rule::new().ct_original_dport(22).check(Family::Ip).unwrap();
        let problem = Rule::new().icmp().ct_original_dport(22).check(Family::Ip).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "a connection's destination port belongs to tcp, udp, udplite, sctp and dccp, \
             but the rule says icmp before it"
        );
    }
}
