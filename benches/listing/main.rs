//! What reading the ruleset costs, and how much of it is ours: `cargo bench --bench listing`.
//!
//! ```text
//!   floor   the kernel's dump of the same rules into a 64 KiB buffer, thrown away
//!   list    Netfilter::rules: dumped, and decoded into values
//!   ruleset Netfilter::ruleset: the same, with everything else that is asked for, put into tables and chains
//!   decode  the same with the kernel's answers recorded in advance: ours alone
//!   lift    expressions back to words
//!   nft     `nft list ruleset` into nothing
//! ```
//!
//! At the end lines tell the ratios. Each listing is timed right behind a floor of its own, so that a busy machine
//! disturbs both alike, and the medians are compared. Everything happens in a network namespace of its own.
//! `--test` runs everything once, with few rules.
//!
//! Behind the rules in one chain come the same rules in 100. `-- --shapes [CHAINS ...]` lists them in so many (1, 10,
//! 100 and 1,000) and does nothing else; `-- --million` lists 1,000,000 elements once.

mod replay;
mod shapes;
mod timings;
mod world;

use std::{hint::black_box, time::Instant};

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use portcullis::{Family, Netfilter, Rule, netlink::KernelSocket};
use portcullis_world::{Host, require_namespaces};

use replay::{Recording, Replay};
use timings::{Pairs, microseconds};
use world::{CHAIN, SET, floor_of_elements, floor_of_rules, load_elements, load_rules, nft};

/// In how many chains the rules are where `--shapes` names no others.
const SHAPES: [u32; 4] = [1, 10, 100, 1_000];

fn main() {
    let quick = std::env::args().any(|argument| argument == "--test");
    let (rules, elements) = if quick { (100, 1000) } else { (50_000, 100_000) };
    if let Err(reason) = require_namespaces() {
        eprintln!("\nSKIP listing: nothing was measured: {reason}\n");
        return;
    }
    let host = Host::new("bench");
    let _entered = host.enter();
    let mut firewall = Netfilter::open().expect("a netlink socket");
    // Criterion does not know these words.
    let mut arguments = std::env::args().skip_while(|argument| argument != "--shapes");
    if arguments.next().is_some() {
        let named: Vec<u32> = arguments.filter_map(|chains| chains.parse().ok()).collect();
        let shapes = if named.is_empty() { SHAPES.to_vec() } else { named };
        return shapes
            .iter()
            .for_each(|chains| println!("{}", shapes::measure(&mut firewall, rules, *chains)));
    }
    if std::env::args().any(|argument| argument == "--million") {
        return one_million(&mut firewall);
    }
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    load_rules(&mut firewall, rules, 1);
    let lines = of_rules(&mut criterion, &mut firewall, rules);
    let shape = (!quick).then(|| shapes::measure(&mut firewall, rules, 100));
    let more = of_elements(&mut criterion, &mut firewall, elements);
    criterion.final_summary();
    lines.into_iter().chain(shape).chain(more).for_each(|line| println!("{line}"));
}

fn of_rules(criterion: &mut Criterion, firewall: &mut Netfilter, count: u32) -> Vec<String> {
    let mut socket = KernelSocket::open().expect("a netlink socket");
    let mut group = criterion.benchmark_group("rules");
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(count.into()));
    let (mut listing, mut whole, mut foreign) = (Pairs::default(), Pairs::default(), Pairs::default());
    group.bench_function(BenchmarkId::new("floor", count), |bencher| {
        bencher.iter(|| floor_of_rules(&mut socket));
    });
    group.bench_function(BenchmarkId::new("list", count), |bencher| {
        bencher.iter_custom(|times| {
            listing.time(times, || floor_of_rules(&mut socket), || firewall.rules(CHAIN).expect("the rules"))
        });
    });
    group.bench_function(BenchmarkId::new("ruleset", count), |bencher| {
        bencher.iter_custom(|times| {
            whole.time(times, || floor_of_rules(&mut socket), || firewall.ruleset(None).expect("the ruleset"))
        });
    });
    group.bench_function(BenchmarkId::new("nft", count), |bencher| {
        bencher
            .iter_custom(|times| foreign.time(times, || firewall.ruleset(None).expect("the ruleset"), nft));
    });

    let mut recording = Netfilter::with_transport(Recording::new(KernelSocket::open().expect("a socket")));
    let rules = recording.rules(CHAIN).expect("the rules");
    assert_eq!(rules.len(), usize::try_from(count).unwrap_or_default());
    let mut replay = Netfilter::with_transport(Replay::new(recording.into_transport()));
    group.bench_function(BenchmarkId::new("decode", count), |bencher| {
        bencher.iter(|| replay.rules(CHAIN).expect("the rules"));
    });
    group.bench_function(BenchmarkId::new("lift", count), |bencher| {
        bencher
            .iter(|| rules.iter().map(|rule| black_box(rule).lift(Family::Ip, &[])).collect::<Vec<Rule>>());
    });
    group.finish();
    let mut lines = listing.line("rules: list", "floor", count, Some(1.2));
    lines.extend(whole.line("rules: ruleset", "floor", count, Some(1.2)));
    // Here the listing came first.
    if let Some((ours, theirs)) = foreign.medians() {
        let (ratio, each) = (theirs / ours, microseconds(theirs, count));
        lines.push(format!(
            "rules: nft list ruleset takes {ratio:.2} times as long as ruleset ({each:.2} us a rule)"
        ));
    }
    lines
}

fn of_elements(criterion: &mut Criterion, firewall: &mut Netfilter, count: u32) -> Vec<String> {
    load_elements(firewall, count);
    let mut socket = KernelSocket::open().expect("a netlink socket");
    let mut group = criterion.benchmark_group("elements");
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(count.into()));
    let mut listing = Pairs::default();
    group.bench_function(BenchmarkId::new("list", count), |bencher| {
        bencher.iter_custom(|times| {
            listing.time(
                times,
                || floor_of_elements(&mut socket),
                || firewall.elements(SET).expect("the elements"),
            )
        });
    });
    let mut recording = Netfilter::with_transport(Recording::new(KernelSocket::open().expect("a socket")));
    recording.elements(SET).expect("the elements");
    let mut replay = Netfilter::with_transport(Replay::new(recording.into_transport()));
    group.bench_function(BenchmarkId::new("decode", count), |bencher| {
        bencher.iter(|| replay.elements(SET).expect("the elements"));
    });
    group.finish();
    listing.line("elements: list", "floor", count, None)
}

/// Once, for the kernel takes longer than in proportion.
fn one_million(firewall: &mut Netfilter) {
    const COUNT: u32 = 1_000_000;
    load_elements(firewall, COUNT);
    let mut socket = KernelSocket::open().expect("a netlink socket");
    let start = Instant::now();
    floor_of_elements(&mut socket);
    let floor = start.elapsed();
    let start = Instant::now();
    let elements = firewall.elements(SET).expect("the elements");
    let listed = start.elapsed();
    assert_eq!(elements.len(), 1_000_000);
    let ratio = listed.as_secs_f64() / floor.as_secs_f64();
    println!("1,000,000 elements: list {listed:.2?}, floor {floor:.2?}: {ratio:.2}");
}
