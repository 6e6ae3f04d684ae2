//! The crate `rustables` as a contender of `cargo xtask bench`.
//!
//! As its examples do: one `Batch`, and its `send`, which opens a socket for each batch (so that is within the time)
//! and has no means to raise that socket's buffers.
#![forbid(unsafe_code)]

mod pair;
mod rules;
mod sets;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use portcullis_peers_common::{Contender, Failure, Members, Result, Shape, TABLE, address, port, run};
use rustables::{Batch, MsgType, ProtocolFamily, Table, list_rules_for_chain};

use crate::pair::Pair;

struct Rustables;

fn table() -> Table {
    Table::new(ProtocolFamily::Ipv4).with_name(TABLE)
}

impl Contender for Rustables {
    fn rules(&mut self, shape: Shape, count: u32) -> Result<Duration> {
        if shape == Shape::Nat {
            return Err(Failure::Missing(
                "rustables: it has no numgen, and its expressions are a closed enum",
            ));
        }
        let start = Instant::now();
        let mut batch = Batch::new();
        let table = table();
        batch.add(&table, MsgType::Add);
        let chain = rules::chain(&table).add_to_batch(&mut batch);
        for index in 0..count {
            rules::rule(shape, &chain, index)?.add_to_batch(&mut batch);
        }
        batch.send()?;
        Ok(start.elapsed())
    }

    fn set(&mut self, members: Members, count: u32) -> Result<Duration> {
        let start = Instant::now();
        let mut batch = Batch::new();
        let table = table();
        batch.add(&table, MsgType::Add);
        match members {
            Members::Addresses => sets::fill(&mut batch, &table, count, address)?,
            Members::Pairs => {
                sets::fill(&mut batch, &table, count, |index| Pair(address(index), port(index)))?
            }
            Members::Marks => {
                return Err(Failure::Missing("rustables: a set has keys and no data, so there are no maps"));
            }
            Members::Prefixes => {
                return Err(Failure::Missing(
                    "rustables: an element is a key and nothing else, so there is no end of an interval",
                ));
            }
        }
        batch.send()?;
        Ok(start.elapsed())
    }

    fn add_rule(&mut self, index: u32) -> Result<Duration> {
        let start = Instant::now();
        let mut batch = Batch::new();
        rules::rule(Shape::Port, &rules::chain(&table()), index)?.add_to_batch(&mut batch);
        batch.send()?;
        Ok(start.elapsed())
    }

    fn replace_element(&mut self, _: u32) -> Result<Duration> {
        let start = Instant::now();
        let mut batch = Batch::new();
        sets::replace(&mut batch, &table())?;
        batch.send()?;
        Ok(start.elapsed())
    }

    fn list(&mut self) -> Result<(Duration, usize)> {
        let start = Instant::now();
        let rules = list_rules_for_chain(&rules::chain(&table()))?;
        Ok((start.elapsed(), rules.len()))
    }
}

fn main() -> ExitCode {
    run(|| Ok(Rustables))
}
