//! Conditions of addresses, interfaces and headers in iptables' words.

use std::net::IpAddr;

use super::{
    gauges,
    row::{Row, Style},
    values::{hex, item, items, negatable, own, plain, spaced},
};
use crate::{
    Family, Statement,
    language::{
        Item, Matching,
        matches::{
            AddressMatch, Addresses, EtherType, Interface, InterfaceMatch, IpVersion, PortMatch, Protocol,
            SetMatch, Side, TcpFlags, Way,
        },
        select::{Selector, UsedSet},
        targets::{Reject, RejectWith},
    },
    object::InterfaceName,
};

/// Says the first of a run of statements, and how many were said with it; 0 if it is none of these.
pub(super) fn say(statements: &[Statement], row: &mut Row, style: Style) -> usize {
    let [first, others @ ..] = statements else { return 0 };
    if let Some(protocol) = implied(first) {
        row.implied(protocol, style);
    }
    match first {
        Statement::AddressMatch(AddressMatch { side, addresses }) => address(*side, addresses, row),
        Statement::InterfaceMatch(interfaces) => interface(interfaces, row),
        Statement::ProtocolMatch(protocols) => protocol(&protocols.0, row, style),
        Statement::PortMatch(ports) => port(ports, row),
        Statement::IpVersion(IpVersion::V4) => row.add("ipv4"),
        Statement::IpVersion(IpVersion::V6) => row.add("ipv6"),
        Statement::SetMatch(found) => set_match(found, row, style),
        Statement::Fragment(found) => fragment(found.negated, row),
        Statement::IcmpTypeMatch(types) => {
            let code = match others {
                [Statement::IcmpCodeMatch(code), ..] if !types.0.is_negated() => {
                    Some(negatable(&code.0, ":", |code| code.number().to_string()))
                }
                _ => None,
            };
            row.add(icmp("icmp", &types.0, code.as_deref(), style, |kind| (kind.0, kind.to_string())));
            return 1 + usize::from(code.is_some());
        }
        Statement::Icmpv6TypeMatch(types) => {
            let code = match others {
                [Statement::Icmpv6CodeMatch(code), ..] if !types.0.is_negated() => {
                    Some(negatable(&code.0, ":", |code| code.number().to_string()))
                }
                _ => None,
            };
            row.add(icmp("ipv6-icmp", &types.0, code.as_deref(), style, |kind| (kind.0, kind.to_string())));
            return 1 + usize::from(code.is_some());
        }
        Statement::IcmpCodeMatch(codes) => row.add(format!("icmp code {}", spaced(&codes.0, ":", own))),
        Statement::Icmpv6CodeMatch(codes) => {
            row.add(format!("ipv6-icmp code {}", spaced(&codes.0, ":", own)));
        }
        Statement::TcpFlagsMatch(flags) => {
            let text = |flags: &TcpFlags| tcp_flags(*flags, style);
            let sets: Vec<String> = flags
                .set
                .items()
                .iter()
                .map(|set| format!("{}/{}", text(&flags.mask), item(set, ":", text)))
                .collect();
            let not = if flags.set.is_negated() { "!" } else { "" };
            row.transport(format!("flags:{not}{}", sets.join(",")));
        }
        Statement::TcpOptionMatch(option) => {
            let not = if option.negated { "!" } else { "" };
            row.transport(format!("option={not}{}", option.option.0));
        }
        Statement::TcpOptionMss(sizes) => row.add(format!("tcpmss match {}", negatable(&sizes.0, ":", own))),
        Statement::EtherMatch(ether) => {
            let side = if ether.side == Side::Source { "MAC" } else { "destination MAC" };
            row.add(format!("{side} {}", spaced(&ether.addresses, "-", own)));
        }
        Statement::EtherTypeMatch(types) => {
            row.add(format!("ethertype {}", spaced(&types.0, "-", ether_type)));
        }
        Statement::VlanIdMatch(ids) => row.add(format!("vlan id {}", spaced(&ids.0, "-", own))),
        Statement::VlanPcpMatch(priorities) => {
            row.add(format!("vlan prio {}", spaced(&priorities.0, "-", own)));
        }
        Statement::VlanDropEligible(eligible) => row.add(format!("vlan dei {}", u8::from(eligible.0))),
        Statement::VlanTypeMatch(types) => {
            row.add(format!("vlan encap {}", spaced(&types.0, "-", ether_type)));
        }
        Statement::Ipv6HeaderMatch(header) => {
            let not = if header.negated { "! " } else { "" };
            row.add(format!("{not}ipv6header {}", header.header.0));
        }
        Statement::LengthMatch(lengths) => row.add(format!("length {}", negatable(&lengths.0, ":", own))),
        Statement::TtlMatch(times) => {
            row.add(format!("TTL match TTL {}", compared(&times.0.map(|time| time.0))));
        }
        Statement::HopLimitMatch(limits) => {
            row.add(format!("HL match HL {}", compared(&limits.0.map(|limit| limit.0))));
        }
        Statement::TosMatch(values) => {
            row.add(format!("tos match {}", negatable(&values.0, ":", |tos| format!("{:#04x}", tos.0))));
        }
        Statement::DscpMatch(values) => {
            row.add(format!("DSCP match {}", negatable(&values.0, ":", |dscp| format!("{:#04x}", dscp.0))));
        }
        Statement::EcnMatch(values) => {
            row.add(format!("ECN match ECT={}", negatable(&values.0, ":", |ecn| ecn.number().to_string())));
        }
        other => return usize::from(gauges::say(other, row)),
    }
    1
}

/// The protocol that a word is about: nothing else need say it.
fn implied(word: &Statement) -> Option<Protocol> {
    Some(match word {
        Statement::TcpFlagsMatch(_)
        | Statement::TcpOptionMatch(_)
        | Statement::TcpOptionMss(_)
        | Statement::ClampMss(_)
        | Statement::Synproxy(_)
        | Statement::Reject(Reject { with: Some(RejectWith::TcpReset) }) => Protocol::TCP,
        Statement::IcmpTypeMatch(_) | Statement::IcmpCodeMatch(_) => Protocol::ICMP,
        Statement::Icmpv6TypeMatch(_) | Statement::Icmpv6CodeMatch(_) => Protocol::ICMPV6,
        _ => return None,
    })
}

/// A named set as `-m set` says it; a list of the rule's own is counted.
fn set_match(found: &SetMatch, row: &mut Row, style: Style) {
    let not = if found.negated { "! " } else { "" };
    let key = fields(&found.key, style);
    row.add(match &found.set {
        UsedSet::Named { name, .. } => format!("{not}match-set {} {key}", plain(name)),
        own => format!("{not}match-set {} {key}", own.text()),
    });
}

/// Fields as iptables says them, where it has words for them.
pub(super) fn fields(key: &[Selector], style: Style) -> String {
    let word = |selector: &Selector| match (style.family, selector) {
        (Family::Ip, Selector::IpSaddr) | (Family::Ip6, Selector::Ip6Saddr) => "src".to_owned(),
        (Family::Ip, Selector::IpDaddr) | (Family::Ip6, Selector::Ip6Daddr) => "dst".to_owned(),
        (_, Selector::IpSaddr) => "ip src".to_owned(),
        (_, Selector::IpDaddr) => "ip dst".to_owned(),
        (_, Selector::Ip6Saddr) => "ip6 src".to_owned(),
        (_, Selector::Ip6Daddr) => "ip6 dst".to_owned(),
        (_, Selector::Sport) => "spt".to_owned(),
        (_, Selector::Dport) => "dpt".to_owned(),
        (_, Selector::Iif) => "meta iif".to_owned(),
        (_, Selector::IifName) => "meta iifname".to_owned(),
        (_, Selector::Oif) => "meta oif".to_owned(),
        (_, Selector::OifName) => "meta oifname".to_owned(),
        (_, Selector::Prefix { of, len }) => format!("{}/{len}", fields(std::slice::from_ref(of), style)),
        (_, other) => other.to_string(),
    };
    key.iter().map(word).collect::<Vec<_>>().join(" . ")
}

/// `-f`: second and further fragments; `!f`: all but these.
pub(super) fn fragment(negated: bool, row: &mut Row) {
    match row.fragment {
        None => row.fragment = Some(if negated { "!f" } else { "-f" }),
        Some(_) => row.add(if negated { "!fragment" } else { "fragment" }),
    }
}

/// An address, a network or a mask has a column; ranges and lists are said.
fn address(side: Side, addresses: &Addresses, row: &mut Row) {
    let not = if addresses.is_negated() { "!" } else { "" };
    let (name, short) = match side {
        Side::Source => ("source", "src"),
        Side::Destination => ("destination", "dst"),
    };
    match addresses.items() {
        [Item::Range(from, to)] => {
            let not = if addresses.is_negated() { "! " } else { "" };
            row.add(format!("{name} IP range {not}{from}-{to}"));
        }
        [one] => {
            let text = format!("{not}{}", item(one, "-", IpAddr::to_string));
            match side {
                Side::Source => row.column(|row| &mut row.source, short, text),
                Side::Destination => row.column(|row| &mut row.destination, short, text),
            }
        }
        _ => row.add(format!("{short} {}", spaced(addresses, "-", IpAddr::to_string))),
    }
}

fn interface(InterfaceMatch { way, interfaces }: &InterfaceMatch, row: &mut Row) {
    let text = negatable(interfaces, "-", |interface| match interface {
        Interface::Name(name) => interface_name(name),
        Interface::Index(index) => format!("#{index}"),
    });
    match way {
        Way::In => row.column(|row| &mut row.input, "in", text),
        Way::Out => row.column(|row| &mut row.output, "out", text),
    }
}

/// `0x0806`
fn ether_type(number: &EtherType) -> String {
    format!("{:#06x}", number.0)
}

/// `eth0`, and `eth+` for all names that begin so.
fn interface_name(name: &InterfaceName) -> String {
    format!("{}{}", plain(name.text().trim_end_matches('*')), if name.is_prefix() { "+" } else { "" })
}

pub(super) fn protocol(protocols: &Matching<Protocol>, row: &mut Row, style: Style) {
    let names = negatable(protocols, "-", own);
    let column = if style.numeric {
        negatable(protocols, "-", |protocol| protocol.0.to_string())
    } else {
        names.clone()
    };
    row.protocol(names, column);
}

/// `dpt:22`, `spts:1024:65535`, `dpt:!80`; several are `multiport dports 22,80`.
fn port(PortMatch { side, ports }: &PortMatch, row: &mut Row) {
    let source = *side == Side::Source;
    match ports.items() {
        [one] => {
            let name = match (source, matches!(one, Item::Range(..))) {
                (true, false) => "spt",
                (true, true) => "spts",
                (false, false) => "dpt",
                (false, true) => "dpts",
            };
            row.transport(format!("{name}:{}", negatable(ports, ":", own)));
        }
        _ => {
            let name = if source { "sports" } else { "dports" };
            row.add(format!("multiport {name} {}", negatable(ports, ":", own)));
        }
    }
}

/// `icmptype 3 code 4`, `icmp echo-request`, `icmp !type 5`
fn icmp<T>(
    protocol: &str,
    types: &Matching<T>,
    code: Option<&str>,
    style: Style,
    read: impl Fn(&T) -> (u8, String),
) -> String {
    let code = code.map(|code| format!(" code {code}")).unwrap_or_default();
    match (style.numeric, types.is_negated()) {
        (true, false) => {
            format!("{protocol}type {}{code}", items(types, ":", |kind| read(kind).0.to_string()))
        }
        (true, true) => {
            format!("{protocol} !type {}{code}", items(types, ":", |kind| read(kind).0.to_string()))
        }
        (false, _) => format!("{protocol} {}{code}", negatable(types, ":", |kind| read(kind).1)),
    }
}

/// `0x17`, `FIN,SYN,RST,ACK`
pub(super) fn tcp_flags(flags: TcpFlags, style: Style) -> String {
    match (style.numeric, flags) {
        (true, _) => format!("{:#04x}", flags.bits()),
        (false, TcpFlags::SIX) => "ALL".to_owned(),
        (false, _) => own(&flags),
    }
}

/// `== 64`, `!= 64`, `< 64`, `> 64`: a range from or to the end of all numbers is less or greater.
fn compared(values: &Matching<u8>) -> String {
    match (values.items(), values.is_negated()) {
        ([Item::One(value)], false) => format!("== {value}"),
        ([Item::One(value)], true) => format!("!= {value}"),
        ([Item::Range(0, to)], false) => format!("< {}", u16::from(*to) + 1),
        ([Item::Range(from, u8::MAX)], false) => format!("> {}", i16::from(*from) - 1),
        _ => spaced(values, ":", u8::to_string),
    }
}

/// A mark: `0x1/0xff`
pub(super) fn mark(mark: &crate::language::matches::Mark) -> String {
    hex(mark.0)
}
