//! Marks that each packet finds in a map: nft's `meta mark set ip saddr map @marks`.

use super::MarkOf;
use crate::{
    Invalid, Mark, Rule,
    expr::{Ct, CtKey, Expr, Meta, MetaKey, Register},
    language::{
        Lift, Lifting, Lower, Lowering,
        select::{Lookup, Mapped},
    },
};

/// Sets a mark to what a map holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct SetMarkBy {
    /// Whose mark.
    pub of: MarkOf,
    /// The lookup.
    pub by: Box<Lookup>,
}

impl Rule {
    /// The packet's mark becomes what a map holds.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use portcullis::{Mark, Rule, select::{Balance, Saddr, mapped}, set::MapOf};
    ///
    /// let marks = MapOf::<Ipv4Addr, Mark>::new("marks");
    /// Rule::new().set_mark_by(mapped(Saddr, &marks));
    /// Rule::new().set_mark_by(Balance::symmetric([Mark(1), Mark(2)]));
    /// ```
    #[must_use]
    pub fn set_mark_by(self, mark: Mapped<Mark>) -> Self {
        self.mark_by(MarkOf::Packet, mark)
    }

    /// The connection's mark becomes what a map holds.
    #[must_use]
    pub fn set_ct_mark_by(self, mark: Mapped<Mark>) -> Self {
        self.mark_by(MarkOf::Connection, mark)
    }

    fn mark_by(mut self, of: MarkOf, mark: Mapped<Mark>) -> Self {
        self.note(mark.problem);
        self.word(|| SetMarkBy { of, by: Box::new(mark.lookup) })
    }
}

impl Lower for SetMarkBy {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        to.map_lookup(&self.by, Register::R1)?;
        match self.of {
            MarkOf::Packet => to.push(Meta::store(MetaKey::Mark, Register::R1)),
            MarkOf::Connection => to.push(Ct::store(CtKey::Mark, Register::R1)),
        }
        Ok(())
    }
}

impl Lift for SetMarkBy {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let (by, _, rest) = from.map_lookup()?;
        let of = match rest {
            [Expr::Meta(Meta { key: MetaKey::Mark, .. }), ..] => MarkOf::Packet,
            [Expr::Ct(Ct { key: CtKey::Mark, .. }), ..] => MarkOf::Connection,
            _ => return None,
        };
        Some(Self { of, by: Box::new(by) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{language::targets::golden::golden_everywhere, select::Balance};

    #[test]
    fn as_nft_says_it() {
        // meta mark set numgen random mod 2 map { 0 : 1, 1 : 2 }; ct mark set symhash mod 2 map { 0 : 1, 1 : 2 }
        golden_everywhere(
            &Rule::new().set_mark_by(Balance::random([Mark(1), Mark(2)])),
            &["numgen reg 1 = random mod 2", "lookup reg 1 set __map%d dreg 1", "meta set mark with reg 1"],
        );
        golden_everywhere(
            &Rule::new().set_ct_mark_by(Balance::symmetric([Mark(1), Mark(2)])),
            &["hash reg 1 = symhash() % mod 2", "lookup reg 1 set __map%d dreg 1", "ct set mark with reg 1"],
        );
    }
}
