//! How far our text in nft's language comes: given to `nft -f` elsewhere, is it the same ruleset again?

use portcullis_world::need_namespaces;

use super::{
    compare::differences,
    corpus::{feed, host, rulesets},
    dump::Dump,
    own_listing::leniently,
};
use crate::support::open;

/// Rulesets that come back otherwise although our text has words for all of them, and why.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// Where the text leaves nothing out, nft makes the same ruleset of it.
#[test]
fn our_text_is_the_same_ruleset_for_nft() {
    need_namespaces!();
    let (mut loaded, mut same, mut said, mut problems) = (0, 0, 0, Vec::new());
    for ruleset in rulesets() {
        let (from, to) = (host("from"), host("to"));
        if ruleset.load(&from).is_err() {
            // The other tests report it.
            continue;
        }
        loaded += 1;
        let before = Dump::of(&from);
        let read = open(&from).ruleset(None).expect("the ruleset is read");
        let losses = read.nft().losses();
        let fed = feed(&to, &["nft", "-f", "-"], read.nft().to_string().as_bytes());
        let lost = match fed {
            Ok(_) => differences(&leniently(before), &leniently(Dump::of(&to))),
            Err(complaint) => vec![complaint],
        };
        same += usize::from(lost.is_empty());
        said += usize::from(losses.is_empty());
        let expected = EXCEPTIONS.iter().any(|(name, _)| *name == ruleset.name);
        match lost.first() {
            Some(first) if losses.is_empty() && !expected => {
                problems.push(format!("{}: {first}", ruleset.name));
            }
            None if expected => problems.push(format!("{} is no exception any more", ruleset.name)),
            _ => {}
        }
    }
    println!("our nft text restores {same} of {loaded} rulesets; it says that it is whole for {said}");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
