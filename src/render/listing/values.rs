//! Values in iptables' notation.

use std::net::IpAddr;

use crate::{
    language::{Item, Matching, Operand},
    prefix::prefix_length,
};

/// Text without what a terminal would obey.
pub(in crate::render) fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let shown = if character.is_control() {
                format!("\\x{:02x}", u32::from(character))
            } else {
                character.to_string()
            };
            shown.chars().collect::<Vec<_>>()
        })
        .collect()
}

/// An address and its mask, as iptables says them: `10.0.0.0/8`.
pub(super) fn network(address: IpAddr, mask: IpAddr) -> String {
    let bits = match mask {
        IpAddr::V4(mask) => prefix_length(&mask.octets()),
        IpAddr::V6(mask) => prefix_length(&mask.octets()),
    };
    match bits {
        Some(bits) if bits == if address.is_ipv4() { 32 } else { 128 } => address.to_string(),
        Some(bits) => format!("{address}/{bits}"),
        None => format!("{address}/{mask}"),
    }
}

/// Text in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", plain(text))
}

/// One item: `80`, `80:90`, `10.0.0.0/8`, `0x1/0xff`; `between` stands in a range.
pub(super) fn item<T>(item: &Item<T>, between: &str, text: impl Fn(&T) -> String) -> String {
    match item {
        Item::One(value) => text(value),
        Item::Range(from, to) => format!("{}{between}{}", text(from), text(to)),
        Item::Prefix(value, bits) => format!("{}/{bits}", text(value)),
        Item::Masked(value, mask) => format!("{}/{}", text(value), text(mask)),
    }
}

/// All items: `80,90:100`.
pub(super) fn items<T>(matching: &Matching<T>, between: &str, text: impl Fn(&T) -> String) -> String {
    let items: Vec<String> = matching.items().iter().map(|each| item(each, between, &text)).collect();
    items.join(",")
}

/// All items with an exclamation mark before them where they are negated: `!80,90:100`.
pub(super) fn negatable<T>(matching: &Matching<T>, between: &str, text: impl Fn(&T) -> String) -> String {
    let not = if matching.is_negated() { "!" } else { "" };
    format!("{not}{}", items(matching, between, text))
}

/// As [`negatable`], with the blank that many of iptables' matches have there.
pub(super) fn spaced<T>(matching: &Matching<T>, between: &str, text: impl Fn(&T) -> String) -> String {
    let not = if matching.is_negated() { "! " } else { "" };
    format!("{not}{}", items(matching, between, text))
}

/// A value in its own words.
pub(super) fn own<T: Operand>(value: &T) -> String {
    plain(&value.text())
}

/// `0x1`
pub(super) fn hex(number: u32) -> String {
    format!("{number:#x}")
}
