//! The targets that most rulesets have.

use super::info::{Info, range};
use crate::{
    Family,
    render::listing::{row::Style, values::hex},
};

/// What stands beside the target's name; `None` if it is none of these, or of another form.
pub(super) fn say(name: &str, revision: u32, info: Info<'_>, style: Style) -> Option<String> {
    let v6 = style.family == Family::Ip6;
    Some(match (name, revision) {
        ("REJECT", 0) => format!("reject-with {}", reject_with(info.u32(0)?, v6)?),
        ("LOG", 0) => log(info)?,
        ("NFLOG", 0) => nflog(info)?,
        ("MARK", 2) => format!("MARK {}", changed(info.u32(0)?, info.u32(4)?)),
        ("CONNMARK", 2) => connmark(info)?,
        ("NFQUEUE", 3) => nfqueue(info)?,
        ("TCPMSS", 0) => match info.u16(0)? {
            u16::MAX => "TCPMSS clamp to PMTU".to_owned(),
            size => format!("TCPMSS set {size}"),
        },
        ("TOS", 1) => format!("TOS set {:#04x}/{:#04x}", info.u8(0)?, info.u8(1)?),
        ("DSCP", 0) => format!("DSCP set {:#04x}", info.u8(0)?),
        ("TTL" | "HL", 0) => {
            let how = ["set to", "increment by", "decrement by"].get(usize::from(info.u8(0)?))?;
            format!("{name} {how} {}", info.u8(1)?)
        }
        ("CLASSIFY", 0) => {
            let class = info.u32(0)?;
            format!("CLASSIFY set {:x}:{:x}", class >> 16, class & 0xffff)
        }
        ("CT", 2) => ct(info)?,
        ("TEE", 0 | 1) => {
            let device = info.text(16, 16)?;
            let device = if device.is_empty() { device } else { format!(" oif={device}") };
            format!("TEE gw:{}{device}", info.address(0, v6)?)
        }
        ("TPROXY", 1) => {
            let (mask, mark, address, port) =
                (info.u32(0)?, info.u32(4)?, info.address(8, v6)?, info.be16(24)?);
            format!("TPROXY redirect {address}:{port} mark {}/{}", hex(mark), hex(mask))
        }
        ("CHECKSUM", 0) => match info.u8(0)? {
            1 => "CHECKSUM fill".to_owned(),
            _ => return None,
        },
        ("AUDIT", 0) => format!("AUDIT {}", ["accept", "drop", "reject"].get(usize::from(info.u8(0)?))?),
        ("CONNSECMARK", 0) => {
            format!("CONNSECMARK {}", ["", "save", "restore"].get(usize::from(info.u8(0)?))?)
        }
        ("SYNPROXY", 0) => synproxy(info)?,
        ("TRACE", 0) => String::new(),
        _ => return None,
    })
}

fn reject_with(code: u32, v6: bool) -> Option<&'static str> {
    let v4 = [
        "icmp-net-unreachable",
        "icmp-host-unreachable",
        "icmp-proto-unreachable",
        "icmp-port-unreachable",
        "icmp-echo-reply",
        "icmp-net-prohibited",
        "icmp-host-prohibited",
        "tcp-reset",
        "icmp-admin-prohibited",
    ];
    let for_v6 = [
        "icmp6-no-route",
        "icmp6-adm-prohibited",
        "icmp6-not-neighbour",
        "icmp6-addr-unreachable",
        "icmp6-port-unreachable",
        "icmp6-echo-reply",
        "tcp-reset",
        "icmp6-policy-fail",
        "icmp6-reject-route",
    ];
    let code = usize::try_from(code).ok()?;
    if v6 { for_v6.get(code).copied() } else { v4.get(code).copied() }
}

fn log(info: Info<'_>) -> Option<String> {
    let prefix = info.text(2, 30)?;
    let prefix = if prefix.is_empty() { prefix } else { format!(" prefix \"{prefix}\"") };
    Some(format!("LOG flags {} level {}{prefix}", info.u8(1)?, info.u8(0)?))
}

fn nflog(info: Info<'_>) -> Option<String> {
    let (size, group, threshold, flags) = (info.u32(0)?, info.u16(4)?, info.u16(6)?, info.u16(8)?);
    let prefix = info.text(12, 64)?;
    let mut parts = Vec::new();
    if !prefix.is_empty() {
        parts.push(format!("nflog-prefix {prefix}"));
    }
    if group != 0 {
        parts.push(format!("nflog-group {group}"));
    }
    match (flags & 1 != 0, size) {
        (true, size) => parts.push(format!("nflog-size {size}")),
        (false, 0) => {}
        (false, size) => parts.push(format!("nflog-range {size}")),
    }
    if threshold != 1 {
        parts.push(format!("nflog-threshold {threshold}"));
    }
    Some(parts.join(" "))
}

/// A mark's change in the shortest words: the bits of the mask are cleared, then those of the value flipped.
fn changed(value: u32, mask: u32) -> String {
    match (value, mask) {
        (0, mask) => format!("and {}", hex(!mask)),
        (value, mask) if value == mask => format!("or {}", hex(value)),
        (value, 0) => format!("xor {}", hex(value)),
        (value, u32::MAX) => format!("set {}", hex(value)),
        (value, mask) => format!("xset {}/{}", hex(value), hex(mask)),
    }
}

fn connmark(info: Info<'_>) -> Option<String> {
    let (mark, ctmask, nfmask, shift, mode) =
        (info.u32(0)?, info.u32(4)?, info.u32(8)?, info.u8(13)?, info.u8(14)?);
    (shift == 0).then_some(())?;
    let word = match mode {
        0 => return Some(format!("CONNMARK {}", changed(mark, ctmask))),
        1 => "save",
        2 => "restore",
        _ => return None,
    };
    Some(match (nfmask, ctmask) {
        (u32::MAX, u32::MAX) => format!("CONNMARK {word}"),
        (nfmask, ctmask) if nfmask == ctmask => format!("CONNMARK {word} mask {}", hex(nfmask)),
        (nfmask, ctmask) if mode == 1 => {
            format!("CONNMARK save nfmask {} ctmask ~{}", hex(nfmask), hex(ctmask))
        }
        (nfmask, ctmask) => format!("CONNMARK restore ctmask {} nfmask ~{}", hex(ctmask), hex(nfmask)),
    })
}

fn nfqueue(info: Info<'_>) -> Option<String> {
    let (first, total, flags) = (info.u16(0)?, info.u16(2)?, info.u16(4)?);
    let last = first.checked_add(total.checked_sub(1)?)?;
    let word = if total == 1 { "num" } else { "balance" };
    let bypass = if flags & 1 != 0 { " bypass" } else { "" };
    let fanout = if flags & 2 != 0 { " cpu-fanout" } else { "" };
    Some(format!("NFQUEUE {word} {}{bypass}{fanout}", range(first, ":", last)))
}

fn ct(info: Info<'_>) -> Option<String> {
    let (flags, zone, events, expected) = (info.u16(0)?, info.u16(2)?, info.u32(4)?, info.u32(8)?);
    if flags & !3 != 0 || events != 0 || expected != 0 {
        return None; // zones of one direction, events
    }
    if flags & 2 != 0 {
        return Some("NOTRACK".to_owned());
    }
    let mut text = "CT".to_owned();
    if flags & 1 != 0 {
        text += " notrack";
    }
    for (word, name) in [(" helper ", info.text(12, 16)?), (" timeout ", info.text(28, 32)?)] {
        if !name.is_empty() {
            text += word;
            text += &name;
        }
    }
    if zone != 0 {
        text += &format!(" zone {zone}");
    }
    Some(text)
}

fn synproxy(info: Info<'_>) -> Option<String> {
    let (options, scale, mss) = (info.u8(0)?, info.u8(1)?, info.u16(2)?);
    let mut text = "SYNPROXY".to_owned();
    for (bit, word) in [
        (4, " sack-perm".to_owned()),
        (8, " timestamp".to_owned()),
        (2, format!(" wscale {scale}")),
        (1, format!(" mss {mss}")),
    ] {
        if options & bit != 0 {
            text += &word;
        }
    }
    Some(text)
}
