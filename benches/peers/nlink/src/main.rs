//! The crate `nlink` as a contender of `cargo xtask bench`.
//!
//! As its documentation says for bulk: one `Transaction`, committed on one connection. It never raises the send buffer
//! of its socket and gives no access to the socket's descriptor, so that what the system's default of 212,992 bytes
//! does not hold fails with its own error.
#![forbid(unsafe_code)]

mod rules;
mod sets;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use nlink::netlink::nftables::{Family, Transaction};
use nlink::netlink::{Connection, Nftables};
use portcullis_peers_common::{Contender, Members, Result, Shape, TABLE, run};
use tokio::runtime::{Builder, Runtime};

struct Nlink {
    runtime: Runtime,
    connection: Connection<Nftables>,
}

impl Nlink {
    fn open() -> Result<Nlink> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let connection = {
            // The connection registers its socket with the runtime that it is made in.
            let _inside = runtime.enter();
            Connection::<Nftables>::new()?
        };
        Ok(Nlink { runtime, connection })
    }

    fn commit(&self, transaction: Transaction) -> Result<()> {
        Ok(self.runtime.block_on(transaction.commit(&self.connection))?)
    }
}

impl Contender for Nlink {
    fn rules(&mut self, shape: Shape, count: u32) -> Result<Duration> {
        let start = Instant::now();
        let begun =
            self.connection.transaction().add_table(TABLE, Family::Ip).add_chain(rules::chain(shape)?);
        let transaction = (0..count).fold(begun, |begun, index| begun.add_rule(rules::rule(shape, index)));
        self.commit(transaction)?;
        Ok(start.elapsed())
    }

    fn set(&mut self, members: Members, count: u32) -> Result<Duration> {
        let start = Instant::now();
        let transaction = self.connection.transaction().add_table(TABLE, Family::Ip);
        self.commit(sets::filled(transaction, members, count)?)?;
        Ok(start.elapsed())
    }

    fn add_rule(&mut self, index: u32) -> Result<Duration> {
        let start = Instant::now();
        self.commit(self.connection.transaction().add_rule(rules::rule(Shape::Port, index)))?;
        Ok(start.elapsed())
    }

    fn replace_element(&mut self, count: u32) -> Result<Duration> {
        let start = Instant::now();
        self.commit(sets::replaced(self.connection.transaction(), count))?;
        Ok(start.elapsed())
    }

    fn list(&mut self) -> Result<(Duration, usize)> {
        let start = Instant::now();
        let rules = self.runtime.block_on(self.connection.list_rules(TABLE, Family::Ip))?;
        // A listed rule keeps its expressions as bytes until they are asked for.
        let decoded: Vec<_> = rules.iter().map(|rule| rule.expressions()).collect();
        Ok((start.elapsed(), decoded.len()))
    }
}

fn main() -> ExitCode {
    run(Nlink::open)
}
