//! A firewall by source: nothing comes in but what trusted addresses send.
//!
//! The second use case of "Advanced network configuration with iptables". What this machine asks for still gets its
//! answers ("Issue 1"), and the loopback stays open ("Issue 2").

mod common;

use std::process::ExitCode;

use common::{Failure, Mode};
use lexopt::{Arg::Long, ValueExt};
use portcullis::{Addresses, Chain, CtState, Hook, Policy, Rule, Table, resolve};

const NAME: &str = "ip_firewall";

const HELP: &str = "\
Blocks everything that comes in, over IPv4 and IPv6, but what trusted addresses send.

Usage: ip_firewall --trust SOURCE [--trust SOURCE ...] [--dry-run]
       ip_firewall --revert [--dry-run]

  --trust SOURCE  an address, a network (10.0.2.0/24, fd00::/8), a range (10.0.2.1-10.0.2.9)
                  or a host name, which is resolved now
  --revert        take the firewall away again
  --dry-run       say what would be done, and touch nothing

Acts on the current network namespace, on table inet ip_firewall only. Needs CAP_NET_ADMIN.";

fn main() -> ExitCode {
    common::run(NAME, HELP, |mut arguments| {
        let (mut mode, mut names) = (Mode::default(), Vec::new());
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("trust") => names.push(arguments.value()?.string()?),
                other => mode.take(other)?,
            }
        }
        if mode.revert {
            return mode.remove(NAME);
        }
        if names.is_empty() {
            return Err(Failure::Usage("give at least one --trust: without any, nobody gets in".to_owned()));
        }
        let mut trusted = Addresses::any_of([]);
        for name in &names {
            trusted = trusted.or(resolve(name)?);
        }
        mode.apply(firewall(&trusted, &common::enumerate(&names)))
    })
}

fn firewall(trusted: &Addresses, names: &str) -> Table {
    // A rule is about one family.
    let sources = [trusted.v4(), trusted.v6()].into_iter().filter(|addresses| !addresses.is_empty());
    let input = Chain::filter("input", Hook::Input)
        .policy(Policy::Drop)
        .rule(Rule::new().iif("lo").counter().accept().comment("loopback"))
        .rules(sources.map(|addresses| {
            Rule::new().saddr(addresses).counter().accept().comment(&format!("from {names}"))
        }))
        .rule(
            Rule::new()
                .ct_state(CtState::ESTABLISHED | CtState::RELATED)
                .counter()
                .accept()
                .comment("connections that exist, and ICMP errors about them"),
        )
        .rule(common::ipv6_housekeeping())
        .rule(Rule::new().counter().drop().comment("everything else"));
    Table::inet(NAME)
        .chain(input)
        .chain(Chain::filter("forward", Hook::Forward).policy(Policy::Drop))
        .chain(Chain::filter("output", Hook::Output).policy(Policy::Accept))
}
