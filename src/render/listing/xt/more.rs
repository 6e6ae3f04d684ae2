//! Rarer matches.

use super::info::{Info, bang, not, range};
use crate::render::listing::values::hex;

/// A match in iptables' words; `None` if it is none of these, or of another form.
pub(super) fn say(name: &str, revision: u32, info: Info<'_>) -> Option<String> {
    Some(match (name, revision) {
        ("helper", 0) => format!("helper match {}\"{}\"", not(info.u32(0)? != 0), info.text(4, 30)?),
        ("string", 1) => string(info)?,
        ("recent", 1) => recent(info)?,
        ("time", 0) => time(info)?,
        ("connlimit", 1) => connlimit(info)?,
        ("quota", 0) => format!("{}quota: {} bytes", not(info.u32(0)? & 1 != 0), info.u64(8)?),
        ("connbytes", 0) => connbytes(info)?,
        ("socket", 0..=3) => {
            let flags = info.u8(0).unwrap_or(0);
            let words = [(1, " --transparent"), (2, " --nowildcard"), (4, " --restore-skmark")];
            let words: String =
                words.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, word)| *word).collect();
            format!("socket{words}")
        }
        ("esp", 0) => {
            let (from, to, inverted) = (info.u32(0)?, info.u32(4)?, info.u8(8)? & 1 != 0);
            let word = if from == to { "spi" } else { "spis" };
            format!("esp {word}:{}{}", bang(inverted), range(from, ":", to))
        }
        ("cpu", 0) => format!("cpu {}{}", not(info.u32(4)? != 0), info.u32(0)?),
        ("realm", 0) => {
            let mask = info.u32(4)?;
            let mask = if mask == u32::MAX { String::new() } else { format!("/{}", hex(mask)) };
            format!("{}realm {}{mask}", not(info.u8(8)? != 0), hex(info.u32(0)?))
        }
        ("devgroup", 0) => devgroup(info)?,
        ("physdev", 0) => physdev(info)?,
        ("ecn", 0) => ecn(info)?,
        _ => return None,
    })
}

fn string(info: Info<'_>) -> Option<String> {
    let (from, to, flags) = (info.u16(0)?, info.u16(2)?, info.u8(149)?);
    let pattern = info.bytes(20, 128)?.get(..usize::from(info.u8(148)?))?;
    let pattern = match pattern.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        true => format!("\"{}\"", String::from_utf8_lossy(pattern)),
        false => {
            let bytes: String = pattern.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("\"|{bytes}|\"")
        }
    };
    let mut text = format!("STRING match {}{pattern} ALGO name {}", not(flags & 1 != 0), info.text(4, 16)?);
    if from != 0 {
        text += &format!(" FROM {from}");
    }
    if to != 0 && to != u16::MAX {
        text += &format!(" TO {to}");
    }
    if flags & 2 != 0 {
        text += " ICASE";
    }
    Some(text)
}

fn recent(info: Info<'_>) -> Option<String> {
    let (seconds, hits, what, inverted) = (info.u32(0)?, info.u32(4)?, info.u8(8)?, info.u8(9)? != 0);
    let mut text = format!("{}recent:", not(inverted));
    for (bit, word) in [(2, " SET"), (1, " CHECK"), (4, " UPDATE"), (8, " REMOVE")] {
        if what & bit != 0 {
            text += word;
        }
    }
    if seconds != 0 {
        text += &format!(" seconds: {seconds}");
    }
    if what & 32 != 0 {
        text += " reap";
    }
    if hits != 0 {
        text += &format!(" hit_count: {hits}");
    }
    if what & 16 != 0 {
        text += " TTL-Match";
    }
    let side = if info.u8(210)? == 0 { "source" } else { "dest" };
    let v6 = info.bytes(216, 12)?.iter().any(|byte| *byte != 0);
    let mask = match info.bytes(212, 16)?.iter().all(|byte| *byte == u8::MAX) {
        // The mask is as long for both, and all of it is set where none is given.
        true => String::from("255.255.255.255"),
        false => info.address(212, v6)?.to_string(),
    };
    Some(format!("{text} name: {} side: {side} mask: {mask}", info.text(10, 200)?))
}

fn time(info: Info<'_>) -> Option<String> {
    let (from, to, start, stop) = (info.u32(0)?, info.u32(4)?, info.u32(8)?, info.u32(12)?);
    let (month, week, flags) = (info.u32(16)?, info.u8(20)?, info.u8(21)?);
    if (from, to) != (0, i32::MAX.unsigned_abs()) || month != 0xffff_fffe || flags & !3 != 0 {
        return None; // dates
    }
    let clock = |seconds: u32| format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = "TIME".to_owned();
    if (start, stop) != (0, 86_399) {
        text += &format!(" from {} to {}", clock(start), clock(stop));
    }
    if week != 0xfe {
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].into_iter().zip(1u8..);
        let days: Vec<&str> = days.filter(|(_, day)| week & (1 << day) != 0).map(|(name, _)| name).collect();
        text += &format!(" on {}", days.join(","));
    }
    if flags & 1 == 0 {
        text += " UTC";
    }
    if flags & 2 != 0 {
        text += " contiguous";
    }
    Some(text)
}

fn connlimit(info: Info<'_>) -> Option<String> {
    let (most, flags) = (info.u32(16)?, info.u32(20)?);
    let mask = info.bytes(0, 16)?;
    // IPv4 uses the first four bytes; the others are zero.
    let bits: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let side = if flags & 2 != 0 { "dst" } else { "src" };
    let sign = if flags & 1 != 0 { "<=" } else { ">" };
    Some(format!("#conn {side}/{bits} {sign} {most}"))
}

fn connbytes(info: Info<'_>) -> Option<String> {
    let (from, to, what, direction) = (info.u64(0)?, info.u64(8)?, info.u8(16)?, info.u8(17)?);
    let (not, from, to) = if from > to { ("! ", to, from) } else { ("", from, to) };
    let mode = ["packets", "bytes", "avgpkt"].get(usize::from(what))?;
    let direction = ["original", "reply", "both"].get(usize::from(direction))?;
    Some(format!("{not}connbytes {from}:{to} connbytes mode {mode} connbytes direction {direction}"))
}

fn devgroup(info: Info<'_>) -> Option<String> {
    let flags = info.u32(0)?;
    let mut parts = Vec::new();
    for (word, given, inverted, at) in [("src-group", 1, 2, 4), ("dst-group", 4, 8, 12)] {
        if flags & given != 0 {
            let (group, mask) = (info.u32(at)?, info.u32(at + 4)?);
            let mask = if mask == u32::MAX { String::new() } else { format!("/{}", hex(mask)) };
            parts.push(format!("{}{word} {}{mask}", not(flags & inverted != 0), hex(group)));
        }
    }
    Some(parts.join(" "))
}

fn physdev(info: Info<'_>) -> Option<String> {
    let (inverted, given) = (info.u8(64)?, info.u8(65)?);
    let name = |at: usize| -> Option<String> {
        let name = info.text(at, 16)?;
        // The mask has no byte for the NUL where all names that begin so are meant.
        let whole = info.bytes(at + 16, 16)?.get(name.len()).is_some_and(|byte| *byte != 0);
        Some(if whole { name } else { format!("{name}+") })
    };
    let mut text = "PHYSDEV match".to_owned();
    let mut say = |bit: u8, word: &str, name: Option<String>| {
        if given & bit != 0 {
            let name = name.map(|name| format!(" {name}")).unwrap_or_default();
            text += &format!(" {}--physdev-{word}{name}", not(inverted & bit != 0));
        }
    };
    say(8, "is-in", None);
    say(1, "in", Some(name(0)?));
    say(16, "is-out", None);
    say(2, "out", Some(name(32)?));
    say(4, "is-bridged", None);
    Some(text)
}

fn ecn(info: Info<'_>) -> Option<String> {
    let (given, inverted, ect) = (info.u8(0)?, info.u8(1)?, info.u8(2)?);
    let mut text = "ECN match".to_owned();
    for (bit, word) in [(0x10, "ECE"), (0x20, "CWR")] {
        if given & bit != 0 {
            text += &format!(" {}{word}", bang(inverted & bit != 0));
        }
    }
    if given & 1 != 0 {
        text += &format!(" {}ECT={ect}", bang(inverted & 1 != 0));
    }
    Some(text)
}
