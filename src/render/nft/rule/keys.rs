//! The words and the types of what a register can be loaded with beside the packet's bytes.

use super::words::Said;
use crate::{
    expr::{FibFlags, FibResult, MetaKey, Numgen, Osf, OsfFlags, OsfTtl, RtKey, SocketKey, Xfrm, XfrmKey},
    render::nft::datatype::Datatype,
};

/// The words and the type of a meta key.
pub(super) fn meta(key: MetaKey) -> Option<Said> {
    let kind = match key {
        MetaKey::Protocol | MetaKey::BriIifVproto => Datatype::EtherType,
        MetaKey::Priority => Datatype::ClassId,
        MetaKey::Mark => Datatype::Mark,
        MetaKey::Iif | MetaKey::Oif | MetaKey::Sdif => Datatype::IfIndex,
        MetaKey::IifName
        | MetaKey::OifName
        | MetaKey::BriIifName
        | MetaKey::BriOifName
        | MetaKey::IifKind
        | MetaKey::OifKind
        | MetaKey::SdifName => Datatype::IfName,
        MetaKey::IifType | MetaKey::OifType => Datatype::ArpHrd,
        MetaKey::SkUid => Datatype::Uid,
        MetaKey::SkGid => Datatype::Gid,
        MetaKey::RtClassId => Datatype::Realm,
        MetaKey::NfProto => Datatype::NfProto,
        MetaKey::L4Proto => Datatype::InetProto,
        MetaKey::PktType => Datatype::PacketType,
        MetaKey::IifGroup | MetaKey::OifGroup => Datatype::DevGroup,
        // The kernel's random number has no byte order.
        MetaKey::Prandom => Datatype::Integer,
        MetaKey::SecPath => Datatype::Boolean,
        MetaKey::TimeNs => Datatype::TimeDate,
        MetaKey::TimeDay => Datatype::TimeDay,
        MetaKey::TimeHour => Datatype::TimeHour,
        MetaKey::Len
        | MetaKey::NfTrace
        | MetaKey::SecMark
        | MetaKey::Cpu
        | MetaKey::Cgroup
        | MetaKey::BriIifPvid => Datatype::HostInteger,
        // nft 1.0.6 does not know these.
        MetaKey::BriBroute | MetaKey::BriIifHwAddr | MetaKey::Other(_) => return None,
    };
    let word = match key {
        MetaKey::SecPath => "ipsec",
        key => key.word()?,
    };
    let alone = matches!(
        key,
        MetaKey::Iif
            | MetaKey::Oif
            | MetaKey::IifName
            | MetaKey::OifName
            | MetaKey::IifGroup
            | MetaKey::OifGroup
    );
    Some(Said::new(if alone { word.to_owned() } else { format!("meta {word}") }, kind))
}

/// Of the packet's route.
pub(super) fn route(key: RtKey) -> Option<Said> {
    let kind = match key {
        RtKey::ClassId => Datatype::Realm,
        RtKey::NextHop4 => Datatype::Ipv4Addr,
        RtKey::NextHop6 => Datatype::Ipv6Addr,
        RtKey::TcpMss => Datatype::HostInteger,
        RtKey::Xfrm => Datatype::Boolean,
        RtKey::Other(_) => return None,
    };
    Some(Said::new(format!("rt {}", key.word()?), kind))
}

/// Of the packet's socket.
pub(super) fn socket(key: SocketKey, level: Option<u32>) -> Option<Said> {
    Some(match key {
        SocketKey::Mark => Said::new("socket mark", Datatype::Mark),
        SocketKey::CgroupV2 => {
            Said::new(format!("socket cgroupv2 level {}", level.unwrap_or(0)), Datatype::CgroupV2)
        }
        SocketKey::Transparent | SocketKey::Wildcard => {
            Said::new(format!("socket {}", key.word()?), Datatype::HostInteger)
        }
        SocketKey::Other(_) => return None,
    })
}

/// Of the routing table.
pub(super) fn fib(flags: FibFlags, result: FibResult) -> Option<Said> {
    let mut selectors = Vec::new();
    for (flag, word) in [
        (FibFlags::SADDR, "saddr"),
        (FibFlags::DADDR, "daddr"),
        (FibFlags::MARK, "mark"),
        (FibFlags::IIF, "iif"),
        (FibFlags::OIF, "oif"),
    ] {
        if flags.contains(flag) {
            selectors.push(word);
        }
    }
    let kind = match result {
        _ if flags.contains(FibFlags::PRESENT) => Datatype::Boolean,
        FibResult::Oif => Datatype::IfIndex,
        FibResult::OifName => Datatype::IfName,
        FibResult::AddrType => Datatype::FibAddrType,
        FibResult::Other(_) => return None,
    };
    Some(Said::new(format!("fib {} {}", selectors.join(" . "), result.word()?), kind))
}

/// Of the sender's operating system.
pub(super) fn fingerprint(osf: &Osf) -> Option<Said> {
    let ttl = match osf.ttl {
        None | Some(OsfTtl::Exact) => "",
        Some(OsfTtl::Loose) => "ttl loose ",
        Some(OsfTtl::Skip) => "ttl skip ",
        Some(OsfTtl::Other(_)) => return None,
    };
    let version = osf.flags.is_some_and(|flags| flags.contains(OsfFlags::VERSION));
    Some(Said::new(format!("osf {ttl}{}", if version { "version" } else { "name" }), Datatype::String))
}

/// Of the packet's IPsec states.
pub(super) fn ipsec(xfrm: &Xfrm) -> Option<Said> {
    let kind = match xfrm.key {
        XfrmKey::DaddrIp4 | XfrmKey::SaddrIp4 => Datatype::Ipv4Addr,
        XfrmKey::DaddrIp6 | XfrmKey::SaddrIp6 => Datatype::Ipv6Addr,
        XfrmKey::ReqId => Datatype::HostInteger,
        XfrmKey::Spi => Datatype::Integer,
        XfrmKey::Other(_) => return None,
    };
    let spnum = match xfrm.spnum {
        None | Some(0) => String::new(),
        Some(spnum) => format!(" spnum {spnum}"),
    };
    Some(Said::new(format!("ipsec {}{spnum} {}", xfrm.direction.word()?, xfrm.key.word()?), kind))
}

/// Of a number generator.
pub(super) fn numbers(numgen: &Numgen) -> Option<Said> {
    let text = format!("numgen {} mod {}{}", numgen.kind.word()?, numgen.modulus, offset(numgen.offset));
    Some(Said::new(text, Datatype::HostInteger))
}

/// What is added to a number, where something is.
pub(super) fn offset(offset: Option<u32>) -> String {
    match offset {
        None | Some(0) => String::new(),
        Some(offset) => format!(" offset {offset}"),
    }
}
