//! TCP's maximum segment size: iptables' `-j TCPMSS`.

use crate::{
    Family, Invalid, Rule,
    expr::{Byteorder, Data, Expr, Exthdr, Immediate, Load, Register, Rt, RtKey},
    language::{Lift, Lifting, Lower, Lowering, lift::network_u16, matches::Protocol},
};

/// Lowers the maximum segment size that a TCP handshake announces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ClampMss {
    /// To this size.
    Size(u16),
    /// To what fits the route's MTU.
    RouteMtu,
}

impl Rule {
    /// Lowers the maximum segment size that a TCP handshake announces, if it is larger than this.
    ///
    /// Only packets with the option are changed: those with the SYN flag. Others than TCP break off the rule.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().oif("ppp0").tcp().clamp_mss(1400);
    /// ```
    #[doc(alias = "TCPMSS")]
    #[doc(alias = "set-mss")]
    #[must_use]
    pub fn clamp_mss(self, size: u16) -> Self {
        self.word(|| ClampMss::Size(size))
    }

    /// Lowers the maximum segment size that a TCP handshake announces to what fits the route's MTU.
    ///
    /// In chains at the hooks forward, output and postrouting: where the route is known.
    #[doc(alias = "TCPMSS")]
    #[doc(alias = "clamp-mss-to-pmtu")]
    #[must_use]
    pub fn clamp_mss_to_pmtu(self) -> Self {
        self.word(|| ClampMss::RouteMtu)
    }
}

/// The option's number, where the size is in it, and how long it is.
const TCPOPT_MAXSEG: u8 = 2;
const OFFSET: u32 = 2;
const LENGTH: u32 = 2;

impl Lower for ClampMss {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        // As nft: no test for TCP, for the kernel breaks off the rule itself (nft_exthdr_tcp_set_eval).
        to.check_layer4("the maximum segment size", Protocol::TCP.0)?;
        let register = Register::R1;
        match *self {
            Self::Size(size) => to.push(Immediate::data(register, Data::network_u16(size))),
            Self::RouteMtu => {
                if !matches!(to.family(), Family::Inet | Family::Ip | Family::Ip6) {
                    let hint = "packets have no route there; use a table of family inet, ip or ip6";
                    return Err(Invalid::Family { what: "the route's MTU", family: to.family(), hint });
                }
                to.push(Rt::new(RtKey::TcpMss, register));
                to.push(Byteorder::hton(register, LENGTH));
            }
        }
        to.push(Exthdr::store(TCPOPT_MAXSEG, OFFSET, LENGTH, register));
        Ok(())
    }
}

impl Lift for ClampMss {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        match from.expressions() {
            [Expr::Immediate(Immediate { load: Load::Data(size), .. }), Expr::Exthdr(_), ..] => {
                network_u16(size).map(Self::Size)
            }
            [Expr::Rt(_), Expr::Byteorder(_), Expr::Exthdr(_), ..] => Some(Self::RouteMtu),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::targets::golden::refusal;

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden_everywhere as golden;

        // tcp option maxseg size set 1400
        golden(
            &Rule::new().clamp_mss(1400),
            &["immediate reg 1 0x00007805", "exthdr write tcpopt reg 1 => 2b @ 2 + 2"],
        );
        // meta l4proto tcp tcp option maxseg size set rt mtu
        golden(
            &Rule::new().tcp().clamp_mss_to_pmtu(),
            &[
                "meta load l4proto => reg 1",
                "cmp eq reg 1 0x00000006",
                "rt load tcpmss => reg 1",
                "byteorder reg 1 = hton(reg 1, 2, 2)",
                "exthdr write tcpopt reg 1 => 2b @ 2 + 2",
            ],
        );
    }

    #[test]
    fn errors_say_what_to_do() {
        assert_eq!(
            refusal(Family::Inet, &Rule::new().udp().clamp_mss(1400)),
            "the maximum segment size belongs to tcp, but the rule says udp before it"
        );
        assert!(refusal(Family::Bridge, &Rule::new().clamp_mss_to_pmtu()).contains("have no route there"));
    }
}
