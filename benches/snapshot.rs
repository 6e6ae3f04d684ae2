//! What a snapshot costs, step by step, in time and memory: `cargo bench --bench snapshot`.
//!
//! ```text
//!   take     the kernel to values        Netfilter::snapshot
//!   write    values to text              Snapshot::write_to
//!   read     text to values              Snapshot::read_from
//!   encode   values to a transaction     Snapshot::transaction
//!   commit   the transaction to the kernel
//! ```
//!
//! Of 50,000 rules and of 1,000,000 elements, each in a process of its own, whose largest memory is told after each
//! step. Once: these are figures of seconds. Everything happens in a network namespace of its own.

#[path = "parts/usual.rs"]
mod usual;

use std::{
    env, fs,
    io::{BufReader, BufWriter},
    process::Command,
    time::{Duration, Instant},
};

use usual::rule;

use portcullis::{
    Chain, DataType, Element, Family, Hook, Netfilter, Restore, Scope, Set, Snapshot, Table, Transaction,
    expr::Data,
};
use portcullis_world::{Host, require_namespaces};

const RULES: u32 = 50_000;
const ELEMENTS: u32 = 1_000_000;

fn rules() -> Table {
    Table::new(Family::Ip, "bench").chain(Chain::filter("input", Hook::Input).rules((0..RULES).map(rule)))
}

fn elements() -> Table {
    let elements = (0..ELEMENTS).map(|key| Element::new(Data::network_u32(key)));
    Table::new(Family::Ip, "bench")
        .set(Set::new("many", DataType::IPV4_ADDR).size(ELEMENTS).elements(elements))
}

/// The most memory that this process ever had, in MiB.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1024
}

/// How long this thread had a processor, the kernel's work for it included.
fn processor() -> Duration {
    let status = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(status.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or_default())
}

fn step<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let (begin, before) = (Instant::now(), processor());
    let result = work();
    let (elapsed, used) = (begin.elapsed().as_secs_f64(), (processor() - before).as_secs_f64());
    println!("  {name:<8} {elapsed:>8.3} s  {used:>8.3} s of a processor  {:>6} MiB at most", memory());
    result
}

fn save(host: &Host, file: &str) {
    let mut firewall = host.run(Netfilter::open).expect("a connection");
    let snapshot = step("take", || firewall.snapshot(Scope::Ruleset).expect("a snapshot"));
    step("write", || {
        snapshot.write_to(BufWriter::new(fs::File::create(file).expect("a file"))).expect("written");
    });
}

fn restore(file: &str) {
    let host = Host::new("to");
    let mut firewall = host.run(Netfilter::open).expect("a connection");
    let snapshot = step("read", || {
        let file = BufReader::with_capacity(1 << 16, fs::File::open(file).expect("a file"));
        Snapshot::read_from(file).expect("a snapshot")
    });
    let transaction = step("encode", || snapshot.transaction(Restore::Replace));
    drop(snapshot);
    step("commit", || firewall.commit(&transaction).expect("restored"));
}

/// Both halves are processes of their own, so that each has its own largest memory.
fn main() {
    let file = env::temp_dir().join(format!("portcullis-bench-{}", std::process::id()));
    if let (Ok(half), Ok(file)) = (env::var("SNAPSHOT_HALF"), env::var("SNAPSHOT_FILE")) {
        if half == "restore" {
            return restore(&file);
        }
        let host = Host::new("from");
        let mut firewall = host.run(Netfilter::open).expect("a connection");
        let table = if half == "rules" { rules() } else { elements() };
        let mut transaction = Transaction::new();
        transaction.add_table(&table);
        drop(table);
        firewall.commit(&transaction).expect("loaded");
        drop(transaction);
        // What loading took is not the snapshot's: the largest memory counts from here (proc(5), clear_refs).
        let _ = fs::write("/proc/self/clear_refs", "5");
        println!("  (loaded  {:>48} MiB)", memory());
        return save(&host, &file);
    }
    if let Err(reason) = require_namespaces() {
        eprintln!("\nSKIP snapshot: nothing was measured: {reason}\n");
        return;
    }
    for (what, count) in [("rules", RULES), ("elements", ELEMENTS)] {
        println!("{count} {what}");
        for half in [what, "restore"] {
            let own = env::current_exe().expect("this program");
            let status = Command::new(own)
                .env("SNAPSHOT_HALF", half)
                .env("SNAPSHOT_FILE", &file)
                .status()
                .expect("a process");
            assert!(status.success(), "{half}: {status}");
        }
        println!("  file     {:>8.1} MB", fs::metadata(&file).expect("a file").len() as f64 / 1e6);
    }
    let _ = fs::remove_file(&file);
}
