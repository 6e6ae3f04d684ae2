//! The flags of a TCP header: iptables' `--tcp-flags` and `--syn`.

use super::Protocol;
use crate::{
    Invalid, Rule,
    expr::{Bitwise, Data, Expr, Payload, PayloadBase, Register},
    language::{
        Datatype, Item, Lift, Lifting, Lower, Lowering, Matching, Operand, lift::byte, matching_from, not,
    },
    wire::flag_set,
};

flag_set! {
    /// Flags of a TCP header.
    pub struct TcpFlags: u8 {
        /// The sender is done.
        FIN = 0x01,
        /// Starts a connection.
        SYN = 0x02,
        /// Ends it at once.
        RST = 0x04,
        /// To be given to the program at once.
        PSH = 0x08,
        /// Acknowledges data: on every packet but the first.
        ACK = 0x10,
        /// Holds urgent data.
        URG = 0x20,
        /// A router was congested; nft's `ecn`.
        #[doc(alias = "ecn")]
        ECE = 0x40,
        /// The sender has slowed down.
        CWR = 0x80,
    }
}

impl TcpFlags {
    /// iptables' `ALL`: the six without [`TcpFlags::ECE`] and [`TcpFlags::CWR`].
    #[doc(alias = "ALL")]
    pub const SIX: Self = Self::from_bits_retain(0x3f);
}

impl Operand for TcpFlags {
    const WHAT: &'static str = "TCP flags";
    const DATATYPE: Datatype = Datatype::TCP_FLAG;

    fn data(&self) -> Data {
        Data::byte(self.bits())
    }

    fn from_data(data: &Data) -> Option<Self> {
        byte(data).map(Self::from_bits_retain)
    }

    fn text(&self) -> String {
        let names: Vec<_> = self.iter_names().map(|(name, _)| name).collect();
        if names.is_empty() { "NONE".to_owned() } else { names.join(",") }
    }
}

matching_from! {
    TcpFlags:
    { TcpFlags } => |flags| Self::one(Item::One(flags)),
}

/// Of the flags under the mask, exactly these are set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct TcpFlagsMatch {
    /// The flags that are looked at.
    pub mask: TcpFlags,
    /// Those of them that are set; the others are not.
    #[cfg_attr(feature = "serde", serde(with = "crate::json::flag_matching"))]
    pub set: Matching<TcpFlags>,
}

impl Rule {
    /// Only TCP packets of whose flags under `mask` exactly those of `set` are set.
    ///
    /// ```
    /// use portcullis::{Rule, not};
    /// use portcullis::language::matches::TcpFlags;
    ///
    /// // no packet has both
    /// let both = TcpFlags::SYN | TcpFlags::FIN;
    /// Rule::new().tcp_flags(both, both).drop();
    /// // iptables' `--tcp-flags ALL NONE`
    /// Rule::new().tcp_flags(TcpFlags::SIX, TcpFlags::empty()).drop();
    /// Rule::new().tcp_flags(TcpFlags::SYN | TcpFlags::ACK, not(TcpFlags::SYN));
    /// ```
    #[doc(alias = "tcp-flags")]
    #[must_use]
    pub fn tcp_flags(self, mask: TcpFlags, set: impl Into<Matching<TcpFlags>>) -> Self {
        self.word(|| TcpFlagsMatch { mask, set: set.into() })
    }

    /// Only TCP packets that open a connection: of FIN, SYN, RST and ACK, SYN alone.
    ///
    /// ```
    /// use portcullis::{CtState, Rule};
    ///
    /// // a new connection that does not begin as one should
    /// Rule::new().ct_state(CtState::NEW).not_tcp_syn().drop();
    /// ```
    #[doc(alias = "syn")]
    #[must_use]
    pub fn tcp_syn(self) -> Self {
        self.tcp_flags(OPENING, TcpFlags::SYN)
    }

    /// Only TCP packets that do not open a connection: iptables' `! --syn`.
    #[must_use]
    pub fn not_tcp_syn(self) -> Self {
        self.tcp_flags(OPENING, not(TcpFlags::SYN))
    }
}

const OPENING: TcpFlags = TcpFlags::from_bits_retain(
    TcpFlags::FIN.bits() | TcpFlags::SYN.bits() | TcpFlags::RST.bits() | TcpFlags::ACK.bits(),
);

impl Lower for TcpFlagsMatch {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let Self { mask, set } = self;
        if mask.is_empty() {
            return Err(Invalid::ListEmpty { what: "TCP flags to look at" });
        }
        for item in set.items() {
            let Item::One(flags) = item else { continue };
            if !mask.contains(*flags) {
                let problem = format!(
                    "TCP flags {} are never found among {}: a flag to be set must be among those looked at",
                    flags.text(),
                    mask.text()
                );
                return Err(Invalid::Combination { problem });
            }
        }
        if let Some(problem) = &set.problem {
            return Err(Invalid::clone(problem));
        }
        to.need_layer4("a match of TCP flags", Protocol::TCP.0)?;
        to.push(Payload::load(PayloadBase::Transport, 13, 1, Register::R1));
        to.push(Bitwise::and(Register::R1, mask.data()));
        to.compare(set)
    }
}

impl Lift for TcpFlagsMatch {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Payload(Payload { offset: 13, .. }), Expr::Bitwise(bitwise), ..] = from.expressions()
        else {
            return None;
        };
        Some(Self { mask: TcpFlags::from_data(bitwise.mask.as_ref()?)?, set: from.compared(2)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    #[test]
    fn as_nft_says_it() {
        use crate::language::matches::golden::{IP, same_as_nft};

        const FIN: TcpFlags = TcpFlags::FIN;
        const SYN: TcpFlags = TcpFlags::SYN;
        const ACK: TcpFlags = TcpFlags::ACK;
        same_as_nft([
            (IP, "tcp flags & (syn|ack) == syn", Rule::new().tcp_flags(SYN | ACK, SYN)),
            (IP, "tcp flags & (syn|ack) != syn", Rule::new().tcp_flags(SYN | ACK, not(SYN))),
            (IP, "tcp flags syn / fin,syn,rst,ack", Rule::new().tcp_syn()),
            (IP, "tcp flags != syn / fin,syn,rst,ack", Rule::new().not_tcp_syn()),
            (IP, "tcp flags & (fin|syn) == (fin|syn)", Rule::new().tcp_flags(FIN | SYN, FIN | SYN)),
            (
                IP,
                "tcp flags & (fin|syn|rst|psh|ack|urg) == 0",
                Rule::new().tcp_flags(TcpFlags::SIX, TcpFlags::empty()),
            ),
            (
                IP,
                "tcp flags & (fin|syn|ack) == { syn, fin }",
                Rule::new().tcp_flags(FIN | SYN | ACK, [SYN, FIN]),
            ),
            (IP, "meta l4proto tcp tcp flags syn / fin,syn,rst,ack", Rule::new().tcp().tcp_syn()),
        ]);
    }

    #[test]
    fn what_cannot_match_is_refused() {
        let problem = |mask, set| Rule::new().tcp_flags(mask, set).check(Family::Ip).unwrap_err().to_string();
        assert_eq!(
            problem(TcpFlags::SYN, TcpFlags::SYN | TcpFlags::ACK),
            "TCP flags SYN,ACK are never found among SYN: a flag to be set must be among those looked at"
        );
        assert_eq!(
            problem(TcpFlags::empty(), TcpFlags::empty()),
            "an empty list of TCP flags to look at matches nothing: give at least one"
        );
        let problem = Rule::new().udp().tcp_syn().check(Family::Ip).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "a match of TCP flags belongs to tcp, but the rule says udp before it"
        );
    }
}
