//! What connection tracking knows.

use crate::{
    Invalid,
    expr::{CtDirection, CtKey, CtState, CtStatus},
    language::{
        Operand,
        matches::{HelperName, Traffic, Zone},
    },
    set::{
        TypeOf,
        field::{Field, FieldType, fields, numbers, put},
    },
};

fields! {
    CtState: "connection state" = FieldType::host("ct_state", 26, 4), host u32,
        |state| state.bits(), |bits| Some(Self::from_bits_retain(bits)), |state| words(state.iter_names(), state.bits());
    CtStatus: "connection status" = FieldType::host("ct_status", 28, 4), host u32,
        |status| status.bits(), |bits| Some(Self::from_bits_retain(bits)), |status| words(status.iter_names(), status.bits());
    CtDirection: "direction" = FieldType::byte("ct_dir", 27), network u8,
        |direction| direction.number(), |number| Some(Self::from_number(number)), |direction| direction.to_string();
}

fields! {
    // nft knows it as `typeof ct zone` only.
    Zone: "zone" = FieldType::host("integer", 4, 2).type_of(TypeOf::Ct(CtKey::Zone)), host u16,
        |zone| zone.0, |number| Some(Self(number)), |zone| zone.0.to_string();
    // And this as `typeof ct bytes`.
    Traffic: "traffic" = FieldType::host("integer", 4, 8).type_of(TypeOf::Ct(CtKey::Bytes)), host u64,
        |traffic| traffic.0, |number| Some(Self(number)), |traffic| traffic.0.to_string();
}

numbers! {
    /// A connection's number, as `conntrack -o id` shows it; nft knows it as `typeof ct id` only.
    ConnectionId(u32): "connection's number" = FieldType::network("integer", 4, 4).type_of(TypeOf::Ct(CtKey::Id)), network;
}

/// The labels of a connection, one bit each: 128 of them, to which `/etc/xtables/connlabel.conf` gives names.
///
/// A rule looks up all of them at once: a set holds whole combinations. (nft 1.0.6 can make a set of labels, but where
/// there is one it lists nothing any more: "Unknown data type in set key".)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CtLabels(pub u128);

/// nft knows the type as `typeof ct label` only.
impl Field for CtLabels {
    const WHAT: &'static str = "connection labels";
    const TYPE: FieldType = FieldType::host("ct_label", 30, 16).type_of(TypeOf::Ct(CtKey::Labels));

    fn write(&self, to: &mut [u8]) {
        put(to, self.0.to_ne_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(u128::from_ne_bytes).map(Self)
    }

    fn text(&self) -> String {
        format!("{:#x}", self.0)
    }

    fn check(&self, intervals: bool) -> Result<(), Invalid> {
        if intervals {
            let problem =
                "labels of connections are bits, which have no runs: take a set of single values".to_owned();
            return Err(Invalid::Combination { problem });
        }
        Ok(())
    }
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
    const TYPE: FieldType = FieldType::text("string", 5, 16).type_of(TypeOf::Ct(CtKey::Helper));

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
