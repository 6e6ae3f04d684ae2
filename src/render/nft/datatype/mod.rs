//! nft's data types: what the bytes of a register mean, and how they are written.

/// A type of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Datatype {
    /// A number of unknown meaning, lying as in the packet.
    Integer,
}

impl Datatype {
    /// The type with nft's number (`enum datatypes`); of a concatenation, use [`parts`].
    pub(super) fn by_number(_number: u32) -> Self {
        Self::Integer
    }

    /// The bytes in nft's words.
    pub(super) fn value(self, bytes: &[u8]) -> String {
        bytes.iter().fold(String::from("0x"), |text, byte| format!("{text}{byte:02x}"))
    }
}

/// The types of a concatenation, by nft's number; one for a single value.
pub(super) fn parts(number: u32) -> Vec<Datatype> {
    vec![Datatype::by_number(number)]
}
