//! Numbers that the kernel keeps beside a packet.

use crate::{
    expr::{MetaKey, RtKey, XfrmDirection, XfrmKey},
    language::matches::{ClassId, Gid, HopLimit, Length, Mark, PacketType, Ttl, Uid},
    set::{
        TypeOf,
        field::{FieldType, fields, numbers},
    },
};

fields! {
    Mark: "mark" = FieldType::host("mark", 19, 4), host u32,
        |mark| mark.0, |number| Some(Self(number)), |mark| format!("{:#x}", mark.0);
    Uid: "user" = FieldType::host("uid", 24, 4), host u32,
        |user| user.0, |number| Some(Self(number)), |user| user.0.to_string();
    Gid: "group" = FieldType::host("gid", 25, 4), host u32,
        |group| group.0, |number| Some(Self(number)), |group| group.0.to_string();
    PacketType: "packet type" = FieldType::host("pkt_type", 31, 1), host u8,
        |kind| kind.number(), |number| Some(Self::from_number(number)), |kind| kind.to_string();
}

fields! {
    // nft knows these as `typeof meta length`, `meta cgroup`, `ip ttl` and `ip6 hoplimit` only.
    Length: "length" = FieldType::host("integer", 4, 4).type_of(TypeOf::Meta(MetaKey::Len)), host u32,
        |length| length.0, |number| Some(Self(number)), |length| length.0.to_string();
    ClassId: "cgroup class" = FieldType::host("integer", 4, 4).type_of(TypeOf::Meta(MetaKey::Cgroup)), host u32,
        |class| class.0, |number| Some(Self(number)), |class| class.0.to_string();
    Ttl: "TTL" = FieldType::network("integer", 4, 1).type_of(TypeOf::Number { header: 12, field: 8, bits: 8 }), network u8,
        |ttl| ttl.0, |number| Some(Self(number)), |ttl| ttl.0.to_string();
    HopLimit: "hop limit" = FieldType::network("integer", 4, 1).type_of(TypeOf::Number { header: 13, field: 7, bits: 8 }), network u8,
        |limit| limit.0, |number| Some(Self(number)), |limit| limit.0.to_string();
}

numbers! {
    /// The realm of the route that the packet takes (`ip route add … realm`).
    Realm(u32): "routing realm" = FieldType::host("realm", 22, 4), host;
    /// The class for traffic control, `major << 16 | minor` (nft's `meta priority`).
    TcClass(u32): "traffic class" = FieldType::host("classid", 23, 4), host;
    /// The number of a control group of version 2: the inode number of its directory.
    CgroupId(u64): "control group" = FieldType::host("cgroupsv2", 46, 8), host;
    /// The number of a processor, from 0; nft knows it as `typeof meta cpu` only.
    Cpu(u32): "processor" = FieldType::host("integer", 4, 4).type_of(TypeOf::Meta(MetaKey::Cpu)), host;
    /// The longest segment of TCP's that a route takes; nft knows it as `typeof rt mtu` only.
    RouteMtu(u16): "route's segment size" = FieldType::host("integer", 4, 2).type_of(TypeOf::Route(RtKey::TcpMss)), host;
    /// The number of a policy of IPsec's; nft knows it as `typeof ipsec in reqid` only.
    RequestId(u32): "policy's number" = FieldType::host("integer", 4, 4).type_of(TypeOf::Ipsec(XfrmKey::ReqId, XfrmDirection::In)), host;
}

fields! {
    bool: "flag" = FieldType::byte("boolean", 39), network u8,
        |flag| u8::from(*flag), |number| match number { 0 => Some(false), 1 => Some(true), _ => None },
        |flag| (if *flag { "exists" } else { "missing" }).to_owned();
}

/// The number of a queue that a program listens at: what a map leads packets to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueNumber(pub u16);

fields! {
    // The kernel takes four bytes of the register, and nft has no expression of its own for it.
    QueueNumber: "queue" = FieldType::host("integer", 4, 4).type_of(TypeOf::Meta(MetaKey::Len)), host u32,
        |queue| u32::from(queue.0), |number| u16::try_from(number).ok().map(Self), |queue| queue.0.to_string();
}
