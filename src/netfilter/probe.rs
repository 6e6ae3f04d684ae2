//! Asking the kernel what it can do.

use nix::errno::Errno;

use super::Netfilter;
use crate::{
    Error,
    expr::ObjectKind,
    netlink::{Query, Transport},
    object::{Family, NFTA_OBJ_TYPE, NFTA_SET_ELEM_LIST_ELEMENTS},
    probe::{Bench, Expected, Feature, PROBE, Probe, Support, Trial, request},
    transaction::OperationId,
    wire::{Writer, nft},
};

/// Features that are tried in one batch. A kernel begins a batch anew for each module that it loads, with all that came
/// before: Linux 5.10 took minutes over all of them at once, where nothing was loaded yet.
const AT_ONCE: usize = 16;

impl<T: Transport> Netfilter<T> {
    /// Asks the kernel for everything that this library knows of: some hundred dry runs in a few batches, of which
    /// nothing is committed. Takes some milliseconds; where modules are loaded for it, once as long as that takes.
    ///
    /// What is found is remembered for [`Netfilter::supports`].
    ///
    /// # Errors
    /// [`Error::Permission`] without `CAP_NET_ADMIN`, [`Error::Unsupported`] without nf_tables.
    pub fn probe(&mut self) -> Result<Probe, Error> {
        let mut probe = Probe::default();
        self.try_out(Feature::ALL, &mut probe)?;
        self.known = probe.clone();
        Ok(probe)
    }

    /// Whether the kernel has a feature. The first time it is asked, by a dry run; the answer is remembered until
    /// [`Netfilter::probe`] asks anew.
    ///
    /// ```no_run
    /// use portcullis::{
    ///     Netfilter,
    ///     probe::{Feature, Support},
    /// };
    ///
    /// let mut firewall = Netfilter::open()?;
    /// if firewall.supports(Feature::Queue)? != Support::Works {
    ///     eprintln!("{}", Feature::Queue.explain());
    /// }
    /// # Ok::<(), portcullis::Error>(())
    /// ```
    ///
    /// # Errors
    /// As of [`Netfilter::probe`].
    pub fn supports(&mut self, feature: Feature) -> Result<Support, Error> {
        self.support_of_all(&[feature])?;
        Ok(self.known.supports(feature))
    }

    /// Makes sure of a feature, before something is built upon it.
    ///
    /// # Errors
    /// [`Error::Unsupported`] with the feature's name where the kernel lacks it, and those of
    /// [`Netfilter::probe`]. What cannot be found out is no error.
    pub fn require(&mut self, feature: Feature) -> Result<(), Error> {
        match self.supports(feature)? {
            Support::Missing => Err(Error::lacks(feature)),
            Support::NotPermitted => Err(Error::Permission { operation: "try a feature" }),
            _ => Ok(()),
        }
    }

    /// Asks for those that were not asked for before.
    pub(super) fn support_of_all(&mut self, features: &[Feature]) -> Result<&Probe, Error> {
        let mut untried = features.to_vec();
        untried.retain(|feature| self.known.supports(*feature) == Support::Untried);
        if !untried.is_empty() {
            let mut probe = std::mem::take(&mut self.known);
            let result = self.try_out(&untried, &mut probe);
            self.known = probe;
            result?;
        }
        Ok(&self.known)
    }

    fn try_out(&mut self, features: &[Feature], probe: &mut Probe) -> Result<(), Error> {
        for some in features.chunks(AT_ONCE) {
            self.try_once(some, probe)?;
        }
        // Some modules are loaded while nobody waits for them.
        let mut again = features.to_vec();
        again
            .retain(|feature| matches!(probe.supports(*feature), Support::Missing | Support::Unknown { .. }));
        if again.is_empty() { Ok(()) } else { self.try_once(&again, probe) }
    }

    fn try_once(&mut self, features: &[Feature], probe: &mut Probe) -> Result<(), Error> {
        let mut bench = Bench::default();
        let mut trials = Vec::with_capacity(features.len());
        for feature in features {
            match (Trial::of(*feature, &mut bench), request(*feature)) {
                (Some(trial), _) => trials.push((*feature, trial)),
                (None, Some(kind)) => probe.note(*feature, self.try_request(kind)?),
                (None, None) => {}
            }
        }
        if trials.is_empty() {
            return Ok(());
        }
        let outcome = self.dry_run(&bench.transaction.batch)?;
        let errno = |id: OperationId| outcome.errors.get(&id.sequence()).map(|error| error.errno);
        for (feature, trial) in trials {
            let Trial { target, needs, expected } = trial;
            let support = match (needs.into_iter().find_map(errno), errno(target), expected) {
                (Some(errno), _, _) => Support::of_errno(errno),
                // An error that was lost would be taken for none.
                (None, None, _) if outcome.overflowed => Support::Untried,
                (None, None, Expected::Accepted) => Support::Works,
                (None, None, _) => Support::Missing,
                (None, Some(errno), Expected::Accepted) => Support::of_errno(errno),
                (None, Some(errno), Expected::Errno(wanted)) if errno == wanted => Support::Works,
                (None, Some(errno), Expected::Errno(_)) => Support::of_errno(errno),
                (None, Some(errno), Expected::Refused) => match Support::of_errno(errno) {
                    Support::Missing => Support::Works,
                    other => other,
                },
            };
            probe.note(feature, support);
        }
        Ok(())
    }

    /// A kernel that knows the request says that there is no such table.
    fn try_request(&mut self, kind: u16) -> Result<Support, Error> {
        let mut attributes = Vec::new();
        let mut writer = Writer::new(&mut attributes);
        writer.text(1, PROBE);
        writer.text(2, PROBE);
        // Without these the kernel does not look for the table.
        match kind {
            nft::GETOBJ_RESET => writer.put(NFTA_OBJ_TYPE, &ObjectKind::Counter),
            nft::GETSETELEM_RESET => writer.nest(NFTA_SET_ELEM_LIST_ELEMENTS, |_| ()),
            _ => {}
        }
        let family = Family::Inet.number();
        let query = Query { operation: "try a feature", kind, family, attributes: &attributes };
        match query.ask(&mut self.transport, |_| Ok(())) {
            Ok(()) => Ok(Support::Works),
            Err(Error::Request { errno, .. }) if errno == Errno::ENOENT as i32 => Ok(Support::Works),
            Err(Error::Request { errno, .. }) => Ok(Support::of_errno(errno)),
            Err(error) => Err(error),
        }
    }
}
