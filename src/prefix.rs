//! Masks of prefixes.

/// The length of the prefix whose mask this is: as many leading ones, and no other.
pub(crate) fn prefix_length(mask: &[u8]) -> Option<u32> {
    let full = mask.iter().take_while(|byte| **byte == 0xff).count();
    let rest = mask.get(full).map_or(0, |byte| byte.leading_ones());
    let length = u32::try_from(full).ok()?.checked_mul(8)?.checked_add(rest)?;
    let ones: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    (ones == length).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_leading_ones_make_a_prefix() {
        assert_eq!(prefix_length(&[0xff, 0x80, 0]), Some(9));
        assert_eq!(prefix_length(&[0xff, 0x81]), None);
        assert_eq!(prefix_length(&[0x0f]), None);
        assert_eq!(prefix_length(&[0, 0]), Some(0));
        assert_eq!(prefix_length(&[0xff; 64]), Some(512));
    }
}
