//! What the network layer's headers say.

use crate::{
    language::matches::{Dscp, Ecn},
    set::{
        TypeOf,
        field::{FieldType, fields, numbers},
    },
};

fields! {
    Dscp: "DSCP" = FieldType::network("dscp", 36, 1), network u8,
        |class| class.0, |number| Some(Self(number)), |class| format!("{:#04x}", class.0), at most 63;
    Ecn: "ECN" = FieldType::network("ecn", 37, 1), network u8,
        |ecn| ecn.number(), |number| Some(Self::from_number(number)), |ecn| ecn.to_string();
}

numbers! {
    /// What an Ethernet frame carries (`ETH_P_…` in `linux/if_ether.h`), in the host's numbers: `0x0800` is IPv4.
    EtherType(u16): "ether type" = FieldType::network("ether_type", 10, 2), network;
    /// What an ARP packet is for (`ARPOP_…` in `linux/if_arp.h`): 1 asks, 2 answers.
    ArpOperation(u16): "ARP operation" = FieldType::network("arp_op", 11, 2), network;
    /// The family of the network protocol (`NFPROTO_…`): 2 is IPv4, 10 is IPv6.
    NfProto(u8): "network protocol" = FieldType::byte("nf_proto", 2), network;
    /// The length that an IP header says; nft knows it as `typeof ip length` only.
    IpLength(u16): "IP length" = FieldType::network("integer", 4, 2).type_of(TypeOf::Number { header: 12, field: 5, bits: 16 }), network;
    /// The number that the fragments of an IPv4 packet share; nft knows it as `typeof ip id` only.
    IpId(u16): "packet's number" = FieldType::network("integer", 4, 2).type_of(TypeOf::Number { header: 12, field: 6, bits: 16 }), network;
    /// The number that the fragments of an IPv6 packet share; nft knows it as `typeof frag id` only.
    FragmentId(u32): "packet's number" = FieldType::network("integer", 4, 4).type_of(TypeOf::Extension { header: 6, field: 6 }), network;
}

impl EtherType {
    /// IPv4.
    pub const IPV4: Self = Self(0x0800);
    /// ARP.
    pub const ARP: Self = Self(0x0806);
    /// A VLAN's tag.
    pub const VLAN: Self = Self(0x8100);
    /// IPv6.
    pub const IPV6: Self = Self(0x86dd);
}

impl NfProto {
    /// IPv4.
    pub const IPV4: Self = Self(2);
    /// IPv6.
    pub const IPV6: Self = Self(10);
}
