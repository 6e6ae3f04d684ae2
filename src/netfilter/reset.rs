//! Reading what was counted, and letting it start anew, in one step.
//!
//! The kernel reads and resets each counter at once, so no packet is lost or counted twice.

use nix::errno::Errno;

use super::{Netfilter, mend::mend_element, reset_sum::sum, settled::all_different};
use crate::{
    Error,
    expr::Data,
    netlink::Transport,
    object::{Chain, ChainRef, Element, Object, ObjectRef, Rule, Set, SetRef, Table, TableRef},
    probe::Feature,
    wire::nft,
};

/// How often a chain whose rules move while they are read is read again.
const ATTEMPTS: u32 = 100;

impl<T: Transport> Netfilter<T> {
    /// One rule as it was, its counters and quotas starting anew; `None` where there is none. Kernel 6.2.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), portcullis::Error> {
    /// use portcullis::{Family, Netfilter};
    ///
    /// let input = (Family::Inet, "edge", "input");
    /// if let Some(rule) = Netfilter::open()?.reset_rule(input, 17)? {
    ///     println!("since the last time: {}", rule.counted().unwrap_or_default());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the kernel is too old. Otherwise those of
    /// [reading](Netfilter#what-reading-can-bring).
    pub fn reset_rule(&mut self, chain: impl Into<ChainRef>, handle: u64) -> Result<Option<Rule>, Error> {
        let chain = chain.into();
        match self.read_rule(nft::GETRULE_RESET, &chain, handle) {
            Err(error) if may_be_too_old(&error) => {
                Err(self.too_old(error, OF_RULES, |this| this.read_rule(nft::GETRULE, &chain, handle)))
            }
            found => found,
        }
    }

    /// The rules of a chain as they were, their counters and quotas starting anew. Kernel 6.2.
    ///
    /// Where others change the ruleset meanwhile, it is read again, and what it gave before is added; so no count
    /// is lost but that of rules that were deleted.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the kernel is too old. Otherwise those of
    /// [reading](Netfilter#what-reading-can-bring).
    pub fn reset_rules(&mut self, chain: impl Into<ChainRef>) -> Result<Vec<Rule>, Error> {
        let chain = chain.into();
        let mut readings = Vec::new();
        for _ in 0..ATTEMPTS {
            let start = (Vec::new(), true);
            // What is summed up is mended afterwards.
            let dumped = self.dump_rules(
                nft::GETRULE_RESET,
                &chain,
                start,
                |_| (),
                |(rules, whole)| {
                    readings.append(rules);
                    *whole = true;
                },
            );
            let last = readings.len();
            match dumped {
                Ok((found, whole)) => {
                    readings.extend(found);
                    if whole {
                        let mut rules = sum(readings, last);
                        self.mend_rules_of(&chain.table, &mut rules)?;
                        return Ok(rules);
                    }
                }
                Err(error) if may_be_too_old(&error) => {
                    return Err(self.too_old(error, OF_RULES, |this| this.read_rules(&chain)));
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::Interrupted { operation: "reset rules", attempts: ATTEMPTS })
    }

    /// A chain with its rules as they were, their counters and quotas starting anew; `None` where there is none.
    /// The chain's own counters stay: the kernel cannot reset them. Kernel 6.2.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the kernel is too old. Otherwise those of
    /// [reading](Netfilter#what-reading-can-bring).
    pub fn reset_chain(&mut self, chain: impl Into<ChainRef>) -> Result<Option<Chain>, Error> {
        let place = chain.into();
        let Some(mut chain) = self.chain_header(&place)? else {
            return Ok(None);
        };
        chain.rules = self.reset_rules(place)?;
        Ok(Some(chain))
    }

    /// One stateful object as it was, its state starting anew: counters at zero, quotas unused. `None` where there
    /// is none. Kernel 4.10.
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring); where the answer is lost, what was counted until then is, too.
    pub fn reset_object(&mut self, object: impl Into<ObjectRef>) -> Result<Option<Object>, Error> {
        self.read_object(nft::GETOBJ_RESET, &object.into())
    }

    /// The stateful objects of a table as they were, their state starting anew. Kernel 4.10.
    ///
    /// Where others change the ruleset meanwhile, it is read again, and what it gave before is added; so no count
    /// is lost but that of objects that were deleted.
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring): then what was counted until the objects were reset is lost.
    /// A table that is not there has no objects, which is no error.
    pub fn reset_objects(&mut self, table: impl Into<TableRef>) -> Result<Vec<Object>, Error> {
        let mut last = 0;
        let readings = self.dump_objects(nft::GETOBJ_RESET, &table.into(), Vec::new(), |readings| {
            last = readings.len();
        })?;
        Ok(sum(readings, last))
    }

    /// The element that a key has, as it was, its counters and quotas starting anew; `None` where it has none, as
    /// in [`Netfilter::element`]. Its time goes on. Kernel 6.5.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the kernel is too old. Otherwise those of
    /// [reading](Netfilter#what-reading-can-bring).
    pub fn reset_element(&mut self, set: impl Into<SetRef>, key: &Data) -> Result<Option<Element>, Error> {
        let set = set.into();
        let wanted = || Element::new(key.clone());
        match self.read_element(nft::GETSETELEM_RESET, &set, wanted()) {
            Err(error) if may_be_too_old(&error) => {
                Err(self
                    .too_old(error, OF_ELEMENTS, |this| this.read_element(nft::GETSETELEM, &set, wanted())))
            }
            found => found,
        }
    }

    /// The elements of a set or map as they were, their counters and quotas starting anew. Kernel 6.5.
    ///
    /// Where others change the ruleset meanwhile, it is read again, and what it gave before is added; so no count
    /// is lost but that of elements that were deleted.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the kernel is too old. Otherwise those of
    /// [reading](Netfilter#what-reading-can-bring).
    pub fn reset_elements(&mut self, set: impl Into<SetRef>) -> Result<Vec<Element>, Error> {
        let set = set.into();
        let mut readings = Vec::new();
        for _ in 0..ATTEMPTS {
            let forget = |elements: &mut Vec<Element>| readings.append(elements);
            let dumped = self.dump_elements(nft::GETSETELEM_RESET, &set, Vec::new(), forget);
            let last = readings.len();
            match dumped {
                Ok(elements) => {
                    // Otherwise some moved, and others were not reached.
                    let whole = all_different(&elements);
                    readings.extend(elements);
                    if whole {
                        let mut elements = sum(readings, last);
                        elements.iter_mut().for_each(mend_element);
                        return Ok(elements);
                    }
                }
                Err(error) if may_be_too_old(&error) => {
                    return Err(self.too_old(error, OF_ELEMENTS, |this| this.read_set(&set)));
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::Interrupted { operation: "reset elements", attempts: ATTEMPTS })
    }

    /// A set or map with its elements as they were, their counters and quotas starting anew; `None` where there is
    /// none. Kernel 6.5.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the kernel is too old. Otherwise those of
    /// [reading](Netfilter#what-reading-can-bring).
    pub fn reset_set(&mut self, set: impl Into<SetRef>) -> Result<Option<Set>, Error> {
        let place = set.into();
        let Some(mut set) = self.set_header(&place)? else {
            return Ok(None);
        };
        set.elements = self.reset_elements(place)?;
        Ok(Some(set))
    }

    /// A table with everything that it holds, as it was: the counters and quotas of its elements, rules and objects
    /// start anew. `None` where there is none. Kernel 6.5; 6.2 where the table has no sets.
    ///
    /// The kernel resets one after the other: each count is right, but they are not all of the same moment.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the kernel is too old; nothing was reset then.
    pub fn reset_table(&mut self, table: impl Into<TableRef>) -> Result<Option<Table>, Error> {
        let place = table.into();
        let Some(mut table) = self.table_terse(&place)? else {
            return Ok(None);
        };
        // What the youngest kernels can comes first.
        for set in &mut table.sets {
            set.elements = self.reset_elements(place.set(&set.name))?;
        }
        for chain in &mut table.chains {
            chain.rules = self.reset_rules(place.chain(&chain.name))?;
        }
        table.objects = self.reset_objects(&place)?;
        super::mend::mend_table(&mut table);
        Ok(Some(table))
    }

    /// What an error that old kernels give to an operation that they do not know means: if `plain`, which they all
    /// know, goes well, that they do not know it.
    fn too_old<R>(
        &mut self,
        error: Error,
        (feature, words): (Feature, &str),
        plain: impl FnOnce(&mut Self) -> Result<R, Error>,
    ) -> Error {
        match plain(self) {
            Ok(_) => Error::Unsupported { feature: words.to_owned(), missing: Some(feature), refused: None },
            Err(_) => error,
        }
    }
}

const OF_RULES: (Feature, &str) =
    (Feature::ResetRules, "resetting the counters of rules, which came with Linux 6.2");
const OF_ELEMENTS: (Feature, &str) =
    (Feature::ResetElements, "resetting the counters of elements, which came with Linux 6.5");

/// What kernels say to a message of a type that they do not know.
fn may_be_too_old(error: &Error) -> bool {
    match error {
        Error::Request { errno, .. } => {
            matches!(Errno::from_raw(*errno), Errno::EINVAL | Errno::EOPNOTSUPP)
        }
        _ => false,
    }
}
