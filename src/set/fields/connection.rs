//! What connection tracking knows.

use crate::{
    Invalid,
    expr::{CtDirection, CtState, CtStatus},
    language::{Operand, matches::HelperName},
    set::field::{Field, FieldType, TypeOf, fields},
};

fields! {
    CtState: "connection state" = FieldType::host("ct_state", 26, 4), host u32,
        |state| state.bits(), |bits| Some(Self::from_bits_retain(bits)), |state| words(state.iter_names(), state.bits());
    CtStatus: "connection status" = FieldType::host("ct_status", 28, 4), host u32,
        |status| status.bits(), |bits| Some(Self::from_bits_retain(bits)), |status| words(status.iter_names(), status.bits());
    CtDirection: "direction" = FieldType::byte("ct_dir", 27), network u8,
        |direction| direction.number(), |number| Some(Self::from_number(number)), |direction| direction.to_string();
}

/// The names of flags, as nft lists them, or the number.
pub(super) fn words<T>(
    names: impl Iterator<Item = (&'static str, T)>,
    bits: impl std::fmt::LowerHex,
) -> String {
    let names: Vec<_> = names.map(|(name, _)| name.to_ascii_lowercase().replace('_', "-")).collect();
    if names.is_empty() { format!("{bits:#x}") } else { names.join(",") }
}

/// nft knows the type as `typeof ct helper` only.
impl Field for HelperName {
    const WHAT: &'static str = "helper";
    const TYPE: FieldType = FieldType::text("string", 5, 16).type_of(TypeOf::Ct(6));

    fn write(&self, to: &mut [u8]) {
        write_text(&self.0, to);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        read_text(bytes).map(|name| Self(name.into()))
    }

    fn text(&self) -> String {
        format!("\"{}\"", self.0)
    }

    fn check(&self, _: bool) -> Result<(), Invalid> {
        Operand::check(self)
    }
}

/// A text with NULs behind it. What is too long is cut off; `check` finds it.
pub(super) fn write_text(text: &str, to: &mut [u8]) {
    to.fill(0);
    to.iter_mut().zip(text.bytes()).for_each(|(place, byte)| *place = byte);
}

/// The text before the first NUL, with nothing else behind it.
pub(super) fn read_text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let (text, rest) = bytes.split_at_checked(end)?;
    if rest.iter().any(|byte| *byte != 0) {
        return None;
    }
    std::str::from_utf8(text).ok().map(str::to_owned)
}
