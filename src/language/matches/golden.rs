//! Rules held against what nft makes of the same sentences.

use crate::{
    Family, Rule,
    language::lift::tests::all_words,
    object::{Element, SetFlags},
};

/// See the files' first lines.
const GOLDEN: &str = if cfg!(target_endian = "big") {
    include_str!("golden-big-endian.txt")
} else {
    include_str!("golden.txt")
};

/// The families that most words are tested in.
pub(in crate::language) const IP: &[Family] = &[Family::Ip, Family::Ip6, Family::Inet];

/// Each rule's bytecode is that of nft's sentence, in each of the families.
#[track_caller]
pub(in crate::language) fn same_as_nft<const N: usize>(cases: [(&[Family], &str, Rule); N]) {
    let mut problems = String::new();
    for (families, sentence, rule) in cases {
        for family in families {
            let case = format!("{family} | {sentence} | ");
            let ours = bytecode(&rule, *family);
            all_words(&rule, *family);
            match GOLDEN.lines().find_map(|line| line.strip_prefix(&case)) {
                None => problems += &format!("missing in the golden file: {case}\n"),
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
    let text = rule.bytecode(family).unwrap_or_else(|problem| panic!("{family}: {problem}: {rule:?}"));
    let lowered = rule.lower(family).unwrap();
    let mut sets = lowered.sets.iter();
    let mut words = Vec::new();
    for line in text.lines() {
        words.push(line.to_owned());
        if line.starts_with("[ lookup") {
            let set = sets.next().unwrap();
            let mut elements: Vec<_> = set.elements.iter().map(element).collect();
            if !set.flags.contains(SetFlags::INTERVAL) {
                elements.sort();
            }
            words.push(format!("{{ {} }}", elements.join(" ")));
        }
    }
    words.join(" ")
}

/// A key as libnftnl prints it; `!` marks the end of a range.
fn element(element: &Element) -> String {
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
