//! What loading rules costs, and how much of that is ours: `cargo bench --bench rule_load`.
//!
//! ```text
//!   say      words to values       Rule::new().tcp().saddr(..)...        no kernel
//!   encode   values to bytes       Transaction::add_rule                 no kernel
//!   load     values to the kernel  a Transaction, filled and committed; its memory is used again
//!   replay   bytes to the kernel   the same Transaction, encoded in advance: the floor
//! ```
//!
//! At the end a line for each size tells the share of a load that is encoding: it is to stay under 3 %. What encoding costs in
//! memory that is touched for the first time, as by a new Transaction, is told beside it.
//! Everything happens in a network namespace of its own; the rules are deleted outside the timing.

#[path = "parts/usual.rs"]
mod usual;

use std::{
    fs,
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use usual::rule;

use portcullis::{
    Chain, Error, Family, Hook, Netfilter, Rule, Table, Transaction,
    netlink::{KernelSocket, Transport},
};
use portcullis_world::{Host, require_namespaces};

const SIZES: [u32; 4] = [100, 1_000, 10_000, 50_000];
const CHAIN: (Family, &str, &str) = (Family::Ip, "bench", "input");
/// The part of a load that encoding may take.
const BUDGET: f64 = 3.0;

fn rules(count: u32) -> Vec<Rule> {
    (0..count).map(rule).collect()
}

/// A table with one chain that holds the rules.
fn encode(rules: &[Rule], transaction: &mut Transaction) {
    transaction.clear();
    transaction.add_table(Table::new(Family::Ip, "bench"));
    transaction.add_chain((Family::Ip, "bench"), Chain::filter("input", Hook::Input));
    for rule in rules {
        transaction.add_rule(CHAIN, rule);
    }
}

fn encoded(rules: &[Rule]) -> Transaction {
    let mut transaction = Transaction::new();
    encode(rules, &mut transaction);
    transaction
}

/// Deletes the table, and lets the kernel free the rules, which it does behind the caller's back.
fn clear(firewall: &mut Netfilter, count: u32) {
    let mut transaction = Transaction::new();
    transaction.add_table(Table::new(Family::Ip, "bench"));
    transaction.delete_table((Family::Ip, "bench"));
    firewall.commit(&transaction).expect("the table is deleted");
    thread::sleep(Duration::from_millis(1) + Duration::from_micros(2) * count);
}

/// Where the time of the loads of one size went.
#[derive(Default)]
struct Shares {
    loads: u32,
    encoding: Duration,
    committing: Duration,
    replays: u32,
    replaying: Duration,
    /// Encodings into memory that the kernel has to give first.
    firsts: u32,
    encoding_first: Duration,
    /// How often one of them touched such memory.
    page_faults: u64,
}

impl Shares {
    fn percent(&self) -> f64 {
        let whole = self.encoding + self.committing;
        100.0 * self.encoding.as_secs_f64() / whole.as_secs_f64()
    }

    fn report(&self, count: u32) {
        let microseconds = |total: Duration, times: u32| {
            total.as_secs_f64() * 1e6 / f64::from(times.max(1)) / f64::from(count)
        };
        let verdict = if self.percent() < BUDGET { "" } else { "   OVER THE BUDGET OF 3 %" };
        println!(
            "{count:>6} rules: encoding is {:.2} % of the load ({:.3} of {:.2} us a rule); replay {:.2} us a rule{verdict}\n\
             \x20      in a new transaction {:.3} us a rule, {} page faults",
            self.percent(),
            microseconds(self.encoding, self.loads),
            microseconds(self.encoding + self.committing, self.loads),
            microseconds(self.replaying, self.replays),
            microseconds(self.encoding_first, self.firsts),
            self.page_faults,
        );
    }
}

/// The page faults of this thread that needed no disk, so far.
fn page_faults() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/stat").unwrap_or_default();
    // Behind the program's name, which may hold anything: minflt is field 10 of all.
    let field = text.rsplit(')').next().unwrap_or_default().split_whitespace().nth(7);
    field.and_then(|field| field.parse().ok()).unwrap_or_default()
}

fn without_kernel(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("say");
    for count in SIZES {
        group.throughput(Throughput::Elements(count.into()));
        group.bench_with_input(BenchmarkId::from_parameter(count), &count, |bencher, count| {
            bencher.iter(|| rules(black_box(*count)));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("encode");
    for count in SIZES {
        let rules = rules(count);
        let bytes = u64::try_from(encoded(&rules).byte_len()).unwrap_or(u64::MAX);
        group.throughput(Throughput::ElementsAndBytes { elements: count.into(), bytes });
        group.bench_with_input(BenchmarkId::from_parameter(count), &rules, |bencher, rules| {
            let mut transaction = Transaction::new();
            bencher.iter(|| encode(black_box(rules), &mut transaction));
        });
    }
    group.finish();
}

/// Loads and replays; `None` where the process may not send so much at once.
fn with_kernel(criterion: &mut Criterion, firewall: &mut Netfilter, count: u32) -> Option<Shares> {
    let rules = rules(count);
    let prepared = encoded(&rules);
    // 64: more than a batch's beginning and end.
    let room = KernelSocket::open().and_then(|mut socket| socket.make_room(prepared.byte_len() + 64, 0));
    let room = room.expect("a netlink socket");
    if room.send < prepared.byte_len() + 64 {
        let (needed, limit) = (prepared.byte_len(), room.send);
        eprintln!(
            "\nSKIP rule_load: load and replay of {count} rules were NOT measured: {}\n",
            Error::TooLarge { needed, limit }
        );
        return None;
    }

    let mut shares = Shares::default();
    let mut transaction = Transaction::new();
    let mut group = criterion.benchmark_group("load");
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(count.into()));
    group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
        bencher.iter_custom(|iterations| {
            let mut total = Duration::ZERO;
            for _ in 0..iterations {
                clear(firewall, count);
                let start = Instant::now();
                encode(&rules, &mut transaction);
                let encoded = start.elapsed();
                firewall.commit(&transaction).expect("the rules are loaded");
                let loaded = start.elapsed();
                shares.loads += 1;
                shares.encoding += encoded;
                shares.committing += loaded - encoded;
                total += loaded;
            }
            total
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("replay");
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(count.into()));
    group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
        bencher.iter_custom(|iterations| {
            let mut total = Duration::ZERO;
            for _ in 0..iterations {
                clear(firewall, count);
                let start = Instant::now();
                firewall.commit(&prepared).expect("the rules are loaded");
                total += start.elapsed();
                shares.replays += 1;
            }
            shares.replaying += total;
            total
        });
    });
    group.finish();
    // They would be there to be used again.
    drop((prepared, transaction));
    for _ in 0..5 {
        let (before, start) = (page_faults(), Instant::now());
        let transaction = black_box(encoded(&rules));
        shares.encoding_first += start.elapsed();
        shares.firsts += 1;
        shares.page_faults = shares.page_faults.max(page_faults() - before);
        drop(transaction);
    }
    // Filtered out by the command line.
    (shares.loads > 0).then_some(shares)
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    without_kernel(&mut criterion);
    if let Err(reason) = require_namespaces() {
        eprintln!("\nSKIP rule_load: load and replay were NOT measured: {reason}\n");
        return criterion.final_summary();
    }
    let host = Host::new("bench");
    let _entered = host.enter();
    let mut firewall = Netfilter::open().expect("a netlink socket");
    let mut lines = Vec::new();
    for count in SIZES {
        lines.extend(with_kernel(&mut criterion, &mut firewall, count).map(|shares| (count, shares)));
    }
    criterion.final_summary();
    for (count, shares) in lines {
        shares.report(count);
    }
}
