//! What the tests of the words share: a rule held against the bytecode that nft has for the same sentence.
//!
//! The golden texts are those of nft 1.0.6 on a little-endian machine: `nft --debug=netlink add rule FAMILY t c
//! 'SENTENCE'`. What it says on a big-endian one is recorded in `matches/golden-big-endian.txt`, for the matches.

use crate::language::lift::tests::all_words;
use crate::{Family, Rule};

/// The rule in a table of the family becomes these expressions, as nft prints them.
#[track_caller]
pub(crate) fn golden(family: Family, rule: &Rule, expected: &[&str]) {
    let text = rule.bytecode(family).unwrap();
    all_words(rule, family);
    let lines: Vec<_> = text.lines().map(|line| line.trim_matches(['[', ']']).trim()).collect();
    let same = lines.len() == expected.len() && lines.iter().zip(expected).all(|(ours, nft)| same(ours, nft));
    assert!(same, "{family}: {:?}\n ours: {lines:#?}\n  nft: {expected:#?}", rule.body);
}

/// Whether two lines say the same on this machine. A word of a register reads otherwise on a big-endian one, unless it
/// holds a number of four bytes in the machine's order.
pub(crate) fn same(ours: &str, nft: &str) -> bool {
    let (ours, nft): (Vec<_>, Vec<_>) = (ours.split(' ').collect(), nft.split(' ').collect());
    ours.len() == nft.len()
        && ours.iter().zip(&nft).all(|(ours, nft)| match (word(ours), word(nft)) {
            (Some(ours), Some(nft)) if cfg!(target_endian = "big") => {
                // The last is a shorter number in the machine's order, which stands at the word's beginning.
                ours == nft || ours == nft.swap_bytes() || (nft < 1 << 16 && ours == nft << 16)
            }
            _ => ours == nft,
        })
}

/// A register's word: always eight digits.
fn word(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 8)?;
    u32::from_str_radix(digits, 16).ok()
}

/// The same in tables of family ip, ip6 and inet.
#[track_caller]
pub(crate) fn golden_everywhere(rule: &Rule, expected: &[&str]) {
    for family in [Family::Ip, Family::Ip6, Family::Inet] {
        golden(family, rule, expected);
    }
}

/// What the rule is refused with.
#[track_caller]
pub(crate) fn refusal(family: Family, rule: &Rule) -> String {
    rule.check(family).unwrap_err().to_string()
}
