//! Every target, seen to do its work on real packets.

mod count;
mod decide;
mod duplicate;
mod log;
mod mark;
mod nat;
mod nat_flags;
mod proxy;
mod queue;
mod refused;
pub(crate) mod reject;
mod rewrite;
mod secmark;
mod trace;
mod untrack;

use portcullis::{Chain, Error, Family, Ruleset, Table};
use portcullis_world::Host;

use crate::support::open;

/// Adds chains to a host, in a table `t` of the family.
#[track_caller]
pub(crate) fn program(host: &Host, family: Family, chains: impl IntoIterator<Item = Chain>) {
    try_program(host, family, chains).unwrap_or_else(|error| panic!("host {host}: {error}"));
}

/// The same for what older kernels lack: their refusal.
fn try_program(host: &Host, family: Family, chains: impl IntoIterator<Item = Chain>) -> Result<(), Error> {
    let ruleset = Ruleset::new().table(Table::new(family, "t").chains(chains));
    match open(host).apply(&ruleset) {
        Ok(_) => Ok(()),
        Err(error @ (Error::Refused(_) | Error::Unsupported { .. })) => Err(error),
        Err(error) => panic!("host {host}: {error}"),
    }
}
