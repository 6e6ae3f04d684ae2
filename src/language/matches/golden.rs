//! Rules held against what nft makes of the same sentences.

use crate::{
    Family, Rule,
    object::{NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS, NFTA_RULE_TABLE},
    wire::Writer,
};

/// See the file's first lines.
const GOLDEN: &str = include_str!("golden.txt");

/// The families that most words are tested in.
pub(super) const IP: &[Family] = &[Family::Ip, Family::Ip6, Family::Inet];

/// Each rule's bytecode is that of nft's sentence, in each of the families.
#[track_caller]
pub(super) fn same_as_nft<const N: usize>(cases: [(&[Family], &str, Rule); N]) {
    let mut problems = String::new();
    for (families, sentence, rule) in cases {
        for family in families {
            let case = format!("{family} | {sentence} | ");
            let ours = bytecode(&rule, *family);
            match GOLDEN.lines().find_map(|line| line.strip_prefix(&case)) {
                None => problems += &format!("missing in golden.txt: {case}\n"),
                Some(nft) if nft == ours => {}
                Some(nft) => problems += &format!("{case}\n   nft: {nft}\n  ours: {ours}\n"),
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

/// A rule in libnftnl's words on one line, with the elements of its sets in braces.
#[track_caller]
pub(super) fn bytecode(rule: &Rule, family: Family) -> String {
    let lowered = rule.lower(family).unwrap_or_else(|problem| panic!("{family}: {problem}: {rule:?}"));
    let mut message = vec![0; 16];
    // struct nfgenmsg
    message.extend([family.number(), 0, 0, 0]);
    let mut writer = Writer::new(&mut message);
    writer.text(NFTA_RULE_TABLE, "t");
    writer.text(NFTA_RULE_CHAIN, "c");
    writer.nest(NFTA_RULE_EXPRESSIONS, |list| {
        lowered.expressions.iter().for_each(|expression| list.put(crate::expr::NFTA_LIST_ELEM, expression));
    });
    writer.finish().unwrap();
    let length = u32::try_from(message.len()).unwrap();
    message[..4].copy_from_slice(&length.to_ne_bytes());
    // NFT_MSG_NEWRULE of NFNL_SUBSYS_NFTABLES
    message[4..6].copy_from_slice(&0x0a06u16.to_ne_bytes());
    let text = portcullis_sys::nftnl::rule_text(&message).expect("libnftnl reads it");
    let mut sets = lowered.sets.iter();
    let mut words = Vec::new();
    for line in text.lines().skip(1).map(str::trim) {
        words.push(line.to_owned());
        if line.starts_with("[ lookup") {
            let set = sets.next().unwrap();
            let mut elements: Vec<_> = set.elements.iter().map(element).collect();
            if !set.flags.contains(crate::object::SetFlags::INTERVAL) {
                elements.sort();
            }
            words.push(format!("{{ {} }}", elements.join(" ")));
        }
    }
    words.join(" ")
}

/// A key as libnftnl prints it; `!` marks the end of a range.
fn element(element: &crate::object::Element) -> String {
    let words: Vec<_> = element
        .key
        .as_bytes()
        .chunks(4)
        .map(|chunk| {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            format!("{:08x}", u32::from_ne_bytes(word))
        })
        .collect();
    let end = if element.flags.is_empty() { "" } else { "!" };
    words.join(".") + end
}
