//! Following a packet through the rules: iptables' `-j TRACE`.

use crate::{
    Invalid, Rule,
    expr::{Data, Expr, Immediate, Meta, MetaKey, Register},
    language::{Lift, Lifting, Lower, Lowering},
};

/// Has the kernel report every rule that the packet matches from here on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Trace;

impl Rule {
    /// Has the kernel report every rule that the packet matches from here on, as `nft monitor trace` shows it; the rule
    /// goes on. Best placed early: in a chain of priority `raw` (-300) at prerouting or output.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().saddr("192.168.1.7").icmp().trace();
    /// ```
    #[doc(alias = "TRACE")]
    #[doc(alias = "nftrace")]
    #[must_use]
    pub fn trace(self) -> Self {
        self.word(|| Trace)
    }
}

impl Lower for Trace {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.push(Immediate::data(Register::R1, Data::byte(1)));
        to.push(Meta::store(MetaKey::NfTrace, Register::R1));
        Ok(())
    }
}

impl Lift for Trace {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Immediate(_), Expr::Meta(_), ..] = from.expressions() else { return None };
        Some(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::targets::golden::golden_everywhere;

    #[test]
    fn as_nft_says_it() {
        // meta nftrace set 1
        golden_everywhere(
            &Rule::new().trace(),
            &["immediate reg 1 0x00000001", "meta set nftrace with reg 1"],
        );
    }
}
