//! The zone of a packet's connection: nft's `ct zone`.

use super::number::{comparison, number};
use crate::{
    Rule,
    expr::{Ct, CtKey, Register},
    language::{Datatype, Matching},
};

number! {
    /// A zone: each keeps connections of its own. 0 unless a rule in the raw table said otherwise.
    Zone(u16): "zone" = Datatype::host(Datatype::INTEGER, 2), host_u16;
}

comparison! {
    /// The packet's connection is in one of these zones.
    CtZoneMatch(Zone) = Ct::load(CtKey::Zone, Register::R1);
}

impl Rule {
    /// Only packets whose connection is tracked in one of these zones.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().ct_zone(7).accept();
    /// ```
    #[must_use]
    pub fn ct_zone(self, zones: impl Into<Matching<Zone>>) -> Self {
        self.word(|| CtZoneMatch(zones.into()))
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
            (IP, "ct zone 5", Rule::new().ct_zone(5)),
            (IP, "ct zone != 5", Rule::new().ct_zone(not(5))),
            (IP, "ct zone 5-9", Rule::new().ct_zone(5..=9)),
            (IP, "ct zone { 5, 9 }", Rule::new().ct_zone([5, 9])),
        ]);
    }
}
