//! Program the Linux packet filter natively: nf_tables over netlink, no other program involved.
//!
//! ```text
//!   your program                     values: Table, Chain, Rule, Ruleset      built, compared, printed
//!        │                                  │                                 without a kernel
//!        │                      Transaction: add, insert, replace, delete …   any size
//!        ▼                                  │
//!   Netfilter ── commit ── check (dry run) ─┴─► one netlink message ──► the kernel: all of it, or nothing
//!        ▲                                                                 │
//!        └── Committed (handles)  or  Error (every refusal, with your source line) ◄──┘
//! ```
//!
//! ```no_run
//! use portcullis::{Chain, CtState, Family, Hook, Netfilter, Policy, Rule, Ruleset, Table};
//!
//! let mut firewall = Netfilter::open()?;
//! firewall.apply(
//!     Ruleset::new().table(
//!         Table::new(Family::Inet, "edge").chain(
//!             Chain::filter("input", Hook::Input)
//!                 .policy(Policy::Drop)
//!                 .rule(Rule::new().iif("lo").accept())
//!                 .rule(Rule::new().ct_state(CtState::ESTABLISHED | CtState::RELATED).accept())
//!                 .rule(Rule::new().icmpv6().accept()) // neighbour discovery: IPv6 needs it
//!                 .rule(Rule::new().tcp().dport(22).counter().accept()),
//!         ),
//!     ),
//! )?;
//! # Ok::<(), portcullis::Error>(())
//! ```
//!
//! Where to look:
//! - [`Rule`]: what a rule can say; [`language`] has the words one by one.
//! - [`Transaction`] and [`Netfilter`]: changing the kernel's ruleset.
//! - [`snapshot`]: the kernel's ruleset kept in a file, and restored.
//! - [`set`]: sets and maps whose keys the compiler knows, of any size.
//! - [`resolve`]: host names in rules; [`Forwarding`]: whether this machine routes.
//! - [`expr`]: the kernel's expressions, for what no word says.
//! - feature `serde`: every value as JSON; the format is on its own page, `docs/json.md`.
//! - [`netlink`] and [`wire`]: the conversation and its bytes.
#![forbid(unsafe_code)]

mod calendar;
#[cfg(test)]
mod cases;
pub mod classic;
mod error;
pub mod expr;
mod forwarding;
mod invalid;
#[cfg(feature = "serde")]
mod json;
pub mod language;
mod netfilter;
pub mod netlink;
pub mod object;
mod prefix;
pub mod probe;
pub mod render;
mod resolve;
mod ruleset;
pub mod set;
pub mod snapshot;
mod transaction;
pub mod wire;

pub use error::{Error, InvalidOperation, Refusal, Refused, RefusedElement};
pub use expr::{
    AddressType, CtDirection, CtState, CtStatus, Icmp6Code, IcmpCode, IcmpxCode, LogFlags, LogLevel,
};
pub use forwarding::{Forwarding, ForwardingError};
pub use invalid::Invalid;
pub use language::{
    Item, Matching, Not, Statement,
    matches::{
        Addresses, CgroupV2, DateTime, Dscp, EtherType, IcmpType, Icmpv6Type, Interface, Ipv6Header, MacAddr,
        Mark, PacketType, Port, Protocol, Rate, TcpFlags, TcpOption, TimeOfDay, Weekday, masked,
    },
    not, select,
    targets::{
        Duplicate, Log, MarkOp, Masquerade, NatTo, NfLog, Queue, Quota, Redirect, RejectWith, Synproxy,
        TproxyTo,
    },
};
pub use netfilter::{Committed, Generation, Netfilter, Updated};
pub use object::{
    Chain, ChainRef, DataType, Element, Family, Hook, InterfaceName, Origin, Policy, Position, Priority,
    Rule, RuleAnchor, Set, SetFlags, SetRef, Table, TableFlags, TableRef,
};
pub use resolve::{resolve, resolve_v4, resolve_v6};
pub use ruleset::Ruleset;
pub use snapshot::{Restore, Scope, Snapshot, SnapshotError};
pub use transaction::{Entries, ObjectKind, OperationId, Sent, Subject, Transaction, Verb};

/// The README's programs are tested as they stand there.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// So are those of the page about JSON.
#[cfg(all(doctest, feature = "serde"))]
#[doc = include_str!("../docs/json.md")]
struct Json;
