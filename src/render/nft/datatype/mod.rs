//! nft's data types: what the bytes of a register mean, and how they are written.

/// A type of values.
#[allow(dead_code, reason = "being filled")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Datatype {
    /// A number of unknown meaning, lying as in the packet.
    Integer,
    /// No type.
    Invalid,
    /// nft's `verdict`.
    Verdict,
    /// nft's `nf_proto`.
    NfProto,
    /// nft's `bitmask`.
    Bitmask,
    /// nft's `string`.
    String,
    /// nft's `link_addr`.
    LinkAddr,
    /// nft's `ipv4_addr`.
    Ipv4Addr,
    /// nft's `ipv6_addr`.
    Ipv6Addr,
    /// nft's `ether_addr`.
    EtherAddr,
    /// nft's `ether_type`.
    EtherType,
    /// nft's `arp_op`.
    ArpOp,
    /// nft's `inet_proto`.
    InetProto,
    /// nft's `inet_service`.
    InetService,
    /// nft's `icmp_type`.
    IcmpType,
    /// nft's `tcp_flag`.
    TcpFlag,
    /// nft's `dccp_packet_type`.
    DccpPacketType,
    /// nft's `mh_type`.
    MhType,
    /// Milliseconds.
    Time,
    /// nft's `mark`.
    Mark,
    /// nft's `if_index`.
    IfIndex,
    /// nft's `arp_hrd`.
    ArpHrd,
    /// nft's `realm`.
    Realm,
    /// A traffic control handle, `major:minor`.
    ClassId,
    /// nft's `uid`.
    Uid,
    /// nft's `gid`.
    Gid,
    /// nft's `ct_state`.
    CtState,
    /// nft's `ct_dir`.
    CtDir,
    /// nft's `ct_status`.
    CtStatus,
    /// nft's `icmpv6_type`.
    Icmpv6Type,
    /// nft's `ct_label`.
    CtLabel,
    /// nft's `packet_type`.
    PacketType,
    /// nft's `icmp_code`.
    IcmpCode,
    /// nft's `icmpv6_code`.
    Icmpv6Code,
    /// nft's `icmpx_code`.
    IcmpxCode,
    /// nft's `dev_group`.
    DevGroup,
    /// nft's `dscp`.
    Dscp,
    /// nft's `ecn`.
    Ecn,
    /// nft's `fib_addr_type`.
    FibAddrType,
    /// nft's `boolean`.
    Boolean,
    /// nft's `ct_event`.
    CtEvent,
    /// nft's `if_name`.
    IfName,
    /// nft's `igmp_type`.
    IgmpType,
    /// Nanoseconds since 1970.
    TimeDate,
    /// Seconds of the day.
    TimeHour,
    /// A day of the week, Sunday is 0.
    TimeDay,
    /// nft's `cgroup_v2`.
    CgroupV2,
    /// A number in the host's byte order.
    HostInteger,
    /// Raw bytes of the packet, in hexadecimal.
    Hex,
}

impl Datatype {
    /// The type with nft's number (`enum datatypes`); of a concatenation, use [`parts`].
    pub(super) fn by_number(number: u32) -> Self {
        match number {
            0 => Self::Invalid,
            1 => Self::Verdict,
            2 => Self::NfProto,
            3 => Self::Bitmask,
            5 => Self::String,
            6 => Self::LinkAddr,
            7 => Self::Ipv4Addr,
            8 => Self::Ipv6Addr,
            9 => Self::EtherAddr,
            10 => Self::EtherType,
            11 => Self::ArpOp,
            12 => Self::InetProto,
            13 => Self::InetService,
            14 => Self::IcmpType,
            15 => Self::TcpFlag,
            16 => Self::DccpPacketType,
            17 => Self::MhType,
            18 => Self::Time,
            19 => Self::Mark,
            20 => Self::IfIndex,
            21 => Self::ArpHrd,
            22 => Self::Realm,
            23 => Self::ClassId,
            24 => Self::Uid,
            25 => Self::Gid,
            26 => Self::CtState,
            27 => Self::CtDir,
            28 => Self::CtStatus,
            29 => Self::Icmpv6Type,
            30 => Self::CtLabel,
            31 => Self::PacketType,
            32 => Self::IcmpCode,
            33 => Self::Icmpv6Code,
            34 => Self::IcmpxCode,
            35 => Self::DevGroup,
            36 => Self::Dscp,
            37 => Self::Ecn,
            38 => Self::FibAddrType,
            39 => Self::Boolean,
            40 => Self::CtEvent,
            41 => Self::IfName,
            42 => Self::IgmpType,
            43 => Self::TimeDate,
            44 => Self::TimeHour,
            45 => Self::TimeDay,
            46 => Self::CgroupV2,
            _ => Self::Integer,
        }
    }

    /// The bytes in nft's words.
    pub(super) fn value(self, bytes: &[u8]) -> String {
        bytes.iter().fold(String::from("0x"), |text, byte| format!("{text}{byte:02x}"))
    }
}

/// The types of a concatenation, by nft's number; one for a single value.
pub(super) fn parts(number: u32) -> Vec<Datatype> {
    vec![Datatype::by_number(number)]
}
