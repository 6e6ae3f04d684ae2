//! A firewall for services: nothing comes in but connections to the given TCP ports.
//!
//! The first use case of "Advanced network configuration with iptables". What this machine asks for still gets its
//! answers ("Issue 1"), and the loopback stays open ("Issue 2").
//!
//! Where nothing tracked connections before, those that exist are not known yet, as with iptables: sessions on the
//! given ports go on at once, others once this machine sends something on them.

mod common;

use std::{num::NonZeroU16, process::ExitCode};

use common::{Failure, Mode};
use lexopt::{Arg::Long, ValueExt};
use portcullis::{Chain, CtState, Hook, Policy, Rule, Table, language::targets::RejectWith};

const NAME: &str = "service_firewall";

const HELP: &str = "\
Blocks everything that comes in, over IPv4 and IPv6, but connections to the given TCP ports.

Usage: service_firewall --port PORT [--port PORT ...] [--reject] [--dry-run]
       service_firewall --revert [--dry-run]

  --port PORT  a service that others may reach
  --reject     tell others that they are refused, rather than leave them without an answer
  --revert     take the firewall away again
  --dry-run    say what would be done, and touch nothing

Acts on the current network namespace, on table inet service_firewall only. Needs CAP_NET_ADMIN.";

fn main() -> ExitCode {
    common::run(NAME, HELP, |mut arguments| {
        let (mut mode, mut ports, mut reject) = (Mode::default(), Vec::new(), false);
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("port") => ports.push(arguments.value()?.parse::<NonZeroU16>()?.get()),
                Long("reject") => reject = true,
                other => mode.take(other)?,
            }
        }
        if mode.revert {
            return mode.remove(NAME);
        }
        if ports.is_empty() {
            return Err(Failure::Usage("give at least one --port: without any, nobody gets in".to_owned()));
        }
        mode.apply(firewall(&ports, reject))
    })
}

fn firewall(ports: &[u16], reject: bool) -> Table {
    let services = format!("TCP port {}", common::enumerate(ports));
    let mut input = Chain::filter("input", Hook::Input)
        .policy(Policy::Drop)
        .rule(Rule::new().iif("lo").counter().accept().comment("loopback"))
        .rule(
            Rule::new()
                .ct_state(CtState::ESTABLISHED | CtState::RELATED)
                .counter()
                .accept()
                .comment("connections that exist, and ICMP errors about them"),
        )
        .rule(common::ipv6_housekeeping())
        .rule(Rule::new().tcp().dport(ports).counter().accept().comment(&services));
    let others = "everything else";
    input = if reject {
        // As a closed port would: a reset for TCP, "port unreachable" for the rest.
        input
            .rule(Rule::new().tcp().counter().reject_with(RejectWith::TcpReset).comment("all other TCP"))
            .rule(Rule::new().counter().reject().comment(others))
    } else {
        input.rule(Rule::new().counter().drop().comment(others))
    };
    Table::inet(NAME)
        .chain(input)
        .chain(Chain::filter("forward", Hook::Forward).policy(Policy::Drop))
        .chain(Chain::filter("output", Hook::Output).policy(Policy::Accept))
}
