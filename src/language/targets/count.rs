//! Counting packets and bytes.

use crate::{
    Invalid, Rule,
    expr::{Counter, Expr},
    language::{Lift, Lifting, Lower, Lowering},
};

/// Counts the packets that come so far in the rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Count {
    /// Packets to begin with.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub packets: u64,
    /// Bytes to begin with.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::is_default"))]
    pub bytes: u64,
}

impl Rule {
    /// Counts packets and bytes that match what was said before.
    #[must_use]
    pub fn counter(self) -> Self {
        self.word(Count::default)
    }

    /// Counts on from earlier numbers.
    #[must_use]
    pub fn counter_from(self, packets: u64, bytes: u64) -> Self {
        self.word(|| Count { packets, bytes })
    }
}

impl Lower for Count {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.push(Counter::new().bytes(self.bytes).packets(self.packets));
        Ok(())
    }
}

impl Lift for Count {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Counter(counter), ..] = from.expressions() else { return None };
        Some(Self { packets: counter.packets?, bytes: counter.bytes? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, language::matches::golden::same_as_nft};

    const ALL: &[Family] =
        &[Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Arp, Family::Netdev];

    #[test]
    fn as_nft_says_it() {
        same_as_nft([
            (ALL, "counter", Rule::new().counter()),
            (ALL, "counter packets 7 bytes 300", Rule::new().counter_from(7, 300)),
        ]);
    }
}
