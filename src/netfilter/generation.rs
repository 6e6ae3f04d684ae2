//! The ruleset's generation: a number that grows with every commit.

use nix::errno::Errno;

use super::Netfilter;
use crate::{
    Error,
    netlink::{Query, Transport, batch},
    wire::nft,
};

/// Which state of the ruleset, in this network namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Generation {
    /// Grows by one with every commit; wraps around.
    pub id: u32,
    /// The process that committed last, as the kernel saw it.
    pub pid: Option<u32>,
    /// Its name.
    pub process: Option<String>,
}

const NFTA_GEN_ID: u16 = 1;
const NFTA_GEN_PROC_PID: u16 = 2;
const NFTA_GEN_PROC_NAME: u16 = 3;

/// How often a listing that others' transactions disturb is begun anew.
const ATTEMPTS: u32 = 100;

impl<T: Transport> Netfilter<T> {
    /// The ruleset's generation, to [commit](Netfilter::commit_if) only if it is still that one.
    ///
    /// # Errors
    /// Those of [reading](Netfilter#what-reading-can-bring); it is one request, which nothing interrupts.
    pub fn generation(&mut self) -> Result<Generation, Error> {
        self.generation_for("read the generation")
    }

    fn generation_for(&mut self, operation: &'static str) -> Result<Generation, Error> {
        let mut generation = None;
        let query = Query { operation, kind: nft::GETGEN, family: 0, attributes: &[] };
        query.ask(&mut self.transport, |message| {
            let mut found = Generation { id: 0, pid: None, process: None };
            for attribute in message.attributes() {
                let attribute = attribute.map_err(|source| Error::Decode { operation, source })?;
                match attribute.kind() {
                    NFTA_GEN_ID => {
                        found.id = attribute.get().map_err(|source| Error::Decode { operation, source })?;
                    }
                    NFTA_GEN_PROC_PID => found.pid = attribute.get().ok(),
                    NFTA_GEN_PROC_NAME => found.process = attribute.get().ok(),
                    _ => {}
                }
            }
            generation = Some(found);
            Ok(())
        })?;
        generation.ok_or(Error::NoAnswer { operation })
    }

    /// What `read` lists, of one state of the ruleset; `None` from it begins anew.
    ///
    /// The kernel marks a dump that a commit interrupts, but not one that runs while a commit, its generation
    /// already told, removes what is deleted: the dump counts how far it came, and what was counted and then is
    /// gone makes it skip others; of two tables of one name it looks into the old one. So the commit of the
    /// generation must be over when the dump begins, and the next not begun when it ends.
    pub(super) fn at_one_generation<R>(
        &mut self,
        operation: &'static str,
        read: impl FnMut(&mut Self) -> Result<Option<R>, Error>,
    ) -> Result<R, Error> {
        self.with_generation(operation, read).map(|(found, _)| found)
    }

    /// As [`Netfilter::at_one_generation`], and of which generation it is.
    pub(super) fn with_generation<R>(
        &mut self,
        operation: &'static str,
        mut read: impl FnMut(&mut Self) -> Result<Option<R>, Error>,
    ) -> Result<(R, u32), Error> {
        for _ in 0..ATTEMPTS {
            let generation = self.generation_for(operation)?.id;
            if !self.is_complete(operation, generation)? {
                continue;
            }
            match read(self)? {
                Some(found) if self.generation_for(operation)?.id == generation => {
                    return Ok((found, generation));
                }
                _ => {}
            }
        }
        Err(Error::Interrupted { operation, attempts: ATTEMPTS })
    }

    /// Waits until nobody's transaction is under way; whether this is the generation then. An empty transaction
    /// does both: the kernel carries out one at a time, and has nothing to do for this one.
    fn is_complete(&mut self, operation: &'static str, generation: u32) -> Result<bool, Error> {
        let outcome = batch(&mut self.transport, &[], 0, true, Some(generation), false, |_| ())?;
        match outcome.errors.into_values().next() {
            None => Ok(true),
            Some(error) if error.errno == Errno::ERESTART as i32 => Ok(false),
            Some(error) if error.errno == Errno::EPERM as i32 => Err(Error::Permission { operation }),
            Some(error) => Err(Error::Request { operation, errno: error.errno, message: error.message }),
        }
    }
}
