//! Two things timed in turns, so that what disturbs the machine disturbs both.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// The times of two things.
#[derive(Default)]
pub(crate) struct Pairs {
    first: Vec<Duration>,
    second: Vec<Duration>,
}

impl Pairs {
    /// Does both so many times; gives the time of the second, without the dropping of what it gave.
    pub(crate) fn time<A, B>(
        &mut self,
        times: u64,
        mut first: impl FnMut() -> A,
        mut second: impl FnMut() -> B,
    ) -> Duration {
        let mut total = Duration::ZERO;
        for _ in 0..times {
            self.first.push(timed(&mut first));
            let time = timed(&mut second);
            self.second.push(time);
            total += time;
        }
        total
    }

    /// In seconds; `None` where the command line left this out.
    pub(crate) fn medians(&mut self) -> Option<(f64, f64)> {
        Some((median(&mut self.first)?, median(&mut self.second)?))
    }

    /// How much longer the second takes.
    pub(crate) fn line(&mut self, second: &str, first: &str, count: u32, limit: Option<f64>) -> Vec<String> {
        let Some((floor, time)) = self.medians() else {
            return Vec::new();
        };
        let ratio = time / floor;
        let verdict = match limit {
            Some(limit) if ratio > limit => format!("   OVER THE LIMIT OF {limit}"),
            _ => String::new(),
        };
        let (floor, time) = (microseconds(floor, count), microseconds(time, count));
        let pairs = self.first.len();
        vec![format!(
            "{second} {time:.2} us each, {first} {floor:.2} us, {ratio:.2} times ({pairs} pairs){verdict}"
        )]
    }
}

fn timed<R>(work: &mut impl FnMut() -> R) -> Duration {
    let start = Instant::now();
    let result = black_box(work());
    let time = start.elapsed();
    drop(result);
    time
}

fn median(times: &mut [Duration]) -> Option<f64> {
    times.sort_unstable();
    times.get(times.len() / 2).map(Duration::as_secs_f64)
}

/// Of one of so many.
pub(crate) fn microseconds(seconds: f64, count: u32) -> f64 {
    seconds * 1e6 / f64::from(count)
}
