//! What the tests of the words share: a rule held against the bytecode that nft has for the same sentence.
//!
//! The golden texts are those of nft 1.0.6: `nft --debug=netlink add rule FAMILY t c 'SENTENCE'`.

use crate::language::lift::tests::all_words;
use crate::{Family, Rule};

/// The rule in a table of the family becomes these expressions, as nft prints them.
#[track_caller]
pub(crate) fn golden(family: Family, rule: &Rule, expected: &[&str]) {
    let text = rule.bytecode(family).unwrap();
    all_words(rule, family);
    let lines: Vec<_> = text.lines().map(|line| line.trim_matches(['[', ']']).trim()).collect();
    assert_eq!(lines, expected, "{family}: {:?}", rule.body);
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
