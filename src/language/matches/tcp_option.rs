//! Options of a TCP header: iptables' `--tcp-option` and `-m tcpmss`.

use super::{Protocol, number::number};
use crate::{
    Invalid, Rule,
    expr::{Cmp, Data, Expr, Exthdr, ExthdrOp, Register},
    language::{Datatype, Lift, Lifting, Lower, Lowering, Matching, Not, lift::byte},
};

/// The number of a TCP option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct TcpOption(pub u8);

impl TcpOption {
    /// The largest segment that the sender takes.
    #[doc(alias = "mss")]
    pub const MAXSEG: Self = Self(2);
    /// By what the window is multiplied.
    pub const WINDOW: Self = Self(3);
    /// Selective acknowledgement is welcome.
    pub const SACK_PERMITTED: Self = Self(4);
    /// Selective acknowledgement.
    pub const SACK: Self = Self(5);
    /// Timestamps.
    pub const TIMESTAMP: Self = Self(8);
    /// A signature (BGP).
    pub const MD5SIG: Self = Self(19);
    /// Several paths.
    pub const MPTCP: Self = Self(30);
    /// Data in the first packet.
    pub const FASTOPEN: Self = Self(34);
}

impl From<u8> for TcpOption {
    fn from(number: u8) -> Self {
        Self(number)
    }
}

/// The packet has, or does not have, this TCP option.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct TcpOptionMatch {
    /// Which.
    pub option: TcpOption,
    /// Has it not.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub negated: bool,
}

impl<O: Into<TcpOption>> From<O> for TcpOptionMatch {
    fn from(option: O) -> Self {
        Self { option: option.into(), negated: false }
    }
}

impl<O: Into<TcpOption>> From<Not<O>> for TcpOptionMatch {
    fn from(Not(option): Not<O>) -> Self {
        Self { option: option.into(), negated: true }
    }
}

number! {
    /// A maximum segment size.
    MaxSegment(u16): "segment size" = Datatype::network(Datatype::INTEGER, 2), network_u16;
}

/// The packet announces such a maximum segment size.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct TcpOptionMss(pub Matching<MaxSegment>);

impl Rule {
    /// Only TCP packets that have this option; with [`not`](crate::not), packets that do not have it.
    ///
    /// ```
    /// use portcullis::{Rule, not};
    /// use portcullis::language::matches::TcpOption;
    ///
    /// Rule::new().tcp_syn().tcp_option(not(TcpOption::MAXSEG)).drop();
    /// ```
    #[doc(alias = "tcp-option")]
    #[must_use]
    pub fn tcp_option(self, option: impl Into<TcpOptionMatch>) -> Self {
        self.word(|| option.into())
    }

    /// Only TCP packets that announce such a maximum segment size. Never those that announce none, not even with
    /// [`not`](crate::not).
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().tcp_syn().tcp_option_mss(1..=500).drop();
    /// ```
    #[doc(alias = "tcpmss")]
    #[doc(alias = "maxseg")]
    #[must_use]
    pub fn tcp_option_mss(self, sizes: impl Into<Matching<MaxSegment>>) -> Self {
        self.word(|| TcpOptionMss(sizes.into()))
    }
}

impl Lower for TcpOptionMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        // The kernel itself looks whether it is TCP, so nft adds no test.
        to.check_layer4("a TCP option", Protocol::TCP.0)?;
        to.push(Exthdr::present(ExthdrOp::Tcp, self.option.0, Register::R1));
        to.push(Cmp::eq(Register::R1, Data::byte(u8::from(!self.negated))));
        Ok(())
    }
}

impl Lower for TcpOptionMss {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        // The kernel itself looks whether it is TCP, so nft adds no test.
        to.check_layer4("a TCP option", Protocol::TCP.0)?;
        to.matching(Exthdr::load(ExthdrOp::Tcp, TcpOption::MAXSEG.0, 2, 2, Register::R1), &self.0)
    }
}

impl Lift for TcpOptionMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Exthdr(Exthdr { op: ExthdrOp::Tcp, kind, .. }), Expr::Cmp(cmp), ..] = from.expressions()
        else {
            return None;
        };
        Some(Self { option: TcpOption(*kind), negated: byte(&cmp.data)? == 0 })
    }
}

impl Lift for TcpOptionMss {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        from.matching(Exthdr::load(ExthdrOp::Tcp, TcpOption::MAXSEG.0, 2, 2, Register::R1)).map(Self)
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

        same_as_nft([
            (IP, "tcp option maxseg exists", Rule::new().tcp_option(TcpOption::MAXSEG)),
            (IP, "tcp option sack-perm missing", Rule::new().tcp_option(not(TcpOption::SACK_PERMITTED))),
            (IP, "tcp option 255 exists", Rule::new().tcp_option(255)),
            (IP, "tcp option maxseg size 1400", Rule::new().tcp_option_mss(1400)),
            (IP, "tcp option maxseg size 1-500", Rule::new().tcp_option_mss(1..=500)),
            (IP, "tcp option maxseg size != 1-500", Rule::new().tcp_option_mss(not(1..=500))),
            (IP, "tcp option maxseg size { 500, 1000 }", Rule::new().tcp_option_mss([500, 1000])),
        ]);
    }

    #[test]
    fn other_protocols_are_refused() {
        let problem = Rule::new().udp().tcp_option_mss(1..=500).check(Family::Ip).unwrap_err();
        assert_eq!(problem.to_string(), "a TCP option belongs to tcp, but the rule says udp before it");
    }
}
