//! What kernel tests share.

use std::process::Command;

use portcullis::{Chain, Family, Hook, Netfilter, Table};
use portcullis_world::Host;

/// The connection to a host's packet filter.
pub fn open(host: &Host) -> Netfilter {
    host.run(|| Netfilter::open().expect("a netlink socket"))
}

/// `nft list ruleset` in a host; `None` where there is no nft.
pub fn nft_listing(host: &Host) -> Option<String> {
    let output = host.run(|| Command::new("nft").args(["list", "ruleset"]).output()).ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("nft prints UTF-8"))
}

/// A table `edge` with an accepting chain `input`.
pub fn edge() -> Table {
    Table::new(Family::Inet, "edge").chain(Chain::filter("input", Hook::Input))
}
