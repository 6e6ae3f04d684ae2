//! A guard for SSH: whoever connects too often is blocked for a while. The kernel keeps the list; no daemon runs.

mod common;

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    num::{NonZeroU8, NonZeroU16, NonZeroU32},
    process::ExitCode,
    time::Duration,
};

use common::{Failure, Mode};
use lexopt::{Arg::Long, ValueExt};
use portcullis::{
    Chain, CtState, Hook, Rate, Rule, Table,
    language::targets::ChangeSet,
    select::{Saddr, SelectOne},
    set::{Field, SetOf},
};

const NAME: &str = "ssh_guard";

const HELP: &str = "\
Blocks sources that open more than so many connections a minute to a TCP port, for a while.

Usage: ssh_guard [--port PORT] [--limit NUMBER] [--block DURATION]
                 [--prefix LENGTH] [--prefix6 LENGTH] [--dry-run]
       ssh_guard --revert [--dry-run]

  --port PORT       the port to guard (22)
  --limit NUMBER    new connections a minute that a source may open (10)
  --block DURATION  how long a source is blocked: 90s, 30m, 1h, 7d (1h)
  --prefix LENGTH   the length of the IPv4 networks that count as one source (32: each address)
  --prefix6 LENGTH  the same for IPv6 (64)
  --revert          take the rules away again
  --dry-run         say what would be done, and touch nothing

IPv4 and IPv6. An IPv6 source is a network of 64 bits, for that is what one customer has: who could take
another address for each connection would never be blocked. Neighbours in one such network are blocked
together. A blocked source reaches the port no more, nor do the connections that it has.
Of each IP version, 65536 sources are remembered and as many blocked. Beyond that, the guard stands open:
while the list of the blocked is full, who connects too often is let in until somebody's time is over, and
while the list of the sources is full, new ones are not counted. Who is blocked stays blocked.
Run again, it begins with nobody blocked. `nft list set inet ssh_guard blocked_v4` shows who is.
Acts on the current network namespace, on table inet ssh_guard only. Needs CAP_NET_ADMIN.";

/// How many sources are remembered: attackers must not be able to fill the memory.
const SOURCES: u32 = 65_536;

fn main() -> ExitCode {
    common::run(NAME, HELP, |mut arguments| {
        let (mut mode, mut port, mut limit) = (Mode::default(), 22, 10);
        let (mut prefix, mut prefix6) = (32, 64);
        let mut block = Duration::from_secs(3600);
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("port") => port = arguments.value()?.parse::<NonZeroU16>()?.get(),
                Long("limit") => limit = arguments.value()?.parse::<NonZeroU32>()?.get(),
                Long("block") => block = arguments.value()?.parse_with(duration)?,
                Long("prefix") => prefix = arguments.value()?.parse_with(|text| length(text, 32))?,
                Long("prefix6") => prefix6 = arguments.value()?.parse_with(|text| length(text, 128))?,
                other => mode.take(other)?,
            }
        }
        if mode.revert {
            return mode.remove(NAME);
        }
        let guard = Guard { port, limit, block };
        let chain = Chain::filter("input", Hook::Input);
        let table = guard.sources::<Ipv4Addr>(Table::inet(NAME).chain(chain), "v4", prefix)?;
        mode.apply(guard.sources::<Ipv6Addr>(table, "v6", prefix6)?)
    })
}

/// `90s`, `30m`, `1h`, `7d`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration: 90s, 30m, 1h, 7d");
    let split = text.len().checked_sub(1).filter(|split| text.is_char_boundary(*split)).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: NonZeroU32 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number.get()) * seconds))
}

/// Of a network, so many bits.
fn length(text: &str, longest: u8) -> Result<u8, String> {
    let length: Option<NonZeroU8> = text.parse().ok();
    let length = length.map(NonZeroU8::get).filter(|length| *length <= longest);
    length.ok_or_else(|| format!("{text:?} is not the length of a network: 1 to {longest}"))
}

struct Guard {
    port: u16,
    limit: u32,
    block: Duration,
}

impl Guard {
    /// Adds the sets and rules for the sources of one IP version.
    fn sources<A>(&self, mut table: Table, version: &str, prefix: u8) -> Result<Table, Failure>
    where
        A: Field,
        Saddr: SelectOne<A>,
    {
        let Self { port, limit, block } = *self;
        let set = |name: &str| SetOf::<A>::new(format!("{name}_{version}")).dynamic().capacity(SOURCES);
        let blocked = set("blocked").with_timeouts();
        // Who was silent for two minutes has all connections free again.
        let seen = set("seen").timeout(Duration::from_secs(120));
        let source = Saddr.prefix(prefix);
        let to_port = || Rule::new().tcp().dport(port);
        let too_often = Rate::per_minute(limit.into()).burst(limit).over();
        let rules = [
            to_port()
                .in_set::<A>(source, &blocked)
                .counter()
                .drop()
                .comment(&format!("{version}: blocked sources")),
            to_port()
                .ct_state(CtState::NEW)
                .change_set(ChangeSet::update::<A>(source, &seen).limit(too_often))
                .change_set(ChangeSet::add::<A>(source, &blocked).timeout(block))
                .counter()
                .drop()
                .comment(&format!("{version}: more than {limit} a minute: blocked for {block:?}")),
        ];
        table = table.set(blocked.into()).set(seen.into());
        match table.chains.first_mut() {
            Some(chain) => chain.rules.extend(rules),
            None => return Err(Failure::Failed("the table has no chain".to_owned())),
        }
        Ok(table)
    }
}
