//! Numbers of any length.

use super::Order;

/// The number in the bytes; `None` if it has more than 128 bits.
pub(super) fn number(bytes: &[u8], order: Order) -> Option<u128> {
    let big_endian = order == Order::Network || cfg!(target_endian = "big");
    let mut value: u128 = 0;
    let mut take = |byte: &u8| {
        let shifted = value.checked_mul(0x100)?;
        value = shifted | u128::from(*byte);
        Some(())
    };
    if big_endian {
        bytes.iter().try_for_each(&mut take)?;
    } else {
        bytes.iter().rev().try_for_each(&mut take)?;
    }
    Some(value)
}

/// All bits as nft writes masks: `0x` without leading zeros.
pub(super) fn hexadecimal(bytes: &[u8], order: Order) -> String {
    if let Some(value) = number(bytes, order) {
        return format!("{value:#x}");
    }
    let mut digits: String = match order {
        Order::Host if cfg!(target_endian = "little") => {
            bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect()
        }
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    digits = digits.trim_start_matches('0').to_owned();
    if digits.is_empty() { "0x0".to_owned() } else { format!("0x{digits}") }
}

/// As people write it; what is too long for that, in hexadecimal.
pub(super) fn decimal(bytes: &[u8], order: Order) -> String {
    match number(bytes, order) {
        Some(value) => value.to_string(),
        None => hexadecimal(bytes, order),
    }
}
