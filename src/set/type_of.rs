//! What a set tells nft in the place of a type's name: the expression that its keys were declared after.
//!
//! nft keeps it beside the set for itself (`expr_ops.build_udata`): entries in entries, numbers in the machine's byte
//! order. `type` and `typeof` do not mix: where one part has no name, every part is an expression, and so are the
//! values of a map. A part that does have a name is then said by the expression that most would take
//! (`TypeOf::usual`).
//!
//! nft reads the first four expressions of a concatenation and makes nothing of it where there are more
//! (`NFTNL_UDATA_SET_KEY_CONCAT_NEST_MAX` is the bytes of a register, not the number of registers: in 1.0.6, and in
//! everything since that was seen). They are written nevertheless, as far as there is room: this library reads them, and
//! says `typeof` where nft's number for a type has no room. That is 11 fields of headers, or 15 of what the kernel knows
//! beside them; the kernel keeps 256 bytes.

use super::FieldType;
use crate::{
    expr::{CtKey, ExthdrOp, FibFlags, FibResult, MetaKey, RtKey, SocketKey, XfrmDirection, XfrmKey},
    object::{KeyOrder, userdata},
};

use kind::{CONCAT, CT, EXTHDR, FIB, META, OSF, PAYLOAD, RT, SOCKET, VERDICT, XFRM};

/// An expression of nft's, of whose type a field is that nft has no name for: `typeof meta length`.
///
/// The numbers of headers and of their fields are nft's own, which it keeps beside sets in the kernel and so does not
/// change: see its `include/proto.h` and `include/exthdr.h`. nft takes no notice of an expression whose values have
/// another length than the field.
///
/// ```
/// use portcullis::{Port, set::{Field, FieldType, SetOf, TypeOf}};
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Sequence(u32);
///
/// impl Field for Sequence {
///     const WHAT: &'static str = "sequence number";
///     // TCP is nft's eighth protocol, and this its third field: `typeof tcp sequence`.
///     const TYPE: FieldType = FieldType::network("integer", 4, 4)
///         .type_of(TypeOf::Number { header: 8, field: 3, bits: 32 });
///
///     fn write(&self, to: &mut [u8]) {
///         to.copy_from_slice(&self.0.to_be_bytes());
///     }
///
///     fn read(bytes: &[u8]) -> Option<Self> {
///         bytes.try_into().ok().map(u32::from_be_bytes).map(Self)
///     }
///
///     fn text(&self) -> String {
///         self.0.to_string()
///     }
/// }
///
/// let seen = SetOf::<(Sequence, Port)>::new("seen").with([(Sequence(7), Port(80))]);
/// assert!(seen.nft().to_string().contains("typeof tcp sequence . th dport"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypeOf {
    /// What is known of the packet beside its bytes: `meta length`.
    Meta(MetaKey),
    /// Of the connection, in no direction: `ct zone`.
    Ct(CtKey),
    /// A field of a header whose type has a name: `ip saddr`.
    Payload {
        /// nft's number of the protocol (`enum proto_desc_id`).
        header: u32,
        /// nft's number of the field.
        field: u32,
    },
    /// A number in a header: `ip ttl`.
    Number {
        /// nft's number of the protocol (`enum proto_desc_id`).
        header: u32,
        /// nft's number of the field.
        field: u32,
        /// How many bits it has, which no type says.
        bits: u32,
    },
    /// A field of an IPv6 extension header: `mh type`.
    Extension {
        /// nft's number of the header (`enum exthdr_desc_id`).
        header: u32,
        /// nft's number of the field.
        field: u32,
    },
    /// Of the socket that the packet is for: `socket mark`.
    Socket(SocketKey),
    /// A field of an option of TCP's: `tcp option maxseg size`.
    TcpOption {
        /// The option's number.
        option: u32,
        /// nft's number of the field.
        field: u32,
    },
    /// Of the packet's route: `rt mtu`.
    Route(RtKey),
    /// Of the first of the packet's transformations: `ipsec in reqid`.
    Ipsec(XfrmKey, XfrmDirection),
    /// The system that the sender seems to run: `osf name`.
    System,
    /// What the routing table says: `fib saddr type`.
    Fib(FibResult, FibFlags),
    /// A verdict, as maps lead to.
    Verdict,
}

/// nft's `enum expr_types`, which it writes into the kernel and so cannot change.
pub(crate) mod kind {
    pub(crate) const VERDICT: u32 = 1;
    pub(crate) const PAYLOAD: u32 = 7;
    pub(crate) const EXTHDR: u32 = 8;
    pub(crate) const META: u32 = 9;
    pub(crate) const SOCKET: u32 = 10;
    pub(crate) const OSF: u32 = 11;
    pub(crate) const CT: u32 = 12;
    pub(crate) const CONCAT: u32 = 13;
    pub(crate) const NUMGEN: u32 = 23;
    pub(crate) const HASH: u32 = 24;
    pub(crate) const RT: u32 = 25;
    pub(crate) const FIB: u32 = 26;
    pub(crate) const XFRM: u32 = 27;
}

/// The labels of a connection, among whose expressions is none here: nft 1.0.6 crashes where it lists a concatenation
/// with them.
const CT_LABEL: u32 = 30;

/// An expression's entries: its number in nft, and what it loads.
const EXPRESSION: u8 = 0;
const DATA: u8 = 1;

impl TypeOf {
    /// An expression whose values are of a type that has a name, by nft's number for it; of a number without a name,
    /// one of the same length and byte order.
    pub(crate) fn usual(kind: u32, len: u32, order: KeyOrder) -> Option<Self> {
        Some(match kind {
            1 => Self::Verdict,
            2 => Self::Meta(MetaKey::NfProto),
            4 => match (order, len) {
                // ip ttl, ip length, tcp sequence
                (KeyOrder::Network, 1) => number(12, 8, 8),
                (KeyOrder::Network, 2) => number(12, 5, 16),
                (KeyOrder::Network, 4) => number(8, 3, 32),
                (KeyOrder::Host, 2) => Self::Ct(CtKey::Zone),
                (KeyOrder::Host, 4) => Self::Meta(MetaKey::Len),
                (KeyOrder::Host, 8) => Self::Ct(CtKey::Bytes),
                _ => return None,
            },
            5 => Self::Ct(CtKey::Helper),
            // ip saddr, ip6 saddr, ether saddr, ether type, arp operation
            7 => payload(12, 11),
            8 => payload(13, 8),
            9 => payload(17, 2),
            10 => payload(17, 3),
            11 => payload(15, 5),
            12 => Self::Meta(MetaKey::L4Proto),
            // th dport, icmp type, tcp flags, dccp type
            13 => payload(11, 2),
            14 => payload(4, 1),
            15 => payload(8, 7),
            16 => payload(9, 3),
            // mh type
            17 => Self::Extension { header: 8, field: 3 },
            18 => Self::Ct(CtKey::Expiration),
            19 => Self::Meta(MetaKey::Mark),
            20 => Self::Meta(MetaKey::Iif),
            21 => Self::Meta(MetaKey::IifType),
            22 => Self::Meta(MetaKey::RtClassId),
            23 => Self::Meta(MetaKey::Priority),
            24 => Self::Meta(MetaKey::SkUid),
            25 => Self::Meta(MetaKey::SkGid),
            26 => Self::Ct(CtKey::State),
            27 => Self::Ct(CtKey::Direction),
            28 => Self::Ct(CtKey::Status),
            // icmpv6 type
            29 => payload(14, 1),
            31 => Self::Meta(MetaKey::PktType),
            // icmp code, icmpv6 code
            32 => payload(4, 2),
            33 => payload(14, 2),
            35 => Self::Meta(MetaKey::IifGroup),
            // ip dscp, ip ecn
            36 => payload(12, 3),
            37 => payload(12, 4),
            38 => Self::Fib(FibResult::AddrType, FibFlags::SADDR),
            // Not booleans (39): nft 1.0.6 aborts where it lists a concatenation with them.
            41 => Self::Meta(MetaKey::IifName),
            // igmp type
            42 => payload(5, 1),
            43 => Self::Meta(MetaKey::TimeNs),
            44 => Self::Meta(MetaKey::TimeHour),
            45 => Self::Meta(MetaKey::TimeDay),
            46 => Self::Socket(SocketKey::CgroupV2),
            _ => return None,
        })
    }

    /// nft's number of the expression, and what it keeps of it.
    pub(crate) fn encode(self) -> (u32, Vec<u8>) {
        let mut bytes = Vec::new();
        let mut keep = |kind: u8, value: u32| userdata::push(&mut bytes, kind, &value.to_ne_bytes());
        let number = match self {
            Self::Meta(key) => {
                keep(0, key.number());
                META
            }
            Self::Ct(key) => {
                keep(0, key.number());
                // No direction.
                keep(1, u32::MAX);
                CT
            }
            Self::Payload { header, field } => {
                keep(0, header);
                keep(1, field);
                PAYLOAD
            }
            Self::Number { header, field, bits } => {
                keep(0, header);
                keep(1, field);
                keep(4, bits);
                PAYLOAD
            }
            Self::Extension { header, field } => {
                keep(1, field);
                keep(0, header);
                EXTHDR
            }
            Self::TcpOption { option, field } => {
                keep(1, field);
                keep(2, ExthdrOp::Tcp.number());
                keep(0, option);
                EXTHDR
            }
            Self::Route(key) => {
                keep(0, key.number());
                RT
            }
            Self::Ipsec(key, direction) => {
                keep(0, key.number());
                // Of the first one.
                keep(1, 0);
                keep(2, direction.number().into());
                XFRM
            }
            Self::System => OSF,
            Self::Socket(key) => {
                keep(0, key.number());
                SOCKET
            }
            Self::Fib(result, flags) => {
                keep(0, result.number());
                keep(1, flags.bits());
                FIB
            }
            Self::Verdict => VERDICT,
        };
        (number, bytes)
    }
}

const fn payload(header: u32, field: u32) -> TypeOf {
    TypeOf::Payload { header, field }
}

const fn number(header: u32, field: u32, bits: u32) -> TypeOf {
    TypeOf::Number { header, field, bits }
}

/// Whether nft needs expressions for these: one has no name, or its number for a type has no room for all.
pub(super) fn is_needed(parts: &[FieldType]) -> bool {
    const ROOM: usize = 5;

    parts.len() > ROOM || parts.iter().any(|part| part.type_of.is_some())
}

/// What a set keeps of these parts' expressions; `None` where nft has none for one of them, or no room for all.
pub(super) fn declare(parts: &[FieldType]) -> Option<Vec<u8>> {
    match parts {
        [] => None,
        [part] => outer(part.type_of.or_else(|| usual(*part))?.encode()),
        parts => {
            let mut inner = Vec::new();
            for (part, at) in parts.iter().zip(0..) {
                let own = part.type_of.filter(|_| part.number != CT_LABEL);
                let one = outer(own.or_else(|| usual(*part))?.encode())?;
                userdata::push(&mut inner, at, &one).then_some(())?;
            }
            outer((CONCAT, inner))
        }
    }
}

/// What a map to verdicts keeps.
pub(super) fn verdict() -> Option<Vec<u8>> {
    outer(TypeOf::Verdict.encode())
}

fn usual(part: FieldType) -> Option<TypeOf> {
    TypeOf::usual(part.number, u32::try_from(part.len).ok()?, part.order)
}

fn outer((number, data): (u32, Vec<u8>)) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    userdata::push(&mut bytes, EXPRESSION, &number.to_ne_bytes());
    userdata::push(&mut bytes, DATA, &data).then_some(bytes)
}
