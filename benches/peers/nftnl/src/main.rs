//! The crates `nftnl` and `mnl` as a contender of `cargo xtask bench`.
//!
//! As their examples do: a `Batch`, finalized, sent by `mnl::Socket::send_all`, then one acknowledgement read for each
//! message. With two additions, without which no batch above 128 KiB is committed, both by public means:
//! `Batch::with_page_size`, so that the batch is one page and so one `sendto` (a batch in several is none to the
//! kernel), and buffers of the socket that hold it and its acknowledgements.

mod numgen;
mod pair;
mod rules;
mod sets;
mod socket;

use std::ffi::CString;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nftnl::{Batch, MsgType, ProtoFamily, Table};
use portcullis_peers_common::{Contender, Failure, Members, Result, Shape, TABLE, run};

use crate::socket::Socket;

/// More than a rule of any shape takes in a batch.
const RULE: u32 = 1024;
/// More than an element takes in a batch.
const ELEMENT: u32 = 48;
/// For everything else: the beginning and the end, table, chain and set.
const REST: u32 = 128 * 1024;

struct Nftnl {
    socket: Socket,
}

fn table() -> Table {
    Table::new(c_string(TABLE), ProtoFamily::Ipv4)
}

/// A name as libnftnl takes it. (Ours have no zero in them.)
fn c_string(name: &str) -> CString {
    CString::new(name).unwrap_or_default()
}

impl Contender for Nftnl {
    fn rules(&mut self, shape: Shape, count: u32) -> Result<Duration> {
        let start = Instant::now();
        let mut batch = Batch::with_page_size(count * RULE + REST);
        let table = table();
        batch.add(&table, MsgType::Add);
        let chain = rules::chain(shape, &table);
        batch.add(&chain, MsgType::Add);
        for index in 0..count {
            batch.add(&rules::rule(shape, &chain, index), MsgType::Add);
        }
        self.socket.commit(batch)?;
        Ok(start.elapsed())
    }

    fn set(&mut self, members: Members, count: u32) -> Result<Duration> {
        let start = Instant::now();
        let mut batch = Batch::with_page_size(count * ELEMENT + REST);
        let table = table();
        batch.add(&table, MsgType::Add);
        match members {
            Members::Addresses => sets::fill(&mut batch, &table, count, sets::address),
            Members::Pairs => sets::fill(&mut batch, &table, count, sets::pair),
            Members::Marks => {
                return Err(Failure::Missing("nftnl: a set has keys and no data, so there are no maps"));
            }
            Members::Prefixes => {
                return Err(Failure::Missing(
                    "nftnl: a named set has no flags and an element has no end, so there are no intervals",
                ));
            }
        }
        self.socket.commit(batch)?;
        Ok(start.elapsed())
    }

    fn add_rule(&mut self, index: u32) -> Result<Duration> {
        let start = Instant::now();
        let mut batch = Batch::new();
        let table = table();
        let chain = rules::chain(Shape::Port, &table);
        batch.add(&rules::rule(Shape::Port, &chain, index), MsgType::Add);
        self.socket.commit(batch)?;
        Ok(start.elapsed())
    }

    fn replace_element(&mut self, _: u32) -> Result<Duration> {
        let start = Instant::now();
        let mut batch = Batch::new();
        sets::replace(&mut batch, &table());
        self.socket.commit(batch)?;
        Ok(start.elapsed())
    }

    fn list(&mut self) -> Result<(Duration, usize)> {
        Err(Failure::Missing("nftnl: it decodes the names of tables and nothing else"))
    }
}

fn main() -> ExitCode {
    run(|| Ok(Nftnl { socket: Socket::open()? }))
}
