//! Where jumps lead: to chains that are there, and to targets that belong where the packets come from.

use super::{ChainName, plan::Plan, planned::Planned, spoken::Spoken};
use crate::Invalid;

impl Plan {
    /// What is wrong with new rules where jumps lead: chains that are not there, and targets that a default
    /// chain by which they are reached does not admit.
    pub(super) fn reach(&self) -> Vec<(usize, Invalid)> {
        let mut problems: Vec<(usize, Invalid)> = Vec::new();
        let new = |planned: &'_ Planned| -> Vec<(usize, Spoken)> {
            let new = planned.rules.iter().filter(|planted| planted.handle.is_none());
            new.map(|planted| (planted.command, planted.spoken.clone())).collect()
        };
        for planned in self.chains.iter().filter(|planned| !planned.deleted) {
            for (command, spoken) in new(planned) {
                for to in &spoken.jumps {
                    match self.find(to).map(|found| &found.name) {
                        Some(ChainName::User(_)) => {}
                        Some(ChainName::Builtin(_)) => {
                            let problem = format!("rules cannot jump to {to}: it is a default chain");
                            problems.push((command, Invalid::Combination { problem }));
                        }
                        None => problems.push((command, self.missing(to))),
                    }
                }
            }
        }
        for start in self.builtin.chains() {
            for reached in self.reached_from(start.name()) {
                for (command, spoken) in new(reached) {
                    let wrong = spoken.targets.iter().find_map(|target| {
                        let place = format!("{} (reached from {start})", reached.name);
                        target.check(self.builtin, *start, &place).err()
                    });
                    if let Some(problem) = wrong {
                        if problems.iter().all(|(known, _)| *known != command) {
                            problems.push((command, problem));
                        }
                    }
                }
            }
        }
        problems
    }

    /// The users' chains that packets of a default chain can come to.
    fn reached_from(&self, start: &str) -> Vec<&Planned> {
        let mut reached: Vec<&Planned> = Vec::new();
        let mut waiting: Vec<&Planned> = self.find(start).into_iter().collect();
        while let Some(planned) = waiting.pop() {
            for to in planned.rules.iter().flat_map(|planted| &planted.spoken.jumps) {
                let Some(next) = self.find(to) else { continue };
                let known = reached.iter().any(|known| known.name == next.name);
                if !known && matches!(next.name, ChainName::User(_)) {
                    reached.push(next);
                    waiting.push(next);
                }
            }
        }
        reached
    }
}
