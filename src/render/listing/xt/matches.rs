//! The matches that most rulesets have.

use super::info::{Info, bang, not, range};
use crate::{
    Family, TcpFlags,
    language::matches::{IcmpType, Icmpv6Type},
    render::listing::{matches::tcp_flags, row::Style, values::hex},
};

/// Matches that say something of ports; empty where they say nothing.
pub(super) fn transport(name: &str, revision: u32, info: Info<'_>, style: Style) -> Option<String> {
    if revision != 0 {
        return None;
    }
    let mut parts = Vec::new();
    let mut ports = |one: &str, many: &str, at: usize, negated: bool| {
        let (from, to) = (info.u16(at)?, info.u16(at + 2)?);
        if (from, to) != (0, u16::MAX) || negated {
            let name = if from == to { one } else { many };
            parts.push(format!("{name}:{}{}", bang(negated), range(from, ":", to)));
        }
        Some(())
    };
    match name {
        "tcp" => {
            let inverted = info.u8(11)?;
            ports("spt", "spts", 0, inverted & 1 != 0)?;
            ports("dpt", "dpts", 4, inverted & 2 != 0)?;
            let (option, mask, set) = (info.u8(8)?, info.u8(9)?, info.u8(10)?);
            if option != 0 || inverted & 8 != 0 {
                parts.push(format!("option={}{option}", bang(inverted & 8 != 0)));
            }
            if mask != 0 || inverted & 4 != 0 {
                let text = |bits| tcp_flags(TcpFlags::from_bits_retain(bits), style);
                parts.push(format!("flags:{}{}/{}", bang(inverted & 4 != 0), text(mask), text(set)));
            }
        }
        "udp" | "udplite" => {
            let inverted = info.u8(8)?;
            ports("spt", "spts", 0, inverted & 1 != 0)?;
            ports("dpt", "dpts", 4, inverted & 2 != 0)?;
        }
        "sctp" => {
            let (given, inverted) = (info.u32(284)?, info.u32(288)?);
            if given & !3 != 0 {
                return None; // chunks
            }
            if given & 1 != 0 {
                ports("spt", "spts", 4, inverted & 1 != 0)?;
            }
            if given & 2 != 0 {
                ports("dpt", "dpts", 0, inverted & 2 != 0)?;
            }
        }
        "dccp" => {
            let (given, inverted) = (info.u16(8)?, info.u16(10)?);
            if given & !3 != 0 {
                return None; // types and options
            }
            if given & 1 != 0 {
                ports("spt", "spts", 4, inverted & 1 != 0)?;
            }
            if given & 2 != 0 {
                ports("dpt", "dpts", 0, inverted & 2 != 0)?;
            }
        }
        _ => return None,
    }
    Some(parts.join(" "))
}

/// A match in iptables' words; `None` if it is none of these, or of another form.
pub(super) fn say(name: &str, revision: u32, info: Info<'_>, style: Style) -> Option<String> {
    let v6 = style.family == Family::Ip6;
    Some(match (name, revision) {
        ("comment", 0) => format!("/* {} */", info.text(0, 256)?),
        ("conntrack", 3) => conntrack(info, v6)?,
        ("state", 0) => format!("state {}", states(u16::try_from(info.u32(0)?).ok()?)),
        ("multiport", 1) => multiport(info)?,
        ("icmp", 0) => icmp("icmp", info, style)?,
        ("icmp6", 0) => icmp("ipv6-icmp", info, style)?,
        ("mark", 1) => marked("mark match", info)?,
        ("connmark", 1) => marked("connmark match", info)?,
        ("limit", 0) => limit(info)?,
        ("statistic", 0) => statistic(info)?,
        ("mac", 0) => {
            let address: Vec<String> = info.bytes(0, 6)?.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("MAC {}{}", not(info.u32(8)? != 0), address.join(":"))
        }
        ("iprange", 1) => iprange(info, v6)?,
        ("length", 0) => {
            format!("length {}{}", bang(info.u8(4)? != 0), range(info.u16(0)?, ":", info.u16(2)?))
        }
        ("tcpmss", 0) => {
            format!("tcpmss match {}{}", bang(info.u8(4)? != 0), range(info.u16(0)?, ":", info.u16(2)?))
        }
        ("ttl", 0) => format!("TTL match TTL {} {}", compared(info.u8(0)?)?, info.u8(1)?),
        ("hl", 0) => format!("HL match HL {} {}", compared(info.u8(0)?)?, info.u8(1)?),
        ("tos", 1) => {
            format!("tos match {}{:#04x}/{:#04x}", bang(info.u8(2)? != 0), info.u8(1)?, info.u8(0)?)
        }
        ("dscp", 0) => format!("DSCP match {}{:#04x}", bang(info.u8(1)? != 0), info.u8(0)?),
        ("owner", 1) => owner(info)?,
        ("pkttype", 0) => {
            let kind = crate::PacketType::from_number(u8::try_from(info.u32(0)?).ok()?);
            let kind = if kind.number() == 0 { "unicast".to_owned() } else { kind.to_string() };
            format!("PKTTYPE {} {kind}", if info.u32(4)? != 0 { "!=" } else { "=" })
        }
        ("addrtype", 1) => addrtype(info)?,
        _ => return None,
    })
}

/// `XT_CONNTRACK_STATE_…`: iptables' order is not that of the bits.
fn states(bits: u16) -> String {
    let known = [
        (0x001, "INVALID"),
        (0x008, "NEW"),
        (0x004, "RELATED"),
        (0x002, "ESTABLISHED"),
        (0x100, "UNTRACKED"),
        (0x040, "SNAT"),
        (0x080, "DNAT"),
    ];
    listed(bits, &known)
}

/// Names of bits; those without a name as a number.
pub(super) fn listed(bits: u16, known: &[(u16, &str)]) -> String {
    let other = known.iter().fold(bits, |rest, (bit, _)| rest & !bit);
    let names = known.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| (*name).to_owned());
    names.chain((other != 0).then(|| hex(other.into()))).collect::<Vec<_>>().join(",")
}

fn conntrack(info: Info<'_>, v6: bool) -> Option<String> {
    let (given, inverted) = (info.u16(146)?, info.u16(148)?);
    let mut parts = Vec::new();
    let mut say = |bit: u16, word: &str, text: String| {
        if given & bit != 0 {
            parts.push(format!("{}{word} {text}", not(inverted & bit != 0)));
        }
    };
    let alias = given & (1 << 13) != 0;
    say(1, if alias { "state" } else { "ctstate" }, states(info.u16(150)?));
    say(2, "ctproto", info.u16(136)?.to_string());
    say(1 << 2, "ctorigsrc", info.network(0, 16, v6)?);
    say(1 << 3, "ctorigdst", info.network(32, 48, v6)?);
    say(1 << 4, "ctreplsrc", info.network(64, 80, v6)?);
    say(1 << 5, "ctrepldst", info.network(96, 112, v6)?);
    say(1 << 8, "ctorigsrcport", range(info.u16(138)?, ":", info.u16(154)?));
    say(1 << 9, "ctorigdstport", range(info.u16(140)?, ":", info.u16(156)?));
    say(1 << 10, "ctreplsrcport", range(info.u16(142)?, ":", info.u16(158)?));
    say(1 << 11, "ctrepldstport", range(info.u16(144)?, ":", info.u16(160)?));
    let status = [(1, "EXPECTED"), (2, "SEEN_REPLY"), (4, "ASSURED"), (8, "CONFIRMED")];
    let bits = info.u16(152)?;
    say(1 << 6, "ctstatus", if bits == 0 { "NONE".to_owned() } else { listed(bits, &status) });
    say(1 << 7, "ctexpire", range(info.u32(128)?, ":", info.u32(132)?));
    if given & (1 << 12) != 0 {
        parts.push(format!("ctdir {}", if inverted & (1 << 12) != 0 { "REPLY" } else { "ORIGINAL" }));
    }
    (given & !0x3fff == 0).then(|| parts.join(" "))
}

fn multiport(info: Info<'_>) -> Option<String> {
    let (kind, count, inverted) = (info.u8(0)?, info.u8(1)?, info.u8(47)? != 0);
    let mut text = String::new();
    let (mut index, count) = (0, usize::from(count));
    while index < count {
        let port = info.u16(2 + 2 * index)?;
        if !text.is_empty() {
            text.push(',');
        }
        text += &port.to_string();
        if info.u8(32 + index)? != 0 {
            index += 1;
            text += &format!(":{}", info.u16(2 + 2 * index)?);
        }
        index += 1;
    }
    let word = match kind {
        0 => "sports",
        1 => "dports",
        2 => "ports",
        _ => return None,
    };
    Some(format!("multiport {word} {}{text}", bang(inverted)))
}

fn icmp(protocol: &str, info: Info<'_>, style: Style) -> Option<String> {
    let (kind, from, to, inverted) = (info.u8(0)?, info.u8(1)?, info.u8(2)?, info.u8(3)? & 1 != 0);
    let code = match (from, to) {
        (0, u8::MAX) => String::new(),
        (from, to) if from == to => format!(" code {from}"),
        (from, to) => format!(" codes {from}-{to}"),
    };
    let any = protocol == "icmp" && kind == u8::MAX && from == 0 && to == u8::MAX;
    let name = match protocol {
        "icmp" if any => "any".to_owned(),
        "icmp" => IcmpType(kind).to_string(),
        _ => Icmpv6Type(kind).to_string(),
    };
    Some(match (style.numeric, inverted) {
        (true, false) => format!("{protocol}type {kind}{code}"),
        (true, true) => format!("{protocol} !type {kind}{code}"),
        (false, _) => format!("{protocol} {}{name}{code}", bang(inverted)),
    })
}

fn marked(word: &str, info: Info<'_>) -> Option<String> {
    let (mark, mask, inverted) = (info.u32(0)?, info.u32(4)?, info.u8(8)? != 0);
    let mask = if mask == u32::MAX { String::new() } else { format!("/{}", hex(mask)) };
    Some(format!("{word} {}{}{mask}", not(inverted), hex(mark)))
}

/// The average is a time between packets, in ten-thousandths of a second.
fn limit(info: Info<'_>) -> Option<String> {
    let (period, burst) = (info.u32(0)?, info.u32(4)?);
    // The smallest unit in which the rate is at least one and close to a whole number, as iptables chooses it.
    let units = [("day", 864_000_000), ("hour", 36_000_000), ("min", 600_000), ("sec", 10_000u32)];
    let close = |size: u32| size.checked_div(period).is_some_and(|rate| rate >= 1 && rate >= size % period);
    let finer = units.iter().skip(1).take_while(|(_, size)| close(*size)).count();
    let (unit, size) = units.get(finer)?;
    Some(format!("limit: avg {}/{unit} burst {burst}", size.checked_div(period)?))
}

fn statistic(info: Info<'_>) -> Option<String> {
    let inverted = if info.u16(2)? & 1 != 0 { " !" } else { "" };
    Some(match info.u16(0)? {
        0 => {
            let share = f64::from(info.u32(4)?) / f64::from(1u32 << 31);
            format!("statistic mode random{inverted} probability {share:.11}")
        }
        1 => {
            let (every, packet) = (info.u32(4)?.checked_add(1)?, info.u32(8)?);
            let packet = if packet == 0 { String::new() } else { format!(" packet {packet}") };
            format!("statistic mode nth{inverted} every {every}{packet}")
        }
        _ => return None,
    })
}

fn iprange(info: Info<'_>, v6: bool) -> Option<String> {
    let flags = info.u8(64)?;
    let mut parts = Vec::new();
    for (word, given, inverted, at) in [("source", 1, 16, 0), ("destination", 2, 32, 32)] {
        if flags & given != 0 {
            let (from, to) = (info.address(at, v6)?, info.address(at + 16, v6)?);
            parts.push(format!("{word} IP range {}{from}-{to}", not(flags & inverted != 0)));
        }
    }
    Some(parts.join(" "))
}

fn compared(mode: u8) -> Option<&'static str> {
    Some(match mode {
        0 => "==",
        1 => "!=",
        2 => "<",
        3 => ">",
        _ => return None,
    })
}

fn owner(info: Info<'_>) -> Option<String> {
    let (given, inverted) = (info.u8(16)?, info.u8(17)?);
    let mut parts = Vec::new();
    let mut say = |bit: u8, text: String| {
        if given & bit != 0 {
            parts.push(format!("{}{text}", not(inverted & bit != 0)));
        }
    };
    say(4, "owner socket exists".to_owned());
    say(1, format!("owner UID match {}", range(info.u32(0)?, "-", info.u32(4)?)));
    say(2, format!("owner GID match {}", range(info.u32(8)?, "-", info.u32(12)?)));
    say(8, "incl. suppl. groups".to_owned());
    Some(parts.join(" "))
}

fn addrtype(info: Info<'_>) -> Option<String> {
    let types = [
        (1 << 0, "UNSPEC"),
        (1 << 1, "UNICAST"),
        (1 << 2, "LOCAL"),
        (1 << 3, "BROADCAST"),
        (1 << 4, "ANYCAST"),
        (1 << 5, "MULTICAST"),
        (1 << 6, "BLACKHOLE"),
        (1 << 7, "UNREACHABLE"),
        (1 << 8, "PROHIBIT"),
        (1 << 9, "THROW"),
        (1 << 10, "NAT"),
        (1 << 11, "XRESOLVE"),
    ];
    let (source, destination, flags) = (info.u16(0)?, info.u16(2)?, info.u32(4)?);
    let mut text = "ADDRTYPE match".to_owned();
    if source != 0 {
        text += &format!(" src-type {}{}", bang(flags & 1 != 0), listed(source, &types));
    }
    if destination != 0 {
        text += &format!(" dst-type {}{}", bang(flags & 2 != 0), listed(destination, &types));
    }
    for (bit, word) in [(4, " limit-in"), (8, " limit-out")] {
        if flags & bit != 0 {
            text += word;
        }
    }
    Some(text)
}
