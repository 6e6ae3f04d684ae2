//! Expressions that put something of the packet into a register, or change it from one.

use std::fmt::{Formatter, Result};

use super::{
    text::{more, named, option, unknown},
    words,
};
use crate::expr::{
    Access, Ct, Exthdr, ExthdrAccess, ExthdrFlags, ExthdrOp, Fib, FibFlags, Hash, HashKind, Meta, Numgen,
    Osf, Payload, PayloadAccess, Register, Rt, Socket, Tunnel, Xfrm,
};

/// `load mark => reg 1`, `set mark with reg 1`
fn access(access: Access, name: Option<&str>, number: u32, f: &mut Formatter<'_>) -> Result {
    match access {
        Access::Load(register) => load(name, number, register, f),
        Access::Store(register) => {
            f.write_str("set ")?;
            named(name, number, f)?;
            write!(f, " with {register} ")
        }
    }
}

fn load(name: Option<&str>, number: u32, dreg: Register, f: &mut Formatter<'_>) -> Result {
    f.write_str("load ")?;
    named(name, number, f)?;
    write!(f, " => {dreg} ")
}

pub(super) fn meta(meta: &Meta, f: &mut Formatter<'_>) -> Result {
    access(meta.access, words::meta(meta.key), meta.key.number(), f)?;
    unknown(&meta.unknown, f)
}

pub(super) fn ct(ct: &Ct, f: &mut Formatter<'_>) -> Result {
    access(ct.access, words::ct(ct.key), ct.key.number(), f)?;
    if let Some(direction) = ct.direction {
        f.write_str(", dir ")?;
        named(direction.word(), direction.number(), f)?;
        f.write_str(" ")?;
    }
    unknown(&ct.unknown, f)
}

pub(super) fn rt(rt: &Rt, f: &mut Formatter<'_>) -> Result {
    load(words::rt(rt.key), rt.key.number(), rt.dreg, f)?;
    unknown(&rt.unknown, f)
}

pub(super) fn socket(socket: &Socket, f: &mut Formatter<'_>) -> Result {
    load(socket.key.word(), socket.key.number(), socket.dreg, f)?;
    more("level ", socket.level, f)?;
    unknown(&socket.unknown, f)
}

pub(super) fn tunnel(tunnel: &Tunnel, f: &mut Formatter<'_>) -> Result {
    load(tunnel.key.word(), tunnel.key.number(), tunnel.dreg, f)?;
    more("mode ", tunnel.mode, f)?;
    unknown(&tunnel.unknown, f)
}

pub(super) fn xfrm(xfrm: &Xfrm, f: &mut Formatter<'_>) -> Result {
    f.write_str("load ")?;
    named(xfrm.direction.word(), xfrm.direction.number(), f)?;
    write!(f, " {} ", xfrm.spnum.unwrap_or_default())?;
    named(words::xfrm(xfrm.key), xfrm.key.number(), f)?;
    write!(f, " => {} ", xfrm.dreg)?;
    unknown(&xfrm.unknown, f)
}

pub(super) fn fib(fib: &Fib, f: &mut Formatter<'_>) -> Result {
    let asked = fib.flags - FibFlags::PRESENT;
    let mut parts: Vec<String> = [
        (FibFlags::SADDR, "saddr"),
        (FibFlags::DADDR, "daddr"),
        (FibFlags::MARK, "mark"),
        (FibFlags::IIF, "iif"),
        (FibFlags::OIF, "oif"),
    ]
    .into_iter()
    .filter(|(flag, _)| asked.contains(*flag))
    .map(|(_, word)| format!("{word} "))
    .collect();
    let other = asked - FibFlags::KNOWN;
    if !other.is_empty() {
        parts.push(format!("unknown 0x{:x} ", other.bits()));
    }
    f.write_str(&parts.join(". "))?;
    named(fib.result.word(), fib.result.number(), f)?;
    let present = if fib.flags.contains(FibFlags::PRESENT) { " present" } else { "" };
    write!(f, "{present} => {} ", fib.dreg)?;
    unknown(&fib.unknown, f)
}

pub(super) fn osf(osf: &Osf, f: &mut Formatter<'_>) -> Result {
    write!(f, "dreg {} ", osf.dreg.number())?;
    more("ttl ", osf.ttl, f)?;
    more("flags ", osf.flags.map(|flags| flags.bits()), f)?;
    unknown(&osf.unknown, f)
}

pub(super) fn payload(payload: &Payload, f: &mut Formatter<'_>) -> Result {
    let Payload { base, offset, len, access, .. } = payload;
    let field = |f: &mut Formatter<'_>| {
        write!(f, "{len}b @ ")?;
        named(base.word(), base.number(), f)?;
        write!(f, " header + {offset} ")
    };
    match access {
        PayloadAccess::Load(dreg) => {
            f.write_str("load ")?;
            field(f)?;
            write!(f, "=> {dreg} ")?;
        }
        PayloadAccess::Store { sreg, checksum, checksum_offset, checksum_flags } => {
            write!(f, "write {sreg} => ")?;
            field(f)?;
            let kind = checksum.map_or(0, |kind| kind.number());
            let (at, flags) = (checksum_offset.unwrap_or(0), checksum_flags.map_or(0, |flags| flags.bits()));
            write!(f, "csum_type {kind} csum_off {at} csum_flags 0x{flags:x} ")?;
        }
    }
    unknown(&payload.unknown, f)
}

pub(super) fn exthdr(exthdr: &Exthdr, f: &mut Formatter<'_>) -> Result {
    let Exthdr { access, kind, op, .. } = exthdr;
    let (offset, len) = (exthdr.offset.unwrap_or(0), exthdr.len.unwrap_or(0));
    match access {
        ExthdrAccess::Load(dreg) => {
            let present = exthdr.flags.is_some_and(|flags| flags.contains(ExthdrFlags::PRESENT));
            let present = if present { " present" } else { "" };
            write!(f, "load{} {len}b @ {kind} + {offset}{present} => {dreg} ", words::exthdr(*op))?;
        }
        ExthdrAccess::Store(sreg) => {
            write!(f, "write{} {sreg} => {len}b @ {kind} + {offset} ", words::exthdr(*op))?;
        }
        ExthdrAccess::Strip if *op == ExthdrOp::Tcp && len == 0 => write!(f, "reset tcpopt {kind} ")?,
        ExthdrAccess::Strip => {
            write!(f, "op {} len {len} type {kind} offset {offset} ", op.number())?;
        }
    }
    unknown(&exthdr.unknown, f)
}

pub(super) fn hash(hash: &Hash, f: &mut Formatter<'_>) -> Result {
    let Hash { dreg, modulus, sreg, len, seed, offset, kind, .. } = hash;
    match kind {
        Some(HashKind::Symmetric) => write!(f, "{dreg} = symhash() % mod {modulus} ")?,
        None | Some(HashKind::Jenkins | HashKind::Other(_)) => {
            if let Some(HashKind::Other(number)) = kind {
                write!(f, "unknown({number}) ")?;
            }
            let sreg = sreg.map_or(0, Register::number);
            let (len, seed) = (len.unwrap_or(0), seed.unwrap_or(0));
            write!(f, "{dreg} = jhash(reg {sreg}, {len}, 0x{seed:x}) % mod {modulus} ")?;
        }
    }
    option("offset ", offset.filter(|offset| *offset != 0), f)?;
    unknown(&hash.unknown, f)
}

pub(super) fn numgen(numgen: &Numgen, f: &mut Formatter<'_>) -> Result {
    write!(f, "{} = ", numgen.dreg)?;
    named(numgen.kind.word(), numgen.kind.number(), f)?;
    write!(f, " mod {} ", numgen.modulus)?;
    option("offset ", numgen.offset.filter(|offset| *offset != 0), f)?;
    unknown(&numgen.unknown, f)
}
