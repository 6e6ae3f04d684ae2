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

mod fields;
mod key;
mod lift;
mod lookup;
mod selector;
mod used;

pub use fields::{
    ByName, Cgroup, CtDirection, CtExpiration, CtHelper, CtLabels, CtMark, CtOriginalDaddr, CtOriginalDport,
    CtOriginalSaddr, CtOriginalSport, CtProtocol, CtReplyDaddr, CtReplyDport, CtReplySaddr, CtReplySport,
    CtState, CtStatus, CtZone, Daddr, DaddrType, Day, Dport, EtherDaddr, EtherSaddr, EtherType, HopLimit,
    Hour, IcmpCode, IcmpType, Icmpv6Code, Icmpv6Type, Iif, IifGroup, IifName, IifType, Ip6Dscp, IpDscp,
    IpEcn, L4Proto, Length, Mark, NfProto, Oif, OifGroup, OifName, OifType, PktType, Priority, Realm, Saddr,
    SaddrType, Select, SelectOne, SkGid, SkUid, Sport, TcpFlags, Time, Ttl, VlanId, VlanPcp,
};
pub use lookup::{Backend, Balance, Lookup, MapKey, Mapped, mapped};
pub use selector::Selector;
pub use used::{Keyed, Mapping, Named, Used, UsedSet};

pub(crate) use key::{FIRST, Loads, behind, piece_of, register};
pub(crate) use lookup::own_element;
pub(crate) use used::{Known, check_verdicts};
