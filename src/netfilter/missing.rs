//! Naming the feature that the kernel lacks, where it refuses an operation for that.

use nix::errno::Errno;

use super::Netfilter;
use crate::{
    Error, Refusal,
    netlink::Transport,
    probe::{Feature, Support, is_missing, needs},
    transaction::Batch,
};

/// Refusals that are looked into: others of the same transaction need the same.
const LIMIT: usize = 64;

impl<T: Transport> Netfilter<T> {
    /// The same error; refusals for want of a feature name it.
    ///
    /// The kernel is asked by dry runs, so an error costs as much as a commit of a few operations; each feature is
    /// asked for once.
    pub(super) fn name_missing(&mut self, work: &Batch, error: Error) -> Error {
        let Error::Refused(mut refused) = error else {
            return error;
        };
        let suspects: Vec<Vec<Feature>> =
            refused.refusals.iter().take(LIMIT).map(|refusal| suspects(work, refusal)).collect();
        let mut all = suspects.concat();
        all.sort_unstable();
        all.dedup();
        // A probe that fails must not hide why it was asked for.
        if let Ok(known) = self.support_of_all(&all) {
            for (refusal, suspects) in refused.refusals.iter_mut().zip(suspects) {
                let missing =
                    suspects.into_iter().find(|feature| known.supports(*feature) == Support::Missing);
                if let Some(missing) = missing {
                    refusal.missing = Some(missing);
                    refusal.hint = Some(missing.explain());
                }
            }
        }
        Error::Refused(refused)
    }
}

/// What the kernel may lack to refuse so.
fn suspects(work: &Batch, refusal: &Refusal) -> Vec<Feature> {
    if !is_missing(Errno::from_raw(refusal.errno)) {
        return Vec::new();
    }
    let attribute = refusal.attribute.as_deref().unwrap_or_default();
    // What stands in the rule's own attributes is a table or chain that is not there; what is named inside an
    // expression, a set.
    let of_names =
        ["NFTA_RULE_TABLE", "NFTA_RULE_CHAIN", "NFTA_CHAIN_TABLE", "NFTA_SET_TABLE", "NFTA_OBJ_TABLE"];
    let by_name = of_names.iter().any(|name| attribute.starts_with(name)) || attribute.contains(" = \"");
    match work.message_of(refusal.operation) {
        Some(message) if !by_name => needs(&message, super::hint::expression_index(attribute)),
        _ => Vec::new(),
    }
}
