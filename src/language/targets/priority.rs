//! The class for traffic control: iptables' `-j CLASSIFY`.

use crate::{
    Invalid, Rule,
    expr::{Data, Expr, Immediate, Load, Meta, MetaKey, Register},
    language::{Lift, Lifting, Lower, Lowering, lift::host_u32},
};

/// Sets the packet's priority, which is the class that queueing disciplines sort by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct SetPriority {
    /// The number before the colon.
    pub major: u16,
    /// The number behind it.
    pub minor: u16,
}

impl Rule {
    /// Puts the packet into the class `major:minor` of traffic control.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().oif("wan0").tcp().dport(22).set_priority(1, 0x10);
    /// ```
    #[doc(alias = "CLASSIFY")]
    #[doc(alias = "set-class")]
    #[must_use]
    pub fn set_priority(self, major: u16, minor: u16) -> Self {
        self.word(|| SetPriority { major, minor })
    }
}

impl Lower for SetPriority {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let class = u32::from(self.major) << 16 | u32::from(self.minor);
        to.push(Immediate::data(Register::R1, Data::host_u32(class)));
        to.push(Meta::store(MetaKey::Priority, Register::R1));
        Ok(())
    }
}

impl Lift for SetPriority {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Immediate(Immediate { load: Load::Data(class), .. }), Expr::Meta(_), ..] =
            from.expressions()
        else {
            return None;
        };
        let class = host_u32(class)?;
        let half = |number: u32| u16::try_from(number & 0xffff).ok();
        Some(Self { major: half(class >> 16)?, minor: half(class)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::targets::golden::golden_everywhere;

    #[test]
    fn as_nft_says_it() {
        // meta priority set 1:2
        golden_everywhere(
            &Rule::new().set_priority(1, 2),
            &["immediate reg 1 0x00010002", "meta set priority with reg 1"],
        );
    }
}
