//! Names of tables, chains, sets and objects.

use crate::{
    Invalid,
    expr::{ChainTarget, Verdict},
};

/// The longest name that the kernel takes, in bytes (`NFT_NAME_MAXLEN` is 256 with the NUL).
const LIMIT: usize = 255;

/// Whether the kernel can take this name for a `what` ("table", "chain" …): 1 to 255 bytes without NUL.
///
/// # Errors
/// [`Invalid::NameEmpty`], [`Invalid::NameTooLong`] or [`Invalid::NameNul`].
pub fn check_name(what: &'static str, name: &str) -> Result<(), Invalid> {
    match name.len() {
        0 => Err(Invalid::NameEmpty { what }),
        1..=LIMIT if !name.as_bytes().contains(&0) => Ok(()),
        1..=LIMIT => Err(Invalid::NameNul { what, name: name.to_owned() }),
        length => Err(Invalid::NameTooLong { what, name: name.to_owned(), length, limit: LIMIT }),
    }
}

/// Whether the chain that a verdict leads to can have that name.
pub(crate) fn check_verdict(verdict: &Verdict) -> Result<(), Invalid> {
    match verdict {
        Verdict::Jump(ChainTarget::Name(name)) | Verdict::Goto(ChainTarget::Name(name)) => {
            check_name("chain", name)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_limits_are_known() {
        assert_eq!(check_name("chain", &"x".repeat(255)), Ok(()));
        let text = |name: &str| check_name("chain", name).unwrap_err().to_string();
        assert!(text(&"x".repeat(256)).contains("256 bytes long; the kernel takes at most 255"));
        assert!(text("").contains("a chain needs a name"));
        assert!(text("a\0b").contains("NUL"));
    }
}
