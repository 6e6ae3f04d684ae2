//! Fragments of IPv4 packets: iptables' `-f`.

use crate::{
    Invalid, Rule,
    expr::{Bitwise, Cmp, CmpOp, Data, Expr, Payload, PayloadBase, Register},
    language::{Layer3, Lift, Lifting, Lower, Lowering},
};

/// The packet is a fragment of an IPv4 packet, and not its first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Fragment {
    /// Whole packets and first fragments.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub negated: bool,
}

impl Rule {
    /// Only IPv4 fragments behind the first, which have no ports to match. Where connections are tracked there
    /// are none: the kernel puts packets together first. For IPv6 see [`Rule::ipv6_header`].
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().fragment().drop();
    /// ```
    #[must_use]
    pub fn fragment(self) -> Self {
        self.word(|| Fragment { negated: false })
    }

    /// Only whole IPv4 packets and first fragments.
    #[must_use]
    pub fn not_fragment(self) -> Self {
        self.word(|| Fragment { negated: true })
    }
}

impl Lower for Fragment {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.need_layer3("a test for IPv4 fragments", Layer3::V4)?;
        to.push(Payload::load(PayloadBase::Network, 6, 2, Register::R1));
        to.push(Bitwise::and(Register::R1, Data::network_u16(0x1fff)));
        let op = if self.negated { CmpOp::Eq } else { CmpOp::Neq };
        to.push(Cmp::new(Register::R1, op, Data::zero(2)));
        Ok(())
    }
}

impl Lift for Fragment {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Payload(Payload { offset: 6, .. }), Expr::Bitwise(_), Expr::Cmp(cmp), ..] =
            from.expressions()
        else {
            return None;
        };
        Some(Self { negated: cmp.op == CmpOp::Eq })
    }
}

#[cfg(test)]
mod tests {
    use Family::{Inet, Ip};

    use super::*;
    use crate::{Family, language::matches::golden::same_as_nft};

    #[test]
    fn as_nft_says_it() {
        same_as_nft([
            (&[Ip, Inet], "ip frag-off & 0x1fff != 0", Rule::new().fragment()),
            (&[Ip, Inet], "ip frag-off & 0x1fff == 0", Rule::new().not_fragment()),
        ]);
    }
}
