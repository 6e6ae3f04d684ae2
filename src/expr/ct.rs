//! `ct`: what connection tracking knows about a packet's connection (`net/netfilter/nft_ct.c`).

use super::{Access, Data, Expression, Register};
use crate::wire::{Attributes, Buffer, DecodeError, Unknown, Writer, flag_set, kernel_enum};

kernel_enum! {
    /// What is read or written (`enum nft_ct_keys`). Numbers are in host byte order unless said otherwise;
    /// "of a direction" means that [`Ct::direction`] must be given, "or both" that it may.
    pub enum CtKey: u32 {
        /// How the packet stands to its connection, a set of [`CtState`] with one bit. `u32`
        #[doc(alias = "NFT_CT_STATE")]
        State = 0 "state",
        /// The packet's own direction, a [`CtDirection`]. `u8`
        #[doc(alias = "NFT_CT_DIRECTION")]
        Direction = 1 "direction",
        /// The connection's [`CtStatus`] bits. `u32`
        #[doc(alias = "NFT_CT_STATUS")]
        Status = 2 "status",
        /// The connection's mark; can be written. `u32`
        #[doc(alias = "NFT_CT_MARK")]
        Mark = 3 "mark",
        /// The connection's security mark; can be written. `u32`
        #[doc(alias = "NFT_CT_SECMARK")]
        SecMark = 4 "secmark",
        /// Milliseconds until the connection is forgotten. `u32`
        #[doc(alias = "NFT_CT_EXPIRATION")]
        Expiration = 5 "expiration",
        /// Name of the helper that the parent connection has, such as `ftp`. 16 bytes, filled with NUL
        #[doc(alias = "NFT_CT_HELPER")]
        Helper = 6 "helper",
        /// Layer 3 protocol family (`NFPROTO_…`). `u8`
        #[doc(alias = "NFT_CT_L3PROTOCOL")]
        L3Protocol = 7 "l3proto",
        /// Source address, of a direction. 4 bytes in an `ip` table, else 16, network byte order. Deprecated:
        /// [`CtKey::SrcIp`] and [`CtKey::SrcIp6`]
        #[doc(alias = "NFT_CT_SRC")]
        Src = 8 "saddr",
        /// Destination address, of a direction, as [`CtKey::Src`]. Deprecated likewise
        #[doc(alias = "NFT_CT_DST")]
        Dst = 9 "daddr",
        /// Layer 4 protocol number. `u8`
        #[doc(alias = "NFT_CT_PROTOCOL")]
        Protocol = 10 "protocol",
        /// Source port or ICMP id, of a direction. `u16`, network byte order
        #[doc(alias = "NFT_CT_PROTO_SRC")]
        ProtoSrc = 11 "proto-src",
        /// Destination port, of a direction. `u16`, network byte order
        #[doc(alias = "NFT_CT_PROTO_DST")]
        ProtoDst = 12 "proto-dst",
        /// The 128 labels, a bit map; can be written. 16 bytes
        #[doc(alias = "NFT_CT_LABELS")]
        Labels = 13 "label",
        /// Packets so far, of a direction or both. `u64`
        #[doc(alias = "NFT_CT_PKTS")]
        Packets = 14 "packets",
        /// Bytes so far, of a direction or both. `u64`
        #[doc(alias = "NFT_CT_BYTES")]
        Bytes = 15 "bytes",
        /// Average bytes of a packet, of a direction or both. `u64`
        #[doc(alias = "NFT_CT_AVGPKT")]
        AvgPkt = 16 "avgpkt",
        /// Zone, of a direction or both; can be written, before tracking (priority below -200). `u16`
        #[doc(alias = "NFT_CT_ZONE")]
        Zone = 17 "zone",
        /// Which [`CtEvents`] are reported; can only be written. `u32`
        #[doc(alias = "NFT_CT_EVENTMASK")]
        EventMask = 18 "event",
        /// IPv4 source address, of a direction. 4 bytes, network byte order
        #[doc(alias = "NFT_CT_SRC_IP")]
        SrcIp = 19 "ip saddr",
        /// IPv4 destination address, of a direction. 4 bytes, network byte order
        #[doc(alias = "NFT_CT_DST_IP")]
        DstIp = 20 "ip daddr",
        /// IPv6 source address, of a direction. 16 bytes, network byte order
        #[doc(alias = "NFT_CT_SRC_IP6")]
        SrcIp6 = 21 "ip6 saddr",
        /// IPv6 destination address, of a direction. 16 bytes, network byte order
        #[doc(alias = "NFT_CT_DST_IP6")]
        DstIp6 = 22 "ip6 daddr",
        /// The connection's id. `u32`, network byte order
        #[doc(alias = "NFT_CT_ID")]
        Id = 23 "id",
    }
}

kernel_enum! {
    /// Which of a connection's two directions (`enum ip_conntrack_dir`).
    pub enum CtDirection: u8 {
        /// That of the first packet.
        #[doc(alias = "IP_CT_DIR_ORIGINAL")]
        Original = 0 "original",
        /// That of the answers.
        #[doc(alias = "IP_CT_DIR_REPLY")]
        Reply = 1 "reply",
    }
}

flag_set! {
    /// How a packet stands to its connection (`NF_CT_STATE_BIT`). nft's words are these names in lower case.
    pub struct CtState: u32 {
        /// Belongs to no connection and cannot start one.
        INVALID = 1 << 0,
        /// Of a connection that has seen packets both ways.
        ESTABLISHED = 1 << 1,
        /// Starts a connection that another one expects, or is an ICMP error about one.
        RELATED = 1 << 2,
        /// Starts a connection.
        NEW = 1 << 3,
        /// Excluded from tracking by [`super::Notrack`].
        UNTRACKED = 1 << 6,
    }
}

flag_set! {
    /// What a connection has gone through (`enum ip_conntrack_status`). nft's words are the first seven that
    /// are marked so, in lower case with `-`.
    pub struct CtStatus: u32 {
        /// nft: another connection expected this one.
        EXPECTED = 1 << 0,
        /// nft: packets came both ways.
        SEEN_REPLY = 1 << 1,
        /// nft: not the first to be dropped when the table is full.
        ASSURED = 1 << 2,
        /// nft: its first packet has left this machine.
        CONFIRMED = 1 << 3,
        /// nft: its source is translated.
        #[doc(alias = "IPS_SRC_NAT")]
        SNAT = 1 << 4,
        /// nft: its destination is translated.
        #[doc(alias = "IPS_DST_NAT")]
        DNAT = 1 << 5,
        /// TCP sequence numbers are adjusted.
        SEQ_ADJUST = 1 << 6,
        /// Translation of the source is settled.
        SRC_NAT_DONE = 1 << 7,
        /// Translation of the destination is settled.
        DST_NAT_DONE = 1 << 8,
        /// nft: being removed.
        DYING = 1 << 9,
        /// Its timeout is not renewed.
        FIXED_TIMEOUT = 1 << 10,
        /// A template, no connection.
        TEMPLATE = 1 << 11,
        /// Its translation clashed with another (before kernel 5.9: untracked).
        NAT_CLASH = 1 << 12,
        /// A helper was attached by a rule.
        HELPER = 1 << 13,
        /// In a flow table.
        OFFLOAD = 1 << 14,
        /// In the hardware's flow table.
        HW_OFFLOAD = 1 << 15,
    }
}

flag_set! {
    /// What is reported about a connection (`enum ip_conntrack_events`). nft's words are these names in lower case.
    pub struct CtEvents: u32 {
        /// It is new.
        NEW = 1 << 0,
        /// It is new, and another one expected it.
        RELATED = 1 << 1,
        /// It is gone.
        DESTROY = 1 << 2,
        /// An answer came.
        REPLY = 1 << 3,
        /// It became assured.
        ASSURED = 1 << 4,
        /// Protocol details changed, such as TCP's state.
        PROTOINFO = 1 << 5,
        /// A helper was attached.
        HELPER = 1 << 6,
        /// Its mark changed.
        MARK = 1 << 7,
        /// Its sequence adjustment changed.
        SEQADJ = 1 << 8,
        /// Its security mark changed.
        SECMARK = 1 << 9,
        /// Its labels changed.
        LABEL = 1 << 10,
        /// The SYN proxy took it.
        SYNPROXY = 1 << 11,
    }
}

/// As the register holds them, for a comparison or a mask.
impl From<CtState> for Data {
    fn from(state: CtState) -> Self {
        Self::host_u32(state.bits())
    }
}

/// As the register holds them, for a comparison or a mask.
impl From<CtStatus> for Data {
    fn from(status: CtStatus) -> Self {
        Self::host_u32(status.bits())
    }
}

/// As the register holds them, to be written.
impl From<CtEvents> for Data {
    fn from(events: CtEvents) -> Self {
        Self::host_u32(events.bits())
    }
}

/// Reads or writes what connection tracking knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Ct {
    /// What.
    pub key: CtKey,
    /// Which way.
    pub access: Access,
    /// Of which direction, for the keys that have one.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub direction: Option<CtDirection>,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
}

const NFTA_CT_DREG: u16 = 1;
const NFTA_CT_KEY: u16 = 2;
const NFTA_CT_DIRECTION: u16 = 3;
const NFTA_CT_SREG: u16 = 4;

impl Ct {
    /// Reads into a register.
    pub const fn load(key: CtKey, dreg: Register) -> Self {
        Self { key, access: Access::Load(dreg), direction: None, unknown: Unknown::new() }
    }

    /// Writes from a register: mark, labels, zone, event mask, security mark.
    pub const fn store(key: CtKey, sreg: Register) -> Self {
        Self { key, access: Access::Store(sreg), direction: None, unknown: Unknown::new() }
    }

    /// Of this direction.
    #[must_use]
    pub const fn direction(mut self, direction: CtDirection) -> Self {
        self.direction = Some(direction);
        self
    }
}

impl Expression for Ct {
    const NAME: &'static str = "ct";
    const ATTRIBUTES: &'static [(&'static str, u16)] = &[
        ("NFTA_CT_DREG", NFTA_CT_DREG),
        ("NFTA_CT_KEY", NFTA_CT_KEY),
        ("NFTA_CT_DIRECTION", NFTA_CT_DIRECTION),
        ("NFTA_CT_SREG", NFTA_CT_SREG),
    ];

    #[inline(always)]
    fn encode_known(&self, writer: &mut Writer<'_, impl Buffer>) {
        let Self { key, access, direction, unknown: _ } = self;
        match access {
            Access::Load(register) => writer.put(NFTA_CT_DREG, register),
            Access::Store(register) => writer.put(NFTA_CT_SREG, register),
        }
        writer.put(NFTA_CT_KEY, key);
        writer.put_option(NFTA_CT_DIRECTION, direction);
    }

    #[inline]
    fn unknown(&self) -> &Unknown {
        &self.unknown
    }

    #[inline]
    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let (mut key, mut access, mut direction, mut unknown) = (None, None, None, Unknown::new());
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_CT_KEY => key = Some(attribute.get()?),
                NFTA_CT_DIRECTION => direction = Some(attribute.get()?),
                NFTA_CT_DREG if access.is_none() => access = Some(Access::Load(attribute.get()?)),
                NFTA_CT_SREG if access.is_none() => access = Some(Access::Store(attribute.get()?)),
                _ => unknown.keep(attribute),
            }
        }
        Ok(Self {
            key: key.ok_or(DecodeError::Missing { name: "NFTA_CT_KEY" })?,
            access: access.ok_or(DecodeError::Missing { name: "NFTA_CT_DREG" })?,
            direction,
            unknown,
        })
    }
}
