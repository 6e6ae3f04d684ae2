//! Naming the feature that the kernel lacks, where it refuses an operation for that.

use nix::errno::Errno;

use super::Netfilter;
use crate::{
    Error, Refusal,
    netlink::Transport,
    probe::{Feature, Support, is_missing, needs},
    transaction::{Batch, Verb},
};

/// Refusals that are looked into: others of the same transaction need the same.
const LIMIT: usize = 64;

impl<T: Transport> Netfilter<T> {
    /// The same error; refusals for want of a feature name it, and then so does the error.
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
        match refused.refusals.iter().find_map(|refusal| refusal.missing) {
            Some(missing) => Error::Unsupported {
                feature: missing.to_string(),
                missing: Some(missing),
                refused: Some(refused),
            },
            None => Error::Refused(refused),
        }
    }
}

/// What the kernel may lack to refuse so.
fn suspects(work: &Batch, refusal: &Refusal) -> Vec<Feature> {
    let errno = Errno::from_raw(refusal.errno);
    // A kernel that does not know destroy says EINVAL. What else it says, it says to the delete that was sent instead.
    if !is_missing(errno) || (refusal.verb == Verb::Destroy && errno != Errno::EINVAL) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Family, Table, TableFlags, Transaction,
        netlink::{Recorder, Scripted},
    };

    /// The kernel's answer to the message of this sequence number.
    fn answer(sequence: u32, errno: Errno) -> Scripted {
        let mut bytes = Vec::new();
        bytes.extend(36u32.to_ne_bytes());
        // NLMSG_ERROR, NLM_F_CAPPED
        bytes.extend([2u16.to_ne_bytes(), 0x100u16.to_ne_bytes()].concat());
        bytes.extend(sequence.to_ne_bytes());
        bytes.extend(0u32.to_ne_bytes());
        bytes.extend((-(errno as i32)).to_ne_bytes());
        bytes.resize(36, 0);
        Scripted::Datagram(bytes)
    }

    fn destroy() -> Transaction {
        let mut transaction = Transaction::new();
        transaction.destroy_chain((Family::Inet, "edge", "input"));
        transaction
    }

    #[test]
    fn an_operation_that_old_kernels_do_not_know_is_named() {
        let mut persistent = Transaction::new();
        persistent.add_table(Table::inet("edge").flags(TableFlags::PERSIST));
        // Such a kernel says EOPNOTSUPP to the operation, and to the trial's only message, both times.
        let refused = || [answer(1, Errno::EOPNOTSUPP)];
        let recorder =
            Recorder::new().answer(refused()).answer(refused()).answer(refused()).answer(refused());
        let mut firewall = Netfilter::with_transport(recorder);
        let error = firewall.commit(&persistent).unwrap_err();
        assert_eq!(error.missing().collect::<Vec<_>>(), [Feature::TablePersist]);
        let Error::Unsupported { feature, missing, refused: Some(refused) } = &error else {
            panic!("{error:?}")
        };
        assert_eq!((feature.as_str(), *missing), ("table flag \"persist\"", Some(Feature::TablePersist)));
        assert_eq!(Some(refused), error.refused());
        let wanted = "this kernel has no table flag \"persist\", which came with Linux 6.9: run a newer one";
        assert!(error.to_string().ends_with(wanted), "{error}");
        // The next time it is remembered: one datagram, no trial.
        let before = firewall.transport().sent().len();
        let again = firewall.commit(&persistent).unwrap_err();
        assert_eq!(again.missing().collect::<Vec<_>>(), [Feature::TablePersist]);
        assert_eq!(firewall.transport().sent().len(), before + 1);
    }

    #[test]
    fn a_module_that_comes_late_is_not_missed() {
        let recorder = Recorder::new().answer([answer(2, Errno::EOPNOTSUPP)]);
        let mut firewall = Netfilter::with_transport(recorder);
        assert_eq!(firewall.supports(Feature::Destroy).unwrap(), Support::Works);
        assert_eq!(firewall.transport().sent().len(), 2);
    }

    #[test]
    fn trials_tell_what_is_missing_from_what_may_not_be() {
        let ask = |errno| {
            let twice = Recorder::new().answer([answer(2, errno)]).answer([answer(2, errno)]);
            Netfilter::with_transport(twice).supports(Feature::Destroy)
        };
        for errno in [Errno::EOPNOTSUPP, Errno::EINVAL, Errno::ENOENT, Errno::EAFNOSUPPORT] {
            assert_eq!(ask(errno).unwrap(), Support::Missing);
        }
        assert_eq!(ask(Errno::EPERM).unwrap(), Support::NotPermitted);
        assert_eq!(ask(Errno::ENOMEM).unwrap(), Support::Unknown { errno: Errno::ENOMEM as i32 });
        // The whole batch is refused: it is not the feature that is missing.
        let whole = |errno| {
            let recorder = Recorder::new().answer([answer(0, errno)]);
            Netfilter::with_transport(recorder).supports(Feature::Destroy)
        };
        assert!(matches!(whole(Errno::EPERM), Err(Error::Permission { .. })));
        assert!(matches!(whole(Errno::EOPNOTSUPP), Err(Error::Unsupported { .. })));
    }

    #[test]
    fn a_refusal_is_told_even_if_its_reason_cannot_be_found_out() {
        // The trial's batch as a whole is refused.
        let recorder = Recorder::new().answer([answer(1, Errno::EINVAL)]).answer([answer(0, Errno::EPERM)]);
        let error = Netfilter::with_transport(recorder).commit(&destroy()).unwrap_err();
        assert!(matches!(&error, Error::Refused(_)), "{error}");
        assert_eq!(error.missing().count(), 0);
    }
}
