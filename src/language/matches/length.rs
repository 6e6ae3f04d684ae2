//! How long a packet is: iptables' `-m length`, nft's `meta length`.

use super::number::{comparison, number};
use crate::{
    Rule,
    expr::{Meta, MetaKey, Register},
    language::{Datatype, Matching},
};

number! {
    /// A packet's length in bytes, from its IP header on.
    Length(u32): "length" = Datatype::host(Datatype::INTEGER, 4), host_u32;
}

comparison! {
    /// The packet is so long.
    LengthMatch(Length) = Meta::load(MetaKey::Len, Register::R1);
}

impl Rule {
    /// Only packets of such a length in bytes, from the IP header on.
    ///
    /// ```
    /// use portcullis::Rule;
    ///
    /// Rule::new().icmp().length(86..=65535).drop();
    /// ```
    #[must_use]
    pub fn length(self, bytes: impl Into<Matching<Length>>) -> Self {
        self.word(|| LengthMatch(bytes.into()))
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
            (IP, "meta length 100", Rule::new().length(100)),
            (IP, "meta length 100-200", Rule::new().length(100..=200)),
            (IP, "meta length != 100-200", Rule::new().length(not(100..=200))),
            (IP, "meta length { 100, 200 }", Rule::new().length([100, 200])),
            (IP, "meta length { 100, 200-300 }", Rule::new().length([100..=100, 200..=300])),
        ]);
    }
}
