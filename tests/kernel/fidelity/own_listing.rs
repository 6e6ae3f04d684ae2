//! How far nft comes with its own listings: the figure to beat.

use portcullis_world::need_namespaces;

use super::{
    compare::differences,
    corpus::{feed, host, rulesets, run},
    dump::Dump,
    lenient::leniently,
};

/// What a listing makes where there is nothing yet; the program's complaint where it does not take it.
pub(super) fn loaded_again(load: &[&str], listing: &[u8]) -> Result<Dump, String> {
    let to = host("to");
    feed(&to, load, listing)?;
    Ok(Dump::of(&to))
}

/// A way to save a ruleset and to load it again, and the endings of the files that it is for.
struct Way {
    name: &'static str,
    files: &'static [&'static str],
    save: &'static [&'static str],
    load: &'static [&'static str],
}

const WAYS: [Way; 5] = [
    Way {
        name: "nft's text",
        files: &["nft", "tables"],
        save: &["nft", "list", "ruleset"],
        load: &["nft", "-f", "-"],
    },
    Way {
        name: "nft's JSON",
        files: &["nft", "tables"],
        save: &["nft", "-j", "list", "ruleset"],
        load: &["nft", "-j", "-f", "-"],
    },
    Way {
        name: "iptables-nft-save",
        files: &[".iptables"],
        save: &["iptables-nft-save", "-c"],
        load: &["iptables-nft-restore", "-c"],
    },
    Way {
        name: "ip6tables-nft-save",
        files: &[".ip6tables"],
        save: &["ip6tables-nft-save", "-c"],
        load: &["ip6tables-nft-restore", "-c"],
    },
    Way {
        name: "ebtables-nft-save",
        files: &[".ebtables"],
        save: &["ebtables-nft-save"],
        load: &["ebtables-nft-restore"],
    },
];

/// Prints how many rulesets the programs restore from their own listings.
#[test]
#[ignore = "measures nft and iptables-nft, not this library; tests/rulesets/README.md has the figures"]
fn nfts_own_listings() {
    need_namespaces!();
    for Way { name, files, save, load } in WAYS {
        let (mut loaded, mut same, mut nearly) = (0, 0, 0);
        for ruleset in rulesets() {
            let from = host("from");
            if !files.iter().any(|ending| ruleset.name.ends_with(ending)) || ruleset.load(&from).is_err() {
                continue;
            }
            loaded += 1;
            let before = Dump::of(&from);
            let listing = run(&from, save, std::process::Stdio::null());
            let after = match listing.and_then(|listing| loaded_again(load, &listing)) {
                Ok(after) => after,
                Err(complaint) => {
                    println!("{name} {}: {complaint}", ruleset.name);
                    continue;
                }
            };
            let lost = differences(&before, &after);
            same += usize::from(lost.is_empty());
            let lost = differences(&leniently(&before), &leniently(&after));
            nearly += usize::from(lost.is_empty());
            if let Some(first) = lost.first() {
                println!("{name} {}: {first}", ruleset.name);
            }
        }
        println!("{name} restores {same} of {loaded} rulesets; {nearly} in a lenient comparison");
    }
}
