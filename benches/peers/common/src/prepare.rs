//! What is there before the clock starts, loaded by `nft -f -`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::{CHAIN, Result, SET, TABLE, Workload, address, port};

/// Says that whoever started this program has loaded what the workload begins with.
const PREPARED: &str = "BENCH_PREPARED";

/// Loads what the workload begins with, unless that is there.
pub(crate) fn prepare(workload: Workload, count: u32) -> Result<()> {
    if std::env::var_os(PREPARED).is_some_and(|value| value == "1") {
        return Ok(());
    }
    match workload {
        Workload::Rules(_) | Workload::Set(_) | Workload::Snapshot => Ok(()),
        Workload::AddOne => load(&rules(count, by_port)),
        Workload::AddOneSpread => load(&spread(count)),
        Workload::SmallTransactions => load(&rules(0, by_port)),
        Workload::List => load(&rules(count, facts)),
        Workload::ReplaceElement => load(&addresses(count)),
    }
}

fn rules(count: u32, rule: impl Fn(u32) -> String) -> String {
    let mut text = format!(
        "table ip {TABLE} {{\n chain {CHAIN} {{\n type filter hook input priority 0; policy accept;\n"
    );
    for index in 0..count {
        text.push_str(&rule(index));
        text.push('\n');
    }
    text.push_str("}\n}\n");
    text
}

/// The chain, empty, and the rules in others of a hundred each.
fn spread(count: u32) -> String {
    let mut text = rules(0, by_port);
    for first in (0..count).step_by(100) {
        text.push_str(&format!("table ip {TABLE} {{\n chain c{} {{\n", first / 100));
        for index in first..count.min(first + 100) {
            text.push_str(&by_port(index));
            text.push('\n');
        }
        text.push_str("}\n}\n");
    }
    text
}

fn facts(index: u32) -> String {
    let (address, port) = (address(index), port(index));
    format!("meta l4proto tcp ip saddr {address} tcp dport {port} ct state new,established counter accept")
}

fn by_port(index: u32) -> String {
    format!("tcp dport {} accept", port(index))
}

/// The set that `set-hash` makes.
fn addresses(count: u32) -> String {
    let mut text =
        format!("table ip {TABLE} {{\n set {SET} {{ type ipv4_addr; size {count}; elements = {{\n");
    for index in 0..count {
        text.push_str(&format!("{},\n", address(index)));
    }
    text.push_str("} }\n}\n");
    text
}

fn load(text: &str) -> Result<()> {
    let mut nft = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn()?;
    if let Some(mut input) = nft.stdin.take() {
        input.write_all(text.as_bytes())?;
    }
    let status = nft.wait()?;
    if status.success() { Ok(()) } else { Err(format!("nft -f - (preparing): {status}").into()) }
}
