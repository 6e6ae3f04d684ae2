//! A load balancer: new connections go to the backends in turn, exactly evenly.
//!
//! The third use case of "Advanced network configuration with iptables", for any number of backends. IPv4 clients go
//! to the IPv4 backends, IPv6 clients to the IPv6 backends.

mod common;

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU16,
    process::ExitCode,
};

use common::{Failure, Mode};
use lexopt::{Arg::Long, ValueExt};
use portcullis::{Chain, CtState, Forwarding, Hook, Netfilter, Rule, Ruleset, Table, select::Balance};

const NAME: &str = "load_balancer";

const HELP: &str = "\
Shares connections to a TCP port of this machine evenly among backends, one after the other.

Usage: load_balancer --listen PORT --backend ADDRESS:PORT [--backend ADDRESS:PORT ...]
                     [--map] [--dry-run]
       load_balancer --revert [--dry-run]

  --listen PORT           the port that clients connect to
  --backend ADDRESS:PORT  where connections go: 192.168.1.2:8080 for IPv4 clients,
                          [fd00::2]:8080 for IPv6 clients
  --map                   one rule with a map of the backends, in place of a rule for each
  --revert                take the rules away again; forwarding stays on
  --dry-run               say what would be done, and touch nothing

Clients seem to come from this machine, so that answers come back through it. What this machine
itself sends does not pass here: `curl http://localhost` is not balanced.
Acts on the current network namespace, on table inet load_balancer and the switch for IP forwarding
only. Needs CAP_NET_ADMIN.";

fn main() -> ExitCode {
    common::run(NAME, HELP, |mut arguments| {
        let (mut mode, mut listen, mut backends) = (Mode::default(), None, Vec::new());
        let mut map = false;
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("listen") => listen = Some(arguments.value()?.parse::<NonZeroU16>()?.get()),
                Long("backend") => backends.push(arguments.value()?.parse::<SocketAddr>()?),
                Long("map") => map = true,
                other => mode.take(other)?,
            }
        }
        if mode.revert {
            return mode.remove(NAME);
        }
        let Some(listen) = listen.filter(|_| !backends.is_empty()) else {
            return Err(Failure::Usage("give --listen and at least one --backend".to_owned()));
        };
        let (v4, v6): (Vec<_>, Vec<_>) = backends.into_iter().partition(SocketAddr::is_ipv4);
        let table = balancer(listen, &v4, &v6, map);
        if !mode.dry_run {
            // Ask before anything is changed.
            Netfilter::open()?.check(&Ruleset::new().table(table.clone()).transaction())?;
        }
        for (version, forwarding, backends) in [("IPv4", Forwarding::V4, v4), ("IPv6", Forwarding::V6, v6)] {
            if backends.is_empty() {
                continue;
            }
            if mode.dry_run {
                println!("would turn on {version} forwarding");
            } else {
                forwarding.turn_on()?;
                println!("{version} forwarding is on");
            }
        }
        mode.apply(table)
    })
}

fn balancer(listen: u16, v4: &[SocketAddr], v6: &[SocketAddr], map: bool) -> Table {
    let translate = if map { by_map } else { in_turn };
    Table::inet(NAME)
        .chain(
            Chain::nat("prerouting", Hook::Prerouting)
                .rules(translate(&Rule::new().ipv4(), listen, v4))
                .rules(translate(&Rule::new().ipv6(), listen, v6)),
        )
        .chain(Chain::nat("postrouting", Hook::Postrouting).rules(v4.iter().chain(v6).map(|backend| {
            let comment = format!("to {backend}, as if from this machine");
            let (ip, port): (IpAddr, u16) = (backend.ip(), backend.port());
            Rule::new().daddr(ip).tcp().dport(port).counter().masquerade().comment(&comment)
        })))
}

/// One rule for all backends: each new connection takes the next number, and a map leads from it to the backend.
fn by_map(family: &Rule, listen: u16, backends: &[SocketAddr]) -> Vec<Rule> {
    let of_v4 = |backend: &SocketAddr| match backend {
        SocketAddr::V4(backend) => Some(*backend),
        SocketAddr::V6(_) => None,
    };
    let of_v6 = |backend: &SocketAddr| match backend {
        SocketAddr::V6(backend) => Some(*backend),
        SocketAddr::V4(_) => None,
    };
    let new = family.clone().tcp().dport(listen).ct_state(CtState::NEW).counter();
    let (v4, v6) = (backends.iter().filter_map(of_v4), backends.iter().filter_map(of_v6));
    let rule = match backends.first() {
        None => return Vec::new(),
        Some(SocketAddr::V4(_)) => new.dnat_by(Balance::round_robin(v4)),
        Some(SocketAddr::V6(_)) => new.dnat_by(Balance::round_robin(v6)),
    };
    vec![rule.comment(&format!("connections to port {listen}: to {} in turn", common::enumerate(backends)))]
}

/// Every third connection to the first of three backends, every second of the rest to the next, all of the rest to
/// the last.
fn in_turn(family: &Rule, listen: u16, backends: &[SocketAddr]) -> Vec<Rule> {
    let count = u32::try_from(backends.len()).unwrap_or(u32::MAX);
    let turn = |(backend, left): (&SocketAddr, u32)| {
        let new = family.clone().tcp().dport(listen).ct_state(CtState::NEW);
        let (mine, which) = match left {
            1 if count == 1 => (new, "every".to_owned()),
            1 => (new, "every remaining".to_owned()),
            2 => (new.nth(2, 0), "every second".to_owned()),
            3 => (new.nth(3, 0), "every third".to_owned()),
            left => (new.nth(left, 0), format!("every {left}th")),
        };
        let comment = format!("{which} connection to port {listen}: to {backend}");
        mine.counter().dnat(*backend).comment(&comment)
    };
    backends.iter().zip((1..=count).rev()).map(turn).collect()
}
