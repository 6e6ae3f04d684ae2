//! What the kernel knows beside the packet's bytes: meta, conntrack, routing, sockets, and what it makes up.

use super::{Part, number};
use crate::{
    expr::{
        CtDirection, CtKey, FibFlags, FibResult, HashKind, MetaKey, NumgenKind, RtKey, SocketKey, XfrmKey,
    },
    render::nft::datatype::Datatype,
};

pub(super) fn meta(data: &[u8]) -> Option<Part> {
    let key = MetaKey::from_number(number(data, 0)?);
    let (kind, bits) = match key {
        MetaKey::Len | MetaKey::Cpu | MetaKey::Cgroup | MetaKey::SecMark => (Datatype::HostInteger, 32),
        MetaKey::Prandom => (Datatype::Integer, 32),
        MetaKey::NfTrace => (Datatype::HostInteger, 1),
        MetaKey::Protocol | MetaKey::BriIifVproto => (Datatype::EtherType, 16),
        MetaKey::BriIifPvid => (Datatype::HostInteger, 16),
        MetaKey::NfProto => (Datatype::NfProto, 8),
        MetaKey::L4Proto => (Datatype::InetProto, 8),
        MetaKey::Priority => (Datatype::ClassId, 32),
        MetaKey::Mark => (Datatype::Mark, 32),
        MetaKey::Iif | MetaKey::Oif | MetaKey::Sdif => (Datatype::IfIndex, 32),
        MetaKey::IifName
        | MetaKey::OifName
        | MetaKey::BriIifName
        | MetaKey::BriOifName
        | MetaKey::IifKind
        | MetaKey::OifKind
        | MetaKey::SdifName => (Datatype::IfName, 128),
        MetaKey::IifType | MetaKey::OifType => (Datatype::ArpHrd, 16),
        MetaKey::SkUid => (Datatype::Uid, 32),
        MetaKey::SkGid => (Datatype::Gid, 32),
        MetaKey::RtClassId => (Datatype::Realm, 32),
        MetaKey::PktType => (Datatype::PacketType, 8),
        MetaKey::IifGroup | MetaKey::OifGroup => (Datatype::DevGroup, 32),
        MetaKey::SecPath => (Datatype::Boolean, 8),
        MetaKey::TimeNs => (Datatype::TimeDate, 64),
        MetaKey::TimeDay => (Datatype::TimeDay, 8),
        MetaKey::TimeHour => (Datatype::TimeHour, 32),
        MetaKey::BriIifHwAddr => (Datatype::EtherAddr, 48),
        _ => return None,
    };
    let words = match key {
        MetaKey::Iif
        | MetaKey::Oif
        | MetaKey::IifName
        | MetaKey::OifName
        | MetaKey::IifGroup
        | MetaKey::OifGroup => key.word()?.to_owned(),
        MetaKey::SecPath => "meta ipsec".to_owned(),
        _ => format!("meta {}", key.word()?),
    };
    Some(Part::new(words, kind, bits))
}

pub(super) fn ct(data: &[u8]) -> Option<Part> {
    let key = CtKey::from_number(number(data, 0)?);
    // Absent is -1.
    let direction = match u8::try_from(number(data, 1)?).map(CtDirection::from_number) {
        Ok(direction) => format!("{} ", direction.word()?),
        Err(_) => String::new(),
    };
    let (kind, bits) = match key {
        CtKey::State => (Datatype::CtState, 32),
        CtKey::Direction => (Datatype::CtDir, 8),
        CtKey::Status => (Datatype::CtStatus, 32),
        CtKey::Mark => (Datatype::Mark, 32),
        CtKey::SecMark => (Datatype::HostInteger, 32),
        CtKey::Expiration => (Datatype::Time, 32),
        CtKey::Helper => (Datatype::String, 128),
        CtKey::L3Protocol => (Datatype::NfProto, 8),
        CtKey::Protocol => (Datatype::InetProto, 8),
        CtKey::ProtoSrc | CtKey::ProtoDst => (Datatype::InetService, 16),
        CtKey::Labels => (Datatype::CtLabel, 128),
        CtKey::Packets | CtKey::Bytes | CtKey::AvgPkt => (Datatype::HostInteger, 64),
        CtKey::Zone => (Datatype::HostInteger, 16),
        CtKey::EventMask => (Datatype::CtEvent, 32),
        CtKey::SrcIp | CtKey::DstIp => (Datatype::Ipv4Addr, 32),
        CtKey::SrcIp6 | CtKey::DstIp6 => (Datatype::Ipv6Addr, 128),
        CtKey::Id => (Datatype::Integer, 32),
        _ => return None,
    };
    Some(Part::new(format!("ct {direction}{}", key.word()?), kind, bits))
}

pub(super) fn socket(data: &[u8]) -> Option<Part> {
    let key = SocketKey::from_number(number(data, 0)?);
    let (kind, bits) = match key {
        SocketKey::Transparent | SocketKey::Wildcard => (Datatype::HostInteger, 8),
        SocketKey::Mark => (Datatype::Mark, 32),
        // How far down the tree is not kept beside the set.
        SocketKey::CgroupV2 => return Some(Part::new("socket cgroupv2 level 0", Datatype::CgroupV2, 64)),
        SocketKey::Other(_) => return None,
    };
    Some(Part::new(format!("socket {}", key.word()?), kind, bits))
}

pub(super) fn rt(data: &[u8]) -> Option<Part> {
    let key = RtKey::from_number(number(data, 0)?);
    let (kind, bits) = match key {
        RtKey::ClassId => (Datatype::Realm, 32),
        RtKey::NextHop4 => (Datatype::Ipv4Addr, 32),
        RtKey::NextHop6 => (Datatype::Ipv6Addr, 128),
        RtKey::TcpMss => (Datatype::HostInteger, 16),
        RtKey::Xfrm => (Datatype::Boolean, 8),
        RtKey::Other(_) => return None,
    };
    Some(Part::new(format!("rt {}", key.word()?), kind, bits))
}

pub(super) fn fib(data: &[u8]) -> Option<Part> {
    let result = FibResult::from_number(number(data, 0)?);
    let flags = FibFlags::from_bits_retain(number(data, 1)?);
    let (kind, bits) = match result {
        _ if flags.contains(FibFlags::PRESENT) => (Datatype::Boolean, 32),
        FibResult::Oif => (Datatype::IfIndex, 32),
        FibResult::OifName => (Datatype::String, 128),
        FibResult::AddrType => (Datatype::FibAddrType, 32),
        FibResult::Other(_) => return None,
    };
    let asked: Vec<_> = [
        (FibFlags::SADDR, "saddr"),
        (FibFlags::DADDR, "daddr"),
        (FibFlags::MARK, "mark"),
        (FibFlags::IIF, "iif"),
        (FibFlags::OIF, "oif"),
    ]
    .into_iter()
    .filter_map(|(flag, word)| flags.contains(flag).then_some(word))
    .collect();
    Some(Part::new(format!("fib {} {}", asked.join(" . "), result.word()?), kind, bits))
}

pub(super) fn xfrm(data: &[u8]) -> Option<Part> {
    let (key, template, direction) = (number(data, 0)?, number(data, 1)?, number(data, 2)?);
    let key = XfrmKey::from_number(key);
    let direction = match direction {
        0 => "in",
        1 => "out",
        _ => return None,
    };
    let template = if template == 0 { String::new() } else { format!(" spnum {template}") };
    let (kind, bits) = match key {
        XfrmKey::DaddrIp4 | XfrmKey::SaddrIp4 => (Datatype::Ipv4Addr, 32),
        XfrmKey::DaddrIp6 | XfrmKey::SaddrIp6 => (Datatype::Ipv6Addr, 128),
        XfrmKey::ReqId => (Datatype::HostInteger, 32),
        XfrmKey::Spi => (Datatype::Integer, 32),
        XfrmKey::Other(_) => return None,
    };
    Some(Part::new(format!("ipsec {direction}{template} {}", key.word()?), kind, bits))
}

pub(super) fn numgen(data: &[u8]) -> Option<Part> {
    let (kind, modulus, offset) = (number(data, 0)?, number(data, 1)?, number(data, 2)?);
    let words = format!("numgen {} mod {modulus}{}", NumgenKind::from_number(kind).word()?, behind(offset));
    Some(Part::new(words, Datatype::HostInteger, 32))
}

pub(super) fn hash(data: &[u8]) -> Option<Part> {
    // What a Jenkins hash is about is not kept beside the set.
    let HashKind::Symmetric = HashKind::from_number(number(data, 0)?) else {
        return None;
    };
    let (offset, modulus) = (number(data, 1)?, number(data, 2)?);
    Some(Part::new(format!("symhash mod {modulus}{}", behind(offset)), Datatype::HostInteger, 32))
}

fn behind(offset: u32) -> String {
    if offset == 0 { String::new() } else { format!(" offset {offset}") }
}
