//! Everything that a rule can say.

use super::{Lift, Lifting, Lower, Lowering, matches, targets};
use crate::{Invalid, Rule, expr::Expr};

/// Whether this is the module of what a rule does.
const fn is_targets(module: &str) -> bool {
    matches!(module.as_bytes(), b"targets")
}

/// Declares [`Statement`] from the words. Where the word in JSON is not the type's name in lower snake case, the row
/// says it.
macro_rules! statements {
    ($( $module:ident::$name:ident $(= $word:literal)?, )+) => {
        /// One word of a rule.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(rename_all = "snake_case")
        )]
        #[non_exhaustive]
        pub enum Statement {
            $(
                $(#[cfg_attr(feature = "serde", serde(rename = $word))])?
                #[doc = concat!("See [`", stringify!($module), "::", stringify!($name), "`].")]
                $name($module::$name),
            )+
            /// An expression as it is.
            Expr(Expr),
        }

        $(
            impl From<$module::$name> for Statement {
                fn from(word: $module::$name) -> Self {
                    Self::$name(word)
                }
            }
        )+

        impl Lower for Statement {
            fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
                match self {
                    $( Self::$name(word) => word.lower(to), )+
                    Self::Expr(expression) => {
                        to.push_any(expression);
                        Ok(())
                    }
                }
            }
        }

        impl Statement {
            /// Whether it is more than a match, or an expression, of which nothing is known.
            fn is_no_match(&self) -> bool {
                match self {
                    $( Self::$name(_) => is_targets(stringify!($module)), )+
                    Self::Expr(_) => true,
                }
            }
        }

        /// What the next expressions look like to each word.
        pub(super) const RECOGNISERS: &[fn(&Lifting<'_>) -> Option<Statement>] =
            &[$( |from| <$module::$name>::lift(from).map(Statement::$name) ),+];
    };
}

statements! {
    matches::AddressMatch = "address",
    matches::AddressTypeMatch = "address_type",
    matches::CgroupMatch = "cgroup",
    matches::CgroupV2Match = "cgroup_v2",
    matches::ConnectionLimit,
    matches::CtAddressMatch = "ct_address",
    matches::CtDirectionMatch = "ct_direction",
    matches::CtExpirationMatch = "ct_expiration_ms",
    matches::CtHelperMatch = "ct_helper",
    matches::CtMarkMatch = "ct_mark",
    matches::CtPortMatch = "ct_port",
    matches::CtStateIs,
    matches::CtStateMatch = "ct_state",
    matches::CtStatusMatch = "ct_status",
    matches::CtTrafficMatch = "ct_traffic",
    matches::CtZoneMatch = "ct_zone",
    matches::DateMatch = "date",
    matches::DscpMatch = "dscp",
    matches::EcnMatch = "ecn",
    matches::EtherMatch = "ether",
    matches::EtherTypeMatch = "ether_type",
    matches::Fragment,
    matches::HopLimitMatch = "hop_limit",
    matches::HourMatch = "time_of_day",
    matches::IcmpCodeMatch = "icmp_code",
    matches::IcmpTypeMatch = "icmp_type",
    matches::Icmpv6CodeMatch = "icmpv6_code",
    matches::Icmpv6TypeMatch = "icmpv6_type",
    matches::InterfaceMatch = "interface",
    matches::IpVersion,
    matches::Ipv6HeaderMatch = "ipv6_header",
    matches::LengthMatch = "length",
    matches::LimitMatch = "limit",
    matches::MarkMatch = "mark",
    matches::Nth,
    matches::PktTypeMatch = "pkttype",
    matches::PortMatch = "port",
    matches::ProtocolMatch = "protocol",
    matches::Random,
    matches::ReversePath,
    matches::SetMatch = "in_set",
    matches::SkGidMatch = "skgid",
    matches::SkUidMatch = "skuid",
    matches::SocketMarkMatch = "socket_mark",
    matches::SocketMatch = "socket",
    matches::TcpFlagsMatch = "tcp_flags",
    matches::TcpOptionMatch = "tcp_option",
    matches::TcpOptionMss,
    matches::TosMatch = "tos",
    matches::TtlMatch = "ttl",
    matches::VlanDropEligible = "vlan_dei",
    matches::VlanIdMatch = "vlan_id",
    matches::VlanPcpMatch = "vlan_pcp",
    matches::VlanTypeMatch = "vlan_type",
    matches::WeekdayMatch = "weekday",
    targets::ByMap,
    targets::ChangeSet,
    targets::ClampMss,
    targets::CopySecmark,
    targets::Count = "counter",
    targets::Decide = "verdict",
    targets::Duplicate,
    targets::LastUsed,
    targets::Log,
    targets::Masquerade,
    targets::MergeMark,
    targets::Nat,
    targets::NatBy,
    targets::NfLog = "nflog",
    targets::Offload,
    targets::Queue,
    targets::Quota,
    targets::Redirect,
    targets::Reject,
    targets::SetDscp,
    targets::SetHopLimit,
    targets::SetMark,
    targets::SetMarkBy,
    targets::SetPriority,
    targets::SetSecmark,
    targets::SetTos,
    targets::SetTtl,
    targets::Synproxy,
    targets::TproxyTo = "tproxy",
    targets::Trace,
    targets::Untrack = "notrack",
    targets::UseObject,
    targets::VerdictMap,
}

impl Statement {
    /// Whether it matters which packets come to it, for it does something, or counts: tests behind it stay there.
    pub(super) fn acts(&self) -> bool {
        // Elements of a set may have counters, quotas and limits.
        matches!(self, Self::ConnectionLimit(_) | Self::LimitMatch(_) | Self::Nth(_) | Self::SetMatch(_))
            || self.is_no_match()
    }
}

impl<E: Into<Expr>> From<E> for Statement {
    fn from(expression: E) -> Self {
        Self::Expr(expression.into())
    }
}

impl Rule {
    /// Adds a statement, or any expression, at the end.
    #[must_use]
    #[inline]
    pub fn say(self, statement: impl Into<Statement>) -> Self {
        self.word(|| statement)
    }

    /// As [`Rule::say`], of a statement that is made where it stays.
    ///
    /// One made elsewhere is written in small pieces and read at once in large ones, and until the pieces are out of its
    /// store buffer, a processor waits: 10 ns a word.
    #[inline]
    pub(super) fn word<S: Into<Statement>>(mut self, make: impl FnOnce() -> S) -> Self {
        // A value for `push` is made before there is room for it.
        self.body.extend(std::iter::once_with(|| make().into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 50,000 rules of six words are 50,000 times six of these in memory.
    #[test]
    fn a_word_is_small() {
        assert!(size_of::<Statement>() <= 80, "{}", size_of::<Statement>());
    }
}
