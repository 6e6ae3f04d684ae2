//! Masks and numbers of any width, most significant byte first.

pub(super) fn count_ones(mask: &[u8]) -> u32 {
    mask.iter().map(|byte| byte.count_ones()).sum()
}

pub(super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

pub(super) fn is_full(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0xff)
}

/// The bytes after an operation on each pair.
pub(super) fn zip(left: &[u8], right: &[u8], operation: impl Fn(u8, u8) -> u8) -> Vec<u8> {
    left.iter().zip(right).map(|(left, right)| operation(*left, *right)).collect()
}

pub(super) fn invert(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| !byte).collect()
}

/// The first and the number of the one bits, counted from the most significant one, if they are one run.
pub(super) fn run(mask: &[u8]) -> Option<(u32, u32)> {
    let bits = mask.iter().flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0));
    let first = u32::try_from(bits.clone().position(|one| one)?).ok()?;
    let ones = count_ones(mask);
    let in_run = bits.skip(usize::try_from(first).ok()?).take_while(|one| *one).count();
    (u32::try_from(in_run).ok()? == ones).then_some((first, ones))
}

/// The bits from `first` on, `len` of them, as a number of as many bytes as that needs.
pub(super) fn extract(bytes: &[u8], first: u32, len: u32) -> Vec<u8> {
    let total = u32::try_from(bytes.len()).unwrap_or(u32::MAX).saturating_mul(8);
    let shift = total.saturating_sub(first).saturating_sub(len);
    let mut shifted = shift_right(bytes, shift);
    let keep = usize::try_from(len.div_ceil(8)).unwrap_or(usize::MAX);
    let drop = shifted.len().saturating_sub(keep);
    shifted.drain(..drop);
    if let (Some(top), true) = (shifted.first_mut(), len % 8 != 0) {
        *top &= 0xff >> (8 - len % 8);
    }
    shifted
}

fn shift_right(bytes: &[u8], by: u32) -> Vec<u8> {
    let (whole, bits) = (usize::try_from(by / 8).unwrap_or(usize::MAX), by % 8);
    let mut before = 0u16;
    let mut shifted: Vec<u8> = vec![0; whole.min(bytes.len())];
    for byte in bytes.iter().take(bytes.len().saturating_sub(whole)) {
        let pair = before << 8 | u16::from(*byte);
        shifted.push(u8::try_from(pair >> bits & 0xff).unwrap_or(0));
        before = u16::from(*byte);
    }
    shifted
}

/// The number before; `None` before zero.
pub(super) fn before(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut number = bytes.to_vec();
    for byte in number.iter_mut().rev() {
        let (less, borrow) = byte.overflowing_sub(1);
        *byte = less;
        if !borrow {
            return Some(number);
        }
    }
    None
}

/// The number after; zero after the last.
pub(super) fn after(bytes: &[u8]) -> Vec<u8> {
    let mut number = bytes.to_vec();
    for byte in number.iter_mut().rev() {
        let (more, carry) = byte.overflowing_add(1);
        *byte = more;
        if !carry {
            break;
        }
    }
    number
}

/// The number in hexadecimal, without leading zeros.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let digits = digits.trim_start_matches('0');
    format!("0x{}", if digits.is_empty() { "0" } else { digits })
}

/// The bytes of a number in host order, most significant first, and the other way round.
pub(super) fn host_to_network(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if cfg!(target_endian = "little") {
        bytes.reverse();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_measured() {
        assert_eq!(run(&[0x0f, 0xf0]), Some((4, 8)));
        assert_eq!(run(&[0x0f, 0x0f]), None);
        assert_eq!(run(&[0, 0]), None);
    }

    #[test]
    fn bits_are_taken_out() {
        assert_eq!(extract(&[0xb8], 0, 6), [0x2e]);
        assert_eq!(extract(&[0x0a, 0xbc], 4, 12), [0x0a, 0xbc]);
        assert_eq!(extract(&[0xfa, 0xbc], 4, 12), [0x0a, 0xbc]);
        assert_eq!(extract(&[0x12, 0x34, 0x56], 4, 8), [0x23]);
        assert_eq!(hex(&[0, 0x12]), "0x12");
        assert_eq!(hex(&[0]), "0x0");
        assert_eq!(before(&[1, 0]), Some(vec![0, 0xff]));
        assert_eq!(before(&[0, 0]), None);
        assert_eq!(after(&[0, 0xff]), [1, 0]);
        assert_eq!(after(&[0xff]), [0]);
    }
}
