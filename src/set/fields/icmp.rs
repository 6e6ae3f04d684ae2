//! Types and codes of ICMP and IGMP.

use crate::{
    expr::{Icmp6Code, IcmpCode, IcmpxCode},
    language::matches::{IcmpType, Icmpv6Type},
    set::field::{FieldType, fields, numbers},
};

fields! {
    IcmpType: "ICMP type" = FieldType::network("icmp_type", 14, 1), network u8,
        |kind| kind.0, |number| Some(Self(number)), |kind| kind.0.to_string();
    Icmpv6Type: "ICMPv6 type" = FieldType::network("icmpv6_type", 29, 1), network u8,
        |kind| kind.0, |number| Some(Self(number)), |kind| kind.0.to_string();
    IcmpCode: "ICMP code" = FieldType::network("icmp_code", 32, 1), network u8,
        |code| code.number(), |number| Some(Self::from_number(number)), |code| code.to_string();
    Icmp6Code: "ICMPv6 code" = FieldType::network("icmpv6_code", 33, 1), network u8,
        |code| code.number(), |number| Some(Self::from_number(number)), |code| code.to_string();
    IcmpxCode: "code of ICMP and ICMPv6" = FieldType::network("icmpx_code", 34, 1), network u8,
        |code| code.number(), |number| Some(Self::from_number(number)), |code| code.to_string();
}

numbers! {
    /// What an IGMP message is: 17 asks for members, 22 is version 2's report (RFC 2236).
    IgmpType(u8): "IGMP type" = FieldType::network("igmp_type", 42, 1), network;
}
