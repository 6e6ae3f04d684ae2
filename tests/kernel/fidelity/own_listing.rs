//! How far nft comes with its own listings: the figure to beat.

use portcullis_world::need_namespaces;

use super::{
    compare::differences,
    corpus::{feed, host, rulesets, run},
    dump::Dump,
};

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
        let (mut loaded, mut same) = (0, 0);
        for ruleset in rulesets() {
            let (from, to) = (host("from"), host("to"));
            if ruleset.load(&from).is_err() {
                continue;
            }
            loaded += 1;
            let before = Dump::of(&from);
            let listing = run(&from, list, std::process::Stdio::null());
            let lost = match listing.and_then(|listing| feed(&to, load, &listing)) {
                Ok(_) => differences(&before, &Dump::of(&to)),
                Err(complaint) => vec![complaint],
            };
            match lost.first() {
                None => same += 1,
                Some(first) => println!("{form} {}: {first}", ruleset.name),
            }
        }
        println!("nft restores {same} of {loaded} rulesets from its own {form}");
    }
}
