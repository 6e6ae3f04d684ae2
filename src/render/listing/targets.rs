//! What happens to a packet in iptables' words.

use std::net::IpAddr;

use super::{
    matches::fields,
    row::{Row, Style},
    values::{hex, item, plain, quoted},
};
use crate::{
    Statement,
    expr::{
        ChainTarget, DynsetOp, Icmp6Code, IcmpCode, IcmpxCode, NatFlags, NatKind, ObjectKind, QueueFlags,
        Verdict,
    },
    language::{
        Item,
        select::{Lookup, MapKey, UsedSet},
        targets::{
            ByMap, Change, ClampMss, Decide, Effect, Log, MarkOf, MarkOp, Nat, NatTo, NfLog, ObjectName,
            Queue, Quota, RejectWith, SetMark, SetValue, Synproxy, TproxyTo,
        },
    },
};

/// A change of a set, as `-j SET` says it where it has words.
fn change_set(change: &Change, row: &mut Row, style: Style) {
    let option = match change.op {
        DynsetOp::Delete => "del-set",
        DynsetOp::Add => "add-set",
        // iptables: `--add-set … --exist`
        _ => "update-set",
    };
    let mut text = format!("{option} {} {}", plain(&change.set), fields(&change.key, style));
    match &change.value {
        Some(SetValue::Fields(value)) => text += &format!(" : {}", fields(value, style)),
        Some(SetValue::Constant(parts)) => {
            let parts: Vec<_> = parts.iter().map(|part| format!("{part:?}")).collect();
            text += &format!(" : {}", parts.join(" . "));
        }
        _ => {}
    }
    if let Some(timeout) = change.timeout {
        text += &format!(" timeout {}", timeout.as_secs_f64());
    }
    for expression in &change.expressions {
        text += &format!(" {}", expression.name());
    }
    row.add(text);
}

/// What a map is looked up by, and the map.
fn looked_up(lookup: &Lookup, style: Style) -> String {
    let key = match &lookup.key {
        MapKey::Fields(key) => fields(key, style),
        number => number.to_string(),
    };
    match &lookup.map {
        UsedSet::Named { name, .. } => format!("{key} {}", plain(name)),
        own => format!("{key} {}", own.text()),
    }
}

/// Says a target. What is none stands in the rest as it is.
pub(super) fn say(statement: &Statement, row: &mut Row, style: Style) {
    match statement {
        Statement::Decide(Decide(verdict)) => decide(verdict, row),
        Statement::Log(log) => row.target("LOG", self::log(log)),
        Statement::NfLog(log) => row.target("NFLOG", nflog(log)),
        Statement::Reject(reject) => row.target("REJECT", reject_with(reject.with, style)),
        Statement::Nat(Nat { kind, to }) => {
            let name = match (kind, to.flags.contains(NatFlags::NETMAP)) {
                (_, true) => "NETMAP".to_owned(),
                (NatKind::Source, _) => "SNAT".to_owned(),
                (NatKind::Destination, _) => "DNAT".to_owned(),
                (NatKind::Other(number), _) => format!("NAT{number}"),
            };
            row.target(name, format!("to:{}", nat_to(to)));
        }
        Statement::Masquerade(masquerade) => {
            let ports = masquerade.ports.as_ref().map(|ports| format!("masq ports: {}", ports_text(ports)));
            row.target("MASQUERADE", (ports.unwrap_or_default() + &nat_flags(masquerade.flags)).trim_start());
        }
        Statement::Redirect(redirect) => {
            let ports = redirect.ports.as_ref().map(|ports| format!("redir ports {}", ports_text(ports)));
            row.target("REDIRECT", (ports.unwrap_or_default() + &nat_flags(redirect.flags)).trim_start());
        }
        Statement::SetMark(mark) => {
            let (name, details) = set_mark(mark);
            row.target(name, details);
        }
        Statement::MergeMark(merge) => {
            let (clear, take) = (hex(merge.clear), hex(merge.take));
            match merge.of {
                MarkOf::Packet => {
                    row.target("CONNMARK", format!("CONNMARK restore nfmask {clear} ctmask {take}"));
                }
                MarkOf::Connection => {
                    row.target("CONNMARK", format!("CONNMARK save ctmask {clear} nfmask {take}"));
                }
            }
        }
        Statement::Queue(queue) => row.target("NFQUEUE", self::queue(queue)),
        Statement::ClampMss(ClampMss::Size(size)) => row.target("TCPMSS", format!("TCPMSS set {size}")),
        Statement::ClampMss(ClampMss::RouteMtu) => row.target("TCPMSS", "TCPMSS clamp to PMTU"),
        Statement::SetTos(tos) => row.target("TOS", format!("TOS set {:#04x}/{:#04x}", tos.value, tos.mask)),
        Statement::SetDscp(dscp) => row.target("DSCP", format!("DSCP set {:#04x}", dscp.0.0)),
        Statement::SetTtl(ttl) => row.target("TTL", format!("TTL set to {}", ttl.0)),
        Statement::SetHopLimit(limit) => row.target("HL", format!("HL set to {}", limit.0)),
        Statement::SetPriority(class) => {
            row.target("CLASSIFY", format!("CLASSIFY set {:x}:{:x}", class.major, class.minor));
        }
        Statement::TproxyTo(to) => row.target("TPROXY", tproxy(to)),
        Statement::Duplicate(copy) => {
            let gateway = copy.gateway.map(|gateway| format!(" gw:{gateway}")).unwrap_or_default();
            let device = copy.device.map(|device| format!(" oif:#{device}")).unwrap_or_default();
            row.target("TEE", format!("TEE{gateway}{device}"));
        }
        Statement::VerdictMap(map) => row.target("vmap", format!("vmap {}", looked_up(&map.0, style))),
        Statement::NatBy(nat) => {
            let netmap = nat.flags.contains(NatFlags::NETMAP);
            let name = match nat.kind {
                _ if netmap => "NETMAP",
                NatKind::Source => "SNAT",
                _ => "DNAT",
            };
            row.target(name, format!("to:map {}{}", looked_up(&nat.by, style), nat_flags(nat.flags)));
        }
        Statement::SetMarkBy(mark) => {
            let (name, text) = match mark.of {
                MarkOf::Packet => ("MARK", "MARK set map"),
                MarkOf::Connection => ("CONNMARK", "CONNMARK set map"),
            };
            row.target(name, format!("{text} {}", looked_up(&mark.by, style)));
        }
        Statement::ByMap(found) => by_map(found, row, style),
        Statement::UseObject(used) => {
            let which = match &used.object {
                ObjectName::Named(name) => plain(name).to_string(),
                ObjectName::By(lookup) => format!("map {}", looked_up(lookup, style)),
            };
            match used.kind {
                ObjectKind::SecMark => row.target("SECMARK", format!("SECMARK object {which}")),
                kind => row.add(format!("{kind} {which}")),
            }
        }
        Statement::Offload(offload) => {
            row.target("FLOWOFFLOAD", format!("FLOWOFFLOAD {}", plain(&offload.0)));
        }
        Statement::ChangeSet(change) => change_set(&change.0, row, style),
        Statement::Trace(_) => row.target("TRACE", ""),
        Statement::Untrack(_) => row.target("CT", "CT notrack"),
        Statement::Synproxy(proxy) => row.target("SYNPROXY", synproxy(proxy)),
        Statement::Quota(Quota { bytes, used, over }) => {
            let not = if *over { "! " } else { "" };
            let used = if *used == 0 { String::new() } else { format!(" used {used} bytes") };
            row.add(format!("{not}quota: {bytes} bytes{used}"));
        }
        Statement::LastUsed(_) => row.add("last"),
        Statement::SetSecmark(mark) => row.target("SECMARK", format!("SECMARK object {}", plain(&mark.0))),
        Statement::CopySecmark(copy) => row.target(
            "CONNSECMARK",
            match copy.of {
                MarkOf::Connection => "CONNSECMARK save",
                MarkOf::Packet => "CONNSECMARK restore",
            },
        ),
        // Conditions are said elsewhere; a word that is neither would be shown as this library writes it.
        other => row.add(format!("{other:?}")),
    }
}

/// Words whose value is in a map, as those with a value of their own.
fn by_map(found: &ByMap, row: &mut Row, style: Style) {
    let (name, text, flags) = match found.effect {
        Effect::Redirect { flags } => ("REDIRECT", "redir ports map", nat_flags(flags)),
        Effect::Tproxy => ("TPROXY", "TPROXY redirect map", String::new()),
        Effect::Priority => ("CLASSIFY", "CLASSIFY set map", String::new()),
        Effect::Dscp => ("DSCP", "DSCP set map", String::new()),
        Effect::Zone => ("CT", "CT zone map", String::new()),
        Effect::Mss => ("TCPMSS", "TCPMSS set map", String::new()),
        Effect::Queue { flags } if flags.contains(QueueFlags::BYPASS) => {
            ("NFQUEUE", "NFQUEUE map", " bypass".to_owned())
        }
        Effect::Queue { .. } => ("NFQUEUE", "NFQUEUE map", String::new()),
        Effect::CopyToIpv4 | Effect::CopyToIpv6 => ("TEE", "TEE gw:map", String::new()),
        Effect::CopyToDevice => ("TEE", "TEE oif:map", String::new()),
        Effect::ForwardToDevice => ("FWD", "FWD oif:map", String::new()),
    };
    row.target(name, format!("{text} {}{flags}", looked_up(&found.by, style)));
}

/// `ACCEPT`, the name of a chain, and `[goto]` before everything else where the packet does not come back.
pub(super) fn decide(verdict: &Verdict, row: &mut Row) {
    let chain = |chain: &ChainTarget| match chain {
        ChainTarget::Name(name) => plain(name),
        ChainTarget::Id(id) => format!("#{id}"),
    };
    match verdict {
        Verdict::Accept => row.target("ACCEPT", ""),
        Verdict::Drop => row.target("DROP", ""),
        Verdict::Return => row.target("RETURN", ""),
        Verdict::Continue => row.target("CONTINUE", ""),
        Verdict::Break => row.target("BREAK", ""),
        Verdict::Jump(to) => row.target(chain(to), ""),
        Verdict::Goto(to) => {
            row.target(chain(to), "");
            row.rest.insert(0, "[goto]".to_owned());
        }
        Verdict::Other(code) => row.target(format!("VERDICT{code}"), ""),
    }
}

fn log(log: &Log) -> String {
    let flags = log.flags.map_or(0, |flags| flags.bits());
    let level = log.level.map_or(4, |level| level.number());
    let prefix =
        log.prefix.as_deref().map(|prefix| format!(" prefix {}", quoted(prefix))).unwrap_or_default();
    format!("LOG flags {flags} level {level}{prefix}")
}

fn nflog(log: &NfLog) -> String {
    let mut parts = Vec::new();
    parts.extend(log.prefix.as_deref().map(|prefix| format!("nflog-prefix {}", plain(prefix))));
    parts.extend((log.group != 0).then(|| format!("nflog-group {}", log.group)));
    parts.extend(log.snaplen.map(|size| format!("nflog-size {size}")));
    parts.extend(log.threshold.map(|threshold| format!("nflog-threshold {threshold}")));
    parts.join(" ")
}

fn reject_with(with: Option<RejectWith>, style: Style) -> String {
    let v6 = style.family == crate::Family::Ip6;
    let word = match with {
        None if v6 => "icmp6-port-unreachable".to_owned(),
        None if style.family == crate::Family::Ip => "icmp-port-unreachable".to_owned(),
        None => "icmpx-port-unreachable".to_owned(),
        Some(RejectWith::TcpReset) => "tcp-reset".to_owned(),
        Some(RejectWith::Icmp(code)) => format!("icmp-{}", icmp(code)),
        Some(RejectWith::Icmpv6(code)) => format!("icmp6-{}", icmp6(code)),
        Some(RejectWith::Icmpx(code)) => match (code, style.family) {
            (IcmpxCode::NoRoute, crate::Family::Ip) => "icmp-net-unreachable".to_owned(),
            (IcmpxCode::AdminProhibited, crate::Family::Ip) => "icmp-admin-prohibited".to_owned(),
            (IcmpxCode::HostUnreachable, crate::Family::Ip6) => "icmp6-addr-unreachable".to_owned(),
            (IcmpxCode::AdminProhibited, crate::Family::Ip6) => "icmp6-adm-prohibited".to_owned(),
            (code, crate::Family::Ip) => format!("icmp-{code}"),
            (code, crate::Family::Ip6) => format!("icmp6-{code}"),
            (code, _) => format!("icmpx-{code}"),
        },
    };
    format!("reject-with {word}")
}

/// iptables' name of an ICMP error behind `icmp-`.
fn icmp(code: IcmpCode) -> String {
    match code {
        IcmpCode::ProtUnreachable => "proto-unreachable".to_owned(),
        other => other.to_string(),
    }
}

/// ip6tables' name of an ICMPv6 error behind `icmp6-`.
fn icmp6(code: Icmp6Code) -> String {
    match code {
        Icmp6Code::AdminProhibited => "adm-prohibited".to_owned(),
        other => other.to_string(),
    }
}

/// ` random random-fully persistent`, in iptables' order.
pub(super) fn nat_flags(flags: NatFlags) -> String {
    let words = [
        (NatFlags::PROTO_RANDOM, " random"),
        (NatFlags::PROTO_RANDOM_FULLY, " random-fully"),
        (NatFlags::PERSISTENT, " persistent"),
    ];
    let mut text: String =
        words.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, word)| *word).collect();
    let other = flags - NatFlags::KNOWN;
    if !other.is_empty() {
        text += &format!(" flags {}", hex(other.bits()));
    }
    text
}

pub(super) fn ports_text(ports: &Item<u16>) -> String {
    item(ports, "-", u16::to_string)
}

/// `10.0.0.1-10.0.0.9:80-90 random`, `[fd00::1]:80`
fn nat_to(to: &NatTo) -> String {
    let v6 = |address: &IpAddr| address.is_ipv6() && to.ports.is_some();
    let address = |address: &IpAddr| if v6(address) { format!("[{address}]") } else { address.to_string() };
    let addresses = to.addresses.as_ref().map(|addresses| item(addresses, "-", address)).unwrap_or_default();
    let ports = to.ports.as_ref().map(|ports| format!(":{}", ports_text(ports))).unwrap_or_default();
    format!("{addresses}{ports}{}", nat_flags(to.flags))
}

fn set_mark(SetMark { of, from, op }: &SetMark) -> (&'static str, String) {
    let name = match of {
        MarkOf::Packet => "MARK",
        MarkOf::Connection => "CONNMARK",
    };
    if of != from {
        let word = if *of == MarkOf::Connection { "save" } else { "restore" };
        let change = match op {
            MarkOp::Keep => String::new(),
            MarkOp::And(mask) => format!(" mask {}", hex(*mask)),
            other => format!(" {}", mark_op(*other)),
        };
        return ("CONNMARK", format!("CONNMARK {word}{change}"));
    }
    (name, format!("{name} {}", mark_op(*op)))
}

fn mark_op(op: MarkOp) -> String {
    match op {
        MarkOp::Set(mark) => format!("set {}", hex(mark)),
        MarkOp::Keep => "and 0xffffffff".to_owned(),
        MarkOp::And(bits) => format!("and {}", hex(bits)),
        MarkOp::Or(bits) => format!("or {}", hex(bits)),
        MarkOp::Xor(bits) => format!("xor {}", hex(bits)),
        // `--set-mark 1/2` is `--set-xmark 1/3`.
        MarkOp::Masked { value, mask } => format!("xset {}/{}", hex(value), hex(mask | value)),
        MarkOp::Xmark { value, mask } => format!("xset {}/{}", hex(value), hex(mask)),
    }
}

fn queue(Queue { first, last, flags }: &Queue) -> String {
    let numbers = if first == last { format!("num {first}") } else { format!("balance {first}:{last}") };
    let bypass = if flags.contains(QueueFlags::BYPASS) { " bypass" } else { "" };
    let fanout = if flags.contains(QueueFlags::CPU_FANOUT) { " cpu-fanout" } else { "" };
    format!("NFQUEUE {numbers}{bypass}{fanout}")
}

fn tproxy(to: &TproxyTo) -> String {
    let address = match to.address {
        Some(address @ IpAddr::V6(_)) => format!("[{address}]"),
        Some(address) => address.to_string(),
        None => "0.0.0.0".to_owned(),
    };
    format!("TPROXY redirect {address}:{} mark 0x0/0x0", to.port.unwrap_or(0))
}

fn synproxy(Synproxy { mss, wscale, timestamp, sack_perm }: &Synproxy) -> String {
    let flag = |set: &bool, word: &'static str| if *set { word } else { "" };
    let wscale = wscale.map(|scale| format!(" wscale {scale}")).unwrap_or_default();
    let mss = mss.map(|size| format!(" mss {size}")).unwrap_or_default();
    format!("SYNPROXY{}{}{wscale}{mss}", flag(sack_perm, " sack-perm"), flag(timestamp, " timestamp"))
}
