//! How far our text in nft's language comes, and nft's own listing beside it: given to `nft -f` elsewhere, is it the same
//! ruleset again?

use std::process::Stdio;

use portcullis::{
    Ruleset,
    expr::Expr,
    render::nft::{Loss, LossKind},
};
use portcullis_world::need_namespaces;

use super::{
    compare::differences,
    corpus::{host, rulesets, run},
    dump::Dump,
    lenient::{bytecode, leniently},
    own_listing::loaded_again,
};
use crate::support::open;

/// Rulesets that come back otherwise although our text has words for all of them, and why.
const EXCEPTIONS: &[(&str, &str)] = &[];

const LOAD: [&str; 3] = ["nft", "-f", "-"];

/// What is not the same after a listing was loaded.
struct Outcome {
    refused: Option<String>,
    bytecode: Vec<String>,
    ruleset: Vec<String>,
}

impl Outcome {
    fn of(before: &Dump, listing: Result<Vec<u8>, String>) -> Self {
        match listing.and_then(|listing| loaded_again(&LOAD, &listing)) {
            Ok(after) => Self {
                refused: None,
                bytecode: differences(&bytecode(before), &bytecode(&after)),
                ruleset: differences(&leniently(before), &leniently(&after)),
            },
            Err(complaint) => Self {
                bytecode: vec![complaint.clone()],
                ruleset: vec![complaint.clone()],
                refused: Some(complaint),
            },
        }
    }
}

/// How many rulesets came back.
#[derive(Default)]
struct Figures {
    bytecode: usize,
    ruleset: usize,
    /// As `ruleset`, of those that nft itself can say: that it made.
    of_nft: usize,
}

impl Figures {
    fn count(&mut self, outcome: &Outcome, made_by_nft: bool) {
        self.bytecode += usize::from(outcome.bytecode.is_empty());
        self.ruleset += usize::from(outcome.ruleset.is_empty());
        self.of_nft += usize::from(made_by_nft && outcome.ruleset.is_empty());
    }
}

/// Expressions of xtables, which nft cannot read, that are not among the losses with their places and names.
fn foreign_expressions(ruleset: &Ruleset, losses: &[Loss]) -> impl Iterator<Item = String> {
    let mut missing = Vec::new();
    for table in &ruleset.tables {
        for chain in &table.chains {
            for (rule, number) in chain.rules.iter().zip(1..) {
                let place =
                    format!("table {} {}, chain {}, rule {number}", table.family, table.name, chain.name);
                for expression in rule.expressions() {
                    let name = match expression {
                        Expr::XtMatch(xt) => format!("xt match {}", xt.name),
                        Expr::XtTarget(xt) => format!("xt target {}", xt.name),
                        _ => continue,
                    };
                    if !losses.iter().any(|loss| {
                        loss.kind == LossKind::Unsaid && loss.place == place && loss.what.contains(&name)
                    }) {
                        missing.push(format!("{place}: {name} is lost in silence"));
                    }
                }
            }
        }
    }
    missing.into_iter()
}

/// Where the text leaves nothing out, nft makes the same ruleset of it; and wherever nft's own listing does as well, ours
/// does.
#[test]
fn our_text_is_the_same_ruleset_for_nft() {
    need_namespaces!();
    let (mut ours, mut nfts) = (Figures::default(), Figures::default());
    let mut loaded_by_nft = 0;
    let (mut loaded, mut whole, mut other_bytes, mut problems) = (0, 0, 0, Vec::new());
    for ruleset in rulesets() {
        let from = host("from");
        if ruleset.load(&from).is_err() {
            // The other tests report it.
            continue;
        }
        loaded += 1;
        let before = Dump::of(&from);
        let read = open(&from).ruleset(None).expect("the ruleset is read");
        let losses = read.nft().losses();
        let our = Outcome::of(&before, Ok(read.nft().to_string().into_bytes()));
        let nft = Outcome::of(&before, run(&from, &["nft", "list", "ruleset"], Stdio::null()));
        let made_by_nft = ruleset.name.ends_with(".nft");
        loaded_by_nft += usize::from(made_by_nft);
        ours.count(&our, made_by_nft);
        nfts.count(&nft, made_by_nft);
        whole += usize::from(losses.is_empty());
        let only_bytes = losses.iter().all(|loss| loss.kind == LossKind::OtherBytes);
        other_bytes += usize::from(only_bytes && !losses.is_empty());
        let mut problem = |what: String| problems.push(format!("{}: {what}", ruleset.name));
        let expected = EXCEPTIONS.iter().any(|(name, _)| *name == ruleset.name);
        match our.ruleset.first() {
            Some(first) if losses.is_empty() && !expected => problem(first.clone()),
            None if expected => problem("is no exception any more".to_owned()),
            _ => {}
        }
        // What is told as a loss is one.
        if let (Some(loss), true) = (losses.first(), our.ruleset.is_empty()) {
            problem(format!("comes back, and is said to lose: {loss}"));
        }
        // What only comes back in other bytes is taken by nft.
        if let (Some(complaint), true) = (&our.refused, only_bytes) {
            problem(format!("nft refuses it: {complaint}"));
        }
        foreign_expressions(&read, &losses).for_each(&mut problem);
        for (our, nft) in [(&our.bytecode, &nft.bytecode), (&our.ruleset, &nft.ruleset)] {
            if let (Some(first), true) = (our.first(), nft.is_empty()) {
                problem(format!("nft's own listing comes back, ours does not: {first}"));
            }
        }
    }
    println!(
        "{loaded} rulesets; our text is whole for {whole}, and comes back in other bytes for {other_bytes}"
    );
    println!("the same bytecode: our text {} of {loaded}, nft's own {}", ours.bytecode, nfts.bytecode);
    println!("the same ruleset: our text {} of {loaded}, nft's own {}", ours.ruleset, nfts.ruleset);
    println!(
        "of {loaded_by_nft} that nft made, the same ruleset: our text {}, nft's own {}",
        ours.of_nft, nfts.of_nft
    );
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
