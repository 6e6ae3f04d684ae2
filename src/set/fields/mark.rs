//! Numbers that the kernel keeps beside a packet.

use crate::{
    language::matches::{Gid, Mark, PacketType, Uid},
    set::field::{FieldType, fields, numbers},
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

numbers! {
    /// The realm of the route that the packet takes (`ip route add … realm`).
    Realm(u32): "routing realm" = FieldType::host("realm", 22, 4), host;
    /// The class for traffic control, `major << 16 | minor` (nft's `meta priority`).
    TcClass(u32): "traffic class" = FieldType::host("classid", 23, 4), host;
    /// The number of a control group of version 2: the inode number of its directory.
    CgroupId(u64): "control group" = FieldType::host("cgroupsv2", 46, 8), host;
}

fields! {
    bool: "flag" = FieldType::byte("boolean", 39), network u8,
        |flag| u8::from(*flag), |number| match number { 0 => Some(false), 1 => Some(true), _ => None },
        |flag| (if *flag { "exists" } else { "missing" }).to_owned();
}
