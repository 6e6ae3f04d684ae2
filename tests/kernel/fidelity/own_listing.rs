//! How far nft comes with its own listings: the figure to beat.

use portcullis::wire::{Attributes, Writer, nft};
use portcullis_world::need_namespaces;

use super::{
    compare::differences,
    corpus::{feed, host, rulesets, run},
    dump::Dump,
};

/// A dump without what nft does not list of base chains: their counters, and that they count (NFTA_CHAIN_COUNTERS and
/// NFTA_CHAIN_FLAGS). iptables-nft's base chains always count.
fn leniently(mut dump: Dump) -> Dump {
    for message in dump.messages.iter_mut().filter(|message| message.kind == nft::NEWCHAIN) {
        let kept = Attributes::new(&message.attributes).map(|attribute| attribute.expect("an attribute"));
        let mut attributes = Vec::new();
        let mut writer = Writer::new(&mut attributes);
        kept.filter(|attribute| ![8, 10].contains(&attribute.kind()))
            .for_each(|attribute| writer.bytes(attribute.raw_kind(), attribute.payload));
        message.attributes = attributes;
    }
    dump
}

/// Prints how many rulesets nft restores from its own text, and from its own JSON.
#[test]
#[ignore = "measures nft, not this library; tests/rulesets/README.md has the figures"]
fn nfts_own_listings() {
    need_namespaces!();
    let listings: [(&str, &[&str], &[&str]); 2] = [
        ("text", &["nft", "list", "ruleset"], &["nft", "-f", "-"]),
        ("JSON", &["nft", "-j", "list", "ruleset"], &["nft", "-j", "-f", "-"]),
    ];
    for (form, list, load) in listings {
        let (mut loaded, mut same, mut nearly) = (0, 0, 0);
        for ruleset in rulesets() {
            let (from, to) = (host("from"), host("to"));
            if ruleset.load(&from).is_err() {
                continue;
            }
            loaded += 1;
            let before = Dump::of(&from);
            let listing = run(&from, list, std::process::Stdio::null());
            if let Err(complaint) = listing.and_then(|listing| feed(&to, load, &listing)) {
                println!("{form} {}: {complaint}", ruleset.name);
                continue;
            }
            let after = Dump::of(&to);
            let lost = differences(&before, &after);
            same += usize::from(lost.is_empty());
            let lost = differences(&leniently(before), &leniently(after));
            nearly += usize::from(lost.is_empty());
            if let Some(first) = lost.first() {
                println!("{form} {}: {first}", ruleset.name);
            }
        }
        println!(
            "nft restores {same} of {loaded} rulesets from its own {form}; {nearly} if its chains may forget"
        );
    }
}
