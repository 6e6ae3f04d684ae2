//! portcullis as a contender of `cargo xtask bench`, and the floor that every contender is measured against.
//!
//! ```text
//!   bench-portcullis WORKLOAD SIZE           one round, to the protocol in ../README.md
//!   bench-portcullis --floor WORKLOAD SIZE   the same bytes, made before the clock starts
//!   bench-portcullis prepare WORKLOAD SIZE   what must be there before a round; for the harness, for all contenders
//!   bench-portcullis count rules|elements [SIZE]   how much is there, for the harness
//! ```
//!
//! ```text
//!   main ── change (transactions)  read (listing, snapshot)  parts (without a kernel)   count
//!               │                        │                       │
//!             floor ── the same, as bytes that are only sent, and dumps that are only received
//!               └── shapes (the rules and elements of the protocol) ──┘
//! ```
#![forbid(unsafe_code)]

mod change;
mod count;
mod floor;
mod parts;
mod read;
mod shapes;

use std::{env, error::Error, process::ExitCode, time::Instant};

/// Whatever goes wrong is told in its own words.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What one round took, in seconds.
enum Outcome {
    /// One piece of work.
    Whole(f64),
    /// Many, one after another.
    Samples(Vec<f64>),
}

impl Outcome {
    /// The protocol's line.
    fn print(&self) {
        match self {
            Outcome::Whole(seconds) => println!("{{\"seconds\": {seconds:.9}}}"),
            Outcome::Samples(samples) => {
                let samples: Vec<String> = samples.iter().map(|seconds| format!("{seconds:.9}")).collect();
                println!("{{\"samples\": [{}]}}", samples.join(", "));
            }
        }
    }
}

/// Does the work, and tells how long it took.
fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<f64> {
    let start = Instant::now();
    let result = work()?;
    let seconds = start.elapsed().as_secs_f64();
    drop(result);
    Ok(seconds)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["--floor", workload, size] => number(size).and_then(|size| floor::run(workload, size)).map(finish),
        ["prepare", workload, size] => {
            number(size).and_then(|size| change::prepare(workload, size)).map(|()| ExitCode::SUCCESS)
        }
        ["count", what, size] => number(size).and_then(|size| count::run(what, size)).map(|count| {
            println!("{count}");
            ExitCode::SUCCESS
        }),
        [workload, size] => number(size).and_then(|size| run(workload, size)).map(finish),
        _ => {
            Err("usage: bench-portcullis [--floor | prepare] WORKLOAD SIZE, or count rules|elements SIZE"
                .into())
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

fn number(text: &str) -> Result<u32> {
    text.parse().map_err(|_| format!("the size is a number, not `{text}`").into())
}

/// One round of a workload; `None` for one that is not known here.
fn run(workload: &str, size: u32) -> Result<Option<Outcome>> {
    if !is_prepared() {
        change::prepare(workload, size)?;
    }
    Ok(Some(match workload {
        "list" => read::list()?,
        "snapshot" => read::snapshot()?,
        "restore" => read::restore()?,
        "small-transactions" => change::small_transactions(size)?,
        "encode" => parts::encode(size),
        "decode" => parts::decode(size)?,
        _ => match change::transaction_of(workload) {
            Some(build) => change::load(size, build)?,
            None => return Ok(None),
        },
    }))
}

/// True where the harness has made what the workload begins with.
fn is_prepared() -> bool {
    env::var_os("BENCH_PREPARED").is_some_and(|value| value == "1")
}

/// The file of a snapshot.
fn file() -> Result<std::path::PathBuf> {
    env::var_os("BENCH_FILE")
        .map(Into::into)
        .ok_or_else(|| "BENCH_FILE must name a file for the snapshot".into())
}

fn finish(outcome: Option<Outcome>) -> ExitCode {
    match outcome {
        Some(outcome) => {
            outcome.print();
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("this workload has no meaning here");
            ExitCode::from(3)
        }
    }
}
