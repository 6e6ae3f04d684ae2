//! Expressions that count, limit, log, and change where a packet goes.

use std::fmt::{Formatter, Result};

use super::{
    text::{Hex, Plain, more, named, option, unknown},
    words,
};
use crate::{
    expr::{
        AddressFamily, Connlimit, Counter, Dup, FlowOffload, Fwd, Last, Limit, LimitKind, Log, LogFlags,
        Masq, Nat, NatFlags, Queue, QueueFlags, Quota, Redir, Register, Reject, Synproxy, Tproxy,
    },
    wire::Unknown,
};

fn register(word: &str, register: Option<Register>, f: &mut Formatter<'_>) -> Result {
    option(word, register.map(Register::number), f)
}

fn nat_flags(flags: Option<NatFlags>, f: &mut Formatter<'_>) -> Result {
    flags.map_or(Ok(()), |flags| write!(f, "flags 0x{:x} ", flags.bits()))
}

fn family(family: AddressFamily, f: &mut Formatter<'_>) -> Result {
    named(words::family(family), family.number(), f)?;
    f.write_str(" ")
}

pub(super) fn counter(counter: &Counter, f: &mut Formatter<'_>) -> Result {
    let (packets, bytes) = (counter.packets.unwrap_or(0), counter.bytes.unwrap_or(0));
    write!(f, "pkts {packets} bytes {bytes} ")?;
    unknown(&counter.unknown, f)
}

pub(super) fn connlimit(connlimit: &Connlimit, f: &mut Formatter<'_>) -> Result {
    let flags = connlimit.flags.map_or(0, |flags| flags.bits());
    write!(f, "count {} flags {flags:x} ", connlimit.count)?;
    unknown(&connlimit.unknown, f)
}

pub(super) fn quota(quota: &Quota, f: &mut Formatter<'_>) -> Result {
    let (consumed, flags) = (quota.consumed.unwrap_or(0), quota.flags.map_or(0, |flags| flags.bits()));
    write!(f, "bytes {} consumed {consumed} flags {flags} ", quota.bytes)?;
    unknown(&quota.unknown, f)
}

pub(super) fn last(last: &Last, f: &mut Formatter<'_>) -> Result {
    match last.set.unwrap_or(0) {
        0 => f.write_str("never ")?,
        _ => write!(f, "{} ", last.msecs.unwrap_or(0))?,
    }
    unknown(&last.unknown, f)
}

/// The largest unit that divides a time, and how many of it.
fn unit(mut seconds: u64) -> (u64, &'static str) {
    let mut unit = "second";
    for (size, name) in [(60, "minute"), (60, "hour"), (24, "day"), (7, "week")] {
        if seconds % size != 0 {
            break;
        }
        (seconds, unit) = (seconds / size, name);
    }
    (seconds, unit)
}

pub(super) fn limit(limit: &Limit, f: &mut Formatter<'_>) -> Result {
    write!(f, "rate {}/", limit.rate)?;
    let (number, unit) = unit(limit.unit.number());
    if number > 1 {
        write!(f, "{number} ")?;
    }
    write!(f, "{unit} burst {} type ", limit.burst.unwrap_or(0))?;
    let kind = limit.kind.unwrap_or(LimitKind::Packets);
    named(kind.word(), kind.number(), f)?;
    write!(f, " flags 0x{:x} ", limit.flags.map_or(0, |flags| flags.bits()))?;
    unknown(&limit.unknown, f)
}

pub(super) fn log(log: &Log, f: &mut Formatter<'_>) -> Result {
    option("prefix ", log.prefix.as_deref().map(Plain), f)?;
    if let Some(group) = log.group {
        let (snaplen, threshold) = (log.snaplen.unwrap_or(0), log.qthreshold.unwrap_or(0));
        write!(f, "group {group} snaplen {snaplen} qthreshold {threshold} ")?;
    } else {
        option("level ", log.level.map(|level| level.number()), f)?;
        let flags = log.flags.unwrap_or(LogFlags::empty());
        for (flag, word) in [
            (LogFlags::TCP_SEQUENCE, "tcpseq "),
            (LogFlags::TCP_OPTIONS, "tcpopt "),
            (LogFlags::IP_OPTIONS, "ipopt "),
            (LogFlags::UID, "uid "),
            (LogFlags::MAC, "macdecode "),
        ] {
            if flags.contains(flag) {
                f.write_str(word)?;
            }
        }
        let other = flags - LogFlags::KNOWN;
        if !other.is_empty() {
            write!(f, "unknown 0x{:x} ", other.bits())?;
        }
    }
    unknown(&log.unknown, f)
}

pub(super) fn reject(reject: &Reject, f: &mut Formatter<'_>) -> Result {
    write!(f, "type {} code {} ", reject.kind.number(), reject.code.unwrap_or(0))?;
    unknown(&reject.unknown, f)
}

pub(super) fn nat(nat: &Nat, f: &mut Formatter<'_>) -> Result {
    named(nat.kind.word(), nat.kind.number(), f)?;
    f.write_str(" ")?;
    family(nat.family, f)?;
    register("addr_min reg ", nat.addr_min, f)?;
    register("addr_max reg ", nat.addr_max, f)?;
    register("proto_min reg ", nat.proto_min, f)?;
    register("proto_max reg ", nat.proto_max, f)?;
    nat_flags(nat.flags, f)?;
    unknown(&nat.unknown, f)
}

pub(super) fn masq(masq: &Masq, f: &mut Formatter<'_>) -> Result {
    register("proto_min reg ", masq.proto_min, f)?;
    register("proto_max reg ", masq.proto_max, f)?;
    nat_flags(masq.flags, f)?;
    unknown(&masq.unknown, f)
}

pub(super) fn redir(redir: &Redir, f: &mut Formatter<'_>) -> Result {
    register("proto_min reg ", redir.proto_min, f)?;
    register("proto_max reg ", redir.proto_max, f)?;
    nat_flags(redir.flags, f)?;
    unknown(&redir.unknown, f)
}

pub(super) fn tproxy(tproxy: &Tproxy, f: &mut Formatter<'_>) -> Result {
    if tproxy.family != AddressFamily::Unspecified {
        family(tproxy.family, f)?;
    }
    register("addr reg ", tproxy.addr, f)?;
    register("port reg ", tproxy.port, f)?;
    unknown(&tproxy.unknown, f)
}

pub(super) fn dup(dup: &Dup, f: &mut Formatter<'_>) -> Result {
    register("sreg_addr ", dup.sreg_addr, f)?;
    register("sreg_dev ", dup.sreg_dev, f)?;
    unknown(&dup.unknown, f)
}

pub(super) fn fwd(fwd: &Fwd, f: &mut Formatter<'_>) -> Result {
    register("sreg_dev ", Some(fwd.sreg_dev), f)?;
    register("sreg_addr ", fwd.sreg_addr, f)?;
    option("nfproto ", fwd.family.map(|family| family.number()), f)?;
    unknown(&fwd.unknown, f)
}

pub(super) fn queue(queue: &Queue, f: &mut Formatter<'_>) -> Result {
    if let Some(first) = queue.num {
        write!(f, "num {first}")?;
        let total = queue.total.unwrap_or(0);
        if total > 1 {
            write!(f, "-{}", first.wrapping_add(total - 1))?;
        }
        f.write_str(" ")?;
    }
    register("sreg_qnum ", queue.sreg, f)?;
    let flags = queue.flags.unwrap_or(QueueFlags::empty());
    for (flag, word) in [(QueueFlags::BYPASS, "bypass "), (QueueFlags::CPU_FANOUT, "fanout ")] {
        if flags.contains(flag) {
            f.write_str(word)?;
        }
    }
    let other = flags - QueueFlags::KNOWN;
    if !other.is_empty() {
        write!(f, "unknown 0x{:x} ", other.bits())?;
    }
    unknown(&queue.unknown, f)
}

pub(super) fn synproxy(synproxy: &Synproxy, f: &mut Formatter<'_>) -> Result {
    if synproxy.mss.is_some() && synproxy.wscale.is_some() || f.alternate() {
        option("mss ", synproxy.mss, f)?;
        option("wscale ", synproxy.wscale, f)?;
    }
    more("flags ", synproxy.flags.map(|flags| flags.bits()), f)?;
    unknown(&synproxy.unknown, f)
}

pub(super) fn flow_offload(flow: &FlowOffload, f: &mut Formatter<'_>) -> Result {
    write!(f, "flowtable {} ", Plain(&flow.table))?;
    unknown(&flow.unknown, f)
}

/// A match or target of iptables.
pub(super) fn xt(name: &str, revision: u32, info: &[u8], others: &Unknown, f: &mut Formatter<'_>) -> Result {
    write!(f, "name {} rev {revision} ", Plain(name))?;
    more("info ", Some(Hex(info)), f)?;
    unknown(others, f)
}
