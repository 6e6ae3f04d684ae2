//! `meta`: what the kernel knows about a packet beside its bytes (`net/netfilter/nft_meta.c`).

use super::{Expression, Register};
use crate::wire::{Attributes, Buffer, DecodeError, Unknown, Writer, kernel_enum};

kernel_enum! {
    /// What is read or written (`enum nft_meta_keys`). Numbers are in host byte order unless said otherwise.
    pub enum MetaKey: u32 {
        /// Length in bytes, from the network header on. `u32`
        #[doc(alias = "NFT_META_LEN")]
        Len = 0 "length",
        /// Ethertype. `u16`, network byte order
        #[doc(alias = "NFT_META_PROTOCOL")]
        Protocol = 1 "protocol",
        /// Priority for traffic control. `u32`
        #[doc(alias = "NFT_META_PRIORITY")]
        Priority = 2 "priority",
        /// Packet mark. `u32`
        #[doc(alias = "NFT_META_MARK")]
        Mark = 3 "mark",
        /// Input interface's index. `u32`
        #[doc(alias = "NFT_META_IIF")]
        Iif = 4 "iif",
        /// Output interface's index. `u32`
        #[doc(alias = "NFT_META_OIF")]
        Oif = 5 "oif",
        /// Input interface's name. 16 bytes, filled with NUL
        #[doc(alias = "NFT_META_IIFNAME")]
        IifName = 6 "iifname",
        /// Output interface's name. 16 bytes, filled with NUL
        #[doc(alias = "NFT_META_OIFNAME")]
        OifName = 7 "oifname",
        /// Input interface's hardware type (`ARPHRD_…`). `u16`
        #[doc(alias = "NFT_META_IFTYPE")]
        IifType = 8 "iiftype",
        /// Output interface's hardware type. `u16`
        #[doc(alias = "NFT_META_OIFTYPE")]
        OifType = 9 "oiftype",
        /// User id of the socket's owner. `u32`
        #[doc(alias = "NFT_META_SKUID")]
        SkUid = 10 "skuid",
        /// Group id of the socket's owner. `u32`
        #[doc(alias = "NFT_META_SKGID")]
        SkGid = 11 "skgid",
        /// Trace this packet. `u8`
        #[doc(alias = "NFT_META_NFTRACE")]
        NfTrace = 12 "nftrace",
        /// Routing realm. `u32`
        #[doc(alias = "NFT_META_RTCLASSID")]
        RtClassId = 13 "rtclassid",
        /// Security mark. `u32`, written only through objects
        #[doc(alias = "NFT_META_SECMARK")]
        SecMark = 14 "secmark",
        /// Layer 3 protocol family (`NFPROTO_…`). `u8`
        #[doc(alias = "NFT_META_NFPROTO")]
        NfProto = 15 "nfproto",
        /// Layer 4 protocol number. `u8`
        #[doc(alias = "NFT_META_L4PROTO")]
        L4Proto = 16 "l4proto",
        /// Input bridge's name. 16 bytes
        #[doc(alias = "NFT_META_BRI_IIFNAME")]
        BriIifName = 17 "ibrname",
        /// Output bridge's name. 16 bytes
        #[doc(alias = "NFT_META_BRI_OIFNAME")]
        BriOifName = 18 "obrname",
        /// Unicast, broadcast, multicast … (`PACKET_…`). `u8`
        #[doc(alias = "NFT_META_PKTTYPE")]
        PktType = 19 "pkttype",
        /// The processor. `u32`
        #[doc(alias = "NFT_META_CPU")]
        Cpu = 20 "cpu",
        /// Input interface's group. `u32`
        #[doc(alias = "NFT_META_IIFGROUP")]
        IifGroup = 21 "iifgroup",
        /// Output interface's group. `u32`
        #[doc(alias = "NFT_META_OIFGROUP")]
        OifGroup = 22 "oifgroup",
        /// The socket's net_cls control group. `u32`
        #[doc(alias = "NFT_META_CGROUP")]
        Cgroup = 23 "cgroup",
        /// A pseudo-random number. `u32`
        #[doc(alias = "NFT_META_PRANDOM")]
        Prandom = 24 "random",
        /// Whether the packet goes through IPsec. `u8`
        #[doc(alias = "NFT_META_SECPATH")]
        SecPath = 25 "secpath",
        /// Input interface's kind, such as `veth`. 16 bytes
        #[doc(alias = "NFT_META_IIFKIND")]
        IifKind = 26 "iifkind",
        /// Output interface's kind. 16 bytes
        #[doc(alias = "NFT_META_OIFKIND")]
        OifKind = 27 "oifkind",
        /// Input bridge's port VLAN id. `u16`
        #[doc(alias = "NFT_META_BRI_IIFPVID")]
        BriIifPvid = 28 "ibrpvid",
        /// Input bridge's VLAN protocol. `u16`, network byte order
        #[doc(alias = "NFT_META_BRI_IIFVPROTO")]
        BriIifVproto = 29 "ibrvproto",
        /// Nanoseconds since 1970. `u64`
        #[doc(alias = "NFT_META_TIME_NS")]
        TimeNs = 30 "time",
        /// Day of the week, 0 is Sunday, in UTC. `u8`
        #[doc(alias = "NFT_META_TIME_DAY")]
        TimeDay = 31 "day",
        /// Seconds since midnight, in UTC. `u32`
        #[doc(alias = "NFT_META_TIME_HOUR")]
        TimeHour = 32 "hour",
        /// Interface's real device index (slave of a VRF). `u32`
        #[doc(alias = "NFT_META_SDIF")]
        Sdif = 33 "sdif",
        /// Interface's real device name. 16 bytes
        #[doc(alias = "NFT_META_SDIFNAME")]
        SdifName = 34 "sdifname",
        /// Broute flag in bridge tables. `u8`
        #[doc(alias = "NFT_META_BRI_BROUTE")]
        BriBroute = 35 "broute",
        /// Input bridge's hardware address. 6 bytes
        #[doc(alias = "NFT_META_BRI_IIFHWADDR")]
        BriIifHwAddr = 37 "ibrhwaddr",
    }
}

/// Reads or writes packet metadata.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Meta {
    /// What.
    pub key: MetaKey,
    /// Which way.
    pub access: Access,
    /// Attributes that this library does not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Unknown::is_empty"))]
    pub unknown: Unknown,
}

/// Whether an expression reads or writes what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Access {
    /// Into this register.
    Load(Register),
    /// From this register.
    Store(Register),
}

const NFTA_META_DREG: u16 = 1;
const NFTA_META_KEY: u16 = 2;
const NFTA_META_SREG: u16 = 3;

impl Meta {
    /// Reads into a register.
    pub const fn load(key: MetaKey, dreg: Register) -> Self {
        Self { key, access: Access::Load(dreg), unknown: Unknown::new() }
    }

    /// Writes from a register: mark, priority, packet type, trace flag …
    pub const fn store(key: MetaKey, sreg: Register) -> Self {
        Self { key, access: Access::Store(sreg), unknown: Unknown::new() }
    }
}

impl Expression for Meta {
    const NAME: &'static str = "meta";
    const ATTRIBUTES: &'static [(&'static str, u16)] = &[
        ("NFTA_META_DREG", NFTA_META_DREG),
        ("NFTA_META_KEY", NFTA_META_KEY),
        ("NFTA_META_SREG", NFTA_META_SREG),
    ];

    #[inline(always)]
    fn encode_known(&self, writer: &mut Writer<'_, impl Buffer>) {
        let Self { key, access, unknown: _ } = self;
        // The kernel dumps the key first, whichever way it goes.
        writer.put(NFTA_META_KEY, key);
        match access {
            Access::Load(register) => writer.put(NFTA_META_DREG, register),
            Access::Store(register) => writer.put(NFTA_META_SREG, register),
        }
    }

    #[inline]
    fn unknown(&self) -> &Unknown {
        &self.unknown
    }

    #[inline]
    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError> {
        let (mut key, mut access, mut unknown) = (None, None, Unknown::new());
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind() {
                NFTA_META_KEY => key = Some(attribute.get()?),
                NFTA_META_DREG if access.is_none() => access = Some(Access::Load(attribute.get()?)),
                NFTA_META_SREG if access.is_none() => access = Some(Access::Store(attribute.get()?)),
                _ => unknown.keep(attribute),
            }
        }
        Ok(Self {
            key: key.ok_or(DecodeError::Missing { name: "NFTA_META_KEY" })?,
            access: access.ok_or(DecodeError::Missing { name: "NFTA_META_DREG" })?,
            unknown,
        })
    }
}
