//! Refusing a packet and telling its sender: iptables' `-j REJECT`.

use crate::{
    Family, Invalid, Rule,
    expr::{self, Expr, Icmp6Code, IcmpCode, IcmpxCode, RejectKind},
    language::{Layer3, Lift, Lifting, Lower, Lowering, matches::Protocol},
};

/// What the sender of a rejected packet gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RejectWith {
    /// An ICMP error: the rule is about IPv4.
    #[doc(alias = "icmp-port-unreachable")]
    Icmp(IcmpCode),
    /// An ICMPv6 error: the rule is about IPv6.
    #[doc(alias = "icmp6-port-unreachable")]
    Icmpv6(Icmp6Code),
    /// An error that IPv4 and IPv6 both have. In tables of any family: where the family has one version only,
    /// that version's own error is sent.
    Icmpx(IcmpxCode),
    /// A TCP reset: the rule is about TCP.
    #[doc(alias = "tcp-reset")]
    TcpReset,
}

/// Drops the packet and tells its sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Reject {
    /// What the sender gets; "port unreachable" if absent.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub with: Option<RejectWith>,
}

impl Rule {
    /// The packet is gone, and its sender gets "port unreachable".
    ///
    /// In chains at the hooks input, forward and output.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().udp().dport(53).reject();
    /// ```
    #[doc(alias = "REJECT")]
    #[must_use]
    pub fn reject(self) -> Self {
        self.word(|| Reject { with: None })
    }

    /// The packet is gone, and its sender gets this.
    ///
    /// The test that it depends on (TCP, or the IP version) comes first in the rule, so a counter anywhere in the
    /// rule counts what is rejected.
    ///
    /// ```
    /// use portcullis::{RejectWith, Rule, expr::IcmpCode};
    ///
    /// Rule::new().tcp().dport(113).reject_with(RejectWith::TcpReset);
    /// Rule::new().saddr("10.0.2.0/24").reject_with(RejectWith::Icmp(IcmpCode::AdminProhibited));
    /// ```
    #[must_use]
    pub fn reject_with(self, with: RejectWith) -> Self {
        self.word(|| Reject { with: Some(with) })
    }
}

impl Lower for Reject {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        if matches!(to.family(), Family::Arp) {
            let hint = "ARP has no errors to send; use drop";
            return Err(Invalid::Family { what: "reject", family: to.family(), hint });
        }
        let with = self.with.unwrap_or(match to.layer3() {
            Some(Layer3::V4) => RejectWith::Icmp(IcmpCode::PortUnreachable),
            Some(Layer3::V6) => RejectWith::Icmpv6(Icmp6Code::PortUnreachable),
            None => RejectWith::Icmpx(IcmpxCode::PortUnreachable),
        });
        match with {
            RejectWith::Icmp(code) => {
                to.at_beginning(|to| to.need_layer3("an ICMP error", Layer3::V4))?;
                to.push(expr::Reject::icmp(code));
            }
            RejectWith::Icmpv6(code) => {
                to.at_beginning(|to| to.need_layer3("an ICMPv6 error", Layer3::V6))?;
                to.push(expr::Reject::icmp6(code));
            }
            RejectWith::Icmpx(code) => to.push(icmpx(code, to.family())?),
            RejectWith::TcpReset => {
                let what = "a TCP reset";
                to.check_layer4(what, Protocol::TCP.0)?;
                to.at_beginning(|to| to.need_layer4(what, Protocol::TCP.0))?;
                to.push(expr::Reject::tcp_reset());
            }
        }
        Ok(())
    }
}

/// nft refuses icmpx in tables of one version. Here the kernel's own translation (`nft_reject_icmp_code`) is made in
/// advance, so that a rule can be put into tables of any family.
fn icmpx(code: IcmpxCode, family: Family) -> Result<expr::Reject, Invalid> {
    let (v4, v6) = match code {
        IcmpxCode::NoRoute => (IcmpCode::NetUnreachable, Icmp6Code::NoRoute),
        IcmpxCode::PortUnreachable => (IcmpCode::PortUnreachable, Icmp6Code::PortUnreachable),
        IcmpxCode::HostUnreachable => (IcmpCode::HostUnreachable, Icmp6Code::AddrUnreachable),
        IcmpxCode::AdminProhibited => (IcmpCode::AdminProhibited, Icmp6Code::AdminProhibited),
        IcmpxCode::Other(_) if matches!(family, Family::Ip | Family::Ip6) => {
            let hint = "say the ICMP or ICMPv6 error itself";
            return Err(Invalid::Family { what: "an icmpx code without a name", family, hint });
        }
        IcmpxCode::Other(_) => return Ok(expr::Reject::icmpx(code)),
    };
    Ok(match family {
        Family::Ip => expr::Reject::icmp(v4),
        Family::Ip6 => expr::Reject::icmp6(v6),
        _ => expr::Reject::new(RejectKind::Icmpx).code(code.number()),
    })
}

impl Lift for Reject {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Reject(reject), ..] = from.expressions() else { return None };
        let with = match (reject.kind, reject.code, from.layer3()) {
            (RejectKind::TcpReset, ..) => RejectWith::TcpReset,
            (RejectKind::Icmpx, Some(code), _) => RejectWith::Icmpx(IcmpxCode::from_number(code)),
            (RejectKind::Icmp, Some(code), Some(Layer3::V4)) => RejectWith::Icmp(IcmpCode::from_number(code)),
            (RejectKind::Icmp, Some(code), Some(Layer3::V6)) => {
                RejectWith::Icmpv6(Icmp6Code::from_number(code))
            }
            _ => return None,
        };
        // What nothing said becomes: see `lower`. A version that only the error itself tests is not known then.
        let usual = match from.known_layer3() {
            Some(Layer3::V4) => RejectWith::Icmp(IcmpCode::PortUnreachable),
            Some(Layer3::V6) => RejectWith::Icmpv6(Icmp6Code::PortUnreachable),
            None => RejectWith::Icmpx(IcmpxCode::PortUnreachable),
        };
        Some(Self { with: Some(with).filter(|with| *with != usual) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{Encoded, targets::golden::refusal};

    #[test]
    fn as_nft_says_it() {
        use crate::language::targets::golden::golden;
        use Family::{Bridge, Inet, Ip, Ip6, Netdev};

        let icmp = |code| Rule::new().reject_with(RejectWith::Icmp(code));
        let icmpv6 = |code| Rule::new().reject_with(RejectWith::Icmpv6(code));
        let icmpx = |code| Rule::new().reject_with(RejectWith::Icmpx(code));
        // reject
        for (family, expected) in [
            (Ip, "reject type 0 code 3"),
            (Ip6, "reject type 0 code 4"),
            (Inet, "reject type 2 code 1"),
            (Bridge, "reject type 2 code 1"),
            (Netdev, "reject type 2 code 1"),
        ] {
            golden(family, &Rule::new().reject(), &[expected]);
        }
        // ip saddr 1.2.3.4 reject
        golden(
            Inet,
            &Rule::new().saddr("1.2.3.4").reject(),
            &[
                "meta load nfproto => reg 1",
                "cmp eq reg 1 0x00000002",
                "payload load 4b @ network header + 12 => reg 1",
                "cmp eq reg 1 0x04030201",
                "reject type 0 code 3",
            ],
        );
        // reject with icmp CODE
        for (code, text) in [
            (IcmpCode::NetUnreachable, "reject type 0 code 0"),
            (IcmpCode::HostUnreachable, "reject type 0 code 1"),
            (IcmpCode::ProtUnreachable, "reject type 0 code 2"),
            (IcmpCode::PortUnreachable, "reject type 0 code 3"),
            (IcmpCode::NetProhibited, "reject type 0 code 9"),
            (IcmpCode::HostProhibited, "reject type 0 code 10"),
            (IcmpCode::AdminProhibited, "reject type 0 code 13"),
        ] {
            golden(Ip, &icmp(code), &[text]);
            golden(Inet, &icmp(code), &["meta load nfproto => reg 1", "cmp eq reg 1 0x00000002", text]);
            golden(Bridge, &icmp(code), &["meta load protocol => reg 1", "cmp eq reg 1 0x00000008", text]);
        }
        // reject with icmpv6 CODE
        for (code, text) in [
            (Icmp6Code::NoRoute, "reject type 0 code 0"),
            (Icmp6Code::AdminProhibited, "reject type 0 code 1"),
            (Icmp6Code::AddrUnreachable, "reject type 0 code 3"),
            (Icmp6Code::PortUnreachable, "reject type 0 code 4"),
            (Icmp6Code::PolicyFail, "reject type 0 code 5"),
            (Icmp6Code::RejectRoute, "reject type 0 code 6"),
        ] {
            golden(Ip6, &icmpv6(code), &[text]);
            golden(Inet, &icmpv6(code), &["meta load nfproto => reg 1", "cmp eq reg 1 0x0000000a", text]);
        }
        // reject with icmpx CODE; in ip and ip6 what the kernel makes of it, where nft refuses
        for (code, text, v4, v6) in [
            (IcmpxCode::NoRoute, "reject type 2 code 0", 0, 0),
            (IcmpxCode::PortUnreachable, "reject type 2 code 1", 3, 4),
            (IcmpxCode::HostUnreachable, "reject type 2 code 2", 1, 3),
            (IcmpxCode::AdminProhibited, "reject type 2 code 3", 13, 1),
        ] {
            golden(Inet, &icmpx(code), &[text]);
            golden(Ip, &icmpx(code), &[&format!("reject type 0 code {v4}")]);
            golden(Ip6, &icmpx(code), &[&format!("reject type 0 code {v6}")]);
        }
    }

    #[test]
    fn what_it_depends_on_comes_first() {
        use crate::language::targets::golden::{golden, golden_everywhere};

        let tcp = ["meta load l4proto => reg 1", "cmp eq reg 1 0x00000006"];
        let reset = Rule::new().reject_with(RejectWith::TcpReset);
        // reject with tcp reset
        golden_everywhere(&reset, &[tcp[0], tcp[1], "reject type 1 code 0"]);
        // counter reject with tcp reset
        golden_everywhere(
            &Rule::new().counter().reject_with(RejectWith::TcpReset),
            &[tcp[0], tcp[1], "counter pkts 0 bytes 0", "reject type 1 code 0"],
        );
        // tcp dport 80 reject with tcp reset
        golden_everywhere(
            &Rule::new().tcp().dport(80).reject_with(RejectWith::TcpReset),
            &[
                tcp[0],
                tcp[1],
                "payload load 2b @ transport header + 2 => reg 1",
                "cmp eq reg 1 0x00005000",
                "reject type 1 code 0",
            ],
        );
        // ct state new counter reject with icmpv6 no-route
        golden(
            Family::Inet,
            &Rule::new()
                .ct_state(crate::CtState::NEW)
                .counter()
                .reject_with(RejectWith::Icmpv6(Icmp6Code::NoRoute)),
            &[
                "meta load nfproto => reg 1",
                "cmp eq reg 1 0x0000000a",
                "ct load state => reg 1",
                "bitwise reg 1 = ( reg 1 & 0x00000008 ) ^ 0x00000000",
                "cmp neq reg 1 0x00000000",
                "counter pkts 0 bytes 0",
                "reject type 0 code 0",
            ],
        );
    }

    #[test]
    fn bytes_and_values_agree_on_the_order() {
        let names = |rule: &Rule| -> Vec<String> {
            let lowered = rule.lower(Family::Inet).unwrap();
            lowered.expressions.iter().map(|expression| expression.name().to_owned()).collect()
        };
        let rule = Rule::new().counter().reject_with(RejectWith::TcpReset);
        assert_eq!(names(&rule), ["meta", "cmp", "counter", "reject"]);
        // A rule behind other bytes is turned round by itself.
        let (mut bytes, mut alone) = (Encoded::default(), Encoded::default());
        Rule::new().counter().lower_into(Family::Inet, &mut bytes, &mut Vec::new()).unwrap();
        let before = bytes.bytes().to_vec();
        rule.lower_into(Family::Inet, &mut bytes, &mut Vec::new()).unwrap();
        rule.lower_into(Family::Inet, &mut alone, &mut Vec::new()).unwrap();
        assert_eq!(bytes.bytes(), [before.as_slice(), alone.bytes()].concat());
    }

    #[test]
    fn errors_say_what_to_do() {
        let reset = |rule: Rule| rule.reject_with(RejectWith::TcpReset);
        assert_eq!(
            refusal(Family::Ip, &reset(Rule::new().udp())),
            "a TCP reset belongs to tcp, but the rule says udp before it"
        );
        assert_eq!(
            refusal(Family::Ip, &reset(Rule::new().protocol([Protocol::TCP, Protocol::UDP]))),
            "a TCP reset belongs to tcp, but the rule says several protocols before it"
        );
        assert_eq!(
            refusal(Family::Ip6, &Rule::new().reject_with(RejectWith::Icmp(IcmpCode::PortUnreachable))),
            "an ICMP error cannot be used in a table of family ip6: it belongs to IPv4; \
             use a table of family ip or inet"
        );
        assert_eq!(
            refusal(
                Family::Inet,
                &Rule::new().saddr("1.2.3.4").reject_with(RejectWith::Icmpv6(Icmp6Code::NoRoute))
            ),
            "an ICMPv6 error belongs to IPv6, but the rule says IPv4 before it"
        );
        assert!(refusal(Family::Arp, &Rule::new().reject()).contains("use drop"));
    }
}
