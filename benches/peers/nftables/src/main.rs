//! The crate `nftables` as a contender of `cargo xtask bench`.
//!
//! As its documentation says for bulk: one `Batch`, which `apply_ruleset` writes as JSON into `nft -j -f -`. The time
//! is that of building the values, of writing them as JSON, and of the `nft` that it starts.
#![forbid(unsafe_code)]

mod rules;
mod sets;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use nftables::batch::Batch;
use nftables::helper::{NftablesError, apply_ruleset, get_current_ruleset};
use nftables::schema::{NfListObject, NfObject, Table};
use nftables::types::NfFamily;
use portcullis_peers_common::{Contender, Failure, Members, Result, Shape, TABLE, run};

struct Nftables;

fn begun() -> Batch<'static> {
    let mut batch = Batch::new();
    batch.add(NfListObject::Table(Table { family: NfFamily::IP, name: TABLE.into(), handle: None }));
    batch
}

fn apply(batch: Batch<'_>) -> Result<()> {
    apply_ruleset(&batch.to_nftables()).map_err(failed)
}

/// What `nft` said: either it is on our own standard error already, or it is in the error, but not in its text.
fn failed(error: NftablesError) -> Failure {
    match &error {
        NftablesError::NftFailed { stderr, .. } if !stderr.is_empty() => {
            format!("{error}: {}", stderr.trim()).into()
        }
        _ => error.into(),
    }
}

impl Contender for Nftables {
    fn rules(&mut self, shape: Shape, count: u32) -> Result<Duration> {
        let start = Instant::now();
        let mut batch = begun();
        batch.add(NfListObject::Chain(rules::chain(shape)));
        for index in 0..count {
            batch.add(NfListObject::Rule(rules::rule(shape, index)));
        }
        apply(batch)?;
        Ok(start.elapsed())
    }

    fn set(&mut self, members: Members, count: u32) -> Result<Duration> {
        let start = Instant::now();
        let mut batch = begun();
        batch.add(sets::object(members, count));
        let elements = (0..count).map(|index| sets::value(members, index)).collect();
        batch.add(NfListObject::Element(sets::element(elements)));
        apply(batch)?;
        Ok(start.elapsed())
    }

    fn add_rule(&mut self, index: u32) -> Result<Duration> {
        let start = Instant::now();
        let mut batch = Batch::new();
        batch.add(NfListObject::Rule(rules::rule(Shape::Port, index)));
        apply(batch)?;
        Ok(start.elapsed())
    }

    fn replace_element(&mut self, _: u32) -> Result<Duration> {
        let start = Instant::now();
        let mut batch = Batch::new();
        batch.delete(NfListObject::Element(sets::element(vec![sets::value(Members::Addresses, 0)])));
        batch.add(NfListObject::Element(sets::element(vec![sets::replacement()])));
        apply(batch)?;
        Ok(start.elapsed())
    }

    fn list(&mut self) -> Result<(Duration, usize)> {
        let start = Instant::now();
        let ruleset = get_current_ruleset().map_err(failed)?;
        let time = start.elapsed();
        let is_rule = |object: &&NfObject<'_>| matches!(object, NfObject::ListObject(NfListObject::Rule(_)));
        Ok((time, ruleset.objects.iter().filter(is_rule).count()))
    }
}

fn main() -> ExitCode {
    run(|| Ok(Nftables))
}
