//! Expressions that no word was found for: the forms of iptables-nft, lookups in named sets, and the rest as bytecode.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    matches,
    row::{Row, Style},
    targets,
    values::{self, plain},
    xt,
};
use crate::{
    expr::{
        Access, Bitwise, Cmp, CmpOp, Data, Expr, Immediate, Load, Lookup, LookupFlags, Meta, MetaKey,
        Payload, PayloadAccess, PayloadBase, RangeOp, Register,
    },
    language::{Item, Matching, matches::Protocol, not},
    object::Family,
};

/// Says the first of a run of expressions, and how many were said with it: at least one.
pub(super) fn say(expressions: &[&Expr], row: &mut Row, style: Style) -> usize {
    let known = compared(expressions, row, style)
        .or_else(|| ports(expressions, row))
        .or_else(|| looked_up(expressions, row, style))
        .or_else(|| traced(expressions, row));
    if let Some(count) = known {
        return count;
    }
    match expressions.first() {
        Some(Expr::Immediate(Immediate {
            dreg: Register::VERDICT, load: Load::Verdict(verdict), ..
        })) => {
            targets::decide(verdict, row);
        }
        Some(Expr::Counter(counter)) => {
            row.count(counter.packets.unwrap_or(0), counter.bytes.unwrap_or(0));
        }
        Some(Expr::XtMatch(found)) => xt::say_match(found, row, style),
        Some(Expr::XtTarget(found)) => xt::say_target(found, row, style),
        other => row.add(shown(other)),
    }
    1
}

fn shown(expression: Option<&&Expr>) -> String {
    expression.map(|expression| format!("{expression:#}")).unwrap_or_default()
}

fn equality(cmp: &Cmp) -> Option<bool> {
    match cmp.op {
        CmpOp::Eq => Some(false),
        CmpOp::Neq => Some(true),
        _ => None,
    }
}

/// A load, perhaps a mask, and a comparison, as iptables-nft makes them.
fn compared(expressions: &[&Expr], row: &mut Row, style: Style) -> Option<usize> {
    let (load, mask, cmp, count) = match expressions {
        [load, Expr::Bitwise(mask), Expr::Cmp(cmp), ..] => (*load, Some(mask), cmp, 3),
        [load, Expr::Cmp(cmp), ..] => (*load, None, cmp, 2),
        _ => return None,
    };
    let negated = equality(cmp)?;
    let value = cmp.data.as_bytes();
    match (load, mask) {
        (Expr::Meta(Meta { key: key @ (MetaKey::IifName | MetaKey::OifName), .. }), None) => {
            let text = format!("{}{}", if negated { "!" } else { "" }, interface(value)?);
            match key {
                MetaKey::IifName => row.column(|row| &mut row.input, "in", text),
                _ => row.column(|row| &mut row.output, "out", text),
            }
        }
        (Expr::Meta(Meta { key: MetaKey::L4Proto, .. }), None) => {
            let [number] = value else { return None };
            let protocol = Matching::any_of([Item::One(Protocol(*number))]);
            matches::protocol(&if negated { not(protocol).into() } else { protocol }, row, style);
        }
        (Expr::Payload(payload), mask) => {
            packet(payload, mask.map(|mask| &**mask), value, negated, row, style)?;
        }
        _ => return None,
    }
    Some(count)
}

/// A range of ports, which iptables-nft says in one expression.
fn ports(expressions: &[&Expr], row: &mut Row) -> Option<usize> {
    let [Expr::Payload(payload), Expr::Range(range), ..] = expressions else { return None };
    let Payload { base: PayloadBase::Transport, offset, len: 2, access: PayloadAccess::Load(_), .. } =
        payload
    else {
        return None;
    };
    let name = match offset {
        0 => "spts",
        2 => "dpts",
        _ => return None,
    };
    let not = match range.op {
        RangeOp::Eq => "",
        RangeOp::Neq => "!",
        RangeOp::Other(_) => return None,
    };
    let port = |data: &Data| data.as_bytes().try_into().ok().map(u16::from_be_bytes);
    row.transport(format!("{name}:{not}{}:{}", port(&range.from)?, port(&range.to)?));
    Some(2)
}

/// Tracing, through whichever register.
fn traced(expressions: &[&Expr], row: &mut Row) -> Option<usize> {
    let [
        Expr::Immediate(Immediate { dreg, load: Load::Data(data), .. }),
        Expr::Meta(Meta { key: MetaKey::NfTrace, access: Access::Store(sreg), .. }),
        ..,
    ] = expressions
    else {
        return None;
    };
    (dreg == sreg && data.as_bytes().first() == Some(&1)).then(|| row.target("TRACE", ""))?;
    Some(2)
}

/// A whole name ends with its NUL; without, all names that begin so are meant.
fn interface(value: &[u8]) -> Option<String> {
    let end = value.iter().position(|byte| *byte == 0);
    let name = std::str::from_utf8(value.get(..end.unwrap_or(value.len()))?).ok()?;
    Some(format!("{}{}", plain(name), if end.is_some() { "" } else { "+" }))
}

/// Addresses, of which only the first bytes may be loaded, and fragments.
fn packet(
    payload: &Payload,
    mask: Option<&Bitwise>,
    value: &[u8],
    negated: bool,
    row: &mut Row,
    style: Style,
) -> Option<()> {
    let Payload { base: PayloadBase::Network, offset, len, access: PayloadAccess::Load(_), .. } = payload
    else {
        return None;
    };
    let mask = match mask {
        None => None,
        Some(Bitwise { mask: Some(mask), xor, .. })
            if xor.as_ref().is_none_or(|xor| xor.as_bytes().iter().all(|byte| *byte == 0)) =>
        {
            Some(mask.as_bytes())
        }
        Some(_) => return None,
    };
    if (style.family, *offset, *len, mask, value) == (Family::Ip, 6, 2, Some(&[0x1f, 0xff][..]), &[0, 0]) {
        matches::fragment(!negated, row);
        return Some(());
    }
    let (source, size) = match (style.family, offset) {
        (Family::Ip, 12) => (true, 4),
        (Family::Ip, 16) => (false, 4),
        (Family::Ip6, 8) => (true, 16),
        (Family::Ip6, 24) => (false, 16),
        _ => return None,
    };
    let text = format!(
        "{}{}",
        if negated { "!" } else { "" },
        network(value, mask, usize::try_from(*len).ok()?, size)?
    );
    match source {
        true => row.column(|row| &mut row.source, "src", text),
        false => row.column(|row| &mut row.destination, "dst", text),
    }
    Some(())
}

/// The first `len` bytes of an address of `size` bytes, under a mask of as many.
fn network(value: &[u8], mask: Option<&[u8]>, len: usize, size: usize) -> Option<String> {
    let filled = |bytes: &[u8]| -> Option<Vec<u8>> {
        let mut bytes = bytes.to_vec();
        (bytes.len() == len && len <= size).then(|| {
            bytes.resize(size, 0);
            bytes
        })
    };
    let address = address(&filled(value)?)?;
    let ones = vec![0xff; len];
    let mask = filled(mask.unwrap_or(&ones))?;
    Some(values::network(address, self::address(&mask)?))
}

pub(super) fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(Ipv4Addr::from).map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(Ipv6Addr::from).map(IpAddr::from),
        _ => None,
    }
}

/// One field looked up in a named set, or in a verdict map.
fn looked_up(expressions: &[&Expr], row: &mut Row, style: Style) -> Option<usize> {
    let [load, Expr::Lookup(lookup), ..] = expressions else { return None };
    let field =
        match load {
            Expr::Meta(Meta { key, .. }) => format!("meta {key}"),
            Expr::Payload(Payload { base, offset, len, access: PayloadAccess::Load(_), .. }) => {
                match (style.family, *base, *offset, *len) {
                    (Family::Ip, PayloadBase::Network, 12, 4)
                    | (Family::Ip6, PayloadBase::Network, 8, 16) => "src".to_owned(),
                    (Family::Ip, PayloadBase::Network, 16, 4)
                    | (Family::Ip6, PayloadBase::Network, 24, 16) => "dst".to_owned(),
                    (_, PayloadBase::Network, 12, 4) => "ip src".to_owned(),
                    (_, PayloadBase::Network, 16, 4) => "ip dst".to_owned(),
                    (_, PayloadBase::Network, 8, 16) => "ip6 src".to_owned(),
                    (_, PayloadBase::Network, 24, 16) => "ip6 dst".to_owned(),
                    (_, PayloadBase::Transport, 0, 2) => "spt".to_owned(),
                    (_, PayloadBase::Transport, 2, 2) => "dpt".to_owned(),
                    _ => return None,
                }
            }
            Expr::Ct(ct) => format!("ct {}", ct.key),
            _ => return None,
        };
    let Lookup { set, dreg, flags, .. } = lookup;
    let not = if flags.is_some_and(|flags| flags.contains(LookupFlags::INV)) { "! " } else { "" };
    match dreg {
        Some(Register::VERDICT) => row.target("vmap", format!("vmap {field} {}", plain(set))),
        Some(_) => return None,
        None => row.add(format!("{not}match-set {} {field}", plain(set))),
    }
    Some(2)
}
