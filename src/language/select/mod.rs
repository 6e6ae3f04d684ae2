//! What a rule takes from a packet to look it up in a set or a map.
//!
//! ```text
//!   Saddr, Dport, Mark …      one field each; a tuple of them is a concatenation
//!     │  Select<Fields>       what the compiler knows of it: Saddr selects an Ipv4Addr, or an Ipv6Addr
//!     ▼
//!   Selector                  the same by value, for sets that are known by name only
//!     │
//!     ▼
//!   loads into registers, one field behind the other, each filled up to four bytes
//! ```
//!
//! Where the program has the typed set ([`SetOf`](crate::set::SetOf)), a field of another type does not compile,
//! and the set's keys say which IP version is meant:
//!
//! ```
//! use std::net::{Ipv4Addr, Ipv6Addr};
//!
//! use portcullis::{Port, Rule, select::{Dport, Saddr}, set::SetOf};
//!
//! let blocked = SetOf::<Ipv4Addr>::new("blocked");
//! let blocked6 = SetOf::<Ipv6Addr>::new("blocked6");
//! let guests = SetOf::<(Ipv4Addr, Port)>::new("guests");
//! Rule::new().in_set(Saddr, &blocked).drop();
//! Rule::new().in_set(Saddr, &blocked6).drop();
//! Rule::new().tcp().in_set((Saddr, Dport), &guests).accept();
//! ```
//!
//! ```compile_fail
//! use std::net::Ipv4Addr;
//!
//! use portcullis::{Rule, select::Dport, set::SetOf};
//!
//! Rule::new().tcp().in_set(Dport, &SetOf::<Ipv4Addr>::new("blocked"));
//! ```
//!
//! By name, the selectors are values:
//!
//! ```
//! use portcullis::{Rule, select::Selector};
//!
//! Rule::new().in_set(Selector::IpSaddr, "blocked").drop();
//! Rule::new().tcp().in_set([Selector::IpSaddr, Selector::Dport], "guests").accept();
//! ```
//!
//! Of an address, the network that it is in can be looked up, put into sets and counted; and what there is no word for
//! is said by the kernel's expressions, with [`Selector::raw`]:
//!
//! ```
//! use std::net::Ipv6Addr;
//!
//! use portcullis::{Rule, language::targets::ChangeSet, select::Saddr, set::SetOf};
//!
//! let networks = SetOf::<Ipv6Addr>::new("networks").dynamic().capacity(10_000);
//! Rule::new().change_set(ChangeSet::add(Saddr.prefix(64), &networks).connlimit_over(100)).drop();
//! ```

mod fields;
mod key;
mod lift;
mod lookup;
mod raw;
mod selector;
mod used;

pub use fields::{
    AhSpi, ArpDaddr, ArpOperation, ArpSaddr, ByName, Cgroup, CgroupV2, Cpu, CtAvgPacket, CtBytes,
    CtDirection, CtExpiration, CtHelper, CtId, CtL3Proto, CtLabels, CtMark, CtOriginalDaddr, CtOriginalDport,
    CtOriginalSaddr, CtOriginalSport, CtPackets, CtProtocol, CtReplyDaddr, CtReplyDport, CtReplySaddr,
    CtReplySport, CtState, CtStatus, CtZone, Daddr, DaddrOif, DaddrType, Day, DccpType, Dport, EspSpi,
    EtherDaddr, EtherSaddr, EtherType, FragmentId, FrameType, HopLimit, Hour, IbrName, IbrPvid,
    IbrVlanProtocol, IcmpCode, IcmpType, Icmpv6Code, Icmpv6Type, IgmpType, Iif, IifGroup, IifKind, IifName,
    IifType, Ip6Dscp, Ip6Ecn, Ip6Length, Ip6NextHeader, IpDscp, IpEcn, IpId, IpLength, IpProtocol, Ipsec,
    IpsecInReqId, IpsecInSpi, IpsecOutReqId, IpsecOutSpi, L4Proto, Length, Mark, MobilityType, NextHop,
    NfProto, ObrName, Oif, OifGroup, OifKind, OifName, OifType, OsName, PktType, Prefixed, Priority, Realm,
    RouteIpsec, RouteMtu, Saddr, SaddrOif, SaddrType, Sdif, SdifName, Select, SelectOne, SkGid, SkUid,
    SocketMark, SocketTransparent, SocketWildcard, Sport, TcpFlags, TcpMss, Time, Ttl, VlanId, VlanPcp,
    VlanType,
};
pub use lookup::{Backend, Balance, Lookup, MapKey, Mapped, mapped};
pub use raw::RawSelector;
pub use selector::Selector;
pub use used::{Keyed, Mapping, Named, Used, UsedSet};

pub(crate) use key::{FIRST, Loads, behind, piece_of, register};
pub(crate) use lookup::own_element;
pub(crate) use used::{Known, check_verdicts};
