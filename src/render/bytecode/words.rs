//! libnftnl's names where they differ from nft's.

use crate::expr::{AddressFamily, CtKey, ExthdrOp, MetaKey, RtKey, XfrmKey};

/// A key of packet metadata.
pub(super) fn meta(key: MetaKey) -> Option<&'static str> {
    Some(match key {
        MetaKey::Len => "len",
        MetaKey::BriIifName => "bri_iifname",
        MetaKey::BriOifName => "bri_oifname",
        MetaKey::Prandom => "prandom",
        MetaKey::BriIifPvid => "bri_iifpvid",
        MetaKey::BriIifVproto => "bri_iifvproto",
        other => return other.word(),
    })
}

/// A key of connection tracking.
pub(super) fn ct(key: CtKey) -> Option<&'static str> {
    Some(match key {
        CtKey::L3Protocol => "l3protocol",
        CtKey::Src => "src",
        CtKey::Dst => "dst",
        CtKey::ProtoSrc => "proto_src",
        CtKey::ProtoDst => "proto_dst",
        CtKey::SrcIp => "src_ip",
        CtKey::DstIp => "dst_ip",
        CtKey::SrcIp6 => "src_ip6",
        CtKey::DstIp6 => "dst_ip6",
        other => return other.word(),
    })
}

/// A property of a route.
pub(super) fn rt(key: RtKey) -> Option<&'static str> {
    Some(match key {
        RtKey::NextHop4 => "nexthop4",
        RtKey::NextHop6 => "nexthop6",
        RtKey::TcpMss => "tcpmss",
        other => return other.word(),
    })
}

/// A property of an IPsec state.
pub(super) fn xfrm(key: XfrmKey) -> Option<&'static str> {
    Some(match key {
        XfrmKey::DaddrIp4 => "daddr4",
        XfrmKey::SaddrIp4 => "saddr4",
        XfrmKey::DaddrIp6 => "daddr6",
        XfrmKey::SaddrIp6 => "saddr6",
        other => return other.word(),
    })
}

/// What is searched for headers and options. Empty, as in libnftnl 1.2.4, for what it has no name for.
pub(super) fn exthdr(op: ExthdrOp) -> &'static str {
    match op {
        ExthdrOp::Ipv6 => " ipv6",
        ExthdrOp::Tcp => " tcpopt",
        ExthdrOp::Ipv4 => " ipv4",
        ExthdrOp::Sctp => " sctp",
        ExthdrOp::Dccp => " dccp",
        ExthdrOp::Other(_) => "",
    }
}

/// A family of addresses, as libnftnl names those of tables too.
pub(super) fn family(family: AddressFamily) -> Option<&'static str> {
    Some(match family {
        AddressFamily::Other(3) => "arp",
        AddressFamily::Other(5) => "netdev",
        AddressFamily::Other(7) => "bridge",
        other => return other.word(),
    })
}
