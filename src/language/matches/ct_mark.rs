//! The connection's mark: iptables' `-m connmark`.

use super::{Mark, number::comparison};
use crate::{
    Rule,
    expr::{Ct, CtKey, Register},
    language::Matching,
};

comparison! {
    /// The packet's connection carries one of these marks.
    CtMarkMatch(Mark) = Ct::load(CtKey::Mark, Register::R1);
}

impl Rule {
    /// Only packets whose connection carries one of these marks.
    ///
    /// ```
    /// use portcullis::Rule;
    /// use portcullis::language::matches::masked;
    ///
    /// Rule::new().ct_mark(0x10).accept();
    /// Rule::new().ct_mark(masked(0x10, 0xff)).accept();
    /// ```
    #[doc(alias = "connmark")]
    #[must_use]
    pub fn ct_mark(self, marks: impl Into<Matching<Mark>>) -> Self {
        self.word(|| CtMarkMatch(marks.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        language::matches::{
            golden::{IP, same_as_nft},
            masked,
        },
        not,
    };

    #[test]
    fn as_nft_says_it() {
        same_as_nft([
            (IP, "ct mark 0x10", Rule::new().ct_mark(0x10)),
            (IP, "ct mark != 0x10", Rule::new().ct_mark(not(0x10))),
            (IP, "ct mark 16-32", Rule::new().ct_mark(16..=32)),
            (IP, "ct mark != 16-32", Rule::new().ct_mark(not(16..=32))),
            (IP, "ct mark { 1, 2 }", Rule::new().ct_mark([1, 2])),
            (IP, "ct mark != { 1, 5-9 }", Rule::new().ct_mark(not([1..=1, 5..=9]))),
            (IP, "ct mark & 0xff == 0x10", Rule::new().ct_mark(masked(0x10, 0xff))),
            (IP, "ct mark & 0xff != 0x10", Rule::new().ct_mark(not(masked(0x10, 0xff)))),
        ]);
    }
}
