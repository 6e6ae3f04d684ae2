//! Rounds: within each, all contenders take their turns.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use super::contender::{Contender, OURS, is_compared, is_near_floor};
use super::job::{Job, Outcome};
use super::options::Options;
use super::plan::Plan;
use super::report::{Measured, Series};
use super::runner;
use super::workload::{WORKLOADS, Workload};
use crate::process::{Result, seconds};

/// Behind all rounds nft joins the floor and the library in each of so many turns: it is less near. An odd number, so that it
/// does in turns of both directions.
const WITH_NFT: usize = 3;

/// Measures everything that was asked for.
pub(crate) fn run(
    plan: &Plan<'_>,
    contenders: &[&'static Contender],
    options: &Options,
) -> Result<Vec<Measured>> {
    let chosen: Vec<&Workload> =
        WORKLOADS.iter().filter(|workload| options.wants_workload(workload.name)).collect();
    let work = |workload: &'static Workload, size: u32, times: usize| {
        let rounds = options.rounds.unwrap_or(times);
        let compared = workload.compared(options.quick, rounds);
        let turns = rounds * (1 + compared);
        // Who says how many rounds it are to be says it of these, too.
        let near_floor =
            options.rounds.map_or_else(|| workload.near_floor(options.quick, size, turns), |_| 0);
        Work { plan, workload, size, rounds, compared, near_floor }
    };
    let all: f64 = chosen
        .iter()
        .flat_map(|workload| workload.sizes(options.quick).iter().map(move |size| (workload, size)))
        .map(|(workload, (size, times))| work(workload, *size, *times).estimate(contenders.len()))
        .sum();
    let mut progress = Progress::new(all);
    let mut measured = Vec::new();
    for workload in chosen {
        let mut barred = Vec::new();
        for (size, times) in workload.sizes(options.quick) {
            let work = work(workload, *size, *times);
            measured.push(work.measure(contenders, &mut barred, &mut progress)?);
        }
    }
    progress.end();
    Ok(measured)
}

/// A workload at one size.
struct Work<'w> {
    plan: &'w Plan<'w>,
    workload: &'static Workload,
    size: u32,
    rounds: usize,
    /// How often those whom the goals compare take turns alone behind each round.
    compared: usize,
    /// How often the floor and the library do behind all of them.
    near_floor: usize,
}

/// A contender's job, or nothing where there is none any more.
struct Turn {
    job: Option<Job>,
    series: Series,
}

impl Work<'_> {
    /// Seconds that it takes, roughly.
    fn estimate(&self, contenders: usize) -> f64 {
        self.workload.estimate(self.size, contenders, self.rounds, self.compared, self.near_floor)
    }

    /// `barred`: contenders that need not be tried at this size, with the reason; it grows.
    fn measure(
        &self,
        contenders: &[&'static Contender],
        barred: &mut Vec<(&'static str, String)>,
        progress: &mut Progress,
    ) -> Result<Measured> {
        let mut turns = Vec::new();
        let takes_part = |one: &&&Contender| !self.workload.is_ours_alone() || one.name == OURS;
        for contender in contenders.iter().filter(takes_part) {
            turns.push(self.turn(contender, barred)?);
        }
        for round in 0..self.rounds {
            self.take_turns(&mut turns, round, progress, barred, |_| true);
            for more in 1..=self.compared {
                self.take_turns(&mut turns, round + more, progress, barred, is_compared);
            }
        }
        for more in 0..self.near_floor {
            let with_nft = more.is_multiple_of(WITH_NFT);
            let takes_part = |name: &str| if with_nft { is_compared(name) } else { is_near_floor(name) };
            self.take_turns(&mut turns, self.rounds + more, progress, barred, takes_part);
        }
        let series = turns.into_iter().map(|turn| turn.series).collect();
        Ok(Measured { workload: self.workload.name.into(), size: self.size, series })
    }

    /// One round of those who take part in it.
    fn take_turns(
        &self,
        turns: &mut [Turn],
        round: usize,
        progress: &mut Progress,
        barred: &mut Vec<(&'static str, String)>,
        takes_part: impl Fn(&str) -> bool,
    ) {
        let count = turns.len();
        for place in 0..count {
            // There and back: who goes before whom changes from round to round, neighbours stay neighbours.
            let place = if round.is_multiple_of(2) { place } else { count - 1 - place };
            let Some(turn) = turns.get_mut(place) else { continue };
            if !takes_part(turn.series.contender) {
                turn.series.skip();
                continue;
            }
            progress.show(self, turn.series.contender, round);
            let outcome = turn.job.as_ref().map(runner::run);
            progress.done(self.workload.estimate_one(self.size));
            let Some(outcome) = outcome else {
                turn.series.skip();
                continue;
            };
            if let Some(error) = &outcome.error {
                // What cannot be done, or not in time, will not be done at a larger size.
                if outcome.is_missing || error.starts_with("not done after") {
                    barred.push((turn.series.contender, error.clone()));
                }
                turn.job = None;
            }
            turn.series.add(&outcome);
        }
    }

    fn turn(&self, contender: &'static Contender, barred: &[(&'static str, String)]) -> Result<Turn> {
        let mut series = Series::new(contender.name);
        if let Some((_, why)) = barred.iter().find(|(name, _)| *name == contender.name) {
            series.fail(&Outcome::missing(why.clone()));
            return Ok(Turn { job: None, series });
        }
        if let Some(saving) = self.plan.saving(contender, self.workload, self.size)? {
            let outcome = runner::run(&saving);
            if outcome.error.is_some() {
                series.fail(&outcome);
                return Ok(Turn { job: None, series });
            }
        }
        match self.plan.job(contender, self.workload, self.size)? {
            Ok(job) => Ok(Turn { job: Some(job), series }),
            Err(why) => {
                series.fail(&Outcome::missing(why));
                Ok(Turn { job: None, series })
            }
        }
    }
}

/// The line that says what is being done, and how long it will take.
struct Progress {
    start: Instant,
    all: f64,
    done: f64,
    is_terminal: bool,
    shown: Option<(String, u32)>,
}

impl Progress {
    fn new(all: f64) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        Self { start: Instant::now(), all, done: 0.0, is_terminal, shown: None }
    }

    /// On a terminal the line is written over; elsewhere there is one for each workload and size.
    fn show(&mut self, work: &Work<'_>, contender: &str, round: usize) {
        let place = (work.workload.name.to_owned(), work.size);
        // The estimate may be short; what is being done is not done.
        let percent = (100.0 * self.done / self.all.max(f64::MIN_POSITIVE)).min(99.0);
        let line = format!("{percent:>3.0} %  {} {}", place.0, place.1);
        let left = self.left().map_or_else(String::new, |left| format!("  about {} left", seconds(left)));
        let mut stderr = std::io::stderr().lock();
        // Nobody looking is no reason to stop.
        if self.is_terminal {
            let _ = write!(
                stderr,
                "\r\x1b[K{line}  round {} of {}  {contender}{left}",
                round + 1,
                work.rounds + work.near_floor
            );
            let _ = stderr.flush();
        } else if self.shown.as_ref() != Some(&place) {
            let _ = writeln!(stderr, "{line}  {} rounds{left}", work.rounds);
            self.shown = Some(place);
        }
    }

    fn done(&mut self, estimate: f64) {
        self.done += estimate;
    }

    /// What is left, if it goes on as it went.
    fn left(&self) -> Option<Duration> {
        let elapsed = self.start.elapsed();
        if elapsed < Duration::from_secs(5) || self.done <= 0.0 {
            return None;
        }
        let left = elapsed.as_secs_f64() * (self.all - self.done) / self.done;
        Duration::try_from_secs_f64(left).ok()
    }

    fn end(&self) {
        if self.is_terminal {
            eprint!("\r\x1b[K");
        }
    }
}
