//! Waiting until the machine is idle.
//!
//! The kernel frees the rules of a namespace that is gone behind everybody's back, on a processor that the next
//! contender may want: its round begins when nobody works any more, or after half a second on a machine that is never
//! idle.

use std::time::{Duration, Instant};

const LONGEST: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_millis(30);
/// The part of all processors' time that may be used while the machine counts as idle.
const IDLE: f64 = 0.1;

/// Waits; where `/proc/stat` cannot be read, not at all.
pub(crate) fn wait() {
    let start = Instant::now();
    let Some(mut before) = Ticks::now() else { return };
    while start.elapsed() < LONGEST {
        std::thread::sleep(LOOK);
        let Some(now) = Ticks::now() else { return };
        if now.busy_since(before) <= IDLE {
            return;
        }
        before = now;
    }
}

/// The processors' time since the machine was started, in the kernel's ticks (proc(5), `/proc/stat`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticks {
    all: u64,
    idle: u64,
}

impl Ticks {
    fn now() -> Option<Self> {
        Self::parse(&std::fs::read_to_string("/proc/stat").ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let numbers = text.lines().next()?.strip_prefix("cpu ")?;
        let numbers: Vec<u64> = numbers.split_whitespace().map_while(|word| word.parse().ok()).collect();
        // user nice system idle iowait irq softirq steal; guests are in user already.
        let all = numbers.iter().take(8).sum();
        Some(Self { all, idle: numbers.get(3)? + numbers.get(4).unwrap_or(&0) })
    }

    fn busy_since(self, before: Self) -> f64 {
        let all = self.all.saturating_sub(before.all);
        let idle = self.idle.saturating_sub(before.idle);
        if all == 0 { 1.0 } else { all.saturating_sub(idle) as f64 / all as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_line_is_read() {
        let before = Ticks::parse("cpu  10 0 20 100 5 0 0 0 0 0\ncpu0 1 2 3\n").expect("it is such a line");
        assert_eq!(before, Ticks { all: 135, idle: 105 });
        let after = Ticks::parse("cpu  11 0 22 107 5 0 0 0 0 0").expect("it is such a line");
        assert!((after.busy_since(before) - 0.3).abs() < 1e-9);
        assert!(Ticks::parse("intr 5").is_none());
        assert!(Ticks::now().is_some());
    }
}
