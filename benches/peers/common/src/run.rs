//! One round: arguments in, a line of JSON out.

use std::process::ExitCode;
use std::time::Duration;

use crate::prepare::prepare;
use crate::{Contender, Failure, Result, Workload};

/// Runs the round that the command line asks for (`PROGRAM WORKLOAD SIZE`) and prints its time.
///
/// `open` makes the contender (its socket, say), which is not timed.
pub fn run<C: Contender>(open: impl FnOnce() -> Result<C>) -> ExitCode {
    match round(open) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            failure.status()
        }
    }
}

fn round<C: Contender>(open: impl FnOnce() -> Result<C>) -> Result<String> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(count), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: PROGRAM WORKLOAD SIZE".into());
    };
    let workload = Workload::named(&name).ok_or_else(|| format!("{name}: no such workload"))?;
    let count: u32 = count.parse().map_err(|error| format!("{count}: {error}"))?;
    prepare(workload, count)?;
    let mut contender = open()?;
    let time = match workload {
        Workload::Rules(shape) => contender.rules(shape, count)?,
        Workload::Set(members) => contender.set(members, count)?,
        Workload::AddOne | Workload::AddOneSpread => contender.add_rule(count)?,
        Workload::ReplaceElement => contender.replace_element(count)?,
        Workload::Snapshot => {
            return Err(Failure::Missing("the library has no snapshot of a ruleset that it could put back"));
        }
        Workload::List => {
            let (time, listed) = contender.list()?;
            if listed != usize::try_from(count)? {
                return Err(format!("{listed} rules listed, {count} are there").into());
            }
            time
        }
        Workload::SmallTransactions => {
            let times: Result<Vec<Duration>> = (0..count).map(|index| contender.add_rule(index)).collect();
            return Ok(samples(&times?));
        }
    };
    Ok(format!("{{\"seconds\": {}}}", seconds(time)))
}

fn samples(times: &[Duration]) -> String {
    let times: Vec<String> = times.iter().map(|time| seconds(*time)).collect();
    format!("{{\"samples\": [{}]}}", times.join(", "))
}

fn seconds(time: Duration) -> String {
    format!("{:.9}", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds() {
        assert_eq!(
            samples(&[Duration::from_nanos(12_000), Duration::from_secs(1)]),
            "{\"samples\": [0.000012000, 1.000000000]}"
        );
        assert_eq!(samples(&[]), "{\"samples\": []}");
    }
}
