//! Names of network interfaces.

use std::fmt;

use crate::{
    Invalid,
    expr::Data,
    wire::{Attributes, DecodeError, Writer},
};

/// The size of the kernel's field (`IFNAMSIZ`), its NUL included.
const SIZE: usize = 16;

/// The name of a network interface, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InterfaceName {
    text: String,
    prefix: bool,
}

impl InterfaceName {
    /// Exactly this name, even if it ends in `+` or `*`.
    pub fn exact(name: impl Into<String>) -> Self {
        Self { text: name.into(), prefix: false }
    }

    /// Every name that begins so.
    pub fn prefix(beginning: impl Into<String>) -> Self {
        Self { text: beginning.into(), prefix: true }
    }

    /// The name, or its beginning.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether any ending goes.
    pub fn is_prefix(&self) -> bool {
        self.prefix
    }

    /// Whether an interface can have this name (`dev_valid_name`): 1 to 15 bytes, no slash, colon or blank, and not a
    /// folder's `.` or `..`. The beginning of names may be empty, or one or two dots.
    ///
    /// # Errors
    /// [`Invalid::InterfaceTooLong`] from 16 bytes on, otherwise [`Invalid::InterfaceName`].
    pub fn check(&self) -> Result<(), Invalid> {
        let name = || self.text.clone();
        if self.text.len() >= SIZE {
            return Err(Invalid::InterfaceTooLong { name: name(), length: self.text.len() });
        }
        // The kernel's blanks are those of Latin-1: 0xa0 too, wherever in a character of UTF-8 it stands ("à").
        let odd = |byte: u8| matches!(byte, 0 | b'/' | b':' | b'\t'..=b'\r' | b' ' | 0xa0);
        let whole = !self.prefix && matches!(self.text.as_str(), "" | "." | "..");
        if whole || self.text.bytes().any(odd) {
            return Err(Invalid::InterfaceName { name: name() });
        }
        Ok(())
    }

    /// What the register holds: 16 bytes for a whole name, as many as given for a beginning.
    pub fn data(&self) -> Data {
        if self.prefix { Data::new(self.text.as_bytes()) } else { Data::padded(self.text.as_bytes(), SIZE) }
    }
}

const NFTA_DEVICE_NAME: u16 = 1;
/// Kernel 6.17.
const NFTA_DEVICE_PREFIX: u16 = 2;

/// Appends the devices of a hook (`enum nft_devices_attributes`).
pub(super) fn encode_devices(devices: &[InterfaceName], list: &mut Writer<'_>) {
    for device in devices {
        let kind = if device.prefix { NFTA_DEVICE_PREFIX } else { NFTA_DEVICE_NAME };
        list.text(kind, &device.text);
    }
}

/// The devices of a hook; `None` where one is said in a way that this library does not know.
pub(super) fn decode_devices(attributes: Attributes<'_>) -> Result<Option<Vec<InterfaceName>>, DecodeError> {
    let mut devices = Vec::new();
    for attribute in attributes {
        let attribute = attribute?;
        devices.push(match attribute.kind() {
            NFTA_DEVICE_NAME => InterfaceName::exact(attribute.get::<String>()?),
            NFTA_DEVICE_PREFIX => InterfaceName::prefix(attribute.get::<String>()?),
            _ => return Ok(None),
        });
    }
    Ok(Some(devices))
}

/// `eth0` is one interface; `eth+` (iptables) and `eth*` (nft) are all that begin with `eth`.
impl From<&str> for InterfaceName {
    fn from(name: &str) -> Self {
        match name.strip_suffix(['+', '*']) {
            Some(beginning) => Self::prefix(beginning),
            None => Self::exact(name),
        }
    }
}

impl From<String> for InterfaceName {
    fn from(name: String) -> Self {
        Self::from(name.as_str())
    }
}

impl From<&String> for InterfaceName {
    fn from(name: &String) -> Self {
        Self::from(name.as_str())
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.text, if self.prefix { "*" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_wildcards_mean_a_beginning() {
        assert_eq!(InterfaceName::from("eth+"), InterfaceName::prefix("eth"));
        assert_eq!(InterfaceName::from("eth*"), InterfaceName::prefix("eth"));
        assert_eq!(InterfaceName::from("eth0"), InterfaceName::exact("eth0"));
        assert_eq!(InterfaceName::from("eth+").data().as_bytes(), b"eth");
        assert_eq!(InterfaceName::from("lo").data().as_bytes(), b"lo\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    }

    #[test]
    fn impossible_names_are_named() {
        let error = |name: &str| InterfaceName::from(name).check().unwrap_err().to_string();
        assert_eq!(
            error("wireguard-office"),
            "interface name \"wireguard-office\" is 16 bytes long; the kernel takes at most 15"
        );
        for impossible in ["", "a b", "a\tb", "a\u{b}b", "a/b", "a:b", "a\0b", ".", "..", "à"] {
            let text = error(impossible);
            assert!(text.starts_with(&format!("no interface can be named {impossible:?}: ")), "{text}");
        }
        for possible in ["+", ".+", "..*", "...", ".a", "é", "a\u{1c}b", "fifteen_letters"] {
            assert_eq!(InterfaceName::from(possible).check(), Ok(()), "{possible}");
        }
    }
}
