//! The same rules in one chain and in many.

use std::process::Command;

use portcullis::{Netfilter, netlink::KernelSocket};

use crate::{
    timings::{microseconds, processor_and_children},
    world::{floor_at_once, floor_of_rules_in, load_rules, name, nft},
};

/// How often everything is done, by turns.
const ROUNDS: usize = 5;
/// How much longer than a listing `nft list ruleset` is to take where the rules are in 100 chains or more.
const WANTED: f64 = 3.0;

/// Lists so many rules in so many chains; gives what came of it, in the processor's time.
pub(crate) fn measure(firewall: &mut Netfilter, rules: u32, chains: u32) -> String {
    load_rules(firewall, rules, chains);
    let mut socket = KernelSocket::open().expect("a netlink socket");
    let has_nft = Command::new("nft").arg("--version").output().is_ok();
    let (mut at_once, mut one_by_one, mut ours, mut theirs) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        at_once.push(seconds(|| floor_at_once(&mut socket)));
        one_by_one.push(seconds(|| {
            (0..chains).map(|index| floor_of_rules_in(&mut socket, &name(index))).sum::<usize>()
        }));
        let mut found = None;
        ours.push(seconds(|| found = firewall.ruleset(None).ok()));
        let found = found.expect("the ruleset");
        let count: usize =
            found.tables.iter().flat_map(|table| &table.chains).map(|chain| chain.rules.len()).sum();
        assert_eq!(u32::try_from(count), Ok(rules));
        if has_nft {
            theirs.push(seconds(nft));
        }
    }
    let [at_once, one_by_one, ours] = [at_once, one_by_one, ours].map(median);
    let each = |seconds| microseconds(seconds, rules);
    let mut line = format!(
        "{rules} rules in {chains} chains: ruleset {:.2} us a rule; floor at once {:.2} us ({:.2} times), chain by \
         chain {:.2} us ({:.2} times)",
        each(ours),
        each(at_once),
        ours / at_once,
        each(one_by_one),
        ours / one_by_one,
    );
    if has_nft {
        let theirs = median(theirs);
        let verdict = if chains < 100 || theirs / ours >= WANTED { "" } else { "   LESS THAN 3 TIMES" };
        line += &format!("; nft {:.2} us ({:.2} times ruleset){verdict}", each(theirs), theirs / ours);
    }
    line
}

fn seconds<R>(work: impl FnOnce() -> R) -> f64 {
    let before = processor_and_children();
    std::hint::black_box(work());
    processor_and_children().saturating_sub(before).as_secs_f64()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
