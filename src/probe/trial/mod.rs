//! The smallest operation that needs a feature, for each.

mod around;
mod conntrack;
mod expressions;
mod objects;
mod sets;

use super::{Bench, Feature, Group};
use crate::{transaction::OperationId, wire::nft};

/// What shows that the kernel has the feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// It takes the operation.
    Accepted,
    /// It objects to a value that is too long. Kernels that do not know an attribute do not look at it.
    Refused,
    /// It objects to something that it must have understood.
    Errno(i32),
}

/// One operation that tells, and those that it stands upon.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) target: OperationId,
    pub(crate) needs: Vec<OperationId>,
    pub(crate) expected: Expected,
}

impl Trial {
    pub(super) fn new(target: OperationId, needs: Vec<OperationId>) -> Self {
        Self { target, needs, expected: Expected::Accepted }
    }

    fn also(mut self, needs: Vec<OperationId>) -> Self {
        self.needs.extend(needs);
        self
    }

    fn expect(mut self, expected: Expected) -> Self {
        self.expected = expected;
        self
    }

    /// Sets up the trial of a feature; `None` for what no batch can show.
    pub(crate) fn of(feature: Feature, bench: &mut Bench) -> Option<Self> {
        match feature.group() {
            Group::Expression => {
                expressions::trial(feature, bench).or_else(|| conntrack::trial(feature, bench))
            }
            Group::Object => objects::trial(feature, bench),
            Group::Set => sets::trial(feature, bench),
            Group::Chain | Group::Table | Group::Flowtable | Group::Operation => {
                around::trial(feature, bench)
            }
        }
    }
}

/// The request that shows a feature outside of a batch: a kernel that knows it says that there is no such table.
pub(crate) fn request(feature: Feature) -> Option<u16> {
    match feature {
        Feature::ResetObjects => Some(nft::GETOBJ_RESET),
        Feature::ResetRules => Some(nft::GETRULE_RESET),
        Feature::ResetElements => Some(nft::GETSETELEM_RESET),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_is_tried() {
        let mut bench = Bench::default();
        for feature in Feature::ALL {
            let in_batch = Trial::of(*feature, &mut bench).is_some();
            assert!(in_batch != request(*feature).is_some(), "{feature:?}");
        }
        // Names that are too long are two trials' very point; nothing else is wrong with them.
        let problems: Vec<String> = bench.transaction.problems().iter().map(ToString::to_string).collect();
        assert_eq!(problems, [""; 0]);
    }
}
