//! Everything that a rule can say.

use super::{Lift, Lifting, Lower, Lowering, matches, targets};
use crate::{Invalid, Rule, expr::Expr};

/// Declares [`Statement`] from the words.
macro_rules! statements {
    ($( $module:ident::$name:ident, )+) => {
        /// One word of a rule.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Statement {
            $(
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

        /// What the next expressions look like to each word.
        pub(super) const RECOGNISERS: &[fn(&Lifting<'_>) -> Option<Statement>] =
            &[$( |from| <$module::$name>::lift(from).map(Statement::$name) ),+];
    };
}

statements! {
    matches::AddressMatch,
    matches::AddressTypeMatch,
    matches::CgroupMatch,
    matches::CgroupV2Match,
    matches::ConnectionLimit,
    matches::CtAddressMatch,
    matches::CtDirectionMatch,
    matches::CtExpirationMatch,
    matches::CtHelperMatch,
    matches::CtMarkMatch,
    matches::CtPortMatch,
    matches::CtStateMatch,
    matches::CtStatusMatch,
    matches::CtTrafficMatch,
    matches::CtZoneMatch,
    matches::DateMatch,
    matches::DscpMatch,
    matches::EcnMatch,
    matches::EtherMatch,
    matches::Fragment,
    matches::HopLimitMatch,
    matches::HourMatch,
    matches::IcmpCodeMatch,
    matches::IcmpTypeMatch,
    matches::Icmpv6CodeMatch,
    matches::Icmpv6TypeMatch,
    matches::InterfaceMatch,
    matches::IpVersion,
    matches::Ipv6HeaderMatch,
    matches::LengthMatch,
    matches::LimitMatch,
    matches::MarkMatch,
    matches::Nth,
    matches::PktTypeMatch,
    matches::PortMatch,
    matches::ProtocolMatch,
    matches::Random,
    matches::ReversePath,
    matches::SkGidMatch,
    matches::SkUidMatch,
    matches::SocketMarkMatch,
    matches::SocketMatch,
    matches::TcpFlagsMatch,
    matches::TcpOptionMatch,
    matches::TcpOptionMss,
    matches::TosMatch,
    matches::TtlMatch,
    matches::WeekdayMatch,
    targets::ClampMss,
    targets::CopySecmark,
    targets::Count,
    targets::Decide,
    targets::Duplicate,
    targets::LastUsed,
    targets::Log,
    targets::Masquerade,
    targets::MergeMark,
    targets::Nat,
    targets::NfLog,
    targets::Queue,
    targets::Quota,
    targets::Redirect,
    targets::Reject,
    targets::SetDscp,
    targets::SetHopLimit,
    targets::SetMark,
    targets::SetPriority,
    targets::SetSecmark,
    targets::SetTos,
    targets::SetTtl,
    targets::Synproxy,
    targets::TproxyTo,
    targets::Trace,
    targets::Untrack,
}

impl<E: Into<Expr>> From<E> for Statement {
    fn from(expression: E) -> Self {
        Self::Expr(expression.into())
    }
}

impl Rule {
    /// Adds a statement, or any expression, at the end.
    #[must_use]
    pub fn say(mut self, statement: impl Into<Statement>) -> Self {
        self.body.push(statement.into());
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
