//! What the tests of the words share: a rule beside the words that nft's own bytecode has for it.
//!
//! The golden texts are those of nft 1.0.6, from `nft --debug=netlink add rule FAMILY t c 'SENTENCE'`.

#[cfg(feature = "nftnl")]
use crate::wire::Writer;
use crate::{Family, Rule};

/// The rule in a table of the family becomes these expressions, as libnftnl prints them.
#[cfg(feature = "nftnl")]
#[track_caller]
pub(crate) fn golden(family: Family, rule: &Rule, expected: &[&str]) {
    let (mut expressions, mut sets) = (Vec::new(), Vec::new());
    rule.lower_into(family, &mut expressions, &mut sets).unwrap();
    let mut attributes = Vec::new();
    let mut writer = Writer::new(&mut attributes);
    writer.text(1, "t");
    writer.text(2, "c");
    writer.nest(4, |list| list.raw(&expressions));
    writer.finish().unwrap();
    let length = u32::try_from(20 + attributes.len()).unwrap();
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(0x0a06u16.to_ne_bytes());
    message.extend([0; 10]);
    message.extend([family.number(), 0, 0, 0]);
    message.extend(attributes);
    let text = portcullis_sys::nftnl::rule_text(&message).unwrap();
    let lines: Vec<_> =
        text.lines().skip(1).map(|line| line.trim().trim_matches(['[', ']']).trim()).collect();
    assert_eq!(lines, expected, "{family}: {:?}", rule.body);
    let lowered = rule.lower(family).unwrap();
    assert_eq!(lowered.expressions.len(), expected.len(), "as values");
}

/// The same in tables of family ip, ip6 and inet.
#[cfg(feature = "nftnl")]
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
