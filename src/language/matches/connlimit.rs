//! How many connections there are: iptables' `-m connlimit`, nft's `ct count`.

use crate::{
    Invalid, Rule,
    expr::{Connlimit, ConnlimitFlags, Expr},
    language::{Lift, Lifting, Lower, Lowering},
};

/// So many connections that came to this word still exist.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct ConnectionLimit {
    /// How many.
    pub count: u32,
    /// More than so many, in place of at most so many.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub over: bool,
}

impl Rule {
    /// Only while there are at most `count` of the connections whose packets came to this word.
    ///
    /// All connections of the rule are counted together. (iptables counts for each source address: that takes a
    /// set whose elements count.) What comes before the word decides what is counted.
    ///
    /// ```
    /// use portcullis::{CtState, Rule};
    ///
    /// Rule::new().tcp().dport(22).ct_state(CtState::NEW).connlimit(10).accept();
    /// ```
    #[doc(alias = "ct_count")]
    #[doc(alias = "connlimit-upto")]
    #[must_use]
    pub fn connlimit(self, count: u32) -> Self {
        self.word(|| ConnectionLimit { count, over: false })
    }

    /// Only while there are more than `count` of the connections whose packets came to this word. See
    /// [`Rule::connlimit`].
    ///
    /// ```
    /// use portcullis::{CtState, Rule};
    ///
    /// Rule::new().tcp().dport(22).ct_state(CtState::NEW).connlimit_over(10).drop();
    /// ```
    #[doc(alias = "ct_count_over")]
    #[doc(alias = "connlimit-above")]
    #[must_use]
    pub fn connlimit_over(self, count: u32) -> Self {
        self.word(|| ConnectionLimit { count, over: true })
    }
}

impl Lower for ConnectionLimit {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let flags = if self.over { ConnlimitFlags::INV } else { ConnlimitFlags::empty() };
        to.push(Connlimit::new(self.count).flags(flags));
        Ok(())
    }
}

impl Lift for ConnectionLimit {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Connlimit(limit), ..] = from.expressions() else { return None };
        Some(Self { count: limit.count, over: limit.flags == Some(ConnlimitFlags::INV) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::matches::golden::{IP, same_as_nft};

    #[test]
    fn as_nft_says_it() {
        same_as_nft([
            (IP, "ct count 5", Rule::new().connlimit(5)),
            (IP, "ct count over 5", Rule::new().connlimit_over(5)),
        ]);
    }
}
