//! The helper that expected a connection: iptables' `-m helper`.

use super::number::comparison;
use crate::{
    Invalid, Rule,
    expr::{Ct, CtKey, Data, Register},
    language::{Datatype, Item, Matching, Operand, lift::text, matching_from},
};

/// The kernel's field (`NF_CT_HELPER_NAME_LEN`).
const FIELD: usize = 16;

/// A helper's name, such as `ftp` or `sip`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct HelperName(pub Box<str>);

impl Operand for HelperName {
    const WHAT: &'static str = "helper";
    const DATATYPE: Datatype = Datatype::HELPER;

    fn data(&self) -> Data {
        Data::padded(self.0.as_bytes(), FIELD)
    }

    fn from_data(data: &Data) -> Option<Self> {
        text(data).map(|name| Self(name.into()))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }

    fn check(&self) -> Result<(), Invalid> {
        let Self(name) = self;
        let what = "helper";
        if name.is_empty() {
            return Err(Invalid::NameEmpty { what });
        }
        if name.contains('\0') {
            return Err(Invalid::NameNul { what, name: name.to_string() });
        }
        if name.len() >= FIELD {
            return Err(Invalid::NameTooLong {
                what,
                name: name.to_string(),
                length: name.len(),
                limit: FIELD - 1,
            });
        }
        Ok(())
    }
}

matching_from! {
    HelperName:
    { HelperName } => |name| Self::one(Item::One(name)),
    'a { &'a str } => |name| Self::one(Item::One(HelperName(name.into()))),
    { String } => |name| Self::one(Item::One(HelperName(name.into()))),
}

comparison! {
    /// The packet's connection was expected by one of these helpers.
    CtHelperMatch(HelperName) = Ct::load(CtKey::Helper, Register::R1);
}

impl Rule {
    /// Only packets of connections that this helper expected, such as FTP's data connections.
    ///
    /// ```
    /// use portcullis::{CtState, Rule};
    ///
    /// Rule::new().ct_state(CtState::RELATED).ct_helper("ftp").accept();
    /// ```
    #[doc(alias = "helper")]
    #[must_use]
    pub fn ct_helper(self, name: impl Into<Matching<HelperName>>) -> Self {
        self.word(|| CtHelperMatch(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    #[test]
    fn as_nft_says_it() {
        use crate::{
            language::matches::golden::{IP, same_as_nft},
            not,
        };

        same_as_nft([
            (IP, "ct helper \"ftp\"", Rule::new().ct_helper("ftp")),
            (IP, "ct helper != \"ftp\"", Rule::new().ct_helper(not("ftp"))),
            (IP, "ct helper { \"ftp\", \"sip\" }", Rule::new().ct_helper(["ftp", "sip"])),
        ]);
    }

    #[test]
    fn impossible_names_are_named() {
        let problem = |name: &str| Rule::new().ct_helper(name).check(Family::Ip).unwrap_err().to_string();
        assert_eq!(problem(""), "a helper needs a name of at least one byte");
        assert_eq!(
            problem("a-helper-too-long"),
            "the name of helper \"a-helper-too-long\" is 17 bytes long; the kernel takes at most 15"
        );
    }
}
