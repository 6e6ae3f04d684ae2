//! The packet's direction in its connection: iptables' `-m conntrack --ctdir`.

use super::number::comparison;
use crate::{
    Rule,
    expr::{Ct, CtDirection, CtKey, Data, Register},
    language::{Datatype, Item, Matching, Operand, lift::byte, matching_from},
};

impl Operand for CtDirection {
    const WHAT: &'static str = "direction";
    const DATATYPE: Datatype = Datatype::CT_DIR;

    fn data(&self) -> Data {
        Data::byte(self.number())
    }

    fn from_data(data: &Data) -> Option<Self> {
        byte(data).map(Self::from_number)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

matching_from! {
    CtDirection:
    { CtDirection } => |direction| Self::one(Item::One(direction)),
}

comparison! {
    /// The packet goes this way in its connection.
    CtDirectionMatch(CtDirection) = Ct::load(CtKey::Direction, Register::R1);
}

impl Rule {
    /// Only packets that go this way: as the connection's first packet, or against it.
    ///
    /// ```
    /// use portcullis::{CtDirection, Rule};
    ///
    /// Rule::new().ct_direction(CtDirection::Reply).accept();
    /// ```
    #[doc(alias = "ctdir")]
    #[must_use]
    pub fn ct_direction(self, direction: impl Into<Matching<CtDirection>>) -> Self {
        self.word(|| CtDirectionMatch(direction.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        language::matches::golden::{IP, same_as_nft},
        not,
    };

    #[test]
    fn as_nft_says_it() {
        same_as_nft([
            (IP, "ct direction reply", Rule::new().ct_direction(CtDirection::Reply)),
            (IP, "ct direction != original", Rule::new().ct_direction(not(CtDirection::Original))),
        ]);
    }
}
