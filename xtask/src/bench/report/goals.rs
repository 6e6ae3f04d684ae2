//! What this library wants to be, as ratios in one run, and whether it was.

use super::{Report, count, numbers::three_digits};
use crate::bench::contender::{FLOOR, NFT, OURS};
use crate::bench::statistics::{difference, ratio, ratio_between};

/// A wish for ratios.
#[derive(Debug)]
pub(crate) struct Goal {
    what: &'static str,
    workloads: &'static [&'static str],
    /// From this size on.
    from: u32,
    wish: Wish,
}

#[derive(Clone, Copy, Debug)]
enum Wish {
    /// At most so many times the floor.
    Floor(f64),
    /// nft takes at least so many times as long.
    Nft(f64),
    /// No other library is faster.
    Libraries,
    /// A rule takes at most so many seconds.
    Seconds(f64),
    /// What it takes beside the floor is at most so many times that of the smallest size.
    Flat(f64),
}

const RULES: &[&str] = &["rules-facts", "rules-port", "rules-nat"];

/// The goals.
pub(crate) const GOALS: [Goal; 7] = [
    Goal {
        what: "Rules, 10,000 and more: at most 1.03 times the floor",
        workloads: RULES,
        from: 10_000,
        wish: Wish::Floor(1.03),
    },
    Goal {
        what: "Rules, 10,000 and more: `nft -f` takes 1.8 times as long",
        workloads: RULES,
        from: 10_000,
        wish: Wish::Nft(1.8),
    },
    Goal { what: "Rules: no Rust or Go library is faster", workloads: RULES, from: 0, wish: Wish::Libraries },
    Goal {
        what: "A hash set: at most 1.03 times the floor",
        workloads: &["set-hash"],
        from: 0,
        wish: Wish::Floor(1.03),
    },
    Goal {
        what: "Listing, 10,000 rules and more: at most 1.2 times the floor",
        workloads: &["list"],
        from: 10_000,
        wish: Wish::Floor(1.2),
    },
    Goal {
        what: "A change beside 50,000 rules in other chains, or in a large set: what is added to the kernel's own time (the floor, \
               which grows) is at most 1.5 times that of a change beside few",
        workloads: &["add-one-spread", "replace-element"],
        from: 10_000,
        wish: Wish::Flat(1.5),
    },
    Goal {
        what: "Encoding a rule of six words: at most 300 ns",
        workloads: &["encode"],
        from: 0,
        wish: Wish::Seconds(300e-9),
    },
];

/// Other libraries, not programs.
const LIBRARIES: [&str; 5] = ["nlink", "nftnl", "rustables", "nftables", "google-nftables"];

impl Goal {
    /// What was wished, what was found, and whether it is met; `None` where nothing of it was measured.
    pub(crate) fn judge(&self, report: &Report) -> Option<(&'static str, String, bool)> {
        let mut found = Vec::new();
        let mut is_met = true;
        for workload in self.workloads {
            for size in report.sizes(workload).into_iter().filter(|size| *size >= self.from) {
                let Some((value, fits)) = self.wish.look(report, workload, size) else { continue };
                is_met &= fits;
                found.push(format!("{workload} {}: {value}", count(size)));
            }
        }
        (!found.is_empty()).then(|| (self.what, found.join("; "), is_met))
    }
}

impl Wish {
    /// The value found, and whether it fits.
    fn look(self, report: &Report, workload: &str, size: u32) -> Option<(String, bool)> {
        let row = report.row(workload, size, OURS)?;
        match self {
            Wish::Floor(most) => {
                let ratio = row.ratio_to_floor?;
                let floor = report.row(workload, size, FLOOR)?;
                floor.median_s?;
                let between = ratio_between(&row.rounds_s, &floor.rounds_s).map(|ends| between(ends, 3));
                Some((format!("{ratio:.3}{}", in_brackets(&[between])), ratio <= most))
            }
            Wish::Nft(least) => {
                let nft = report.row(workload, size, NFT)?;
                nft.median_s?;
                let times = 1.0 / row.ratio_to_nft?;
                let sure = ratio_between(&nft.rounds_s, &row.rounds_s).map(|ends| between(ends, 2));
                // Who sends these bytes cannot do better.
                let floor = report.row(workload, size, FLOOR);
                let best = floor.and_then(|floor| ratio(&nft.rounds_s, &floor.rounds_s));
                let best = best.map(|best| format!("of the floor {best:.2}"));
                Some((format!("{times:.2}{}", in_brackets(&[sure, best])), times >= least))
            }
            Wish::Libraries => {
                let times = |name: &str| ratio(&report.row(workload, size, name)?.rounds_s, &row.rounds_s);
                let others = LIBRARIES.iter().filter_map(|name| Some((name, times(name)?)));
                let (name, times) = others.min_by(|(_, left), (_, right)| left.total_cmp(right))?;
                Some((format!("next is {name}, {times:.2} times as long"), times >= 1.0))
            }
            Wish::Flat(most) => {
                let added = |size| {
                    let floor = report.row(workload, size, FLOOR)?;
                    difference(&report.row(workload, size, OURS)?.rounds_s, &floor.rounds_s)
                };
                let smallest = report.sizes(workload).into_iter().min()?;
                let (few, many) = (added(smallest)?, added(size)?);
                let text = |added: f64| format!("{} µs", three_digits(added * 1e6));
                Some((
                    format!("{} after {} beside {}", text(many), text(few), count(smallest)),
                    many <= few * most,
                ))
            }
            Wish::Seconds(most) => {
                let seconds = row.median_s?;
                Some((format!("{} ns", three_digits(seconds * 1e9)), seconds <= most))
            }
        }
    }
}

/// A confidence interval.
fn between([least, most]: [f64; 2], digits: usize) -> String {
    format!("{least:.digits$} to {most:.digits$}")
}

/// What is known of it behind a figure.
fn in_brackets(remarks: &[Option<String>]) -> String {
    let known: Vec<_> = remarks.iter().flatten().map(String::as_str).collect();
    if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::*;

    #[test]
    fn goals_are_judged_by_what_was_measured() {
        let report = example();
        let judged: Vec<_> = GOALS.iter().filter_map(|goal| goal.judge(&report)).collect();
        // The other libraries failed, and sets, listings and encoding were not measured.
        assert_eq!(judged.len(), 2);
        let (_, found, is_met) = &judged[0];
        assert_eq!((found.as_str(), *is_met), ("rules-facts 10,000: 1.075", false));
        let (_, found, is_met) = &judged[1];
        assert!(*is_met && found.contains("10,000: 2.34"), "{found}");
    }

    #[test]
    fn what_grows_in_the_kernel_alone_is_no_growth() {
        let mut report = example();
        for row in &mut report.rows {
            row.workload = "add-one-spread".into();
        }
        let judge = |report: &Report| {
            let goal = GOALS.iter().find(|goal| matches!(goal.wish, Wish::Flat(_))).expect("there is one");
            goal.judge(report).map(|(_, found, is_met)| (found, is_met))
        };
        let grown = "add-one-spread 10,000: 10000 µs after 1000 µs beside 1,000".to_owned();
        assert_eq!(judge(&report), Some((grown, false)));
        for row in report.rows.iter_mut().filter(|row| row.contender == OURS && row.size == 10_000) {
            row.rounds_s = vec![Some(0.101), Some(0.201)];
        }
        assert!(judge(&report).is_some_and(|(_, is_met)| is_met));
    }
}
