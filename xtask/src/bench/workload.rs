//! What is measured: names, sizes, how many rounds each is worth, and what must be there afterwards.
//!
//! The shapes of rules and elements are in `benches/peers/README.md`, for every contender builds them itself.

/// One kind of work.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    /// A sentence for the report.
    pub(crate) title: &'static str,
    /// What the time is divided by for the figure of one; `None` where size is what is there, not what is done.
    pub(crate) unit: Option<&'static str>,
    /// What the size counts.
    pub(crate) of: &'static str,
    /// Sizes, each with its number of rounds: more where a round is short.
    full: &'static [(u32, usize)],
    /// The same for `--quick`.
    quick: &'static [(u32, usize)],
    /// At least so many times the floor, nft and the library are measured beside each other: goals speak of hundredths, and
    /// a single round is a few hundredths off. Not so with `--quick`.
    compared: usize,
    /// And so many times the floor and the library, at these sizes, nft in some of them: what a goal allows above the floor, or
    /// between two sizes, is less than one turn is off. Not so with `--quick`, either.
    near_floor: &'static [(u32, usize)],
    /// What is there afterwards.
    pub(crate) leaves: Leaves,
    /// The portcullis program makes what the workload begins with.
    pub(crate) is_prepared: bool,
    /// Microseconds for each of its size that one contender's round takes, roughly: for the estimate of the time left.
    cost: f64,
}

/// What a round leaves in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaves {
    /// As many rules as the size says, and so many more.
    Rules(u32),
    /// As many elements as the size says.
    Elements,
    /// Nothing that could be counted.
    Nothing,
}

/// How often what must be within hundredths of the floor is compared with it.
const CLOSELY: usize = 21;
/// How often at which sizes, where it may be three hundredths more: then a ratio is half a hundredth off, or a little more.
const RULES_NEAR_FLOOR: &[(u32, usize)] = &[(10_000, 201), (50_000, 101)];

/// All, in the order in which they run and are reported.
pub(crate) const WORKLOADS: [Workload; 16] = [
    Workload {
        name: "rules-facts",
        title: "Loading rules of six words: protocol, source address, port, connection state, counter, accept",
        unit: Some("rule"),
        of: "rules",
        full: &[(100, 15), (1_000, 11), (10_000, 7), (50_000, 5)],
        quick: &[(100, 5), (1_000, 5), (10_000, 3)],
        compared: CLOSELY,
        near_floor: RULES_NEAR_FLOOR,
        leaves: Leaves::Rules(0),
        is_prepared: false,
        cost: 50.0,
    },
    Workload {
        name: "rules-port",
        title: "Loading short rules: a port, accept",
        full: &[(100, 9), (1_000, 7), (10_000, 5), (50_000, 3)],
        quick: &[(1_000, 3), (10_000, 3)],
        compared: CLOSELY,
        near_floor: RULES_NEAR_FLOOR,
        ..LOADED_RULES
    },
    Workload {
        name: "rules-nat",
        title: "Loading NAT rules: a port, every second connection, a new destination",
        full: &[(100, 9), (1_000, 7), (10_000, 5), (50_000, 3)],
        quick: &[(1_000, 3), (10_000, 3)],
        compared: CLOSELY,
        near_floor: RULES_NEAR_FLOOR,
        ..LOADED_RULES
    },
    Workload {
        name: "set-hash",
        title: "Filling a set of addresses, its capacity declared where a contender can",
        full: &[(10_000, 11), (100_000, 7), (1_000_000, 5)],
        quick: &[(10_000, 5), (100_000, 5)],
        compared: CLOSELY,
        near_floor: &[(10_000, 201), (100_000, 201), (1_000_000, 61)],
        ..FILLED_SET
    },
    Workload {
        name: "set-interval",
        title: "Filling a set of networks (intervals)",
        full: &[(10_000, 7), (100_000, 5), (200_000, 3)],
        quick: &[(10_000, 3)],
        cost: 8.0,
        ..FILLED_SET
    },
    Workload {
        name: "set-concat",
        title: "Filling a set of pairs of address and port",
        full: &[(10_000, 7), (100_000, 5), (200_000, 3)],
        quick: &[(10_000, 3)],
        ..FILLED_SET
    },
    Workload {
        name: "set-map",
        title: "Filling a map from addresses to marks, its capacity declared where a contender can",
        full: &[(10_000, 7), (100_000, 5)],
        quick: &[(10_000, 3)],
        ..FILLED_SET
    },
    Workload {
        name: "add-one",
        title: "Adding one rule to a chain that holds many: what grows with them is the kernel's part, which is the floor",
        unit: None,
        of: "rules there",
        full: &[(1_000, 9), (10_000, 7), (50_000, 5)],
        quick: &[(1_000, 3), (10_000, 3)],
        compared: 0,
        near_floor: &[],
        leaves: Leaves::Rules(1),
        is_prepared: true,
        cost: 45.0,
    },
    Workload {
        name: "add-one-spread",
        title: "Adding one rule to an empty chain, beside many chains of a hundred rules each",
        unit: None,
        of: "rules there",
        full: &[(1_000, 7), (10_000, 5), (50_000, 5)],
        quick: &[(1_000, 3), (10_000, 3)],
        compared: 0,
        near_floor: &[(1_000, 41), (10_000, 41), (50_000, 41)],
        leaves: Leaves::Rules(1),
        is_prepared: true,
        cost: 45.0,
    },
    Workload {
        name: "replace-element",
        title: "Replacing one element of a large set, in one transaction",
        unit: None,
        of: "elements there",
        full: &[(1_000, 9), (10_000, 7), (100_000, 5)],
        quick: &[(1_000, 3), (100_000, 3)],
        compared: 0,
        near_floor: &[(1_000, 41), (10_000, 41), (100_000, 41)],
        leaves: Leaves::Elements,
        is_prepared: true,
        cost: 4.0,
    },
    Workload {
        name: "small-transactions",
        title: "One rule in each of many transactions, one after another: the latency of a change",
        unit: None,
        of: "transactions",
        full: &[(1_000, 3)],
        quick: &[(200, 3)],
        compared: 0,
        near_floor: &[],
        leaves: Leaves::Rules(0),
        is_prepared: true,
        cost: 1_500.0,
    },
    Workload {
        name: "list",
        title: "Reading all rules back, as values or text",
        unit: Some("rule"),
        of: "rules",
        full: &[(1_000, 9), (10_000, 7), (50_000, 5)],
        quick: &[(1_000, 3), (10_000, 3)],
        compared: CLOSELY,
        near_floor: &[],
        leaves: Leaves::Nothing,
        is_prepared: true,
        cost: 50.0,
    },
    Workload {
        name: "snapshot",
        title: "The whole ruleset into a file",
        full: &[(1_000, 5), (10_000, 5), (50_000, 3)],
        quick: &[(10_000, 3)],
        is_prepared: true,
        leaves: Leaves::Nothing,
        ..LOADED_RULES
    },
    Workload {
        name: "restore",
        title: "The ruleset of such a file into an empty namespace",
        full: &[(1_000, 5), (10_000, 5), (50_000, 3)],
        quick: &[(10_000, 3)],
        ..LOADED_RULES
    },
    Workload {
        name: "encode",
        title: "Encoding alone, without a kernel: one rule of six words, warm",
        unit: None,
        of: "rules",
        full: &[(1_000, 5)],
        quick: &[(1_000, 3)],
        compared: 0,
        near_floor: &[],
        leaves: Leaves::Nothing,
        is_prepared: false,
        cost: 100.0,
    },
    Workload {
        name: "decode",
        title: "Decoding alone, from recorded answers: one rule of six words, warm",
        unit: None,
        of: "rules",
        full: &[(1_000, 5)],
        quick: &[(1_000, 3)],
        compared: 0,
        near_floor: &[],
        leaves: Leaves::Nothing,
        is_prepared: false,
        cost: 150.0,
    },
];

const LOADED_RULES: Workload = Workload {
    name: "",
    title: "",
    unit: Some("rule"),
    of: "rules",
    full: &[],
    quick: &[],
    compared: 0,
    near_floor: &[],
    leaves: Leaves::Rules(0),
    is_prepared: false,
    cost: 45.0,
};

const FILLED_SET: Workload = Workload {
    name: "",
    title: "",
    unit: Some("element"),
    of: "elements",
    full: &[],
    quick: &[],
    compared: 0,
    near_floor: &[],
    leaves: Leaves::Elements,
    is_prepared: false,
    cost: 4.0,
};

impl Workload {
    /// The workload of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Workload> {
        WORKLOADS.iter().find(|workload| workload.name == name)
    }

    /// Sizes with their rounds.
    pub(crate) fn sizes(&self, quick: bool) -> &'static [(u32, usize)] {
        if quick { self.quick } else { self.full }
    }

    /// How often those whom the goals compare take turns alone, after each of so many rounds of all contenders.
    pub(crate) fn compared(&self, quick: bool, rounds: usize) -> usize {
        if quick { 0 } else { self.compared.saturating_sub(rounds).div_ceil(rounds.max(1)) }
    }

    /// How often the floor and the library take turns again, behind so many turns of theirs.
    pub(crate) fn near_floor(&self, quick: bool, size: u32, turns: usize) -> usize {
        let wanted = self.near_floor.iter().find(|(at, _)| *at == size && !quick);
        wanted.map_or(0, |(_, wanted)| wanted.saturating_sub(turns))
    }

    /// True where the library alone is measured, without a kernel: nobody takes part but the library.
    pub(crate) fn is_ours_alone(&self) -> bool {
        matches!(self.name, "encode" | "decode")
    }

    /// True where one round gives many times, of which median and 99th percentile are told.
    pub(crate) fn is_latency(&self) -> bool {
        self.name == "small-transactions" || self.is_ours_alone()
    }

    /// Seconds that so many rounds of so many contenders take, roughly, with the turns of those who are compared behind each
    /// of them, and of the two who are compared behind all.
    pub(crate) fn estimate(
        &self,
        size: u32,
        contenders: usize,
        rounds: usize,
        compared: usize,
        near_floor: usize,
    ) -> f64 {
        // Those three take as long as one of the others: they are among the fastest.
        let turns = if self.is_ours_alone() { rounds } else { rounds * (contenders + compared) + near_floor };
        self.estimate_one(size) * turns as f64
    }

    /// As [`Workload::estimate`], of one contender.
    pub(crate) fn estimate_one(&self, size: u32) -> f64 {
        0.12 + self.cost * 1e-6 * f64::from(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_has_a_name_of_its_own_and_sizes_that_grow() {
        for (at, workload) in WORKLOADS.iter().enumerate() {
            assert!(!workload.title.is_empty());
            assert!(WORKLOADS.iter().skip(at + 1).all(|other| other.name != workload.name));
            for quick in [false, true] {
                let sizes = workload.sizes(quick);
                assert!(!sizes.is_empty() && sizes.is_sorted_by(|(less, _), (more, _)| less < more));
                assert!(sizes.iter().all(|(_, rounds)| *rounds >= 3));
            }
        }
    }

    #[test]
    fn what_must_be_near_the_floor_is_compared_with_it_often() {
        let times = |name: &str, quick: bool, rounds: usize| {
            Workload::named(name).expect("a workload").compared(quick, rounds)
        };
        assert_eq!((times("rules-port", false, 3), times("rules-port", false, 5)), (6, 4));
        assert_eq!((times("rules-port", true, 3), times("restore", false, 3)), (0, 0));
    }

    #[test]
    fn what_must_be_nearest_the_floor_is_compared_with_it_most_often() {
        let times = |name: &str, quick: bool, size: u32, turns: usize| {
            Workload::named(name).expect("a workload").near_floor(quick, size, turns)
        };
        assert_eq!((times("rules-nat", false, 10_000, 25), times("rules-nat", false, 1_000, 25)), (176, 0));
        assert_eq!((times("rules-nat", true, 10_000, 3), times("list", false, 10_000, 25)), (0, 0));
        assert_eq!(times("rules-nat", false, 10_000, 500), 0);
        let are_sizes = |workload: &Workload| {
            let is_one = |wanted: &u32| workload.sizes(false).iter().any(|(size, _)| size == wanted);
            workload.near_floor.iter().all(|(size, _)| is_one(size))
        };
        assert!(WORKLOADS.iter().all(are_sizes));
    }

    #[test]
    fn the_quick_run_keeps_its_promise_of_five_minutes() {
        let all = |quick: bool| -> f64 {
            let sizes = WORKLOADS.iter().flat_map(|workload| {
                workload.sizes(quick).iter().map(move |(size, rounds)| {
                    let compared = workload.compared(quick, *rounds);
                    let near_floor = workload.near_floor(quick, *size, rounds * (1 + compared));
                    workload.estimate(*size, 11, *rounds, compared, near_floor)
                })
            });
            sizes.sum::<f64>() / 60.0
        };
        assert!(all(true) < 5.0, "{:.1} minutes", all(true));
        assert!(all(false) < 60.0, "{:.1} minutes", all(false));
    }
}
