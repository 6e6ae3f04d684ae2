//! A whitelist in both directions: this machine talks to the allowed hosts, to itself, and to nobody else.
//!
//! The scripts of "Control Network Traffic with iptables": the one that locks down, and the one that reverts it.

mod common;

use std::process::ExitCode;

use common::{Failure, Mode};
use lexopt::{Arg::Long, ValueExt};
use portcullis::{Addresses, Chain, CtState, Hook, Policy, Protocol, Rule, Table, resolve};

const NAME: &str = "lockdown";

const HELP: &str = "\
Lets this machine talk, in both directions, to the allowed hosts and to itself, and to nobody else.

Usage: lockdown --allow HOST [--allow HOST ...] [--dry-run]
       lockdown --revert [--dry-run]

  --allow HOST  a host name, which is resolved now (to all of its addresses, IPv4 and IPv6);
                or an address, a network (10.0.2.0/24) or a range (10.0.2.1-10.0.2.9)
  --revert      take the lockdown away again
  --dry-run     say what would be done, and touch nothing

Programs that look up names later on need the name server to be allowed, too.
Acts on the current network namespace, on table inet lockdown only. Needs CAP_NET_ADMIN.";

fn main() -> ExitCode {
    common::run(NAME, HELP, |mut arguments| {
        let (mut mode, mut names) = (Mode::default(), Vec::new());
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("allow") => names.push(arguments.value()?.string()?),
                other => mode.take(other)?,
            }
        }
        if mode.revert {
            return mode.remove(NAME);
        }
        if names.is_empty() {
            return Err(Failure::Usage("give at least one --allow, or --revert".to_owned()));
        }
        // Every name is looked up before anything is changed: a lockdown may cut off the name server.
        let mut allowed = Vec::new();
        for name in names {
            let addresses = resolve(&name)?;
            allowed.push((name, addresses));
        }
        mode.apply(lockdown(&allowed))
    })
}

fn lockdown(allowed: &[(String, Addresses)]) -> Table {
    let mut input = Chain::filter("input", Hook::Input)
        .policy(Policy::Drop)
        .rule(Rule::new().iif("lo").counter().accept().comment("loopback"));
    let mut output = Chain::filter("output", Hook::Output)
        .policy(Policy::Drop)
        .rule(Rule::new().oif("lo").counter().accept().comment("loopback"));
    // A rule is about one family.
    for (name, addresses) in allowed {
        for half in [addresses.v4(), addresses.v6()].into_iter().filter(|half| !half.is_empty()) {
            let (from, to) = (format!("from {name}"), format!("to {name}"));
            input = input.rule(Rule::new().saddr(half.clone()).counter().accept().comment(&from));
            output = output.rule(Rule::new().daddr(half).counter().accept().comment(&to));
        }
    }
    // Routers on the way may have something to say about packets to the allowed hosts.
    let errors = Rule::new().protocol([Protocol::ICMP, Protocol::ICMPV6]).ct_state(CtState::RELATED);
    input = input.rule(errors.counter().accept().comment("ICMP errors about allowed connections"));
    if allowed.iter().any(|(_, addresses)| !addresses.v6().is_empty()) {
        input = input.rule(common::ipv6_housekeeping());
        output = output.rule(common::ipv6_housekeeping());
    }
    Table::inet(NAME)
        .chain(input.rule(Rule::new().counter().drop().comment("everything else")))
        .chain(Chain::filter("forward", Hook::Forward).policy(Policy::Drop))
        .chain(output.rule(Rule::new().counter().drop().comment("everything else")))
}
