//! What the library's parts cost, each by itself and warm: `cargo bench --bench parts`. No kernel is asked, and no
//! privilege is needed.
//!
//! ```text
//!   rule/say         words to values                          element/encode   values of a set to bytes
//!   rule/encode      values to bytes                          element/decode   bytes to values
//!   rule/decode      bytes to values (expressions)            address/encode   an iterator of addresses to bytes
//!   rule/lower       words to expressions                     mapping/encode   the same of a map to marks
//!   rule/lift        expressions to words
//! ```
//!
//! Dropping what comes out is part of it. With a kernel: `rule_load`, `set_load`, `listing`. The same work, counted
//! in instructions, which no other program disturbs: `cargo xtask instructions`.

mod work;

use std::time::Duration;

use criterion::{Criterion, Throughput};

use work::WORKS;

/// So many pieces at a time stay in the cache.
const COUNT: u32 = 1_000;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for work in WORKS {
        let mut group = criterion.benchmark_group(work.name);
        group.throughput(Throughput::Elements(COUNT.into()));
        let mut run = (work.prepare)(COUNT);
        group.bench_function(COUNT.to_string(), |bencher| bencher.iter(&mut run));
        group.finish();
    }
    criterion.final_summary();
}
