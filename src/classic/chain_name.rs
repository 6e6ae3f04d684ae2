//! How commands name chains.

use std::fmt;

use super::{BuiltinChain, Target};
use crate::Invalid;

/// The longest name of a user's chain that iptables takes (`XT_EXTENSION_MAXNAMELEN` is 29 with the NUL).
const LIMIT: usize = 28;

/// A chain: one of the default ones, or a user's by its name.
///
/// ```
/// use portcullis::classic::{BuiltinChain, ChainName};
///
/// assert_eq!(ChainName::from("INPUT"), ChainName::from(BuiltinChain::Input));
/// assert_eq!(ChainName::from("web"), ChainName::User("web".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ChainName {
    /// A default chain.
    Builtin(BuiltinChain),
    /// A user's chain.
    User(String),
}

impl ChainName {
    /// The name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Builtin(chain) => chain.name(),
            Self::User(name) => name,
        }
    }

    /// Whether iptables could say it in a command.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let Self::User(name) = self else {
            return Ok(());
        };
        let problem = |problem: &str| {
            Err(Invalid::Combination { problem: format!("a chain cannot be named {name:?}: {problem}") })
        };
        match name.len() {
            0 => return Err(Invalid::NameEmpty { what: "chain" }),
            1..=LIMIT => {}
            length => {
                return Err(Invalid::NameTooLong { what: "chain", name: name.clone(), length, limit: LIMIT });
            }
        }
        if name.contains('\0') {
            return Err(Invalid::NameNul { what: "chain", name: name.clone() });
        }
        if name.starts_with(['-', '!']) {
            return problem("it begins like an option of iptables");
        }
        if name.contains(|letter: char| letter.is_whitespace()) {
            return problem("iptables takes no blanks in it");
        }
        if Target::from_name(name).is_some() {
            return problem("it is the name of a target");
        }
        Ok(())
    }
}

impl From<BuiltinChain> for ChainName {
    fn from(chain: BuiltinChain) -> Self {
        Self::Builtin(chain)
    }
}

impl From<&str> for ChainName {
    fn from(name: &str) -> Self {
        name.to_owned().into()
    }
}

impl From<String> for ChainName {
    fn from(name: String) -> Self {
        match BuiltinChain::ALL.into_iter().find(|chain| chain.name() == name) {
            Some(chain) => Self::Builtin(chain),
            None => Self::User(name),
        }
    }
}

impl fmt::Display for ChainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_iptables_cannot_say_is_refused() {
        for good in ["web", "KUBE-MARK-MASQ", "DOCKER", &"x".repeat(28)] {
            assert_eq!(ChainName::from(good).check(), Ok(()), "{good}");
        }
        for bad in ["", "-A", "!web", "two words", "a\0b", "ACCEPT", "REJECT", &"x".repeat(29)] {
            assert!(ChainName::from(bad).check().is_err(), "{bad}");
        }
    }
}
