//! Two things timed in turns, so that what disturbs the machine disturbs both.

use std::{
    fs,
    hint::black_box,
    time::{Duration, Instant},
};

/// How long something took, and for how much of that it had a processor.
#[derive(Clone, Copy)]
struct Time {
    wall: Duration,
    processor: Duration,
}

/// The times of two things.
#[derive(Default)]
pub(crate) struct Pairs {
    first: Vec<Time>,
    second: Vec<Time>,
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
            total += time.wall;
        }
        total
    }

    /// In seconds; `None` where the command line left this out.
    pub(crate) fn medians(&self) -> Option<(f64, f64)> {
        self.medians_of(|time| time.wall)
    }

    /// How much longer the second takes: by the clock, and by the processor's time, which a busy machine disturbs
    /// less.
    pub(crate) fn line(&self, second: &str, first: &str, count: u32, limit: Option<f64>) -> Vec<String> {
        let (Some((floor, time)), Some((floor_processor, processor))) =
            (self.medians(), self.medians_of(|time| time.processor))
        else {
            return Vec::new();
        };
        let (ratio, of_processor) = (time / floor, processor / floor_processor);
        let verdict = match limit {
            Some(limit) if of_processor > limit => format!("   OVER THE LIMIT OF {limit}"),
            _ => String::new(),
        };
        let (floor, time) = (microseconds(floor, count), microseconds(time, count));
        let (floor_processor, processor) =
            (microseconds(floor_processor, count), microseconds(processor, count));
        let pairs = self.first.len();
        vec![format!(
            "{second} {time:.2} us each, {first} {floor:.2} us: {ratio:.2} times; of the processor {processor:.2} \
             and {floor_processor:.2} us: {of_processor:.2} times ({pairs} pairs){verdict}"
        )]
    }

    fn medians_of(&self, part: impl Fn(&Time) -> Duration) -> Option<(f64, f64)> {
        Some((median(&self.first, &part)?, median(&self.second, &part)?))
    }
}

fn timed<R>(work: &mut impl FnMut() -> R) -> Time {
    let (start, before) = (Instant::now(), processor());
    let result = black_box(work());
    let time = Time { wall: start.elapsed(), processor: processor().saturating_sub(before) };
    drop(result);
    time
}

/// How long this thread has had a processor. To a few milliseconds: the kernel adds it up when its clock ticks.
fn processor() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

/// How long this thread has had a processor, and programs that it started and waited for. Of these the kernel
/// counts in hundredths of a second.
pub(crate) fn processor_and_children() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/stat").unwrap_or_default();
    // Behind the program's name, which may hold anything: cutime and cstime are fields 16 and 17 of all.
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(13).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    processor() + Duration::from_millis(10 * ticks)
}

fn median(times: &[Time], part: impl Fn(&Time) -> Duration) -> Option<f64> {
    let mut times: Vec<Duration> = times.iter().map(part).collect();
    times.sort_unstable();
    times.get(times.len() / 2).map(Duration::as_secs_f64)
}

/// Of one of so many.
pub(crate) fn microseconds(seconds: f64, count: u32) -> f64 {
    seconds * 1e6 / f64::from(count)
}
