//! Names that nft has for numbers.

use super::Datatype;

type Symbols = &'static [(u64, &'static str)];

impl Datatype {
    /// The numbers that have names. Where a number has several names, nft prints the first.
    pub(super) fn symbols(self) -> Symbols {
        match self {
            Self::NfProto => NF_PROTO,
            Self::EtherType => ETHER_TYPE,
            Self::ArpOp => ARP_OP,
            Self::IcmpType => ICMP_TYPE,
            Self::TcpFlag => TCP_FLAG,
            Self::DccpPacketType => DCCP_PKT_TYPE,
            Self::MhType => MH_TYPE,
            Self::ArpHrd => IFACE_TYPE,
            Self::Realm => REALM,
            Self::ClassId => CLASSID,
            Self::CtState => CT_STATE,
            Self::CtDir => CT_DIR,
            Self::CtStatus => CT_STATUS,
            Self::Icmpv6Type => ICMPV6_TYPE,
            Self::PacketType => PKT_TYPE,
            Self::IcmpCode => ICMP_CODE,
            Self::Icmpv6Code => ICMPV6_CODE,
            Self::IcmpxCode => ICMPX_CODE,
            Self::DevGroup => DEV_GROUP,
            Self::Dscp => DSCP,
            Self::Ecn => ECN,
            Self::FibAddrType => FIB_ADDR_TYPE,
            Self::Boolean => BOOLEAN,
            Self::CtEvent => CT_EVENT,
            Self::IgmpType => IGMP_TYPE,
            Self::TimeDay => DAY,
            _ => &[],
        }
    }

    /// Whether the bits have a meaning each, and the names are those of bits.
    pub(in crate::render::nft) fn is_bitmask(self) -> bool {
        matches!(
            self,
            Self::Bitmask | Self::TcpFlag | Self::CtState | Self::CtStatus | Self::CtEvent | Self::CtLabel
        )
    }

    /// Whether nft writes the names between quotation marks.
    pub(super) fn quotes_names(self) -> bool {
        matches!(self, Self::Realm | Self::DevGroup | Self::TimeDay | Self::Mark)
    }
}

const NF_PROTO: Symbols = &[(2, "ipv4"), (10, "ipv6")];
const ETHER_TYPE: Symbols =
    &[(0x0800, "ip"), (0x0806, "arp"), (0x86dd, "ip6"), (0x8100, "8021q"), (0x88a8, "8021ad")];
const ARP_OP: Symbols = &[
    (1, "request"),
    (2, "reply"),
    (3, "rrequest"),
    (4, "rreply"),
    (8, "inrequest"),
    (9, "inreply"),
    (10, "nak"),
];
const ICMP_TYPE: Symbols = &[
    (0, "echo-reply"),
    (3, "destination-unreachable"),
    (4, "source-quench"),
    (5, "redirect"),
    (8, "echo-request"),
    (9, "router-advertisement"),
    (10, "router-solicitation"),
    (11, "time-exceeded"),
    (12, "parameter-problem"),
    (13, "timestamp-request"),
    (14, "timestamp-reply"),
    (15, "info-request"),
    (16, "info-reply"),
    (17, "address-mask-request"),
    (18, "address-mask-reply"),
];
const TCP_FLAG: Symbols = &[
    (0x01, "fin"),
    (0x02, "syn"),
    (0x04, "rst"),
    (0x08, "psh"),
    (0x10, "ack"),
    (0x20, "urg"),
    (0x40, "ecn"),
    (0x80, "cwr"),
];
const DCCP_PKT_TYPE: Symbols = &[
    (0, "request"),
    (1, "response"),
    (2, "data"),
    (3, "ack"),
    (4, "dataack"),
    (5, "closereq"),
    (6, "close"),
    (7, "reset"),
    (8, "sync"),
    (9, "syncack"),
];
const MH_TYPE: Symbols = &[
    (0, "binding-refresh-request"),
    (1, "home-test-init"),
    (2, "careof-test-init"),
    (3, "home-test"),
    (4, "careof-test"),
    (5, "binding-update"),
    (6, "binding-acknowledgement"),
    (7, "binding-error"),
    (8, "fast-binding-update"),
    (9, "fast-binding-acknowledgement"),
    (10, "fast-binding-advertisement"),
    (11, "experimental-mobility-header"),
    (12, "home-agent-switch-message"),
];
const IFACE_TYPE: Symbols = &[
    (1, "ether"),
    (512, "ppp"),
    (768, "ipip"),
    (769, "ipip6"),
    (772, "loopback"),
    (776, "sit"),
    (778, "ipgre"),
];
/// What iproute2 installs in `/etc/iproute2/rt_realms`.
const REALM: Symbols = &[(0, "cosmos")];
/// What iproute2 installs in `/etc/iproute2/group`.
const DEV_GROUP: Symbols = &[(0, "default")];
const CLASSID: Symbols = &[(0, "none"), (0xffff_ffff, "root")];
const CT_STATE: Symbols =
    &[(0x01, "invalid"), (0x08, "new"), (0x02, "established"), (0x04, "related"), (0x40, "untracked")];
const CT_DIR: Symbols = &[(0, "original"), (1, "reply")];
const CT_STATUS: Symbols = &[
    (0x001, "expected"),
    (0x002, "seen-reply"),
    (0x004, "assured"),
    (0x008, "confirmed"),
    (0x010, "snat"),
    (0x020, "dnat"),
    (0x200, "dying"),
];
const CT_EVENT: Symbols = &[
    (0x001, "new"),
    (0x002, "related"),
    (0x004, "destroy"),
    (0x008, "reply"),
    (0x010, "assured"),
    (0x020, "protoinfo"),
    (0x040, "helper"),
    (0x080, "mark"),
    (0x100, "seqadj"),
    (0x200, "secmark"),
    (0x400, "label"),
];
const ICMPV6_TYPE: Symbols = &[
    (1, "destination-unreachable"),
    (2, "packet-too-big"),
    (3, "time-exceeded"),
    (4, "parameter-problem"),
    (128, "echo-request"),
    (129, "echo-reply"),
    (130, "mld-listener-query"),
    (131, "mld-listener-report"),
    (132, "mld-listener-done"),
    (133, "nd-router-solicit"),
    (134, "nd-router-advert"),
    (135, "nd-neighbor-solicit"),
    (136, "nd-neighbor-advert"),
    (137, "nd-redirect"),
    (138, "router-renumbering"),
    (141, "ind-neighbor-solicit"),
    (142, "ind-neighbor-advert"),
    (143, "mld2-listener-report"),
];
const PKT_TYPE: Symbols = &[(0, "host"), (1, "broadcast"), (2, "multicast"), (3, "other")];
const ICMP_CODE: Symbols = &[
    (0, "net-unreachable"),
    (1, "host-unreachable"),
    (2, "prot-unreachable"),
    (3, "port-unreachable"),
    (9, "net-prohibited"),
    (10, "host-prohibited"),
    (13, "admin-prohibited"),
    (4, "frag-needed"),
];
const ICMPV6_CODE: Symbols = &[
    (0, "no-route"),
    (1, "admin-prohibited"),
    (3, "addr-unreachable"),
    (4, "port-unreachable"),
    (5, "policy-fail"),
    (6, "reject-route"),
];
const ICMPX_CODE: Symbols =
    &[(1, "port-unreachable"), (3, "admin-prohibited"), (0, "no-route"), (2, "host-unreachable")];
const DSCP: Symbols = &[
    (0x00, "cs0"),
    (0x08, "cs1"),
    (0x10, "cs2"),
    (0x18, "cs3"),
    (0x20, "cs4"),
    (0x28, "cs5"),
    (0x30, "cs6"),
    (0x38, "cs7"),
    (0x01, "lephb"),
    (0x0a, "af11"),
    (0x0c, "af12"),
    (0x0e, "af13"),
    (0x12, "af21"),
    (0x14, "af22"),
    (0x16, "af23"),
    (0x1a, "af31"),
    (0x1c, "af32"),
    (0x1e, "af33"),
    (0x22, "af41"),
    (0x24, "af42"),
    (0x26, "af43"),
    (0x2c, "va"),
    (0x2e, "ef"),
];
const ECN: Symbols = &[(0, "not-ect"), (1, "ect1"), (2, "ect0"), (3, "ce")];
const FIB_ADDR_TYPE: Symbols = &[
    (0, "unspec"),
    (1, "unicast"),
    (2, "local"),
    (3, "broadcast"),
    (4, "anycast"),
    (5, "multicast"),
    (6, "blackhole"),
    (7, "unreachable"),
    (8, "prohibit"),
];
const BOOLEAN: Symbols = &[(1, "exists"), (0, "missing")];
const IGMP_TYPE: Symbols = &[
    (17, "membership-query"),
    (18, "membership-report-v1"),
    (22, "membership-report-v2"),
    (34, "membership-report-v3"),
    (23, "leave-group"),
];
const DAY: Symbols = &[
    (0, "Sunday"),
    (1, "Monday"),
    (2, "Tuesday"),
    (3, "Wednesday"),
    (4, "Thursday"),
    (5, "Friday"),
    (6, "Saturday"),
];
