//! The ruleset's generation: a number that grows with every commit.

use super::Netfilter;
use crate::{
    Error,
    netlink::{Transport, request},
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

impl<T: Transport> Netfilter<T> {
    /// The ruleset's generation, to [commit](Netfilter::commit_if) only if it is still that one.
    pub fn generation(&mut self) -> Result<Generation, Error> {
        let operation = "read the generation";
        let mut generation = None;
        request(&mut self.transport, operation, nft::GETGEN, 0, &[], |message| {
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
}
