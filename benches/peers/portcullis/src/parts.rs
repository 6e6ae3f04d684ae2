//! Encoding and decoding alone, without a kernel: per rule, warm.

use std::{hint::black_box, time::Instant};

use portcullis::{Netfilter, Rule, Transaction, netlink::KernelSocket};

use crate::{
    Outcome, Result,
    shapes::{self, INPUT},
};

/// The bench `listing` has the same use for recorded answers.
#[path = "../../../listing/replay.rs"]
mod replay;
use replay::{Recording, Replay};

/// How often the same rules are encoded or decoded; each time is one sample.
const PASSES: u32 = 200;

/// Rules that are values already, into bytes.
pub(crate) fn encode(size: u32) -> Outcome {
    let rules: Vec<Rule> = (0..size).map(shapes::facts).collect();
    samples(size, || {
        let mut transaction = Transaction::new();
        for rule in black_box(&rules) {
            transaction.add_rule(INPUT, rule);
        }
        transaction
    })
}

/// The kernel's answer, recorded, into rules.
pub(crate) fn decode(size: u32) -> Result<Outcome> {
    Netfilter::open()?.commit(&shapes::rules(size, shapes::facts))?;
    let mut recording = Netfilter::with_transport(Recording::new(KernelSocket::open()?));
    let listed = recording.rules(INPUT)?.len();
    let mut replay = Netfilter::with_transport(Replay::new(recording.into_transport()));
    let again = replay.rules(INPUT)?.len();
    if listed != size as usize || again != listed {
        return Err(format!("{size} rules were loaded, {listed} listed and {again} played back").into());
    }
    Ok(samples(size, || replay.rules(INPUT)))
}

/// Seconds for each rule, once for each pass; the first passes, which warm everything, are not counted.
fn samples<T>(size: u32, mut pass: impl FnMut() -> T) -> Outcome {
    let mut samples = Vec::new();
    for number in 0..PASSES + PASSES / 10 {
        let start = Instant::now();
        let made = black_box(pass());
        let elapsed = start.elapsed().as_secs_f64();
        drop(made);
        if number >= PASSES / 10 {
            samples.push(elapsed / f64::from(size.max(1)));
        }
    }
    Outcome::Samples(samples)
}
