//! What a contender has to be able to do.

use std::time::Duration;

use crate::{Failure, Members, Result, Shape};

/// A library in the race.
///
/// Each method does one round and gives the time from plain numbers to the acknowledged commit (or to the decoded
/// listing). What is there beforehand is prepared by [`run`](crate::run). Without an implementation the library has no
/// means for the workload.
pub trait Contender {
    /// Makes the table, its chain, and the rules.
    fn rules(&mut self, shape: Shape, count: u32) -> Result<Duration>;

    /// Makes the table, its set, and the elements.
    fn set(&mut self, members: Members, count: u32) -> Result<Duration>;

    /// Adds the rule of this index ([`Shape::Port`]) behind those of the chain.
    fn add_rule(&mut self, index: u32) -> Result<Duration>;

    /// Deletes `address(0)` and adds [`REPLACEMENT`](crate::REPLACEMENT), in one transaction. The set holds this many
    /// elements, and that is its declared capacity.
    fn replace_element(&mut self, count: u32) -> Result<Duration> {
        let _ = count;
        Err(Failure::Missing("no set elements can be deleted"))
    }

    /// Lists the rules of the table and decodes them; gives how many there were, too.
    fn list(&mut self) -> Result<(Duration, usize)> {
        Err(Failure::Missing("rules cannot be listed"))
    }
}
